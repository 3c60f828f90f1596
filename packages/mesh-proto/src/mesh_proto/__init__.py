"""The wire API of the mesh and its vocabulary."""
