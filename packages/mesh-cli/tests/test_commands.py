"""The command line itself: help, versions, speed, mistakes."""

import json
import subprocess
import sys
import time

from mesh_cli.output import table


def test_help_names_the_commands(mesh_command):
    done = mesh_command("--help")
    assert done.returncode == 0
    for name in ("check", "local", "demo", "version"):
        assert name in done.stdout
    done = mesh_command("local", "--help")
    for name in ("up", "down", "status", "exec", "logs", "apply", "restart"):
        assert name in done.stdout


def test_help_loads_nothing_heavy():
    code = (
        "import sys, mesh_cli.main;"
        "heavy = ('asyncio', 'grpc', 'cryptography', 'rich', 'msgspec', 'dns');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_versions_as_table_and_json(mesh_command):
    assert "mesh-cli" in mesh_command("version").stdout
    assert json.loads(mesh_command("version", "-o", "json").stdout)["mesh-cli"]


def test_an_unknown_command_is_a_usage_error(mesh_command):
    assert mesh_command("local", "nonsense").returncode == 2


def test_starting_is_quick(mesh_command):
    def once() -> float:
        began = time.monotonic()
        mesh_command("version")
        return time.monotonic() - began

    # Generous: the machine may be busy; an import of grpc or kubernetes would still show.
    assert min(once() for _ in range(3)) < 2.0


def test_tables_line_up():
    text = table(("A", "LONG"), [("x", 1), ("yyyy", 22)])
    assert text.splitlines() == ["A     LONG", "x     1", "yyyy  22"]
