"""Measures the proxy against haproxy and nginx doing the same work in the same run."""
