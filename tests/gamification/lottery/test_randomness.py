"""Chance from a seed: without bias, and the same for everyone who computes it."""

import hashlib
import hmac
from itertools import islice

import pytest

from gamification.kit.chance import below, words
from gamification.lottery.randomness import canonical, derive

SEED = bytes(range(32))
FAR = 2**64


def test_a_stream_is_hmac_of_a_counter_in_words_of_eight_bytes() -> None:
    key = hmac.new(SEED, b"starguild-draw/1\na\nb\n", hashlib.sha256).digest()
    blocks = b"".join(
        hmac.new(key, number.to_bytes(8, "big"), hashlib.sha256).digest() for number in range(3)
    )

    found = list(islice(words(derive(SEED, "a", "b")), 12))

    assert found == [int.from_bytes(blocks[at : at + 8], "big") for at in range(0, 96, 8)]


def test_parts_do_not_run_into_each_other() -> None:
    assert derive(SEED, "ab", "c") != derive(SEED, "a", "bc")


def test_words_that_would_favour_low_numbers_are_passed_over() -> None:
    # 2^64 = 3 * k + 1: the highest word alone is one too many.
    assert below(iter([FAR - 1, 7]), 3) == 1
    assert below(iter([FAR - 2]), 3) == 2
    assert below(iter([FAR - 1]), 2) == 1
    assert below(iter([FAR - 1]), 1) == 0


@pytest.mark.parametrize("bound", [1, 2, 3, 10, 2**53 - 1, 2**63 + 1, 2**64])
def test_numbers_stay_below_their_bound(bound: int) -> None:
    stream = words(derive(SEED, str(bound)))
    assert all(0 <= below(stream, bound) < bound for _ in range(200))


def test_hashed_json_has_one_form() -> None:
    assert canonical({"b": [1, None], "a": "彩"}) == b'{"a":"\\u5f69","b":[1,null]}'
