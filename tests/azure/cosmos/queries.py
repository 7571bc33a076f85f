"""Queries over a container, as the service's gateway serves them: page by page, or with a plan for the SDK to do it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from tests.azure.cosmos.container import Container
from tests.azure.cosmos.pages import DEFAULT, page
from tests.azure.cosmos.refusal import refusal
from tests.azure.cosmos.sql.parser import parse
from tests.azure.cosmos.sql.plan import needs_plan, plan
from tests.azure.cosmos.sql.result import rows
from tests.azure.cosmos.sql.syntax import Query
from tests.azure.cosmos.sql.tokens import SqlError
from tests.azure.replies import json
from tests.fakes.identity_provider_http import Answer, Asked

PLAN, RANGE = "x-ms-cosmos-is-query-plan-request", "x-ms-documentdb-partitionkeyrangeid"
_EVERYWHERE = "x-ms-documentdb-query-enablecrosspartition"


class _Body(msgspec.Struct):
    query: str
    parameters: list[dict[str, Any]] = []


def queried(container: Container, asked: Asked, partition: str | None, longest: int) -> Answer:
    """The answer to a query; a page holds `longest` rows at most. Raises Refusal 400, 410."""
    try:
        body = msgspec.json.decode(asked.body, type=_Body)
        parameters = {each["name"]: each.get("value") for each in body.parameters}
        return _answered(container, asked, parse(body.query), parameters, partition, longest)
    except (msgspec.MsgspecError, SqlError) as error:
        raise refusal(400, f"Syntax error: {error}") from None


def fed(container: Container, asked: Asked, partition: str | None, longest: int) -> Answer:
    """All items, page by page. Raises Refusal 400, 410."""
    return _page(container, asked, parse("SELECT * FROM c"), {}, partition, longest)


def _answered(
    container: Container,
    asked: Asked,
    query: Query,
    parameters: Mapping[str, object],
    partition: str | None,
    longest: int,
) -> Answer:
    if asked.headers.get(PLAN, "").lower() == "true":
        return json(plan(query, parameters))
    if partition is None and RANGE not in asked.headers:
        if asked.headers.get(_EVERYWHERE, "").lower() != "true":
            raise refusal(400, "Cross partition query is required but disabled.")
        if needs_plan(query):
            raise refusal(400, "The provided cross partition query can not be directly served by the gateway.", 1004)
    return _page(container, asked, query, parameters, partition, longest)


def _page(
    container: Container,
    asked: Asked,
    query: Query,
    parameters: Mapping[str, object],
    partition: str | None,
    longest: int,
) -> Answer:
    found = rows(query, container.items(partition=partition, range=_range(container, asked)), parameters)
    wanted = int(asked.headers.get("x-ms-max-item-count") or DEFAULT)
    most = min(longest, wanted if wanted > 0 else DEFAULT)
    values, token = page(found, asked.headers.get("x-ms-continuation"), most)
    body = {"_rid": container.rid, "Documents": values, "_count": len(values)}
    headers = {"x-ms-item-count": str(len(values)), **({"x-ms-continuation": token} if token else {})}
    return msgspec.structs.replace(json(body), headers=headers)


def _range(container: Container, asked: Asked) -> int | None:
    given = asked.headers.get(RANGE)
    if given is None:
        return None
    if not given.isdigit() or int(given) >= container.ranges:
        raise refusal(410, "The partition key range is gone.", 1002)
    return int(given)
