"""`python -m samples.mcp_bridge`: serves what the environment names at `/mcp` on `HOST`:`PORT` until SIGTERM."""

import asyncio
import os

from samples.listen import BadSetting, give_up
from samples.mcp_bridge import endpoint, remote
from samples.mcp_bridge.settings import Settings
from samples.serving import serve


def main() -> None:
    try:
        asyncio.run(run(Settings.from_env(os.environ)))
    except (BadSetting, OSError) as error:
        give_up(error)


async def run(settings: Settings) -> None:
    app = remote.application(settings) if settings.url else endpoint.application(settings)
    await serve(app, settings.listen)


if __name__ == "__main__":
    main()
