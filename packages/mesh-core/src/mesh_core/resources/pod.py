"""Pods: what to run, and how it goes."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import ClassVar

import msgspec

from mesh_core.ports import PortSet
from mesh_core.resources.container import Container, ContainerPort, SeccompProfile
from mesh_core.resources.metadata import Condition, LocalObjectReference, ObjectMeta
from mesh_core.resources.part import Part
from mesh_core.resources.resource import Resource
from mesh_core.resources.volume import Volume


class PodSecurityContext(Part, frozen=True):
    """Security settings for all containers of a pod."""

    run_as_user: int | None = None
    run_as_group: int | None = None
    run_as_non_root: bool | None = None
    fs_group: int | None = None
    supplemental_groups: tuple[int, ...] = ()
    seccomp_profile: SeccompProfile | None = None


class HostAlias(Part, frozen=True):
    """Extra names for an address in the pod's hosts file."""

    ip: str
    hostnames: tuple[str, ...] = ()


class PodOS(Part, frozen=True):
    """The system that a pod's containers are made for."""

    name: str = ""


class PodSpec(Part, frozen=True):
    """What runs in a pod and how."""

    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()
    volumes: tuple[Volume, ...] = ()
    service_account_name: str = ""
    automount_service_account_token: bool | None = None
    host_network: bool = False
    hostname: str = ""
    subdomain: str = ""
    host_aliases: tuple[HostAlias, ...] = ()
    termination_grace_period_seconds: int = 30
    restart_policy: str = "Always"
    node_name: str = ""
    node_selector: Mapping[str, str] = {}
    os: PodOS | None = None
    security_context: PodSecurityContext | None = None
    image_pull_secrets: tuple[LocalObjectReference, ...] = ()
    enable_service_links: bool = True

    @property
    def service_account(self) -> str:
        """The ServiceAccount that the pod runs as; `default` when it names none."""
        return self.service_account_name or "default"

    def all_containers(self) -> tuple[Container, ...]:
        """Init containers first, in their order, then the others."""
        return self.init_containers + self.containers

    def tcp_ports(self) -> PortSet:
        """All TCP ports that the containers declare."""
        return PortSet.of(port.container_port for port in self._declared_tcp())

    def named_tcp_ports(self) -> dict[str, int]:
        """The named ones of them, by name; the first of a name wins."""
        declared = reversed(list(self._declared_tcp()))
        return {port.name: port.container_port for port in declared if port.name}

    def _declared_tcp(self) -> Iterator[ContainerPort]:
        for container in self.all_containers():
            yield from (port for port in container.ports if port.protocol == "TCP")


class PodTemplateSpec(Part, frozen=True):
    """The pod that a controller makes copies of."""

    metadata: ObjectMeta = ObjectMeta()
    spec: PodSpec = PodSpec()


class ContainerStateWaiting(Part, frozen=True):
    """Not running yet, or not again."""

    reason: str = ""
    message: str = ""


class ContainerStateRunning(Part, frozen=True):
    """Running since `started_at`."""

    started_at: datetime | None = None


class ContainerStateTerminated(Part, frozen=True):
    """Ended, by itself or by a signal."""

    exit_code: int
    signal: int = 0
    reason: str = ""
    message: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None


class ContainerState(Part, frozen=True):
    """Exactly one is set."""

    waiting: ContainerStateWaiting | None = None
    running: ContainerStateRunning | None = None
    terminated: ContainerStateTerminated | None = None


class ContainerStatus(Part, frozen=True):
    """How one container is doing."""

    name: str
    ready: bool = False
    started: bool | None = None
    restart_count: int = 0
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()
    image: str = ""
    image_id: str = msgspec.field(default="", name="imageID")
    container_id: str = msgspec.field(default="", name="containerID")


class Address(Part, frozen=True):
    """An IP address of a pod or of its host."""

    ip: str


class PodStatus(Part, frozen=True):
    """The state of a pod; `phase` is Pending, Running, Succeeded, Failed or Unknown."""

    phase: str = ""
    conditions: tuple[Condition, ...] = ()
    pod_ip: str = msgspec.field(default="", name="podIP")
    pod_ips: tuple[Address, ...] = msgspec.field(default=(), name="podIPs")
    host_ip: str = msgspec.field(default="", name="hostIP")
    host_ips: tuple[Address, ...] = msgspec.field(default=(), name="hostIPs")
    container_statuses: tuple[ContainerStatus, ...] = ()
    init_container_statuses: tuple[ContainerStatus, ...] = ()
    start_time: datetime | None = None
    reason: str = ""
    message: str = ""
    qos_class: str = ""
    observed_generation: int = 0

    @property
    def addresses(self) -> tuple[str, ...]:
        """All addresses of the pod, the primary one first, each once."""
        return tuple(dict.fromkeys(ip for ip in (self.pod_ip, *(a.ip for a in self.pod_ips)) if ip))


class Pod(Resource, frozen=True):
    """A group of containers with addresses of its own."""

    api_version: ClassVar[str] = "v1"
    kind: ClassVar[str] = "Pod"
    plural: ClassVar[str] = "pods"

    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    @property
    def ready(self) -> bool:
        """True when the condition Ready holds."""
        return any(c.holds for c in self.status.conditions if c.type == "Ready")

    @property
    def terminated(self) -> bool:
        """True once all containers have ended for good: the addresses belong to nobody now."""
        return self.status.phase in {"Succeeded", "Failed"}
