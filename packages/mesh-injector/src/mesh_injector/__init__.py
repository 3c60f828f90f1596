"""Which pods get the sidecar, and what it looks like: pure functions, no I/O."""

from mesh_injector.configuration import ConflictingSettingsError, NoIdentityError, proxy_settings
from mesh_injector.control_plane import COMPONENT_LABEL, Component, component_of
from mesh_injector.decision import DecidedBy, Inject, Skip, SkipReason, decide
from mesh_injector.environment import (
    REFERENCES,
    IncompleteInstallationError,
    PodFacts,
    proxy_environment,
)
from mesh_injector.errors import InjectorError
from mesh_injector.installation import Installation
from mesh_injector.owner import Owner, owner_of
from mesh_injector.pod_metadata import PodMetadata, pod_metadata
from mesh_injector.proxy_settings import ProxySettings
from mesh_injector.redirect import RedirectPlan, redirect_plan

__all__ = [
    "COMPONENT_LABEL",
    "REFERENCES",
    "Component",
    "ConflictingSettingsError",
    "DecidedBy",
    "IncompleteInstallationError",
    "Inject",
    "InjectorError",
    "Installation",
    "NoIdentityError",
    "Owner",
    "PodFacts",
    "PodMetadata",
    "ProxySettings",
    "RedirectPlan",
    "Skip",
    "SkipReason",
    "component_of",
    "decide",
    "owner_of",
    "pod_metadata",
    "proxy_environment",
    "proxy_settings",
    "redirect_plan",
]
