"""The token for a cluster: of azure-identity where it matters what that does, of a credential of our own where time does."""

import asyncio
from collections.abc import AsyncGenerator

import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError

from functions.azure_cluster_token import AHEAD, LEAST, PATIENCE, PAUSE, SCOPE, ClusterToken
from functions.kube_client import NoToken
from gateway.azure.credentials import credential
from gateway.env import SettingsError
from tests.azure.cloud import APPLICATION, Cloud
from tests.functions.azure_place import KNOWN, known
from tests.local.waiting import holds, until


class Granted:
    """A token."""

    def __init__(self, token: str, expires_on: int) -> None:
        self.token = token
        self.expires_on = expires_on


class Granting:
    """A credential with a clock, whose tokens hold an hour. While `gate` is not set it grants nothing."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.asked: list[str] = []
        self.out = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def get_token(self, *scopes: str) -> Granted:
        self.asked += scopes
        await self.gate.wait()
        if self.out:
            raise ClientAuthenticationError("no identity today")
        return Granted(f"token {len(self.asked)}", int(self.now) + 3600)

    async def close(self) -> None:
        pass


@pytest.fixture
async def granting() -> Granting:
    return Granting()


@pytest.fixture
def token(granting: Granting) -> ClusterToken:
    return ClusterToken(lambda: granting, lambda: granting.now)


@pytest.fixture
async def identity(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[ClusterToken]:
    """That of the app's own identity, as the platform hands it out."""
    known(cloud)
    variables = {**cloud.environment("app_service"), "AZURE_CLIENT_ID": APPLICATION.client_id}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)  # azure-identity reads the process's own
    token = ClusterToken(lambda: credential(variables))
    yield token
    await token.close()


async def test_managed_identity_is_asked_for_the_clusters_own_application(cloud: Cloud, identity: ClusterToken) -> None:
    shown = jwt.decode(await identity(), options={"verify_signature": False})
    assert (shown["aud"], shown["oid"]) == (SCOPE.removesuffix("/.default"), APPLICATION.object_id)
    assert cloud.entra.granted == [KNOWN]


async def test_many_who_ask_at_once_are_one_question(cloud: Cloud, identity: ClusterToken) -> None:
    assert len(set(await asyncio.gather(*(identity() for _ in range(50))))) == 1
    assert cloud.app_service.asked == 1


async def test_identity_that_does_not_exist_is_no_token_and_the_log_says_why(
    cloud: Cloud, identity: ClusterToken, caplog: pytest.LogCaptureFixture
) -> None:
    cloud.app_service.identity = None
    for _ in range(3):
        with pytest.raises(NoToken):
            await identity()
    ours = [record.message for record in caplog.records if record.name == "functions.azure_cluster_token"]
    assert len(ours) == 1
    assert "No User Assigned or Delegated Managed Identity found" in ours[0]
    assert cloud.app_service.asked == 1  # the next one is asked after a pause


async def test_setting_that_is_missing_is_found_when_it_is_needed(caplog: pytest.LogCaptureFixture) -> None:
    def nobody() -> Granting:
        raise SettingsError("AZURE_TENANT_ID is required.")

    with pytest.raises(NoToken, match="AZURE_TENANT_ID is required"):
        await ClusterToken(nobody)()
    assert "AZURE_TENANT_ID is required" in caplog.text


async def test_token_is_kept_and_renewed_ahead_of_its_end_without_anybody_waiting(
    granting: Granting, token: ClusterToken
) -> None:
    assert await token() == "token 1"
    granting.now += 3600 - AHEAD
    assert await token() == "token 1"
    assert granting.asked == [SCOPE]
    granting.gate.clear()
    granting.now += 1
    assert [await token() for _ in range(3)] == ["token 1"] * 3
    await holds(lambda: len(granting.asked) == 2)
    granting.gate.set()
    await until(token, lambda shown: shown == "token 2")
    assert len(granting.asked) == 2


async def test_token_that_has_ended_is_not_shown(granting: Granting, token: ClusterToken) -> None:
    await token()
    granting.now += 3600 - LEAST + 1
    assert await token() == "token 2"
    granting.now += 3600 - LEAST + 1
    granting.out = True
    with pytest.raises(NoToken, match="no identity today"):
        await token()


async def test_outage_matters_to_nobody_while_a_token_holds_and_is_not_a_storm(
    granting: Granting, token: ClusterToken, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    await token()
    granting.out = True
    granting.now += 3600 - AHEAD + 1
    for second in range(20):
        assert await token() == "token 1"
        await holds(lambda: not asyncio.all_tasks() - {asyncio.current_task()})
        granting.now += 1 if second else 0
    assert len(granting.asked) <= 2 + 20 / PAUSE
    granting.out = False
    granting.now += PAUSE
    await until(token, lambda shown: shown != "token 1")
    said = [record.message for record in caplog.records if record.name == "functions.azure_cluster_token"]
    assert said == ["no token for the cluster: no identity today", "tokens for the cluster again"]


async def test_caller_who_leaves_ends_nothing_for_the_others(granting: Granting, token: ClusterToken) -> None:
    granting.gate.clear()
    leaving, staying = asyncio.ensure_future(token()), asyncio.ensure_future(token())
    await holds(lambda: bool(granting.asked))
    leaving.cancel()
    granting.gate.set()
    assert await staying == "token 1"
    assert leaving.cancelled()
    assert len(granting.asked) == 1


def test_caller_is_told_before_the_cluster_would_be_given_up() -> None:
    assert PATIENCE < 10  # seconds that one question to the cluster may take
