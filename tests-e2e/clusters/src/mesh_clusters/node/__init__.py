"""A whole Kubernetes node on this machine, in namespaces of its own."""
