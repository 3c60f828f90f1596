"""Where something is inside a document."""

from collections.abc import Sequence

FieldPath = tuple[str | int, ...]
"""Field names and list positions from the document's root."""


def render(path: Sequence[str | int]) -> str:
    """Write a path as users know it: `spec.containers[0].env`, `metadata.labels["a.b/c"]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.isidentifier():
            text += f".{step}" if text else step
        else:
            text += f'["{step}"]'
    return text
