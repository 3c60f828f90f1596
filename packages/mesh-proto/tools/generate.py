#!/usr/bin/env python3
"""Regenerates all code that comes from mesh-proto's .proto files and vocabulary.

`generate.py` writes it; `generate.py --check` changes nothing and ends with 1 when it is not fresh.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from generator import pages, protobuf, vocabulary
from generator.table import TableError
from generator.tree import Output

PACKAGE = Path(__file__).resolve().parents[1]
RUST = PACKAGE.parent / "mesh-proxy/rust"
REFERENCE = PACKAGE.parents[1] / "docs/reference"


def main() -> int:
    """Runs the command line; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only, change nothing")
    check: bool = parser.parse_args().check
    with tempfile.TemporaryDirectory(prefix="mesh-generate-") as scratch:
        try:
            outputs = generate(Path(scratch))
        except (TableError, protobuf.ToolError) as error:
            print(f"generate: {error}", file=sys.stderr)
            return 2
        differences = [line for output in outputs for line in output.differences()]
        if not check:
            for output in outputs:
                output.install()
    for line in differences:
        print(line if check else f"written: {line.split(': ', 1)[1]}")
    if check and differences:
        print("Generated code is not fresh; run `./dev proto --fix` and commit the result.")
        return 1
    return 0


def generate(scratch: Path) -> list[Output]:
    """Makes every generated file below `scratch`."""
    names = ("py", "rs", "vpy", "vrs", "md")
    python, rust, words_py, words_rs, reference = (scratch / name for name in names)
    for directory in (python, rust, words_py, words_rs, reference):
        directory.mkdir()
    descriptor_set = protobuf.compile_python(PACKAGE / "proto", python)
    protobuf.compile_rust(descriptor_set, RUST / "xtask", rust)
    vocabulary.write(PACKAGE / "vocabulary", words_py, words_rs)
    pages.write(PACKAGE / "vocabulary", reference)
    wire = RUST / "crates/wire/src"
    tables = tuple(path.stem for path in sorted((PACKAGE / "vocabulary").glob("*.toml")))
    return [
        Output(python / "mesh_proto/pb", PACKAGE / "src/mesh_proto/pb", ("*_pb2*",)),
        Output(rust, wire, ("io.*.rs", "transport.*.rs", "spiffe.rs")),
        Output(
            words_py,
            PACKAGE / "src/mesh_proto/vocabulary",
            tuple(f"{t}.py" for t in tables),
        ),
        Output(words_rs, wire / "vocabulary", tuple(f"{t}.rs" for t in tables)),
        Output(reference, REFERENCE, tuple(path.name for path in reference.iterdir())),
    ]


if __name__ == "__main__":
    sys.exit(main())
