"""Security contexts: nobody gets more than the work takes."""

from mesh_injector.containers.document import Document
from mesh_injector.init_settings import InitSettings
from mesh_injector.proxy_settings import ProxySettings

_SECCOMP = {"type": "RuntimeDefault"}


def unprivileged(user: int, group: int) -> Document:
    """Nothing but a user: what the proxy and the validator need."""
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "runAsGroup": group,
        "runAsNonRoot": True,
        "runAsUser": user,
        "seccompProfile": _SECCOMP,
    }


def proxy_security(settings: ProxySettings) -> Document:
    """The proxy's, with the installation's own fields laid over it."""
    group = settings.gid if settings.gid > 0 else settings.uid
    return {**unprivileged(settings.uid, group), **(settings.security_context or {})}


def init_security(
    init: InitSettings, *, writes_kernel_settings: bool, runs_iptables: bool = False
) -> Document:
    """The context of the container that programs the redirect.

    Kernel settings lie on a file system that only privileged containers may write. An iptables
    whose file carries NET_RAW, as Linkerd's does, is not even started without it (EPERM).
    """
    privileged = init.privileged or writes_kernel_settings
    return {
        "allowPrivilegeEscalation": privileged,
        "capabilities": {
            "add": ["NET_ADMIN", "NET_RAW"] if runs_iptables else ["NET_ADMIN"],
            "drop": ["ALL"],
        },
        "privileged": privileged,
        "readOnlyRootFilesystem": True,
        "runAsGroup": 0 if init.root else init.run_as_group,
        "runAsNonRoot": not init.root,
        "runAsUser": 0 if init.root else init.run_as_user,
        "seccompProfile": _SECCOMP,
    }
