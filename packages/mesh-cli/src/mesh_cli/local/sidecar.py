"""What injection adds to a pod: a proxy, a redirect, a place in the start order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mesh_core.resources import Container, Pod


@dataclass(frozen=True, slots=True)
class Sidecar:
    """The proxy of one pod."""

    proxy: Container
    redirect: tuple[str, ...]
    admin_port: int
    # The proxy's whole environment, once the pod has its addresses.
    environment: Callable[[Pod], Mapping[str, str]]
    # Parts of the control plane that have to be ready before this proxy starts for the first time.
    after: tuple[str, ...] = ()
    # A control-plane pod's proxy cannot be ready before the container beside it runs.
    waits_for_application: bool = False
