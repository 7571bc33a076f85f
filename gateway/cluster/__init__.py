"""The catalog on Kubernetes: list and watch, nothing else. aiohttp and msgspec only: the data plane carries it."""
