"""From the local mesh's status document to the pods that the demo shows."""

from collections.abc import Iterable, Mapping
from typing import Any

from mesh_core.names import Identity

from .pods import PodView
from .scrape import Scrape

Document = Mapping[str, Any]


def pod_views(
    pods: Iterable[Document],
    control_namespace: str,
    trust_domain: str,
    scrapes: Mapping[tuple[str, str], Scrape],
    clients: Mapping[tuple[str, str], frozenset[str]],
) -> list[PodView]:
    """Return the application's pods; those that are going away are no longer part of it.

    `scrapes` and `clients` hold what could be read, by namespace and name.
    """
    return [
        PodView(
            namespace=pod["namespace"],
            name=pod["name"],
            workload=str(pod["workload"]).rpartition("/")[2],
            identity=_identity(pod, control_namespace, trust_domain),
            addresses=tuple(pod["addresses"]),
            ready=pod["ready"],
            scrape=scrapes.get((pod["namespace"], pod["name"]), Scrape()),
            clients=clients.get((pod["namespace"], pod["name"]), frozenset()),
            message=pod["message"] or pod["phase"],
        )
        for pod in pods
        if not pod["control_plane"] and pod["phase"] != "Terminating"
    ]


def _identity(pod: Document, control_namespace: str, trust_domain: str) -> str:
    if not pod["meshed"]:
        return ""
    account = pod["service_account"]
    return str(Identity(account, pod["namespace"], control_namespace, trust_domain))


def control_plane_problems(pods: Iterable[Document]) -> list[str]:
    """Return a line for each pod of the control plane that is not ready."""
    return [
        f"{pod['namespace']}/{pod['name']} is not ready: {pod['message'] or pod['phase']}"
        for pod in pods
        if pod["control_plane"] and not pod["ready"] and pod["phase"] != "Terminating"
    ]


def restarts(pods: Iterable[Document]) -> list[str]:
    """Return a line for each container that had to be started again."""
    return [
        f"{pod['namespace']}/{pod['name']}: container {container['name']} was restarted"
        f" {container['restarts']} ×{_why(container)}"
        for pod in pods
        for container in pod["containers"]
        if container["restarts"] and pod["phase"] != "Terminating"
    ]


def _why(container: Document) -> str:
    return f" ({container['message']})" if container["message"] else ""
