"""The labels under which a review is counted."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from mesh_core import annotations
from mesh_core.annotations import Place
from mesh_core.resources import Namespace, Resource

Labels = tuple[tuple[str, str], ...]

_OWNER_KINDS = frozenset(
    {
        "cronjob",
        "daemonset",
        "deployment",
        "job",
        "pod",
        "replicaset",
        "replicationcontroller",
        "service",
        "statefulset",
    }
)
_PREFIX = re.compile(r"^config(\.alpha|\.beta)?\.linkerd\.io/")


def _label(name: str) -> str:
    """Make a label of `config.linkerd.io/proxy-cpu-limit`: `proxy_cpu_limit`."""
    return _PREFIX.sub("", name).replace("-", "_")


_CONFIGURATION: Mapping[str, str] = MappingProxyType(
    {
        name: _label(annotation.name)
        for annotation in annotations.ALL
        if Place.WORKLOAD in annotation.places and not annotation.family
        for name in annotation.names
        if _PREFIX.match(name)
    }
)
"""Configuration annotations, old names included, and their labels."""


def admission_labels(resource: Resource, namespace: Namespace, owner_kind: str) -> Labels:
    """Say how a review is counted: bounded in number and size whatever its object says."""
    own, inherited = resource.metadata.annotations, namespace.metadata.annotations
    configured = {
        _CONFIGURATION[name]
        for mapping in (own, inherited)
        for name in mapping
        if name in _CONFIGURATION
    }
    kind = owner_kind.lower()
    return (
        ("owner_kind", kind if kind in _OWNER_KINDS else "other"),
        ("namespace", namespace.name),
        ("annotation_at", _annotation_at(own, inherited)),
        *((label, "true") for label in sorted(configured)),
    )


def _annotation_at(own: Mapping[str, str], inherited: Mapping[str, str]) -> str:
    if annotations.INJECT.text(own) is not None:
        return "workload"
    return "namespace" if annotations.INJECT.text(inherited) is not None else ""
