"""Toolbox: the tools that the suite asks a server for, as plain HTTP tools: definitions, and the one process that answers them.

They are put on the catalog as cards: their names have underscores, which no name registered over REST has.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import msgspec
from aiohttp import web

from gateway.card import Card
from gateway.catalog import Instance
from gateway.view import View
from tests.conformance.everything.blobs import TEXT
from tests.conformance.everything.contents import MIRRORED, SCHEMA_2020_12

OWNER = "dev"  # whom a gateway on one's own machine believes in
PLAIN: Mapping[str, object] = {"type": "object"}

# Each by the name the suite calls it by. Whatever it expects of them beyond a text, a plain tool does not have.
SCHEMAS: Mapping[str, Mapping[str, object]] = {
    "test_simple_text": PLAIN,
    "test_error_handling": PLAIN,
    "test_streaming_elicitation": PLAIN,
    "test_logging_tool": PLAIN,
    "test_trigger_tool_change": PLAIN,
    "test_input_required_result_elicitation": PLAIN,
    "json_schema_2020_12_tool": SCHEMA_2020_12,
    "test_x_mcp_header": MIRRORED,
}
CHANGING = "changes_when_told"


@asynccontextmanager
async def toolbox(view: View) -> AsyncGenerator[None]:
    """The tools, listed in `view`, answering while the block runs."""
    app = web.Application()
    box = _Toolbox(view)
    app.router.add_post("/{name}", box.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        box.list_all(runner.addresses[0][1])
        yield
    finally:
        await runner.cleanup()


class _Toolbox:
    def __init__(self, view: View) -> None:
        self._view = view
        self._changes = 0

    def list_all(self, port: int) -> None:
        """Puts every tool on the catalog, at this port."""
        for name, schema in {**SCHEMAS, CHANGING: PLAIN}.items():
            self._view.put_instances("tool", name, [Instance(name, "127.0.0.1", port)])
            self._view.put_card(_card(name, schema, "Answers with a text."))

    async def answer(self, request: web.Request) -> web.Response:
        """The answer of the tool of that path."""
        name = request.match_info["name"]
        if name == "test_error_handling":
            return web.json_response({"detail": "This tool intentionally returns an error"}, status=422)
        if name == "test_trigger_tool_change":
            self._changes += 1
            self._view.put_card(_card(CHANGING, PLAIN, f"Has changed {self._changes} times."))
        return web.Response(text=TEXT)


def _card(name: str, schema: Mapping[str, object], description: str) -> Card:
    definition = {"name": name, "description": description, "inputSchema": schema}
    tool = msgspec.Raw(msgspec.json.encode(definition))
    return Card(kind="tool", name=name, uid=name, generation=1, created_by=OWNER, path=f"/{name}", tool=tool)
