"""The tools of the router bench: what both servers list, and what is sent to them."""

import msgspec
from msgspec import Raw

from bench.asks import call
from bench.tools import ARGUMENTS, CALLED, COUNT, MISFIT, SLOW, SLOW_PATH, card, cards, definition, definitions
from gateway.definition import settled
from gateway.schema import Check, compiled
from tool_router.settings import Settings


def test_every_tool_is_one_that_could_be_registered() -> None:
    for name, text in definitions().items():
        assert bytes(settled(Raw(text), name)) == text


def test_all_tools_have_about_900_bytes_and_fit_one_page_as_shipped() -> None:
    sizes = [len(text) for text in definitions().values()]
    assert len(sizes) == COUNT == 1000
    assert all(850 < size < 950 for size in sizes)
    assert sum(sizes) <= Settings(secrets=()).page_bytes


def test_names_are_in_order_and_the_called_ones_among_them() -> None:
    names = [one.name for one in cards(8000)]
    assert names == sorted(set(names))
    assert set(CALLED) < set(names)
    assert {one.name for one in cards(8000) if one.path == SLOW_PATH} == {SLOW}


def test_arguments_fit_and_misfits_do_not() -> None:
    check = _check(definition(3))
    assert check(ARGUMENTS) is None
    assert check(MISFIT)


def test_another_edition_is_another_card_of_the_same_size() -> None:
    before, after = card(7, 8000), card(7, 8000, 1)
    assert before != after
    assert len(bytes(definition(7))) == len(bytes(definition(7, 1)))


def test_requests_differ_in_their_number_and_not_in_their_length() -> None:
    ask = call(CALLED[0])
    one, other = (ask.numbered(1_000_000_000 + number).raw(80) for number in (1, 2))
    assert one != other
    assert len(one) == len(other) == len(ask.raw(80))
    head, _, body = one.partition("\r\n\r\n")
    assert f"Content-Length: {len(body)}" in head
    assert msgspec.json.decode(body)["id"] == 1_000_000_001


def _check(text: bytes) -> Check:
    return compiled(bytes(msgspec.json.decode(text, type=dict[str, Raw])["inputSchema"]))
