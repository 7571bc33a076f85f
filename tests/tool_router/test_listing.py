"""Lists: everything the caller may call, nothing else, page by page, whatever changes in between."""

import json

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Raw

from gateway.card import Card
from gateway.identity import Principal, principal
from gateway.seal import KeyRing, bound
from gateway.view import View
from tests.tool_router.crowd import NAMES, callers, cards, open_to
from tests.tool_router.desk import KEY, card
from tool_router.audience import Audience
from tool_router.faults import INVALID_PARAMS, Fault
from tool_router.listing import Listing
from tool_router.settings import Settings
from tool_router.shelf import Shelf

# A loaded machine is no failure.
_CALM = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
ALICE = principal("alice", "alice", ["team"])


def _listing(view: View, keys: list[bytes] | None = None, size: int = 3, most: int = 100_000) -> Listing:
    return Listing(Shelf(view), KeyRing(keys or [KEY]), Settings(secrets=("s",), page_size=size, page_bytes=most))


def _view(*names: str, **members: object) -> View:
    view = View(synced=True)
    for name in names:
        view.put_card(card(name, **members))
    return view


def _page(listing: Listing, caller: Principal, cursor: str | None = None) -> tuple[list[str], str | None]:
    body, more = listing.page(caller, cursor)
    return [tool["name"] for tool in json.loads(b"[%b]" % body)], more


def _pages(listing: Listing, caller: Principal) -> list[list[str]]:
    names, more = _page(listing, caller)
    pages = [names]
    while more is not None:
        names, more = _page(listing, caller, more)
        pages.append(names)
    return pages


def _names(listing: Listing, caller: Principal) -> list[str]:
    return [name for page in _pages(listing, caller) for name in page]


type Change = tuple[bool, Card]  # put it, or drop its name


def _apply(view: View, change: Change) -> None:
    put, changed = change
    if put:
        view.put_card(changed)
    else:
        view.drop("tool", changed.name)


@_CALM
@given(
    before=st.lists(cards, max_size=9),
    people=st.lists(callers, min_size=1, max_size=3),
    size=st.integers(1, 4),
    most=st.sampled_from([1, 120, 100_000]),
    changes=st.lists(st.lists(st.tuples(st.booleans(), cards), max_size=3), max_size=6),
)
def test_no_list_repeats_nor_misses_nor_shows_too_much_whatever_changes_between_pages(
    before: list[Card], people: list[Principal], size: int, most: int, changes: list[list[Change]]
) -> None:
    view = View(synced=True)
    for one in before:
        view.put_card(one)
    listing = _listing(view, size=size, most=most)
    for caller in people:  # their pages are made and kept before anything changes
        assert _names(listing, caller) == open_to(view, caller)
    seen: dict[int, list[str]] = {at: [] for at in range(len(people))}
    throughout = [set(open_to(view, caller)) for caller in people]
    cursors: dict[int, str | None] = dict.fromkeys(seen)
    steps = iter(changes)
    while cursors:
        for at in list(cursors):
            names, more = _page(listing, people[at], cursors[at])
            assert set(names) <= set(open_to(view, people[at])), "nothing that may not be called"
            assert len(names) <= size
            seen[at] += names
            if more is None:
                del cursors[at]
            else:
                cursors[at] = more
        for change in next(steps, list[Change]()):
            _apply(view, change)
            for at in cursors:  # after each change: what was gone for a moment was not there throughout
                throughout[at] &= set(open_to(view, people[at]))
    for at, names in seen.items():
        assert names == sorted(set(names)), "sorted, and nothing twice"
        assert throughout[at] <= set(names), "nothing missed that was there throughout"


@_CALM
@given(shown=st.lists(cards, max_size=6), one=callers, other=callers)
def test_callers_who_are_alike_see_the_same(shown: list[Card], one: Principal, other: Principal) -> None:
    view = View(synced=True)
    for each in shown:
        view.put_card(each)
    audience = Audience(listing.card for listing in view.tools())

    if audience.likeness(one) == audience.likeness(other):
        assert open_to(view, one) == open_to(view, other)


def test_callers_who_are_alike_share_their_pages() -> None:
    listing = _listing(_view("a", "b", "c", "d", requiredRoles=["team"]))

    first, _ = listing.page(principal("anna", "anna", ["team", "irrelevant"]), None)
    second, _ = listing.page(principal("bob", "bob", ["TEAM", "other"]), None)

    assert first is second


def test_names_are_in_the_order_of_their_code_points() -> None:
    assert _names(_listing(_view(*NAMES)), ALICE) == sorted(NAMES)


@pytest.mark.parametrize(("count", "pages"), [(0, [0]), (1, [1]), (3, [3]), (4, [3, 1]), (6, [3, 3]), (7, [3, 3, 1])])
def test_last_page_is_never_an_empty_one_too_many(count: int, pages: list[int]) -> None:
    listing = _listing(_view(*(f"n{at}" for at in range(count))))

    assert [len(page) for page in _pages(listing, ALICE)] == pages


def test_page_ends_before_it_has_too_many_bytes() -> None:
    view = _view("a", "b", "c", "d", tool={"x": "y" * 100})
    size = len(bytes(card("a", tool={"x": "y" * 100}).tool or b""))

    assert _pages(_listing(view, most=2 * size), ALICE) == [["a", "b"], ["c", "d"]]
    assert _pages(_listing(view, most=2 * size - 1), ALICE) == [["a"], ["b"], ["c"], ["d"]]


def test_definition_with_more_bytes_than_a_page_has_one_of_its_own() -> None:
    view = _view("a", "c")
    view.put_card(card("b", tool={"x": "y" * 1000}))

    assert _pages(_listing(view, most=500), ALICE) == [["a"], ["b"], ["c"]]


def test_definition_keeps_every_byte() -> None:
    raw = (
        b'{ "name" : "a",\n"inputSchema":{"type":"object"},  "x":[1.10,1e2,12345678901234567890123], "\\u00e9":"\\/" }'
    )
    view = _view("b")
    view.put_card(card("a", tool=raw))

    body, _ = _listing(view).page(ALICE, None)
    assert body.startswith(raw + b",{")


def test_tool_without_a_definition_is_not_listed() -> None:
    view = _view("a")
    bare = card("b")
    bare.tool = msgspec.UNSET
    view.put_card(bare)

    assert _pages(_listing(view), ALICE) == [["a"]]


def test_tool_is_listed_whether_or_not_it_could_be_called_now() -> None:
    view = _view("failed", state="failed", reason="no image")
    view.put_card(card("stopped", replicas=0))

    assert _pages(_listing(view), ALICE) == [["failed", "stopped"]]


def test_cursor_outlives_its_name() -> None:
    view = _view("a", "b", "c", "d", "e")
    listing = _listing(view)
    _, cursor = _page(listing, ALICE)
    for name in ("c", "a", "d"):
        view.drop("tool", name)
    view.put_card(card("bb"))
    view.put_card(card("cc"))

    assert _page(listing, ALICE, cursor) == (["cc", "e"], None)


def test_cursor_behind_the_last_name_gives_an_empty_last_page() -> None:
    view = _view("a", "b", "c", "d")
    listing = _listing(view)
    _, cursor = _page(listing, ALICE)
    view.drop("tool", "d")

    assert _page(listing, ALICE, cursor) == ([], None)


def _refused(listing: Listing, caller: Principal, cursor: str) -> None:
    with pytest.raises(Fault) as fault:
        listing.page(caller, cursor)
    assert (fault.value.code, fault.value.status) == (INVALID_PARAMS, 400)
    assert fault.value.message == "params.cursor: not a cursor of this list."


def test_cursor_is_of_no_use_to_anybody_else() -> None:
    listing = _listing(_view("a", "b", "c", "d"))
    _, cursor = _page(listing, ALICE)
    assert cursor

    for id in ("bob", "Alice", "alice ", ""):
        _refused(listing, principal(id, id, ["team"]), cursor)


def test_cursor_of_the_same_caller_with_other_roles_shows_what_these_may_call() -> None:
    view = _view("a", "b", "c", "d")
    view.put_card(card("e", requiredRoles=["other"]))
    listing = _listing(view)
    _, cursor = _page(listing, ALICE)

    assert _page(listing, principal("alice", "alice", ["other"]), cursor) == (["e"], None)


@pytest.mark.parametrize("cursor", ["", "a", "YQ", "=", "\udcff", "é", "x" * 9000])
def test_forged_cursor_is_refused(cursor: str) -> None:
    _refused(_listing(_view("a")), ALICE, cursor)


def test_altered_cursor_is_refused() -> None:
    listing = _listing(_view("a", "b", "c", "d"))
    _, cursor = _page(listing, ALICE)
    assert cursor

    for at in range(len(cursor)):
        other = "A" if cursor[at] != "A" else "B"
        _refused(listing, ALICE, f"{cursor[:at]}{other}{cursor[at + 1 :]}")


def test_what_is_sealed_for_something_else_is_no_cursor() -> None:
    seals = KeyRing([KEY])

    for parts in (("router", "alice"), ("adapter", "a", "alice"), ("tools/list",), ("tools/list", "alice", "")):
        _refused(_listing(_view("a")), ALICE, seals.seal(b"a", bound(*parts)))


def test_cursor_opens_wherever_its_key_is_known() -> None:
    old, new = b"o" * 16, b"n" * 16
    view = _view("a", "b", "c", "d")
    _, cursor = _page(_listing(view, [old]), ALICE)
    assert cursor

    assert _page(_listing(view, [old]), ALICE, cursor) == (["d"], None), "another replica"
    assert _page(_listing(view, [new, old]), ALICE, cursor) == (["d"], None), "a key being replaced"
    _refused(_listing(view, [new]), ALICE, cursor)


def test_callers_of_many_kinds_are_told_apart_however_many_come() -> None:
    """More kinds than are remembered: forgetting one costs time and nothing else."""
    view = View(synced=True)
    for at in range(300):
        view.put_card(card(f"t{at:03}", requiredRoles=[f"r{at}"]))
    listing = _listing(view)

    for _ in range(2):
        for at in range(300):
            assert _page(listing, principal("x", "x", [f"r{at}"])) == ([f"t{at:03}"], None)


def test_many_beginnings_of_pages_are_all_answered() -> None:
    names = [f"t{at:03}" for at in range(200)]
    view = _view(*names)
    listing = _listing(view, size=1)

    assert [page[0] for page in _pages(listing, ALICE)] == names
    assert [page[0] for page in _pages(listing, ALICE)] == names


def test_definition_that_changed_is_listed_as_it_is_now() -> None:
    view = _view("a")
    listing = _listing(view)
    listing.page(ALICE, None)
    changed = card("a", generation=2)
    changed.tool = Raw(b'{"name":"a","x":2}')
    view.put_card(changed)

    assert listing.page(ALICE, None)[0] == b'{"name":"a","x":2}'


def test_role_that_is_taken_away_takes_the_tool_off_the_list_at_once() -> None:
    view = _view("a", "b")
    listing = _listing(view)
    assert _pages(listing, ALICE) == [["a", "b"]]
    view.put_card(card("a", requiredRoles=["other"]))

    assert _pages(listing, ALICE) == [["b"]]
