"""The short name of a pod template (pure)."""

import hashlib

import msgspec

from mesh_core.resources import PodTemplateSpec

# No vowels and no digits that look like letters, as in Kubernetes' own suffixes.
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def suffix(data: bytes, length: int) -> str:
    """A name's suffix that follows from the data."""
    number = int.from_bytes(hashlib.sha256(data).digest())
    letters = []
    for _ in range(length):
        number, index = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[index])
    return "".join(letters)


def template_hash(template: PodTemplateSpec) -> str:
    """Equal for equal templates; another for any change that needs other pods."""
    return suffix(msgspec.json.encode(template, order="deterministic"), 9)
