"""The field that everything is measured on: one `mesh local` with all subjects side by side."""

import contextlib
import json
import os
import re
import shutil
import string
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench import certificates, configs
from bench.cpu import PROC, Process, processes_in
from bench.errors import FieldError
from bench.negotiation import negotiated
from bench.rules import passive
from mesh_cli.local.programs import find_program

WORKLOADS = Path(__file__).parent / "workloads"
PROGRAMS = {"nginx": "nginx-core", "haproxy": "haproxy", "wrk": "wrk"}
TOOLS = {"strace": "strace", "perf": "linux-perf", "valgrind": "valgrind"}
"""Fetched only by who asks for them."""
GROUPS = "LINKERD2_PROXY_TLS_GROUPS"
PAIRS: dict[str, dict[str, str]] = {
    "": {GROUPS: "X25519"},
    "-hybrid": {},
    "-two": {GROUPS: "X25519", "LINKERD2_PROXY_CORES": "2"},
}
"""Our pairs by what their pods' names end in, each with what its proxies are told besides."""
STARTED = r"mesh-proxy run|mesh_proxy"
SERVING = Path(__file__).parent / "serve_bulk.py"
MOVING = Path(__file__).parent / "move_bulk.py"
HOLDING = Path(__file__).parent / "hold.py"
PACING = Path(__file__).parent / "open_loop.py"


class Field:
    """A running mesh with our pairs, haproxy's pair, the nginx hop and their origins."""

    def __init__(self, suffixes: Sequence[str]) -> None:
        """Prepare the workloads' files, with our pairs of these suffixes; nothing runs yet."""
        self.suffixes = suffixes
        self._prefix = f"bench-{os.getpid()}"
        self._folder = Path(tempfile.mkdtemp(prefix="bench-"))
        self._programs = {name: find_program(name, package) for name, package in PROGRAMS.items()}
        self._namespaces: dict[str, list[Process]] = {}
        self._addresses: dict[tuple[str, str], str] = {}
        self._servers: list[subprocess.Popen[bytes]] = []
        for name in ("plain.yaml", "haproxy.yaml"):
            shutil.copy(WORKLOADS / name, self._folder)
        template = string.Template((WORKLOADS / "pair.yaml").read_text())
        for suffix in suffixes:
            entries = json.dumps([{"name": k, "value": v} for k, v in PAIRS[suffix].items()])
            text = template.substitute(suffix=suffix, environment=entries)
            (self._folder / f"pair{suffix}.yaml").write_text(text)
        (self._folder / "config.yaml").write_text(json.dumps(self._config_map()))

    def __enter__(self) -> Self:
        """Bring it up."""
        paths = [word for path in self._programs.values() for word in ("--path", str(path.parent))]
        try:
            self._mesh("up", str(self._folder), "--detach", *paths, timeout=180)
            for pod in ("origin", "haproxy-in"):
                self._serve_bulk(pod)
            for ours, theirs in (("load", "haproxy-out"), ("origin", "haproxy-in")):
                self._load_rules_of(ours, theirs)
            self._check_negotiation()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Take it down; nothing is left."""
        for server in self._servers:
            server.kill()
            server.wait()
        self._mesh("down", timeout=60, check=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    def processes(self, pod: str, pattern: str) -> list[Process]:
        """The processes of a pod whose command line matches."""
        found = [one for one in self._all_processes(pod) if re.search(pattern, one.command)]
        if not found:
            raise FieldError(f"pod {pod} has no process that matches {pattern!r}")
        return found

    def proxy(self, pod: str) -> list[Process]:
        """Our proxy in a pod."""
        return self.processes(pod, STARTED)

    def address(self, pod: str, name: str) -> str:
        """The address that `name` stands for in a pod."""
        if (pod, name) not in self._addresses:
            full = f"{name}.bench.svc.cluster.local"
            answer = self._mesh("exec", f"bench/{pod}", "--", "getent", "ahostsv4", full)
            self._addresses[pod, name] = answer.split()[0]
        return self._addresses[pod, name]

    def inside(self, pod: str, *command: str) -> list[str]:
        """The command line that runs a command in a pod's network."""
        pid = self._all_processes(pod)[0].pid
        return ["nsenter", f"--net={PROC / str(pid) / 'ns/net'}", "--", *command]

    def run(self, pod: str, *command: str, timeout: float = 120, check: bool = True) -> str:
        """Run a command in a pod's network and return what it prints."""
        done = subprocess.run(
            self.inside(pod, *command),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if check and done.returncode != 0:
            raise FieldError(f"`{' '.join(command)}` failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def move(self, pod: str, *arguments: str) -> None:
        """Run the client of bulk data in a pod's network."""
        self.run(pod, sys.executable, str(MOVING), *arguments)

    def pace(self, pod: str, *arguments: str) -> dict[str, float]:
        """Run the load generator of fixed pace in a pod's network."""
        found: dict[str, float] = json.loads(self.run(pod, sys.executable, str(PACING), *arguments))
        return found

    def load_rules(self, pod: str, ruleset: str) -> None:
        """Give nft in a pod's network something to load."""
        command = self.inside(pod, "nft", "-f", "-")
        done = subprocess.run(
            command, input=ruleset, capture_output=True, text=True, timeout=30, check=False
        )
        if done.returncode:
            raise FieldError(f"pod {pod} does not take the rules:\n{done.stderr}")

    @contextlib.contextmanager
    def holding(self, pod: str, *arguments: str) -> Iterator[None]:
        """Hold idle connections open in a pod's network while the body runs."""
        command = self.inside(pod, sys.executable, str(HOLDING), *arguments)
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
            # Leaving the block closes its input, which ends it.
            if process.stdout is None or process.stdout.readline() != "ready\n":
                process.kill()
                raise FieldError(f"pod {pod}: {arguments[-1]} connections could not be held")
            yield
            process.communicate(timeout=60)

    def program(self, name: str) -> str:
        """The path of wrk, nginx, haproxy or a tool that watches them."""
        if name in TOOLS:
            return str(find_program(name, TOOLS[name]))
        return str(self._programs[name])

    def _all_processes(self, pod: str) -> list[Process]:
        if pod not in self._namespaces:
            link = self._mesh("exec", f"bench/{pod}", "--", "readlink", "/proc/self/ns/net")
            self._namespaces[pod] = processes_in(link.strip())
        return self._namespaces[pod]

    def _serve_bulk(self, pod: str) -> None:
        command = self.inside(pod, sys.executable, str(SERVING), "8082", "8083")
        server = subprocess.Popen(command, stdout=subprocess.PIPE)
        self._servers.append(server)
        if server.stdout is None or server.stdout.readline() != b"ready\n":
            raise FieldError(f"the origin of bulk data in pod {pod} does not start")

    def _load_rules_of(self, ours: str, theirs: str) -> None:
        """Give a pod of haproxy's what the kernel does for one of ours."""
        ruleset = passive(self.run(ours, "nft", "list", "ruleset"))
        if "hook" not in ruleset:
            raise FieldError(f"pod {ours} has no rules that redirect")
        self.load_rules(theirs, ruleset)

    def _check_negotiation(self) -> None:
        """Find out that both peers do the same cryptography, as an outsider sees it."""
        folder = self._folder
        for name, text in certificates_of(self._folder).items():
            (folder / name).write_text(text)
        ports = {"haproxy-in": ("8443", "h2"), "origin": ("4143", "transport.l5d.io/v1")}
        for name, (port, alpn) in ports.items():
            target = f"{self.run(name, 'hostname', '-I').split()[0]}:{port}"
            command = ["openssl", "s_client", "-connect", target, "-alpn", alpn, "-tls1_3"]
            # P-256 first: who takes it would not be limited to X25519.
            # AES-128 is what our clients and haproxy's prefer; our servers follow the client.
            command += ["-ciphersuites", "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384"]
            command += ["-groups", "P-256:X25519", "-cert", str(folder / "client.pem")]
            command += ["-CAfile", str(folder / "ca.pem"), "-key", str(folder / "client.pem")]
            negotiated(name, self.run("haproxy-out", *command, check=False))

    def _config_map(self) -> dict[str, Any]:
        # JSON is YAML; the peer is asked for by name, since its address is not known yet.
        data = configs.files("haproxy-in.bench.svc.cluster.local") | certificates.files()
        metadata = {"name": "bench", "namespace": "bench"}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}

    def _mesh(self, verb: str, *arguments: str, timeout: float = 60, check: bool = True) -> str:
        mesh = Path(sys.executable).parent / "mesh"
        options = ("--prefix", self._prefix)
        command = [str(mesh), "local", verb, *options, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
        if check and done.returncode != 0:
            raise FieldError(f"`mesh local {verb}` failed:\n{done.stdout}{done.stderr}")
        return done.stdout


def certificates_of(folder: Path) -> dict[str, str]:
    """The files that haproxy has, again outside its pod."""
    data = json.loads((folder / "config.yaml").read_text())["data"]
    return {name: data[name] for name in ("ca.pem", "client.pem")}
