"""Who comes in: tokens, challenges, and whom nobody asks for one."""

from typing import Any

import pytest

from gateway.operations import OPERATIONS
from tests.functions.bodies import adapter
from tests.functions.desk import BAD_TOKEN, NO_SCOPE, NO_TOKEN, PROTECTED, WRONG_ENDPOINT, Desk
from tests.functions.direct import Direct
from tests.functions.test_answers import BrokenStore

_GUARDED = [o.id for o in OPERATIONS if o.room == "functions" and not o.anonymous]
_OPEN = [o.id for o in OPERATIONS if o.room != "proxy" and o.anonymous]


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def _direct(**more: Any) -> Direct:
    return Direct(identify=Desk(), protected=PROTECTED, **more)


@pytest.mark.parametrize("operation", _GUARDED)
@pytest.mark.parametrize(
    ("token", "status", "challenge"),
    [
        ("", 401, NO_TOKEN),
        ("expired", 401, BAD_TOKEN),
        ("alice@/mcp", 401, WRONG_ENDPOINT),
        ("alice@/adapters/one/mcp", 401, WRONG_ENDPOINT),
        ("admin@/API", 401, WRONG_ENDPOINT),
        ("scopeless", 403, NO_SCOPE),
    ],
)
async def test_whoever_may_not_come_in_is_challenged_before_anything_is_read(
    operation: str, token: str, status: int, challenge: str
) -> None:
    direct = _direct(store=BrokenStore())

    for _ in range(2):  # a token that was seen before is no better
        reply = await direct.call(operation, "one", b"{", headers={"Content-Type": "text/plain", **_bearer(token)})
        assert (reply.status, reply.headers.get("WWW-Authenticate")) == (status, challenge)
        assert reply.json["status"] == status


@pytest.mark.parametrize("token", ["alice", "alice@/api"])
async def test_token_for_the_gateway_or_for_its_api_comes_in(token: str) -> None:
    created = await _direct().call("create_adapter", body=adapter(), headers=_bearer(token))

    assert (created.status, created.json["createdBy"]) == (201, "alice")


async def test_headers_of_developers_prove_nothing_where_tokens_are_verified() -> None:
    reply = await _direct().call("list_tools", user="alice", roles="mcp.admin")

    assert reply.status == 401


async def test_caller_is_verified_once_and_then_remembered() -> None:
    desk = Desk()
    direct = Direct(identify=desk)

    for _ in range(3):
        assert (await direct.call("list_tools", headers=_bearer("alice"))).status == 200

    assert desk.verified == 1


async def test_who_is_known_but_not_allowed_is_not_asked_to_sign_in_again() -> None:
    direct = _direct()
    await direct.call("create_adapter", body=adapter(), headers=_bearer("alice"))

    for operation in ("get_adapter", "replace_adapter", "delete_adapter", "get_adapter_logs", "get_adapter_status"):
        reply = await direct.call(operation, "one", adapter(), headers=_bearer("eve"))
        assert (reply.status, "WWW-Authenticate" in reply.headers) == (403, False)


async def test_keys_that_cannot_be_had_are_a_503_without_a_challenge() -> None:
    reply = await _direct().call("list_tools", headers=_bearer("away"))

    assert (reply.status, "WWW-Authenticate" in reply.headers) == (503, False)
    assert reply.headers["Retry-After"]


async def test_nobody_is_sent_anywhere_to_sign_in_where_callers_are_believed() -> None:
    reply = await Direct(identify=Desk()).call("list_tools")

    assert (reply.status, "WWW-Authenticate" in reply.headers) == (401, False)


@pytest.mark.parametrize("operation", _OPEN)
async def test_health_and_document_need_no_token(operation: str) -> None:
    assert (await _direct().call(operation)).status == 200
