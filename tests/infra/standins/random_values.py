"""Random values: drawn as the provider does, with the outputs it has."""

import base64
import secrets
import string
import uuid
from typing import Any

from tests.infra.standins.wire import Json

_SPECIAL = "!@#$%&*()-_=+[]{}<>:?"


def drawn(type: str, inputs: Json) -> tuple[str, Json, tuple[str, ...]]:
    """Id, outputs, and which of them are secret. Raises AssertionError for a type that is not here."""
    match type.rpartition(":")[2]:
        case "RandomPassword":
            return "none", inputs | {"result": _text(inputs), "bcryptHash": "$2a$10$stand-in"}, ("result", "bcryptHash")
        case "RandomString":
            text = _text(inputs)
            return text, inputs | {"result": text}, ()
        case "RandomUuid":
            one = str(uuid.uuid4())
            return one, inputs | {"result": one}, ()
        case "RandomBytes":
            return "none", inputs | _bytes(secrets.token_bytes(inputs["length"])), ("base64", "hex")
        case "RandomId":
            return _id(inputs)
        case "RandomInteger":
            number = inputs["min"] + secrets.randbelow(inputs["max"] - inputs["min"] + 1)
            return str(number), inputs | {"result": number}, ()
        case _:
            raise AssertionError(f"no stand-in for {type}: add it to tests/infra/standins/random_values.py")


def _text(inputs: Json) -> str:
    chosen: dict[str, str] = {
        "upper": string.ascii_uppercase,
        "lower": string.ascii_lowercase,
        "numeric": string.digits,
        "special": inputs.get("overrideSpecial") or _SPECIAL,
    }
    letters = "".join(those for name, those in chosen.items() if inputs.get(name) is not False)
    assert letters, "nothing is left to draw from"
    return "".join(secrets.choice(letters) for _ in range(inputs["length"]))


def _bytes(value: bytes) -> dict[str, Any]:
    return {"base64": base64.b64encode(value).decode(), "hex": value.hex()}


def _id(inputs: Json) -> tuple[str, Json, tuple[str, ...]]:
    value, prefix = secrets.token_bytes(inputs["byteLength"]), inputs.get("prefix") or ""
    url = base64.urlsafe_b64encode(value).decode().rstrip("=")
    made = {"b64Std": prefix + base64.b64encode(value).decode(), "b64Url": prefix + url, "hex": prefix + value.hex()}
    return url, inputs | made | {"dec": prefix + str(int.from_bytes(value))}, ()
