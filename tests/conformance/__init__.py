"""The official conformance suite and the TypeScript SDK against the gateway. Needs npm: `pytest -m conformance`."""
