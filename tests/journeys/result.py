"""Result: what a `tools/call` came to, as journeys look at it. Raises AssertionError for anything that is no result."""

import re

import msgspec

from tests.journeys.reply import Json, Reply

# What must never be told of a tool: where it is, how it is made, what it said to us alone.
_INSIDE = re.compile(
    r"\d+\.\d+\.\d+\.\d+|localhost|tool\.invalid|:\d{4,5}\b|Traceback|\.py\b|Errno|set-cookie|x-powered-by",
    re.IGNORECASE,
)


class Result(msgspec.Struct, frozen=True):
    """The one text block, the structured content where there is any, and whether the call failed."""

    text: str
    structured: Json | None
    failed: bool


def result(reply: Reply) -> Result:
    """The result of a reply: HTTP 200, and exactly one text block."""
    assert reply.status == 200, (reply.status, reply.body[:1000])
    answer = reply.json
    assert "error" not in answer, answer
    found = answer["result"]
    assert [block["type"] for block in found["content"]] == ["text"]
    assert found.get("structuredContent", {}) is not None, "absent rather than null"
    return Result(found["content"][0]["text"], found.get("structuredContent"), found.get("isError", False))


def failure(reply: Reply) -> str:
    """The words of a call that failed as a tool fails: for the model to read, and with nothing of the inside in them."""
    found = result(reply)
    assert found.failed, found
    assert found.structured is None
    assert found.text.strip()
    assert not _INSIDE.search(found.text), found.text
    assert "WWW-Authenticate" not in reply.headers, "a client would sign in there"
    return found.text


def unknown(reply: Reply, name: str, *, modern: bool) -> None:
    """The one answer to a tool that is not there, or not for this caller."""
    assert reply.status == (400 if modern else 200), (reply.status, reply.body)
    assert reply.json["error"] == {"code": -32602, "message": f"Unknown tool: {name}"}
