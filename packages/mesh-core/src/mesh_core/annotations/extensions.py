"""Annotations of tap, metrics and multicluster."""

from mesh_core.annotations.annotation import Annotation, Place
from mesh_core.annotations.value_types import BOOLEAN, TEXT

DISABLE_TAP = Annotation(
    "viz.linkerd.io/disable-tap",
    BOOLEAN,
    "Keeps requests of these pods from being watched.",
    default="false",
)
TAP_ENABLED = Annotation(
    "viz.linkerd.io/tap-enabled",
    BOOLEAN,
    "The pod's proxy serves tap; written by injection.",
    places=Place.WORKLOAD,
    inherited=False,
)
EXTERNAL_PROMETHEUS = Annotation(
    "viz.linkerd.io/external-prometheus",
    TEXT,
    "The address of a Prometheus that is not the mesh's own.",
    places=Place.NAMESPACE,
    inherited=False,
)
REMOTE_DISCOVERY = Annotation(
    "multicluster.linkerd.io/remote-discovery",
    TEXT,
    "Members of a federated Service in other clusters, as SERVICE@CLUSTER with commas between.",
    places=Place.SERVICE,
    inherited=False,
)
LOCAL_DISCOVERY = Annotation(
    "multicluster.linkerd.io/local-discovery",
    TEXT,
    "The member of a federated Service in this cluster.",
    places=Place.SERVICE,
    inherited=False,
)
MIRROR = Annotation(
    "mirror.linkerd.io/",
    TEXT,
    "Facts about a mirrored Service, written by the service mirror.",
    places=Place.SERVICE,
    inherited=False,
    family=True,
)
