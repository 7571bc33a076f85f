"""Outcome: what an HTTP tool's reply comes to: text, JSON where it is an object, or what was wrong. Pure; docs/tools.md has the table."""

from http import HTTPStatus
from typing import Literal

import msgspec
from msgspec import Raw

from gateway.tool_checks import Checks
from gateway.upstream import Reply

_LONGEST = 1000  # characters quoted of a tool's own words
_TELLING = ("detail", "message", "error")  # members in which APIs say what was wrong with a request
# A model cannot sign in, and where to do so is none of its business.
_CHALLENGES = (401, 403, 407)

_SPACE = b" \t\r\n"  # RFC 8259 §2
_syntax = msgspec.json.Decoder(Raw)

type Result = Literal["ok", "invalid", "failed", "timeout", "unavailable"]


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """`text` is for the model: the whole reply, or one sentence on what went wrong. `structured`: the reply, a JSON object."""

    result: Result
    text: str
    structured: bytes | None = None

    @property
    def is_error(self) -> bool:
        """Whether the call failed."""
        return self.result != "ok"


def outcome_of(reply: Reply, checks: Checks) -> Outcome:
    """What a whole reply comes to."""
    status = reply.head.status
    if status >= 400:
        return Outcome("failed", _refusal(status, reply.body))
    if status >= 300:
        return _failed(f"The tool answered HTTP {_phrase(status)}; redirects are not followed.")
    try:
        text = reply.body.decode()
    except UnicodeDecodeError:
        return _failed(f"The tool answered {len(reply.body):,} bytes that are not text (UTF-8).")
    structured = reply.body if _is_object(reply.body) else None
    if checks.reply is not None:
        try:
            wrong = checks.reply(reply.body)
        except msgspec.DecodeError:
            wrong = "it is not JSON"
        if wrong:
            return _failed(f"The tool's answer does not fit its output schema: {wrong}")
    return Outcome("ok", text, structured)


def _failed(text: str) -> Outcome:
    return Outcome("failed", text)


def _is_object(body: bytes) -> bool:
    """Whether the body is one JSON object. It is looked at as syntax only: whatever it holds is passed on as it is."""
    if not body.lstrip(_SPACE).startswith(b"{"):
        return False
    try:
        _syntax.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _refusal(status: int, body: bytes) -> str:
    said = _said(body) if status < 500 and status not in _CHALLENGES else ""
    return f"The tool answered HTTP {_phrase(status)}{f': {said}' if said else ''}."


def _said(body: bytes) -> str:
    """What a JSON body says was wrong with the request. Never more than that: the rest is not meant for whoever called."""
    try:
        members = msgspec.json.decode(body, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    for member in _TELLING:
        said = members.get(member)
        if isinstance(said, str) and said.strip():
            return said.strip()[:_LONGEST].rstrip(".")
    return ""


def _phrase(status: int) -> str:
    try:
        return f"{status} ({HTTPStatus(status).phrase})"
    except ValueError:
        return str(status)
