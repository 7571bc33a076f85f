"""What the command says to a person. Pure: text in, text out."""

from gateway.address import is_loopback
from local.gateway import LocalGateway
from local.home import Home
from local.settings import Settings

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
  callers     {_callers(gateway.settings)}

Register a server (another terminal):
  curl -s {url}/adapters -H 'Content-Type: application/json' -d '{body}'
Use it from VS Code (.vscode/mcp.json):
  {snippet}

Ctrl-C ends it and all that it started.
"""


def exposed(settings: Settings, *, coloured: bool) -> str:
    """What it means that callers are believed, in red where there are colours; nothing where they are verified."""
    if not settings.believed:
        return ""
    if is_loopback(settings.host) and not settings.exposed:
        text = "Dev identity: callers are believed, not verified. Whatever runs on this machine can claim any identity."
    else:
        text = (
            f"DANGER: listening on {settings.host}. Anyone who can reach this port can claim any identity, mcp.admin included,"
            " and run any command on this machine as you."
        )
    return f"{_RED}{text}{_PLAIN}\n" if coloured else f"{text}\n"


def _callers(settings: Settings) -> str:
    protected = settings.sign_in.protected
    if protected is None:
        return "whoever they say they are (X-Dev-UserId, X-Dev-Roles); nobody is verified"
    return f"sign in at {' or '.join(protected.issuers)}"
