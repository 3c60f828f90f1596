"""The cluster's DNS server, as manifests."""

import json
import string
from importlib.resources import files

from mesh_clusters.node.images import DNS
from mesh_clusters.node.settings import Settings


def manifests(settings: Settings) -> str:
    """YAML for `kubectl apply`."""
    template = files("mesh_clusters.node").joinpath("coredns.yaml").read_text()
    addresses = [str(family.dns) for family in settings.families]
    return string.Template(template).substitute(
        IMAGE=DNS, ADDRESS=addresses[0], ADDRESSES=json.dumps(addresses)
    )
