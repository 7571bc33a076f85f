"""Who may register at all, where roles are configured for it."""

from typing import Any

import pytest

from functions.settings import Settings
from tests.functions.bodies import adapter, tool
from tests.functions.direct import Direct

_KINDS = pytest.mark.parametrize(("kind", "body"), [("adapter", adapter), ("tool", tool)])
_MAKERS = Settings(creator_roles=("Makers", "ops"))


@_KINDS
@pytest.mark.parametrize(
    ("roles", "status"),
    [("makers", 201), ("x,OPS", 201), ("mcp.Admin", 201), ("mcp.dev", 403), ("maker", 403), ("", 403)],
)
async def test_only_configured_roles_and_admin_register(kind: str, body: Any, roles: str, status: int) -> None:
    direct = Direct(settings=_MAKERS)

    reply = await direct.call(f"create_{kind}", body=body(), user="makers", roles=roles)

    assert reply.status == status
    assert len(direct.store.rows()) == (status == 201)
    if status == 403:
        assert reply.json["detail"] == (
            "You may not register anything: that takes one of the roles `Makers`, `ops`, `mcp.admin`."
        )


async def test_who_may_not_register_is_told_so_before_the_body_is_read() -> None:
    reply = await Direct(settings=_MAKERS).call("create_tool", body=b"[", headers={"Content-Type": "text/plain"})

    assert reply.status == 403


@_KINDS
async def test_what_others_registered_before_stays_theirs(kind: str, body: Any) -> None:
    before = Direct()
    await before.call(f"create_{kind}", body=body(), user="alice")
    now = Direct(store=before.store, cluster=before.cluster, settings=_MAKERS)

    for verb in ("get_{}", "get_{}_status", "get_{}_logs"):
        assert (await now.call(verb.format(kind), "one", user="alice")).status == 200
    put = await now.call(f"replace_{kind}", "one", body(description="mine"), user="alice")
    assert (put.status, put.json["createdBy"]) == (200, "alice")
    assert (await now.call(f"delete_{kind}", "one", user="alice")).status == 204
    assert (await now.call(f"create_{kind}", body=body(), user="alice")).status == 403


@_KINDS
async def test_role_to_register_gives_no_right_to_anything_of_others(kind: str, body: Any) -> None:
    direct = Direct(settings=_MAKERS)
    await direct.call(f"create_{kind}", body=body(), user="alice", roles="makers")

    for verb in ("get_{}", "replace_{}", "delete_{}", "get_{}_status", "get_{}_logs"):
        assert (await direct.call(verb.format(kind), "one", body(), user="eve", roles="makers")).status == 403
