"""Controllers that make pods from a template."""

from datetime import datetime
from typing import ClassVar

from mesh_core.resources.metadata import Condition, LabelSelector, ObjectMeta
from mesh_core.resources.part import Part
from mesh_core.resources.pod import PodTemplateSpec
from mesh_core.resources.resource import Resource


class ReplicaSetSpec(Part, frozen=True):
    """How many copies of which pod."""

    selector: LabelSelector = LabelSelector()
    template: PodTemplateSpec = PodTemplateSpec()
    replicas: int = 1
    min_ready_seconds: int = 0


class ReplicaSetStatus(Part, frozen=True):
    """Counts of the pods that exist."""

    replicas: int = 0
    fully_labeled_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    observed_generation: int = 0
    conditions: tuple[Condition, ...] = ()


class ReplicaSet(Resource, frozen=True):
    """Keeps a number of equal pods."""

    api_version: ClassVar[str] = "apps/v1"
    kind: ClassVar[str] = "ReplicaSet"
    plural: ClassVar[str] = "replicasets"

    spec: ReplicaSetSpec = ReplicaSetSpec()
    status: ReplicaSetStatus = ReplicaSetStatus()


class RollingUpdateDeployment(Part, frozen=True):
    """Bounds of a rolling update, as numbers or percentages of the replicas."""

    max_unavailable: int | str = "25%"
    max_surge: int | str = "25%"


class DeploymentStrategy(Part, frozen=True):
    """`type` is RollingUpdate or Recreate."""

    type: str = "RollingUpdate"
    rolling_update: RollingUpdateDeployment | None = None


class DeploymentSpec(Part, frozen=True):
    """How many copies of which pod, and how they are replaced when the template changes."""

    selector: LabelSelector = LabelSelector()
    template: PodTemplateSpec = PodTemplateSpec()
    replicas: int = 1
    strategy: DeploymentStrategy = DeploymentStrategy()
    min_ready_seconds: int = 0
    progress_deadline_seconds: int = 600
    revision_history_limit: int = 10
    paused: bool = False


class DeploymentStatus(Part, frozen=True):
    """Counts of the pods that exist."""

    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    unavailable_replicas: int = 0
    observed_generation: int = 0
    conditions: tuple[Condition, ...] = ()


class Deployment(Resource, frozen=True):
    """Keeps equal pods and rolls them when the template changes."""

    api_version: ClassVar[str] = "apps/v1"
    kind: ClassVar[str] = "Deployment"
    plural: ClassVar[str] = "deployments"

    spec: DeploymentSpec = DeploymentSpec()
    status: DeploymentStatus = DeploymentStatus()


class StatefulSetSpec(Part, frozen=True):
    """Pods with stable names `<set>-<ordinal>` under the headless Service `service_name`."""

    selector: LabelSelector = LabelSelector()
    template: PodTemplateSpec = PodTemplateSpec()
    service_name: str = ""
    replicas: int = 1
    pod_management_policy: str = "OrderedReady"
    min_ready_seconds: int = 0
    revision_history_limit: int = 10


class StatefulSetStatus(Part, frozen=True):
    """Counts of the pods that exist."""

    replicas: int = 0
    ready_replicas: int = 0
    current_replicas: int = 0
    updated_replicas: int = 0
    available_replicas: int = 0
    observed_generation: int = 0


class StatefulSet(Resource, frozen=True):
    """Keeps pods with stable names."""

    api_version: ClassVar[str] = "apps/v1"
    kind: ClassVar[str] = "StatefulSet"
    plural: ClassVar[str] = "statefulsets"

    spec: StatefulSetSpec = StatefulSetSpec()
    status: StatefulSetStatus = StatefulSetStatus()


class DaemonSetSpec(Part, frozen=True):
    """One pod per node."""

    selector: LabelSelector = LabelSelector()
    template: PodTemplateSpec = PodTemplateSpec()
    min_ready_seconds: int = 0
    revision_history_limit: int = 10


class DaemonSet(Resource, frozen=True):
    """Keeps one pod on every node."""

    api_version: ClassVar[str] = "apps/v1"
    kind: ClassVar[str] = "DaemonSet"
    plural: ClassVar[str] = "daemonsets"

    spec: DaemonSetSpec = DaemonSetSpec()


class JobSpec(Part, frozen=True):
    """Pods that run to completion."""

    template: PodTemplateSpec = PodTemplateSpec()
    selector: LabelSelector | None = None
    parallelism: int = 1
    completions: int | None = None
    backoff_limit: int = 6
    active_deadline_seconds: int | None = None
    ttl_seconds_after_finished: int | None = None
    suspend: bool = False


class JobStatus(Part, frozen=True):
    """How the pods of a Job ended."""

    active: int = 0
    succeeded: int = 0
    failed: int = 0
    start_time: datetime | None = None
    completion_time: datetime | None = None
    conditions: tuple[Condition, ...] = ()


class Job(Resource, frozen=True):
    """Runs pods until enough of them have succeeded."""

    api_version: ClassVar[str] = "batch/v1"
    kind: ClassVar[str] = "Job"
    plural: ClassVar[str] = "jobs"

    spec: JobSpec = JobSpec()
    status: JobStatus = JobStatus()


class JobTemplateSpec(Part, frozen=True):
    """The Job that a CronJob makes copies of."""

    metadata: ObjectMeta = ObjectMeta()
    spec: JobSpec = JobSpec()


class CronJobSpec(Part, frozen=True):
    """A Job and when to start it."""

    schedule: str = ""
    job_template: JobTemplateSpec = JobTemplateSpec()
    time_zone: str = ""
    concurrency_policy: str = "Allow"
    suspend: bool = False


class CronJob(Resource, frozen=True):
    """Starts a Job on a schedule."""

    api_version: ClassVar[str] = "batch/v1"
    kind: ClassVar[str] = "CronJob"
    plural: ClassVar[str] = "cronjobs"

    spec: CronJobSpec = CronJobSpec()
