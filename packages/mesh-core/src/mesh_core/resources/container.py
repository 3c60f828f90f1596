"""Containers: command, environment, ports, mounts and limits."""

from collections.abc import Mapping

import msgspec

from mesh_core.resources.part import Part
from mesh_core.resources.port_number import PortNumber
from mesh_core.resources.probe import Lifecycle, Probe


class ObjectFieldSelector(Part, frozen=True):
    """A field of the pod itself, such as `metadata.name` or `status.podIP`."""

    field_path: str
    api_version: str = "v1"


class KeySelector(Part, frozen=True):
    """One key of a ConfigMap or Secret in the pod's namespace."""

    key: str
    name: str = ""
    optional: bool = False


class ResourceFieldSelector(Part, frozen=True):
    """A resource limit or request of a container."""

    resource: str
    container_name: str = ""
    divisor: str | int = ""


class EnvVarSource(Part, frozen=True):
    """Where a variable's value comes from; exactly one is set."""

    field_ref: ObjectFieldSelector | None = None
    resource_field_ref: ResourceFieldSelector | None = None
    config_map_key_ref: KeySelector | None = None
    secret_key_ref: KeySelector | None = None


class EnvVar(Part, frozen=True):
    """An environment variable; `value` may refer to earlier ones as `$(NAME)`."""

    name: str
    value: str = ""
    value_from: EnvVarSource | None = None


class EnvSource(Part, frozen=True):
    """All keys of a ConfigMap or Secret."""

    name: str = ""
    optional: bool = False


class EnvFromSource(Part, frozen=True):
    """Imports every key of one object, with `prefix` put before each."""

    prefix: str = ""
    config_map_ref: EnvSource | None = None
    secret_ref: EnvSource | None = None


class ContainerPort(Part, frozen=True):
    """A port that the container says it listens on."""

    container_port: PortNumber
    name: str = ""
    protocol: str = "TCP"
    host_ip: str = msgspec.field(default="", name="hostIP")
    host_port: int = 0


class VolumeMount(Part, frozen=True):
    """Where a volume of the pod appears in the container."""

    name: str
    mount_path: str
    sub_path: str = ""
    sub_path_expr: str = ""
    read_only: bool = False
    mount_propagation: str = ""


class Capabilities(Part, frozen=True):
    """Linux capabilities added to and dropped from the runtime's default set."""

    add: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()


class SeccompProfile(Part, frozen=True):
    """The seccomp filter; `type` is RuntimeDefault, Unconfined or Localhost."""

    type: str
    localhost_profile: str = ""


class SecurityContext(Part, frozen=True):
    """What the container's processes may do; unset fields inherit from the pod."""

    run_as_user: int | None = None
    run_as_group: int | None = None
    run_as_non_root: bool | None = None
    privileged: bool | None = None
    allow_privilege_escalation: bool | None = None
    read_only_root_filesystem: bool | None = None
    capabilities: Capabilities | None = None
    seccomp_profile: SeccompProfile | None = None


class ResourceRequirements(Part, frozen=True):
    """CPU, memory and others, as Kubernetes quantities (`100m`, `20Mi`)."""

    limits: Mapping[str, str | int | float] = {}
    requests: Mapping[str, str | int | float] = {}


class Container(Part, frozen=True):
    """One container of a pod."""

    name: str
    image: str = ""
    image_pull_policy: str = ""
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    working_dir: str = ""
    env: tuple[EnvVar, ...] = ()
    env_from: tuple[EnvFromSource, ...] = ()
    ports: tuple[ContainerPort, ...] = ()
    resources: ResourceRequirements = ResourceRequirements()
    volume_mounts: tuple[VolumeMount, ...] = ()
    liveness_probe: Probe | None = None
    readiness_probe: Probe | None = None
    startup_probe: Probe | None = None
    lifecycle: Lifecycle | None = None
    security_context: SecurityContext | None = None
    restart_policy: str = ""
    termination_message_path: str = ""
    termination_message_policy: str = ""
    stdin: bool = False
    tty: bool = False
