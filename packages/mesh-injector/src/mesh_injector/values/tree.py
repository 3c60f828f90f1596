"""Values by their path, each read as what it is for."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from mesh_core.annotations import ValueType
from mesh_core.annotations.value_types import NAMED_PORTS, NETWORKS, PORTS, TEXT
from mesh_core.errors import CoreError
from mesh_core.store.yaml_documents import YamlError, parse
from mesh_injector.errors import InjectorError

T = TypeVar("T")

_EMPTY_MEANS_NONE = (PORTS, NAMED_PORTS, NETWORKS, TEXT)
"""Kinds of which an empty text is a value; of all others it means "not set"."""
_SHOWN = 80


class ValuesError(InjectorError):
    """The installation's values cannot be used; the text names the value's path."""

    def __init__(self, path: str, reason: str) -> None:
        """Remember which value it was; an empty path is the text as a whole."""
        self.path = path
        self.reason = reason
        super().__init__(f"value {path}: {reason}" if path else f"values: {reason}")


class Values:
    """A tree of values. What is absent or null is None, and unknown names are nobody's business.

    Paths have dots between names, as in Helm's `--set`.
    """

    def __init__(self, tree: Mapping[str, Any]) -> None:
        """Wrap a tree as YAML gives it."""
        self._tree = tree

    @classmethod
    def parse(cls, text: str) -> "Values":
        """Read YAML; no document at all is an empty tree. Raises ValuesError."""
        try:
            documents = [document.value for document in parse(text)]
        except YamlError as error:
            raise ValuesError("", str(error)) from error
        if len(documents) > 1:
            raise ValuesError("", f"expected one YAML document, got {len(documents)}")
        tree = documents[0] if documents else {}
        if not isinstance(tree, Mapping):
            raise ValuesError("", f"expected names and values, got {_described(tree)}")
        return cls(tree)

    def read(self, path: str, kind: ValueType[T]) -> T | None:
        """Read one value, None when it is not set; raises ValuesError."""
        value = self._find(path)
        if value is None:
            return None
        text = _text(value)
        if text is None:
            raise ValuesError(path, f"expected {kind.allowed}, got {_described(value)}")
        if not text and kind not in _EMPTY_MEANS_NONE:
            return None
        try:
            return kind.parse(text)
        except (CoreError, ValueError) as error:
            raise ValuesError(path, f"expected {kind.allowed}, got {text[:_SHOWN]!r}") from error

    def mapping(self, path: str) -> Mapping[str, Any]:
        """Find a mapping whose names are not ours; empty when it is not set."""
        value = self._find(path)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise ValuesError(path, f"expected names and values, got {_described(value)}")
        return value

    def items(self, path: str) -> Sequence[Any]:
        """Find a list; empty when it is not set."""
        value = self._find(path)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise ValuesError(path, f"expected a list, got {_described(value)}")
        return value

    def _find(self, path: str) -> Any:
        value: Any = self._tree
        above: list[str] = []
        for name in path.split("."):
            if value is None:
                return None
            if not isinstance(value, Mapping):
                where = ".".join(above)
                raise ValuesError(where, f"expected names and values, got {_described(value)}")
            value = value.get(name)
            above.append(name)
        return value


def _text(value: Any) -> str | None:
    """Write a scalar as an annotation would say it; None for what is no scalar."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        # Helm hands numbers on as floats.
        return str(int(value))
    if isinstance(value, int | float):
        return str(value)
    return None


def _described(value: Any) -> str:
    if isinstance(value, Mapping):
        return "names and values"
    if isinstance(value, list):
        return "a list"
    return repr(value)[:_SHOWN]
