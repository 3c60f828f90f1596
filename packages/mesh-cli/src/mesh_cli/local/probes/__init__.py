"""Probes of containers: what they ask, how answers count, when they run."""
