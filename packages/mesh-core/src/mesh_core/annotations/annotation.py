"""One annotation: what it is called, what it may say and where it may stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Flag, auto
from typing import Generic, TypeVar

from mesh_core.annotations.value_types import ValueType
from mesh_core.errors import CoreError

T = TypeVar("T")

_SHOWN = 200


class AnnotationError(CoreError):
    """An annotation's value is not allowed; the text names annotation, object and what is."""

    def __init__(self, annotation: str, where: str, reason: str) -> None:
        """Remember which annotation it was and on what it stands."""
        self.annotation = annotation
        self.where = where
        self.reason = reason
        super().__init__(f"annotation {annotation} of {where}: {reason}")


class Place(Flag):
    """The objects that an annotation has an effect on."""

    WORKLOAD = auto()
    """A pod, or the pod template of its controller."""
    NAMESPACE = auto()
    SERVICE = auto()
    ROUTE = auto()


@dataclass(frozen=True, slots=True)
class Annotation(Generic[T]):
    """An annotation that the mesh understands.

    `default` is the text that unset stands for, None where unset means "not at all" or where the
    installation's settings decide. `inherited`: a pod without it takes its namespace's value.
    """

    name: str
    type: ValueType[T]
    meaning: str
    places: Place = Place.WORKLOAD | Place.NAMESPACE
    default: str | None = None
    inherited: bool = True
    aliases: tuple[str, ...] = ()
    """Older names, deprecated, that count where the name itself is not set."""
    family: bool = False
    """The name is only a beginning, such as `resource.opentelemetry.io/`."""

    @property
    def names(self) -> tuple[str, ...]:
        """Its name and its aliases, in the order of precedence."""
        return (self.name, *self.aliases)

    def text(self, annotations: Mapping[str, str]) -> str | None:
        """Find the raw value among an object's annotations."""
        return next((annotations[name] for name in self.names if name in annotations), None)

    def read(self, annotations: Mapping[str, str], where: str) -> T | None:
        """Read the value, None when it is not there; `where` names the object for the error."""
        for name in self.names:
            if name in annotations:
                return self.parse(annotations[name], where, name)
        return None

    def parse(self, text: str, where: str, name: str | None = None) -> T:
        """Read a raw value, without the spaces around it; raises AnnotationError."""
        try:
            return self.type.parse(text.strip())
        except (CoreError, ValueError) as error:
            shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
            reason = f"{shown!r} is not allowed; allowed: {self.type.allowed}"
            raise AnnotationError(name or self.name, where, reason) from error
