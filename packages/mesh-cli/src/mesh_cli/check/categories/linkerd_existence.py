"""Whether there is a control plane, and whether it runs."""

from collections.abc import Iterator, Sequence
from ipaddress import ip_network

from mesh_cli.check import expected
from mesh_cli.check.categories import kubernetes_api
from mesh_cli.check.check import Category, Check
from mesh_cli.check.cluster_view import ClusterView
from mesh_cli.check.control_plane import control_plane_pods
from mesh_cli.check.finding import Finding, Level, error, errors, warnings
from mesh_cli.check.installed import installed, read_installed
from mesh_core.kubernetes import ForbiddenError
from mesh_core.networks import Network
from mesh_core.resources import (
    ConfigMap,
    ContainerStateTerminated,
    ContainerStatus,
    Deployment,
    Node,
    Pod,
    ReplicaSet,
    Service,
)
from mesh_injector import COMPONENT_LABEL

NAME = "linkerd-existence"

_CRASHES = "CrashLoopBackOff"
_MOST_SAID = 300
_WIDEN = "add it to the value clusterNetworks"

Owned = tuple[str, Sequence[str]]
"""Somebody, and the addresses or networks he has."""


def absent(control_plane: str, elsewhere: Sequence[str]) -> Finding:
    """Say that there is no control plane, or that it is in another namespace."""
    if elsewhere:
        return error(
            f"there is no control plane in namespace {control_plane}, but in "
            f"{' and in '.join(elsewhere)}; name it with -L {elsewhere[0]}"
        )
    return error(
        f"there is no ConfigMap {control_plane}/{expected.CONFIG}: the mesh is not installed, or "
        "in a namespace that -L does not name. Install it with `helm install mesh deploy/mesh "
        f"-n {control_plane} --create-namespace`"
    )


def judge_replica_sets(
    control_plane: str, deployments: Sequence[Deployment], replica_sets: Sequence[ReplicaSet]
) -> Finding | None:
    """Say which parts of the control plane have fewer pods than they should."""
    by_name = {deployment.name: deployment for deployment in deployments}
    lines = []
    for name in expected.DEPLOYMENTS:
        deployment = by_name.get(name)
        if deployment is None:
            lines.append(f"Deployment {control_plane}/{name} does not exist; {expected.UPGRADE}")
            continue
        owned = [each for each in replica_sets if _owner(each) == name and each.spec.replicas]
        if deployment.spec.replicas and not owned:
            lines.append(
                f"Deployment {control_plane}/{name} has no ReplicaSet; "
                "does the cluster's controller manager run?"
            )
        lines += [
            f"ReplicaSet {each.key} has {each.status.ready_replicas} of {each.spec.replicas} "
            f"pods ready; see `kubectl -n {control_plane} describe replicaset {each.name}`"
            for each in owned
            if each.status.ready_replicas < each.spec.replicas
        ]
    return errors(lines)


def judge_schedulable(pods: Sequence[Pod]) -> Finding | None:
    """Say which pods no node takes, and what the scheduler says about it."""
    return warnings(
        [
            f"{pod} has no node: {condition.message or condition.reason}"
            for pod in pods
            for condition in pod.status.conditions
            if condition.type == "PodScheduled"
            and not condition.holds
            and condition.reason == "Unschedulable"
        ]
    )


def judge_ready(control_plane: str, pods: Sequence[Pod]) -> Finding | None:
    """Say which components have no ready pod, and why their pods are not."""
    lines = []
    for component in expected.COMPONENTS:
        own = [pod for pod in pods if pod.metadata.labels.get(COMPONENT_LABEL) == component]
        if not own:
            lines.append(
                f"there is no pod of linkerd-{component}; "
                f"see `kubectl -n {control_plane} describe deployment linkerd-{component}`"
            )
        for pod in own:
            lines += _troubles(pod)
    return errors(lines)


def judge_networks(networks: Sequence[Network], owners: Sequence[Owned]) -> Finding | None:
    """Say whose addresses or networks the mesh would take for the outside."""
    lines = []
    for owner, texts in owners:
        for text in texts:
            try:
                network = ip_network(text, strict=False)
            except ValueError:
                continue
            if not any(_within(network, each) for each in networks):
                lines.append(f"{owner} has {text}, which is in none of them; {_WIDEN}")
                break
    return errors(lines)


def _troubles(pod: Pod) -> Iterator[str]:
    if pod.ready:
        return
    statuses = (*pod.status.init_container_statuses, *pod.status.container_statuses)
    found = [line for status in statuses if (line := _trouble(pod, status))]
    if found:
        yield from found
    else:
        said = pod.status.message or pod.status.reason or pod.status.phase or "not started"
        yield f"{pod} is not ready: {said}"


def _trouble(pod: Pod, status: ContainerStatus) -> str:
    """Say why a container is not as it should be, empty when it is or only waits for others."""
    who = f"container {status.name} of {pod}"
    logs = f"kubectl -n {pod.namespace} logs {pod.name} -c {status.name}"
    waiting, ended = status.state.waiting, status.state.terminated
    if ended is None and waiting is not None and waiting.reason == _CRASHES:
        ended = status.last_state.terminated
        logs += " --previous"
    if ended is not None and ended.exit_code:
        return f"{who} ended with code {ended.exit_code}{_last_line(ended)}; see `{logs}`"
    if waiting is not None and waiting.reason != "PodInitializing":
        said = " ".join(waiting.message.split())
        described = f"kubectl -n {pod.namespace} describe pod {pod.name}"
        return f"{who} waits: {waiting.reason}{f' ({said})' if said else ''}; see `{described}`"
    if status.state.running is not None and not status.ready and status.started:
        count = status.restart_count
        again = f", after {count} restart{'s' if count > 1 else ''}" if count else ""
        return f"{who} is not ready{again}; see `{logs}`"
    return ""


def _last_line(ended: ContainerStateTerminated) -> str:
    """Give what a container said at its end: our programs say there why they end."""
    lines = ended.message.strip().splitlines()
    return f": {lines[-1].strip()[-_MOST_SAID:]}" if lines else ""


def _owner(replica_set: ReplicaSet) -> str:
    controller = replica_set.metadata.controller
    return controller.name if controller is not None else ""


def _within(inner: Network, outer: Network) -> bool:
    return (
        inner.version == outer.version
        and inner.network_address in outer
        and inner.prefixlen >= outer.prefixlen
    )


def node_networks(nodes: Sequence[Node]) -> list[Owned]:
    """Give what nodes hand out to their pods."""
    return [
        (f"Node {node.name}", node.spec.pod_cidrs or (node.spec.pod_cidr,))
        for node in nodes
        if node.spec.pod_cidrs or node.spec.pod_cidr
    ]


def pod_addresses(pods: Sequence[Pod]) -> list[Owned]:
    """Give the addresses of pods in the pods' network."""
    return [
        (str(pod), pod.status.addresses)
        for pod in pods
        if not pod.spec.host_network and not pod.terminated
    ]


def service_addresses(services: Sequence[Service]) -> list[Owned]:
    """Give the addresses by which pods reach Services."""
    return [(str(service), service.cluster_addresses) for service in services]


async def _config(view: ClusterView) -> Finding | None:
    control_plane = view.settings.control_plane
    config = await view.find(ConfigMap, control_plane, expected.CONFIG)
    if config is None:
        return absent(control_plane, await _elsewhere(view))
    read_installed(config)
    return None


async def _elsewhere(view: ClusterView) -> list[str]:
    try:
        found = await view.all(ConfigMap, name=expected.CONFIG)
    except ForbiddenError:
        return []
    return [config.namespace for config in found]


async def _replica_sets(view: ClusterView) -> Finding | None:
    control_plane = view.settings.control_plane
    deployments = await view.all(Deployment, control_plane, labels=COMPONENT_LABEL)
    replica_sets = await view.all(ReplicaSet, control_plane, labels=COMPONENT_LABEL)
    return judge_replica_sets(control_plane, deployments, replica_sets)


async def _schedulable(view: ClusterView) -> Finding | None:
    return judge_schedulable(await control_plane_pods(view))


async def _ready(view: ClusterView) -> Finding | None:
    return judge_ready(view.settings.control_plane, await control_plane_pods(view))


async def _nodes(view: ClusterView) -> Finding | None:
    return judge_networks(await _networks(view), node_networks(await view.all(Node)))


async def _pods(view: ClusterView) -> Finding | None:
    return judge_networks(await _networks(view), pod_addresses(await view.all(Pod)))


async def _services(view: ClusterView) -> Finding | None:
    return judge_networks(await _networks(view), service_addresses(await view.all(Service)))


async def _networks(view: ClusterView) -> Sequence[Network]:
    return (await installed(view)).installation.cluster_networks


CATEGORY = Category(
    NAME,
    (
        Check(
            "'linkerd-config' config map exists",
            "l5d-existence-linkerd-config",
            _config,
            fatal=True,
        ),
        Check(
            "control plane replica sets are ready",
            "l5d-existence-replicasets",
            _replica_sets,
            retried=True,
        ),
        Check(
            "no unschedulable pods",
            "l5d-existence-unschedulable-pods",
            _schedulable,
            unknown=Level.WARNING,
        ),
        Check("control plane pods are ready", "l5d-api-control-ready", _ready, retried=True),
        Check("cluster networks contains all node podCIDRs", "l5d-cluster-networks-cidr", _nodes),
        Check("cluster networks contains all pods", "l5d-cluster-networks-pods", _pods),
        Check("cluster networks contains all services", "l5d-cluster-networks-services", _services),
    ),
    needs=frozenset({kubernetes_api.NAME}),
)
