"""How the values of annotations are read."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Generic, TypeVar

import msgspec

from mesh_core.durations import parse_duration
from mesh_core.networks import parse_networks
from mesh_core.ports import PortSet, parse_port
from mesh_core.quantity import parse_quantity

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

MAX_PROXY_DURATION = timedelta(days=3650)
"""The longest that the proxy takes for a timeout."""
MAX_WATCHED_PORTS = 1000
"""The proxy opens a stream to the control plane for each of these ports."""

_LOG_DIRECTIVE = re.compile(r"([A-Za-z0-9_:.-]+=)?(off|error|warn|info|debug|trace)", re.IGNORECASE)
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]*")
_IMAGE_VERSION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|sha256:[0-9a-f]{64}")
_ENV_NAME = re.compile(r"[-._A-Za-z][-._A-Za-z0-9]*")
_GRPC_CODES = frozenset(
    {"cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable"}
)
_DIGITS = re.compile(r"[0-9]{1,18}")
_STATUS = re.compile(r"[1-5]xx|gateway-error|[1-5][0-9]{2}(-[1-5][0-9]{2})?")


@dataclass(frozen=True, slots=True)
class ValueType(Generic[T]):
    """A kind of value: its name, the words that say what is allowed, and how it is read."""

    name: str
    allowed: str
    parse: Callable[[str], T]
    """Raises ValueError or CoreError for what is not allowed."""


class Inject(StrEnum):
    """Whether pods get the sidecar; `ingress` is a sidecar that routes by its own headers."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    INGRESS = "ingress"


class Switch(StrEnum):
    """On or off, for annotations that say it in these words."""

    ENABLED = "enabled"
    DISABLED = "disabled"


class InboundPolicy(StrEnum):
    """What a port without a policy of its own lets in."""

    ALL_UNAUTHENTICATED = "all-unauthenticated"
    ALL_AUTHENTICATED = "all-authenticated"
    CLUSTER_AUTHENTICATED = "cluster-authenticated"
    CLUSTER_UNAUTHENTICATED = "cluster-unauthenticated"
    DENY = "deny"
    AUDIT = "audit"


class LogFormat(StrEnum):
    """Lines for people, or one JSON object a line."""

    PLAIN = "plain"
    JSON = "json"


class LogHeaders(StrEnum):
    """Whether HTTP headers may appear in the proxy's log."""

    OFF = "off"
    INSECURE = "insecure"


class AccessLog(StrEnum):
    """The format of the access log; unset means none."""

    APACHE = "apache"
    JSON = "json"


class ImagePullPolicy(StrEnum):
    """When a node fetches an image."""

    ALWAYS = "Always"
    IF_NOT_PRESENT = "IfNotPresent"
    NEVER = "Never"


class FailureAccrual(StrEnum):
    """How the balancer takes failing endpoints out."""

    CONSECUTIVE = "consecutive"
    UNIFIED = "unified"


class EnvironmentEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One variable of `proxy-additional-env`."""

    name: str
    value: str = ""


def choice(options: type[E]) -> ValueType[E]:
    """Accept exactly the words of an enumeration."""
    return ValueType("choice", " or ".join(option.value for option in options), options)


def integer(first: int, last: int) -> ValueType[int]:
    """Accept a decimal number within bounds, both included."""

    def parse(text: str) -> int:
        number = int(text) if _DIGITS.fullmatch(text.removeprefix("-")) else None
        if number is None or not first <= number <= last:
            raise ValueError
        return number

    return ValueType("integer", f"a number from {first} to {last}", parse)


def ratio(limit: float, *, zero: bool) -> ValueType[float]:
    """Accept a decimal number up to `limit`; without `zero` it must be positive."""

    def parse(text: str) -> float:
        number = float(text) if re.fullmatch(r"[0-9]*\.?[0-9]+", text) else -1.0
        if not 0 <= number <= limit or (number == 0 and not zero):
            raise ValueError
        return number

    low = "0 to" if zero else "above 0 and at most"
    return ValueType("ratio", f"a decimal number, {low} {limit:g}", parse)


def _boolean(text: str) -> bool:
    # The spellings of Go's strconv.ParseBool, which existing manifests were written for.
    if text in {"1", "t", "T", "true", "TRUE", "True"}:
        return True
    if text in {"0", "f", "F", "false", "FALSE", "False"}:
        return False
    raise ValueError


def _matching(pattern: re.Pattern[str], limit: int) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if len(text) > limit or not pattern.fullmatch(text):
            raise ValueError
        return text

    return parse


def _quantity(text: str) -> str:
    """Check a quantity; it is handed on as it was written."""
    parse_quantity(text)
    return text


def _log_filter(text: str) -> str:
    for directive in text.split(","):
        if not _LOG_DIRECTIVE.fullmatch(directive.strip()):
            raise ValueError
    return text


def _proxy_duration(text: str) -> timedelta:
    duration = parse_duration(text)
    if duration > MAX_PROXY_DURATION:
        raise ValueError
    return duration


def _few_ports(text: str) -> PortSet:
    found = PortSet.parse(text)
    if len(found) > MAX_WATCHED_PORTS:
        raise ValueError
    return found


def _environment(text: str) -> tuple[EnvironmentEntry, ...]:
    entries = msgspec.json.decode(text, type=tuple[EnvironmentEntry, ...])
    for entry in entries:
        if not _ENV_NAME.fullmatch(entry.name) or "\0" in entry.value:
            msg = f"{entry.name!r} cannot be the name of a variable, or its value holds a NUL"
            raise ValueError(msg)
    return entries


def _words(accept: Callable[[str], bool]) -> Callable[[str], tuple[str, ...]]:
    def parse(text: str) -> tuple[str, ...]:
        words = tuple(word.strip() for word in text.split(","))
        if not all(map(accept, words)):
            raise ValueError
        return words

    return parse


BOOLEAN = ValueType("boolean", "true or false", _boolean)
DURATION: ValueType[timedelta] = ValueType(
    "duration", "a length of time such as 100ms, 10s or 5m", parse_duration
)
PROXY_DURATION: ValueType[timedelta] = ValueType(
    "duration",
    "a length of time such as 100ms, 10s or 5m, at most ten years",
    _proxy_duration,
)
PORT = ValueType("port", "a port from 1 to 65535", parse_port)
PORTS = ValueType("ports", "ports and ranges such as 25,4567-4568", PortSet.parse)
FEW_PORTS = ValueType(
    "ports",
    f"ports and ranges such as 25,4567-4568, at most {MAX_WATCHED_PORTS} ports",
    _few_ports,
)
NAMED_PORTS = ValueType(
    "ports or names",
    "ports, ranges and port names such as 25,4567-4568,mysql",
    lambda text: PortSet.parse(text, names=True),
)
NETWORKS = ValueType("networks", "networks such as 10.0.0.0/8,fd00::/8", parse_networks)
QUANTITY = ValueType("quantity", "a Kubernetes quantity such as 100m or 20Mi", _quantity)
IMAGE = ValueType("image", "a container image's name", _matching(_IMAGE, 512))
IMAGE_VERSION = ValueType(
    "image version", "an image's tag, or sha256:DIGEST", _matching(_IMAGE_VERSION, 128)
)
LOG_FILTER = ValueType("log filter", "LEVEL or TARGET=LEVEL with commas between", _log_filter)
ENVIRONMENT = ValueType(
    "variables", 'a JSON list such as [{"name": "A", "value": "b"}]', _environment
)
TEXT: ValueType[str] = ValueType("text", "any text", str)
HTTP_STATUSES = ValueType(
    "HTTP statuses",
    "statuses, ranges, 5xx and gateway-error with commas between",
    _words(lambda word: _STATUS.fullmatch(word) is not None),
)
GRPC_CODES = ValueType(
    "gRPC codes",
    f"{', '.join(sorted(_GRPC_CODES))} with commas between",
    _words(_GRPC_CODES.__contains__),
)
