"""`python -m bench`: what our proxies cost beside haproxy and nginx doing the same work.

Absolute figures move with the machine; compare the ratios, taken in interleaved pairs of one run.
"""

import argparse
import datetime
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from bench import documented
from bench.cases import ALONE, CASES, Effort
from bench.errors import FieldError
from bench.field import PAIRS, Field
from bench.profile import profile
from bench.reach import reached
from bench.report import Row, print_rows


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under a minute: short rounds")
    parser.add_argument("--case", action="append", choices=CASES, help="only this one; repeatable")
    parser.add_argument("--list", action="store_true", help="the names of the cases")
    parser.add_argument("--rounds", type=positive, help="measurements of each subject")
    parser.add_argument("--seconds", type=positive, help="length of one measurement")
    parser.add_argument(
        "--connections", type=positive, action="append", help="default: 1, 32 and 128"
    )
    parser.add_argument("--profile", action="store_true", help="only the top costs of our proxies")
    parser.add_argument(
        "--update-docs",
        type=Path,
        metavar="FILE",
        help="only write what `-o json` printed into FILE into docs/performance.md",
    )
    parser.add_argument("-o", "--output", choices=["table", "json"], default="table")
    return parser.parse_args()


def positive(text: str) -> int:
    """A whole number from 1 on."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def measure(names: list[str], effort: Effort, suffixes: list[str]) -> Iterator[Row]:
    """Measure the cases: those of memory each on a field of its own, the others on one."""
    alone = [name for name in names if CASES[name].kind in ALONE]
    together = [name for name in names if name not in alone]
    rows: list[Row] = []
    for group in [*([name] for name in alone), together]:
        if not group:
            continue
        with Field([""] if group != together else suffixes) as field:
            for name in group:
                for row in CASES[name].run(field, effort):
                    rows.append(row)
                    yield row
    yield from reached(rows)


def main() -> int:
    """Run the bench; 0 when every figure could be taken."""
    arguments = parse()
    if arguments.list:
        for name, case in CASES.items():
            print(f"{name:<14}{case.title}")
        return 0
    if arguments.update_docs:
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        documented.update(documented.read(arguments.update_docs), today)
        return 0
    if os.geteuid() != 0:
        print("bench: needs root for network namespaces; run it with sudo", file=sys.stderr)
        return 2
    quick = arguments.quick
    effort = Effort(
        arguments.connections or ([1, 32] if quick else [1, 32, 128]),
        arguments.rounds or (3 if quick else 6),
        arguments.seconds or (1 if quick else 2),
        2**28 if quick else 2**30,
    )
    names = arguments.case or [name for name, case in CASES.items() if case.quick or not quick]
    # Pairs with other settings are there for a whole run only: elsewhere they cost time.
    suffixes = [""] if quick or arguments.case else list(PAIRS)
    try:
        if arguments.profile:
            with Field([""]) as field:
                print("\n".join(profile(field)).lstrip())
            return 0
        print_rows(measure(names, effort, suffixes), arguments.output)
    except FieldError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
