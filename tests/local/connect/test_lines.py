"""Lines out of pieces."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from local.connect.lines import Lines


def read(*chunks: bytes, limit: int = 100) -> list[bytes]:
    lines = Lines(limit)
    found = [line for chunk in chunks for line in lines.feed(chunk)]
    return [*found, rest] if (rest := lines.rest()) else found


@given(st.lists(st.sampled_from([b"{}", b" [1] ", b"", b"\r", b"x" * 50]), max_size=10), st.lists(st.integers(0, 200)))
def test_any_chunking_gives_the_same_lines(parts: list[bytes], cuts: list[int]) -> None:
    stream = b"\n".join(parts)
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    pieces = [stream[a:b] for a, b in pairwise(edges)]
    assert read(*pieces) == [part.strip() for part in parts if part.strip()]


def test_the_last_line_needs_no_end() -> None:
    assert read(b"a\r\nb") == [b"a", b"b"]


def test_a_line_beyond_the_limit_is_not_kept_and_the_next_one_is_whole() -> None:
    assert read(b"a\n", b"x" * 60, b"x" * 60, b"\nb\n", b"x" * 101) == [b"a", Lines.overlong, b"b", Lines.overlong]
