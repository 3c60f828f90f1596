"""The settings of the control plane that is installed."""

from dataclasses import dataclass

from mesh_cli.check import expected
from mesh_cli.check.cluster_view import ClusterView
from mesh_cli.check.errors import UnusableConfiguration
from mesh_core.annotations.value_types import TEXT
from mesh_core.errors import CoreError
from mesh_core.resources import ConfigMap
from mesh_injector import InjectorError, Installation
from mesh_injector.containers.names import TRUST_ROOTS, TRUST_ROOTS_KEY
from mesh_injector.images import image_reference, image_version
from mesh_injector.values import installation
from mesh_injector.values.tree import Values

DEFAULT_SCHEME = "linkerd.io/tls"


@dataclass(frozen=True, slots=True)
class Installed:
    """What ConfigMap linkerd-config says."""

    installation: Installation
    version: str
    issuer_scheme: str

    @property
    def proxy_version(self) -> str:
        """The version that new proxies get, unless their pods ask for another one."""
        proxy = self.installation.proxy
        return image_version(
            image_reference(proxy.image, proxy.version or self.installation.version)
        )


def read_installed(config: ConfigMap, trust_anchors: str = "") -> Installed:
    """Read the ConfigMap; raises UnusableConfiguration."""
    where = f"key {expected.CONFIG_KEY} of ConfigMap {config.key}"
    text = config.data.get(expected.CONFIG_KEY)
    if text is None:
        raise UnusableConfiguration(f"there is no {where}; {expected.UPGRADE}")
    try:
        values = Values.parse(text)
        return Installed(
            installation(text, trust_anchors, control_plane_namespace=config.namespace),
            values.read("linkerdVersion", TEXT) or "",
            values.read("identity.issuer.scheme", TEXT) or DEFAULT_SCHEME,
        )
    except (CoreError, InjectorError) as error:
        raise UnusableConfiguration(f"{where} cannot be used: {error}") from error


async def installed(view: ClusterView) -> Installed:
    """Read what is installed, with the trust anchors that count now."""
    control_plane = view.settings.control_plane
    config = await view.find(ConfigMap, control_plane, expected.CONFIG)
    if config is None:
        raise UnusableConfiguration(f"there is no ConfigMap {control_plane}/{expected.CONFIG}")
    roots = await view.find(ConfigMap, control_plane, TRUST_ROOTS)
    return read_installed(config, roots.data.get(TRUST_ROOTS_KEY, "") if roots else "")
