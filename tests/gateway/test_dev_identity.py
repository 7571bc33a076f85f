"""DevIdentity believes its headers; these are the defaults it has for what they leave out."""

import pytest
from multidict import CIMultiDict

from gateway.dev_identity import DevIdentity
from gateway.errors import Unauthenticated


async def test_nobody_in_particular_is_dev_with_the_dev_role() -> None:
    caller = await DevIdentity().verify(CIMultiDict[str]())
    assert (caller.id, caller.name, caller.roles) == ("dev", "dev", ("mcp.dev",))


def test_the_headers_are_believed() -> None:
    caller = DevIdentity().remembered(
        CIMultiDict({"X-Dev-UserId": "ana", "X-Dev-Name": "Ana", "X-Dev-Roles": " MCP.Admin , x,,x"})
    )
    assert caller is not None
    assert (caller.id, caller.name, caller.roles) == ("ana", "Ana", ("MCP.Admin", "x"))
    assert caller.folded == {"mcp.admin", "x"}


def test_an_id_that_no_header_could_carry_is_refused() -> None:
    with pytest.raises(Unauthenticated):
        DevIdentity().remembered(CIMultiDict({"X-Dev-UserId": "a\x00b"}))
