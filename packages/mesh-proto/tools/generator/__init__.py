"""Writes the generated code of mesh-proto: Python beside this package, Rust into mesh-wire."""
