"""Two states of one kind as one: pure."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamification.badges.model import BadgeAward, CollectionState
from gamification.kit.causes import Cause
from gamification.kit.records import evolve
from gamification.members.model import Identity, Member, Standing
from gamification.merging import uniting
from gamification.merging.model import MergeBlock, closed, profile_blocks, united
from gamification.merging.plan import PLAN
from gamification.privacy.plan import PLAN as ERASING
from gamification.programmes.definitions import Task
from gamification.referrals.model import Given, ReachedMilestone, Referrer
from gamification.tasks.model import Progress

NOW = datetime(2026, 3, 1, tzinfo=UTC)
COUNTED = Task.model_validate({"key": "t", "goal": 3})
DISTINCT = Task.model_validate({"key": "t", "goal": 3, "measure": "distinct"})


def award(grounds: dict[str, int], *, day: int = 0, **stated: Any) -> BadgeAward:
    level = max(grounds.values(), default=0)
    at = NOW + timedelta(days=day)
    known = {"level": level, "awarded_at": at, "cause": Cause(rule=f"day {day}"), "grounds": grounds}
    return BadgeAward(b"a" * 16, "club", b"m" * 12, "badge", "", 1, **{**known, **stated})


def test_awards_stand_on_all_grounds_from_the_earlier_at_the_higher_level() -> None:
    kept, other = award({"rules": 1, "hand": 1}, day=3), award({"rules": 2, "task:x": 1}, day=1)

    both = uniting.awards(kept, other, NOW)

    assert both.grounds == {"rules": 2, "hand": 1, "task:x": 1}
    assert (both.level, both.awarded_at, both.cause) == (2, other.awarded_at, other.cause)
    assert both.stands


def test_a_revoked_award_is_the_others_that_stands() -> None:
    gone = award({}, level=1, revoked_at=NOW, revocation=Cause(reason="r"))

    for kept, other in ((gone, award({"rules": 1}, day=2)), (award({"rules": 1}, day=2), gone)):
        both = uniting.awards(kept, other, NOW)
        assert (both.stands, both.revocation, both.awarded_at) == (True, None, NOW + timedelta(days=2))


def test_what_a_person_revoked_of_the_survivor_stays_revoked() -> None:
    barred = award({"rules": 1}, barred=True, revoked_at=NOW, revocation=Cause(reason="r"))

    both = uniting.awards(barred, award({"rules": 1}), NOW)
    other = uniting.awards(award({"rules": 1}), barred, NOW)

    assert (both.stands, both.barred, both.revocation) == (False, True, Cause(reason="r"))
    assert (other.stands, other.barred) == (True, False)


@pytest.mark.parametrize(
    ("kept", "other", "number", "former"),
    [(1, 2, 1, (2,)), (None, 2, 2, ()), (1, None, 1, ()), (None, None, None, ())],
)
def test_an_editions_number_is_kept_and_none_is_lost(
    kept: int | None, other: int | None, number: int | None, former: tuple[int, ...]
) -> None:
    def of(one: int | None) -> BadgeAward:
        missed: dict[str, Any] = {} if one else {"missed": True, "revoked_at": NOW}
        return award({"rules": 0}, number=one, **missed)

    both = uniting.awards(of(kept), of(other), NOW)

    assert (both.number, both.former_numbers) == (number, former)
    assert both.missed == (number is None)
    assert both.stands == (number is not None)


def progress(value: int, **stated: Any) -> Progress:
    return Progress(b"p" * 16, "club", b"m" * 12, "t", "all", value=value, **stated)


def done(value: int, *, day: int = 0, **stated: Any) -> Progress:
    at = NOW + timedelta(days=day)
    return progress(value, **{"completed_at": at, "completions": 1, "goal": 3, **stated})


def test_a_completion_is_kept_and_what_it_gave_may_be_taken_back() -> None:
    claimed = done(4, day=2, claimed_at=NOW, transfers=(b"1",), reward_sequence=5)
    other = done(3, transfers=(b"2",), claimed_at=NOW, reward_sequence=9)

    for kept, second in ((claimed, other), (other, claimed)):
        both = uniting.progress(kept, second, COUNTED)
        assert (both.value, both.completions, both.completed_at) == (7, 2, NOW)
        assert (set(both.transfers), both.reward_sequence) == ({b"1", b"2"}, 9)


def test_one_that_was_claimed_comes_before_one_that_could_be_and_that_before_one_that_lapsed() -> None:
    claimed = done(3, day=3, claimed_at=NOW)
    open_ = done(3, day=2, claim_by=NOW + timedelta(days=9))
    lapsed = done(3, day=1, claim_by=NOW, lapsed_at=NOW)

    assert uniting.progress(open_, claimed, COUNTED).claimed_at is not None
    both = uniting.progress(lapsed, open_, COUNTED)
    assert (both.claim_by, both.lapsed_at) == (open_.claim_by, None)
    assert uniting.progress(progress(2), lapsed, COUNTED).is_complete


def test_places_are_kept_and_who_has_one_has_not_missed() -> None:
    first, second = done(3, place=4), done(3, day=1, place=9)
    missed = done(3, missed=True)

    both = uniting.progress(second, first, COUNTED)
    assert sorted([both.place or 0, *both.former_places]) == [4, 9]
    one = uniting.progress(missed, first, COUNTED)
    assert (one.place, one.former_places, one.missed) == (4, (), False)
    assert uniting.progress(missed, missed, COUNTED).missed


DIGESTS = st.dictionaries(st.sampled_from("abcd"), st.integers(1, 3), max_size=4)


@given(DIGESTS, DIGESTS)
def test_distinct_values_count_once_and_as_often_as_both_brought_them(
    mine: dict[str, int], theirs: dict[str, int]
) -> None:
    both = uniting.progress(
        progress(len(mine), distinct=mine), progress(len(theirs), distinct=theirs), DISTINCT
    )

    assert both.value == len({*mine, *theirs})
    assert both.distinct == {name: mine.get(name, 0) + theirs.get(name, 0) for name in {*mine, *theirs}}


def test_collections_and_milestones_keep_what_both_gave() -> None:
    state = CollectionState(b"c" * 16, "club", b"m" * 12, "set", 1)
    complete = evolve(
        state, completed_at=NOW, completions=1, badges=("a",), transfers=(b"1",), awards=(b"x",)
    )

    for kept, other in ((state, complete), (complete, state)):
        both = uniting.collections(kept, other)
        assert (both.is_complete, both.transfers, both.awards) == (True, (b"1",), (b"x",))
    assert uniting.collections(complete, complete).transfers == (b"1", b"1")

    reached = ReachedMilestone(2, 1, stands=True, given=Given((b"1",)), sequence=3)
    gone = ReachedMilestone(2, 2, stands=False)
    ann = Referrer(b"r" * 16, "club", "invite", b"m" * 12, "CODE", 2, (reached,))
    bob = Referrer(b"r" * 16, "club", "invite", b"m" * 12, "OTHER", 1, (gone,))
    both_referrers = uniting.referrers(ann, bob)
    assert (both_referrers.rewarded, both_referrers.code) == (3, "CODE")
    (milestone,) = both_referrers.milestones
    assert (milestone.stands, milestone.runs, milestone.given) == (True, 3, Given((b"1",)))
    assert uniting.referrers(evolve(ann, milestones=()), bob).milestones == (gone,)


def member(name: str, **stated: Any) -> Member:
    return Member(name.encode() * 12, "club", name, name.upper(), NOW, "en", "UTC", **stated)


def test_the_survivors_profile_gains_only_what_it_lacks() -> None:
    new = member("n", attributes={"a": 1}, identities=(Identity("app", "1"),), former=("x",))
    old = member(
        "o",
        attributes={"a": 2, "b": 3},
        avatar_url="https://pictures.example/o",
        identities=(Identity("shop", "2"),),
        former=("y",),
    )
    old.joined_at = NOW - timedelta(days=9)  # type: ignore[misc]

    both = united(new, old)

    assert (both.display_name, both.attributes) == ("N", {"a": 1, "b": 3})
    assert both.avatar_url == "https://pictures.example/o"
    assert both.identities == (Identity("app", "1"), Identity("shop", "2"))
    assert both.former == ("x", "y", "o")
    assert both.joined_at == NOW - timedelta(days=9)


def test_what_stays_of_the_merged_account_names_nobody_but_by_its_external_id() -> None:
    old = member(
        "o", attributes={"birthday": 1}, identities=(Identity("app", "1"),), pseudonym="P", alias=b"a"
    )

    left = closed(old, b"n" * 12)

    assert (left.external_id, left.merged_into, left.is_gone, left.is_listed) == ("o", b"n" * 12, True, False)
    assert (left.attributes, left.identities, left.alias, left.pseudonym) == ({}, (), None, None)


def test_bans_and_too_many_identities_are_in_the_way() -> None:
    many = tuple(Identity("app", str(number)) for number in range(11))

    assert profile_blocks(member("n"), member("o")) == []
    assert profile_blocks(member("n"), member("o", standing=Standing.BANNED)) == [MergeBlock.BANNED]
    assert profile_blocks(member("n", identities=many), member("o", identities=many)) == [
        MergeBlock.IDENTITIES
    ]


def test_every_collection_says_what_merging_does_to_it() -> None:
    assert set(PLAN) == set(ERASING)
