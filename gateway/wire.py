"""Reading and writing JSON at the edge: strict, and a 400 that names the field. Knows no record and no route."""

import re

import msgspec

from gateway.errors import Invalid

_PATH = re.compile(r"^(?P<what>.*?) - at (`key` in )?`(?P<path>[^`]*)`$", re.DOTALL)
_MISSING = re.compile(r"missing required field `([^`]+)`")


def decode[T](body: bytes, kind: type[T]) -> T:
    """Decodes a JSON body (RFC 8259, UTF-8) into `kind`.

    Member names are matched exactly, unknown members are ignored, `null` is refused where the type has no null.
    Raises Invalid with `field` set to the path of the offending member (`toolDefinition.port`), if there is one.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"The body is not valid JSON: {error}.") from None
    except RecursionError:
        raise Invalid("The body is nested too deeply.") from None


def encode(value: object) -> bytes:
    """Encodes a value as JSON."""
    return msgspec.json.encode(value)


def _invalid(message: str) -> Invalid:
    found = _PATH.match(message)
    what, path = (found["what"], found["path"]) if found else (message, "$")
    field = path.removeprefix("$").removeprefix(".").replace("[...]", "")
    if missing := _MISSING.search(what):
        field = f"{field}.{missing[1]}".removeprefix(".")
    what = what.replace("\\\\Z", "$")  # Python's spelling of "the very end"
    return Invalid(f"{field}: {what}." if field else f"{what}.", field=field or None)
