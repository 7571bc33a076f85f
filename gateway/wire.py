"""Reading and writing JSON at the edge: strict, and a 400 that names the field. Knows no record and no route."""

import re

import msgspec

from gateway.errors import Invalid

_PATH = re.compile(r"^(?P<what>.*?) - at (`key` in )?`(?P<path>[^`]*)`$", re.DOTALL)
_MISSING = re.compile(r"missing required field `([^`]+)`")
_AT_BYTE = re.compile(r"\(byte (\d+)\)\Z")
_MEMBER = 80  # bytes; the longest name of a member, and then some
_MEMBER_END = re.compile(rb'"([A-Za-z]+)"\s*:\s*[-+.\w]*\Z')
_LONGEST = 300  # characters of a message; some quote the value that is wrong


def decode[T](body: bytes, kind: type[T]) -> T:
    """Decodes a JSON body (RFC 8259, UTF-8) into `kind`.

    Member names are matched exactly, unknown members are ignored, `null` is refused where the type has no null.
    Raises Invalid with `field` set to the path of the offending member (`toolDefinition.port`), if there is one.
    """
    try:
        body.decode()  # members that are skipped, and those kept raw, are not looked into below
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        field = _member_before(body, str(error))
        where = f"{field}: the" if field else "The"
        raise Invalid(f"{where} body is not valid JSON: {error}.", field=field) from None
    except RecursionError:
        raise Invalid("The body is nested too deeply.") from None


def encode(value: object) -> bytes:
    """Encodes a value as JSON."""
    return msgspec.json.encode(value)


def _member_before(body: bytes, message: str) -> str | None:
    """The member whose value is no JSON at all (`"replicaCount": NaN`), where the message says at which byte that is."""
    at = _AT_BYTE.search(message)
    found = _MEMBER_END.search(body, max(0, int(at[1]) - _MEMBER), int(at[1])) if at else None
    return found[1].decode() if found else None


def _invalid(message: str) -> Invalid:
    found = _PATH.match(message)
    what, path = (found["what"], found["path"]) if found else (message, "$")
    field = path.removeprefix("$").removeprefix(".").replace("[...]", "")
    if missing := _MISSING.search(what):
        field = f"{field}.{missing[1]}".removeprefix(".")
    what = what.replace("\\\\Z", "$")  # Python's spelling of "the very end"
    what = what if len(what) <= _LONGEST else f"{what[:_LONGEST]}…"
    return Invalid(f"{field}: {what}." if field else f"{what}.", field=field or None)
