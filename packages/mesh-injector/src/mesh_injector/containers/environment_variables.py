"""The proxy's environment as a container has it: facts of the pod first, then what uses them."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from mesh_core.resources import Pod
from mesh_injector.containers.document import Document
from mesh_injector.containers.names import PROXY_CONTAINER, TRUST_ROOTS, TRUST_ROOTS_KEY
from mesh_injector.control_plane import component_of
from mesh_injector.environment import REFERENCES, proxy_environment
from mesh_injector.installation import Installation
from mesh_injector.proxy_settings import ProxySettings
from mesh_proto.vocabulary import environment as v

_FACTS: Mapping[str, str] = MappingProxyType(
    {
        "_pod_name": "metadata.name",
        "_pod_ns": "metadata.namespace",
        "_pod_nodeName": "spec.nodeName",
        "_pod_sa": "spec.serviceAccountName",
        "_pod_ips": "status.podIPs",
    }
)
"""What `REFERENCES` refer to, and the fields of the pod that hold it."""

_TRACED_FACTS: Mapping[str, str] = MappingProxyType(
    {"_pod_uid": "metadata.uid", "_pod_ip": "status.podIP"}
)


def environment_variables(
    pod: Pod, settings: ProxySettings, installation: Installation
) -> list[Document]:
    """Give the part `env` of the proxy's container; raises IncompleteInstallationError."""
    variables = {item["name"]: item for item in _facts(settings)}
    environment = proxy_environment(pod, settings, installation, REFERENCES)
    variables.update((name, {"name": name, "value": text}) for name, text in environment.items())
    if component_of(pod, installation) is not None:
        # The control plane's pods may be older than the roots, which a Job can make later.
        variables[v.IDENTITY_TRUST_ANCHORS.name] = _trust_anchors()
    return list(variables.values())


def _facts(settings: ProxySettings) -> Iterator[Document]:
    for name, path in _FACTS.items():
        yield _field(name, path)
    if settings.tracing is not None:
        for name, path in _TRACED_FACTS.items():
            yield _field(name, path)
        yield {"name": "_pod_containerName", "value": PROXY_CONTAINER}


def _field(name: str, path: str) -> Document:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


def _trust_anchors() -> Document:
    reference = {"name": TRUST_ROOTS, "key": TRUST_ROOTS_KEY}
    return {"name": v.IDENTITY_TRUST_ANCHORS.name, "valueFrom": {"configMapKeyRef": reference}}
