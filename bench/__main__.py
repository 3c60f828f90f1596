"""`python -m bench`: CPU per request of our proxy pair beside haproxy's, on `mesh local`.

Absolute figures move with the machine; compare the ratios, taken in interleaved pairs of one run.
"""

import argparse
import os
import sys
from pathlib import Path

from bench.field import Field, FieldError
from bench.report import print_rows
from bench.requests import measure_requests


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under a minute: short rounds")
    parser.add_argument("--rounds", type=int, help="pairs for each number of connections")
    parser.add_argument("--seconds", type=int, help="length of one measurement")
    parser.add_argument("--connections", type=int, action="append", help="default: 1 and 32")
    parser.add_argument("-o", "--output", choices=["table", "json"], default="table")
    return parser.parse_args()


def main() -> int:
    """Run the bench; 0 when every figure could be taken."""
    arguments = parse()
    if os.geteuid() != 0:
        print("bench: needs root for network namespaces; run it with sudo", file=sys.stderr)
        return 2
    rounds = arguments.rounds or (3 if arguments.quick else 8)
    seconds = arguments.seconds or (1 if arguments.quick else 2)
    try:
        with Field(Path(__file__).parent / "workloads") as field:
            rows = measure_requests(field, arguments.connections or [1, 32], rounds, seconds)
    except FieldError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print_rows(rows, arguments.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
