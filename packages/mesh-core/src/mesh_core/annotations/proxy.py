"""Annotations that shape a pod's proxy."""

from collections.abc import Iterable

from mesh_core.annotations.annotation import Annotation, Place
from mesh_core.annotations.value_types import (
    BOOLEAN,
    ENVIRONMENT,
    FEW_PORTS,
    IMAGE,
    IMAGE_VERSION,
    LOG_FILTER,
    NAMED_PORTS,
    NETWORKS,
    PORT,
    PORTS,
    PROXY_DURATION,
    QUANTITY,
    TEXT,
    AccessLog,
    ImagePullPolicy,
    InboundPolicy,
    Inject,
    LogFormat,
    LogHeaders,
    Switch,
    choice,
    integer,
    ratio,
)
from mesh_proto.vocabulary import ports

_CONFIG = "config.linkerd.io/"
_MAX_UID = 2**32 - 2
_MAX_SECONDS = 86_400
_ANYWHERE = Place.WORKLOAD | Place.NAMESPACE | Place.SERVICE


def _listed(numbers: Iterable[int]) -> str:
    return ",".join(map(str, numbers))


INJECT = Annotation(
    "linkerd.io/inject",
    choice(Inject),
    "Whether new pods get the sidecar; the pod's own value wins.",
)

PROXY_IMAGE = Annotation(_CONFIG + "proxy-image", IMAGE, "The proxy's image, without its tag.")
PROXY_VERSION = Annotation(
    _CONFIG + "proxy-version", IMAGE_VERSION, "The tag of the proxy's image."
)
IMAGE_PULL_POLICY = Annotation(
    _CONFIG + "image-pull-policy",
    choice(ImagePullPolicy),
    "When the images of the mesh are fetched.",
    default="IfNotPresent",
)
ENABLE_DEBUG_SIDECAR = Annotation(
    _CONFIG + "enable-debug-sidecar",
    BOOLEAN,
    "Adds a container with tools for watching the network.",
    default="false",
)
DEBUG_IMAGE = Annotation(
    _CONFIG + "debug-image", IMAGE, "The debug container's image.", inherited=False
)
DEBUG_IMAGE_VERSION = Annotation(
    _CONFIG + "debug-image-version", IMAGE_VERSION, "The tag of the debug image.", inherited=False
)
DEBUG_IMAGE_PULL_POLICY = Annotation(
    _CONFIG + "debug-image-pull-policy",
    choice(ImagePullPolicy),
    "When the debug image is fetched.",
    default="IfNotPresent",
    inherited=False,
)

INBOUND_PORT = Annotation(
    _CONFIG + "inbound-port",
    PORT,
    "Where the proxy takes incoming connections.",
    default=str(ports.PROXY_INBOUND),
)
OUTBOUND_PORT = Annotation(
    _CONFIG + "outbound-port",
    PORT,
    "Where the proxy takes outgoing connections.",
    default=str(ports.PROXY_OUTBOUND),
)
ADMIN_PORT = Annotation(
    _CONFIG + "admin-port", PORT, "The proxy's probes and metrics.", default=str(ports.PROXY_ADMIN)
)
CONTROL_PORT = Annotation(
    _CONFIG + "control-port", PORT, "The proxy's tap.", default=str(ports.PROXY_CONTROL)
)
SKIP_INBOUND_PORTS = Annotation(
    _CONFIG + "skip-inbound-ports",
    PORTS,
    "Incoming connections to these ports go around the proxy.",
    default=_listed(ports.DEFAULT_SKIP_INBOUND),
)
SKIP_OUTBOUND_PORTS = Annotation(
    _CONFIG + "skip-outbound-ports",
    PORTS,
    "Outgoing connections to these ports go around the proxy.",
    default=_listed(ports.DEFAULT_SKIP_OUTBOUND),
)
SKIP_SUBNETS = Annotation(
    _CONFIG + "skip-subnets",
    NETWORKS,
    "Incoming connections from these networks go around the proxy.",
)
OPAQUE_PORTS = Annotation(
    _CONFIG + "opaque-ports",
    NAMED_PORTS,
    "Connections to these ports are carried without looking for a protocol.",
    places=_ANYWHERE,
    default=_listed(ports.DEFAULT_OPAQUE),
)
POD_INBOUND_PORTS = Annotation(
    _CONFIG + "pod-inbound-ports",
    FEW_PORTS,
    "The ports whose policy the proxy asks for at start; injection writes those of the containers.",
    places=Place.WORKLOAD,
    inherited=False,
)

PROXY_CPU_REQUEST = Annotation(_CONFIG + "proxy-cpu-request", QUANTITY, "CPU reserved.")
PROXY_CPU_LIMIT = Annotation(
    _CONFIG + "proxy-cpu-limit", QUANTITY, "CPU at most; also bounds the proxy's workers."
)
PROXY_CPU_RATIO_LIMIT = Annotation(
    _CONFIG + "proxy-cpu-ratio-limit",
    ratio(1, zero=False),
    "Workers as a share of the node's cores.",
    inherited=False,
)
PROXY_MEMORY_REQUEST = Annotation(_CONFIG + "proxy-memory-request", QUANTITY, "Memory reserved.")
PROXY_MEMORY_LIMIT = Annotation(_CONFIG + "proxy-memory-limit", QUANTITY, "Memory at most.")
PROXY_EPHEMERAL_STORAGE_REQUEST = Annotation(
    _CONFIG + "proxy-ephemeral-storage-request", QUANTITY, "Local disk reserved."
)
PROXY_EPHEMERAL_STORAGE_LIMIT = Annotation(
    _CONFIG + "proxy-ephemeral-storage-limit", QUANTITY, "Local disk at most."
)
PROXY_UID = Annotation(
    _CONFIG + "proxy-uid",
    integer(1, _MAX_UID),
    "The proxy's user, whose connections are not redirected.",
    default=str(ports.PROXY_UID),
)
PROXY_GID = Annotation(
    _CONFIG + "proxy-gid",
    integer(-1, _MAX_UID),
    "The proxy's group, whose connections are not redirected; below 1 means none.",
    default="-1",
)

PROXY_LOG_LEVEL = Annotation(
    _CONFIG + "proxy-log-level",
    LOG_FILTER,
    "What the proxy logs.",
    default="warn,linkerd=info,hickory=error",
)
PROXY_LOG_FORMAT = Annotation(
    _CONFIG + "proxy-log-format", choice(LogFormat), "How the proxy logs.", default="plain"
)
PROXY_LOG_HTTP_HEADERS = Annotation(
    _CONFIG + "proxy-log-http-headers",
    choice(LogHeaders),
    "Whether HTTP headers, which may hold secrets, may be logged.",
    default="off",
)
ACCESS_LOG = Annotation(
    _CONFIG + "access-log", choice(AccessLog), "Logs each incoming request in this format."
)

DEFAULT_INBOUND_POLICY = Annotation(
    _CONFIG + "default-inbound-policy",
    choice(InboundPolicy),
    "What ports without a policy of their own let in.",
    default="all-unauthenticated",
)
PROXY_REQUIRE_IDENTITY_INBOUND_PORTS = Annotation(
    _CONFIG + "proxy-require-identity-inbound-ports",
    PORTS,
    "Ports that let in only peers with an identity of the mesh.",
)
PROXY_INBOUND_CONNECT_TIMEOUT = Annotation(
    _CONFIG + "proxy-inbound-connect-timeout",
    PROXY_DURATION,
    "How long connecting to the application may take.",
    default="100ms",
)
PROXY_OUTBOUND_CONNECT_TIMEOUT = Annotation(
    _CONFIG + "proxy-outbound-connect-timeout",
    PROXY_DURATION,
    "How long connecting to an endpoint may take.",
    default="1000ms",
)
PROXY_INBOUND_DISCOVERY_CACHE_UNUSED_TIMEOUT = Annotation(
    _CONFIG + "proxy-inbound-discovery-cache-unused-timeout",
    PROXY_DURATION,
    "How long an unused port's policy is followed.",
    default="90s",
)
PROXY_OUTBOUND_DISCOVERY_CACHE_UNUSED_TIMEOUT = Annotation(
    _CONFIG + "proxy-outbound-discovery-cache-unused-timeout",
    PROXY_DURATION,
    "How long an unused destination is followed.",
    default="5s",
)
PROXY_DISABLE_INBOUND_PROTOCOL_DETECT_TIMEOUT = Annotation(
    _CONFIG + "proxy-disable-inbound-protocol-detect-timeout",
    BOOLEAN,
    "Wait without limit for the first bytes of an incoming connection.",
    default="false",
)
PROXY_DISABLE_OUTBOUND_PROTOCOL_DETECT_TIMEOUT = Annotation(
    _CONFIG + "proxy-disable-outbound-protocol-detect-timeout",
    BOOLEAN,
    "Wait without limit for the first bytes of an outgoing connection.",
    default="false",
)
PROXY_METRICS_HOSTNAME_LABELS = Annotation(
    _CONFIG + "proxy-metrics-hostname-labels",
    BOOLEAN,
    "Label outbound metrics with host names, of which there may be many.",
    default="false",
)

PROXY_ADMIN_SHUTDOWN = Annotation(
    _CONFIG + "proxy-admin-shutdown",
    choice(Switch),
    "Let the pod's own processes stop the proxy by POST /shutdown.",
    default="disabled",
)
PROXY_AWAIT = Annotation(
    _CONFIG + "proxy-await",
    choice(Switch),
    "Start the application only once the proxy is ready.",
    default="enabled",
)
PROXY_ENABLE_NATIVE_SIDECAR = Annotation(
    _CONFIG + "proxy-enable-native-sidecar",
    BOOLEAN,
    "Run the proxy as an init container that restarts, so that it outlives the application.",
    default="true",
    aliases=(
        "config.beta.linkerd.io/proxy-enable-native-sidecar",
        "config.alpha.linkerd.io/proxy-enable-native-sidecar",
    ),
)
PROXY_WAIT_BEFORE_EXIT_SECONDS = Annotation(
    "config.alpha.linkerd.io/proxy-wait-before-exit-seconds",
    integer(0, _MAX_SECONDS),
    "How long the proxy waits before it stops; not with a native sidecar.",
    default="0",
)
SHUTDOWN_GRACE_PERIOD = Annotation(
    _CONFIG + "shutdown-grace-period",
    PROXY_DURATION,
    "How long requests in flight may take when the proxy stops.",
    default="120s",
)
CLOSE_WAIT_TIMEOUT = Annotation(
    _CONFIG + "close-wait-timeout",
    PROXY_DURATION,
    "Timeout of half-closed connections in the pod's connection tracking; needs a root init.",
    inherited=False,
)
ENABLE_GATEWAY = Annotation(
    _CONFIG + "enable-gateway",
    BOOLEAN,
    "Let the proxy forward for peers of other clusters.",
    default="false",
    inherited=False,
)
ENABLE_EXTERNAL_PROFILES = Annotation(
    _CONFIG + "enable-external-profiles",
    BOOLEAN,
    "Ask for profiles of names outside the cluster too.",
    default="false",
)
PROXY_ADDITIONAL_ENV = Annotation(
    _CONFIG + "proxy-additional-env",
    ENVIRONMENT,
    "More variables for the proxy; the pod's win over the namespace's, name by name.",
)
RESOURCE_ATTRIBUTES = Annotation(
    "resource.opentelemetry.io/",
    TEXT,
    "An attribute of the pod in its traces.",
    places=Place.WORKLOAD,
    inherited=False,
    family=True,
)
