"""A single-node cluster: `Cluster(Settings(name="mine", index=7)).up(say)`."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from mesh_cli.local import interrupts, record
from mesh_clusters import elevation, kubectl
from mesh_clusters.all_or_nothing import all_or_nothing
from mesh_clusters.api_access import ApiAccess
from mesh_clusters.archives import check_there
from mesh_clusters.binaries import ensure
from mesh_clusters.daemons import environment
from mesh_clusters.deadline import wait_for
from mesh_clusters.errors import CommandFailed, NotRunning, StartFailed, Unsupported
from mesh_clusters.node import configuration, dns, images, machine, outage, programs
from mesh_clusters.node.launch import last_words, launch
from mesh_clusters.node.lock import locked
from mesh_clusters.node.networks import check_free
from mesh_clusters.node.programs import NodePrograms
from mesh_clusters.node.settings import Settings
from mesh_clusters.pki import Pki
from mesh_clusters.places import home
from mesh_clusters.stopwatch import Stopwatch

Say = Callable[[str], None]

_SECONDS = 120.0


class Cluster:
    """One cluster, whether it runs or not; every method raises ClusterError."""

    def __init__(self, settings: Settings) -> None:
        settings.check()
        self.settings = settings

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig; readable for root."""
        return self.settings.kubeconfig

    @property
    def running(self) -> bool:
        """Whether its node's first process lives."""
        found = record.load(self.settings.state)
        return found is not None and found.alive

    # --- life -------------------------------------------------------------------------------

    def up(self, say: Say) -> None:
        """Start it, and return when pods can run and names resolve; nothing if it runs.

        What a killed one left is removed first. If it cannot start, nothing is left either.
        """
        elevation.check_machine()
        binaries = ensure("node", say)
        found = programs.find(binaries, say)
        archives = images.archives(binaries, say)
        with locked(self.settings), interrupts.only_once():
            # Else an `up` that was killed has left it half made.
            if self.running and self.settings.complete.exists():
                self._check_same()
                self._wait(f"an answer of the running cluster {self.settings.name} (or `down` it)")
                say(f"cluster {self.settings.name} runs already")
                return
            self._remove()
            check_free(self.settings.families, machine.routes())
            with all_or_nothing(
                self.settings.complete, partial(self._keep_logs, say), self._remove
            ):
                self._up(found, archives, Stopwatch(say))

    def _up(self, found: NodePrograms, archives: Sequence[Path], watch: Stopwatch) -> None:
        self._prepare(found)
        watch.lap("certificates and configuration written")
        launch(self.settings, "mesh_clusters.node.boot", self._environment())
        socket = f"root{configuration.CONTAINERD_SOCKET}"
        self._wait("containerd", (Path("/proc", str(self._pid()), socket)).exists)
        self.load(archives)
        watch.lap("containerd runs, with its two images")
        self._wait("the API server")
        watch.lap("API server ready")
        self.kubectl("apply", "--filename=-", stdin=dns.manifests(self.settings))
        node = f"node/{self.settings.node_name}"
        self._wait("the node's registration", partial(self._has, node))
        timeout = f"--timeout={_SECONDS:.0f}s"
        self.kubectl("wait", "--for=condition=Ready", node, timeout)
        watch.lap("node ready")
        self._wait("the default account", partial(self._has, "serviceaccount/default"))
        self.kubectl("rollout", "status", "deployment/coredns", "--namespace=kube-system", timeout)
        watch.lap(f"names resolve; KUBECONFIG={self.kubeconfig}")

    def down(self) -> None:
        """End it and leave nothing behind, whatever state it is in."""
        elevation.need_root()
        with locked(self.settings), interrupts.only_once():
            self._remove()

    def _remove(self) -> None:
        found = record.load(self.settings.state)
        if found is not None:
            found.kill()
            wait_for("the node's end", lambda: not found.alive, _SECONDS)
        machine.disconnect(self.settings)
        machine.remove_control_groups(self.settings)
        machine.patiently(partial(shutil.rmtree, self.settings.state))

    def _prepare(self, found: NodePrograms) -> None:
        settings = self.settings
        settings.state.mkdir(mode=0o711)
        for folder in (settings.logs, settings.state / "etcd"):
            folder.mkdir(mode=0o700)
        (settings.state / "path").write_text(found.path)
        self._saved.write_text(settings.to_json())
        configuration.write(settings, found)
        machine.make_control_groups(settings)

    # --- use --------------------------------------------------------------------------------

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl as the administrator and give what it prints."""
        return kubectl.run(ensure("apiserver"), self.kubeconfig, arguments, stdin)

    def load(self, archives: Sequence[Path]) -> None:
        """Give the node's containerd the images of archives, unpacked."""
        check_there(archives)
        for archive in archives:
            with archive.open("rb") as file:
                done = subprocess.run(
                    self.node_command("ctr", "--namespace=k8s.io", "images", "import", "-"),
                    stdin=file,
                    capture_output=True,
                    text=True,
                    check=False,
                    env=self._environment(),
                )
            if done.returncode != 0:
                raise CommandFailed(f"{archive} cannot be loaded: {done.stderr.strip()}")

    def run_on_node(self, *words: str) -> int:
        """Run a command on the node, with our input and output; returns its exit code."""
        argv = self.node_command(*words)
        return subprocess.run(argv, check=False, env=self._environment()).returncode

    def node_command(self, *words: str) -> list[str]:
        """The command line, for the machine, of a command on the node; only root may run it."""
        namespaces = ("--mount", "--uts", "--ipc", "--net", "--pid")
        return ["nsenter", f"--target={self._pid()}", *namespaces, "--", *words]

    def stop(self, component: str) -> None:
        """End a component of the node at once (`kube-apiserver`), until `start`."""
        outage.stop(self.settings, self._node(), component)

    def start(self, component: str) -> None:
        """Have a stopped component started again; it is ready some seconds later."""
        outage.start(self.settings, component)

    def pause(self, component: str) -> None:
        """Freeze a component: its connections stay open and nothing answers."""
        os.kill(outage.process(self._node(), component), signal.SIGSTOP)

    def resume(self, component: str) -> None:
        """Let a frozen component go on."""
        os.kill(outage.process(self._node(), component), signal.SIGCONT)

    def log(self, component: str) -> Path:
        """A component's log; raises NotRunning, which lists those that there are."""
        path = self.settings.logs / f"{component}.log"
        if not path.is_file():
            known = sorted(path.stem for path in self.settings.logs.glob("*.log"))
            raise NotRunning(
                f"cluster {self.settings.name} has no log of {component!r}; it has:"
                f" {', '.join(known) or 'none, because it is down'}"
            )
        return path

    def check_running(self) -> None:
        """Raise NotRunning if it is down."""
        self._pid()

    # --- details ----------------------------------------------------------------------------

    @property
    def _saved(self) -> Path:
        return self.settings.state / "settings.json"

    def _check_same(self) -> None:
        running = Settings.from_json(self._saved.read_text())
        if running != self.settings:
            raise Unsupported(
                f"cluster {running.name} runs already, with --index {running.index} --proxy-mode"
                f" {running.proxy_mode}: `down` it first, or choose another --name"
            )

    def _pid(self) -> int:
        return self._node().pid

    def _node(self) -> record.SupervisorRecord:
        found = record.load(self.settings.state)
        if found is None or not found.alive:
            raise NotRunning(
                f"cluster {self.settings.name} is down; start it:"
                f" {sys.executable} -m mesh_clusters up --name {self.settings.name}"
            )
        return found

    def _environment(self) -> dict[str, str]:
        path = (self.settings.state / "path").read_text()
        return environment() | {"PATH": path}

    def _api(self) -> ApiAccess:
        return ApiAccess(self.settings.server, Pki(self.settings.pki))

    def _has(self, what: str) -> bool:
        return bool(self.kubectl("get", what, "--ignore-not-found", "--output=name"))

    def _wait(self, what: str, probe: Callable[[], bool] | None = None) -> None:
        """Wait for something of a running cluster, by default for its API server."""
        asked = probe or self._api().ready

        def checked() -> bool:
            if not self.running:
                raise StartFailed(f"the node ended: {last_words(self.settings)}")
            return asked()

        wait_for(what, checked, _SECONDS)

    def _keep_logs(self, say: Say) -> None:
        """Move the logs of a failed start to where nothing removes them but the next failure."""
        kept = home() / "failed" / self.settings.name
        if self.settings.logs.exists():
            shutil.rmtree(kept, ignore_errors=True)
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(self.settings.logs, kept)
            say(f"the logs of the failed start lie in {kept}")
