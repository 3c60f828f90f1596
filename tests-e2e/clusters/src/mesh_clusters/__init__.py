"""Real Kubernetes clusters for tests, built and run on one machine."""
