"""Who does the work, and how work is put on them."""

from dataclasses import dataclass

from bench.configs import WAYS
from bench.cpu import Process, usage
from bench.field import Field
from bench.open_loop import WARM_SECONDS
from bench.pairs import OURS, REFERENCE, Sample
from bench.wrk import parse

APPLICATION_PORTS = {
    "pair": ("origin", 8080),
    "tcp-pair": ("origin", 8081),
    "bulk-pair": ("origin", 8082),
    "tcp-bulk-pair": ("origin", 8083),
    "hop": ("plain", 8080),
    "tcp-hop": ("plain", 8081),
}
"""By way: the name that our clients ask for, and the port."""
NGINX_PORT = 8002
DIRECT = "direct"
HAPROXY = "^[^ ]*haproxy "


@dataclass(frozen=True)
class Subject:
    """Something that does the work, and the processes whose CPU time is its cost."""

    name: str
    pod: str
    """Where the load generator runs."""
    host: str
    port: int
    sides: dict[str, list[Process]]
    """The proxies on the way, by side."""


def subjects(field: Field, way: str) -> dict[str, Subject]:
    """All that go this way, by name: haproxy, our pairs, and nginx where it can."""
    found = [_haproxy(field, way)]
    # Who compares two workers or another group does so on the two ways that tell the most.
    suffixes = field.suffixes if way in ("pair", "tcp-pair") else [""]
    found += [_ours(field, way, suffix) for suffix in suffixes]
    if way == "hop":
        sides = {"out": field.processes("haproxy-out", "nginx: worker")}
        found.append(Subject("nginx", "haproxy-out", "127.0.0.1", NGINX_PORT, sides))
    return {subject.name: subject for subject in found}


def _haproxy(field: Field, way: str) -> Subject:
    sides = {"out": field.processes("haproxy-out", HAPROXY)}
    if WAYS[way].peer:
        sides["in"] = field.processes("haproxy-in", HAPROXY)
    return Subject(REFERENCE, "haproxy-out", "127.0.0.1", WAYS[way].port, sides)


def _ours(field: Field, way: str, suffix: str) -> Subject:
    name, port = APPLICATION_PORTS[way]
    client = f"load{suffix}"
    sides = {"out": field.proxy(client)}
    if WAYS[way].peer:
        name += suffix
        sides["in"] = field.proxy(name)
    return Subject(f"{OURS}{suffix}", client, field.address(client, name), port, sides)


def exchanges(
    field: Field, subject: Subject, connections: int, seconds: int, fields: tuple[str, ...] = ()
) -> Sample:
    """Send small requests for a while, as many as are answered."""
    added = [word for each in fields for word in ("-H", each)]
    command = [field.program("wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    before = {side: usage(processes) for side, processes in subject.sides.items()}
    output = field.run(subject.pod, *command, *added, f"http://{subject.host}:{subject.port}/")
    used = {side: usage(subject.sides[side]) - before[side] for side in subject.sides}
    seen = parse(output, subject.name)
    figures = {
        "rate": (seen.rate, "requests/s"),
        "p50_ms": (seen.p50_ms, "ms"),
        "p99_ms": (seen.p99_ms, "ms"),
    }
    return Sample(seen.requests, used, figures)


def moved(field: Field, subject: Subject, direction: str, count: int) -> Sample:
    """Move so many bytes over one connection; its work is told in GB."""
    before = {side: usage(processes) for side, processes in subject.sides.items()}
    field.move(subject.pod, direction, subject.host, str(subject.port), str(count))
    used = {side: usage(subject.sides[side]) - before[side] for side in subject.sides}
    return Sample(count / 1e9, used)


def paced(field: Field, subject: Subject, connections: int, rate: int, seconds: int) -> Sample:
    """Send small requests at a fixed pace, with latencies that count from when each was due."""
    before = {side: usage(processes) for side, processes in subject.sides.items()}
    words = [str(each) for each in (subject.port, connections, rate, seconds)]
    found = field.pace(subject.pod, subject.host, *words)
    used = {side: usage(subject.sides[side]) - before[side] for side in subject.sides}
    # What warmed the connections is in the CPU time too, in proportion.
    answered = found.pop("answered") * (seconds + WARM_SECONDS) / seconds
    return Sample(answered, used, {name: (value, "µs") for name, value in found.items()})


def direct(field: Field) -> Subject:
    """The origin without any proxy, from where haproxy's clients are."""
    host = field.run("haproxy-in", "hostname", "-I").split()[0]
    return Subject(DIRECT, "haproxy-out", host, APPLICATION_PORTS["pair"][1], {})
