"""What is known about the proxies of some pods."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from mesh_cli.check.cluster_view import ClusterView
from mesh_cli.check.control_plane import has_proxy
from mesh_cli.check.finding import Finding, errors, warning, warnings
from mesh_cli.demo.exposition import parse
from mesh_core.annotations import PROXY_VERSION
from mesh_core.resources import Pod
from mesh_core.store.errors import StoreError
from mesh_injector.containers.names import PROXY_CONTAINER
from mesh_injector.images import image_version

ADMIN_PORT_NAME = "linkerd-admin"
ADMIN_PORT = 4191
AT_ONCE = 20
"""How many proxies are asked at the same time."""

_EXPIRY = frozenset(
    {
        "control_identity_cert_expiration_timestamp_seconds",
        "identity_cert_expiration_timestamp_seconds",  # Linkerd's own proxy
    }
)


@dataclass(frozen=True, slots=True)
class ProxyState:
    """One proxy, and what it says of itself."""

    pod: Pod
    expires: float | None = None
    """When its certificate expires, in Unix seconds; 0 when it has none, None when unknown."""
    trouble: str = ""
    """Why it could not be asked."""


async def proxy_states(view: ClusterView, pods: Iterable[Pod]) -> list[ProxyState]:
    """Ask all proxies that should be able to answer."""
    places = asyncio.Semaphore(AT_ONCE)

    async def ask(pod: Pod) -> ProxyState:
        if not proxy_ready(pod):
            return ProxyState(pod)
        async with places:
            try:
                page = await view.ask_pod(pod, admin_port(pod), "/metrics")
            except StoreError as problem:
                return ProxyState(pod, trouble=str(problem))
        return ProxyState(pod, expires=read_expiry(page.decode(errors="replace")))

    return list(await asyncio.gather(*(ask(pod) for pod in pods)))


def read_expiry(page: str) -> float:
    """Find when a proxy's certificate expires; 0 when it has none yet."""
    return max((sample.value for sample in parse(page, _EXPIRY)), default=0.0)


def judge_proxies(states: Sequence[ProxyState], now: datetime) -> Finding | None:
    """Say which proxies are not ready, or have no certificate that counts."""
    if not states:
        return None
    broken = [line for state in states if (line := _broken(state, now))]
    if broken:
        return errors(broken)
    unasked = [state for state in states if state.trouble]
    if not unasked:
        return None
    return warning(
        f"{len(unasked)} of {len(states)} proxies are ready, but could not be asked for their "
        f"certificates: {unasked[0].trouble}"
    )


def judge_versions(pods: Sequence[Pod], version: str, *, restart: str) -> Finding | None:
    """Say which proxies are of another version than the installation's, and were not asked to."""
    return warnings(
        [
            f"the proxy of {pod} is version {found}, the control plane's proxies are {version}; "
            f"{restart}"
            for pod in pods
            if (found := proxy_version(pod))
            and found not in {version, PROXY_VERSION.text(pod.metadata.annotations)}
        ]
    )


def judge_cli_versions(pods: Sequence[Pod], cli: str) -> Finding | None:
    """Say that proxies are of another version than this command."""
    found = {version for pod in pods if (version := proxy_version(pod))} - {cli}
    if not found:
        return None
    return warning(
        f"proxies run version {', '.join(sorted(found))}, this command is {cli}; "
        "use the command that belongs to the control plane"
    )


def judge_containers(pods: Sequence[Pod]) -> Finding | None:
    """Say which pods of the control plane are not meshed themselves."""
    if not pods:
        return errors(["the control plane has no pod, and so no proxy; see above"])
    return errors(
        [
            f"{pod} has no proxy; bring it back with `helm upgrade` and restart the pod"
            for pod in pods
            if not has_proxy(pod)
        ]
    )


def proxy_version(pod: Pod) -> str:
    """Give the version of a pod's proxy, empty when its image names none."""
    containers = pod.spec.all_containers()
    image = next((each.image for each in containers if each.name == PROXY_CONTAINER), "")
    return image_version(image)


def admin_port(pod: Pod) -> int:
    """Find the port of the proxy's admin server."""
    return next(
        (
            port.container_port
            for container in pod.spec.all_containers()
            if container.name == PROXY_CONTAINER
            for port in container.ports
            if port.name == ADMIN_PORT_NAME
        ),
        ADMIN_PORT,
    )


def proxy_ready(pod: Pod) -> bool:
    """Say whether the kubelet finds the proxy ready, which it is once it is certified."""
    statuses = (*pod.status.init_container_statuses, *pod.status.container_statuses)
    return any(status.name == PROXY_CONTAINER and status.ready for status in statuses)


def _broken(state: ProxyState, now: datetime) -> str:
    pod = state.pod
    logs = f"see `kubectl -n {pod.namespace} logs {pod.name} -c {PROXY_CONTAINER}`"
    if not proxy_ready(pod):
        return f"the proxy of {pod} is not ready; {logs}"
    if state.expires is None:
        return ""
    if state.expires == 0:
        return f"the proxy of {pod} has no certificate; {logs}, and that of linkerd-identity"
    if state.expires <= now.timestamp():
        return (
            f"the certificate of {pod} expired at "
            f"{datetime.fromtimestamp(state.expires, now.tzinfo):%Y-%m-%dT%H:%M:%SZ} and was not "
            f"renewed; {logs}, and that of linkerd-identity"
        )
    return ""
