"""Which pods get the sidecar, and what it looks like."""
