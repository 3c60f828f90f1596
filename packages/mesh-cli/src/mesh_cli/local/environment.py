"""A container's environment, command line and volume files from its pod's specification (pure)."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mesh_cli.local.errors import LocalError
from mesh_cli.local.settings import NODE_NAME
from mesh_core.resources import (
    ConfigMap,
    Container,
    EnvVar,
    Pod,
    Resource,
    Secret,
)

_REFERENCE = re.compile(r"\$(\$|\(([^()\s]+)\))")
_SUBSCRIPT = re.compile(r"metadata\.(labels|annotations)\['([^']+)'\]")
SYSTEM_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")

Lookup = Callable[[type[Resource], str, str], Resource | None]


class ConfigurationError(LocalError):
    """A container refers to something that does not exist."""


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Replace `$(NAME)`; `$$` is a dollar sign and unknown names stay as they are (Kubernetes)."""

    def replace(match: re.Match[str]) -> str:
        if match[1] == "$":
            return "$"
        return variables.get(match[2], match[0])

    return _REFERENCE.sub(replace, text)


def base_environment(pod: Pod, search_path: Sequence[Path]) -> dict[str, str]:
    """What every container has without asking: PATH, HOME, HOSTNAME."""
    return {
        "PATH": ":".join([*map(str, search_path), *SYSTEM_PATH]),
        "HOME": "/tmp",  # noqa: S108 - the pod's own /tmp
        "HOSTNAME": pod.spec.hostname or pod.name,
        "LANG": "C.UTF-8",
        # Logs are files here: without this a Python program's lines come minutes late.
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def container_environment(
    container: Container, pod: Pod, base: Mapping[str, str], lookup: Lookup
) -> dict[str, str]:
    """The container's variables; raises ConfigurationError for a missing reference."""
    variables = dict(base)
    for source in container.env_from:
        for kind, reference in ((ConfigMap, source.config_map_ref), (Secret, source.secret_ref)):
            if reference is not None:
                values = values_of(kind, reference.name, pod.namespace, reference.optional, lookup)
                variables |= {
                    source.prefix + key: value.decode(errors="replace")
                    for key, value in values.items()
                }
    for variable in container.env:
        value = _value(variable, container, pod, variables, lookup)
        if value is not None:
            variables[variable.name] = value
    return variables


def command_line(container: Container, variables: Mapping[str, str]) -> list[str]:
    """`command` and `args` with variables put in."""
    return [expand(word, variables) for word in (*container.command, *container.args)]


def _value(
    variable: EnvVar, container: Container, pod: Pod, known: Mapping[str, str], lookup: Lookup
) -> str | None:
    source = variable.value_from
    if source is None:
        return expand(variable.value, known)
    if source.field_ref is not None:
        return pod_field(pod, source.field_ref.field_path)
    if source.resource_field_ref is not None:
        return _resource(container, source.resource_field_ref.resource)
    for kind, reference in (
        (ConfigMap, source.config_map_key_ref),
        (Secret, source.secret_key_ref),
    ):
        if reference is None:
            continue
        values = values_of(kind, reference.name, pod.namespace, reference.optional, lookup)
        if reference.key in values:
            return values[reference.key].decode(errors="replace")
        if not reference.optional:
            raise ConfigurationError(
                f"{kind.kind} {pod.namespace}/{reference.name} has no key {reference.key!r}, "
                f"which variable {variable.name} of container {container.name} refers to"
            )
    return None


def values_of(
    kind: type[Resource], name: str, namespace: str, optional: bool, lookup: Lookup
) -> Mapping[str, bytes]:
    """The keys of a ConfigMap or Secret."""
    found = lookup(kind, namespace, name)
    if isinstance(found, Secret):
        return found.values()
    if isinstance(found, ConfigMap):
        return {
            **{key: text.encode() for key, text in found.data.items()},
            **dict(found.binary_data),
        }
    if optional:
        return {}
    raise ConfigurationError(
        f"{kind.kind} {namespace}/{name} does not exist; add it to the manifests"
    )


def pod_field(pod: Pod, path: str) -> str:
    """A field of the pod by its path (the downward API)."""
    ips = [address.ip for address in pod.status.pod_ips]
    fields: dict[str, Callable[[], str]] = {
        "metadata.name": lambda: pod.name,
        "metadata.namespace": lambda: pod.namespace,
        "metadata.uid": lambda: pod.metadata.uid,
        "spec.nodeName": lambda: pod.spec.node_name or NODE_NAME,
        "spec.serviceAccountName": lambda: pod.spec.service_account,
        "status.podIP": lambda: pod.status.pod_ip,
        "status.podIPs": lambda: ",".join(ips),
        "status.hostIP": lambda: pod.status.host_ip,
        "metadata.labels": lambda: _lines(pod.metadata.labels),
        "metadata.annotations": lambda: _lines(pod.metadata.annotations),
    }
    if path in fields:
        return fields[path]()
    if match := _SUBSCRIPT.fullmatch(path):
        values = pod.metadata.labels if match[1] == "labels" else pod.metadata.annotations
        return values.get(match[2], "")
    raise ConfigurationError(f"fieldPath {path!r} is not known; known are {', '.join(fields)}")


def _lines(values: Mapping[str, str]) -> str:
    return "\n".join(f'{key}="{value}"' for key, value in sorted(values.items()))


def _resource(container: Container, name: str) -> str:
    scope, _, resource = name.partition(".")
    table = container.resources.limits if scope == "limits" else container.resources.requests
    return str(table.get(resource, "0"))
