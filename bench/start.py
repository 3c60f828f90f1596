"""How long a sidecar takes from its start until it is ready."""

import json
import statistics
import sys
from collections.abc import Iterable
from pathlib import Path

from bench.cpu import PROC
from bench.field import Field
from bench.pairs import OURS, Load
from bench.report import Row

TITLE = "start to ready"
STARTING = Path(__file__).parent / "start_proxy.py"
POD = "load"


def measure(field: Field, rounds: int) -> Iterable[Row]:
    """A second proxy beside one that runs, with its environment but ports of its own.

    The control plane is the field's: `ready` includes a certificate that it has signed.
    """
    running = field.proxy(POD)[0]
    command = [sys.executable, str(STARTING), str(PROC / str(running.pid)), str(rounds)]
    found: list[float] = json.loads(field.run(POD, *command))
    load = Load(TITLE)
    yield load.row(OURS, "ready_ms", statistics.median(found), "ms")
    yield load.row(OURS, "ready_ms_slowest", max(found), "ms")
