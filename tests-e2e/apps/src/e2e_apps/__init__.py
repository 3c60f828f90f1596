"""Servers and clients that the scenarios run in pods; each prints or answers JSON."""
