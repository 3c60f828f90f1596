"""Beginning and end of a mesh: what the host looks like before, meanwhile and after."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import uuid
from pathlib import Path

import pytest
from local_manifests import web

from conftest import MESH, wait_for
from mesh_cli.local import record
from mesh_cli.local.client import LocalMesh
from mesh_cli.local.settings import RUN_DIRECTORY

pytestmark = pytest.mark.netns


def host_state() -> dict[str, object]:
    """What a mesh could leave behind on the host; what other programs do there is not looked at."""

    def lines(*argv: str) -> list[str]:
        text = subprocess.run(argv, capture_output=True, text=True, check=False).stdout
        return [line for line in text.splitlines() if OURS.search(line)]

    sysctls = ("net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding", "kernel/hostname")
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    return {
        "rules": lines("nft", "list", "ruleset"),
        "links": [path.name for path in Path("/sys/class/net").iterdir() if OURS.search(path.name)],
        "routes": lines("ip", "route", "show", "table", "all"),
        "mounts": [line for line in mounts if OURS.search(line)],
        "settings": {name: Path("/proc/sys", name).read_text() for name in sysctls},
    }


OURS = re.compile(r"mesh-services|\bpod\d+\b|preflight|10\.244\.|10\.96\.|fd00:10:|/run/mesh/life-")


def members(namespace: int) -> list[int]:
    """Processes of a pid namespace."""
    numbers = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal())
    return [number for number in numbers if record.pid_namespace(number) == namespace]


@pytest.fixture
def prefix():
    name = f"life-{uuid.uuid4().hex[:8]}"
    yield name
    mesh = LocalMesh(name)
    mesh.kill()
    mesh.down()


@pytest.fixture
def manifests(tmp_path):
    (tmp_path / "app.yaml").write_text(web(replicas=2))
    return tmp_path


def start_client(prefix: str, *arguments: str) -> subprocess.Popen[str]:
    argv = [*MESH, "local", "up", *arguments, "--prefix", prefix, "--no-control-plane"]
    client = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    mesh = LocalMesh(prefix)
    wait_for("the mesh", lambda: client.poll() is not None or (mesh.running and _answers(mesh)))
    return client


def _answers(mesh: LocalMesh) -> bool:
    return (mesh.state / "control.sock").exists() and bool(mesh.status()["ready"])


def gone(prefix: str, namespace: int) -> None:
    wait_for("the end of all processes", lambda: not members(namespace))
    assert not (RUN_DIRECTORY / prefix).exists()


def supervisor(prefix: str) -> record.SupervisorRecord:
    found = record.load(RUN_DIRECTORY / prefix)
    assert found is not None
    return found


@pytest.mark.parametrize("interrupts", [1, 2])
def test_ctrl_c_leaves_nothing(prefix, manifests, interrupts):
    before = host_state()
    client = start_client(prefix, str(manifests))
    namespace = supervisor(prefix).namespace
    assert len(members(namespace)) > 3
    assert host_state() == before
    for _ in range(interrupts):
        client.send_signal(signal.SIGINT)
    out, err = client.communicate(timeout=30)
    assert "taking the mesh down" in err
    assert "web" in out
    gone(prefix, namespace)
    assert host_state() == before


@pytest.mark.parametrize("moment", ["", "supervisor", "control.sock"])
@pytest.mark.parametrize("interrupts", [1, 2])
def test_ctrl_c_during_the_start_leaves_nothing(prefix, manifests, moment, interrupts):
    argv = [*MESH, "local", "up", str(manifests), "--prefix", prefix, "--no-control-plane"]
    client = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for("the moment", (RUN_DIRECTORY / prefix / moment).exists)
    found = record.load(RUN_DIRECTORY / prefix)
    for _ in range(interrupts):
        client.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            client.wait(0.03)
    _, err = client.communicate(timeout=30)
    assert "Traceback" not in err
    assert not (RUN_DIRECTORY / prefix).exists()
    if found is not None:
        wait_for("the end of all processes", lambda: not members(found.namespace))


def test_the_command_to_end_a_mesh_names_it(prefix, manifests, mesh_command):
    options = ("--prefix", prefix, "--no-control-plane", "--detach")
    done = mesh_command("local", "up", str(manifests), *options)
    assert f"`mesh local down --prefix {prefix}`" in done.stderr


def test_a_killed_client_leaves_a_mesh_that_down_ends(prefix, manifests, mesh_command):
    before = host_state()
    client = start_client(prefix, str(manifests))
    namespace = supervisor(prefix).namespace
    client.kill()
    client.communicate(timeout=10)
    again = mesh_command(
        "local", "up", str(manifests), "--prefix", prefix, "--no-control-plane", "-d"
    )
    assert again.returncode == 5
    assert "runs already" in again.stderr
    assert f"mesh local down --prefix {prefix}" in again.stderr
    assert LocalMesh(prefix).status()["ready"]
    done = mesh_command("local", "down", "--prefix", prefix)
    assert done.returncode == 0
    gone(prefix, namespace)
    assert host_state() == before


def test_a_killed_supervisor_takes_everything_with_it(prefix, manifests, mesh_command):
    before = host_state()
    client = start_client(prefix, str(manifests))
    found = supervisor(prefix)
    os.kill(found.pid, signal.SIGKILL)
    _, err = client.communicate(timeout=20)
    assert client.returncode == 1
    assert "the mesh has ended" in err
    gone(prefix, found.namespace)
    assert host_state() == before


def test_up_clears_what_a_killed_pair_left(prefix, manifests, mesh_command):
    client = start_client(prefix, str(manifests))
    found = supervisor(prefix)
    client.kill()
    os.kill(found.pid, signal.SIGKILL)
    client.communicate(timeout=10)
    wait_for("its end", lambda: not found.alive)
    status = mesh_command("local", "status", "--prefix", prefix)
    assert status.returncode == 4
    assert f"no mesh '{prefix}' runs here" in status.stderr
    done = mesh_command(
        "local", "up", str(manifests), "--prefix", prefix, "--no-control-plane", "--detach"
    )
    assert done.returncode == 0, done.stderr
    assert supervisor(prefix) != found


def test_a_mesh_whose_directory_was_removed_ends_by_itself(start_mesh):
    mesh = start_mesh(web(replicas=1))
    mesh.ready()
    found = supervisor(mesh.mesh.prefix)
    shutil.rmtree(mesh.mesh.state)
    wait_for("its end", lambda: not found.alive, 30)
    mesh.mesh.remove_state()


def test_of_two_starts_at_once_one_is_refused(prefix, manifests):
    argv = [*MESH, "local", "up", str(manifests), "--prefix", prefix, "--no-control-plane", "-d"]
    starts = [
        subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [start.communicate(timeout=60)[1] for start in starts]
    assert sorted(start.returncode for start in starts) == [0, 5], said
    assert LocalMesh(prefix).status()["ready"]


def test_two_meshes_live_side_by_side(start_mesh):
    first, second = start_mesh(web(replicas=1)), start_mesh(web(replicas=1))
    first.ready()
    second.ready()
    assert first.pods()[0]["addresses"] == second.pods()[0]["addresses"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_an_exposed_port_reaches_the_service_and_a_used_one_is_refused(
    prefix, manifests, mesh_command
):
    port = free_port()
    client = start_client(prefix, str(manifests), "--expose", f"{port}:shop/web:80")
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"1 web-" in answer
    other = mesh_command(
        "local", "up", str(manifests), "--prefix", f"{prefix}-2", "--expose", f"{port}:shop/web:80"
    )
    assert other.returncode == 2
    assert "the port is in use; choose another" in other.stderr
    assert not (RUN_DIRECTORY / f"{prefix}-2").exists()
    client.send_signal(signal.SIGINT)
    client.communicate(timeout=30)


@pytest.mark.parametrize(
    "words, expected",
    [
        (["up", "/no/such/dir"], "there is no such file or directory"),
        (["up", ".", "--prefix", "UPPER"], "--prefix 'UPPER'"),
        (["up", ".", "--expose", "nonsense"], "8080:shop/web:80"),
        (["up", ".", "--dns-forward", "example.org"], "give an IP address"),
        (["status", "--prefix", "nobody"], "no mesh 'nobody' runs here"),
    ],
)
def test_mistakes_get_one_line(mesh_command, words, expected):
    done = mesh_command("local", *words)
    assert done.returncode != 0
    assert expected in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_with_few_capabilities_it_names_them(tmp_path):
    done = subprocess.run(
        ["setpriv", "--bounding-set", "-sys_admin", *MESH, "local", "up", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 3
    assert "root lacks CAP_SYS_ADMIN here" in done.stderr
