"""Messages: placeholders, plurals and choices, numbers and dates as a locale writes them; what can't be read is told with its place."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamification.kit.messages import LENGTH_MAX, MessageInvalid, ValueKind, parse

AT = datetime(2026, 6, 1, 20, 30, tzinfo=UTC)
PEOPLE = "{n, plural, offset:1 =0 {nobody} =1 {{a}} one {{a} and # other} other {{a} and # others}}"


def shown(text: str, locale: str = "en", time_zone: str = "UTC", **values: Any) -> str:
    return parse(text).format(values, locale, time_zone)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, "nobody"),
        (1, "Ann"),
        (2, "Ann and 1 other"),
        (3, "Ann and 2 others"),
        (1201, "Ann and 1,200 others"),
    ],
)
def test_plurals_go_by_exact_numbers_and_then_by_classes_less_the_offset(number: int, expected: str) -> None:
    assert shown(PEOPLE, n=number, a="Ann") == expected


@pytest.mark.parametrize(
    ("locale", "number", "expected"),
    [
        ("ru", 1, "one"),
        ("ru", 3, "few"),
        ("ru", 5, "many"),
        ("ru", 21, "one"),
        ("ar", 0, "zero"),
        ("ar", 2, "two"),
        ("zh", 1, "other"),
        ("zh-Hans-CN", 1, "other"),
        ("xx-unknown", 1, "one"),
    ],
)
def test_plural_classes_are_the_locales(locale: str, number: int, expected: str) -> None:
    text = "{n, plural, zero {zero} one {one} two {two} few {few} many {many} other {other}}"
    assert shown(text, locale, n=number) == expected


@pytest.mark.parametrize(
    ("text", "locale", "zone", "expected"),
    [
        ("{n}", "en", "UTC", "12,345"),
        ("{n, number}", "de", "UTC", "12.345"),
        ("{at, date}", "en", "UTC", "Jun 1, 2026"),
        ("{at, date, long}", "zh-Hans", "Asia/Shanghai", "2026年6月2日"),
        ("{at, date, short}", "en", "America/New_York", "6/1/26"),
        ("{at, time, short}", "zh", "Asia/Shanghai", "04:30"),
        ("{at, datetime, short}", "en-GB", "Europe/London", "01/06/2026, 21:30"),
    ],
)
def test_numbers_and_instants_are_written_as_in_the_locale_and_the_zone(
    text: str, locale: str, zone: str, expected: str
) -> None:
    assert shown(text, locale, zone, n=12345, at=AT).replace("\u202f", " ") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("it's", "it's"),
        ("'{x}'", "{x}"),
        ("a '' b", "a ' b"),
        ("'{''}'", "{'}"),
        ("{x} '{' {x}", "X { X"),
        ("#", "#"),
        ("{n, plural, other {'#' #}}", "# 2"),
        ("{s, select, a {A} other {O}}", "A"),
        ("{t, select, a {A} other {O {s, select, a {inner} other {}}}}", "O inner"),
        ("{missing}", ""),
        ("{missing, plural, =0 {none} other {other}}", "other"),
        ("{x}{x}", "XX"),
        ("", ""),
    ],
)
def test_text_quotes_and_choices(text: str, expected: str) -> None:
    assert shown(text, x="X", n=2, s="a", t="b") == expected


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("{", 1),
        ("}", 0),
        ("a } b", 2),
        ("{n", 2),
        ("{}", 1),
        ("{n, foo}", 0),
        ("{n, date, huge}", 0),
        ("{n, number, short}", 0),
        ("{n, plural, one {x}}", 0),
        ("{n, plural, other {x}", 21),
        ("{n, plural, lots {x} other {y}}", 12),
        ("{n, select, a {b} a {c} other {}}", 19),
        ("{n, plural, =x {a} other {b}}", 13),
        ("{0}", 1),
    ],
)
def test_what_can_not_be_read_is_told_with_its_place(text: str, at: int) -> None:
    with pytest.raises(MessageInvalid) as raised:
        parse(text)
    assert raised.value.at == at


def test_what_is_too_long_or_too_deep_is_refused() -> None:
    with pytest.raises(MessageInvalid):
        parse("x" * (LENGTH_MAX + 1))
    deep = "{a, select, other {" * 6 + "}}" * 6
    with pytest.raises(MessageInvalid):
        parse(deep)


def test_values_are_not_read_as_messages() -> None:
    assert shown("{x}", x="{n, plural, other {#}} '{'") == "{n, plural, other {#}} '{'"


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("{name} {n, plural, other {#}} {at, date}", 0),
        ("{nobody}", 1),
        ("{name, plural, other {}}", 1),
        ("{n, date}", 1),
        ("{at, number}", 1),
        ("{n, select, other {{nobody} {at, plural, other {}}}}", 3),
    ],
)
def test_placeholders_must_be_there_and_of_their_kind(text: str, faults: int) -> None:
    known = {"name": ValueKind.TEXT, "n": ValueKind.NUMBER, "at": ValueKind.INSTANT}
    assert len(parse(text).faults(known)) == faults


@given(st.text(alphabet="{}'#, abn=012plural selctohr\n", max_size=60))
def test_any_text_is_read_or_refused_in_its_own_words(text: str) -> None:
    at = 0
    try:
        message = parse(text)
        assert isinstance(message.format({"a": "x", "n": 3}, "en", "UTC"), str)
    except MessageInvalid as error:
        at = error.at
    assert 0 <= at <= len(text)


@given(st.text(max_size=80))
def test_a_text_without_braces_and_quotes_is_itself(text: str) -> None:
    plain = text.replace("{", "").replace("}", "").replace("'", "")
    assert parse(plain).format({}, "en", "UTC") == plain
