"""How the service refuses: a status, a sub-status that says more, and a text nobody parses.

https://learn.microsoft.com/rest/api/cosmos-db/http-status-codes-for-cosmosdb
"""

from collections.abc import Mapping

import msgspec

from tests.fakes.identity_provider_http import Answer


class Refusal(Exception):
    """Holds what is answered."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body)
        self.answer = answer


def refusal(status: int, text: str, sub_status: int = 0, headers: Mapping[str, str] | None = None) -> Refusal:
    """A refusal, to be raised."""
    return Refusal(refused(status, text, sub_status, headers))


def refused(status: int, text: str = "", sub_status: int = 0, headers: Mapping[str, str] | None = None) -> Answer:
    """The same as an answer."""
    body = msgspec.json.encode({"code": str(status), "message": text})
    named = {"x-ms-substatus": str(sub_status)} if sub_status else {}
    return Answer(status, body, {**named, **(headers or {})})


def throttled(milliseconds: int | None = 1) -> Answer:
    """More was asked for than may be had; None: it does not say when to come back."""
    headers = {} if milliseconds is None else {"x-ms-retry-after-ms": str(milliseconds)}
    return refused(429, "Request rate is large.", 3200, headers)


def no_such_item() -> Refusal:
    """404 of an item, in a container that is there."""
    return refusal(404, "Entity with the specified id does not exist in the system.")


def no_such_owner() -> Refusal:
    """404 of what ought to hold it."""
    return refusal(404, "Owner resource does not exist.", 1003)
