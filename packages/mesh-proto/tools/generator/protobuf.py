"""Runs protoc over proto/: Python modules with stubs, and one descriptor set for Rust."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet


class ToolError(Exception):
    """A tool that generation needs failed; the text holds its output."""


def compile_python(proto: Path, out: Path) -> bytes:
    """Writes mesh_proto/pb/*_pb2* below `out` and gives the descriptor set with its comments.

    A file without services gets no gRPC module.
    """
    sources = sorted(str(path.relative_to(proto)) for path in proto.rglob("*.proto"))
    descriptor_set = out / "set.binpb"
    run(
        [
            *(sys.executable, "-m", "grpc_tools.protoc", "-I", "."),
            *(f"--python_out={out}", f"--mypy_out=quiet:{out}"),
            *(f"--grpc_python_out={out}", f"--mypy_grpc_out=quiet:{out}"),
            *(f"--descriptor_set_out={descriptor_set}", "--include_imports"),
            *("--include_source_info", *sources),
        ],
        cwd=proto,
    )
    encoded = descriptor_set.read_bytes()
    descriptor_set.unlink()
    for file in FileDescriptorSet.FromString(encoded).file:
        if not file.service:
            for suffix in ("_pb2_grpc.py", "_pb2_grpc.pyi"):
                (out / file.name.replace(".proto", suffix)).unlink(missing_ok=True)
    return encoded


def compile_rust(descriptor_set: bytes, generator: Path, out: Path) -> None:
    """Writes one Rust file per package into `out`, through the crate at `generator`."""
    manifest = f"--manifest-path={generator / 'Cargo.toml'}"
    run(["cargo", "run", "--quiet", "--locked", manifest, "--", str(out)], stdin=descriptor_set)


def run(command: list[str], *, cwd: Path | None = None, stdin: bytes = b"") -> None:
    """Runs one tool, the venv's own first on PATH (protoc finds its plugins there)."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            input=stdin,
            env={**os.environ, "PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
    except FileNotFoundError as error:
        raise ToolError(f"{command[0]} is not on PATH; `./dev` provides it") from error
    if done.returncode:
        raise ToolError(f"{command[0]} ended with {done.returncode}:\n{done.stdout.decode()}")
