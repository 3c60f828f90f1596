"""Index: objects in, the keys of answers that may differ out."""

from mesh_destination.index.addresses import canonical_ip
from mesh_destination.index.index import KINDS, METADATA_KINDS, Index
from mesh_destination.index.keys import (
    Aspect,
    Key,
    address_key,
    endpoints_key,
    node_key,
    pod_key,
    service_key,
)

__all__ = [
    "KINDS",
    "METADATA_KINDS",
    "Aspect",
    "Index",
    "Key",
    "address_key",
    "canonical_ip",
    "endpoints_key",
    "node_key",
    "pod_key",
    "service_key",
]
