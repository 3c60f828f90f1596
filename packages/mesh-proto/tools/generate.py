#!/usr/bin/env python3
"""Regenerates everything that is generated from mesh-proto; `--check` only compares.

    python packages/mesh-proto/tools/generate.py [--check]
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from generator import environment  # noqa: E402  (the path above comes first)

PACKAGE = Path(__file__).resolve().parents[1]
WIRE = PACKAGE.parent / "mesh-proxy/rust/crates/wire/src"


def main() -> int:
    variables = environment.read(PACKAGE / "vocabulary/environment.toml")
    py = PACKAGE / "src/mesh_proto/vocabulary/environment.py"
    py.write_text(environment.python(variables))
    rs = WIRE / "vocabulary/environment.rs"
    rs.parent.mkdir(exist_ok=True)
    rs.write_text(environment.rust(variables))
    subprocess.run(["rustfmt", "--edition", "2024", rs], check=True)
    subprocess.run(["ruff", "format", py], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
