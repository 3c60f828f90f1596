"""Generated from proto/mesh_proto/pb; see that folder for meaning."""
