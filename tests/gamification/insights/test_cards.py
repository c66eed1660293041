"""Cards: whatever stands in them stays inside the picture, and days in a row are counted right."""

from datetime import date, timedelta
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from gamification.insights.cards.drawing import HEIGHT, WIDTH, drawn
from gamification.insights.cards.model import Card, Line, longest_streak
from gamification.insights.charts.figures import Language
from gamification.insights.charts.writing import width

NAMES = st.text(max_size=80)
LINES = st.builds(Line, NAMES, NAMES)
CARDS = st.builds(
    Card,
    language=st.sampled_from(Language),
    programme=NAMES,
    year=st.integers(1970, 9999),
    member=NAMES,
    points=st.lists(LINES, max_size=6).map(tuple),
    tiers=st.lists(LINES, max_size=10).map(tuple),
    badges=st.lists(NAMES, max_size=100).map(tuple),
    badge_count=st.integers(0, 10**6),
    tasks=st.integers(0, 10**9),
    activities=st.integers(0, 10**12),
    top=st.none() | LINES,
    active_days=st.integers(0, 366),
    streak=st.integers(0, 366),
    rank=st.none() | LINES,
)


@given(CARDS)
def test_every_text_stays_inside_the_picture(card: Card) -> None:
    root = ET.fromstring(drawn(card))  # noqa: S314 - made here
    assert root.get("width") == str(WIDTH)
    height = float(root.get("height", 0))
    assert height >= HEIGHT
    for one in root.iter("{http://www.w3.org/2000/svg}text"):
        wide = width(str(one.text or ""), float(one.get("font-size", 0)))
        x, y = float(one.get("x", 0)), float(one.get("y", 0))
        left = x - {"end": wide, "middle": wide / 2}.get(one.get("text-anchor", ""), 0.0)
        assert left >= 0
        assert left + wide <= WIDTH + 0.01
        assert 0 < y < height
    for box in root.iter("{http://www.w3.org/2000/svg}rect"):
        assert float(box.get("x", 0)) + float(box.get("width", 0)) <= WIDTH
        assert float(box.get("y", 0)) + float(box.get("height", 0)) <= height


def test_the_same_card_is_the_same_picture_and_names_its_language() -> None:
    card = Card(Language.ZH, "", 2026, "安", (), (), (), 0, 0, 0, None, 0, 0, None)
    assert drawn(card) == drawn(card)
    root = ET.fromstring(drawn(card))  # noqa: S314 - made here
    assert root.get("lang") == "zh-CN"
    assert "PingFang SC" in str(root.get("font-family"))
    assert "这一年还没有记录" in "".join(root.itertext())


@given(st.sets(st.integers(0, 60)))
def test_a_streak_is_the_most_days_in_a_row(offsets: set[int]) -> None:
    days = [date(2026, 1, 1) + timedelta(days=one) for one in sorted(offsets)]
    runs = [
        length
        for length in range(1, 62)
        if any(all(start + step in offsets for step in range(length)) for start in offsets)
    ]
    assert longest_streak(days) == max(runs, default=0)
