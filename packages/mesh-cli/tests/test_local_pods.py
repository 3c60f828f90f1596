"""A local cluster without its mesh: pods, names, addresses, what a container sees."""

import json

import pytest
from local_manifests import web

from conftest import wait_for
from mesh_cli.local.errors import ControlError
from mesh_cli.local.remote_command import run_in_pod

pytestmark = pytest.mark.netns

FETCH = """
import json, sys, urllib.request
print(json.dumps([urllib.request.urlopen(url, timeout=5).read().decode() for url in sys.argv[1:]]))
"""
RESOLVE = """
import json, socket, sys
print(json.dumps(sorted({info[4][0] for info in socket.getaddrinfo(sys.argv[1], 80)})))
"""


@pytest.fixture
def shop(start_mesh):
    mesh = start_mesh(web(replicas=2))
    mesh.ready()
    return mesh


def test_services_resolve_and_balance(shop):
    names = ["web", "web.shop", "web.shop.svc.cluster.local"]
    answers = json.loads(
        shop.run("client", "python", "-c", FETCH, *[f"http://{name}/" for name in names * 8]).stdout
    )
    assert len(answers) == 24
    assert {answer.split()[1] for answer in answers} == {
        pod["name"] for pod in shop.pods("deployment/web")
    }


def test_a_dual_stack_service_answers_on_both_addresses(shop):
    addresses = json.loads(shop.run("client", "python", "-c", RESOLVE, "web").stdout)
    assert len(addresses) == 2
    urls = [f"http://[{a}]/" if ":" in a else f"http://{a}/" for a in addresses]
    answers = json.loads(shop.run("client", "python", "-c", FETCH, *urls).stdout)
    assert all(answer.startswith("1 web-") for answer in answers)


def test_headless_names_are_the_pods(shop):
    addresses = json.loads(shop.run("client", "python", "-c", RESOLVE, "headless").stdout)
    assert addresses == sorted(pod["addresses"][0] for pod in shop.pods("deployment/web"))


def test_a_pod_reaches_itself_through_its_service(start_mesh):
    mesh = start_mesh(web(replicas=1))
    mesh.ready()
    done = mesh.run("web", "python", "-c", FETCH, "http://web/")
    assert json.loads(done.stdout)[0].startswith("1 web-"), done.stderr


def test_refusals_are_quick(shop):
    code = """
import socket, sys, time
began = time.monotonic()
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
except OSError as error:
    print(type(error).__name__)
assert time.monotonic() - began < 0.9, "slow"
"""
    for address in json.loads(shop.run("client", "python", "-c", RESOLVE, "web").stdout):
        refused = shop.run("client", "python", "-c", code, address, "81")
        assert refused.stdout == "ConnectionRefusedError\n", (address, refused.stderr)
    assert shop.run("client", "python", "-c", code, "nobody", "80").stdout == "gaierror\n"


def test_a_container_is_nobody_in_a_file_system_of_its_own(shop):
    script = (
        "id -u; hostname; ls /etc/web; cat /proc/sys/kernel/hostname; "
        "touch /etc/web/x 2>&1; touch /tmp/mine; ls /tmp; ls /run"
    )
    done = shop.run("web", "sh", "-c", script)
    lines = done.stdout.splitlines()
    assert lines[0] == "65534"
    assert lines[1].startswith("web-")
    assert lines[2] == "server.py"
    assert "Read-only file system" in done.stdout or "Permission denied" in done.stdout
    assert "mine" in lines
    assert "mesh" not in lines[-1]


def test_exec_passes_streams_exit_codes_and_says_what_is_wrong(shop):
    assert shop.run("client", "sh", "-c", "exit 7").returncode == 7
    missing = shop.run("nothing", "true")
    assert missing.returncode == 1
    assert "there is no pod 'nothing'" in missing.stderr
    assert "shop/client" in missing.stderr
    absent = shop.run("client", "no-such-command")
    assert "command 'no-such-command' does not exist" in absent.stderr


def test_status_shows_pods_deployments_and_services(shop):
    tables = shop.command("status").stdout.split("\n\n")
    assert [table.split()[1] for table in tables] == ["POD", "DEPLOYMENT", "SERVICE"]
    (headless,) = (line.split() for line in tables[2].splitlines() if " headless " in line)
    assert headless[2] == "-"


def test_logs_are_kept_and_found(shop):
    shop.write(web(replicas=2, extra=PRINTER), "app.yaml")
    wait_for("the printer", lambda: "hello\n" in shop.command("logs", "printer").stdout)
    assert shop.command("logs", "printer", "--tail", "1").stdout == "world\n"
    problem = shop.command("logs", "printer", "-c", "other")
    assert "has no container 'other'; it has printer" in problem.stderr


PRINTER = """---
apiVersion: v1
kind: Pod
metadata: {name: printer, namespace: shop}
spec:
  containers:
    - {name: printer, image: x, command: [sh, -c, "echo hello; echo world; exec sleep infinity"]}
"""


def test_a_root_container_has_to_be_asked_for(start_mesh):
    mesh = start_mesh("""\
apiVersion: v1
kind: Pod
metadata: {name: root}
spec:
  containers:
    - {name: root, image: x, command: [sleep, infinity], securityContext: {runAsUser: 0}}
""")
    mesh.ready()
    assert mesh.run("root", "id", "-u").stdout == "0\n"


def test_an_answer_that_comes_at_once_is_read(shop):
    # The supervisor may have answered and hung up before the request's sender looks again.
    for _ in range(20):
        with pytest.raises(ControlError, match="has no container 'zz'; it has client"):
            run_in_pod(shop.mesh, "client", ["true"], container="zz")
