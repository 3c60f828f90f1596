"""Parts of a Kubernetes document as JSON has them."""

from typing import Any, TypeAlias

Document: TypeAlias = dict[str, Any]


def given(**fields: Any) -> Document:
    """Make a document of the fields that say something; None, empty text and lists do not."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}
