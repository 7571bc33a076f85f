"""The event parser against the standard's rules, and against every way in which bytes can be cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.connect.events import Event, Events, TooLong

LIMIT = 1000
FIELDS = [
    b"data: one",
    b"data:two",
    b"data",
    b"data: \xc3\xa9",
    b"id: 7",
    b"id",
    b"id: a\0b",
    b"event: other",
    b"retry: 20",
]
OTHERS = [b"retry: x", b": comment", b":", b"unknown: 1", b"", b"", b"data:  two spaces", b"\xef\xbb\xbfdata: three"]
streams = st.lists(
    st.tuples(st.sampled_from(FIELDS + OTHERS), st.sampled_from([b"\n", b"\r", b"\r\n"])).map(b"".join), max_size=20
).map(b"".join)


def events(*chunks: bytes) -> list[Event]:
    parser = Events(LIMIT)
    return [event for chunk in chunks for event in parser.feed(chunk)]


@given(streams, st.lists(st.integers(0, 300), max_size=8), st.booleans())
def test_any_chunking_of_the_bytes_gives_the_same_events(stream: bytes, cuts: list[int], bom: bool) -> None:
    stream = b"\xef\xbb\xbf" + stream if bom else stream
    whole, pieces = Events(LIMIT), Events(LIMIT)
    expected = whole.feed(stream)
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    found = [event for a, b in pairwise(edges) for event in pieces.feed(stream[a:b])]
    assert found == expected
    assert (pieces.id, pieces.retry) == (whole.id, whole.retry)


@given(streams)
def test_byte_by_byte_gives_the_same_events(stream: bytes) -> None:
    assert events(*(bytes([byte]) for byte in stream)) == events(stream)


@given(st.lists(st.lists(st.sampled_from([b"{}", b"[1]", b"x y", b""]), min_size=1, max_size=3), max_size=5))
def test_what_was_written_as_events_is_read_again(written: list[list[bytes]]) -> None:
    stream = b"".join(b"".join(b"data: " + line + b"\r\n" for line in lines) + b"\r\n" for lines in written)
    assert [event.data for event in events(stream)] == [b"\n".join(lines) for lines in written]


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_each_kind_of_line_end_counts_and_at_once(end: bytes) -> None:
    assert events(b"event: message" + end + b"data: 1" + end + end) == [Event(b"1")]


def test_a_byte_order_mark_is_left_out_at_the_very_beginning_only() -> None:
    assert events(b"\xef\xbb\xbfdata: 1\n\n\xef\xbb\xbfdata: 2\n\n") == [Event(b"1")]


def test_comments_and_unknown_fields_are_nothing() -> None:
    assert events(b": ping\n\nhello: 1\n\n:\n\n") == []


def test_comments_for_ever_take_no_memory() -> None:
    parser = Events(LIMIT)
    for _ in range(LIMIT):
        assert parser.feed(b": keep-alive\n") == []


def test_an_event_without_data_is_none_but_its_id_counts() -> None:
    parser = Events(LIMIT)
    assert parser.feed(b"id: 5\nretry: 1500\n\n") == []
    assert (parser.id, parser.retry) == ("5", 1.5)


def test_an_id_stays_until_the_next_one_and_counts_with_its_blank_line() -> None:
    parser = Events(LIMIT, "4")
    assert parser.feed(b"data: a\n\nid: 5\ndata: b\n") == [Event(b"a", id="4")]
    assert parser.id == "4"
    assert parser.feed(b"\ndata: c\n\n") == [Event(b"b", id="5"), Event(b"c", id="5")]


def test_half_an_event_at_the_end_is_none() -> None:
    assert events(b"data: 1\n") == []


def test_an_event_beyond_the_limit_is_refused_however_it_comes() -> None:
    with pytest.raises(TooLong):
        events(b"data: " + b"x" * LIMIT)
    with pytest.raises(TooLong):
        events(*[b"data: 123456789\n"] * 100)


def test_many_events_may_be_longer_together() -> None:
    assert len(events(*[b"data: 123456789\n\n"] * 500)) == 500
