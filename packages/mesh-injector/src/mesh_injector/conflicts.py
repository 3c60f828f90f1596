"""Settings that cannot hold together."""

from collections.abc import Set as AbstractSet

from mesh_core import annotations as a
from mesh_core.quantity import parse_quantity
from mesh_core.resources import Pod
from mesh_injector.errors import InjectorError
from mesh_injector.installation import Installation
from mesh_injector.proxy_settings import ProxySettings, Resources

_BOUNDED = (
    ("cpu_request", "cpu_limit", a.PROXY_CPU_REQUEST, a.PROXY_CPU_LIMIT),
    ("memory_request", "memory_limit", a.PROXY_MEMORY_REQUEST, a.PROXY_MEMORY_LIMIT),
    (
        "ephemeral_storage_request",
        "ephemeral_storage_limit",
        a.PROXY_EPHEMERAL_STORAGE_REQUEST,
        a.PROXY_EPHEMERAL_STORAGE_LIMIT,
    ),
)


class ConflictingSettingsError(InjectorError):
    """Two settings of a pod cannot hold together."""


def check_settings(
    settings: ProxySettings, pod: Pod, installation: Installation, explicit: AbstractSet[str]
) -> None:
    """Raise ConflictingSettingsError for the first conflict.

    `explicit` are the fields that annotations set: what the installation's own settings say
    together was judged when they were read.
    """
    _check_ports(settings, pod)
    _check_wait(settings, pod, explicit)
    _check_close_wait(settings, pod, installation, explicit)
    _check_resources(settings.resources, pod)


def _check_ports(settings: ProxySettings, pod: Pod) -> None:
    own = (
        settings.inbound_port,
        settings.outbound_port,
        settings.admin_port,
        settings.control_port,
    )
    if len(set(own)) != len(own):
        msg = f"{pod}: the proxy's inbound, outbound, admin and control ports must differ: {own}"
        raise ConflictingSettingsError(msg)


def _check_wait(settings: ProxySettings, pod: Pod, explicit: AbstractSet[str]) -> None:
    waits = settings.wait_before_exit_seconds and settings.native_sidecar
    if waits and {"native_sidecar", "wait_before_exit_seconds"} & explicit:
        msg = (
            f"{pod}: {a.PROXY_WAIT_BEFORE_EXIT_SECONDS.name} does not work with a native "
            f'sidecar; remove it, or set {a.PROXY_ENABLE_NATIVE_SIDECAR.name}: "false"'
        )
        raise ConflictingSettingsError(msg)


def _check_close_wait(
    settings: ProxySettings, pod: Pod, installation: Installation, explicit: AbstractSet[str]
) -> None:
    if not settings.close_wait_timeout or "close_wait_timeout" not in explicit:
        return
    name = a.CLOSE_WAIT_TIMEOUT.name
    if installation.cni:
        msg = f"{pod}: {name} is set by linkerd-init, which pods do not have in CNI mode; remove it"
        raise ConflictingSettingsError(msg)
    if not installation.init.root:
        # Quietly making a container privileged because a pod asks is not ours to do.
        msg = (
            f"{pod}: {name} needs a linkerd-init that runs as root; remove it, or install "
            "the mesh with proxyInit.runAsRoot: true"
        )
        raise ConflictingSettingsError(msg)


def _check_resources(resources: Resources, pod: Pod) -> None:
    for low, high, request, limit in _BOUNDED:
        asked, most = getattr(resources, low), getattr(resources, high)
        if asked and most and parse_quantity(asked) > parse_quantity(most):
            msg = (
                f"{pod}: the proxy would ask for more than its limit: {request.name} is {asked}, "
                f"{limit.name} is {most}; both come from the pod, its namespace or the installation"
            )
            raise ConflictingSettingsError(msg)
