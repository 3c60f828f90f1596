"""What `mesh check` was asked to look at."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where the mesh is, and who asks."""

    control_plane: str = "linkerd"
    """The namespace of the control plane."""
    namespace: str | None = None
    """The namespace whose data plane is looked at; None means all."""
    cli_version: str = ""
