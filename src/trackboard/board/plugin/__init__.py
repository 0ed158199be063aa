"""A data provider for a TensorBoard that somebody else starts: over gRPC, at a socket of this user alone."""
