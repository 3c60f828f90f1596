"""Process 1 of a local mesh: puts the parts together, runs them, takes them down."""

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path

from mesh_cli.local import control_plane, nftables, preflight, record, service_table
from mesh_cli.local.addresses import PodAddresses
from mesh_cli.local.admission import Admission, Unmeshed
from mesh_cli.local.cluster import Cluster, Outputs
from mesh_cli.local.control import ControlServer
from mesh_cli.local.dns_server import DnsServer
from mesh_cli.local.errors import StartError
from mesh_cli.local.exposure import Door
from mesh_cli.local.injection import Injection
from mesh_cli.local.logfiles import shorten
from mesh_cli.local.manifest_source import ManifestSource, Reading
from mesh_cli.local.netlink import NetlinkError
from mesh_cli.local.node import Node, script
from mesh_cli.local.objects import Objects
from mesh_cli.local.operations import Operations
from mesh_cli.local.pod_set import Place, PodSet
from mesh_cli.local.reaper import Reaper
from mesh_cli.local.redirects import Redirects
from mesh_cli.local.service_table import Route
from mesh_cli.local.settings import (
    CONTROL_NAMESPACE,
    CONTROLLER_UID,
    DNS_ADDRESSES,
    GATEWAYS,
    POD_NETWORKS,
    SERVICE_NETWORKS,
    Settings,
)
from mesh_cli.local.start_order import StartOrder
from mesh_cli.local.tokens import TokenSigner
from mesh_core.resources import Resource
from mesh_core.store import Problem
from mesh_core.store.manifests import Ident
from mesh_injector import COMPONENT_LABEL, Installation

_HOUSEKEEPING_SECONDS = 5.0
_DOWN_GRACE_SECONDS = 5.0
_AGAIN_SECONDS = 1.0
log = logging.getLogger(__name__)


class Supervisor:
    """One mesh."""

    def __init__(self, settings: Settings, families: int, host_network: int) -> None:
        """`families` is 1 for IPv4 only; `host_network` is the host's net namespace."""
        self.settings = settings
        self.started = time.monotonic()
        self.ready_seconds: float | None = None
        self.problems: tuple[Problem, ...] = ()
        self._families = families
        self._host_network = host_network
        self.ending = asyncio.Event()
        self._signer = TokenSigner()
        self._reaper = Reaper()
        self._redirects = Redirects(script("mesh-proxy"), self._reaper)
        self.objects = Objects(settings.objects, CONTROLLER_UID)
        self.node = Node(
            settings,
            self._reaper,
            PodAddresses(POD_NETWORKS),
            GATEWAYS[:families],
            DNS_ADDRESSES[:families],
            self._signer,
            self._redirects,
            StartOrder(),
            self.objects.get,
            self.changed,
        )
        self.source = ManifestSource(settings.directories)
        self._control_plane: control_plane.Wanted = []
        self._reading: Reading | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def changed(self) -> None:
        """Some part has another state than before."""
        self.cluster.request()

    async def run(self, ready: Callable[[], None]) -> None:
        """Start everything, call `ready` when commands are answered, stay until told to end."""
        logging.basicConfig(
            stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
        )
        self._reaper.install()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.ending.set)
        admission = await self._admission()
        self.pods = PodSet(self.node, self.objects, admission, self._published)
        self._dns = DnsServer(self.node.dns, self.settings.dns_forward, self._host_network)
        outputs = Outputs(self._commit_routes, self._dns.replace)
        self.cluster = Cluster(self.node, self.objects, self.pods, outputs)
        await self._dns.start()
        operations = Operations(self)
        control = ControlServer(self.settings.socket, operations.handlers())
        await control.start()
        await self._open_doors()
        self.applied = self.read_manifests().objects
        self._begin(self.cluster.run, "controllers")
        self._begin(partial(self.source.watch, self.read_manifests), "manifests")
        self._begin(self._keep_house, "housekeeping")
        self._begin(self._follow_readiness, "readiness")
        ready()
        await self.ending.wait()
        await self._take_down()

    def end(self) -> None:
        """Take everything down and end."""
        self.ending.set()

    async def _published(self) -> None:
        await self.cluster.published()

    async def _admission(self) -> Admission:
        if not self.settings.control_plane:
            return Unmeshed()
        # Side by side, because both start interpreters; the engine's error is told first.
        engine, trust = (
            asyncio.create_task(preflight.check_engine(self.node)),
            asyncio.create_task(preflight.make_trust(self.node)),
        )
        await asyncio.wait((engine, trust))
        await engine
        anchors = await trust
        control_plane.token_key(self.settings).write_bytes(self._signer.public_pem)
        preflight.hand_over(self.node, CONTROLLER_UID)
        ipv6 = self._families == 2
        self._control_plane = control_plane.control_plane(self.settings, ipv6=ipv6)
        return Injection(Installation(trust_anchors=anchors, ipv6=ipv6))

    # -- manifests

    def read_manifests(self) -> Reading:
        """Look at the user's files now and want what they say."""
        reading = self.source.read()
        if reading is self._reading:
            return reading
        self._reading = reading
        for problem in reading.problems:
            if problem not in self.problems:
                log.warning("%s", problem)
        self.problems = reading.problems
        wanted: dict[Ident, tuple[Resource, Place]] = {
            (type(resource), resource.key): (resource, place)
            for resource, place in self._control_plane
        }
        for ident, item in reading.objects.items():
            if ident not in wanted:
                wanted[ident] = (item.resource, self.place(item.root))
        self.cluster.want(wanted)
        return reading

    def place(self, root: Path) -> Place:
        """What pods from a directory find: itself as working directory, its programs first."""
        directory = root if root.is_dir() else root.parent
        own = directory / ".venv" / "bin"
        search = [*self.settings.search_path, *([own] if own.is_dir() else [])]
        return Place(str(directory), (*search, Path(sys.prefix, "bin")))

    # -- outputs

    def _commit_routes(self, routes: Sequence[Route]) -> None:
        networks = SERVICE_NETWORKS[: self._families]
        try:
            nftables.commit(service_table.plan(routes, networks, self.node.dns))
        except NetlinkError as problem:
            raise StartError(f"the service table could not be written: {problem}") from problem

    async def _open_doors(self) -> None:
        self._doors = [
            await Door(exposure, self.objects).open(descriptor)
            for exposure, descriptor in zip(
                self.settings.exposures, self.settings.listeners, strict=True
            )
        ]

    # -- life

    def _begin(self, work: Callable[[], Coroutine[None, None, None]], name: str) -> None:
        self._tasks.append(asyncio.create_task(_survive(work, name), name=name))

    async def _follow_readiness(self) -> None:
        """Note what was ready for the first time: each part of the control plane, everything."""
        seen = 0
        while self.ready_seconds is None:
            seen = await self.cluster.passed(seen)
            await self.node.order.note(self._ready_components())
            if self.cluster.settled:
                self.ready_seconds = round(time.monotonic() - self.started, 3)

    def _ready_components(self) -> list[str]:
        return [
            entry.runner.order.pod.metadata.labels[COMPONENT_LABEL]
            for entry in self.pods
            if entry.key.namespace == CONTROL_NAMESPACE and entry.runner.ready
        ]

    async def _keep_house(self) -> None:
        """Keep logs short; end when nobody can find this mesh any more."""
        while True:
            await asyncio.sleep(_HOUSEKEEPING_SECONDS)
            for path in self.settings.logs.rglob("*.log"):
                shorten(path)
            noted = record.load(self.settings.state)
            if noted is None or noted.namespace != record.pid_namespace(os.getpid()):
                log.error("%s was removed or is another mesh's: ending", self.settings.state)
                self.end()

    async def _take_down(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.pods.remove_all(_DOWN_GRACE_SECONDS)
        try:
            async with asyncio.timeout(_DOWN_GRACE_SECONDS + 2):
                await self.pods.gone()
        except TimeoutError:
            left = ", ".join(str(entry.key) for entry in self.pods)
            log.warning("pods that did not end in time, and end with the mesh: %s", left)


async def _survive(work: Callable[[], Coroutine[None, None, None]], name: str) -> None:
    """Run a part that the mesh cannot do without; what fails is told, and begins again."""
    while True:
        try:
            return await work()
        except Exception:
            # What pods run goes on meanwhile; every part keeps its state outside of its loop.
            log.exception("%s failed; beginning again in %g s", name, _AGAIN_SECONDS)
            await asyncio.sleep(_AGAIN_SECONDS)
