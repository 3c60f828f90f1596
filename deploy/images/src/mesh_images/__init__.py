"""Builds the container images of the mesh."""
