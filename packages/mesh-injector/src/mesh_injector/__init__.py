"""Which pods get the sidecar, and what it looks like: pure functions, no I/O."""

from mesh_core.names import COMPONENT_LABEL
from mesh_injector.configuration import NoIdentityError, proxy_settings
from mesh_injector.conflicts import ConflictingSettingsError
from mesh_injector.containers import (
    Additions,
    additions,
    init_container,
    proxy_container,
    volumes,
)
from mesh_injector.control_plane import Component, component_of
from mesh_injector.decision import DecidedBy, Inject, Skip, SkipReason, decide
from mesh_injector.environment import (
    REFERENCES,
    IncompleteInstallationError,
    PodFacts,
    proxy_environment,
)
from mesh_injector.errors import InjectorError
from mesh_injector.images import image_reference
from mesh_injector.init_settings import InitSettings, NetworkValidatorSettings
from mesh_injector.installation import Installation
from mesh_injector.owner import Owner, owner_of
from mesh_injector.patch import Operation, patch_pod, patch_service
from mesh_injector.pod_metadata import PodMetadata, pod_metadata, trust_root_fingerprint
from mesh_injector.proxy_settings import ProxySettings
from mesh_injector.redirect import RedirectPlan, redirect_plan
from mesh_injector.review_scope import ReviewScope

__all__ = [
    "COMPONENT_LABEL",
    "REFERENCES",
    "Additions",
    "Component",
    "ConflictingSettingsError",
    "DecidedBy",
    "IncompleteInstallationError",
    "InitSettings",
    "Inject",
    "InjectorError",
    "Installation",
    "NetworkValidatorSettings",
    "NoIdentityError",
    "Operation",
    "Owner",
    "PodFacts",
    "PodMetadata",
    "ProxySettings",
    "RedirectPlan",
    "ReviewScope",
    "Skip",
    "SkipReason",
    "additions",
    "component_of",
    "decide",
    "image_reference",
    "init_container",
    "owner_of",
    "patch_pod",
    "patch_service",
    "pod_metadata",
    "proxy_container",
    "proxy_environment",
    "proxy_settings",
    "redirect_plan",
    "trust_root_fingerprint",
    "volumes",
]
