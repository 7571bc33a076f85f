"""The weather of a place, as every test expects it: always clear. Pure; knows no HTTP."""

from typing import Any, cast

TEMPERATURES = {"fahrenheit": 72, "celsius": 22.2}


class BadQuestion(ValueError):
    """Arguments the tool cannot answer; the message says which."""


def weather(arguments: object) -> dict[str, Any]:
    """Answers `{location, unit, temperature, conditions}`; the unit is fahrenheit unless asked for celsius.

    Raises BadQuestion without a location or with another unit. Members it does not know are ignored.
    """
    if not isinstance(arguments, dict):
        raise BadQuestion("the body must be a JSON object")
    given = cast("dict[str, object]", arguments)
    location, unit = given.get("location"), given.get("unit", "fahrenheit")
    if not isinstance(location, str) or not location.strip():
        raise BadQuestion("location is required, as a string")
    if not isinstance(unit, str) or unit not in TEMPERATURES:
        raise BadQuestion("unit must be celsius or fahrenheit")
    return {"location": location, "unit": unit, "temperature": TEMPERATURES[unit], "conditions": "clear"}
