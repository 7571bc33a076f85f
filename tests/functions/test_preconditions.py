"""ETags and If-Match, without a request around them."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.preconditions import check, opaque, quoted
from gateway.errors import Invalid, PreconditionFailed

# A loaded machine is no failure.
_CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
_TAG = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='"'), min_size=1, max_size=12)


@_CALM
@given(tag=_TAG, others=st.lists(_TAG, max_size=3), weak=st.booleans())
def test_a_version_matches_by_its_strong_tag_wherever_that_stands(tag: str, others: list[str], weak: bool) -> None:
    header = ", ".join([*(f'"{other}"' for other in others), f'{"W/" if weak else ""}"{tag}"'])

    if weak and tag not in others:
        with pytest.raises(PreconditionFailed):
            check(header, tag)
    else:
        check(header, tag)


@pytest.mark.parametrize("etag", ["v1", '"v1"'])
def test_stores_with_quotes_in_their_etags_and_without_are_alike(etag: str) -> None:
    assert (quoted(etag), opaque(etag)) == ('"v1"', "v1")
    check('"v1"', etag)


@_CALM
@given(st.text(max_size=20))
def test_any_header_is_read_or_refused(header: str) -> None:
    if header.strip() == "*":
        check(header, "no such tag")
    else:
        with pytest.raises((Invalid, PreconditionFailed)):
            check(header, "no such tag")


def test_no_header_matches_every_version() -> None:
    check(None, "v1")
