"""Lines, however they are cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cluster.lines import Lines


@given(st.lists(st.binary(max_size=20), max_size=8), st.lists(st.integers(0, 200), max_size=8))
def test_lines_are_the_same_wherever_their_chunks_begin_and_end(texts: list[bytes], cuts: list[int]) -> None:
    whole = b"".join(text.replace(b"\n", b" ") + b"\n" for text in texts)
    places = sorted({0, len(whole), *(min(cut, len(whole)) for cut in cuts)})
    lines = Lines(1000)
    found = [line for at, end in pairwise(places) for line in lines.feed(whole[at:end])]
    assert found == [line for line in whole.split(b"\n") if line.strip()]


def test_a_line_without_an_end_is_none_yet() -> None:
    lines = Lines(1000)
    assert lines.feed(b'{"a":') == []
    assert lines.feed(b"1}\n{") == [b'{"a":1}']


def test_a_line_above_the_limit_is_an_error_even_in_small_chunks() -> None:
    lines = Lines(10)
    assert lines.feed(b"12345\n12345\n12345") == [b"12345", b"12345"]
    assert lines.feed(b"12345") == []
    with pytest.raises(ValueError, match="longer than 10 bytes"):
        lines.feed(b"1")
