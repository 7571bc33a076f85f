"""The list of tools as one client reads it: page after page, to the end."""

import msgspec

from tests.journeys.client import Client
from tests.journeys.reply import Json, Reply
from tests.journeys.waiting import until

EFFECT = (
    1.0  # seconds for a change to reach the data plane: on a cluster it travels by a watch, and its 201 may be faster
)


class ToolPage(msgspec.Struct, frozen=True):
    """One page: the names on it, the definitions by name, and the reply it came in."""

    names: list[str]
    tools: dict[str, Json]
    reply: Reply
    next: str | None


async def page(client: Client, cursor: str | None = None) -> ToolPage:
    """The page at a cursor. Raises AssertionError where there is none."""
    reply = await client.ask("tools/list", **({} if cursor is None else {"cursor": cursor}))
    assert reply.status == 200, (reply.status, reply.body)
    found = reply.json["result"]
    names = [tool["name"] for tool in found["tools"]]
    return ToolPage(names, {tool["name"]: tool for tool in found["tools"]}, reply, found.get("nextCursor"))


async def pages(client: Client) -> list[ToolPage]:
    """All pages. Raises AssertionError where names are not in order over all of them, or a page before the last is empty."""
    found = [await page(client)]
    while (cursor := found[-1].next) is not None:
        assert found[-1].names, "an empty page that is not the last"
        found.append(await page(client, cursor))
    names = [name for one in found for name in one.names]
    assert names == sorted(set(names)), "in order, and none twice"
    return found


async def listed(client: Client) -> dict[str, Json]:
    """Every tool the client sees, by name."""
    return {name: tool for one in await pages(client) for name, tool in one.tools.items()}


async def shown(client: Client, name: str) -> ToolPage:
    """The page that a tool which was just registered is on, as soon as whoever answers has it: requests without a session
    go to the routers in turn, so two looks are one at each. That an embedded gateway shows a tool with its 201, the
    crowd's history tells. Raises AssertionError after EFFECT.
    """

    async def look() -> list[list[ToolPage]]:
        holding = [[one for one in await pages(client) if name in one.names] for _ in range(2)]
        return [one for one in holding if one]

    found = await until(look, lambda found: len(found) == 2, EFFECT)
    (page,) = found[-1]
    return page
