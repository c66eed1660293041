"""Codes and tokens of attendance: pure."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.gatherings.codes import (
    DIGITS,
    GUESSES_MAX,
    GUESSES_WITHIN,
    STEP_SECONDS,
    TOKEN_LASTS,
    code_at,
    guessed,
    is_code,
    may_guess,
    member_of_token,
    token_of,
)

SECRET, OTHER = b"s" * 32, b"o" * 32
NOW = datetime(2026, 3, 29, 0, 59, 50, tzinfo=UTC)
"""Ten seconds before clocks in Berlin go forward."""
STEP = timedelta(seconds=STEP_SECONDS)
MEMBER = bytes(range(12))


def test_codes_are_those_of_the_standard() -> None:
    # RFC 6238, appendix B: SHA-256, the last six of its eight digits.
    secret = b"12345678901234567890123456789012"
    vectors = {59: "119246", 1111111109: "084774", 1234567890: "819424", 20000000000: "737706"}
    for second, expected in vectors.items():
        assert code_at(secret, datetime.fromtimestamp(second, UTC)).text == expected


def test_a_code_says_until_when_it_is_the_present_one() -> None:
    code = code_at(SECRET, NOW)

    assert code.until == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert code_at(SECRET, code.until - timedelta(microseconds=1)) == code
    assert code_at(SECRET, code.until) != code
    assert len(code.text) == DIGITS


@pytest.mark.parametrize(("steps", "passes"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_passes_one_step_before_and_after(*, steps: int, passes: bool) -> None:
    assert is_code(SECRET, code_at(SECRET, NOW + steps * STEP).text, NOW) is passes


def test_a_code_may_be_typed_with_spaces() -> None:
    code = code_at(SECRET, NOW).text

    assert is_code(SECRET, f" {code[:3]} {code[3:]}\n", NOW)


@given(st.text(max_size=20))
def test_whatever_else_is_typed_is_no_code(text: str) -> None:
    known = {code_at(SECRET, NOW + steps * STEP).text for steps in (-1, 0, 1)}

    assert is_code(SECRET, text, NOW) is ("".join(text.split()) in known)


def test_another_gatherings_code_does_not_pass() -> None:
    assert not is_code(OTHER, code_at(SECRET, NOW).text, NOW)


def test_a_token_is_its_members_until_it_lapses() -> None:
    token, until = token_of(SECRET, MEMBER, NOW)

    assert len(token) == 32
    assert until == NOW + TOKEN_LASTS
    assert member_of_token(SECRET, token, NOW) == MEMBER
    assert member_of_token(SECRET, token, until - timedelta(seconds=1)) == MEMBER
    assert member_of_token(SECRET, token, until) is None
    assert member_of_token(OTHER, token, NOW) is None


@given(st.integers(0, 23), st.integers(1, 255))
def test_a_token_with_any_byte_changed_is_none(place: int, change: int) -> None:
    raw = bytearray(base64.urlsafe_b64decode(token_of(SECRET, MEMBER, NOW)[0]))
    raw[place] ^= change

    assert member_of_token(SECRET, base64.urlsafe_b64encode(raw).decode(), NOW) is None


@given(st.text(max_size=50))
def test_whatever_else_is_scanned_is_nobodys(text: str) -> None:
    assert member_of_token(SECRET, text, NOW) is None


def test_guesses_are_limited_and_counted_anew_after_a_while() -> None:
    guesses, since = 0, None
    for number in range(GUESSES_MAX):
        assert may_guess(guesses, since, NOW)
        guesses, since = guessed(guesses, since, NOW + timedelta(seconds=number))

    assert not may_guess(guesses, since, NOW + GUESSES_WITHIN - timedelta(seconds=1))
    assert may_guess(guesses, since, NOW + GUESSES_WITHIN)
    assert guessed(guesses, since, NOW + GUESSES_WITHIN) == (1, NOW + GUESSES_WITHIN)
