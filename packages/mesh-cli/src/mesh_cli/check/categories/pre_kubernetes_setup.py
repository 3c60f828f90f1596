"""Whether the mesh can be installed by whoever asks."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from mesh_cli.check import expected
from mesh_cli.check.categories import kubernetes_api
from mesh_cli.check.check import Category, Check
from mesh_cli.check.cluster_view import ClusterView
from mesh_cli.check.finding import Finding, Level, error, errors, warning, warnings
from mesh_cli.check.kinds import (
    ClusterRole,
    ClusterRoleBinding,
    CustomResourceDefinition,
)
from mesh_core.kubernetes import Access
from mesh_core.resources import (
    ConfigMap,
    Deployment,
    Lease,
    Namespace,
    Node,
    Resource,
    Secret,
    Service,
    ServiceAccount,
)
from mesh_core.resources.admission_registration import MutatingWebhookConfiguration

NAME = "pre-kubernetes-setup"

MOST_SKEW = 20.0
"""Seconds; as much as certificates allow for, `identity.issuer.clockSkewAllowance`."""

_RENEWAL_SECONDS = 10.0
_LEASES = "kube-node-lease"

_CLUSTER_KINDS: Sequence[type[Resource]] = (
    Namespace,
    ClusterRole,
    ClusterRoleBinding,
    CustomResourceDefinition,
    MutatingWebhookConfiguration,
)


def judge_namespace(name: str, namespace: Namespace | None, *, installed: bool) -> Finding | None:
    """Say that something is there already."""
    if installed:
        return error(
            f"a control plane is installed in namespace {name} (ConfigMap {expected.CONFIG}); "
            "look at it with `mesh check`, change it with `helm upgrade`"
        )
    if namespace is None:
        return None
    if namespace.metadata.deletion_timestamp is not None:
        return error(f"namespace {name} is being deleted; wait until it is gone")
    return warning(
        f"namespace {name} exists, without a control plane in it; `helm install` uses it as it is"
    )


def judge_permissions(user: str, missing: Sequence[Access]) -> Finding | None:
    """Say what whoever installs may not do."""
    return errors(
        [f"{user or 'this user'} may not {need}; ask a cluster administrator" for need in missing]
    )


def judge_skew(
    ahead: float, now: datetime, nodes: Sequence[Node], leases: Sequence[Lease]
) -> Finding | None:
    """Say whose clocks differ from the API server's, which shows `now` and is `ahead` of ours.

    A certificate that is made on one machine would be valid too early or too late on another.
    """
    server = [(ahead, "the API server's clock", "this machine's")] if abs(ahead) > MOST_SKEW else []
    by_name = {lease.name: lease for lease in leases}
    others = [
        (skew, f"the clock of Node {node.name}", "the API server's")
        for node in nodes
        if (skew := _skew_of(node, by_name.get(node.name), now))
    ]
    return warnings(
        [
            f"{clock} is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} {other}; "
            "let both follow the same time servers (NTP)"
            for skew, clock, other in (*server, *others)
        ]
    )


def _skew_of(node: Node, lease: Lease | None, now: datetime) -> float:
    """Find by how much a node's clock is ahead, in seconds, by what it writes into its lease."""
    renewed = lease.spec.renew_time if lease is not None else None
    if renewed is None or not any(c.type == "Ready" and c.holds for c in node.status.conditions):
        return 0.0
    skew = (renewed - now).total_seconds()
    if skew < 0:
        # It may be old: the node renews it every few seconds only.
        skew = min(skew + _RENEWAL_SECONDS, 0.0)
    return skew if abs(skew) > MOST_SKEW else 0.0


async def _namespace(view: ClusterView) -> Finding | None:
    name = view.settings.control_plane
    config = await view.find(ConfigMap, name, expected.CONFIG)
    return judge_namespace(name, await view.find(Namespace, "", name), installed=config is not None)


async def _skew(view: ClusterView) -> Finding | None:
    leases = await view.all(Lease, _LEASES)
    server = await view.who_am_i_now()
    nodes = await view.all(Node)
    return judge_skew(server.ahead_seconds, server.server_time, nodes, leases)


async def _judge(view: ClusterView, needs: Sequence[Access]) -> Finding | None:
    missing = [need for need in needs if not await view.may(need)]
    return judge_permissions((await view.who_am_i()).user, missing)


async def _cluster_kinds(view: ClusterView) -> Finding | None:
    return await _judge(view, [Access.to(kind, "create") for kind in _CLUSTER_KINDS])


def _may(kind: type[Resource], *verbs: str) -> Callable[[ClusterView], Awaitable[Finding | None]]:
    async def probe(view: ClusterView) -> Finding | None:
        need = Access.to(kind, *verbs, namespace=view.settings.control_plane)
        return await _judge(view, [need])

    return probe


CATEGORY = Category(
    NAME,
    (
        Check("control plane namespace does not already exist", "pre-ns", _namespace),
        Check("can create non-namespaced resources", "pre-k8s-cluster-k8s", _cluster_kinds),
        Check("can create ServiceAccounts", "pre-k8s", _may(ServiceAccount, "create")),
        Check("can create Services", "pre-k8s-services", _may(Service, "create")),
        Check("can create Deployments", "pre-k8s-deployments", _may(Deployment, "create")),
        Check("can create ConfigMaps", "pre-k8s-configmaps", _may(ConfigMap, "create")),
        Check("can create Secrets", "pre-k8s-secrets", _may(Secret, "create")),
        Check("can read Secrets", "pre-k8s-read-secrets", _may(Secret, "get", "list")),
        Check("no clock skew detected", "pre-k8s-clock-skew", _skew, unknown=Level.WARNING),
    ),
    needs=frozenset({kubernetes_api.NAME}),
)
