"""Who gets a bounty at its end."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from community.comments.model import Comment, CommentState
from community.posts.model import NOTHING_WRITTEN
from community.questions.model import Bounty, BountyState
from community.questions.outcome import outcome_of
from gamification.programmes.definitions import BountyTerms

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
ASKER = b"asker"
TERMS = BountyTerms(unit="points", most=100, reactions=2, sharers=3)
BOUNTY = Bounty(b"b", "club", b"p", ASKER, "points", 50, b"h", BEGAN, BEGAN + timedelta(days=7))


def answer(name: str, by: str, reacted: int = 0, hours: float = 1) -> Comment:
    """An answer, so many hours after the bounty was offered."""
    at = BEGAN + timedelta(hours=hours)
    return Comment(
        name.encode(),
        "club",
        b"p",
        by.encode(),
        (),
        CommentState.PUBLISHED,
        1,
        NOTHING_WRITTEN,
        at,
        reacted=reacted,
    )


def shares(*answers: Comment, accepted: Comment | None = None, **more: Any) -> dict[str, int]:
    """What each member gets."""
    bounty = replace(BOUNTY, amount=more.get("amount", 50), shadowed=more.get("shadowed", False))
    absent = {name.encode() for name in more.get("absent", ())}
    found = outcome_of(bounty, TERMS, accepted, answers, absent)
    assert (found.state is BountyState.RETURNED) == (not found.shares)
    return {share.member_id.decode(): share.amount for share in found.shares}


def test_the_accepted_answer_gets_all() -> None:
    best = answer("a", "bob", reacted=9)
    late = answer("b", "cyd", hours=-5)
    found = outcome_of(BOUNTY, TERMS, late, [best], ())
    assert found.state is BountyState.PAID
    assert shares(best, accepted=late) == {"cyd": 50}


def test_ones_own_accepted_answer_gets_nothing() -> None:
    own = answer("a", "asker", reacted=9)
    assert shares(own, accepted=own) == {}
    assert shares(own, answer("b", "bob", 2), accepted=own) == {"bob": 50}


def test_the_best_share_equally_and_the_better_get_what_is_odd() -> None:
    answers = [answer("a", "ann", 2), answer("b", "bob", 5), answer("c", "cyd", 3), answer("d", "dan", 2)]
    assert shares(*answers, amount=50) == {"bob": 17, "cyd": 17, "ann": 16}


def test_of_as_many_reactions_the_earlier_answer_is_better() -> None:
    late, early = answer("a", "ann", 2, hours=3), answer("z", "zoe", 2, hours=2)
    assert shares(late, early, amount=3) == {"zoe": 2, "ann": 1}


def test_a_member_shares_with_their_best_answer_alone() -> None:
    bob = [answer("a", "bob", 9), answer("b", "bob", 8), answer("c", "bob", 7)]
    assert shares(*bob, answer("d", "cyd", 2)) == {"bob": 25, "cyd": 25}


def test_answers_share_that_came_while_it_was_offered_and_were_liked_enough() -> None:
    assert shares(answer("a", "ann", 1)) == {}
    assert shares(answer("a", "ann", 5, hours=-1)) == {}
    assert shares(answer("a", "ann", 5, hours=0)) == {"ann": 50}
    assert shares(answer("a", "ann", 5, hours=7 * 24)) == {}


def test_nobody_absent_gets_anything() -> None:
    gone, here = answer("a", "bob", 9), answer("b", "cyd", 2)
    assert shares(gone, here, accepted=gone, absent=["bob"]) == {"cyd": 50}


def test_a_bounty_that_nobody_saw_comes_back() -> None:
    one = answer("a", "bob", 9)
    assert shares(one, accepted=one, shadowed=True) == {}


def test_no_more_members_share_than_there_are_points() -> None:
    assert shares(answer("a", "ann", 3), answer("b", "bob", 2), amount=1) == {"ann": 1}


@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 5), st.integers(-3, 200)), max_size=12),
    st.integers(1, 1000),
)
def test_all_of_it_is_shared_or_none(answers: list[tuple[str, int, int]], amount: int) -> None:
    given_answers = [
        answer(str(place), by, reacted, hours) for place, (by, reacted, hours) in enumerate(answers)
    ]
    found = shares(*given_answers, amount=amount)
    assert sum(found.values()) == (amount if found else 0)
    assert len(found) <= 3
    assert not found or min(found.values()) >= 1
    assert not found or max(found.values()) - min(found.values()) <= 1
