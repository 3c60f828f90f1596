"""`mesh-proxy validate-network`: proves that a CNI plugin has set up the redirect."""
