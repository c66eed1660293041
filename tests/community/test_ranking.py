"""The order of what is found, and its pages."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from community.search.model import Hit, SearchFilter, SearchKind
from community.search.ranking import SCALE, ageless, page_of, score
from storage.paging import Window

AT = datetime(2026, 3, 1, tzinfo=UTC)
HITS = st.lists(
    st.builds(Hit, st.sampled_from(SearchKind), st.binary(min_size=1, max_size=3), st.integers(0, 5)),
    max_size=40,
    unique_by=lambda hit: (hit.kind, hit.key),
)


@given(HITS, st.integers(1, 7))
def test_pages_forward_and_backward_have_everything_once_in_one_order(hits: list[Hit], size: int) -> None:
    whole = page_of(hits, AT, Window(size=100)).rows
    assert set(whole) == set(hits)
    assert [hit.score for hit in whole] == sorted((hit.score for hit in hits), reverse=True)

    forward: list[Hit] = []
    window = Window(size=size)
    while True:
        page = page_of(hits, AT, window)
        assert page.has_previous == bool(forward)
        forward += page.rows
        if not page.has_next:
            break
        window = Window(size=size, after=page.positions[-1])
    assert forward == whole

    backward: list[Hit] = []
    window = Window(size=size, backward=True)
    while True:
        page = page_of(hits, AT, window)
        backward = [*page.rows, *backward]
        if not page.has_previous:
            break
        window = Window(size=size, before=page.positions[0], backward=True)
    assert backward == whole


@given(HITS, HITS, st.integers(1, 7))
def test_what_comes_between_two_pages_makes_neither_repeat_nor_skip(
    hits: list[Hit], more: list[Hit], size: int
) -> None:
    known = {(hit.kind, hit.key) for hit in hits}
    come = [hit for hit in more if (hit.kind, hit.key) not in known]
    first = page_of(hits, AT, Window(size=size))
    if not first.has_next:
        return
    rest = page_of([*hits, *come], AT, Window(size=100, after=first.positions[-1])).rows

    assert [hit for hit in [*first.rows, *rest] if hit in hits] == page_of(hits, AT, Window(size=100)).rows


@given(st.floats(0, 1000), st.integers(0, 10_000), st.integers(0, 10_000))
def test_what_is_newer_or_says_more_is_not_behind(relevance: float, days: int, more: int) -> None:
    old, new = timedelta(days=days + more), timedelta(days=days)

    assert 0 <= score(relevance, old) <= score(relevance, new) <= 1.5 * relevance * SCALE
    assert score(relevance / 2, new) <= score(relevance, new)
    assert score(relevance, timedelta(days=-1)) == ageless(relevance)


def test_filters_of_texts_leave_out_members_and_spaces() -> None:
    assert all(SearchFilter().takes(kind) for kind in SearchKind)
    only = SearchFilter(kinds=frozenset({SearchKind.MEMBER}))
    assert [kind for kind in SearchKind if only.takes(kind)] == [SearchKind.MEMBER]
    texts = SearchFilter(tag="x")
    assert [kind for kind in SearchKind if texts.takes(kind)] == [SearchKind.POST, SearchKind.COMMENT]
