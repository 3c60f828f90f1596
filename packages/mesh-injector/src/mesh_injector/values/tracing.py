"""The values `proxy.tracing.*`."""

from mesh_core.annotations.value_types import BOOLEAN, TEXT
from mesh_injector.proxy_settings import Tracing
from mesh_injector.values.kinds import ACCOUNT, ENDPOINT, NAMESPACE
from mesh_injector.values.tree import Values, ValuesError

_PATH = "proxy.tracing"
_SERVICE_NAME = "linkerd-proxy"


def tracing(values: Values) -> Tracing | None:
    """Read where spans go, None when tracing is off; raises ValuesError."""
    if not values.read(f"{_PATH}.enabled", BOOLEAN):
        return None
    collector = values.read(f"{_PATH}.collector.endpoint", ENDPOINT)
    if collector is None:
        raise ValuesError(
            f"{_PATH}.collector.endpoint", "is needed with tracing: HOST:PORT of an OTLP collector"
        )
    identity = f"{_PATH}.collector.meshIdentity"
    account = values.read(f"{identity}.serviceAccountName", ACCOUNT)
    namespace = values.read(f"{identity}.namespace", NAMESPACE)
    if bool(account) != bool(namespace):
        raise ValuesError(identity, "serviceAccountName and namespace belong together")
    labels = values.mapping(f"{_PATH}.labels")
    return Tracing(
        collector=collector,
        collector_service_account=account or "",
        collector_namespace=namespace or "",
        service_name=values.read(f"{_PATH}.traceServiceName", TEXT) or _SERVICE_NAME,
        labels=tuple((name, str(text)) for name, text in labels.items()),
    )
