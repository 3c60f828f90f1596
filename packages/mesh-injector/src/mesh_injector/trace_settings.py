"""The variables that make a proxy send spans."""

from collections.abc import Iterator
from urllib.parse import quote

from mesh_injector.installation import Installation
from mesh_injector.proxy_settings import Tracing
from mesh_proto.vocabulary import environment as v

POD_INFORMATION_DIRECTORY = "/var/run/linkerd/podinfo"
LABELS_FILE = "labels"

_PLAIN = "!#&'()*+-./:<>?@[]^_`{|}~"
"""What W3C baggage allows unescaped, without `$`, which would begin a reference."""


def trace_settings(
    tracing: Tracing | None, installation: Installation
) -> Iterator[tuple[v.Variable, str]]:
    """Give the variables of a proxy that traces; none without a collector."""
    if tracing is None:
        return
    yield v.TRACE_COLLECTOR_SVC_ADDR, tracing.collector
    if tracing.collector_service_account:
        # Written out, and not an Identity: it was judged when the settings were read.
        yield (
            v.TRACE_COLLECTOR_SVC_NAME,
            f"{tracing.collector_service_account}.{tracing.collector_namespace}"
            f".serviceaccount.identity.{installation.control_plane_namespace}"
            f".{installation.effective_trust_domain}",
        )
    yield v.TRACE_SERVICE_NAME, tracing.service_name
    yield v.TRACE_ATTRIBUTES_PATH, f"{POD_INFORMATION_DIRECTORY}/{LABELS_FILE}"
    if tracing.labels:
        yield v.TRACE_EXTRA_ATTRIBUTES, "\n".join(f"{key}={text}" for key, text in tracing.labels)
    if tracing.resource_attributes:
        attributes = (
            f"{quote(k, _PLAIN)}={quote(t, _PLAIN)}" for k, t in tracing.resource_attributes
        )
        yield v.OTEL_RESOURCE_ATTRIBUTES, ",".join(attributes)
