"""The bookshop: a small application to try the mesh on.

It knows nothing of the mesh: plain HTTP/1.1, gRPC, redis and WebSocket, by Service name.
"""
