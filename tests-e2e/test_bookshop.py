"""What a platform engineer does: deploy, annotate, restart; then every edge is secured."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from kubernetes_provider import KubernetesMesh
from scenario import Note, wait_for

from mesh_cli.demo.edges import Edge, edge_rows
from mesh_cli.demo.pods import PodView
from mesh_cli.demo.scrape import read

pytestmark = [pytest.mark.cluster, pytest.mark.install]

BOOKSHOP = Path(__file__).parents[1] / "examples/bookshop"
SPACE = "bookshop"
IDENTITY = "{}.bookshop.serviceaccount.identity.linkerd.cluster.local"
REDIS = b"INCR"
ENOUGH = 50_000
EDGES = {
    ("shoppers", "web"),
    ("shoppers", "feed"),
    ("web", "stock"),
    ("web", "stock-slow"),
    ("web", "cache"),
    ("feed", "cache"),
}


@pytest.fixture(scope="module")
def bookshop(cluster: KubernetesMesh) -> Iterator[KubernetesMesh]:
    """The bookshop, first without the mesh, then annotated and restarted."""
    files = "\n---\n".join(path.read_text() for path in sorted(BOOKSHOP.glob("*.yaml")))
    kubectl = cluster.kubectl
    kubectl("apply", "--filename", "-", stdin=files.replace("linkerd.io/inject: enabled", ""))
    cluster.wait_until_ready(SPACE)
    assert not any(pod.meshed for pod in cluster.pods(SPACE))
    assert REDIS in frames_of_redis(cluster), "the capture does not see what is readable"
    kubectl("annotate", "namespace", SPACE, "linkerd.io/inject=enabled")
    cluster.restart(SPACE)
    cluster.wait_until_ready(SPACE)
    yield cluster
    kubectl("delete", "namespace", SPACE, "--wait=false")


def frames_of_redis(cluster: KubernetesMesh) -> bytes:
    """Some seconds of what passes redis, which the front asks for every page."""
    cache = next(pod for pod in cluster.pods(SPACE) if pod.name.startswith("cache-"))
    with cluster.capture(f"{SPACE}/{cache.name}") as capture:
        wait_for("some traffic", lambda: len(capture.bytes()) > ENOUGH or None, 60)
        return capture.bytes()


def views(cluster: KubernetesMesh) -> list[PodView]:
    """Every pod and what its proxy counted."""
    return [
        view(cluster, pod)
        for pod in cluster.kubectl.get("pods", SPACE)
        if "deletionTimestamp" not in pod["metadata"]
    ]


def view(cluster: KubernetesMesh, pod: dict[str, Any]) -> PodView:
    """One pod, scraped through the API server."""
    name = pod["metadata"]["name"]
    meshed = any(each["name"] == "linkerd-proxy" for each in pod["spec"].get("initContainers", ()))
    admin = f"/api/v1/namespaces/{SPACE}/pods/{name}:4191/proxy/metrics"
    return PodView(
        namespace=SPACE,
        name=name,
        workload=name.rsplit("-", 2)[0],
        identity=IDENTITY.format(pod["spec"]["serviceAccountName"]) if meshed else "",
        addresses=tuple(each["ip"] for each in pod["status"]["podIPs"]),
        ready=True,
        scrape=read(cluster.kubectl("get", "--raw", admin)) if meshed else read(""),
    )


def test_every_meshed_edge_is_secured(bookshop: KubernetesMesh, note: Note) -> None:
    before = {pod.name: pod.scrape for pod in views(bookshop)}

    def all_edges() -> list[Edge] | None:
        found = secured_edges(views(bookshop))
        return found if {(edge.src, edge.dst) for edge in found} == EDGES else None

    edges = wait_for(f"secured traffic on {sorted(EDGES)}", all_edges, 60)
    note(f"bookshop: {len(edges)} of {len(EDGES)} meshed edges secured")
    # While everything was restarted, some asked servers that were not meshed yet. Not since then.
    lately = [
        replace(pod, scrape=pod.scrape.since(before.get(pod.name, read(""))))
        for pod in views(bookshop)
    ]
    assert [edge for edge in edge_rows(lately, lately) if edge.expected and not edge.secured] == []


def secured_edges(pods: list[PodView]) -> list[Edge]:
    """The edges between meshed pods that both ends have verified."""
    return [edge for edge in edge_rows(pods, pods) if edge.expected and edge.secured]


def test_both_ends_name_each_other(bookshop: KubernetesMesh) -> None:
    for edge in secured_edges(views(bookshop)):
        account = "stock" if edge.dst == "stock-slow" else edge.dst
        assert edge.server_id == IDENTITY.format(account), edge
        assert edge.client_id == IDENTITY.format(edge.src), edge


def test_unmeshed_pods_and_the_meshed_ones_still_talk(bookshop: KubernetesMesh) -> None:
    states = {pod.name.rsplit("-", 2)[0]: pod for pod in bookshop.pods(SPACE)}
    assert all(pod.ready for pod in states.values()), states
    assert {name for name, pod in states.items() if not pod.meshed} == {"crawler", "suppliers"}


def test_what_is_sold_is_not_readable_on_the_wire(bookshop: KubernetesMesh) -> None:
    assert REDIS not in frames_of_redis(bookshop)
    events = bookshop.kubectl("get", "events", "--namespace", SPACE, "--output", "json")
    assert any(each["reason"] == "Injected" for each in json.loads(events)["items"])
