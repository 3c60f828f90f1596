# @generated from vocabulary/ports.toml by tools/generate.py; do not edit.
"""The ports and user ids that every part of the mesh agrees on."""

from __future__ import annotations

from typing import Final

PROXY_OUTBOUND: Final = 4140
"""Where the redirect sends the application's outgoing connections."""
PROXY_INBOUND: Final = 4143
"""Where the redirect sends incoming connections, and where meshed peers connect."""
PROXY_CONTROL: Final = 4190
"""The proxy's tap service."""
PROXY_ADMIN: Final = 4191
"""The proxy's admin server: probes and metrics."""
IDENTITY: Final = 8080
"""The identity service: certification."""
IDENTITY_ADMIN: Final = 9990
"""The identity service's admin server."""
DESTINATION: Final = 8086
"""The destination service: discovery and profiles."""
DESTINATION_ADMIN: Final = 9996
"""The destination service's admin server."""
POLICY: Final = 8090
"""The policy service: inbound servers and outbound policies."""
POLICY_ADMIN: Final = 9990
"""The policy service's admin server."""
POLICY_WEBHOOK: Final = 9443
"""The validating webhook for policy resources."""
PROFILE_WEBHOOK: Final = 8443
"""The validating webhook for service profiles."""
PROFILE_WEBHOOK_ADMIN: Final = 9997
"""That webhook's admin server."""
INJECTOR: Final = 8443
"""The mutating webhook that adds the proxy to pods."""
INJECTOR_ADMIN: Final = 9995
"""The injector's admin server."""
PROXY_UID: Final = 2102
"""The user id of the proxy; the redirect leaves its connections alone."""
CONTROLLER_UID: Final = 2103
"""The user id of control-plane containers."""
INIT_UID: Final = 65534
"""The user id of the container that programs the redirect."""
DEFAULT_OPAQUE: Final = (
    25,
    587,
    3306,
    4444,
    5432,
    6379,
    9300,
    11211,
)
"""Opaque unless declared otherwise: SMTP, mail submission, MySQL, Galera, PostgreSQL, Redis, Elasticsearch transport, memcached."""
DEFAULT_SKIP_INBOUND: Final = (
    4567,
    4568,
)
"""Incoming connections that the redirect leaves alone unless declared otherwise: Galera replication."""
DEFAULT_SKIP_OUTBOUND: Final = (
    4567,
    4568,
)
"""Outgoing connections that the redirect leaves alone unless declared otherwise: Galera replication."""
KUBERNETES_API: Final = (
    443,
    6443,
)
"""Ports of the Kubernetes API server, which control-plane pods reach without the proxy."""
