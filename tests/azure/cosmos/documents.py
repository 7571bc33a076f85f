"""Requests for items: what a method and its headers ask of a container, and the answer. Who may is asked first."""

from collections.abc import Callable
from typing import Any

import msgspec

from tests.azure.cosmos.access import Action
from tests.azure.cosmos.container import Container, Item
from tests.azure.cosmos.queries import PLAN, fed, queried
from tests.azure.cosmos.refusal import refusal
from tests.azure.replies import json
from tests.fakes.identity_provider_http import Answer, Asked

type Allow = Callable[[Action], None]

_PARTITION, _UPSERT = "x-ms-documentdb-partitionkey", "x-ms-documentdb-is-upsert"
_NEXT_TO_NOTHING = "return=minimal"


def document(asked: Asked, container: Container, id: str, longest: int, allow: Allow) -> Answer:
    """`id` is blank for what is asked of all of them. Raises Refusal."""
    partition = _partition(asked)
    match asked.method, bool(id):
        case "POST", False if _is_query(asked):
            allow("query")
            return queried(container, asked, partition, longest)
        case "GET", False:
            allow("query")
            return fed(container, asked, partition, longest)
        case "POST", False if asked.headers.get(_UPSERT, "").lower() == "true":
            allow("upsert")
            item, new = container.upsert(_item(asked), _required(partition), asked.headers.get("If-Match"))
            return _written(asked, item, 201 if new else 200)
        case "POST", False:
            allow("create")
            return _written(asked, container.create(_item(asked), _required(partition)), 201)
        case "GET", True:
            allow("read")
            return _read(asked, container.read(_required(partition), id))
        case "PUT", True:
            allow("replace")
            item = container.replace(id, _item(asked), _required(partition), asked.headers.get("If-Match"))
            return _written(asked, item, 200)
        case "DELETE", True:
            allow("delete")
            container.delete(_required(partition), id, asked.headers.get("If-Match"))
            return Answer(204)
        case _:
            raise refusal(405, f"{asked.method} of items is not modelled here.")


def _is_query(asked: Asked) -> bool:
    headers = asked.headers
    return headers.get("x-ms-documentdb-isquery", "").lower() == "true" or headers.get(PLAN, "").lower() == "true"


def _partition(asked: Asked) -> str | None:
    """The value that the header names. Raises Refusal for what is not modelled: several, and other types than text."""
    given = asked.headers.get(_PARTITION)
    if given is None:
        return None
    values = msgspec.json.decode(given.encode(), type=list[Any])
    if len(values) != 1 or not isinstance(values[0], str):
        raise refusal(400, "Partition key provided either doesn't correspond to definition or is not modelled here.")
    return values[0]


def _required(partition: str | None) -> str:
    if partition is None:
        raise refusal(400, "PartitionKey value must be supplied for this operation.")
    return partition


def _item(asked: Asked) -> Item:
    try:
        return msgspec.json.decode(asked.body, type=dict[str, Any])
    except msgspec.MsgspecError:
        raise refusal(400, "The request payload is invalid.") from None


def _read(asked: Asked, item: Item) -> Answer:
    if asked.headers.get("If-None-Match") == item["_etag"]:
        return Answer(304, headers={"etag": item["_etag"]})
    return _tagged(item, 200)


def _written(asked: Asked, item: Item, status: int) -> Answer:
    if asked.headers.get("Prefer") == _NEXT_TO_NOTHING:
        return Answer(status, headers={"etag": item["_etag"]})
    return _tagged(item, status)


def _tagged(item: Item, status: int) -> Answer:
    return msgspec.structs.replace(json(item, status), headers={"etag": item["_etag"]})
