"""Who is in which arm: in proportion, independent between experiments, and left alone when weights change."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2, chisquare

from gamification.experiments.assignment import (
    BUCKETS,
    HOLDOUT,
    Allocation,
    Arm,
    Span,
    allocate,
    assigned,
    bucket_of,
)
from gamification.kit.errors import InvalidInput

MEMBERS = [f"member-{number}".encode() for number in range(40_000)]


def held(allocation: Allocation) -> dict[str, set[int]]:
    """Each arm's buckets."""
    found: dict[str, set[int]] = {}
    for span in allocation.spans:
        if span.held:
            found.setdefault(span.arm, set()).update(range(span.start, span.end))
    return found


def arms(**weights: int) -> list[Arm]:
    return [Arm(key, weight) for key, weight in weights.items()]


def test_arms_have_the_members_that_their_weights_say() -> None:
    """The ids are fixed, so this is always the same: a broken hash fails it, bad luck can't."""
    allocation = allocate([Arm(HOLDOUT, 1_000), Arm("a", 3_000), Arm("b", 4_500)])
    found = Counter(assigned(allocation, "programme/spring/1", member) for member in MEMBERS)
    counts = [found[key] for key in (HOLDOUT, "a", "b", None)]
    assert chisquare(counts, [4_000, 12_000, 18_000, 6_000]).pvalue > 0.01


def test_buckets_are_even() -> None:
    counts = Counter(bucket_of("salt", member) // 100 for member in MEMBERS)
    assert chisquare([counts[part] for part in range(100)]).pvalue > 0.01


def test_two_experiments_know_nothing_of_each_other() -> None:
    """Members of each arm of one are spread over the other's as everybody is."""
    allocation = allocate(arms(a=5_000, b=2_500, c=2_500))
    table = Counter(
        (assigned(allocation, "p/spring", member), assigned(allocation, "p/autumn", member))
        for member in MEMBERS
    )
    share = {"a": 0.5, "b": 0.25, "c": 0.25}
    value = sum(
        (table[(one, two)] - 40_000 * share[one] * share[two]) ** 2 / (40_000 * share[one] * share[two])
        for one in share
        for two in share
    )
    assert chi2.sf(value, 8) > 0.01


def test_salts_that_run_into_the_id_are_different() -> None:
    pairs = {(bucket_of("a", b"bc" + member), bucket_of("ab", b"c" + member)) for member in MEMBERS[:100]}
    assert sum(one == two for one, two in pairs) < 5


def test_an_assignment_is_the_same_on_every_machine_and_for_good() -> None:
    """These numbers must never change: running experiments go by them."""
    assert [bucket_of("demo/spring/1", member) for member in MEMBERS[:4]] == [4471, 6274, 5181, 780]


def test_the_order_of_arms_and_members_says_nothing_about_a_member() -> None:
    allocation = allocate(arms(a=2_000, b=3_000))
    forward = {member: assigned(allocation, "s", member) for member in MEMBERS[:500]}
    assert {member: assigned(allocation, "s", member) for member in reversed(MEMBERS[:500])} == forward
    assert held(allocate(arms(b=3_000, a=2_000)))["b"] == set(range(3_000))


def test_ramping_up_moves_nobody_between_variants() -> None:
    steps = [
        arms(a=100, b=100),
        arms(a=500, b=100),
        arms(a=500, b=900, c=1_000),
        arms(a=4_000, b=3_000, c=3_000),
    ]
    allocation = allocate(steps[0])
    for step in steps[1:]:
        grown = allocate(step, allocation)
        before, after = held(allocation), held(grown)
        assert all(before[key] <= after[key] for key in before)
        assert grown.weights() == {arm.key: arm.weight for arm in step}
        allocation = grown


def test_down_and_up_again_brings_the_same_members_back() -> None:
    first = allocate(arms(a=3_000, b=3_000))
    stopped = allocate(arms(a=0, b=3_000), first)
    assert held(allocate(arms(a=3_000, b=3_000), stopped)) == held(first)


def test_what_another_arm_had_is_taken_last() -> None:
    first = allocate(arms(a=3_000, b=3_000))
    shrunk = allocate(arms(a=1_000, b=3_000), first)
    grown = allocate(arms(a=1_000, b=7_000), shrunk)
    assert held(grown)["b"].isdisjoint(range(1_000, 3_000))
    full = allocate(arms(a=1_000, b=9_000), shrunk)
    assert held(full)["b"] == set(range(1_000, BUCKETS))


def test_what_nobody_had_is_shared_out_before_anybody_takes_what_was_anothers() -> None:
    first = allocate(arms(a=4_000, b=1_000))
    moved = held(allocate(arms(a=0, b=5_500, c=500), first))
    assert moved["b"] | moved["c"] == set(range(4_000, BUCKETS))


@given(
    st.lists(
        st.dictionaries(st.sampled_from("abcd"), st.integers(0, 2_500), min_size=1), min_size=2, max_size=4
    )
)
def test_members_move_only_as_far_as_they_must(history: list[dict[str, int]]) -> None:
    allocation = allocate(arms(**history[0]))
    for weights in history[1:]:
        changed = allocate(arms(**weights), allocation)
        before, after = held(allocation), held(changed)
        for key, own in before.items():
            assert len(own & after.get(key, set())) == min(len(own), weights.get(key, 0))
        assert changed.weights() == {key: weight for key, weight in weights.items() if weight}
        assert sum(len(own) for own in after.values()) == len(set().union(*after.values()))
        allocation = changed


def test_spans_are_few_and_in_order() -> None:
    allocation = allocate(arms(a=200, b=100), allocate(arms(a=100, b=100)))
    assert allocation.spans == (Span(0, 100, "a"), Span(100, 200, "b"), Span(200, 300, "a"))
    assert [allocation.arm_of(bucket) for bucket in (0, 150, 250, 300)] == ["a", "b", "a", None]


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        (arms(a=5_000, b=5_001), ["arms"]),
        (arms(a=-1), ["arms", "0", "weight"]),
        (arms(a=0, b=10_001), ["arms", "1", "weight"]),
        ([Arm("a", 1), Arm("a", 2)], ["arms"]),
        ([Arm(str(number), 1) for number in range(11)], ["arms"]),
        ([Arm("a", True)], ["arms", "0", "weight"]),
    ],
)
def test_refuses_weights_that_cannot_be(wrong: list[Arm], path: list[str]) -> None:
    with pytest.raises(InvalidInput) as refused:
        allocate(wrong)
    assert refused.value.path == path
