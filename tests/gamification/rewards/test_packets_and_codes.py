"""Red packets split exactly; codes can't be guessed."""

import random

from hypothesis import given
from hypothesis import strategies as st

from gamification.programmes.definitions.catalogue_rewards import Codes
from gamification.rewards.codes import ALPHABET, make_code, masked
from gamification.rewards.model import coupon_id
from gamification.rewards.packets import draw_share


@given(
    st.integers(1, 200).flatmap(
        lambda shares: st.tuples(
            st.just(shares), st.integers(1, 50), st.integers(0, 100_000), st.integers(0, 2**32)
        )
    )
)
def test_the_shares_add_up_and_none_is_below_the_minimum(drawn: tuple[int, int, int, int]) -> None:
    shares, minimum, spare, seed = drawn
    chance = random.Random(seed)
    left = total = shares * minimum + spare
    found = []
    for place in range(shares, 0, -1):
        found.append(draw_share(left, place, minimum, chance.randrange))
        left -= found[-1]

    assert sum(found) == total
    assert min(found) >= minimum


@given(st.lists(st.booleans(), max_size=60), st.integers(0, 2**32))
def test_shares_that_come_back_go_to_others(steps: list[bool], seed: int) -> None:
    chance, minimum, shares = random.Random(seed), 3, 10
    left, held = 200, list[int]()
    for takes in steps:
        if takes and shares:
            held.append(draw_share(left, shares, minimum, chance.randrange))
            left, shares = left - held[-1], shares - 1
        elif held:
            left, shares = left + held.pop(chance.randrange(len(held))), shares + 1
        assert left + sum(held) == 200
        assert left >= shares * minimum


def test_no_place_in_the_queue_is_better() -> None:
    chance = random.Random(7)
    means = [0.0] * 5
    for _ in range(20_000):
        left = 1000
        for place in range(5):
            share = draw_share(left, 5 - place, 1, chance.randrange)
            left -= share
            means[place] += share / 20_000
    assert all(abs(mean - 200) < 5 for mean in means), means


def test_codes_have_their_prefix_and_length_and_differ() -> None:
    codes = {make_code(Codes(prefix="SALE", length=12)) for _ in range(2000)}

    assert len(codes) == 2000
    assert all(code.startswith("SALE") and len(code) == 16 for code in codes)
    assert {letter for code in codes for letter in code[4:]} == set(ALPHABET)


def test_a_mask_hides_all_but_the_end() -> None:
    assert masked("ABCDEFGHJK") == "••••••GHJK"
    assert masked("ABCDEF") == "••••••"


def test_a_code_is_one_however_it_is_written() -> None:
    assert coupon_id("p", "AB-cd 12") == coupon_id("p", "abcd12")
    assert coupon_id("p", "abcd12") != coupon_id("q", "abcd12")
