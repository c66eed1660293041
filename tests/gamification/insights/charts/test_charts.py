"""Charts as a parser sees them: well-formed, nothing in them but shapes and text, no label on another."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import combinations, pairwise
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given, settings
from hypothesis import strategies as st

from gamification.insights.charts.bars import bar_chart
from gamification.insights.charts.figures import Language, Measure
from gamification.insights.charts.heatmap import Row, heat_map, level
from gamification.insights.charts.lines import line_chart
from gamification.insights.charts.model import About, Series
from gamification.insights.charts.writing import clean, width
from tests.xss_vectors import EVERY

SVG = "{http://www.w3.org/2000/svg}"
FIRST = date(2026, 11, 1)
TAGS = {"svg", "title", "desc", "style", "rect", "text", "g", "line", "path", "circle"}
ATTRIBUTES = {
    *(
        "xmlns",
        "viewBox",
        "width",
        "height",
        "role",
        "lang",
        "aria-labelledby",
        "class",
        "id",
        "fill",
        "stroke",
    ),
    *("font-family", "font-size", "font-weight", "text-anchor", "x", "y", "x1", "x2", "y1", "y2", "rx", "d"),
    *("cx", "cy", "r", "stroke-width", "stroke-dasharray", "stroke-linejoin", "stroke-linecap"),
}


def days(count: int) -> list[date]:
    return [FIRST + timedelta(one) for one in range(count)]


def parsed(chart: str) -> Element:
    """Its root, once nothing else is found in it than may be."""
    root: Element = fromstring(chart, forbid_dtd=True)
    for one in root.iter():
        assert one.tag.removeprefix(SVG) in TAGS
        assert set(one.attrib) <= ATTRIBUTES
        assert not any("url(" in value or "script" in value for value in one.attrib.values())
    styles = [one.text or "" for one in root.iter(f"{SVG}style")]
    assert len(styles) == 1
    assert not re.search(r"url\(|@import|expression|HIT", styles[0])
    return root


def texts(root: Element) -> list[str]:
    return [one.text or "" for one in root.iter(f"{SVG}text")]


def boxes(root: Element) -> Iterator[tuple[float, float, float, float, str]]:
    """Where each text is: left, top, right, bottom."""
    for one in root.iter(f"{SVG}text"):
        size, x, y = float(one.get("font-size", "12")), float(one.get("x", "0")), float(one.get("y", "0"))
        wide = width(one.text or "", size)
        left = {"start": x, "middle": x - wide / 2, "end": x - wide}[one.get("text-anchor", "start")]
        yield left, y - 0.75 * size, left + wide, y + 0.05 * size, one.text or ""


def assert_readable(root: Element) -> None:
    """No text on another one, and none beyond the edge."""
    found = list(boxes(root))
    for left, top, right, bottom, text in found:
        assert left >= -0.5, text
        assert right <= float(root.get("width", "0")) + 0.5, text
        assert top >= 0, text
        assert bottom <= float(root.get("height", "0")), text
    for one, two in combinations(found, 2):
        apart = one[2] <= two[0] + 0.5 or two[2] <= one[0] + 0.5 or one[3] <= two[1] or two[3] <= one[1]
        assert apart, (one, two)


def paths(root: Element) -> list[str]:
    return [one.get("d", "") for one in root.iter(f"{SVG}path")]


# ---------------------------------------------------------------- lines


def test_a_line_goes_through_its_values() -> None:
    root = parsed(line_chart(About("t"), days(3), [Series("a", (0.0, 10.0, 5.0))]))
    numbers = [float(one) for one in re.findall(r"[-\d.]+", paths(root)[0])]
    x, y = numbers[::2], numbers[1::2]
    assert x[1] - x[0] == pytest.approx(x[2] - x[1], abs=0.02)
    assert y[2] == pytest.approx((y[0] + y[1]) / 2, abs=0.02)
    assert y[1] < y[0]


def test_a_long_line_is_drawn_to_its_end() -> None:
    values = tuple(float(one % 50) for one in range(2_000))
    root = parsed(line_chart(About("t"), days(2_000), [Series("a", values)]))
    assert paths(root)[0].count("L") == 1_999
    assert len(list(root.iter(f"{SVG}circle"))) == 0  # too many to point at


def test_what_is_missing_breaks_the_line_and_a_lone_value_is_a_dot() -> None:
    values = (1.0, 2.0, None, 3.0, None, 4.0, 5.0)
    root = parsed(line_chart(About("t"), days(7), [Series("a", values)]))
    assert len(paths(root)) == 2
    dots = [one for one in root.iter(f"{SVG}circle") if one.get("class")]
    assert len(dots) == 1


def test_lines_differ_by_dash_as_well_as_by_colour() -> None:
    series = [Series(f"s{one}", (1.0 * one, 2.0)) for one in range(6)]
    root = parsed(line_chart(About("t"), days(2), series))
    lines = list(root.iter(f"{SVG}path"))
    assert len({one.get("stroke-dasharray") for one in lines}) == 6
    assert len({one.get("stroke") for one in lines}) == 6
    assert {f"s{one}" for one in range(6)} <= set(texts(root))


def test_one_day_is_in_the_middle() -> None:
    root = parsed(line_chart(About("t"), days(1), [Series("a", (5.0,))]))
    assert_readable(root)
    assert "Nov 1, 2026" in texts(root)


def test_a_chart_without_values_says_so() -> None:
    for language, says in ((Language.EN, "No data"), (Language.ZH, "暂无数据")):
        about = About("t", language=language)
        charts = [
            line_chart(about, days(2), [Series("a", (None, None))]),
            line_chart(about, [], [Series("a", ())]),
            bar_chart(about, [], [Series("a", ())]),
            heat_map(about, ["a"], []),
        ]
        assert all(says in texts(parsed(chart)) for chart in charts)


# ---------------------------------------------------------------- bars


def bars_of(root: Element) -> list[tuple[float, float, float, float]]:
    return [
        (
            float(one.get("x", "0")),
            float(one.get("y", "0")),
            float(one.get("width", "0")),
            float(one.get("height", "0")),
        )
        for one in root.iter(f"{SVG}rect")
        if one.find(f"{SVG}title") is not None
    ]


def test_bars_are_as_high_as_their_values_and_below_zero_they_hang() -> None:
    root = parsed(bar_chart(About("t"), ["a", "b", "c"], [Series("s", (10.0, 20.0, -10.0))]))
    (_, top_a, _, a), (_, _, _, b), (_, top_c, _, c) = bars_of(root)
    assert b == pytest.approx(2 * a, abs=0.03)
    assert c == pytest.approx(a, abs=0.03)
    assert top_c == pytest.approx(top_a + a, abs=0.03)
    assert {"10", "20", "-10"} <= set(texts(root))


def test_stacked_bars_stand_on_each_other() -> None:
    series = [Series("x", (1.0, 2.0)), Series("y", (3.0, 4.0))]
    root = parsed(bar_chart(About("t"), ["a", "b"], series, stacked=True))
    first, second = bars_of(root)[:2]
    assert first[0] == second[0]
    assert second[1] + second[3] == pytest.approx(first[1], abs=0.03)
    assert {"4", "6"} <= set(texts(root))


def test_long_labels_lay_the_bars_down_and_are_whole_for_who_points_at_them() -> None:
    long = "价格比别家高,而且优惠券总是抢不到,客服也不回复,等了很久都没有结果"
    root = parsed(bar_chart(About("t", language=Language.ZH), [long, "短"], [Series("s", (3.0, 6.0))]))
    one, two = bars_of(root)
    assert two[2] == pytest.approx(2 * one[2], abs=0.03)
    assert one[0] == two[0]
    assert any(text.endswith("…") for text in texts(root))
    assert long in [title.text for title in root.iter(f"{SVG}title")]
    assert_readable(root)


def test_sixty_lying_bars_make_the_chart_higher() -> None:
    names = [f"a rather long label, number {one}" for one in range(60)]
    root = parsed(bar_chart(About("t"), names, [Series("s", tuple(float(one) for one in range(60)))]))
    assert float(root.get("height", "0")) > 1_500
    assert_readable(root)


# ---------------------------------------------------------------- heat


def test_a_cell_is_the_darker_the_more_there_is() -> None:
    assert [level(value, 0.5) for value in (0.0, 0.049, 0.05, 0.26, 0.5, 1.0)] == [0, 0, 1, 5, 9, 9]
    rows = [Row("Jan", 1_200, (1.0, 0.4, 0.2)), Row("Feb", 900, (1.0, 0.3, None))]
    root = parsed(heat_map(About("t", measure=Measure.SHARE), ["0", "1", "2"], rows))
    cells = [rect.get("class") for group in root.iter(f"{SVG}g") for rect in group.iter(f"{SVG}rect")]
    assert cells == ["h9", "h9", "h5", "h9", "h7"]
    assert {"100%", "40%", "1,200"} <= set(texts(root))
    assert_readable(root)


def test_cells_without_room_for_figures_show_none_of_them() -> None:
    rows = [Row("Jan", None, tuple(one / 100 for one in range(40)))]
    root = parsed(
        heat_map(About("t", measure=Measure.SHARE, width=300), [str(one) for one in range(40)], rows)
    )
    assert [one for one in texts(root) if one.endswith("%")] == ["0%", "39%"]  # the key's
    assert_readable(root)


# ---------------------------------------------------------------- who reads, and who would do harm


def test_who_does_not_see_it_is_told_the_figures() -> None:
    chart = line_chart(
        About("日活", "按渠道。", language=Language.ZH), days(3), [Series("小程序", (10.0, 5.0, 20.0))]
    )
    root = parsed(chart)
    own = (root.get("aria-labelledby") or "").split()
    by_id = {one.get("id"): one.text for one in root.iter() if one.get("id")}
    assert root.get("role") == "img"
    assert root.get("lang") == "zh-CN"
    assert [by_id[one] for one in own] == [
        "日活",
        "按渠道。 小程序:2026年11月1日为 10,2026年11月3日为 20,最低 5,最高 20。",
    ]


def test_charts_on_one_page_have_ids_of_their_own_and_the_same_one_the_same() -> None:
    one, again, other = (bar_chart(About("t"), ["a"], [Series("s", (value,))]) for value in (1.0, 1.0, 2.0))
    assert one == again
    found = [re.findall(r'id="(\w+)"', chart) for chart in (one, other)]
    assert len({*found[0], *found[1]}) == 4


def test_the_dark_scheme_reaches_into_charts_only() -> None:
    chart = bar_chart(About("t"), ["a"], [Series("s", (1.0,))])
    style = parsed(chart).find(f"{SVG}style")
    assert style is not None
    assert style.text is not None
    inside = style.text.removeprefix("@media (prefers-color-scheme:dark){").removesuffix("}")
    assert all(rule.startswith(".sg-chart .") for rule in inside.split("}") if rule)


HOSTILE = [
    *EVERY.values(),
    "]]><script>HIT</script>",
    "&#x3C;script&#x3E;",
    '"/><image href="http://x.invalid/"/>',
    "</text></svg><script>HIT</script>",
    "\x00\x1b\ud800<!--",
    "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>&a;",
]


@pytest.mark.parametrize("stacked", [False, True])
def test_hostile_texts_stay_texts(stacked: bool) -> None:
    assert len(HOSTILE) > 150
    for hostile in HOSTILE:
        about = About(hostile, hostile, hostile)
        charts = [
            line_chart(about, days(2), [Series(hostile, (1.0, 2.0)), Series(hostile, (2.0, None))]),
            bar_chart(about, [hostile, hostile], [Series(hostile, (1.0, 2.0))] * 2, stacked=stacked),
            heat_map(about, [hostile], [Row(hostile, 3, (0.5,))]),
        ]
        for chart in charts:
            root = parsed(chart)
            assert root.findtext(f"{SVG}title") == (clean(hostile) or None) or not clean(hostile)
            chart.encode()  # no lone surrogate is left


words = st.text(st.sampled_from("abcMW 会员消费额iil.,1%"), min_size=1, max_size=30)
amounts = st.floats(-1e9, 1e9) | st.floats(0, 1) | st.none()
shapes = st.builds(
    About,
    title=words,
    unit=st.just("") | words,
    language=st.sampled_from(Language),
    width=st.integers(320, 1_200),
    height=st.integers(220, 600),
)


@settings(max_examples=60)
@given(shapes, st.lists(words, min_size=1, max_size=4), st.integers(1, 400), st.data())
def test_labels_of_lines_never_lie_on_each_other(
    about: About, names: list[str], count: int, data: st.DataObject
) -> None:
    step = data.draw(st.sampled_from([1, 7, 30]))
    on = [FIRST + timedelta(step * one) for one in range(count)]
    few = data.draw(st.lists(amounts, min_size=1, max_size=5))
    series = [Series(name, tuple((few * count)[:count])) for name in names]
    assert_readable(parsed(line_chart(about, on, series)))


@settings(max_examples=60)
@given(shapes, st.lists(words, min_size=1, max_size=14), st.integers(1, 4), st.booleans(), st.data())
def test_labels_of_bars_never_lie_on_each_other(
    about: About, labels: list[str], many: int, stacked: bool, data: st.DataObject
) -> None:
    kinds = st.floats(0, 1e9) | st.none() if stacked else amounts
    values = st.lists(kinds, min_size=len(labels), max_size=len(labels)).map(tuple)
    series = [Series(f"s{one}", data.draw(values)) for one in range(many)]
    assert_readable(parsed(bar_chart(about, labels, series, stacked=stacked)))


@settings(max_examples=60)
@given(shapes, st.lists(words, min_size=1, max_size=30), st.lists(words, min_size=1, max_size=10), st.data())
def test_labels_of_heat_maps_never_lie_on_each_other(
    about: About, columns: list[str], names: list[str], data: st.DataObject
) -> None:
    shares = st.lists(st.floats(0, 1) | st.none(), min_size=len(columns), max_size=len(columns)).map(tuple)
    size = st.integers(0, 10**7) | st.none()
    rows = [Row(name, data.draw(size), data.draw(shares)) for name in names]
    assert_readable(parsed(heat_map(about, columns, rows)))


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_refuses_values_that_are_no_numbers(bad: float) -> None:
    series = [Series("a", (bad,))]
    with pytest.raises(ValueError, match="value that is no"):
        line_chart(About("t"), days(1), series)
    with pytest.raises(ValueError, match="value that is no"):
        bar_chart(About("t"), ["a"], series)
    with pytest.raises(ValueError, match="value that is no"):
        heat_map(About("t"), ["a"], [Row("r", None, (bad,))])


def test_refuses_what_does_not_fit_together() -> None:
    with pytest.raises(ValueError, match="2 values for 3"):
        line_chart(About("t"), days(3), [Series("a", (1.0, 2.0))])
    with pytest.raises(ValueError, match="ascend"):
        line_chart(About("t"), [FIRST, FIRST], [Series("a", (1.0, 2.0))])
    with pytest.raises(ValueError, match="1 to 6 series"):
        line_chart(About("t"), days(1), [])
    with pytest.raises(ValueError, match="1 to 6 series"):
        line_chart(About("t"), days(1), [Series("a", (1.0,))] * 7)
    with pytest.raises(ValueError, match="at most 2000"):
        line_chart(About("t"), days(2_001), [Series("a", (1.0,) * 2_001)])
    with pytest.raises(ValueError, match="0 or more"):
        bar_chart(About("t"), ["a"], [Series("a", (-1.0,))], stacked=True)
    with pytest.raises(ValueError, match="pixels wide"):
        About("t", width=100)
    with pytest.raises(ValueError, match="1 values for 2"):
        heat_map(About("t"), ["a", "b"], [Row("r", None, (1.0,))])
    with pytest.raises(ValueError, match="up to 60 rows"):
        heat_map(About("t"), [], [])


def test_the_first_series_is_drawn_over_the_others() -> None:
    root = parsed(line_chart(About("t"), days(2), [Series(f"s{one}", (1.0, 2.0)) for one in range(3)]))
    drawn = [one.get("class") for one in root.iter(f"{SVG}path") if one.get("stroke-width") == "2"]
    assert drawn == ["s2", "s1", "s0"]
    assert all(one is not None for one in drawn)
    assert [one > two for one, two in pairwise(filter(None, drawn))] == [True, True]
