"""Everything that injection adds to a pod's spec, and where it stands."""

from dataclasses import dataclass

from mesh_core.annotations import Switch
from mesh_core.resources import Pod
from mesh_injector.containers.debug_container import debug_container
from mesh_injector.containers.document import Document
from mesh_injector.containers.init_container import init_container
from mesh_injector.containers.network_validator import network_validator
from mesh_injector.containers.proxy_container import proxy_container
from mesh_injector.containers.volumes import volumes
from mesh_injector.installation import Installation
from mesh_injector.proxy_settings import ProxySettings


@dataclass(frozen=True, slots=True)
class Additions:
    """What is added, in order."""

    volumes: tuple[Document, ...]
    init_containers: tuple[Document, ...]
    """Before the pod's own."""
    first_containers: tuple[Document, ...]
    """Before the pod's own."""
    last_containers: tuple[Document, ...]
    """After the pod's own."""


def additions(pod: Pod, settings: ProxySettings, installation: Installation) -> Additions:
    """Put the added containers in their places; raises IncompleteInstallationError.

    A native sidecar is an init container, started before the pod's own. A classic one that the
    application waits for is the first container: the kubelet starts the next one when its hook
    has ended. One that nobody waits for comes last.
    """
    redirect = (
        network_validator(settings, installation)
        if installation.cni
        else init_container(pod, settings, installation)
    )
    proxy = (proxy_container(pod, settings, installation),)
    debug = (debug_container(settings),) if settings.debug else ()
    native, waits = settings.native_sidecar, settings.await_proxy is Switch.ENABLED
    return Additions(
        volumes=volumes(settings, installation),
        init_containers=(redirect, *proxy) if native else (redirect,),
        first_containers=proxy if waits and not native else (),
        last_containers=debug if native or waits else (*proxy, *debug),
    )
