"""Whether everything is there that the chart installs beside workloads."""

from collections.abc import Sequence

from mesh_cli.check import expected
from mesh_cli.check.categories import linkerd_existence
from mesh_cli.check.check import Category, Check
from mesh_cli.check.cluster_view import ClusterView
from mesh_cli.check.finding import Finding, error, errors
from mesh_cli.check.kinds import (
    ClusterRole,
    ClusterRoleBinding,
    CustomResourceDefinition,
)
from mesh_core.names import CONTROL_PLANE_LABEL
from mesh_core.resources import Namespace, Resource, ServiceAccount
from mesh_core.resources.admission_registration import MutatingWebhookConfiguration

NAME = "linkerd-config"

_INSTALL_DEFINITIONS = "install it with `helm upgrade`, or with the chart deploy/mesh/charts/crds"


def judge_namespace(name: str, namespace: Namespace | None) -> Finding | None:
    """Say what is wrong with the control plane's namespace."""
    if namespace is None:
        return error(f"there is no namespace {name}; name the control plane's with -L")
    if namespace.metadata.deletion_timestamp is not None:
        return error(f"namespace {name} is being deleted; install the mesh again once it is gone")
    return None


def judge_presence(
    kind: type[Resource], names: Sequence[str], found: Sequence[Resource], fix: str
) -> Finding | None:
    """Say which objects are missing."""
    there = {resource.name for resource in found}
    return errors(
        [f"{kind.kind} {name} does not exist; {fix}" for name in names if name not in there]
    )


def judge_bindings(control_plane: str, bindings: Sequence[ClusterRoleBinding]) -> Finding | None:
    """Say which bindings are missing or give their role to somebody else."""
    by_name = {binding.name: binding for binding in bindings}
    lines = []
    roles = expected.cluster_roles(control_plane)
    for name, account in zip(roles, expected.SERVICE_ACCOUNTS, strict=True):
        binding = by_name.get(name)
        if binding is None:
            lines.append(f"ClusterRoleBinding {name} does not exist; {expected.UPGRADE}")
        elif binding.role_ref.name != name or not _is_for(binding, control_plane, account):
            lines.append(
                f"ClusterRoleBinding {name} does not give ClusterRole {name} to "
                f"ServiceAccount {control_plane}/{account}; {expected.UPGRADE}"
            )
    return errors(lines)


def judge_definitions(definitions: Sequence[CustomResourceDefinition]) -> Finding | None:
    """Say which kinds the API server does not serve."""
    served = {
        definition.name
        for definition in definitions
        if any(c.type == "Established" and c.holds for c in definition.status.conditions)
    }
    known = {definition.name for definition in definitions}
    lines = []
    for name in expected.DEFINITIONS:
        if name not in known:
            lines.append(f"CustomResourceDefinition {name} does not exist; {_INSTALL_DEFINITIONS}")
        elif name not in served:
            lines.append(
                f"CustomResourceDefinition {name} is not served yet; "
                f"see `kubectl describe crd {name}`"
            )
    return errors(lines)


async def _namespace(view: ClusterView) -> Finding | None:
    name = view.settings.control_plane
    return judge_namespace(name, await view.find(Namespace, "", name))


async def _roles(view: ClusterView) -> Finding | None:
    control_plane = view.settings.control_plane
    found = await view.all(ClusterRole, labels=f"{CONTROL_PLANE_LABEL}={control_plane}")
    names = expected.cluster_roles(control_plane)
    return judge_presence(ClusterRole, names, found, expected.UPGRADE)


async def _bindings(view: ClusterView) -> Finding | None:
    control_plane = view.settings.control_plane
    found = await view.all(ClusterRoleBinding, labels=f"{CONTROL_PLANE_LABEL}={control_plane}")
    return judge_bindings(control_plane, found)


async def _accounts(view: ClusterView) -> Finding | None:
    found = await view.all(ServiceAccount, view.settings.control_plane)
    return judge_presence(ServiceAccount, expected.SERVICE_ACCOUNTS, found, expected.UPGRADE)


async def _definitions(view: ClusterView) -> Finding | None:
    return judge_definitions(await view.all(CustomResourceDefinition))


async def _webhooks(view: ClusterView) -> Finding | None:
    found = await view.find(MutatingWebhookConfiguration, "", expected.WEBHOOK)
    there = [] if found is None else [found]
    return judge_presence(MutatingWebhookConfiguration, [expected.WEBHOOK], there, expected.UPGRADE)


def _is_for(binding: ClusterRoleBinding, namespace: str, account: str) -> bool:
    return any(
        (subject.kind, subject.namespace, subject.name) == ("ServiceAccount", namespace, account)
        for subject in binding.subjects
    )


CATEGORY = Category(
    NAME,
    (
        Check("control plane Namespace exists", "l5d-existence-ns", _namespace, fatal=True),
        Check("control plane ClusterRoles exist", "l5d-existence-cr", _roles),
        Check("control plane ClusterRoleBindings exist", "l5d-existence-crb", _bindings),
        Check("control plane ServiceAccounts exist", "l5d-existence-sa", _accounts),
        Check("control plane CustomResourceDefinitions exist", "l5d-existence-crd", _definitions),
        Check("control plane MutatingWebhookConfigurations exist", "l5d-existence-mwc", _webhooks),
    ),
    needs=frozenset({linkerd_existence.NAME}),
)
