"""Port numbers in documents."""

from typing import Annotated, TypeAlias

import msgspec

from mesh_core.ports import MAX_PORT, MIN_PORT

PortNumber: TypeAlias = Annotated[int, msgspec.Meta(ge=MIN_PORT, le=MAX_PORT)]
"""A port as decoding accepts it, so that nobody behind it meets one that no socket has."""

OptionalPortNumber: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=MAX_PORT)]
"""A port where Kubernetes takes 0 for "not set"."""
