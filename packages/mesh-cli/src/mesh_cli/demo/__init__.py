"""`mesh demo`: the bookshop on a local mesh, and what its proxies say about it."""
