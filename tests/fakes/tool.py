"""`tool`: a plain HTTP tool, no MCP: `POST /score` with arguments that say in `do` how it answers.

Its diary has, under the `key` of a call, that it `started`, and that it `finished` or was `disconnected`. It listens only
after $START_SECONDS.
"""

import asyncio
import os
import time

from aiohttp import web

from tests.fakes.answers import ANSWERS, ELSEWHERE
from tests.fakes.score import Memory, Score, asked
from tests.fakes.serving import run
from tests.fakes.troubles import TROUBLES

_QUIET = ("witness", "about")  # to ask what happened is nothing that happens


class Tool:
    """The server of one process."""

    def __init__(self) -> None:
        self._memory = Memory()

    def application(self) -> web.Application:
        """The server, not started."""
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_post("/score", self._score)
        app.router.add_route("*", ELSEWHERE, self._elsewhere)
        return app

    async def _score(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        score = Score(request, body, asked(body), self._memory)
        answer = {**ANSWERS, **TROUBLES}.get(score.asked.do)
        if answer is None:
            raise web.HTTPBadRequest(text=f"I cannot {score.asked.do}")
        if score.asked.do in _QUIET:
            return await answer(score)
        self._memory.calls += 1
        write, key = self._memory.diary.write, score.asked.key
        await write(key, "started")
        try:
            response = await answer(score)
        except (asyncio.CancelledError, ConnectionError):
            await write(key, "disconnected")
            raise
        await write(key, "finished")
        return response

    async def _elsewhere(self, request: web.Request) -> web.Response:
        await self._memory.diary.write(request.query.get("key", ""), "followed")
        return web.json_response({"followed": True})


if __name__ == "__main__":
    time.sleep(float(os.environ.get("START_SECONDS", "0")))  # the misbehaviour itself, not a wait for something
    run(Tool().application())
