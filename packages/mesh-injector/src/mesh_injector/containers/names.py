"""The names of what injection adds."""

PROXY_CONTAINER = "linkerd-proxy"
INIT_CONTAINER = "linkerd-init"
NETWORK_VALIDATOR_CONTAINER = "linkerd-network-validator"
DEBUG_CONTAINER = "linkerd-debug"

LOCK_VOLUME = "linkerd-proxy-init-xtables-lock"
END_ENTITY_VOLUME = "linkerd-identity-end-entity"
TOKEN_VOLUME = "linkerd-identity-token"  # noqa: S105 - a volume's name
POD_INFORMATION_VOLUME = "linkerd-podinfo"

TRUST_ROOTS = "linkerd-identity-trust-roots"
"""The ConfigMap with the roots, in the control plane's namespace."""
TRUST_ROOTS_KEY = "ca-bundle.crt"

PROGRAMS = "/usr/lib/linkerd"
"""Where the proxy's image has the programs that run beside the proxy."""
