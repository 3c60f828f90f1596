"""The controllers of a cluster as pure plans over the present objects."""
