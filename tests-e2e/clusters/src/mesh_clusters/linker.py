"""What a program says of its version: set by the linker, as a release's own build does."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

_COMPONENT = "k8s.io/component-base/version"
_HELM = "helm.sh/helm/v3"
# Variables, by the module in go.mod whose version they get.
_VALUES: Mapping[str, Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "kubernetes": {
            "k8s.io/kubernetes": {
                f"{_COMPONENT}.gitVersion": "v{major}.{minor}.{patch}",
                f"{_COMPONENT}.gitMajor": "{major}",
                f"{_COMPONENT}.gitMinor": "{minor}",
                f"{_COMPONENT}.gitTreeState": "clean",
            }
        },
        "helm": {
            _HELM: {f"{_HELM}/internal/version.version": "v{major}.{minor}.{patch}"},
            # Without these `helm template` takes the cluster for Kubernetes 1.20. The client
            # library of Kubernetes 1.34 is v0.34.
            "k8s.io/client-go": {
                f"{_HELM}/pkg/{package}.k8sVersion{part}": value
                for package in ("chartutil", "lint/rules")
                for part, value in (("Major", "1"), ("Minor", "{minor}"))
            },
        },
    }
)


def flags(name: str, go_mod: Path) -> str:
    """The linker's flags: no symbol table and no DWARF, which halves the file; the version."""
    text = go_mod.read_text()
    settings = [
        f"-X {variable}={value.format_map(module_version(module, text))}"
        for module, variables in _VALUES.get(name, {}).items()
        for variable, value in variables.items()
    ]
    return " ".join(["-s -w", *settings])


def module_version(module: str, go_mod: str) -> dict[str, str]:
    """The parts of the release that a go.mod requires of a module."""
    pattern = rf"^\t{re.escape(module)} v(?P<major>\d+)\.(?P<minor>\d+)\.(?P<patch>\d+)\b"
    found = re.search(pattern, go_mod, re.MULTILINE)
    if found is None:
        raise ValueError(f"go.mod does not require a release of {module}")
    return found.groupdict()
