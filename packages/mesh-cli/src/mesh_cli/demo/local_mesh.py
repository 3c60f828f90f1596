"""The demo's mesh: a local mesh of its own, asked over its control socket."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from mesh_cli.local import record
from mesh_cli.local.client import LocalMesh
from mesh_cli.local.control_protocol import Document
from mesh_cli.local.errors import ControlError, LocalError, NotRunning
from mesh_cli.local.launch import launch
from mesh_cli.local.settings import CONTROL_NAMESPACE, TRUST_DOMAIN, Settings

from .pods import PodView
from .scrape import Scrape, read
from .sockets import clients
from .status import control_plane_problems, pod_views, restarts

T = TypeVar("T")

_ENDED = (
    "the mesh has ended by itself, and with it everything in it; the kernel's log (dmesg) says"
    " whether its supervisor was killed"
)


class MeshEnded(LocalError):
    """The mesh is gone though nobody asked for that."""


class DemoMesh:
    """Implements `session.Mesh` with `mesh local`."""

    def __init__(self, settings: Settings) -> None:
        """Start nothing yet."""
        self._settings = settings
        # Only a mesh that this object has started is ever taken down by it.
        self._mesh: LocalMesh | None = None

    def up(self) -> None:
        """Start the mesh (LocalError, which leaves nothing behind)."""
        self._mesh = launch(self._settings)

    def pods(self) -> Sequence[PodView]:
        """Return the application's pods, without what their proxies counted."""
        return self._views(self._ask(LocalMesh.status), {}, {})

    def look(self) -> Sequence[PodView]:
        """Return the pods with what their proxies have counted by now."""
        texts = self._ask(LocalMesh.scrape)
        document = self._ask(LocalMesh.status)
        scrapes = {_key(name): read(text) for name, text in texts.items()}
        return self._views(document, scrapes, self._clients(document))

    def problems(self) -> Sequence[str]:
        """Return what the mesh complains about, and what had to be restarted."""
        document = self._ask(LocalMesh.status)
        pods = document["pods"]
        return [*document["problems"], *control_plane_problems(pods), *restarts(pods)]

    def down(self) -> None:
        """Take down what `up` has started."""
        if self._mesh is not None:
            self._mesh.down()

    def kill(self) -> None:
        """End it at once; then its directory goes as well."""
        if self._mesh is not None:
            self._mesh.kill()
            self._mesh.down()

    def _ask(self, question: Callable[[LocalMesh], T]) -> T:
        if self._mesh is None:
            raise NotRunning("the demo's mesh has not been started")
        try:
            return question(self._mesh)
        except (NotRunning, ControlError) as problem:
            if self._mesh.running:
                raise
            raise MeshEnded(_ENDED) from problem

    def _views(
        self,
        document: Document,
        scrapes: dict[tuple[str, str], Scrape],
        peers: dict[tuple[str, str], frozenset[str]],
    ) -> list[PodView]:
        return pod_views(document["pods"], CONTROL_NAMESPACE, TRUST_DOMAIN, scrapes, peers)

    def _clients(self, document: Document) -> dict[tuple[str, str], frozenset[str]]:
        """Return who is connected to the meshed pods, as far as that can be seen."""
        found = record.load(self._settings.state)
        if found is None:
            return {}
        # The mesh's processes have other numbers here; its own /proc knows theirs.
        processes = Path(f"/proc/{found.pid}/root/proc")
        return {
            (pod["namespace"], pod["name"]): _connected(processes / str(pod["proxy_pid"]))
            for pod in document["pods"]
            if pod["meshed"] and pod["proxy_pid"]
        }


def _connected(process: Path) -> frozenset[str]:
    try:
        return clients(*((process / "net" / table).read_text() for table in ("tcp", "tcp6")))
    except OSError:
        # It has just ended; who called it then stays unnamed.
        return frozenset()


def _key(name: str) -> tuple[str, str]:
    namespace, _, pod = name.partition("/")
    return namespace, pod
