"""Kubernetes quantities, as far as they decide something here."""

import re
from decimal import Decimal

from mesh_core.errors import CoreError

_QUANTITY = re.compile(
    r"\+?(?P<number>[0-9]{1,18}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})"
    r"(?P<suffix>[eE][-+]?[0-9]{1,2}|[numkMGTPE]|[KMGTPE]i)?"
)
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = ("Ki", "Mi", "Gi", "Ti", "Pi", "Ei")


class InvalidQuantityError(CoreError):
    """A text is not a quantity."""


def parse_quantity(text: str) -> Decimal:
    """Read a quantity such as `100m`, `1.5`, `2e3` or `20Mi`."""
    match = _QUANTITY.fullmatch(text)
    if match is None:
        msg = f"{text[:40]!r} is not a quantity such as 100m or 20Mi"
        raise InvalidQuantityError(msg)
    number, suffix = Decimal(match["number"]), match["suffix"] or ""
    if suffix in _BINARY:
        return number * Decimal(1024 ** (_BINARY.index(suffix) + 1))
    exponent = _DECIMAL[suffix] if suffix in _DECIMAL else int(suffix[1:])
    return number.scaleb(exponent)
