"""kind: kubeadm's own layout of a cluster, in a Docker container; no image has to be pulled."""
