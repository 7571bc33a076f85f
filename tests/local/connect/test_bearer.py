"""The token in use, and the command it comes from: with commands that are real."""

import asyncio
import base64
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from gateway.tokens.command import TokenCommand
from gateway.tokens.token import NoToken, Token
from local.connect.bearer import MARGIN, OPAQUE, Bearer
from tests.local.waiting import holds

NOW = 1_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def runs(tmp_path: Path) -> Callable[[], int]:
    """How often the command of a test was run."""
    log = tmp_path / "runs"
    return lambda: len(log.read_text().splitlines()) if log.exists() else 0


def bearer(command: list[str], clock: Callable[[], float] = time.time) -> Bearer:
    return Bearer(TokenCommand(command), clock)


def shell(tmp_path: Path, script: str) -> list[str]:
    return ["/bin/sh", "-c", f"echo run >> {tmp_path}/runs; {script}"]


def jwt(expires: float) -> str:
    parts = ({"alg": "none"}, {"exp": expires})
    return ".".join(
        [*(base64.urlsafe_b64encode(msgspec.json.encode(part)).decode().rstrip("=") for part in parts), "s"]
    )


async def test_the_first_line_is_the_token_and_is_remembered(tmp_path: Path, runs: Callable[[], int]) -> None:
    clock = Clock()
    token = bearer(shell(tmp_path, "echo first; echo second"), clock)
    assert [await token.current() for _ in range(3)] == ["first"] * 3
    assert runs() == 1
    clock.now += OPAQUE
    await token.current()
    assert runs() == 2


async def test_a_jwt_is_remembered_until_a_minute_before_its_end(tmp_path: Path, runs: Callable[[], int]) -> None:
    clock = Clock()
    token = bearer(shell(tmp_path, f"echo {jwt(NOW + 3600)}"), clock)
    await token.current()
    clock.now += 3600 - MARGIN - 1
    await token.current()
    assert runs() == 1
    clock.now += 1
    await token.current()
    assert runs() == 2


@pytest.mark.parametrize("odd", ["a.b.c", "..", "a.e30.c", "a.eyJleHAiOiJ4In0.c"])
async def test_what_only_looks_like_a_jwt_is_remembered_like_any_other(
    tmp_path: Path, runs: Callable[[], int], odd: str
) -> None:
    token = bearer(shell(tmp_path, f"echo {odd}"), Clock())
    assert [await token.current(), await token.current()] == [odd, odd]
    assert runs() == 1


async def test_all_who_ask_at_once_share_one_run(tmp_path: Path, runs: Callable[[], int]) -> None:
    token = bearer(shell(tmp_path, "echo t"), Clock())
    assert set(await asyncio.gather(*(token.current() for _ in range(20)))) == {"t"}
    assert runs() == 1


async def test_a_refused_token_is_fetched_anew_once_for_all(tmp_path: Path, runs: Callable[[], int]) -> None:
    token = bearer(shell(tmp_path, f"wc -l < {tmp_path}/runs | tr -d ' '"), Clock())
    assert await token.current() == "1"
    assert await asyncio.gather(*(token.after("1") for _ in range(5))) == ["2"] * 5
    assert await token.after("1") == "2"  # somebody who was slow to hear of it
    assert runs() == 2


async def test_a_failure_says_the_exit_code_and_the_last_line_of_standard_error(tmp_path: Path) -> None:
    token = bearer(shell(tmp_path, "echo never-shown; echo one >&2; echo 'log in first' >&2; exit 3"), Clock())
    with pytest.raises(NoToken) as caught:
        await token.current()
    assert str(caught.value) == "The token command `/bin/sh` ended with 3: log in first"


async def test_after_a_failure_the_next_who_asks_runs_it_again(tmp_path: Path) -> None:
    token = bearer(shell(tmp_path, f"test $(wc -l < {tmp_path}/runs) -ge 2 && echo t"), Clock())
    with pytest.raises(NoToken, match="nothing on standard error"):
        await token.current()
    assert await token.current() == "t"


@pytest.mark.parametrize("script", ["true", "echo", "echo two words", "printf 'caf\\303\\251'"])
async def test_what_is_no_token_is_refused_and_not_repeated(tmp_path: Path, script: str) -> None:
    with pytest.raises(NoToken, match="did not print a token on its first line") as caught:
        await bearer(shell(tmp_path, script), Clock()).current()
    assert "words" not in str(caught.value)


async def test_a_command_that_is_not_there_is_said() -> None:
    with pytest.raises(NoToken, match="`/no/such` could not be started: No such file or directory"):
        await bearer(["/no/such"], Clock()).current()


async def test_the_command_does_not_read_the_clients_messages(tmp_path: Path) -> None:
    assert await bearer(shell(tmp_path, "cat; echo t"), Clock()).current() == "t"


async def test_closing_ends_a_command_that_is_running(tmp_path: Path) -> None:
    token = bearer(shell(tmp_path, f"echo $$ > {tmp_path}/pid; exec sleep 100"), Clock())
    asking = asyncio.create_task(token.current())
    pid = tmp_path / "pid"
    await holds(lambda: pid.exists() and bool(pid.read_text().strip()))
    await token.close()
    assert isinstance((await asyncio.gather(asking, return_exceptions=True))[0], asyncio.CancelledError)
    await holds(lambda: not Path(f"/proc/{pid.read_text().strip()}").exists())


def test_a_token_does_not_show_where_it_is_printed() -> None:
    assert "secret" not in f"{Token('secret', 1.0)!r} {Token('secret')}"
