"""`mesh-proxy init`: sends a pod's TCP traffic through its proxy, with nftables."""
