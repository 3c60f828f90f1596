"""With the control plane: meshed pods, their identities, a control plane that dies."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from local_manifests import indent

from conftest import wait_for

pytestmark = [pytest.mark.netns, pytest.mark.timeout(180)]

SERVER = """\
import http.server, json, signal, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = json.dumps({k.lower(): v for k, v in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
"""

FETCH = """
import sys, urllib.request
request = urllib.request.Request("http://web/", headers={"l5d-client-id": "forged"})
print(urllib.request.urlopen(request, timeout=10).read().decode())
"""


def manifests(replicas: int = 1) -> str:
    return f"""\
apiVersion: v1
kind: Namespace
metadata: {{name: shop, annotations: {{linkerd.io/inject: enabled}}}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {{name: buyer, namespace: shop}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: server, namespace: shop}}
data:
  server.py: |
{indent(SERVER, 4)}
---
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: shop}}
spec: {{selector: {{app: web}}, ports: [{{name: http, port: 80, targetPort: 8080}}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: shop}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      volumes: [{{name: server, configMap: {{name: server}}}}]
      containers:
        - name: web
          image: localhost/web
          command: [python, /etc/web/server.py]
          ports: [{{name: http, containerPort: 8080}}]
          readinessProbe: {{httpGet: {{path: /, port: http}}, periodSeconds: 1}}
          volumeMounts: [{{name: server, mountPath: /etc/web}}]
---
apiVersion: v1
kind: Pod
metadata: {{name: buyer, namespace: shop}}
spec:
  serviceAccountName: buyer
  containers: [{{name: buyer, image: x, command: [sleep, infinity]}}]
---
apiVersion: v1
kind: Pod
metadata: {{name: stranger, namespace: shop, annotations: {{linkerd.io/inject: disabled}}}}
spec:
  containers: [{{name: stranger, image: x, command: [sleep, infinity]}}]
"""


def fetch(mesh, pod: str) -> dict[str, str]:
    done = mesh.run(pod, "python", "-c", FETCH)
    return json.loads(done.stdout) if done.returncode == 0 else {"failed": done.stderr[-300:]}


BUYER = "buyer.shop.serviceaccount.identity.linkerd.cluster.local"


def test_meshed_pods_know_each_other_and_survive_their_control_plane(start_mesh):
    mesh = start_mesh(manifests(), control_plane=True)
    mesh.ready(60)
    assert fetch(mesh, "buyer")["l5d-client-id"] == BUYER
    seen = fetch(mesh, "stranger")
    assert "host" in seen
    assert "l5d-client-id" not in seen
    scraped = mesh.mesh.scrape()
    assert "shop/buyer" in scraped
    assert "shop/stranger" not in scraped
    assert "request_total" in scraped["shop/buyer"]

    # The whole control plane dies: traffic goes on; back again, changes are followed.
    before = {pod["name"]: pod["restarts"] for pod in mesh.pods() if pod["control_plane"]}
    for pod in mesh.pods():
        if pod["control_plane"]:
            victim = pod["containers"][-1]["pid"]
            os.kill(_host_pid(mesh, victim), 9)
    assert fetch(mesh, "buyer")["l5d-client-id"] == BUYER
    wait_for(
        "restarts",
        lambda: all(
            pod["ready"] and pod["restarts"] > before[pod["name"]]
            for pod in mesh.pods()
            if pod["control_plane"]
        ),
        30,
    )
    mesh.write(manifests(replicas=2))
    wait_for(
        "a second replica", lambda: sum(p["ready"] for p in mesh.pods("deployment/web")) == 2, 60
    )
    assert fetch(mesh, "buyer")["l5d-client-id"] == BUYER


def _host_pid(mesh, pid: int) -> int:
    """A process of the mesh as the host numbers it."""
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text()
        except OSError:
            continue
        numbers = next(line for line in text.splitlines() if line.startswith("NSpid:")).split()[1:]
        if len(numbers) == 2 and int(numbers[1]) == pid:
            mine = (mesh.mesh.state / "supervisor").read_text().split()[1]
            if str((status.parent / "ns/pid").stat().st_ino) == mine:
                return int(status.parent.name)
    raise AssertionError(f"no process {pid}")


def test_a_checkout_and_manifests_below_a_closed_home_work(start_mesh, tmp_path):
    """The test's own directory is closed; so is root's home, where the interpreter may lie."""
    tmp_path.chmod(0o700)
    mesh = start_mesh(manifests(), control_plane=True)
    mesh.ready(60)
    listed = mesh.run("stranger", "sh", "-c", "pwd; ls; python -c 'import mesh_proxy._engine'")
    assert listed.returncode == 0, listed.stderr
    assert listed.stdout.splitlines() == [str(mesh.directory), "app.yaml"]


def test_an_engine_that_cannot_start_is_one_clear_error(tmp_path):
    """An environment without the engine: nothing is left of the attempt."""
    environment = tmp_path / "venv"
    (environment / "bin").mkdir(parents=True)
    shutil.copy(Path(sys.prefix) / "pyvenv.cfg", environment)
    (environment / "bin" / "python").symlink_to(Path(sys.executable).resolve())
    site = environment / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
    site.mkdir(parents=True)
    paths = [path for path in sys.path if path and "mesh-proxy" not in path]
    (site / "all.pth").write_text("\n".join(paths))
    (tmp_path / "app.yaml").write_text(manifests())
    prefix = f"engine-{os.getpid()}"
    argv = [environment / "bin/python", "-I", "-B", "-m", "mesh_cli.main", "local", "up"]

    def up() -> subprocess.CompletedProcess[str]:
        words = [*argv, str(tmp_path / "app.yaml"), "--prefix", prefix, "--detach"]
        return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)

    done = up()
    assert done.returncode == 3
    assert "mesh-identity and mesh-destination and mesh-proxy is not installed" in done.stderr
    for name in ("mesh-identity", "mesh-destination", "mesh-proxy"):
        (environment / "bin" / name).symlink_to(Path(sys.prefix, "bin", name))
    done = up()
    assert done.returncode == 1, done.stdout
    assert "the proxy cannot start as uid 2102" in done.stderr
    assert "No module named 'mesh_proxy'" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert not Path("/run/mesh", prefix).exists()
