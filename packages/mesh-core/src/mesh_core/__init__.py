"""Names, ports, annotations, Kubernetes resources and the store that holds them."""
