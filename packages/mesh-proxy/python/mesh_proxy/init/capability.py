"""Whether this process may program a network namespace, asked before trying."""

import re

from mesh_proxy.errors import MissingCapability

_CAP_NET_ADMIN = 12


def require_net_admin(status: str | None = None) -> None:
    """Raise MissingCapability unless CAP_NET_ADMIN is effective.

    `status` is the text of /proc/self/status, read when not given.
    """
    if status is None:
        with open("/proc/self/status") as lines:  # noqa: PTH123 - pathlib is slow to load
            status = lines.read()
    # Without the line (no such kernel is known) the kernel's own answer decides.
    if _has(status, "CapEff", absent=True):
        return
    if _has(status, "CapBnd", absent=False):
        # Kubernetes gives a user other than root no ambient capabilities: they come with
        # the file, and with the first one that is executed or not at all.
        raise MissingCapability(
            "CAP_NET_ADMIN is allowed in this container but this program does not carry it; run"
            " /usr/lib/linkerd/linkerd2-proxy-init itself, not through a shell or a wrapper, or"
            " give the container securityContext.runAsUser: 0"
        )
    raise MissingCapability(
        "CAP_NET_ADMIN is missing, and the redirect cannot be programmed without it; run as"
        ' root, or give the container securityContext.capabilities.add: ["NET_ADMIN"]'
    )


def _has(status: str, which: str, *, absent: bool) -> bool:
    match = re.search(rf"^{which}:\s*([0-9a-fA-F]+)$", status, re.MULTILINE)
    return absent if match is None else bool(int(match[1], 16) >> _CAP_NET_ADMIN & 1)
