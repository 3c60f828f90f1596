"""What every service reads: the current objects, and what happens to them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from mesh_core.resources import Resource

R = TypeVar("R", bound=Resource)


@dataclass(frozen=True, slots=True)
class Event(Generic[R]):
    """One change of one object: created when `old` is None, deleted when `new` is None."""

    old: R | None
    new: R | None

    @property
    def resource(self) -> R:
        """The newest known state: the new one, or the old one of a deleted object."""
        resource = self.new if self.new is not None else self.old
        if resource is None:
            msg = "an event without an object"
            raise ValueError(msg)
        return resource


class ResourceStore(ABC):
    """A live view of the objects of some kinds, kept current by a backend.

    Reads and subscriptions are synchronous and belong to the event loop's thread. An object in
    the store is immutable and shared: to change it, make a new one and `update`.
    """

    @abstractmethod
    async def start(self) -> None:
        """Begin to follow the source; returns once the present contents are in and delivered."""

    @abstractmethod
    async def close(self) -> None:
        """Stop following; no handler runs after this returns. Contents stay readable."""

    @property
    @abstractmethod
    def synced(self) -> bool:
        """True once the first complete contents are in; stays true."""

    @abstractmethod
    def subscribe(self, kind: type[R], handler: Callable[[Event[R]], None]) -> None:
        """Call `handler` for every change of `kind`, in order, on the loop's thread.

        The present objects are delivered first, as creations, before this returns. `get` and
        `list` agree with the event that a handler is being told about. A handler that raises is
        logged and keeps its subscription.
        """

    @abstractmethod
    def get(self, kind: type[R], namespace: str, name: str) -> R | None:
        """Find one object; the namespace of a cluster-scoped kind is empty."""

    @abstractmethod
    def list(self, kind: type[R], namespace: str | None = None) -> Sequence[R]:
        """All objects of a kind, or only those of one namespace, in no particular order."""

    @abstractmethod
    async def create(self, resource: R) -> R:
        """Store a new object and return it with uid, creation time and version assigned.

        Raises AlreadyExistsError.
        """

    @abstractmethod
    async def update(self, resource: R) -> R:
        """Replace an object except for its status, and return it with its new version.

        Raises NotFoundError, and ConflictError when the object carries a resourceVersion or uid
        that is not the current one.
        """

    @abstractmethod
    async def update_status(self, resource: R) -> R:
        """Replace only an object's status; raises as `update` does."""

    @abstractmethod
    async def delete(
        self, kind: type[R], namespace: str, name: str, *, resource_version: str = ""
    ) -> None:
        """Remove an object, if given only while it has that resourceVersion.

        Raises NotFoundError and ConflictError.
        """
