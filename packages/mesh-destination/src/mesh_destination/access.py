"""What the service needs to be allowed on an API server; the chart's role grants exactly this."""

from __future__ import annotations

from mesh_core.kubernetes import Access, read_access
from mesh_destination.index import KINDS

ACCESS: tuple[Access, ...] = read_access(KINDS)
