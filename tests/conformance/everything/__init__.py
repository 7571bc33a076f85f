"""A server on the official SDK that has all that the conformance suite asks for. The suite's measure for the gateway, not its subject."""
