"""Publishing: one zip, by the one way, until the app answers; and what is said where it does not."""

import pytest

from infra.publish import Publisher, Refused, Site
from infra.waiting import Patience, TooLate
from tests.infra.function_site import FunctionSite, token_for

QUICK = Patience(seconds=5, pause=0.01, word=0)
IMPATIENT = Patience(seconds=0.05, pause=0.01)
ZIP = b"PK and the rest"


async def publish(site: FunctionSite, patience: Patience = QUICK) -> list[str]:
    """What was said meanwhile."""
    said: list[str] = []
    async with site.serving() as at:
        await Publisher(at, token_for, said.append, patience).publish(ZIP)
    return said


async def test_the_zip_arrives_whole_and_the_app_is_waited_for() -> None:
    site = FunctionSite(statuses=(0, 1, 4), ping=(502, 503))
    said = await publish(site)
    ((asked, kind, body),) = site.taken
    assert (asked["type"], asked["RemoteBuild"], kind, body) == ("zip", "false", "application/zip", ZIP)
    assert any("its status is 1" in text for text in said)
    assert any("GET /ping: waiting" in text for text in said)


async def test_a_site_that_is_new_is_asked_again() -> None:
    site = FunctionSite(refuses=(401, 403, 404, 503))
    await publish(site)
    assert len(site.taken) == 1


async def test_the_deployment_may_be_told_as_an_object_too() -> None:
    site = FunctionSite()
    site.as_object = True
    await publish(site)
    assert len(site.taken) == 1


async def test_a_zip_that_is_not_taken_is_refused_at_once() -> None:
    with pytest.raises(Refused, match=r"400.*not now"):
        await publish(FunctionSite(refuses=(400,)))


@pytest.mark.parametrize(("status", "said"), [(3, "failed"), (-1, "cancelled"), (5, "conflict")])
async def test_a_deployment_that_fails_says_why(status: int, said: str) -> None:
    with pytest.raises(Refused, match=rf"{said}.*host\.json is missing"):
        await publish(FunctionSite(statuses=(1, status)))


async def test_nothing_is_waited_for_for_ever() -> None:
    for site, what in (
        (FunctionSite(refuses=(503,) * 1000), "site for deployments"),
        (FunctionSite(statuses=(1,)), "the deployment"),
        (FunctionSite(ping=(503,) * 1000), "GET /ping"),
    ):
        with pytest.raises(TooLate, match=what):
            await publish(site, IMPATIENT)


async def test_an_app_that_is_open_to_the_cluster_only_is_not_waited_for() -> None:
    said = await publish(FunctionSite(ping=(403,)))
    assert any("deployerCidrs" in text for text in said)


async def test_a_server_that_is_not_there_yet_is_waited_for_too() -> None:
    nowhere = Site("http://127.0.0.1:9", "http://127.0.0.1:9")
    with pytest.raises(TooLate, match="cannot be reached"):
        await Publisher(nowhere, token_for, lambda _: None, IMPATIENT).publish(ZIP)


def test_the_sites_are_known_by_the_apps_name() -> None:
    site = Site.of("mg-fn-abc.azurewebsites.net")
    assert site.app == "https://mg-fn-abc.azurewebsites.net"
    assert site.deployments == "https://mg-fn-abc.scm.azurewebsites.net"
