"""Whether this process may program a network namespace, asked before trying."""

import re
from pathlib import Path

from mesh_proxy.errors import MissingCapability

_CAP_NET_ADMIN = 12


def require_net_admin(status: str | None = None) -> None:
    """Raise MissingCapability unless CAP_NET_ADMIN is effective.

    `status` is the text of /proc/self/status, read when not given.
    """
    text = Path("/proc/self/status").read_text() if status is None else status
    match = re.search(r"^CapEff:\s*([0-9a-fA-F]+)$", text, re.MULTILINE)
    # Without the line (no such kernel is known) the kernel's own answer decides.
    if match is not None and not int(match[1], 16) >> _CAP_NET_ADMIN & 1:
        raise MissingCapability(
            "CAP_NET_ADMIN is missing, and the redirect cannot be programmed without it; run as"
            ' root, or give the container securityContext.capabilities.add: ["NET_ADMIN"]'
        )
