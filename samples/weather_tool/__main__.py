"""`python -m samples.weather_tool`: serves `POST /score` on `HOST`:`PORT` until SIGTERM."""

import asyncio
import json
import os

from aiohttp import web

from samples.listen import BadSetting, give_up, listen_from
from samples.serving import serve
from samples.weather_tool.weather import BadQuestion, weather


def main() -> None:
    app = web.Application()
    app.router.add_post("/score", score)
    try:
        asyncio.run(serve(app, listen_from(os.environ)))
    except (BadSetting, OSError) as error:
        give_up(error)


async def score(request: web.Request) -> web.Response:
    try:
        return web.json_response(weather(await arguments(request)))
    except BadQuestion as error:
        return web.json_response({"detail": str(error)}, status=400)


async def arguments(request: web.Request) -> object:
    try:
        return json.loads(await request.read())
    except (ValueError, RecursionError) as error:
        raise BadQuestion("the body must be a JSON object") from error


if __name__ == "__main__":
    main()
