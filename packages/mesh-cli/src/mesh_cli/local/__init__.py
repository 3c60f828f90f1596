"""The whole mesh on one machine: a supervisor that plays kubelet, controllers and kube-proxy."""
