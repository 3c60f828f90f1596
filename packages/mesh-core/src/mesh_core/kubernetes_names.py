"""The two forms of a Kubernetes object's name."""

import re

MAX_SUBDOMAIN = 253
MAX_LABEL = 63

_LABEL = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_LABEL_PATTERN = re.compile(_LABEL)
_SUBDOMAIN_PATTERN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


def is_label(text: str) -> bool:
    """Say whether `text` is a DNS label (RFC 1123), as the names of Namespaces and Services are."""
    return len(text) <= MAX_LABEL and _LABEL_PATTERN.fullmatch(text) is not None


def is_subdomain(text: str) -> bool:
    """Say whether `text` is one or more DNS labels with dots between, as most names are."""
    return len(text) <= MAX_SUBDOMAIN and _SUBDOMAIN_PATTERN.fullmatch(text) is not None


def is_dns_name(text: str) -> bool:
    """Say whether `text` could be looked up: a subdomain whose labels are not too long."""
    return is_subdomain(text) and all(len(label) <= MAX_LABEL for label in text.split("."))
