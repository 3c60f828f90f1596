"""What commands ask of a running mesh."""

import asyncio
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mesh_cli.local import status
from mesh_cli.local.control import AsyncHandler, Request
from mesh_cli.local.errors import ControlError, StartError
from mesh_cli.local.manifest_source import Wanted
from mesh_cli.local.pod_set import PodEntry
from mesh_cli.local.settings import CONTROL_NAMESPACE
from mesh_core.resources import Key, Service
from mesh_core.store.manifests import Ident

if TYPE_CHECKING:
    from mesh_cli.local.supervisor import Supervisor

Document = dict[str, Any]
_SCRAPE_TIMEOUT, _MAX_SCRAPE = 2.0, 8 << 20
_KIND_WORDS = {
    "": "",
    **dict.fromkeys(("deployment", "deployments", "deploy"), "deployment"),
    **dict.fromkeys(("pod", "pods", "po"), "pod"),
}


class Operations:
    """The operations by name; each answers with a JSON value."""

    def __init__(self, supervisor: "Supervisor") -> None:
        self._mesh = supervisor

    def handlers(self) -> Mapping[str, AsyncHandler]:
        """What the control server dispatches to."""
        return {
            "status": self._status,
            "wait": self._wait,
            "apply": self._apply,
            "restart": self._restart,
            "exec": self._exec,
            "logs": self._logs,
            "scrape": self._scrape,
            "follow": self._follow,
            "down": self._down,
        }

    async def _status(self, _request: Request) -> Document:
        return self.document()

    def document(self) -> Document:
        """Everything that `status` shows."""
        mesh, now = self._mesh, status.now()
        return {
            "prefix": mesh.settings.prefix,
            "directories": [str(root) for root in mesh.source.roots],
            "ready": mesh.cluster.settled,
            "ready_seconds": mesh.ready_seconds,
            "uptime_seconds": round(time.monotonic() - mesh.started, 1),
            "pods": [
                status.describe_pod(entry, now)
                for entry in sorted(mesh.pods, key=lambda entry: entry.key)
            ],
            "deployments": [
                status.describe_deployment(deployment, done)
                for deployment, done in mesh.cluster.rollouts
            ],
            "services": [
                status.describe_service(service)
                for service in sorted(mesh.objects.list(Service), key=lambda item: item.key)
            ],
            "problems": self._problems(),
            "exposed": [str(exposure) for exposure in mesh.settings.exposures],
        }

    def _problems(self) -> list[str]:
        mesh = self._mesh
        troubles = (f"{what}: {why}" for what, why in mesh.cluster.troubles.items())
        return [*map(str, mesh.problems), *troubles]

    async def _wait(self, request: Request) -> Document:
        """Report progress until everything is ready or the given seconds have passed."""
        seconds = float(request.document.get("seconds", 60))
        shown: tuple[int, int] | None = None
        seen = 0
        try:
            async with asyncio.timeout(seconds):
                while not self._mesh.cluster.settled:
                    entries = [entry for entry in self._mesh.pods if not entry.terminating]
                    ready = sum(entry.runner.ready for entry in entries)
                    if (ready, len(entries)) != shown:
                        shown = (ready, len(entries))
                        await request.notice({"ready": ready, "pods": len(entries)})
                    seen = await self._mesh.cluster.passed(seen)
        except TimeoutError:
            return {**self.document(), "timed_out": True}
        return self.document()

    async def _apply(self, request: Request) -> Document:
        """Read the manifests now (another directory too) and say what changed since last asked."""
        directory = request.document.get("directory")
        if directory:
            path = Path(str(directory))
            if not path.exists():
                raise ControlError(f"{path}: there is no such file or directory")
            self._mesh.source.add(path)
        before = self._mesh.applied
        reading = self._mesh.read_manifests()
        self._mesh.applied = reading.objects
        await self._mesh.cluster.published()
        return {"changes": _differences(before, reading.objects), "problems": self._problems()}

    async def _restart(self, request: Request) -> Document:
        """Roll Deployments; a bare pod is made anew."""
        target = str(request.document.get("target") or "")
        choice = _Choice.parse(target, request.document.get("namespace"))
        restarted = []
        mesh = self._mesh
        for deployment, _ in mesh.cluster.rollouts:
            if choice.takes("deployment", deployment.key):
                mesh.cluster.rollouts.restart(deployment.key)
                restarted.append(f"deployment/{deployment.key}")
        for entry in self._mesh.pods:
            bare = not entry.controller and not entry.terminating
            if bare and choice.takes("pod", entry.key):
                self._mesh.pods.remove(entry)
                restarted.append(f"pod/{entry.key}")
        if not restarted:
            raise ControlError(f"there is nothing to restart named {target or 'at all'}")
        # After this pass `settled` is false, so that a waiter waits for the new pods.
        await self._mesh.cluster.published()
        return {"restarted": restarted}

    def _entry(self, name: str, namespace: str | None) -> PodEntry:
        """The pod that a user means: `NAME`, `NAMESPACE/NAME`, or a workload's first pod."""
        space, _, short = name.rpartition("/")
        wanted_namespace = space or namespace
        found = [
            entry
            for entry in self._mesh.pods
            if not entry.terminating
            and (wanted_namespace is None or entry.key.namespace == wanted_namespace)
            and (
                entry.key.name == short
                or status.workload_of(entry.runner.pod).endswith(f"/{short}")
            )
        ]
        exact = [entry for entry in found if entry.key.name == short]
        chosen = exact or sorted(found, key=lambda entry: (not entry.runner.ready, entry.key))
        if not chosen:
            known = ", ".join(sorted(str(entry.key) for entry in self._mesh.pods)) or "none"
            raise ControlError(f"there is no pod {name!r}; there are: {known}")
        spaces = {entry.key.namespace for entry in chosen}
        if len(spaces) > 1:
            raise ControlError(f"{name!r} is in {', '.join(sorted(spaces))}; say which with -n")
        return chosen[0]

    async def _exec(self, request: Request) -> Document:
        document = request.document
        entry = self._entry(str(document["pod"]), document.get("namespace"))
        if len(request.descriptors) != 3:
            raise ControlError("exec needs standard input, output and error")
        try:
            process = await entry.runner.execute(
                document.get("container"),
                [str(word) for word in document["argv"]],
                request.descriptors,
            )
        except StartError as problem:
            raise ControlError(str(problem)) from problem
        for descriptor in request.descriptors:
            # The command has its own now; ours would keep a pipe's reader waiting.
            os.close(descriptor)
        request.descriptors.clear()
        signals = asyncio.create_task(_pass_signals(request, process))
        try:
            code = await asyncio.shield(process.exited)
        finally:
            signals.cancel()
        return {"exit_code": code if code >= 0 else 128 - code, "pod": str(entry.key)}

    async def _logs(self, request: Request) -> Document:
        document = request.document
        entry = self._entry(str(document["pod"]), document.get("namespace"))
        try:
            container = entry.runner.find_container(document.get("container"))
        except StartError as problem:
            raise ControlError(str(problem)) from problem
        path = self._mesh.node.log(*entry.key, container.name)
        return {"path": str(path), "pod": str(entry.key), "container": container.name}

    async def _scrape(self, request: Request) -> Document:
        """The metrics of every proxy (or of the named pods'), by `namespace/name`."""
        only = {str(name) for name in request.document.get("pods", [])}
        path = str(request.document.get("path", "/metrics"))
        entries = [
            entry
            for entry in self._mesh.pods
            if entry.runner.order.sidecar is not None and (not only or str(entry.key) in only)
        ]
        texts = await asyncio.gather(*(_fetch(entry, path) for entry in entries))
        return {
            str(entry.key): text
            for entry, text in zip(entries, texts, strict=True)
            if text is not None
        }

    async def _follow(self, _request: Request) -> Document:
        """Answer when the mesh ends in an orderly way; a killed one hangs up instead."""
        await self._mesh.ending.wait()
        return {"ended": True}

    async def _down(self, _request: Request) -> Document:
        self._mesh.end()
        return {"ending": True}


@dataclass(frozen=True, slots=True)
class _Choice:
    """What `restart` is for: `KIND/NAME`, `NAME`, or everything of the user's."""

    kind: str
    name: str
    namespace: str | None

    @classmethod
    def parse(cls, target: str, namespace: str | None) -> "_Choice":
        word, _, name = target.rpartition("/")
        kind = _KIND_WORDS.get(word.lower())
        if kind is None:
            raise ControlError(f"{target!r}: write deployment/NAME or pod/NAME")
        return cls(kind, name, namespace)

    def takes(self, kind: str, key: Key) -> bool:
        if self.namespace is not None and key.namespace != self.namespace:
            return False
        if not self.name:
            return key.namespace != CONTROL_NAMESPACE
        return self.kind in ("", kind) and key.name == self.name


def _differences(before: Mapping[Ident, Wanted], after: Mapping[Ident, Wanted]) -> list[Document]:
    changes = []
    for ident in sorted({*before, *after}, key=lambda i: (i[0].kind, i[1])):
        old, new = before.get(ident), after.get(ident)
        if old is None:
            change = "created"
        elif new is None:
            change = "removed"
        elif old.resource != new.resource:
            change = "changed"
        else:
            change = "unchanged"
        changes.append({"kind": ident[0].kind, "name": str(ident[1]), "change": change})
    return changes


async def _pass_signals(request: Request, process: Any) -> None:
    async for message in request.messages():
        if isinstance(number := message.get("signal"), int):
            process.signal(number)
    # The client hung up: what it started has nobody any more.
    process.kill_session()


async def _fetch(entry: PodEntry, path: str) -> str | None:
    """A page of a proxy's admin server; None where it does not answer."""
    sidecar = entry.runner.order.sidecar
    if sidecar is None:
        return None
    address = str(entry.runner.addresses[0])
    try:
        async with asyncio.timeout(_SCRAPE_TIMEOUT):
            reader, writer = await asyncio.open_connection(address, sidecar.admin_port)
            try:
                host = f"{address}:{sidecar.admin_port}"
                writer.write(f"GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
                data = await reader.read(_MAX_SCRAPE)
                while chunk := await reader.read(_MAX_SCRAPE):
                    data += chunk
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return None
    head, _, body = data.partition(b"\r\n\r\n")
    status_line = head.split(b"\r\n", 1)[0].split()
    return body.decode(errors="replace") if status_line[1:2] == [b"200"] else None
