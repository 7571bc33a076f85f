"""Tokens of one's own: where clients of the gateway get theirs. Those that callers send are verified by `gateway.oidc`."""
