"""Lines and columns of positions in a document."""

from graphql import Source
from hypothesis import given
from hypothesis import strategies as st

from resolvers.documents.source import IndexedSource


@given(st.text("ab\r\n é\u2028", max_size=30))
def test_every_position_is_where_the_library_says(text: str) -> None:
    indexed, library = IndexedSource(text), Source(text)

    for position in range(len(text) + 1):
        if text[max(position - 1, 0) : position + 1] != "\r\n":  # nothing begins between the two
            assert indexed.get_location(position) == library.get_location(position)


def test_it_is_taken_for_its_text() -> None:
    assert IndexedSource("{ me { id } }") == Source("{ me { id } }")
