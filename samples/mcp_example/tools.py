"""The example's tools: plain functions with types and docstrings, from which the SDK makes schemas. Not a server.

A docstring here is what a model reads. What the gateway adds (`X-Mcp-UserId`, `X-Mcp-Roles`) arrives as headers; the
gateway removes such headers from what clients send, so behind it they can be believed. Run alone they cannot.
"""

import asyncio
import os
from collections.abc import Callable
from typing import Annotated, Any, Literal

from mcp.server.mcpserver import Context, Elicit, Resolve
from pydantic import BaseModel, Field

from samples.mcp_example.counter import Counter


class Count(BaseModel):
    n: int = Field(description="How many times this was called, this time included")
    counted: Literal["session", "caller"] = Field(description="What the count belongs to")
    pid: int = Field(description="Process that keeps the count")


class Caller(BaseModel):
    user_id: str | None = Field(description="X-Mcp-UserId, as the gateway sent it")
    roles: list[str] = Field(description="X-Mcp-Roles, split at commas")
    protocol_version: str | None


class Name(BaseModel):
    name: str = Field(description="What shall I call you?")


def add(a: int, b: int) -> int:
    """Adds two whole numbers."""
    return a + b


def echo(text: str) -> str:
    """Says the text back."""
    return text


def counter_tool(counts: Counter) -> Callable[[Context[Any, Any]], Count]:
    """The tool `counter` over these counts."""

    def counter(ctx: Context[Any, Any]) -> Count:
        """Counts its calls: in a session (handshake revisions) per session; without one (2026-07-28) per caller and
        process, which starts again at 1 where another replica answers."""
        headers = ctx.headers or {}
        session = headers.get("mcp-session-id")
        key = f"session {session}" if session else f"caller {headers.get('x-mcp-userid', '')}"
        return Count(n=counts.count(key), counted="session" if session else "caller", pid=os.getpid())

    return counter


async def slow(
    ctx: Context[Any, Any],
    seconds: Annotated[float, Field(ge=0, le=600)] = 2,
    steps: Annotated[int, Field(ge=1, le=100)] = 4,
) -> str:
    """Takes its time, and reports progress after each step. Can be cancelled."""
    for step in range(1, steps + 1):
        await asyncio.sleep(seconds / steps)
        await ctx.report_progress(step, steps, f"step {step} of {steps}")
    return f"done after {seconds:g} seconds"


async def ask_name(name: str = "") -> Name | Elicit[Name]:
    return Name(name=name) if name else Elicit("Who is there?", Name)


async def greet(who: Annotated[Name, Resolve(ask_name)], name: str = "") -> str:
    """Greets by name; asks the person for it when none is given."""
    del name  # answered by ask_name, which sees the same argument
    return f"Hello, {who.name}!"


def whoami(ctx: Context[Any, Any]) -> Caller:
    """Tells who called, as the gateway told this server."""
    headers = ctx.headers or {}
    roles = [role.strip() for role in headers.get("x-mcp-roles", "").split(",") if role.strip()]
    return Caller(user_id=headers.get("x-mcp-userid"), roles=roles, protocol_version=ctx.protocol_version)
