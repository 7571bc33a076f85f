"""Ten thousand sets of headers: what reaches an adapter of what a client sent. Three thousand: what of an answer reaches a client."""

import json
import string
from collections.abc import Iterable

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.attacks.claims import CLAIMS, PROOFS
from tests.attacks.ground import Ground
from tests.attacks.mirror import Arrived, Told
from tests.attacks.sockets import Answer, Line, Pairs
from tests.journeys.caller import TEAM

SETS = 20  # of one example: making one costs more than sending it
EXAMPLES = 500
# Deriving and shrinking take their time on two busy cores; the sets are what counts.
THOROUGH = settings(
    max_examples=EXAMPLES,  # a failure shows the set that failed: nothing is shrunk
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    database=None,
    derandomize=True,
    phases=[Phase.generate],
)

_TOKEN = "!#$%&'*+-.^`|~" + string.ascii_letters + string.digits  # RFC 9110 §5.6.2, less `_`, which is refused
_ALLOWED = frozenset(  # as documented, written down once more
    {
        *("content-type", "content-length", "content-encoding", "content-language", "content-range", "accept-ranges"),
        *("cache-control", "etag", "last-modified", "vary", "date", "retry-after", "allow"),
        *("x-request-id", "x-correlation-id"),
    }
)
# What the gateway says of the connection itself.
_FRAMING = frozenset({"connection", "transfer-encoding", "keep-alive"})
_ANSWERS = (
    "Set-Cookie",
    "Location",
    "WWW-Authenticate",
    "Proxy-Authenticate",
    "Link",
    "Refresh",
    "Clear-Site-Data",
    "Strict-Transport-Security",
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Credentials",
    "Content-Security-Policy",
    "X-Accel-Redirect",
    "X-Mcp-UserId",
    "X-Gateway-Secret",
    "Server",
    "Via",
    "Alt-Svc",
    "Trailer",
    "Keep-Alive",
    "Upgrade",
    "X-Correlation-Id",
    "Cache-Control",
    "Vary",
    "Mcp-Extra",
)


_ODD = ("", "0", "a, b", '"q"; c', "mcp.admin", "Bearer x", "=?base64?eA==?=", "%0d%0a", "\t", "~" * 99)
_USUAL = ("Accept", "User-Agent", "X-Custom", "Traceparent", "Cache-Control", "X-Correlation-Id", "Range", "Via", "DNT")


def _pairs(names: Iterable[str], mark: str = "") -> st.SearchStrategy[tuple[str, str]]:
    """Names in several cases with odd values. From a list: to make texts is dear."""
    cases = (str.lower, str.upper, str.title, str.swapcase)
    return st.sampled_from([(case(name), mark + value.strip()) for name in names for case in cases for value in _ODD])


def _made(mark: str = "") -> st.SearchStrategy[tuple[str, str]]:
    """Names and values nobody thought of."""
    values = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=8)
    return st.tuples(
        st.text(_TOKEN, min_size=1, max_size=8).filter(_is_free), values.map(lambda text: mark + text.strip())
    )


# What decides may be given once, and what frames a message is no header to try here: `test_framing` does.
_untouched = frozenset({"host", "origin", "expect", "upgrade", "te", "trailer", "transfer-encoding", "keep-alive"})
_decides = ("content-", "mcp-", "last-event-id", "connection")


def _is_free(name: str) -> bool:
    low = name.lower()
    return low not in _untouched and not low.startswith(_decides)


_CLAIMS = tuple(name for name in (*CLAIMS, *PROOFS) if name != "Authorization")
_ONCE = frozenset(
    {"user-agent", "etag", "server", "max-forwards", "x-dev-userid", "x-dev-name", "x-dev-roles", "authorization"}
)  # twice is 400, which is another test


def _once(lines: Pairs) -> Pairs:
    seen: set[str] = set()
    kept: Pairs = []
    for name, value in lines:
        if name.lower() not in _ONCE or name.lower() not in seen:
            kept.append((name, value))
        seen.add(name.lower())
    return kept


_claims, _usual = _pairs(_CLAIMS, "claimed"), _pairs(_USUAL, "other")
_sets = st.lists(st.one_of(_claims, _claims, _usual, _made("other")), max_size=8).map(_once)
_answers = st.lists(st.one_of(_pairs(_ANSWERS), _pairs(_ANSWERS), _made()), max_size=8)


def test_no_credential_and_no_claim_of_a_client_reaches_an_adapter_whatever_else_it_sends(
    ground: Ground, mirror: str
) -> None:
    proof = ground.bearer("ada", [TEAM, "other"])
    counted = 0

    with Line(ground.port) as line:

        @THOROUGH
        @given(st.lists(_sets, min_size=SETS, max_size=SETS))
        def check(sets: list[Pairs]) -> None:
            nonlocal counted
            for sent in sets:
                answer = line.ask("POST", f"/adapters/{mirror}/mcp", [*sent, proof], b"{}")
                assert answer.status == 200, (answer.status, answer.body)
                _check_arrived(msgspec.json.decode(answer.body, type=Arrived), sent)
                counted += 1

        check()
    assert counted >= EXAMPLES * SETS


def _check_arrived(arrived: Arrived, sent: Pairs) -> None:
    token = [value for _, value in arrived.lines if value.startswith(("Bearer ", "ey"))]
    assert not token
    claimed = [(name, value) for name, value in arrived.lines if value.startswith("claimed")]
    assert not claimed, "nothing that a client says of itself"
    assert arrived.values("x-mcp-userid") == ["ada"]
    assert arrived.values("x-mcp-roles") == [f"{TEAM},other"]
    assert not arrived.names() & {"authorization", "cookie", "proxy-authorization", "x-gateway-secret", "forwarded"}
    others = [(name.lower(), value) for name, value in sent if value.startswith("other")]
    # Lines of one name keep their order; those of different names mean the same in any (RFC 9110 §5.3).
    assert _by_name(pair for pair in arrived.lines if pair[1].startswith("other")) == _by_name(others), "all else"


def _by_name(lines: Iterable[tuple[str, str]]) -> Pairs:
    return sorted(lines, key=lambda line: line[0])


@pytest.mark.parametrize("status", [200, 404, 500])
def test_nothing_that_a_server_answers_beyond_the_allowed_reaches_a_client(
    ground: Ground, mirror: str, status: int
) -> None:
    proof = ground.bearer("ada", [TEAM])
    examples = settings(THOROUGH, max_examples=EXAMPLES // 5 if status == 200 else EXAMPLES // 20)

    with Line(ground.port) as line:

        @examples
        @given(st.lists(_answers, min_size=SETS, max_size=SETS))
        def check(sets: list[Pairs]) -> None:
            for lines in sets:
                said = [(name, value) for name, value in lines if _is_free(name) or name.lower().startswith("mcp-e")]
                body = msgspec.json.encode(Told(said, status))
                _check_answered(line.ask("POST", f"/adapters/{mirror}/mcp", [proof], body), said)

        check()


def _check_answered(answer: Answer, said: Pairs) -> None:
    assert answer.status in (200, 404, 500), answer
    own = {name for name in answer.names() if name in _ALLOWED or name.startswith("mcp-") or name in _FRAMING}
    assert answer.names() == own, "nothing outside the list"
    for name in ("x-correlation-id", "cache-control", "mcp-extra"):
        assert answer.values(name) == [value for key, value in said if key.lower() == name], "and all that is on it"
    assert json.loads(answer.body)["target"] == "/mcp"
