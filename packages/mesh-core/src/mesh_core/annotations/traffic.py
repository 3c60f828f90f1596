"""Annotations of Services and routes that shape the traffic to them."""

from mesh_core.annotations.annotation import Annotation, Place
from mesh_core.annotations.value_types import (
    BOOLEAN,
    DURATION,
    GRPC_CODES,
    HTTP_STATUSES,
    FailureAccrual,
    choice,
    integer,
    ratio,
)

_ON_ROUTES = Place.SERVICE | Place.ROUTE
_ACCRUAL = "balancer.linkerd.io/failure-accrual"
_ALPHA = "balancer.alpha.linkerd.io/"
_MANY = 2**31 - 1

RETRY_HTTP = Annotation(
    "retry.linkerd.io/http",
    HTTP_STATUSES,
    "Answers after which a request is sent again.",
    places=_ON_ROUTES,
    inherited=False,
)
RETRY_GRPC = Annotation(
    "retry.linkerd.io/grpc",
    GRPC_CODES,
    "gRPC statuses after which a request is sent again.",
    places=_ON_ROUTES,
    inherited=False,
)
RETRY_LIMIT = Annotation(
    "retry.linkerd.io/limit",
    integer(0, _MANY),
    "How often one request is sent again; 0 is never.",
    places=_ON_ROUTES,
    default="1",
    inherited=False,
)
RETRY_TIMEOUT = Annotation(
    "retry.linkerd.io/timeout",
    DURATION,
    "How long one try may take before the next.",
    places=_ON_ROUTES,
    inherited=False,
)
TIMEOUT_REQUEST = Annotation(
    "timeout.linkerd.io/request",
    DURATION,
    "How long a request and its answer may take in all; 0 is off.",
    places=_ON_ROUTES,
    inherited=False,
)
TIMEOUT_RESPONSE = Annotation(
    "timeout.linkerd.io/response",
    DURATION,
    "How long an answer of a backend may take; 0 is off.",
    places=_ON_ROUTES,
    inherited=False,
)
TIMEOUT_IDLE = Annotation(
    "timeout.linkerd.io/idle",
    DURATION,
    "How long a stream may be without data; 0 is off.",
    places=_ON_ROUTES,
    inherited=False,
)
FAILURE_ACCRUAL = Annotation(
    _ACCRUAL,
    choice(FailureAccrual),
    "How endpoints that fail are taken out; unset is never.",
    places=Place.SERVICE,
    inherited=False,
)
MAX_FAILURES = Annotation(
    _ACCRUAL + "-consecutive-max-failures",
    integer(1, _MANY),
    "Failures in a row that take an endpoint out.",
    places=Place.SERVICE,
    default="7",
    inherited=False,
)
MIN_PENALTY = Annotation(
    _ACCRUAL + "-consecutive-min-penalty",
    DURATION,
    "How long an endpoint is out the first time.",
    places=Place.SERVICE,
    default="1s",
    inherited=False,
)
MAX_PENALTY = Annotation(
    _ACCRUAL + "-consecutive-max-penalty",
    DURATION,
    "How long an endpoint is out at most.",
    places=Place.SERVICE,
    default="1m",
    inherited=False,
)
JITTER_RATIO = Annotation(
    _ACCRUAL + "-consecutive-jitter-ratio",
    ratio(100, zero=True),
    "Randomness added to the time out, as a share of it.",
    places=Place.SERVICE,
    default="0.5",
    inherited=False,
)
SUCCESS_RATE_THRESHOLD = Annotation(
    _ALPHA + "failure-accrual-success-rate-threshold",
    ratio(1, zero=True),
    "The share of successes below which an endpoint is taken out.",
    places=Place.SERVICE,
    default="0.8",
    inherited=False,
)
SUCCESS_RATE_WINDOW = Annotation(
    _ALPHA + "failure-accrual-success-rate-window",
    DURATION,
    "The time over which successes are counted.",
    places=Place.SERVICE,
    default="10s",
    inherited=False,
)
SUCCESS_RATE_MIN_REQUESTS = Annotation(
    _ALPHA + "failure-accrual-success-rate-min-requests",
    integer(1, _MANY),
    "Requests below which the rate says nothing.",
    places=Place.SERVICE,
    default="5",
    inherited=False,
)
HONOR_RETRY_AFTER = Annotation(
    _ALPHA + "failure-accrual-honor-retry-after",
    BOOLEAN,
    "Whether Retry-After of an answer prolongs the time out.",
    places=Place.SERVICE,
    default="false",
    inherited=False,
)
PENALIZE_FAILURES = Annotation(
    _ALPHA + "penalize-failures",
    BOOLEAN,
    "Whether 429 and 5xx answers make an endpoint less attractive.",
    places=Place.SERVICE,
    default="false",
    inherited=False,
)
LOAD_BIASER_PENALTY = Annotation(
    _ALPHA + "load-biaser-penalty",
    DURATION,
    "The latency that a failed answer counts as.",
    places=Place.SERVICE,
    default="5s",
    inherited=False,
)
LOAD_BIASER_MAX_RETRY_AFTER = Annotation(
    _ALPHA + "load-biaser-max-retry-after",
    DURATION,
    "The longest Retry-After that is obeyed.",
    places=Place.SERVICE,
    default="300s",
    inherited=False,
)
