"""What goes wrong in the service, or on the way there: bounded, said in the log, and Unavailable to whoever asked."""

import logging
import time
from collections.abc import Mapping

import pytest

from gateway.azure.cosmos.journal import CosmosJournal
from gateway.azure.cosmos.store import CosmosStore, catalog
from gateway.errors import TooLarge, Unavailable
from gateway.records import Record
from tests.azure.cloud import APPLICATION, Cloud
from tests.azure.cosmos.access import Grant
from tests.azure.cosmos.refusal import refused, throttled
from tests.azure.faults import SILENT, Fault
from tests.azure.replies import error
from tests.contracts.records import adapter
from tests.gateway.azure.cosmos.reached import CATALOG, reached, warm


async def test_a_wait_that_the_service_asks_for_is_waited(store: CosmosStore[Record], cloud: Cloud) -> None:
    cloud.cosmos.faults.add(Fault(throttled(20)), 3, path=CATALOG)
    etag = await store.add(adapter())
    assert cloud.cosmos.faults.met == 3
    assert [found.etag for found in await store.all()] == [etag]


async def test_a_long_wait_is_the_callers(store: CosmosStore[Record], cloud: Cloud) -> None:
    cloud.cosmos.faults.add(Fault(throttled(17_200)), path=CATALOG)
    with pytest.raises(Unavailable, match="busy") as caught:
        await store.add(adapter())
    assert caught.value.headers == {"Retry-After": "18"}
    assert cloud.cosmos.faults.met == 1
    assert await store.all() == []


@pytest.mark.parametrize(("milliseconds", "retry_after"), [(1, "1"), (None, "5")])
async def test_a_service_that_is_always_busy_is_not_asked_for_ever(
    store: CosmosStore[Record], cloud: Cloud, milliseconds: int | None, retry_after: str
) -> None:
    cloud.cosmos.faults.add(Fault(throttled(milliseconds)), 99, path=CATALOG)
    with pytest.raises(Unavailable) as caught:
        await store.get("one")
    assert caught.value.headers == {"Retry-After": retry_after}
    assert cloud.cosmos.faults.met == 6


async def test_a_page_in_the_middle_of_many_is_waited_for(store: CosmosStore[Record], cloud: Cloud) -> None:
    for name in "abcdefgh":
        await store.add(adapter(name))
    cloud.cosmos.longest = 2
    await store.get("a")
    cloud.cosmos.faults.add(Fault(throttled()), 2, method="POST", path=CATALOG)
    assert [found.record.id for found in await store.all()] == list("abcdefgh")


@pytest.mark.parametrize(("answer", "patience"), [(0.5, 20.0), (20.0, 1.0)])
async def test_a_silent_service_takes_no_longer_than_agreed(cloud: Cloud, answer: float, patience: float) -> None:
    """Neither one answer, of which there are two attempts, nor all of it together."""
    async with reached(cloud.records(), answer=answer, patience=patience) as account:
        await warm(account)
        cloud.cosmos.faults.add(SILENT, 9)
        begun = time.monotonic()
        with pytest.raises(Unavailable):
            await catalog(account).add(adapter())
        assert time.monotonic() - begun < 8
        cloud.cosmos.faults.end()
        await warm(account)


async def test_a_reader_reads_and_does_not_write_and_the_log_says_why(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    async with reached(cloud.records(role="reader")) as account:
        store = catalog(account)
        assert await store.all() == []
        with pytest.raises(Unavailable):
            await store.add(adapter())
    assert "the identity has no data role for this" in caplog.text
    assert [record.levelname for record in _ours(caplog) if "failed" in record.message] == ["ERROR"]


async def test_an_identity_without_any_role_is_told_apart(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    variables = cloud.records()
    cloud.cosmos.access.grants.clear()
    async with reached(variables) as account:
        with pytest.raises(Unavailable):
            await catalog(account).get("one")
    assert "403/5300: the identity has no data role for this" in caplog.text


async def test_a_role_on_one_container_opens_no_other(cloud: Cloud) -> None:
    variables = cloud.records()
    cloud.cosmos.access.grants = [grant for grant in cloud.cosmos.access.grants if "Catalog" in grant.scope]
    async with reached(variables) as account:
        await catalog(account).add(adapter())
        with pytest.raises(Unavailable):
            await CosmosJournal(account).after("s", 0)


async def test_a_container_that_is_not_there_is_no_empty_one(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    variables = {**cloud.records(), "CosmosSettings__DatabaseName": "Another"}
    cloud.cosmos.access.grants.append(Grant(APPLICATION.object_id, "contributor"))
    async with reached(variables) as account:
        with pytest.raises(Unavailable):
            await catalog(account).get("one")
        with pytest.raises(Unavailable):
            await catalog(account).all()
    assert "there is no such database or container" in caplog.text


async def test_a_container_that_went_away_is_no_empty_one(store: CosmosStore[Record], cloud: Cloud) -> None:
    etag = await store.add(adapter())
    cloud.cosmos.databases.clear()
    for asked in (store.get("one"), store.all(), store.remove("one", etag), store.replace(adapter(), etag)):
        with pytest.raises(Unavailable):
            await asked


async def test_an_identity_that_entra_refuses_is_said_with_its_number(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    variables = {**cloud.records(), "AZURE_CLIENT_SECRET": "not-the-one~"}
    async with reached(variables) as account:
        with pytest.raises(Unavailable):
            await catalog(account).get("one")
    assert "AADSTS7000215" in caplog.text
    assert "not-the-one~" not in caplog.text


async def test_an_authority_that_anybody_could_speak_for_is_not_asked(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    variables = {**cloud.records(), "AZURE_AUTHORITY_HOST": "http://localhost:1"}
    async with reached(variables) as account:
        with pytest.raises(Unavailable):
            await catalog(account).get("one")
    assert "TLS" in caplog.text


async def test_an_outage_of_entra_is_over_when_it_is_over(cloud: Cloud) -> None:
    cloud.entra.faults.extend([error(400, "invalid_grant", 53003, "Access has been blocked.")])
    async with reached(cloud.records()) as account:
        with pytest.raises(Unavailable):
            await catalog(account).get("one")
        assert await catalog(account).get("one") is None


async def test_a_token_that_the_account_refuses_is_unavailable(store: CosmosStore[Record], cloud: Cloud) -> None:
    assert await store.get("one") is None
    cloud.cosmos.faults.add(Fault(refused(401, "The input authorization token is not valid.")), path=CATALOG)
    with pytest.raises(Unavailable):
        await store.get("one")
    assert await store.get("one") is None


async def test_a_certificate_that_nobody_trusts_is_not_taken(cloud: Cloud) -> None:
    """The SDK would take any for `localhost`."""
    variables = {**cloud.records("app_service"), "SSL_CERT_FILE": ""}
    async with reached(variables) as account:
        with pytest.raises(Unavailable):
            await catalog(account).get("one")
    assert cloud.cosmos.asked == []


async def test_nobody_there_is_unavailable(cloud: Cloud) -> None:
    variables = {**cloud.records(), "CosmosSettings__AccountEndpoint": "https://localhost:1/"}
    async with reached(variables) as account:
        with pytest.raises(Unavailable, match="does not answer"):
            await catalog(account).get("one")


async def test_what_is_too_large_is_said_to_be(store: CosmosStore[Record]) -> None:
    with pytest.raises(TooLarge, match="2 MB"):
        await store.add(adapter(environment_variables={f"A{n}": "x" * 32_000 for n in range(70)}))
    assert await store.all() == []


async def test_an_event_that_is_too_large_is_said_to_be(journal: CosmosJournal) -> None:
    with pytest.raises(TooLarge, match="2 MB"):
        await journal.append("s", 1, b"x" * 2_200_000)
    assert await journal.after("s", 0) == []


async def test_no_log_line_holds_a_token_a_secret_or_what_is_stored(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await _trouble(cloud, cloud.records())
    token = cloud.entra.token(APPLICATION, "https://localhost")
    assert caplog.records
    for secret in (APPLICATION.secret, token.split(".")[0], "hush-hush"):
        assert secret not in "\n".join(record.getMessage() for record in _ours(caplog))
    for secret in (APPLICATION.secret, token.split(".")[0]):  # whatever others say
        assert secret not in caplog.text


async def _trouble(cloud: Cloud, variables: Mapping[str, str]) -> None:
    secret = adapter(environment_variables={"A": "hush-hush"})
    async with reached(variables, answer=1.0) as account:
        await warm(account)
        store = catalog(account)
        await store.add(secret)
        for fault in (refused(503, "hush-hush"), refused(403, "hush-hush"), refused(500), throttled(9999)):
            cloud.cosmos.faults.add(Fault(fault), 9, path=CATALOG)
            with pytest.raises(Unavailable) as caught:
                await store.replace(secret, "x")
            assert "hush-hush" not in str(caught.value)
            cloud.cosmos.faults.end()
        cloud.cosmos.faults.add(SILENT, 9, path=CATALOG)
        with pytest.raises(Unavailable):
            await store.all()
        cloud.cosmos.faults.end()
        assert [found.record for found in await store.all()] == [secret]


def _ours(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name.startswith("gateway.")]
