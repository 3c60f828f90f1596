"""Where the CPU time of our proxies goes: the top functions of each side under load."""

import re
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from bench.errors import FieldError
from bench.field import Field
from bench.pairs import OURS
from bench.subjects import subjects

TOP = 25
SECONDS = 5
CONNECTIONS = 32
LINE = re.compile(r"^\s*([\d.]+)%\s+(\S+)\s+\[(.)\]\s+(.+?)(?:[ \t]{2,}.*)?$", re.MULTILINE)


def parse(report: str) -> list[tuple[float, str, str]]:
    """Share in percent, object and function, as `perf report --sort dso,symbol` prints them."""
    places = {"k": "kernel"}
    return [
        (float(share), places.get(kind, dso), function)
        for share, dso, kind, function in LINE.findall(report)
    ]


def profile(field: Field) -> Iterable[str]:
    """Lines to print."""
    subject = subjects(field, "pair")[OURS]
    for side, processes in subject.sides.items():
        load = [field.program("wrk"), "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS + 2}s"]
        inside = field.inside(subject.pod, *load, f"http://{subject.host}:{subject.port}/")
        pids = ",".join(str(one.pid) for one in processes)
        with (
            tempfile.TemporaryDirectory(prefix="bench-profile-") as folder,
            subprocess.Popen(inside, stdout=subprocess.DEVNULL) as wrk,
        ):
            data = Path(folder) / "perf.data"
            # The clock, not cycles: virtual machines often count none.
            record = ["record", "-e", "cpu-clock", "-F", "1999", "-p", pids, "-o", str(data)]
            _perf(field, *record, "--", "sleep", str(SECONDS))
            wrk.wait(timeout=60)
            report = _perf(
                field,
                "report",
                "-i",
                str(data),
                "--stdio",
                "--sort",
                "dso,symbol",
                "-w",
                "0,40,200",
            )
        yield f"\nCPU time of the {side}bound proxy, {CONNECTIONS} connections"
        for share, place, function in parse(report)[:TOP]:
            yield f"  {share:6.2f} %  {place:<24}{function}"


def _perf(field: Field, *arguments: str) -> str:
    command = [field.program("perf"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise FieldError(f"`perf {arguments[0]}` failed:\n{done.stderr}")
    return done.stdout
