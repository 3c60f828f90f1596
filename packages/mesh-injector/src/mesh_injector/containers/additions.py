"""Everything that injection adds to a pod's spec, and where it stands."""

from dataclasses import dataclass
from typing import TypeAlias

from mesh_core.annotations import Switch
from mesh_core.ports import PortSet
from mesh_core.resources import Pod
from mesh_injector.containers.debug_container import debug_container
from mesh_injector.containers.document import Document
from mesh_injector.containers.init_container import init_container
from mesh_injector.containers.network_validator import network_validator
from mesh_injector.containers.proxy_container import proxy_container
from mesh_injector.containers.volumes import default_token_mount, volumes
from mesh_injector.control_plane import Component, component_of
from mesh_injector.installation import Installation
from mesh_injector.proxy_settings import ProxySettings

_REMEMBERED = 1024
_Shape: TypeAlias = tuple[Component | None, PortSet, int, str | None]


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
    has ended. One that nobody waits for comes last. What is returned is shared: do not change it.
    """
    if settings is not installation.proxy:
        return _made(pod, settings, installation)
    made, shape = _MEMORY.of(installation), _shape(pod, installation)
    found = made.get(shape)
    if found is None:
        if len(made) >= _REMEMBERED:
            made.clear()
        found = made[shape] = _made(pod, settings, installation)
    return found


def _made(pod: Pod, settings: ProxySettings, installation: Installation) -> Additions:
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


def _shape(pod: Pod, installation: Installation) -> _Shape:
    """Name all that additions take from a pod beside its settings."""
    return (
        component_of(pod, installation),
        pod.spec.tcp_ports(),
        pod.spec.termination_grace_period_seconds,
        None if installation.token_projection else default_token_mount(pod),
    )


class _Memory:
    """What pods with the installation's own settings got, which are most pods.

    Of the newest installation alone: the injector has one at a time.
    """

    def __init__(self) -> None:
        self._newest: tuple[Installation, dict[_Shape, Additions]] | None = None

    def of(self, installation: Installation) -> dict[_Shape, Additions]:
        newest = self._newest
        if newest is None or newest[0] is not installation:
            newest = self._newest = (installation, {})
        return newest[1]


_MEMORY = _Memory()
