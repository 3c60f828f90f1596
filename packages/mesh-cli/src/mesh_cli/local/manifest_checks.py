"""What `mesh local` refuses in a manifest, and why (pure).

A field that would change behaviour in a cluster and is not honoured here is an error, not
a surprise later. Fields that only place or describe pods are ignored.
"""

from collections.abc import Iterator

from mesh_cli.local.controllers.rollout import limits
from mesh_core.resources import (
    ConfigMap,
    Container,
    Deployment,
    FieldPath,
    Namespace,
    Pod,
    PodSpec,
    Secret,
    Service,
    ServiceAccount,
    VolumeMount,
)
from mesh_core.store import Problem
from mesh_core.store.manifests import Manifest

SUPPORTED = (Namespace, ServiceAccount, ConfigMap, Secret, Service, Pod, Deployment)

Finding = tuple[str, FieldPath]

# Scheduling, description and cluster bookkeeping: nothing of it changes what a pod does here.
_HARMLESS = frozenset(
    {
        "affinity",
        "allocateLoadBalancerNodePorts",
        "creationTimestamp",
        "generation",
        "managedFields",
        "overhead",
        "preemptionPolicy",
        "priority",
        "priorityClassName",
        "resourceVersion",
        "schedulerName",
        "selfLink",
        "status",
        "tolerations",
        "topologySpreadConstraints",
        "finalizers",
    }
)


def check(manifest: Manifest) -> list[Problem]:
    """Everything in one manifest that `mesh local` cannot honour."""
    resource = manifest.resource
    if not isinstance(resource, SUPPORTED):
        known = ", ".join(kind.kind for kind in SUPPORTED)
        message = f"`mesh local` does not run a {resource.kind} yet; it runs {known}"
        return [manifest.problem(message, ("kind",))]
    findings: list[Finding] = [
        ("`mesh local` does not know this field; remove it", path)
        for path in manifest.unknown_fields()
        if path[-1] not in _HARMLESS and path[0] not in _HARMLESS
    ]
    if isinstance(resource, Pod):
        findings += _pod_spec(resource.spec, ("spec",))
    elif isinstance(resource, Deployment):
        findings += _deployment(resource)
    elif isinstance(resource, Service):
        findings += _service(resource)
    return [manifest.problem(message, path) for message, path in findings]


def _deployment(deployment: Deployment) -> Iterator[Finding]:
    spec = deployment.spec
    if not spec.selector.match_labels and not spec.selector.match_expressions:
        yield "is missing; it must match the template's labels", ("spec", "selector")
    elif not spec.selector.matches(spec.template.metadata.labels):
        path: FieldPath = ("spec", "template", "metadata", "labels")
        yield "do not match spec.selector", path
    if spec.replicas < 0:
        yield "must not be negative", ("spec", "replicas")
    if spec.strategy.type not in ("RollingUpdate", "Recreate"):
        yield "must be RollingUpdate or Recreate", ("spec", "strategy", "type")
    else:
        try:
            limits(spec)
        except ValueError as problem:
            yield str(problem), ("spec", "strategy", "rollingUpdate")
    if spec.paused:
        yield "`mesh local` cannot pause a Deployment; remove it", ("spec", "paused")
    template: FieldPath = ("spec", "template", "spec")
    if spec.template.spec.restart_policy != "Always":
        yield "a Deployment's pods always restart", (*template, "restartPolicy")
    yield from _pod_spec(spec.template.spec, template)


def _service(service: Service) -> Iterator[Finding]:
    spec = service.spec
    if spec.type in ("NodePort", "LoadBalancer"):
        message = f"{spec.type} opens no port here; use ClusterIP, and `mesh local up --expose`"
        yield message, ("spec", "type")
    elif spec.type not in ("ClusterIP", "ExternalName"):
        yield f"{spec.type!r} is not a type of Service", ("spec", "type")
    if spec.session_affinity != "None":
        yield "`mesh local` has no session affinity; remove it", ("spec", "sessionAffinity")
    if spec.external_ips:
        yield "`mesh local` has no external addresses; remove it", ("spec", "externalIPs")
    if service.external and not spec.external_name:
        yield "is missing", ("spec", "externalName")
    if not spec.ports and not service.headless and not service.external:
        yield "is missing: a Service with an address needs a port", ("spec", "ports")
    yield from _service_ports(service)


def _service_ports(service: Service) -> Iterator[Finding]:
    ports = service.spec.ports
    names = [port.name for port in ports]
    for index, port in enumerate(ports):
        path: FieldPath = ("spec", "ports", index)
        if len(ports) > 1 and (not port.name or names.count(port.name) > 1):
            yield "each of several ports needs a name of its own", (*path, "name")
        if port.protocol not in ("TCP", "UDP"):
            yield "`mesh local` knows TCP and UDP", (*path, "protocol")


def _pod_spec(spec: PodSpec, path: FieldPath) -> Iterator[Finding]:
    if not spec.containers:
        yield "is missing: a pod needs a container", (*path, "containers")
    if spec.host_network:
        yield "`mesh local` gives every pod its own network; remove it", (*path, "hostNetwork")
    if spec.restart_policy not in ("Always", "OnFailure", "Never"):
        yield "must be Always, OnFailure or Never", (*path, "restartPolicy")
    known = {volume.name for volume in spec.volumes}
    for index, volume in enumerate(spec.volumes):
        kinds = (volume.empty_dir, volume.config_map, volume.secret)
        if not any((*kinds, volume.projected, volume.downward_api)):
            message = "needs one of emptyDir, configMap, secret, projected, downwardAPI"
            yield message, (*path, "volumes", index)
    seen: set[str] = set()
    for field, containers in (
        ("initContainers", spec.init_containers),
        ("containers", spec.containers),
    ):
        for index, container in enumerate(containers):
            here = (*path, field, index)
            if container.name in seen:
                yield f"there are two containers named {container.name!r}", (*here, "name")
            seen.add(container.name)
            yield from _container(container, spec, known, here)
    yield from _mount_clashes(spec, path)


def _container(
    container: Container, spec: PodSpec, volumes: set[str], path: FieldPath
) -> Iterator[Finding]:
    if not container.command:
        message = "is missing: `mesh local` runs no images, so it needs an explicit command"
        yield message, (*path, "command")
    if container.stdin or container.tty:
        yield "`mesh local` attaches no input", (*path, "stdin" if container.stdin else "tty")
    if container.lifecycle is not None and container.lifecycle.post_start is not None:
        yield "`mesh local` has no postStart", (*path, "lifecycle", "postStart")
    if container.restart_policy not in ("", "Always"):
        yield "must be Always, or absent", (*path, "restartPolicy")
    for index, port in enumerate(container.ports):
        if port.host_port:
            message = "`mesh local` opens no host ports; use `mesh local up --expose`"
            yield message, (*path, "ports", index, "hostPort")
    yield from _security(container, spec, (*path, "securityContext"))
    for index, mount in enumerate(container.volume_mounts):
        yield from _volume_mount(mount, volumes, (*path, "volumeMounts", index))


def _security(container: Container, spec: PodSpec, path: FieldPath) -> Iterator[Finding]:
    own, shared = container.security_context, spec.security_context
    uid = own.run_as_user if own else None
    if uid is None and shared is not None:
        uid = shared.run_as_user
    not_root = own.run_as_non_root if own else None
    if not_root is None and shared is not None:
        not_root = shared.run_as_non_root
    if not_root and uid == 0:
        yield "contradicts runAsNonRoot", (*path, "runAsUser")
    if own is not None and own.privileged:
        yield "`mesh local` runs nothing privileged", (*path, "privileged")
    if own is not None and own.capabilities is not None and own.capabilities.add:
        yield "`mesh local` gives no capabilities", (*path, "capabilities", "add")


def _volume_mount(mount: VolumeMount, volumes: set[str], path: FieldPath) -> Iterator[Finding]:
    if mount.name not in volumes:
        yield f"there is no volume named {mount.name!r}", (*path, "name")
    if not mount.mount_path.startswith("/") or not mount.mount_path.rstrip("/"):
        yield "must be an absolute path other than /", (*path, "mountPath")
    if ".." in mount.sub_path.split("/"):
        yield "must not leave the volume", (*path, "subPath")
    if mount.sub_path_expr:
        yield "`mesh local` does not expand it; use subPath", (*path, "subPathExpr")
    if mount.mount_propagation not in ("", "None"):
        yield "`mesh local` propagates no mounts", (*path, "mountPropagation")


def _mount_clashes(spec: PodSpec, path: FieldPath) -> Iterator[Finding]:
    """Containers of a pod share one view of the file system here."""
    taken: dict[str, tuple[str, str, bool]] = {}
    for field, containers in (
        ("initContainers", spec.init_containers),
        ("containers", spec.containers),
    ):
        for index, container in enumerate(containers):
            for number, mount in enumerate(container.volume_mounts):
                wanted = (mount.name, mount.sub_path, mount.read_only)
                if taken.setdefault(mount.mount_path, wanted)[:2] != wanted[:2]:
                    message = (
                        f"{mount.mount_path} shows another volume in another container; "
                        "`mesh local` has one file system per pod"
                    )
                    yield message, (*path, field, index, "volumeMounts", number, "mountPath")
