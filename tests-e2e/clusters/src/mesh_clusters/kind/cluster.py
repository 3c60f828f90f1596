"""A kind cluster of one node: `KindCluster(KindSettings(name="mine", index=7)).up(say)`."""

import contextlib
import json
import shutil
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from mesh_cli.local import interrupts
from mesh_clusters import elevation, kubectl
from mesh_clusters.all_or_nothing import all_or_nothing
from mesh_clusters.archives import check_there
from mesh_clusters.binaries import Binaries, ensure
from mesh_clusters.deadline import wait_for
from mesh_clusters.errors import ClusterError, CommandFailed, NotRunning
from mesh_clusters.kind import node_image, official_image, private_docker
from mesh_clusters.kind.docker import Docker, run
from mesh_clusters.kind.node_image import NodeImage
from mesh_clusters.kind.residence import Residence
from mesh_clusters.kind.settings import KindSettings
from mesh_clusters.node import dns
from mesh_clusters.node.lock import locked
from mesh_clusters.node.machine import patiently
from mesh_clusters.node.settings import API_PORT
from mesh_clusters.places import home
from mesh_clusters.stopwatch import Stopwatch

Say = Callable[[str], None]

_SECONDS = 180
_MANIFEST = "/etc/kubernetes/manifests/kube-apiserver.yaml"
_HELD = "/etc/kubernetes/kube-apiserver.yaml"
# Again, should the kubelet start it anew before it sees that nobody wants it.
_STOP = f"mv {_MANIFEST} {_HELD}; while pkill -KILL -x kube-apiserver; do sleep 0.1; done"
# One replica is enough; and it is ready when it is, not at the next ten seconds.
_DNS = {
    "spec": {
        "replicas": 1,
        "template": {
            "spec": {"containers": [{"name": "coredns", "readinessProbe": {"periodSeconds": 1}}]}
        },
    }
}
_START = f"mv {_HELD} {_MANIFEST}"


def prepare(say: Say) -> None:
    """Fetch and make all that `up` needs but a daemon; needs no root."""
    binaries = ensure("kind", say)
    docker = Docker.ordinary()
    if docker is None:
        private_docker.find(say)
    if docker is None or not official_image.available(docker, say):
        node_image.ensure(binaries, say)


class KindCluster:
    """One cluster, whether it runs or not; every method raises ClusterError."""

    def __init__(self, settings: KindSettings) -> None:
        settings.check()
        self.settings = settings

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig; readable for root."""
        return self.settings.kubeconfig

    @property
    def running(self) -> bool:
        """Whether its node runs."""
        found = Residence.load(self.settings.state)
        return found is not None and found.docker.is_running(self.settings.node_name)

    # --- life -------------------------------------------------------------------------------

    def up(self, say: Say) -> None:
        """Start it, and return when pods can run and names resolve; nothing if it runs.

        In the machine's Docker if one answers, else in one of our own. What a killed one left is
        removed first. If it cannot start, nothing is left but its logs.
        """
        elevation.check_machine()
        binaries = ensure("kind", say)
        with locked(self.settings), interrupts.only_once():
            # Else an `up` that was killed has left it half made.
            if self.settings.complete.exists() and self.running:
                say(f"cluster {self.settings.name} runs already")
                return
            self._remove()
            with all_or_nothing(
                self.settings.complete, partial(self._keep_logs, say), self._remove
            ):
                self._up(binaries, say)

    def _up(self, binaries: Binaries, say: Say) -> None:
        ordinary = Docker.ordinary()
        official = ordinary is not None and official_image.available(ordinary, say)
        made = None if official else node_image.ensure(binaries, say)
        programs = None if ordinary is not None else private_docker.find(say)
        watch = Stopwatch(say)
        self.settings.state.mkdir(mode=0o711)
        if programs is not None:
            docker = private_docker.start(self.settings, programs)
            watch.lap("a Docker of our own runs")
        elif ordinary is not None:
            docker = ordinary
            self._kind(docker, "delete", "cluster")
        image = official_image.NAME if made is None else made.name
        residence = Residence.of(docker, image, private=programs is not None)
        residence.save(self.settings.state)
        if made is not None and not docker.has_image(made.name):
            _import(docker, made)
            watch.lap("the node image is imported")
        self._create(residence, made is not None)
        watch.lap("node ready")
        self._start_dns(reaches_nobody=residence.private)
        watch.lap(f"names resolve; KUBECONFIG={self.kubeconfig}")

    def down(self) -> None:
        """End it and leave nothing behind, whatever state it is in."""
        elevation.need_root()
        with locked(self.settings), interrupts.only_once():
            self._remove()

    def _remove(self) -> None:
        found = Residence.load(self.settings.state)
        # Without its daemon nothing of it runs; `up` asks again.
        if found is not None and not found.private and found.docker.answers():
            self._kind(found.docker, "delete", "cluster")
            found.leave()
        private_docker.stop(self.settings)
        patiently(partial(shutil.rmtree, self.settings.state))

    def _create(self, residence: Residence, plain: bool) -> None:
        """Let kind make the cluster; a `plain` node image brings its pods' network itself."""
        networking: dict[str, object] = {"disableDefaultCNI": plain}
        if residence.private:
            # Given, because kind would look for a free port on the machine, not in Docker.
            networking["apiServerAddress"] = str(self.settings.families[0].node)
            networking["apiServerPort"] = API_PORT
        document = {
            "kind": "Cluster",
            "apiVersion": "kind.x-k8s.io/v1alpha4",
            "networking": networking,
        }
        path = self.settings.state / "kind.json"
        path.write_text(json.dumps(document))  # JSON is YAML
        self._kind(
            residence.docker,
            *("create", "cluster", f"--config={path}", f"--image={residence.image}"),
            *(f"--kubeconfig={self.kubeconfig}", f"--wait={_SECONDS}s", "--retain"),
        )

    def _start_dns(self, *, reaches_nobody: bool) -> None:
        """Have names resolve soon; where the node reaches nobody, refuse others at once."""
        if reaches_nobody:
            self.kubectl("replace", "--filename=-", stdin=dns.configuration())
        names = ("deployment/coredns", "--namespace=kube-system")
        self.kubectl("patch", *names, f"--patch={json.dumps(_DNS)}")
        account = ("get", "serviceaccount/default", "--ignore-not-found", "--output=name")
        wait_for("the default account", lambda: bool(self.kubectl(*account)), _SECONDS)
        self.kubectl("rollout", "status", *names, f"--timeout={_SECONDS}s")

    # --- use --------------------------------------------------------------------------------

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl as the administrator and give what it prints."""
        return kubectl.run(ensure("apiserver"), self.kubeconfig, arguments, stdin)

    def load(self, archives: Sequence[Path]) -> None:
        """Give the node's containerd the images of archives, unpacked."""
        check_there(archives)
        if archives:
            self._kind(self._residence().docker, "load", "image-archive", *map(str, archives))

    def logs(self, folder: Path) -> None:
        """Write the node's journal and the logs of all containers below a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        self._kind(self._residence().docker, "export", "logs", str(folder))

    def run_on_node(self, *words: str) -> str:
        """Run a command on the node and give what it prints."""
        return self._residence().docker("exec", self.settings.node_name, *words)

    def stop_api_server(self) -> None:
        """End the API server at once, until `start_api_server`."""
        self.run_on_node("sh", "-euc", _STOP)

    def start_api_server(self) -> None:
        """Have it started again; it is ready some seconds later."""
        self.run_on_node("sh", "-euc", _START)

    def check_running(self) -> None:
        """Raise NotRunning if it is down."""
        self._residence()

    # --- details ----------------------------------------------------------------------------

    def _residence(self) -> Residence:
        found = Residence.load(self.settings.state)
        if found is None or not found.docker.is_running(self.settings.node_name):
            raise NotRunning(
                f"cluster {self.settings.name} is down; start it:"
                f" {sys.executable} -m mesh_clusters kind up --name {self.settings.name}"
            )
        return found

    def _kind(self, docker: Docker, *arguments: str) -> None:
        program = ensure("kind").path("kind")
        words = [str(program), *arguments, f"--name={self.settings.kind_name}"]
        try:
            run(words, docker.environment, 2.0 * _SECONDS)
        except CommandFailed as error:
            # Before that, it tells what went well.
            _, found, reason = str(error).rpartition("ERROR: ")
            raise CommandFailed(f"kind {arguments[0]}: {reason}" if found else str(error)) from None

    def _keep_logs(self, say: Say) -> None:
        """Keep the logs of a failed start where nothing removes them but the next failure."""
        kept = home() / "failed" / f"kind.{self.settings.name}"
        shutil.rmtree(kept, ignore_errors=True)
        if self.settings.logs.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(self.settings.logs, kept)
        if found := Residence.load(self.settings.state):
            # Whatever can be had of a node that may not have come far.
            with contextlib.suppress(ClusterError):
                self._kind(found.docker, "export", "logs", str(kept / "node"))
        if kept.exists():
            say(f"the logs of the failed start lie in {kept}")


def _import(docker: Docker, image: NodeImage) -> None:
    changes = [word for change in node_image.CHANGES for word in ("--change", change)]
    docker("import", *changes, str(image.root), image.name)
