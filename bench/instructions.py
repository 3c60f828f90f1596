"""Instructions and allocations for a request, counted by callgrind.

They do not move with the machine. A second pair is started beside the one that runs, both of its
proxies watched; few requests and many are sent through it, and what the many took more is shared
out among them.
"""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bench import start_proxy
from bench.configs import WAYS
from bench.cpu import PROC, Process
from bench.errors import FieldError
from bench.field import Field
from bench.pairs import OURS, REFERENCE, Load
from bench.report import Row
from bench.subjects import APPLICATION_PORTS, HAPROXY

TITLE = "instructions and allocations, mutual TLS, HTTP/2 hop, small GET"
FEW, MANY = 100, 1_100
SENDING = Path(__file__).parent / "send_some.py"
PATIENCE = 60
"""Seconds; a watched process is some fifty times slower."""
TRANSPORT = 4143
TABLE = "bench"
OWN_PROC = ("unshare", "--mount", "sh", "-c", 'mount -t proc proc /proc && exec "$0" "$@"')
"""Valgrind looks itself up there, and the pod's processes are numbered otherwise."""
ALLOCATING = re.compile(r"mi_(heap_)?(m|z|c|re)alloc(_aligned)?|(m|c|re)alloc|__libc_(m|c|re)alloc")
"""Functions through which all that we and haproxy allocate is allocated; some call others."""
NAMED = re.compile(r"\((\d+)\)(?: (.*))?")


@dataclass(frozen=True)
class Counted:
    """What a process has done."""

    instructions: int
    allocations: int

    def __sub__(self, earlier: Self) -> "Counted":
        """What many requests took more than few."""
        return Counted(
            self.instructions - earlier.instructions, self.allocations - earlier.allocations
        )


def parse(text: str) -> Counted:
    """Totals and calls as callgrind writes them: a name stands once, then its number does."""
    names: dict[str, str] = {}
    instructions = allocations = 0
    caller = called = False
    for line in text.splitlines():
        key, _, value = line.partition("=")
        if key in ("fn", "cfn"):
            found = NAMED.fullmatch(value)
            if found and found[2]:
                names[found[1]] = found[2]
            name = names.get(found[1], "") if found else value
            allocates = ALLOCATING.fullmatch(name.partition("'")[0]) is not None
            if key == "fn":
                caller = allocates
            else:
                called = allocates
        elif key == "calls":
            if called and not caller:
                allocations += int(value.split()[0])
        elif line.startswith("totals:"):
            instructions += int(line.split()[1])
    return Counted(instructions, allocations)


@dataclass(frozen=True)
class Second:
    """A proxy beside a running one, in the same pod."""

    pod: str
    running: Process
    command: Sequence[str]
    wait_ready: Callable[[], object]
    environment: dict[str, str] | None = None
    configuration: str = ""
    """Its standard input."""


@dataclass(frozen=True)
class Pair:
    """Two proxies, where requests go that pass through both, and what leads them there."""

    sides: dict[str, Second]
    pod: str
    host: str
    port: int
    rules: dict[str, str]
    """By pod, for nft."""


def measure(field: Field) -> Iterable[Row]:
    """Both sides of haproxy's pair and of ours."""
    load = Load(TITLE, 1)
    for name, pair in ((REFERENCE, _haproxy(field)), (OURS, _ours(field))):
        few, many = (_count(field, pair, requests) for requests in (FEW, MANY))
        for side in pair.sides:
            more, per = many[side] - few[side], MANY - FEW
            for metric, value in (
                ("instructions", more.instructions),
                ("allocations", more.allocations),
            ):
                yield load.row(name, f"{metric}_{side}", value / per, f"{metric}/request")


def _haproxy(field: Field) -> Pair:
    """Its ports are those of the running one with a digit more."""
    way = WAYS["pair"]
    sides = {}
    for side, port in (("out", way.port), ("in", way.peer)):
        pod = f"haproxy-{side}"
        running = field.processes(pod, HAPROXY)[0]
        text = field.run(
            pod, *start_proxy.entering(PROC / str(running.pid)), "cat", f"/etc/bench/{pod}.cfg"
        )
        text = text.replace("bind :", "bind :1").replace(f":{way.peer} ssl", f":1{way.peer} ssl")
        sides[side] = Second(
            pod,
            running,
            [field.program("haproxy"), "-db", "-f", "/dev/stdin"],
            lambda pod=pod, port=port: _wait_listening(field, pod, 10_000 + port),  # type: ignore[misc]
            configuration=text,
        )
    return Pair(sides, "haproxy-out", "127.0.0.1", 10_000 + way.port, {})


def _ours(field: Field) -> Pair:
    """Rules lead connections of the application to it, and between its sides."""
    name, port = APPLICATION_PORTS["pair"]
    waiting = [str(Path(sys.executable).parent / "mesh-proxy"), "await", f"--timeout={PATIENCE}s"]
    waiting.append(f"--port={start_proxy.PORTS['ADMIN_LISTEN_ADDR']}")
    sides = {}
    for side, pod in (("out", "load"), ("in", name)):
        running = field.proxy(pod)[0]
        folder = PROC / str(running.pid)
        sides[side] = Second(
            pod,
            running,
            (folder / "cmdline").read_text().rstrip("\0").split("\0"),
            lambda pod=pod: field.run(pod, *waiting),  # type: ignore[misc]
            start_proxy.environment(folder, host="0.0.0.0" if side == "in" else "127.0.0.1"),
        )
    host = field.address("load", name)
    peer = field.run(name, "hostname", "-I").split()[0]
    outbound, inbound = (
        start_proxy.PORTS[f"{side}_LISTEN_ADDR"] for side in ("OUTBOUND", "INBOUND")
    )
    rules = {
        "load": _chain(
            "output",
            f"meta skuid 0 ip daddr {host} tcp dport {port} redirect to :{outbound}",
            f"ip daddr {peer} tcp dport {TRANSPORT} dnat ip to {peer}:{inbound}",
        ),
        # Otherwise the redirect would lead them to the first one.
        name: _chain("prerouting", f"tcp dport {inbound} redirect to :{inbound}"),
    }
    return Pair(sides, "load", host, port, rules)


def _chain(hook: str, *rules: str) -> str:
    """A table that comes before the redirect's."""
    lines = "\n".join(rules)
    return (
        f"table inet {TABLE} {{ chain {hook} {{\n"
        f"type nat hook {hook} priority -150; policy accept;\n{lines}\n}}\n}}\n"
    )


def _count(field: Field, pair: Pair, requests: int) -> dict[str, Counted]:
    """What both sides have done from their start to their end, with so many requests."""
    with tempfile.TemporaryDirectory(prefix="bench-callgrind-") as name:
        found = {side: Path(name) / side for side in pair.sides}
        with contextlib.ExitStack() as stack:
            for pod, rules in pair.rules.items():
                stack.enter_context(_loaded(field, pod, rules))
            for side, second in pair.sides.items():
                stack.enter_context(_watched(field, second, found[side]))
            for second in pair.sides.values():
                second.wait_ready()
            sending = [sys.executable, str(SENDING), pair.host, str(pair.port), str(requests)]
            field.run(pair.pod, *sending, timeout=PATIENCE)
        counted = {side: parse(path.read_text()) for side, path in found.items()}
    if not all(each.instructions for each in counted.values()):
        raise FieldError(f"callgrind counted nothing: {counted}")
    return counted


@contextlib.contextmanager
def _loaded(field: Field, pod: str, rules: str) -> Iterator[None]:
    field.load_rules(pod, rules)
    try:
        yield
    finally:
        field.run(pod, "nft", "delete", "table", "inet", TABLE)


@contextlib.contextmanager
def _watched(field: Field, second: Second, found: Path) -> Iterator[None]:
    """Run it under callgrind, which writes into `found` when it ends.

    Both files are known by the descriptors that every program keeps: the pod does not see them.
    """
    configuration, log = found.with_suffix(".cfg"), found.with_suffix(".log")
    configuration.write_text(second.configuration)
    enter = start_proxy.entering(PROC / str(second.running.pid), *OWN_PROC)
    watch = [field.program("valgrind"), "--tool=callgrind", "--quiet", "--trace-children=yes"]
    watch.append("--callgrind-out-file=/proc/self/fd/1")
    with found.open("w") as output, configuration.open() as read, log.open("w") as told:
        # Whoever it runs as.
        os.fchmod(output.fileno(), 0o666)
        process = subprocess.Popen(
            field.inside(second.pod, *enter, *watch, *second.command),
            env=second.environment,
            stdin=read,
            stdout=output,
            stderr=told,
        )
        try:
            yield
        except FieldError as error:
            said = (found.read_text() + log.read_text())[-2000:]
            raise FieldError(f"{error}\n{second.pod}:\n{said}") from error
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE)


def _wait_listening(field: Field, pod: str, port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while f":{port:04X} " not in field.run(pod, "cat", "/proc/net/tcp", "/proc/net/tcp6"):
        if time.monotonic() > deadline:
            raise FieldError(f"nobody in pod {pod} listens on port {port}")
        time.sleep(0.1)
