"""System calls for a request, counted by strace: they do not move with the machine."""

import re
import subprocess
from collections.abc import Iterable

from bench.cpu import Process
from bench.errors import FieldError
from bench.field import Field
from bench.pairs import Load
from bench.report import Row
from bench.subjects import Subject, subjects
from bench.wrk import count_requests

TITLE = "system calls, mutual TLS, HTTP/2 hop, small GET"
CONNECTIONS = (1, 32, 128)
SECONDS = 3
LINE = re.compile(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?([a-z_]\w*)$", re.MULTILINE)
TOLD = 4
"""So many kinds of calls are told by name."""


def parse(text: str) -> dict[str, int]:
    """Calls by name, as `strace -c` prints them."""
    return {name: int(calls) for calls, name in LINE.findall(text) if name != "total"}


def measure(field: Field) -> Iterable[Row]:
    """One side of one subject after the other, under load: strace slows down what it watches."""
    for subject in subjects(field, "pair").values():
        for connections in CONNECTIONS:
            for side, processes in subject.sides.items():
                yield from _count(field, subject, connections, side, processes)


def _count(
    field: Field, subject: Subject, connections: int, side: str, processes: list[Process]
) -> Iterable[Row]:
    watched = [word for one in processes for word in ("-p", str(one.pid))]
    command = [field.program("strace"), "-f", "-c", "-q", *watched]
    load = [field.program("wrk"), "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
        output = field.run(subject.pod, *load, f"http://{subject.host}:{subject.port}/")
        strace.terminate()
        text = strace.communicate(timeout=30)[1]
    calls = parse(text)
    if not calls:
        raise FieldError(f"strace counted nothing of {subject.name}:\n{text}")
    requests = count_requests(output, subject.name)
    told = Load(TITLE, connections)
    per = "calls/request"
    yield told.row(subject.name, f"calls_{side}", sum(calls.values()) / requests, per)
    for name in sorted(calls, key=lambda name: -calls[name])[:TOLD]:
        yield told.row(subject.name, f"calls_{side}_{name}", calls[name] / requests, per)
