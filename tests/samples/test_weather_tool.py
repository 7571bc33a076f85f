"""The weather tool's table."""

import json
from typing import Any

import aiohttp
import pytest

from samples.weather_tool.weather import BadQuestion, weather
from tests.samples.conftest import Start


def answer(location: str, unit: str, temperature: float) -> dict[str, Any]:
    return {"location": location, "unit": unit, "temperature": temperature, "conditions": "clear"}


ANSWERS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"location": "Oslo"}, answer("Oslo", "fahrenheit", 72)),
    ({"location": "Oslo", "unit": "fahrenheit"}, answer("Oslo", "fahrenheit", 72)),
    ({"location": "Oslo", "unit": "celsius", "more": 1}, answer("Oslo", "celsius", 22.2)),
    ({"location": "Sœul 서울"}, answer("Sœul 서울", "fahrenheit", 72)),
]
NO_LOCATION, NO_UNIT = "location is required, as a string", "unit must be celsius or fahrenheit"
REFUSALS: list[tuple[Any, str]] = [
    ({}, NO_LOCATION),
    ({"location": ""}, NO_LOCATION),
    ({"location": " "}, NO_LOCATION),
    ({"location": None}, NO_LOCATION),
    ({"location": 5}, NO_LOCATION),
    ({"location": "Oslo", "unit": "kelvin"}, NO_UNIT),
    ({"location": "Oslo", "unit": "Celsius"}, NO_UNIT),
    ({"location": "Oslo", "unit": None}, NO_UNIT),
    ({"location": "Oslo", "unit": ["celsius"]}, NO_UNIT),
    ([], "the body must be a JSON object"),
]


@pytest.mark.parametrize(("arguments", "answer"), ANSWERS)
def test_a_place_has_weather(arguments: dict[str, Any], answer: dict[str, Any]) -> None:
    assert weather(arguments) == answer


@pytest.mark.parametrize(("arguments", "why"), REFUSALS)
def test_a_bad_question_is_refused_with_the_reason(arguments: Any, why: str) -> None:
    with pytest.raises(BadQuestion, match=why):
        weather(arguments)


async def test_score_answers_over_http(start: Start, http: aiohttp.ClientSession) -> None:
    url = f"http://127.0.0.1:{(await start('samples.weather_tool')).port}/score"
    for arguments, expected in ANSWERS:
        async with http.post(url, json=arguments) as response:
            assert (response.status, await response.json()) == (200, expected)
    for body in (*(json.dumps(arguments) for arguments, _ in REFUSALS), "", "{", "[" * 100_000, b"\xff"):
        async with http.post(url, data=body) as response:
            assert response.status == 400
            assert isinstance((await response.json())["detail"], str)
    async with http.get(url) as response:
        assert (response.status, response.headers["Allow"]) == (405, "POST")


async def test_sigterm_ends_it_with_0(start: Start) -> None:
    assert await (await start("samples.weather_tool")).end() == 0
