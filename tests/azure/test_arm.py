"""Resource Manager over HTTP: what is not there, what is refused, lists in pages, and where the token goes. A small server answers."""

from collections import deque
from collections.abc import AsyncGenerator, Generator
from typing import Any

import pytest

from gateway.azure.arm import Arm
from gateway.azure.arm_error import ArmError, Forbidden, Unexpected, Unreachable
from tests.azure.acr_server import refused
from tests.azure.replies import json
from tests.fakes.identity_provider_http import Answer, Asked, Hangup, HttpServer

VERSION = "2022-12-01"
TOKEN = "a-token-that-nobody-else-may-see"
THING = "/subscriptions/s/things/t"


class Server:
    """Answers what it is told to, in order; `asked` is what was."""

    def __init__(self) -> None:
        self.answers: deque[Answer] = deque()
        self.asked: list[Asked] = []
        self.http = HttpServer(self._respond, "127.0.0.1", 0, None)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.http.port}"

    def _respond(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        if not self.answers:
            raise Hangup
        return self.answers.popleft()


@pytest.fixture
def server() -> Generator[Server]:
    """It knows no answer yet."""
    made = Server()
    made.http.start()
    yield made
    made.http.stop()


@pytest.fixture
async def arm(server: Server) -> AsyncGenerator[Arm]:
    """Signed in there."""

    async def token() -> str:
        return TOKEN

    async with Arm(token, server.url, first_wait=0.001) as opened:
        yield opened


async def _all(arm: Arm, **query: str) -> list[dict[str, Any]]:
    return [each async for each in arm.all("/things", VERSION, dict[str, Any], query)]


async def test_what_is_not_there_is_none_to_who_looks_and_an_error_to_who_needs_it(server: Server, arm: Arm) -> None:
    server.answers.extend([refused(404, "ResourceNotFound", "Nothing is there.")] * 2)
    assert await arm.find(THING, VERSION, dict[str, Any]) is None
    with pytest.raises(ArmError, match=rf"^GET {THING}: 404 ResourceNotFound: Nothing is there") as missing:
        await arm.get(THING, VERSION, dict[str, Any])
    assert (missing.value.status, missing.value.code) == (404, "ResourceNotFound")


@pytest.mark.parametrize("status", [408, 429, 503])
async def test_what_passes_is_asked_again_five_times_in_all(server: Server, arm: Arm, status: int) -> None:
    server.answers.extend([Answer(status)] * 4 + [json({"n": 1})])
    assert await arm.get(THING, VERSION, dict[str, Any]) == {"n": 1}
    server.answers.extend([Answer(status)] * 6)
    with pytest.raises(ArmError, match=f": {status}"):
        await arm.get(THING, VERSION, dict[str, Any])
    assert len(server.answers) == 1


@pytest.mark.parametrize("status", [401, 403])
async def test_who_may_not_is_told_apart_and_at_once(server: Server, arm: Arm, status: int) -> None:
    server.answers.append(refused(status, "AuthorizationFailed", "You may not."))
    with pytest.raises(Forbidden, match=f"{status} AuthorizationFailed: You may not"):
        await arm.find(THING, VERSION, dict[str, Any])
    assert len(server.asked) == 1


async def test_a_list_is_read_over_all_its_pages(server: Server, arm: Arm) -> None:
    following = f"{server.url}/things?api-version={VERSION}&$skiptoken=a%2Bb"
    server.answers.extend([json({"value": [{"n": 1}], "nextLink": following}), json({"value": [{"n": 2}]})])
    assert await _all(arm, **{"$filter": "location eq 'here'"}) == [{"n": 1}, {"n": 2}]
    first, second = server.asked
    assert (first.path, second.path) == ("/things", "/things")
    assert "filter=" in first.query
    assert second.query == f"api-version={VERSION}&$skiptoken=a%2Bb"
    assert second.headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    "link", ["http://127.0.0.1:1/things", "https://example.com/things", "//example.com/x", "things"]
)
async def test_a_next_page_elsewhere_is_not_asked_for(server: Server, arm: Arm, link: str) -> None:
    server.answers.append(json({"value": [], "nextLink": link}))
    with pytest.raises(Unexpected, match="the next page is elsewhere"):
        await _all(arm)


async def test_a_redirect_is_not_followed_with_the_token(server: Server, arm: Arm) -> None:
    server.answers.append(Answer(307, headers={"Location": f"{server.url}/elsewhere"}))
    with pytest.raises(ArmError, match="307"):
        await arm.put(THING, VERSION, {})
    assert len(server.asked) == 1


async def test_a_blob_is_read_without_the_token(server: Server, arm: Arm) -> None:
    server.answers.append(Answer(200, b"text"))
    assert (await arm.blob("a log", "GET", f"{server.url}/log?sig=x", {})).body == b"text"
    assert "Authorization" not in server.asked[0].headers


async def test_errors_hold_neither_query_nor_token(server: Server, arm: Arm) -> None:
    with pytest.raises(Unreachable, match=r"^a log: cannot be reached") as cut:
        await arm.blob("a log", "GET", f"{server.url}/log?sig=secret", {})
    server.answers.append(Answer(200, b"<html>"))
    with pytest.raises(Unexpected, match=f"GET {THING}: something else") as other:
        await arm.get(THING, VERSION, dict[str, Any])
    for error in (cut.value, other.value):
        said = f"{error} {error.text}"
        assert "secret" not in said
        assert TOKEN not in said
        assert "api-version" not in said
