"""The words that every part of the mesh shares, one module per table of `vocabulary/`."""
