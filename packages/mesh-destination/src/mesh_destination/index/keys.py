"""Keys: the smallest things whose change can change an answer.

An answer is found under a fixed set of keys, known from its question alone. What a change
of one object means for others (a pod's new owner relabels a Service's endpoints) is the
index's knowledge, so that no view has to track what it happened to look at.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple


class Aspect(Enum):
    """Which side of the cluster a key is about."""

    SERVICE = auto()
    """A Service itself: its ports, addresses and annotations."""
    ENDPOINTS = auto()
    """Whoever stands behind a Service, and how they are reached."""
    POD = auto()
    """One pod, with what it inherits from its namespace."""
    ADDRESS = auto()
    """Whom an IP address belongs to, and all that is to say about that owner."""
    NODE = auto()
    """A node's zone."""


class Key(NamedTuple):
    """One aspect of one thing."""

    aspect: Aspect
    namespace: str
    name: str


def service_key(namespace: str, name: str) -> Key:
    """The Service itself."""
    return Key(Aspect.SERVICE, namespace, name)


def endpoints_key(namespace: str, name: str) -> Key:
    """The endpoints of a Service; also marked when the Service itself changes."""
    return Key(Aspect.ENDPOINTS, namespace, name)


def pod_key(namespace: str, name: str) -> Key:
    """One pod."""
    return Key(Aspect.POD, namespace, name)


def address_key(ip: str) -> Key:
    """One IP address in its canonical text form."""
    return Key(Aspect.ADDRESS, "", ip)


def node_key(name: str) -> Key:
    """One node."""
    return Key(Aspect.NODE, "", name)
