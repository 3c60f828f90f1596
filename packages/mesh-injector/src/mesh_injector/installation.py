"""What holds for all pods of one installation of the mesh."""

from dataclasses import dataclass
from functools import lru_cache

from mesh_core.names import DEFAULT_CLUSTER_DOMAIN, DEFAULT_CONTROL_PLANE_NAMESPACE, Identity
from mesh_core.networks import CLUSTER_NETWORKS, Network
from mesh_core.ports import PortSet
from mesh_injector.init_settings import InitSettings, NetworkValidatorSettings
from mesh_injector.proxy_settings import ProxySettings
from mesh_injector.review_scope import ReviewScope
from mesh_proto.vocabulary import ports

TOKEN_AUDIENCE = "identity.l5d.io"  # noqa: S105 - not a secret
"""Whom projected tokens are for: the identity service and nobody else."""
TOKEN_LIFETIME = 86_400
"""Seconds; the kubelet renews them at 80 %."""
DEFAULT_TOKEN_DIRECTORY = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - a path

_API_PORTS = PortSet.of(ports.KUBERNETES_API)
_PROXY = ProxySettings()
_INIT = InitSettings()
_VALIDATOR = NetworkValidatorSettings()
_SCOPE = ReviewScope()


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The settings of the installation that reach the proxies."""

    control_plane_namespace: str = DEFAULT_CONTROL_PLANE_NAMESPACE
    cluster_domain: str = DEFAULT_CLUSTER_DOMAIN
    trust_domain: str = ""
    """Empty means the cluster domain."""
    trust_anchors: str = ""
    """PEM certificates of the roots; without them the proxies refuse to start."""
    cluster_networks: tuple[Network, ...] = CLUSTER_NETWORKS
    ipv6: bool = False
    token_projection: bool = True
    identity_directory: str = "/var/run/linkerd/identity/end-entity"
    token_file: str = ""
    """Empty means where the token is mounted with or without projection."""
    kubernetes_api_ports: PortSet = _API_PORTS
    version: str = ""
    """The tag of images whose own version is empty."""
    proxy: ProxySettings = _PROXY
    cni: bool = False
    """A CNI plugin makes the redirect, so pods need no capability for it."""
    init: InitSettings = _INIT
    network_validator: NetworkValidatorSettings = _VALIDATOR
    review_scope: ReviewScope = _SCOPE

    @property
    def effective_trust_domain(self) -> str:
        """The trust domain, which is the cluster domain unless set."""
        return self.trust_domain or self.cluster_domain

    @property
    def effective_token_file(self) -> str:
        """Where a proxy finds its token."""
        if self.token_file:
            return self.token_file
        if self.token_projection:
            return "/var/run/secrets/tokens/linkerd-identity-token"
        return f"{DEFAULT_TOKEN_DIRECTORY}/token"

    def control_plane_identity(self, service_account: str) -> Identity:
        """Name the identity of a part of the control plane."""
        namespace = self.control_plane_namespace
        return identity_of(service_account, namespace, namespace, self.effective_trust_domain)


@lru_cache(maxsize=4096)
def identity_of(account: str, namespace: str, control_plane: str, trust_domain: str) -> Identity:
    """Name an identity; few are named often. Raises InvalidNameError."""
    return Identity(account, namespace, control_plane, trust_domain)
