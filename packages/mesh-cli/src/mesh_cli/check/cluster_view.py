"""A cluster as `mesh check` sees it: the only place where it asks."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from mesh_cli.check.settings import Settings
from mesh_cli.check.who_am_i import WhoAmI, read_who_am_i, who_am_i_question
from mesh_core.kubernetes import Access, KindNotServedError, KubernetesClient, ServerVersion
from mesh_core.kubernetes.paths import collection_path, object_path
from mesh_core.resources import Key, Pod, Resource
from mesh_core.store.errors import NotFoundError

R = TypeVar("R", bound=Resource)
T = TypeVar("T")

Connect = Callable[[], Awaitable[KubernetesClient]]

QUICK_SECONDS = 10.0
"""How long an answer may take that costs the API server nothing."""

log = logging.getLogger(__name__)


class ClusterView:
    """Facts about one cluster, each asked for once until `refresh`; raises StoreError."""

    def __init__(
        self, settings: Settings, connect: Callable[[], Awaitable[KubernetesClient]]
    ) -> None:
        """Look at what `settings` name; `connect` is called at first need."""
        self.settings = settings
        self._connect = connect
        self._client: KubernetesClient | None = None
        self._facts: dict[str, asyncio.Task[Any]] = {}

    async def close(self) -> None:
        """Close all connections."""
        self.refresh()
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def refresh(self) -> None:
        """Forget what was learned, so that it is asked again."""
        facts, self._facts = self._facts, {}
        for task in facts.values():
            task.cancel()

    async def client(self) -> KubernetesClient:
        """Give the client; raises ConfigurationError when there is no way to a cluster."""
        if self._client is None:
            self._client = await self._connect()
        return self._client

    async def version(self) -> ServerVersion:
        """Ask for the API server's version."""
        client = await self.client()
        return await self._once("the API server's version", client.version)

    async def who_am_i(self) -> WhoAmI:
        """Ask whom the API server takes us for, and what its clock says."""
        return await self._once("who we are", self.who_am_i_now)

    async def who_am_i_now(self) -> WhoAmI:
        """Ask the same anew, for the time."""
        client = await self.client()
        path, body = who_am_i_question()
        started = time.time()
        what = "ask who we are"
        try:
            answer = await client.request("POST", path, body=body, timeout=QUICK_SECONDS, what=what)
        except KindNotServedError:  # older than any version that we accept
            return WhoAmI("", datetime.now(UTC), 0.0)
        return read_who_am_i(answer, asked=started, answered=time.time())

    async def find(self, kind: type[R], namespace: str, name: str) -> R | None:
        """Read an object; None when there is none."""
        client = await self.client()

        async def ask() -> R | None:
            try:
                return await client.get(kind, namespace, name)
            except NotFoundError:
                return None

        return await self._once(f"{kind.kind} {Key(namespace, name)}", ask)

    async def all(
        self, kind: type[R], namespace: str | None = None, *, labels: str = "", name: str = ""
    ) -> list[R]:
        """Read all objects of a kind, in one namespace or all, that have labels or a name."""
        client = await self.client()
        fields = f"metadata.name={name}" if name else ""
        where = f"in {namespace}" if namespace else "everywhere"
        return await self._once(
            f"{kind.plural} {where} {labels}{fields}".rstrip(),
            lambda: client.list(kind, namespace, label_selector=labels, field_selector=fields),
        )

    async def may(self, need: Access) -> bool:
        """Ask whether we may do all of `need`."""
        client = await self.client()
        return await self._once(f"may we {need}", lambda: client.review_access(need))

    async def ask_pod(
        self, pod: Pod, port: int, path: str, *, seconds: float = QUICK_SECONDS
    ) -> bytes:
        """Ask a port of a pod by way of the API server, which reaches pods where we may not."""
        client = await self.client()
        target = object_path(Pod, pod.namespace, f"{pod.name}:{port}", f"proxy{path}")
        return await client.request(
            "GET",
            target,
            timeout=seconds,
            what=f"read {path} on port {port} of {pod}",
        )

    async def ask_service(self, namespace: str, name: str, body: bytes) -> bytes:
        """Post to a Service that speaks TLS, by way of the API server, which trusts any answer."""
        client = await self.client()
        path = f"/api/v1/namespaces/{namespace}/services/https:{name}:443/proxy/"
        what = f"reach Service {namespace}/{name}"
        return await client.request("POST", path, body=body, timeout=QUICK_SECONDS, what=what)

    async def try_to_create(self, document: dict[str, Any], namespace: str) -> Pod:
        """Have a pod reviewed as if it were created, and give it as it would have been."""
        client = await self.client()
        body = await client.request(
            "POST",
            collection_path(Pod, namespace),
            query={"dryRun": "All"},
            body=msgspec.json.encode(document),
            what=f"try out a pod in namespace {namespace}",
        )
        return msgspec.json.decode(body, type=Pod)

    async def _once(self, what: str, ask: Callable[[], Awaitable[T]]) -> T:
        task = self._facts.get(what)
        if task is None:
            task = self._facts[what] = asyncio.ensure_future(_timed(what, ask))
            task.add_done_callback(_take_note)
        # Whoever stops waiting must not take the answer away from others.
        result: T = await asyncio.shield(task)
        return result


async def _timed(what: str, ask: Callable[[], Awaitable[T]]) -> T:
    started = time.monotonic()
    try:
        return await ask()
    finally:
        log.debug("%s: %.3f s", what, time.monotonic() - started)


def _take_note(task: asyncio.Task[Any]) -> None:
    """Keep asyncio from complaining about an error when whoever asked has given up."""
    if not task.cancelled():
        task.exception()
