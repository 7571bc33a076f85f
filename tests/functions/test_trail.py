"""What the audit is told of the control plane: every change once, done or not, every reading of logs, everyone turned away."""

import asyncio
import re
from typing import Any

import msgspec
import pytest

from functions.settings import Settings
from tests.functions.bodies import adapter, tool
from tests.functions.desk import PROTECTED, Desk
from tests.functions.direct import Direct
from tests.functions.steps import Broke

_KINDS = pytest.mark.parametrize(("kind", "body"), [("adapter", adapter), ("tool", tool)])
_ID = {"X-Request-Id": "r-1"}


def _event(event: str, who: str, what: str, result: str, reason: str = "") -> dict[str, str]:
    return {
        "event": event,
        "who": who,
        "what": what,
        "result": result,
        "requestId": "r-1",
        **({"reason": reason} if reason else {}),
    }


@_KINDS
async def test_whole_life_leaves_one_event_for_each_change_and_log_read_and_none_for_other_reads(
    kind: str, body: Any
) -> None:
    direct = Direct()
    for operation, name, sent in (
        ("create_{}", "", body()),
        ("get_{}", "one", None),
        ("list_{}s", "", None),
        ("get_{}_status", "one", None),
        ("replace_{}", "one", body(description="d")),
        ("get_{}_logs", "one", None),
        ("delete_{}", "one", None),
    ):
        reply = await direct.call(operation.format(kind), name, sent, user="alice", headers=_ID)
        assert reply.status < 300

    changes = [f"{kind}.create", f"{kind}.replace", f"{kind}.logs", f"{kind}.delete"]
    assert direct.events == [_event(event, "alice", "one", "ok") for event in changes]


async def test_event_says_when_and_how_long() -> None:
    direct = Direct()
    await direct.call("create_adapter", body=adapter())

    (line,) = [msgspec.json.decode(line) for line in direct.audited]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", line["time"])
    assert 0 < line["durationMs"] < 30_000


@_KINDS
async def test_change_that_is_refused_is_told_once_with_its_reason(kind: str, body: Any) -> None:
    direct = Direct(images=("example:1",))
    await direct.call(f"create_{kind}", body=body(requiredRoles=["readers"]), user="alice")
    direct.audited.clear()

    async def ask(operation: str, name: str = "", sent: object = None, **headers: str) -> None:
        reply = await direct.call(
            f"{operation}_{kind}", name, sent, user="eve", roles="readers", headers={**_ID, **headers}
        )
        assert 400 <= reply.status < 500

    denied = f"You may not change this {kind}."
    await ask("replace", "one", body(description="canary"))
    await ask("delete", "one")
    await ask("create", "", body())
    await ask("create", "", body("two", description=5))
    await ask("create", "", b'{"name":"two",')
    await ask("create", "", b'{"name":"' + b"x" * 10_000 + b'"}')
    await ask("create", "", {**body("two"), "imageVersion": "canary"})
    await ask("replace", "two", body("two"))
    await ask("replace", "one", body("two"))
    await ask("create", "", body("two"), **{"Content-Type": "text/canary"})

    assert direct.events == [
        _event(f"{kind}.replace", "eve", "one", "denied", denied),
        _event(f"{kind}.delete", "eve", "one", "denied", denied),
        _event(f"{kind}.create", "eve", "one", "invalid", "Conflict: name"),
        _event(f"{kind}.create", "eve", "two", "invalid", "Bad Request: description"),
        _event(f"{kind}.create", "eve", "", "invalid", "Bad Request"),
        _event(f"{kind}.create", "eve", "", "invalid", "Bad Request: name"),
        _event(f"{kind}.create", "eve", "two", "invalid", "Bad Request: imageName"),
        _event(f"{kind}.replace", "eve", "two", "invalid", "Not Found"),
        _event(f"{kind}.replace", "eve", "one", "invalid", "Bad Request: name"),
        _event(f"{kind}.create", "eve", "two", "invalid", "Unsupported Media Type: Content-Type"),
    ]
    assert b"canary" not in b"".join(direct.audited)


async def test_who_is_turned_away_from_a_read_is_told_by_method_and_path() -> None:
    direct = Direct()
    await direct.call("create_adapter", body=adapter(), user="alice")
    direct.audited.clear()

    for operation in ("get_adapter", "get_adapter_status", "get_adapter_logs"):
        await direct.call(operation, "one", user="eve", query={"since": "canary"}, headers=_ID)

    reason = "You may not read this adapter."
    assert direct.events == [
        _event("access.denied", "eve", "GET /adapters/one", "denied", reason),
        _event("access.denied", "eve", "GET /adapters/one/status", "denied", reason),
        _event("adapter.logs", "eve", "one", "denied", reason),
    ]
    assert b"canary" not in b"".join(direct.audited)
    assert b"query" not in b"".join(direct.audited)


async def test_who_never_came_in_is_told_without_a_name_of_theirs_and_without_the_token() -> None:
    direct = Direct(identify=Desk(), protected=PROTECTED)

    for token in ("", "expired", "scopeless", "alice@/mcp"):
        await direct.call("create_adapter", body=adapter(), headers={**_ID, "Authorization": f"Bearer {token}"})

    what = "POST /adapters"
    assert direct.events == [
        _event("access.denied", "", what, "denied", "A token is required."),
        _event("access.denied", "", what, "denied", "The token has expired."),
        _event("access.denied", "", what, "denied", "The token lacks the scope."),
        _event("access.denied", "alice", what, "denied", "The token was issued for another endpoint."),
    ]


async def test_change_that_nobody_could_be_asked_for_is_unavailable() -> None:
    direct = Direct(identify=Desk(), protected=PROTECTED)

    await direct.call("create_adapter", body=adapter(), headers={**_ID, "Authorization": "Bearer away"})
    await direct.call("list_adapters", headers={**_ID, "Authorization": "Bearer away"})

    assert direct.events == [_event("adapter.create", "", "one", "unavailable", "Service Unavailable")]


async def test_creator_role_that_is_missing_and_a_quota_that_is_used_up_are_denials() -> None:
    direct = Direct(settings=Settings(creator_roles=("makers",), quota_records=1))

    await direct.call("create_adapter", body=adapter("a"), user="eve", headers=_ID)
    await direct.call("create_adapter", body=adapter("b"), user="alice", roles="makers", headers=_ID)
    await direct.call("create_adapter", body=adapter("c"), user="alice", roles="makers", headers=_ID)

    assert [(event["who"], event["what"], event["result"]) for event in direct.events] == [
        ("eve", "a", "denied"),
        ("alice", "b", "ok"),
        ("alice", "c", "denied"),
    ]
    assert "`makers`" in direct.events[0]["reason"]
    assert "1 are allowed" in direct.events[2]["reason"]


async def test_change_that_breaks_is_failed_and_one_that_is_not_in_force_unavailable() -> None:
    direct = Direct()
    await direct.call("create_adapter", body=adapter())
    direct.audited.clear()

    direct.steps.arm(2, "before", Broke)  # the write of the record
    assert (await direct.call("replace_adapter", "one", adapter(), headers=_ID)).status == 500
    direct.steps.arm(4, "before", Broke)  # the card
    assert (await direct.call("replace_adapter", "one", adapter(), headers=_ID)).status == 503

    assert direct.events == [
        _event("adapter.replace", "dev", "one", "failed"),
        _event("adapter.replace", "dev", "one", "unavailable", "Service Unavailable"),
    ]


async def test_workload_that_is_still_to_be_made_is_a_create_that_is_done() -> None:
    direct = Direct()
    direct.steps.arm(2, "before", Broke)

    reply = await direct.call("create_adapter", body=adapter(), headers=_ID)

    assert reply.json["status"] == "Pending"
    assert direct.events == [_event("adapter.create", "dev", "one", "ok")]


async def test_change_that_is_cut_off_is_told_too() -> None:
    direct = Direct()
    hold = direct.steps.hold("add record")
    cut = asyncio.create_task(direct.call("create_adapter", body=adapter(), headers=_ID))
    await hold.reached.wait()

    cut.cancel()
    await asyncio.wait({cut})

    assert direct.events == [_event("adapter.create", "dev", "one", "cancelled")]


async def test_environment_values_are_in_no_event() -> None:
    direct = Direct()
    await direct.call("create_adapter", body=adapter(environmentVariables={"A": "canary"}))
    await direct.call("replace_adapter", "one", adapter(environmentVariables={"A": "canary\0"}))
    await direct.call("replace_adapter", "one", adapter(environmentVariables={"A": "***"}))

    assert [event["result"] for event in direct.events] == ["ok", "invalid", "invalid"]
    assert b"canary" not in b"".join(direct.audited)
