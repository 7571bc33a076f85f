"""Queries of the mock, through the SDK: over one partition, over several with a plan, page by page; and the language."""

from typing import Any

import pytest
from azure.cosmos import ContainerProxy, CosmosClient
from azure.cosmos.exceptions import CosmosHttpResponseError
from azure.identity import ManagedIdentityCredential

from tests.azure.cosmos.account import CosmosAccount
from tests.azure.cosmos.sql.parser import parse
from tests.azure.cosmos.sql.result import rows
from tests.azure.cosmos.sql.tokens import SqlError

ITEMS: list[dict[str, Any]] = [
    {"id": "1", "n": 3, "s": "b", "tags": ["x"], "deep": {"a": [1, 2]}},
    {"id": "2", "n": 1, "s": "a", "tags": [], "gone": None},
    {"id": "3", "n": 2, "s": "B", "tags": ["x", "y"]},
    {"id": "4", "s": "it's", "n": "text"},
]


def found(query: str, **parameters: object) -> list[Any]:
    named = {f"@{name}": value for name, value in parameters.items()}
    return [value for _, value in rows(parse(query), [(item["id"], item) for item in ITEMS], named)]


@pytest.mark.parametrize(
    ("condition", "ids"),
    [
        ("c.n > 1", "13"),
        ("c.n >= 1 AND c.n < 3", "23"),
        ("c.n = 1 OR c.s = 'b'", "12"),
        ("NOT (c.n = 1)", "134"),
        ("c.n != 1", "134"),
        ("c.n <> 1", "134"),
        ("c.n IN (1, 2)", "23"),
        ("c.n NOT IN (1, 2)", "14"),
        ("c.n BETWEEN 2 AND 3", "13"),
        ("c.s = @s", "3"),
        ("c['s'] = \"it's\"", "4"),
        ("c.s = 'it\\'s'", "4"),
        ("c.s > 'a'", "14"),
        ("c.deep.a[1] = 2", "1"),
        ("c.nothing = null", ""),
        ("c.gone = null", "2"),
        ("IS_DEFINED(c.gone)", "2"),
        ("NOT IS_DEFINED(c.deep)", "234"),
        ("c.nothing = 1 OR c.n = 1", "2"),
        ("c.nothing = 1 AND c.n = 1", ""),
        ("NOT (c.nothing = 1)", ""),
        ("c.nothing != 1", ""),
        ("ARRAY_CONTAINS(c.tags, 'x') AND ARRAY_LENGTH(c.tags) = 2", "3"),
        ("STARTSWITH(c.s, 'it') OR LOWER(c.s) = 'b'", "134"),
        ("true", "1234"),
        ("c.n > 0 AND (c.s = 'a' OR c.s = 'b')", "12"),
    ],
)
def test_conditions(condition: str, ids: str) -> None:
    assert "".join(found(f"SELECT VALUE c.id FROM c WHERE {condition}", s="B")) == ids


@pytest.mark.parametrize(
    ("query", "result"),
    [
        ("SELECT VALUE c.id FROM c ORDER BY c.s", ["3", "2", "1", "4"]),
        ("SELECT VALUE c.id FROM c ORDER BY c.n DESC", ["4", "1", "3", "2"]),
        ("SELECT VALUE c.id FROM c ORDER BY c.n, c.id DESC", ["2", "3", "1", "4"]),
        ("SELECT TOP 2 VALUE c.id FROM c", ["1", "2"]),
        ("SELECT TOP @n VALUE c.id FROM c", ["1"]),
        ("SELECT VALUE c.id FROM c OFFSET 1 LIMIT 2", ["2", "3"]),
        ("SELECT c.id, c.deep.a AS a FROM c WHERE c.n = 3", [{"id": "1", "a": [1, 2]}]),
        ("select value x.n from x where x.id = '4'", ["text"]),
        ("SELECT VALUE COUNT(1) FROM c", [4]),
        ("SELECT VALUE COUNT(c.deep) FROM c", [1]),
        ("SELECT VALUE SUM(c.n) FROM c WHERE IS_NUMBER(c.n)", [6]),
        ("SELECT VALUE MAX(c.s) FROM c", ["it's"]),
        ("SELECT DISTINCT VALUE IS_NUMBER(c.n) FROM c", [True, False]),
        ("SELECT VALUE {'id': c.id, 'no': c.nothing} FROM c WHERE c.n = 1", [{"id": "2"}]),
        ("SELECT VALUE c.deep FROM c", [{"a": [1, 2]}]),
    ],
)
def test_what_is_selected(query: str, result: list[Any]) -> None:
    assert found(query, n=1) == result


@pytest.mark.parametrize(
    "query",
    ["", "SELECT", "SELECT * FROM", "SELECT * FROM c WHERE", "SELECT * FROM c WHERE c.n =", "SELECT * FROM c x y",
     "SELECT * FROM c WHERE c.n = 'x", "SELECT * FROM c WHERE d.n = 1", "SELECT * FROM c WHERE NOPE(c.n)",
     "SELECT * FROM c WHERE c.n = @missing", "DELETE FROM c", "SELECT TOP 'x' * FROM c", "SELECT * FROM c; DROP c"],
)  # fmt: skip
def test_what_is_not_understood_is_an_error(query: str) -> None:
    with pytest.raises(SqlError):
        found(query)


@pytest.fixture
def filled(container: ContainerProxy) -> ContainerProxy:
    for number in range(24):
        container.create_item({"id": f"i{number:02}", "owner": f"o{number % 5}", "n": number * 7 % 24})
    return container


def everywhere(container: ContainerProxy, query: str, **options: Any) -> list[Any]:
    return list(container.query_items(query, enable_cross_partition_query=True, **options))


def test_a_query_sees_the_partition_that_is_named_and_no_other(filled: ContainerProxy) -> None:
    query = "SELECT * FROM c WHERE c.owner = @owner ORDER BY c.id"
    inside = list(filled.query_items(query, [{"name": "@owner", "value": "o1"}], partition_key="o1"))
    assert [item["id"] for item in inside] == ["i01", "i06", "i11", "i16", "i21"]
    # Another tenant's partition, asked for by the text alone: nothing.
    assert list(filled.query_items(query, [{"name": "@owner", "value": "o2"}], partition_key="o1")) == []


def test_an_order_over_partitions_is_the_sdks_to_make(filled: ContainerProxy, account: CosmosAccount) -> None:
    account.asked.clear()
    assert [item["n"] for item in everywhere(filled, "SELECT * FROM c ORDER BY c.n")] == list(range(24))
    # Refused by the gateway, planned, the ranges looked up, and asked of each.
    assert len([asked for asked in account.asked if asked.endswith("/docs")]) >= 4
    assert [asked for asked in account.asked if asked.endswith("/pkranges")]


@pytest.mark.parametrize("page", [1, 3, 100])
@pytest.mark.parametrize(
    ("query", "result"),
    [
        ("SELECT VALUE c.n FROM c WHERE c.n > 4 ORDER BY c.n DESC", list(range(23, 4, -1))),
        ("SELECT TOP 3 * FROM c ORDER BY c.n", [0, 1, 2]),
        ("SELECT VALUE c.n FROM c ORDER BY c.n OFFSET 2 LIMIT 3", [2, 3, 4]),
        ("SELECT VALUE COUNT(1) FROM c", [24]),
        ("SELECT VALUE SUM(c.n) FROM c WHERE c.n < 3", [3]),
    ],
)
def test_several_partitions_answer_as_one(filled: ContainerProxy, query: str, result: list[int], page: int) -> None:
    got = everywhere(filled, query, max_item_count=page)
    assert [each["n"] if isinstance(each, dict) else each for each in got] == result


def test_pages_follow_each_other_by_their_tokens(filled: ContainerProxy) -> None:
    pages = filled.query_items(
        "SELECT VALUE c.id FROM c", enable_cross_partition_query=True, max_item_count=10
    ).by_page()
    first = list(next(pages))
    token: str = getattr(pages, "continuation_token")  # noqa: B009 (its type says Iterator)
    again = filled.query_items("SELECT VALUE c.id FROM c", enable_cross_partition_query=True, max_item_count=10)
    second = list(next(again.by_page(token)))
    assert (first[0], first[-1], second[0], second[-1]) == ("i00", "i09", "i10", "i19")


def test_a_page_goes_on_where_it_ended_even_if_its_last_item_is_gone(filled: ContainerProxy) -> None:
    pages = filled.query_items(
        "SELECT VALUE c.id FROM c", enable_cross_partition_query=True, max_item_count=10
    ).by_page()
    assert list(next(pages))[-1] == "i09"
    filled.delete_item("i09", "o4")
    assert next(iter(next(pages))) == "i10"


def test_partitions_are_asked_for_only_where_that_is_allowed(filled: ContainerProxy) -> None:
    with pytest.raises(CosmosHttpResponseError, match="Cross partition query is required"):
        list(filled.query_items("SELECT * FROM c"))


def test_ranges_are_read_to_their_end(account: CosmosAccount) -> None:
    """They are an incremental feed: without a 304 the SDK would ask for ever."""
    account.container("db", "wide", "/owner", ranges=7)
    with CosmosClient(account.url, ManagedIdentityCredential()) as client:
        ranges = list(client.get_database_client("db").get_container_client("wide").read_feed_ranges())
    assert len(ranges) == 7


def test_many_items_are_read_at_once(filled: ContainerProxy) -> None:
    got = filled.read_items([("i01", "o1"), ("i02", "o2"), ("nobody", "o3")])
    assert sorted(item["id"] for item in got) == ["i01", "i02"]
