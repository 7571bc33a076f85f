"""Hooks of schemathesis that keep generated requests on the ground: what the document cannot say, the gateway demands.

A valid request should be accepted, so it gets an image that exists and a name that agrees with itself; and it must not
start processes by the hundred, so replicas are 0. What was generated to be wrong stays wrong.
"""

import json
import re
from typing import Any, Protocol, cast

import msgspec
import schemathesis

from gateway.records import MASK, NAME_PATTERN, RESERVED, EnvReference
from tests.fakes.images import VERSION

# The adapter that MCP requests are sent to; registered by somebody else, so that nothing here deletes it.
TARGET = "fuzzed"
_NAME = re.compile(NAME_PATTERN)
_IMAGE = re.compile(r"[a-z0-9]+([._/-][a-z0-9]+)*")
_VERSION = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}|sha256:[0-9a-f]{64}")

type Json = dict[str, Any]


class Request(Protocol):
    """What the hook looks at of a generated request (`schemathesis.Case`)."""

    path: str
    path_parameters: Json
    query: Json
    body: object


@schemathesis.hook  # pyright: ignore[reportUnknownMemberType] - it is typed for any callable
def before_call(context: object, case: Request, kwargs: object) -> None:
    """Makes the request, as far as it is right, one about something that exists; last of all, after any link between requests."""
    del context, kwargs
    place = _object(case.path_parameters)
    if case.path.endswith("/mcp"):
        if _matches(_NAME, place.get("name")):
            place["name"] = TARGET
    elif case.path.endswith("/logs"):
        _forget(case)
    elif _object(case.body):
        # A copy: generated requests share their parts, and what suits one would spoil the next.
        body = case.body = _copy(_object(case.body))
        _settle(body)
        _agree(body, place)


def _forget(case: Request) -> None:
    """The cursor, which nobody can guess; one that could not be a cursor stays."""
    since = _object(case.query).get("since")
    if isinstance(since, str) and 1 <= len(since) <= 256:
        del case.query["since"]


def _copy(body: Json) -> Json:
    """To JSON Schema 28.0 is an integer; the gateway takes 28 alone, and no program writes it otherwise."""
    return json.loads(
        json.dumps(body), parse_float=lambda text: int(float(text)) if text.endswith(".0") else float(text)
    )


def _settle(body: Json) -> None:
    """An image there is, no process, a name that may be taken, and variables that say what they are."""
    if _matches(_IMAGE, body.get("imageName")) and len(body["imageName"]) <= 255:
        body["imageName"] = "recorder"
    if _matches(_VERSION, body.get("imageVersion")):
        body["imageVersion"] = VERSION
    count = body.get("replicaCount", 1)
    if type(count) is int and 1 <= count <= 32:
        body["replicaCount"] = 0
    if body.get("useWorkloadIdentity") is True:
        body["useWorkloadIdentity"] = False  # needs a role, which the journeys have; it would hide all else
    if body.get("name") in (*RESERVED, TARGET):
        body["name"] = f"not-{body['name']}"
    variables = _object(body.get("environmentVariables"))
    variables.update({name: "seen" for name, value in variables.items() if value == MASK or _is_reference(value)})


def _agree(body: Json, place: Json) -> None:
    """The body says the name that the path says; a tool has it too, schemas that are some, and no NUL anywhere."""
    if not _matches(_NAME, body.get("name")):
        return
    if _matches(_NAME, place.get("name")):
        body["name"] = place["name"]
    definition = _object(body.get("toolDefinition"))
    tool = _object(definition.get("tool"))
    if isinstance(tool.get("name"), str):
        tool["name"] = body["name"]
    for member in ("inputSchema", "outputSchema"):
        if isinstance(tool.get(member), dict):
            tool[member] = {"type": "object"}
    if "\\u0000" in (text := json.dumps(tool)):
        definition["tool"] = json.loads(text.replace("\\u0000", ""))


def _is_reference(value: object) -> bool:
    """Whether it is one that a cluster could resolve; a local gateway has no Secrets."""
    try:
        msgspec.convert(value, EnvReference)
    except msgspec.ValidationError:
        return False
    return True


def _object(value: object) -> Json:
    """The very object, to be changed in place; an empty one for anything else."""
    return cast("Json", value) if isinstance(value, dict) else {}


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None
