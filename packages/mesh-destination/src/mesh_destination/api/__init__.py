"""The gRPC services: requests in, questions to the hub, encoded answers out."""
