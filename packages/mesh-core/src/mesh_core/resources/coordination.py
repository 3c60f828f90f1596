"""Events and leases: what controllers tell their users and each other."""

from datetime import datetime
from typing import ClassVar

from msgspec.structs import force_setattr

from mesh_core.resources.metadata import ObjectReference
from mesh_core.resources.part import Part
from mesh_core.resources.resource import Resource


def _micro_time(moment: datetime | None) -> datetime | None:
    """Give the moment, one microsecond later if it is a full second.

    API servers take these times only with a fraction, and JSON leaves a fraction of zero out.
    """
    if moment is None or moment.microsecond:
        return moment
    return moment.replace(microsecond=1)


class EventSource(Part, frozen=True):
    """Who reports an event."""

    component: str = ""
    host: str = ""


class Event(Resource, frozen=True):
    """Something that happened to an object; `type` is Normal or Warning.

    No default of its own: a document leaves defaults out, and the API server would not know.
    """

    api_version: ClassVar[str] = "v1"
    kind: ClassVar[str] = "Event"
    plural: ClassVar[str] = "events"

    involved_object: ObjectReference = ObjectReference()
    reason: str = ""
    message: str = ""
    type: str = ""
    source: EventSource = EventSource()
    count: int = 0
    first_timestamp: datetime | None = None
    last_timestamp: datetime | None = None
    event_time: datetime | None = None
    action: str = ""
    reporting_component: str = ""
    reporting_instance: str = ""

    def __post_init__(self) -> None:
        """Make the time one that an API server takes."""
        force_setattr(self, "event_time", _micro_time(self.event_time))


class LeaseSpec(Part, frozen=True):
    """Who holds a lease and until when."""

    holder_identity: str = ""
    lease_duration_seconds: int | None = None
    acquire_time: datetime | None = None
    renew_time: datetime | None = None
    lease_transitions: int = 0

    def __post_init__(self) -> None:
        """Make the times ones that an API server takes."""
        for name in ("acquire_time", "renew_time"):
            force_setattr(self, name, _micro_time(getattr(self, name)))


class Lease(Resource, frozen=True):
    """Lets one of several equal processes be the one that acts."""

    api_version: ClassVar[str] = "coordination.k8s.io/v1"
    kind: ClassVar[str] = "Lease"
    plural: ClassVar[str] = "leases"

    spec: LeaseSpec = LeaseSpec()
