"""Who a token proves; every forgery, each with its error; what is remembered and for how long."""

import asyncio

import pytest

from gateway.errors import InsufficientScope, Unauthenticated, Unavailable
from gateway.oidc.identity import REMEMBERED
from gateway.oidc.token import LIMIT
from tests.fakes.identity_provider import IdentityProvider
from tests.gateway.oidc.desk import ORIGIN, Desk
from tests.gateway.oidc.forgeries import INSUFFICIENT, UNAUTHENTICATED, Forgery, good


async def test_the_object_id_of_a_tenants_user_is_the_principal(idp: IdentityProvider, desk: Desk) -> None:
    caller = await desk.caller(idp.token("alice", ["mcp.Admin", "team"]))
    assert (caller.id, caller.name, caller.roles, caller.only_at) == ("alice", "Alice", ("mcp.Admin", "team"), "")


async def test_roles_are_compared_in_folded_case(idp: IdentityProvider, desk: Desk) -> None:
    assert (await desk.caller(idp.token(roles=["MCP.ADMIN"]))).folded == {"mcp.admin"}


async def test_a_v1_token_is_the_same_person(idp: IdentityProvider, desk: Desk) -> None:
    assert await desk.caller(idp.v1_token("bob", ["r"])) == await desk.caller(idp.token("bob", ["r"]))


async def test_an_application_comes_in_by_its_roles(idp: IdentityProvider, desk: Desk) -> None:
    caller = await desk.caller(idp.app_token("ci", ["mcp.builder"]))
    assert (caller.id, caller.roles) == ("ci", ("mcp.builder",))


async def test_a_user_without_roles_comes_in_by_the_scope(idp: IdentityProvider, desk: Desk) -> None:
    assert (await desk.caller(idp.token(scope="openid access"))).roles == ()


async def test_somebody_of_another_issuer_is_named_with_it(idp: IdentityProvider, desk: Desk) -> None:
    assert (await desk.caller(idp.realm_token("alice", ["r"]))).id == f"{idp.realm}|alice"


async def test_roles_are_taken_from_where_the_issuer_puts_them(idp: IdentityProvider) -> None:
    deep = Desk(idp, Oidc__RolesClaim="realm_access.roles")
    assert (await deep.caller(idp.realm_token(realm_access={"roles": ["a", "b"]}))).roles == ("a", "b")
    assert (await deep.caller(idp.realm_token(realm_access=["a"]))).roles == ()
    flat = Desk(idp, Oidc__RolesClaim="https://contoso.example/roles")
    assert (await flat.caller(idp.realm_token(**{"https://contoso.example/roles": "one"}))).roles == ("one",)


async def test_the_plain_issuers_scope_is_asked_for_where_one_is_configured(idp: IdentityProvider) -> None:
    strict = Desk(idp, Oidc__Scope="mcp")
    with pytest.raises(InsufficientScope):
        await strict.caller(idp.realm_token())
    assert await strict.caller(idp.realm_token(scope=["openid", "mcp"]))


@pytest.mark.parametrize("forgery", UNAUTHENTICATED, ids=lambda forgery: forgery.__name__)
async def test_a_forged_or_foreign_token_is_nobody(idp: IdentityProvider, desk: Desk, forgery: Forgery) -> None:
    token = forgery(idp)
    with pytest.raises(Unauthenticated) as refused:
        await desk.caller(token)
    assert refused.value.sent
    assert desk.remembered(token) is None


@pytest.mark.parametrize("forgery", INSUFFICIENT, ids=lambda forgery: forgery.__name__)
async def test_a_token_for_something_else_is_not_enough(idp: IdentityProvider, desk: Desk, forgery: Forgery) -> None:
    token = forgery(idp)
    with pytest.raises(InsufficientScope):
        await desk.caller(token)
    assert desk.remembered(token) is None


@pytest.mark.parametrize("claim", ["roles", "exp", "nbf", "aud", "oid", "scp", "azp"])
@pytest.mark.parametrize("value", [True, {"a": 1}, [1], [[]], 1e300, "\u0000"], ids=repr)
async def test_a_claim_of_a_strange_shape_breaks_nothing(
    idp: IdentityProvider, desk: Desk, claim: str, value: object
) -> None:
    token = idp.signed({**good(idp), claim: value})
    try:
        caller = await desk.caller(token)
    except (Unauthenticated, InsufficientScope):
        assert desk.remembered(token) is None
    else:
        assert caller.id == "mallory"


async def test_no_token_and_no_bearer_token_name_no_error(desk: Desk) -> None:
    for headers in ({}, {"Authorization": ""}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearertoken"}):
        assert desk.identify.remembered(headers) is None
        with pytest.raises(Unauthenticated) as refused:
            await desk.identify.verify(headers)
        assert not refused.value.sent


async def test_the_scheme_may_be_written_in_any_case(idp: IdentityProvider, desk: Desk) -> None:
    for scheme in ("bearer", "BEARER", "Bearer  "):
        assert await desk.identify.verify({"Authorization": f"{scheme} {idp.token()}"})


async def test_a_minute_of_difference_between_clocks_is_forgiven_and_not_more(
    idp: IdentityProvider, desk: Desk
) -> None:
    now = int(desk.clock.now)
    desk.clock.now = float(now)
    assert await desk.caller(idp.token(exp=now - 59))
    assert await desk.caller(idp.token(nbf=now + 60))
    for token in (idp.token(exp=now - 60), idp.token(exp=now - 61), idp.token(nbf=now + 61)):
        with pytest.raises(Unauthenticated):
            await desk.caller(token)


async def test_a_token_is_verified_once_and_remembered_until_a_minute_after_its_end(
    idp: IdentityProvider, desk: Desk
) -> None:
    token = idp.token(exp=int(desk.clock.now) + 100)
    assert desk.remembered(token) is None
    caller = await desk.caller(token)
    assert desk.remembered(token) is caller
    desk.clock.now = int(desk.clock.now) + 159
    assert desk.remembered(token) is caller
    desk.clock.now += 2
    assert desk.remembered(token) is None
    with pytest.raises(Unauthenticated, match="expired"):
        await desk.caller(token)


async def test_a_long_lived_token_is_verified_anew_after_a_while(idp: IdentityProvider, desk: Desk) -> None:
    token = idp.token(seconds=86_400)
    await desk.caller(token)
    desk.clock.now += REMEMBERED
    assert desk.remembered(token) is None
    assert await desk.caller(token)


async def test_a_token_of_the_greatest_length_is_still_read(idp: IdentityProvider, desk: Desk) -> None:
    spare = (LIMIT - len(idp.token(padding=""))) * 3 // 4 - 1
    token = idp.token(padding="x" * spare)
    assert LIMIT - 4 <= len(token) <= LIMIT
    assert await desk.caller(token)
    assert desk.remembered(token)


@pytest.mark.parametrize(
    ("path", "only_at"),
    [
        ("", ""),
        ("/", ""),
        ("/mcp", "/mcp"),
        ("/mcp/", "/mcp"),
        ("/adapters/a-1/mcp", "/adapters/a-1/mcp"),
        ("/adapters/a-1/mcp/", "/adapters/a-1/mcp"),
        ("/api", "/api"),
    ],
)
async def test_a_token_for_one_endpoint_is_good_there_only(
    idp: IdentityProvider, desk: Desk, path: str, only_at: str
) -> None:
    assert (await desk.caller(idp.token(aud=ORIGIN + path))).only_at == only_at


@pytest.mark.parametrize(
    "path", ["/mcp?x", "/mcp#x", "/mcp//", "/adapters/A/mcp", "/adapters/a/../b/mcp", "/x", "x/mcp"]
)
async def test_a_token_for_a_url_that_is_no_endpoint_is_for_somebody_else(
    idp: IdentityProvider, desk: Desk, path: str
) -> None:
    with pytest.raises(Unauthenticated, match="audience"):
        await desk.caller(idp.token(aud=ORIGIN + path))


async def test_of_several_audiences_one_is_enough_and_the_widest_counts(idp: IdentityProvider, desk: Desk) -> None:
    assert (await desk.caller(idp.token(aud=["https://x", f"{ORIGIN}/mcp"]))).only_at == "/mcp"
    assert (await desk.caller(idp.token(aud=[f"{ORIGIN}/mcp", idp.client_id]))).only_at == ""


async def test_another_key_that_the_provider_publishes_is_found_at_once(changing: IdentityProvider) -> None:
    desk = Desk(changing)
    before = changing.token("alice")
    await desk.caller(before)
    changing.rotate()
    desk.clock.now += 5
    assert (await desk.caller(changing.token("bob"))).id == "bob"
    assert (await desk.caller(before)).id == "alice"
    assert changing.fetches == 2


async def test_a_flood_of_unknown_keys_fetches_once_in_five_seconds(changing: IdentityProvider) -> None:
    desk = Desk(changing)
    await desk.caller(changing.token())
    claims = good(changing)
    for second in range(20):
        flood = [desk.caller(changing.signed(claims, {"kid": f"{second}-{n}"})) for n in range(5)]
        refused = await asyncio.gather(*flood, return_exceptions=True)
        assert all(isinstance(error, Unauthenticated) for error in refused)
        desk.clock.now += 1
    assert changing.fetches == 1 + 3  # at 0, and at 5, 10, 15


async def test_tokens_stay_good_through_an_outage(changing: IdentityProvider) -> None:
    desk = Desk(changing)
    await desk.caller(changing.token("alice"))
    changing.is_out = True
    desk.clock.now += 1800
    assert (await desk.caller(changing.token("bob", seconds=86_400))).id == "bob"
    with pytest.raises(Unauthenticated):
        await desk.caller(changing.signed(good(changing), {"kid": "new"}))


async def test_without_any_key_nobody_can_be_told_from_anybody(changing: IdentityProvider) -> None:
    desk = Desk(changing)
    changing.is_out = True
    with pytest.raises(Unavailable) as refused:
        await desk.caller(changing.token())
    assert refused.value.headers == {"Retry-After": "5"}
    changing.is_out = False
    with pytest.raises(Unavailable):
        await desk.caller(changing.token())
    desk.clock.now += 5
    assert await desk.caller(changing.token(seconds=86_400))


async def test_a_withdrawn_key_ends_what_it_signed(changing: IdentityProvider) -> None:
    desk = Desk(changing)
    before = changing.token()
    await desk.caller(before)
    changing.rotate(withdraw=True)
    desk.clock.now += 5
    await desk.caller(changing.token())
    assert desk.remembered(before) is None
    with pytest.raises(Unauthenticated):
        await desk.caller(before)


async def test_everybody_who_waits_for_keys_waits_for_one_fetch(changing: IdentityProvider) -> None:
    desk = Desk(changing)
    callers = await asyncio.gather(*(desk.caller(changing.token(f"user-{n}")) for n in range(20)))
    assert len({caller.id for caller in callers}) == 20
    assert changing.fetches == 1
