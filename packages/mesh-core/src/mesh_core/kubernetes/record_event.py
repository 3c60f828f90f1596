"""The side of an EventRecorder that those see who only have something to tell."""

from typing import Literal, Protocol, TypeAlias

from mesh_core.resources import ObjectReference, Resource

EventType: TypeAlias = Literal["Normal", "Warning"]


class RecordEvent(Protocol):
    """Takes an event about an object; never waits. `EventRecorder.record` is one."""

    def __call__(
        self,
        regarding: ObjectReference | Resource,
        type_: EventType,
        reason: str,
        message: str,
        /,
    ) -> None:
        """Report it; `reason` is one CamelCase word."""
        ...
