"""The cluster's DNS server, as manifests."""

import json
import string
from importlib.resources import files

from mesh_clusters.node.images import DNS
from mesh_clusters.node.settings import Settings


def manifests(settings: Settings) -> str:
    """YAML for `kubectl apply`."""
    addresses = [str(family.dns) for family in settings.families]
    return string.Template(_template()).substitute(
        IMAGE=DNS, ADDRESS=addresses[0], ADDRESSES=json.dumps(addresses)
    )


def configuration() -> str:
    """Its ConfigMap alone: it knows names of the cluster, and refuses others at once."""
    return next(each for each in _template().split("\n---\n") if "kind: ConfigMap" in each)


def _template() -> str:
    return files("mesh_clusters.node").joinpath("coredns.yaml").read_text()
