"""Every sentence of `Identify` in gateway/identity.py."""

from collections.abc import Generator

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from gateway.errors import Unauthenticated
from proxy.fields import Fields
from tests.contracts.identities import IDENTITIES, IdentifyRig


@pytest.fixture(params=IDENTITIES, ids=lambda opened: opened.__name__)
def rig(request: pytest.FixtureRequest) -> Generator[IdentifyRig]:
    with request.param() as opened:
        yield opened


async def test_verify_turns_headers_into_the_caller_with_his_roles(rig: IdentifyRig) -> None:
    caller = await rig.identify.verify(rig.proof("alice", ["mcp.Admin", "team"]))
    assert caller.id.endswith("alice")
    assert caller.roles == ("mcp.Admin", "team")
    assert caller.folded == {"mcp.admin", "team"}
    assert caller.only_at == ""


async def test_the_same_user_is_the_same_principal_and_another_is_another(rig: IdentifyRig) -> None:
    alice = await rig.identify.verify(rig.proof("alice", ["r"]))
    assert await rig.identify.verify(rig.proof("alice", ["r"])) == alice
    assert (await rig.identify.verify(rig.proof("bob", ["r"]))).id != alice.id


async def test_who_was_verified_is_remembered_and_who_was_not_need_not_be(rig: IdentifyRig) -> None:
    proof = rig.proof("alice", ["r"])
    assert rig.asks == (rig.identify.remembered(proof) is None)
    caller = await rig.identify.verify(proof)
    assert rig.identify.remembered(proof) == caller


async def test_headers_that_prove_nobody_are_refused_and_not_remembered(rig: IdentifyRig) -> None:
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            await rig.identify.verify(rig.unsound)
        try:
            assert rig.identify.remembered(rig.unsound) is None
        except Unauthenticated:
            assert not rig.asks  # known without asking to be nobody


async def test_every_frameworks_headers_will_do(rig: IdentifyRig) -> None:
    proof = rig.proof("alice", ["r"])
    caller = await rig.identify.verify(proof)
    lines = [(name.lower().encode(), value.encode()) for name, value in proof.items()]
    fields = Fields(tuple(name for name, _ in lines), tuple(value for _, value in lines))
    folded = CIMultiDictProxy(CIMultiDict({name.upper(): value for name, value in proof.items()}))
    for headers in (fields, folded):
        assert await rig.identify.verify(headers) == caller
        assert rig.identify.remembered(headers) == caller


async def test_ids_keep_their_letters_beyond_ascii(rig: IdentifyRig) -> None:
    assert (await rig.identify.verify(rig.proof("ånna", ["r"]))).id.endswith("ånna")
