"""Finds what a decision depends on: in the caches, or by asking the API server once."""

import asyncio
import logging
from typing import Protocol, TypeVar

from mesh_core.errors import CoreError
from mesh_core.resources import Namespace, OwnerReference, Pod, Resource
from mesh_core.store import NotFoundError, ResourceStore
from mesh_injector.owner import Owner, owner_of
from mesh_injector.webhook.errors import LookupFailed
from mesh_injector.webhook.owner_kinds import OwnerJob, OwnerReplicaSet

SECONDS = 2.0
"""How long one question may take; two of them fit well into a webhook's 10 s."""
MAX_QUESTIONS = 64
"""Questions under way at once; the caches are a moment behind, not minutes."""

R = TypeVar("R", bound=Resource)

_BETWEEN: dict[tuple[str, str], type[Resource]] = {
    (kind.api_version, kind.kind): kind for kind in (OwnerReplicaSet, OwnerJob)
}
"""Controllers that may have one above them."""

log = logging.getLogger(__name__)


class Fetch(Protocol):
    """Asks the API server for one object; raises NotFoundError and other errors of a store."""

    async def __call__(self, kind: type[R], namespace: str, name: str) -> R:
        """Get it."""
        ...


class Lookup:
    """Namespaces, and the owners of pods."""

    def __init__(self, store: ResourceStore, fetch: Fetch, *, seconds: float = SECONDS) -> None:
        """Look into `store` first."""
        self._store = store
        self._fetch = fetch
        self._seconds = seconds
        self._asking: dict[tuple[type[Resource], str, str], asyncio.Task[Resource | None]] = {}

    async def namespace(self, name: str) -> Namespace:
        """Find a namespace; raises LookupFailed."""
        known = self._store.get(Namespace, "", name)
        if known is not None:
            return known
        try:
            found = await self._ask(Namespace, "", name)
        except (CoreError, TimeoutError) as error:
            reason = str(error) or "the API server did not answer in time"
            raise LookupFailed(f"cannot read the namespace {name}: {reason}") from error
        if found is None:
            raise LookupFailed(f"there is no namespace {name!r}")
        return found

    async def owner(self, pod: Pod) -> Owner | None:
        """Find a pod's topmost controller; the next one to the pod if the rest cannot be found."""
        controller, kind = _between(pod)
        if controller is None or kind is None:
            return owner_of(pod)
        between = self._store.get(kind, pod.namespace, controller.name)
        if between is None:
            try:
                between = await self._ask(kind, pod.namespace, controller.name)
            except (CoreError, TimeoutError) as error:
                # Who owns it decides nothing about the pod: only a label and where events go.
                log.warning("cannot read the owner of %s: %s", pod, error or "no answer in time")
        return owner_of(pod, between)

    def known_owner(self, pod: Pod) -> Owner | None:
        """Find a pod's topmost controller as far as the caches know."""
        controller, kind = _between(pod)
        if controller is None or kind is None:
            return owner_of(pod)
        return owner_of(pod, self._store.get(kind, pod.namespace, controller.name))

    async def _ask(self, kind: type[R], namespace: str, name: str) -> R | None:
        """Ask once, for all who want to know the same; None when there is no such object."""
        key = (kind, namespace, name)
        asking = self._asking.get(key)
        if asking is None:
            if len(self._asking) >= MAX_QUESTIONS:
                raise LookupFailed("too many questions to the API server are open")
            asking = asyncio.create_task(self._get(kind, namespace, name))
            self._asking[key] = asking
            asking.add_done_callback(lambda done: self._asked(key, done))
        found = await asyncio.shield(asking)
        return found if isinstance(found, kind) else None

    def _asked(
        self, key: tuple[type[Resource], str, str], asking: asyncio.Task[Resource | None]
    ) -> None:
        del self._asking[key]
        if not asking.cancelled():
            asking.exception()  # whoever waits is told; if nobody does, it is nobody's problem

    async def _get(self, kind: type[Resource], namespace: str, name: str) -> Resource | None:
        async with asyncio.timeout(self._seconds):
            try:
                return await self._fetch(kind, namespace, name)
            except NotFoundError:
                return None


def _between(pod: Pod) -> tuple[OwnerReference | None, type[Resource] | None]:
    """Give a pod's controller and, where it may have one above it, its kind."""
    controller = pod.metadata.controller
    if controller is None:
        return None, None
    return controller, _BETWEEN.get((controller.api_version, controller.kind))
