"""File capabilities as the kernel keeps them in `security.capability` (linux/capability.h)."""

from __future__ import annotations

import struct
from collections.abc import Iterable

# The name that tar gives an extended attribute (star's PAX records, read by container runtimes).
PAX_RECORD = "SCHILY.xattr.security.capability"

_BITS = {"cap_net_admin": 12, "cap_net_raw": 13}
_REVISION_2 = 0x02000000
_EFFECTIVE = 0x000001


def attribute(names: Iterable[str]) -> bytes:
    """The attribute's value for capabilities that are permitted and effective (`+ep`).

    A name that is not known here is a KeyError: it stands in our own source.
    """
    bits = sum(1 << _BITS[name] for name in set(names))
    # Little endian everywhere; the high halves are of capabilities above 31.
    return struct.pack("<5I", _REVISION_2 | _EFFECTIVE, bits, 0, 0, 0)
