"""Probes and lifecycle hooks of a container."""

from mesh_core.resources.part import Part
from mesh_core.resources.port_number import PortNumber


class HTTPHeader(Part, frozen=True):
    """A header that a probe sends."""

    name: str
    value: str = ""


class HTTPGetAction(Part, frozen=True):
    """Succeeds on a status of 200 to 399. An empty host means the pod's own address."""

    port: PortNumber | str
    path: str = "/"
    host: str = ""
    scheme: str = "HTTP"
    http_headers: tuple[HTTPHeader, ...] = ()


class TCPSocketAction(Part, frozen=True):
    """Succeeds when the connection opens."""

    port: PortNumber | str
    host: str = ""


class ExecAction(Part, frozen=True):
    """Succeeds when the command, run inside the container, exits with 0."""

    command: tuple[str, ...] = ()


class GRPCAction(Part, frozen=True):
    """Succeeds when grpc.health.v1 says SERVING for `service`."""

    port: PortNumber
    service: str = ""


class SleepAction(Part, frozen=True):
    """Waits; only for lifecycle hooks."""

    seconds: int


class Probe(Part, frozen=True):
    """A periodic check of a container; all times are seconds."""

    http_get: HTTPGetAction | None = None
    tcp_socket: TCPSocketAction | None = None
    exec: ExecAction | None = None
    grpc: GRPCAction | None = None
    initial_delay_seconds: int = 0
    timeout_seconds: int = 1
    period_seconds: int = 10
    success_threshold: int = 1
    failure_threshold: int = 3
    termination_grace_period_seconds: int | None = None


class LifecycleHandler(Part, frozen=True):
    """What to do at a turn of a container's life."""

    exec: ExecAction | None = None
    http_get: HTTPGetAction | None = None
    tcp_socket: TCPSocketAction | None = None
    sleep: SleepAction | None = None


class Lifecycle(Part, frozen=True):
    """Hooks after the start and before the stop of a container."""

    post_start: LifecycleHandler | None = None
    pre_stop: LifecycleHandler | None = None
    stop_signal: str = ""
