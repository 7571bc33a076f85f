"""DevIdentity believes its headers; these are the defaults it has for what they leave out."""

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from gateway.dev_identity import DevIdentity
from gateway.errors import Unauthenticated


def _headers(**values: str) -> CIMultiDictProxy[str]:
    return CIMultiDictProxy(CIMultiDict({name.replace("_", "-"): value for name, value in values.items()}))


async def test_nobody_in_particular_is_dev_with_the_dev_role() -> None:
    caller = await DevIdentity().verify(_headers())
    assert (caller.id, caller.name, caller.roles) == ("dev", "dev", ("mcp.dev",))


def test_the_headers_are_believed() -> None:
    given = _headers(X_Dev_UserId="ana", X_Dev_Name="Ana", X_Dev_Roles=" MCP.Admin , x,,x")
    caller = DevIdentity().remembered(given)
    assert caller is not None
    assert (caller.id, caller.name, caller.roles) == ("ana", "Ana", ("MCP.Admin", "x"))
    assert caller.folded == {"mcp.admin", "x"}


def test_an_id_that_no_header_could_carry_is_refused() -> None:
    with pytest.raises(Unauthenticated):
        DevIdentity().remembered(_headers(X_Dev_UserId="a\x00b"))
