"""Injection as the webhook does it in a cluster, with `mesh_injector`'s own decisions."""

from collections.abc import Mapping

import msgspec

from mesh_cli.local.admission import Admitted
from mesh_cli.local.errors import LocalError
from mesh_cli.local.node import script
from mesh_cli.local.sidecar import Sidecar
from mesh_core.annotations import AnnotationError
from mesh_core.resources import (
    Container,
    ContainerPort,
    EnvVar,
    HTTPGetAction,
    Namespace,
    Pod,
    Probe,
    SecurityContext,
)
from mesh_injector import (
    REFERENCES,
    Component,
    InjectorError,
    Installation,
    Owner,
    ProxySettings,
    Skip,
    component_of,
    decide,
    pod_metadata,
    proxy_environment,
    proxy_settings,
    redirect_plan,
)
from mesh_injector.containers.names import PROXY_CONTAINER

_AFTER: Mapping[Component | None, tuple[str, ...]] = {
    Component.IDENTITY: (),
    Component.DESTINATION: (Component.IDENTITY.value,),
    Component.PROXY_INJECTOR: (Component.IDENTITY.value, Component.DESTINATION.value),
    None: (Component.IDENTITY.value, Component.DESTINATION.value),
}


class InjectionError(LocalError):
    """A pod asks for a sidecar that cannot be."""


class Injection:
    """Gives pods their sidecars."""

    def __init__(self, installation: Installation) -> None:
        """Every pod is injected for this installation."""
        self._installation = installation

    def admit(self, pod: Pod, namespace: Namespace, owner: str) -> Admitted:
        """Decide and complete the pod; raises InjectionError for settings that cannot be."""
        known = Owner("Deployment", owner) if owner else None
        decision = decide(pod, namespace, self._installation, known)
        if isinstance(decision, Skip):
            return Admitted(pod, note=decision.message)
        try:
            settings = proxy_settings(pod, namespace, self._installation, ingress=decision.ingress)
            added = pod_metadata(pod, namespace, self._installation, known)
        except (AnnotationError, InjectorError) as problem:
            raise InjectionError(str(problem)) from problem
        metadata = msgspec.structs.replace(
            pod.metadata,
            labels={**pod.metadata.labels, **added.labels},
            annotations={**pod.metadata.annotations, **added.annotations},
        )
        labelled = msgspec.structs.replace(pod, metadata=metadata)
        return self._with_proxy(labelled, settings)

    def _with_proxy(self, pod: Pod, settings: ProxySettings) -> Admitted:
        installation = self._installation

        def environment(running: Pod) -> Mapping[str, str]:
            return proxy_environment(_without_proxy(running), settings, installation)

        redirect = redirect_plan(pod, settings, installation).arguments()
        references = proxy_environment(pod, settings, installation, REFERENCES)
        proxy = proxy_container(settings, references)
        spec = msgspec.structs.replace(pod.spec, init_containers=(proxy, *pod.spec.init_containers))
        # Before its application runs, a control-plane proxy has nobody to be certified by.
        component = component_of(pod, installation)
        sidecar = Sidecar(
            *(proxy, redirect, settings.admin_port, environment),
            after=_AFTER[component],
            waits_for_application=component is not None,
        )
        return Admitted(msgspec.structs.replace(pod, spec=spec), sidecar)


def _without_proxy(pod: Pod) -> Pod:
    """The pod as its author wrote it: the proxy's own ports are not the application's."""
    own = tuple(item for item in pod.spec.init_containers if item.name != PROXY_CONTAINER)
    return msgspec.structs.replace(pod, spec=msgspec.structs.replace(pod.spec, init_containers=own))


def proxy_container(settings: ProxySettings, environment: Mapping[str, str]) -> Container:
    """The proxy as a native sidecar container."""

    def probe(path: str, period: int) -> Probe:
        return Probe(
            http_get=HTTPGetAction(port=settings.admin_port, path=path), period_seconds=period
        )

    return Container(
        name=PROXY_CONTAINER,
        image=settings.image,
        command=(*script("mesh-proxy"), "run"),
        working_dir="/",
        env=tuple(EnvVar(name=name, value=value) for name, value in environment.items()),
        ports=(
            ContainerPort(container_port=settings.inbound_port, name="linkerd-proxy"),
            ContainerPort(container_port=settings.admin_port, name="linkerd-admin"),
        ),
        liveness_probe=probe("/live", 10),
        readiness_probe=probe("/ready", 10),
        security_context=SecurityContext(
            run_as_user=settings.uid,
            run_as_group=settings.gid if settings.gid > 0 else settings.uid,
            run_as_non_root=True,
            allow_privilege_escalation=False,
        ),
        restart_policy="Always",
    )
