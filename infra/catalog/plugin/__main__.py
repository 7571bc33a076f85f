"""`pulumi-resource-mcp-gateway ENGINE`: started by the engine, with its address."""

import asyncio
import sys

from infra.catalog.plugin.server import serve


def main() -> None:
    """The entry point."""
    addresses = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    asyncio.run(serve(addresses[0] if addresses else ""))


if __name__ == "__main__":
    main()
