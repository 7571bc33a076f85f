"""The arguments of `mcp-gateway build`: read, not understood."""

import argparse
from pathlib import Path


def add_build_arguments(parser: argparse.ArgumentParser) -> None:
    """Those that `local.build.Wish` reads."""
    add = parser.add_argument
    add("path", metavar="PATH", type=Path, help="the folder, with its Dockerfile")
    add("--registry", required=True, metavar="NAME", help="the Azure Container Registry")
    text = "what to call it (default: the folder's name, and a tag of the contents)"
    add("--image", default="", metavar="NAME[:TAG]", help=text)
    add("--file", default="Dockerfile", help="another Dockerfile in the folder (default: %(default)s)")
    add("--build-arg", action="append", default=[], metavar="NAME=VALUE", help="never a secret; repeatable")
    add("--subscription", default="", metavar="ID", help="look there only (default: wherever you may look)")
    add("--agent-pool", default="", metavar="NAME", help="of a registry without a public address")
    text = "of a national cloud (default: https://management.azure.com)"
    add("--resource-manager", default="", metavar="URL", help=text)
