"""`linkerd-proxy`: the sidecar, native or classic."""

from mesh_core.annotations import Switch
from mesh_core.resources import Pod
from mesh_injector.containers.document import Document, given
from mesh_injector.containers.environment_variables import environment_variables
from mesh_injector.containers.names import PROGRAMS, PROXY_CONTAINER
from mesh_injector.containers.resources import resource_requirements
from mesh_injector.containers.security import proxy_security
from mesh_injector.containers.volumes import proxy_mounts
from mesh_injector.images import image_reference
from mesh_injector.installation import Installation
from mesh_injector.proxy_settings import ProbeTimes, ProxySettings

_AWAIT_AT_MOST = "2m"


def proxy_container(pod: Pod, settings: ProxySettings, installation: Installation) -> Document:
    """Give the container; raises IncompleteInstallationError."""
    native = settings.native_sidecar
    waits = settings.await_proxy is Switch.ENABLED
    return given(
        name=PROXY_CONTAINER,
        image=image_reference(settings.image, settings.version or installation.version),
        imagePullPolicy=settings.image_pull_policy.value,
        restartPolicy="Always" if native else None,
        env=environment_variables(pod, settings, installation),
        ports=[
            {"name": "linkerd-proxy", "containerPort": settings.inbound_port},
            {"name": "linkerd-admin", "containerPort": settings.admin_port},
        ],
        livenessProbe=_probe("/live", settings.liveness, settings),
        readinessProbe=_probe("/ready", settings.readiness, settings),
        # What stands behind a native sidecar starts when this has succeeded once.
        startupProbe=_probe("/ready", settings.startup, settings) if native and waits else None,
        lifecycle=None if native else _lifecycle(pod, settings, waits=waits),
        resources=resource_requirements(settings.resources),
        securityContext=proxy_security(settings),
        terminationMessagePolicy="FallbackToLogsOnError",
        volumeMounts=proxy_mounts(pod, settings, installation),
    )


def _probe(path: str, times: ProbeTimes, settings: ProxySettings) -> Document:
    return given(
        httpGet={"path": path, "port": settings.admin_port},
        initialDelaySeconds=times.initial_delay or None,
        timeoutSeconds=times.timeout,
        periodSeconds=times.period,
        failureThreshold=times.failure_threshold,
    )


def _lifecycle(pod: Pod, settings: ProxySettings, *, waits: bool) -> Document:
    """Give the hooks of a classic sidecar, which starts and stops with the application."""
    command = [
        f"{PROGRAMS}/linkerd-await",
        f"--timeout={_AWAIT_AT_MOST}",
        f"--port={settings.admin_port}",
    ]
    # The kubelet cuts a longer sleep there, and the API server refuses it.
    seconds = min(settings.wait_before_exit_seconds, pod.spec.termination_grace_period_seconds)
    return given(
        postStart={"exec": {"command": command}} if waits else None,
        preStop={"sleep": {"seconds": seconds}} if seconds > 0 else None,
    )
