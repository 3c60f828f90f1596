"""Whether the mesh can be installed by whoever asks."""

from collections.abc import Awaitable, Callable, Sequence

from mesh_cli.check import expected
from mesh_cli.check.categories import kubernetes_api
from mesh_cli.check.check import Category, Check
from mesh_cli.check.cluster_view import ClusterView
from mesh_cli.check.finding import Finding, Level, error, errors, warning
from mesh_cli.check.kinds import (
    ClusterRole,
    ClusterRoleBinding,
    CustomResourceDefinition,
    MutatingWebhookConfiguration,
)
from mesh_core.kubernetes import Access
from mesh_core.resources import (
    ConfigMap,
    Deployment,
    Namespace,
    Resource,
    Secret,
    Service,
    ServiceAccount,
)

NAME = "pre-kubernetes-setup"

MOST_SKEW = 20.0
"""Seconds; as much as certificates allow for, `identity.issuer.clockSkewAllowance`."""

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


def judge_skew(ahead: float) -> Finding | None:
    """Say that clocks differ; certificates made here would be valid too early or too late."""
    if abs(ahead) <= MOST_SKEW:
        return None
    where = "ahead of" if ahead > 0 else "behind"
    return warning(
        f"the API server's clock is {abs(ahead):.0f} s {where} this machine's: certificates made "
        "on one may not be valid yet on the other; let both follow the same time servers (NTP)"
    )


async def _namespace(view: ClusterView) -> Finding | None:
    name = view.settings.control_plane
    config = await view.find(ConfigMap, name, expected.CONFIG)
    return judge_namespace(name, await view.find(Namespace, "", name), installed=config is not None)


async def _skew(view: ClusterView) -> Finding | None:
    return judge_skew((await view.who_am_i()).ahead_seconds)


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
