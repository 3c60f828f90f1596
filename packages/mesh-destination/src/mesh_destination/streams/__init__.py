"""Streams: each answer computed once, and each reader led to the newest one."""
