"""`python -m bench.admissions`: what one admission costs the injector, and how long it takes.

Reviews of a Deployment's pod of usual size, over TLS on connections that stay, as an API server
sends them. The rate of one core is 1 / (CPU time for one admission).
"""

import argparse
import asyncio
import json
import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp
import uvloop

from bench.cpu import cpu_seconds
from bench.errors import FieldError
from bench.injector import NAMESPACE, Injector, running_injector
from bench.memory import resident_bytes
from bench.report import Row, print_rows
from bench.wrk import count_requests, find
from mesh_cli.local.programs import find_program

CASE = "admission over TLS"
KINDS: dict[str, dict[str, str]] = {
    "usual pod": {},
    "pod with settings of its own": {"config.linkerd.io/proxy-cpu-request": "100m"},
}
"""Pods that are admitted, and their annotations."""
SUBJECT = "injector"
PACE = 200
"""Reviews a second at which latency is measured."""


def review(annotations: dict[str, str]) -> dict[str, Any]:
    """What an API server sends for a pod of a Deployment."""
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-1", "controller": True}
    probe = {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 10}
    container = {
        "name": "app",
        "image": "registry.example/shop/web:1.2.3",
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        "env": [{"name": f"SETTING_{number}", "value": "v" * 24} for number in range(20)],
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "1Gi"}},
        "volumeMounts": [{"name": "token", "mountPath": "/var/run/secrets", "readOnly": True}],
        "livenessProbe": probe,
        "readinessProbe": probe,
        "terminationMessagePath": "/dev/termination-log",
        "imagePullPolicy": "IfNotPresent",
    }
    sources = [{"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}}]
    metadata = {
        "generateName": "web-1-",
        "creationTimestamp": None,
        "labels": {"app": "web", "pod-template-hash": "1"},
        "annotations": annotations,
        "ownerReferences": [owner],
        "managedFields": [{"manager": "kube-controller-manager", "fieldsV1": {"f:spec": {}}}],
    }
    spec = {
        "containers": [container],
        "volumes": [{"name": "token", "projected": {"sources": sources, "defaultMode": 420}}],
        "serviceAccountName": "web",
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists"}],
    }
    return {
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "namespace": NAMESPACE,
            "operation": "CREATE",
            "userInfo": {"username": "system:serviceaccount:kube-system:replicaset-controller"},
            "object": {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": metadata,
                "spec": spec,
                "status": {},
            },
            "oldObject": None,
            "dryRun": False,
        },
    }


def measure_cost(injector: Injector, kind: str, connections: int, seconds: int) -> list[Row]:
    """Load it with pods of a kind as fast as it answers."""
    wrk = find_program("wrk", "wrk")
    with tempfile.TemporaryDirectory(prefix="bench-wrk-") as folder:
        script = Path(folder) / "post.lua"
        # JSON needs no escapes within a Lua long bracket.
        script.write_text(
            f'wrk.method = "POST"\nwrk.body = [==[{json.dumps(review(KINDS[kind]))}]==]\n'
            'wrk.headers["Content-Type"] = "application/json"\n'
        )
        load = [str(wrk), "-t1", f"-c{connections}", "--latency", "-s", str(script), injector.url]
        run([*load, "-d1s"])  # warm: connections, caches
        before = cpu_seconds([injector.process])
        output = run([*load, f"-d{seconds}s"])
    used = cpu_seconds([injector.process]) - before
    admissions = count_requests(output, SUBJECT)
    rows = [
        ("CPU each", used * 1e6 / admissions, "µs"),
        ("rate of a core", admissions / used, "admissions/s"),
        ("rate", float(find(r"Requests/sec:\s+([\d.]+)", output)), "admissions/s"),
        ("memory", resident_bytes([injector.process]) / 1e6, "MB"),
    ]
    return [Row(f"{CASE}, {kind}", SUBJECT, connections, 0, *row) for row in rows]


def run(command: list[str]) -> str:
    """Run wrk and give what it prints."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise FieldError(f"wrk failed:\n{done.stdout}{done.stderr}")
    return done.stdout


async def measure_latency(injector: Injector, seconds: int) -> list[Row]:
    """Send at a fixed pace, and count from the moment at which each review was due.

    A client that waits for an answer before the next question would not see a stall.
    """
    body = json.dumps(review({})).encode()
    headers = {"Content-Type": "application/json"}
    connector = aiohttp.TCPConnector(ssl=injector.trusting, limit=32)
    async with aiohttp.ClientSession(injector.url, connector=connector) as session:

        async def admit(due: float) -> float:
            async with session.post("/", data=body, headers=headers) as answer:
                if answer.status != 200 or b'"patch"' not in await answer.read():
                    raise FieldError(f"a pod was not injected (status {answer.status})")
            return time.perf_counter() - due

        await asyncio.gather(*(admit(0) for _ in range(8)))  # warm: connections
        start = time.perf_counter() + 0.1
        tasks = []
        for number in range(PACE * seconds):
            due = start + number / PACE
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.append(asyncio.create_task(admit(due)))
        times = sorted(await asyncio.gather(*tasks))
    return [
        Row(CASE, SUBJECT, 0, PACE, f"p{percent}", times[rank(percent, len(times))] * 1e3, "ms")
        for percent in (50, 99)
    ]


def rank(percent: int, count: int) -> int:
    """The index of a percentile among sorted values (nearest rank)."""
    return math.ceil(count * percent / 100) - 1


def main() -> int:
    """Run the bench; 0 when every figure could be taken."""
    parser = argparse.ArgumentParser(prog="bench.admissions", description=__doc__)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=5, help="length of one measurement")
    parser.add_argument("-o", "--output", choices=["table", "json"], default="table")
    arguments = parser.parse_args()
    try:
        with running_injector() as injector:
            rows = [
                row
                for kind in KINDS
                for row in measure_cost(injector, kind, arguments.connections, arguments.seconds)
            ]
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                rows += runner.run(measure_latency(injector, arguments.seconds))
    except FieldError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print_rows(rows, arguments.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
