"""What the command says to a person. Pure: text in, text out."""

from local.gateway import LocalGateway
from local.home import Home
from local.settings import is_loopback

_RED, _PLAIN = "\033[1;31m", "\033[0m"


def started(gateway: LocalGateway, home: Home) -> str:
    """Where everything is, and what to do next."""
    url = gateway.url
    snippet = f'{{"servers": {{"mcp-example": {{"type": "http", "url": "{url}/adapters/mcp-example/mcp"}}}}}}'
    body = '{"name": "mcp-example", "imageName": "mcp-example", "imageVersion": "1.0.0"}'
    orphans = f"Ended {gateway.orphans} processes that an earlier run had left.\n" if gateway.orphans else ""
    return f"""{orphans}MCP gateway   {url}
  home        {home.path}
  logs        {home.logs}
  images      {", ".join(gateway.images)}
  API         {url}/openapi.json

Register a server (another terminal):
  curl -s {url}/adapters -H 'Content-Type: application/json' -d '{body}'
Use it from VS Code (.vscode/mcp.json):
  {snippet}

Ctrl-C ends it and all that it started.
"""


def exposed(host: str, *, coloured: bool) -> str:
    """What listening on `host` means, in red where there are colours; nothing for loopback."""
    if is_loopback(host):
        return ""
    text = (
        f"DANGER: listening on {host}. Anyone who can reach this port can claim any identity, mcp.admin included,"
        " and run any command on this machine as you."
    )
    return f"{_RED}{text}{_PLAIN}\n" if coloured else f"{text}\n"
