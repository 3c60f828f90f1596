"""Kinds of values that no annotation has."""

from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_address

from mesh_core.annotations import Switch, ValueType
from mesh_core.annotations.value_types import BOOLEAN, integer
from mesh_core.errors import CoreError
from mesh_core.kubernetes_names import is_dns_name, is_label, is_subdomain
from mesh_core.ports import parse_port

_MAX_SECONDS = 86_400
_MAX_USER = 2**32 - 2


def accepted(allowed: str, valid: Callable[[str], bool]) -> ValueType[str]:
    """Make a kind of text that a function judges."""

    def parse(text: str) -> str:
        if not valid(text):
            raise ValueError
        return text

    return ValueType("text", allowed, parse)


def one_of(*words: str) -> ValueType[str]:
    """Make a kind of text that is one of some words."""
    return accepted(" or ".join(words), frozenset(words).__contains__)


def _is_endpoint(text: str) -> bool:
    host, _, port = text.rpartition(":")
    try:
        parse_port(port)
    except CoreError:
        return False
    return bool(host) and not any(character.isspace() or character in "/$" for character in host)


def _is_socket(text: str) -> bool:
    host, _, port = text.rpartition(":")
    try:
        address = ip_address(host.removeprefix("[").removesuffix("]"))
        parse_port(port)
    except (CoreError, ValueError):
        return False
    return host.startswith("[") == (address.version == 6)


def _is_absolute(text: str) -> bool:
    return text.startswith("/") and ".." not in text.split("/") and ":" not in text


SECONDS = integer(0, _MAX_SECONDS)
WORKERS = integer(0, 4096)
USER = integer(0, _MAX_USER)
SWITCH: ValueType[Switch] = ValueType(
    "boolean",
    BOOLEAN.allowed,
    lambda text: Switch.ENABLED if BOOLEAN.parse(text) else Switch.DISABLED,
)
SPAN: ValueType[timedelta] = ValueType(
    "seconds", SECONDS.allowed, lambda text: timedelta(seconds=SECONDS.parse(text))
)
DNS_NAME = accepted("a DNS name such as cluster.local", is_dns_name)
ACCOUNT = accepted("the name of a ServiceAccount", is_subdomain)
NAMESPACE = accepted("the name of a Namespace", is_label)
ENDPOINT = accepted("HOST:PORT", _is_endpoint)
SOCKET = accepted("ADDRESS:PORT, such as 1.1.1.1:20001 or [fd00::1]:20001", _is_socket)
DIRECTORY = accepted("an absolute path such as /run", _is_absolute)
LOG_LEVEL = one_of("trace", "debug", "info", "warn", "error")
IPTABLES_MODE = one_of("nft", "legacy", "plain")
