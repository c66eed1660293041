"""Where in a text stands what was looked for."""

from hypothesis import given
from hypothesis import strategies as st

from community.search.highlights import Place, highlights, matched
from community.search.query import parse

TEXTS = st.lists(
    st.sampled_from(["量子", "计算", "run", "Running", " ", "\n", "ＡＢ", "é", "机", "x" * 30]), max_size=60
).map("".join)


def marked(query: str, text: str) -> str:
    """A text with brackets around what was looked for."""
    (found,) = highlights(parse(query), [(Place.TEXT, text)])
    return "".join(f"[{part.text}]" if part.is_match else part.text for part in found.parts)


def test_stems_pairs_and_other_spellings_are_marked_as_they_are_written() -> None:
    assert marked("running", "He RUNS and runs.") == "He [RUNS] and [runs]."
    assert marked("量子计算", "量子的计算，機器") == "[量子]的[计算]，機器"
    assert marked("机器学习", "關於機器學習") == "關於[機器學習]"
    assert marked("cafe ab", "Ｃafé, ａｂ") == "[Ｃafé], [ａｂ]"


def test_a_long_text_is_shown_where_most_of_it_stands() -> None:
    text = "lantern " + "word " * 200 + "red lantern red lantern " + "word " * 200
    shown = marked("red lantern", text)

    assert shown.startswith("…")
    assert shown.endswith("…")
    assert shown.count("[") == 4
    assert len(shown) <= 162 + 8


def test_three_places_are_shown_at_most() -> None:
    texts = [(place, "red") for place in (Place.TITLE, Place.TEXT, Place.TAGS, Place.OPTIONS)]

    assert [one.place for one in highlights(parse("red"), texts)] == [Place.TITLE, Place.TEXT, Place.TAGS]


def test_places_without_a_match_are_left_out() -> None:
    assert [one.place for one in highlights(parse("red"), [(Place.TITLE, "Blue"), (Place.TEXT, "red")])] == [
        Place.TEXT
    ]


def test_names_match_by_their_beginnings() -> None:
    assert matched(parse("an"), "Anna Lan", names=True) == [(0, 2)]


@given(TEXTS, st.sampled_from(["量子计算", "run", "机", "ab e"]))
def test_the_parts_make_up_a_piece_of_the_text(text: str, query: str) -> None:
    for found in highlights(parse(query), [(Place.TEXT, text)]):
        parts = list(found.parts)
        assert any(part.is_match and part.text for part in parts)
        inner = parts[parts[0].text == "…" : len(parts) - (parts[-1].text == "…")]
        assert "".join(part.text for part in inner) in text.replace("\n", " ")
        assert sum(len(part.text) for part in inner) <= 160
