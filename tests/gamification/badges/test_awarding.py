from datetime import UTC, datetime, timedelta

import pytest

from gamification.badges.awarding import Outcome, bar, give, occurrence_for, take
from gamification.badges.model import BY_HAND, BY_RULES, BadgeAward
from gamification.kit.causes import Cause
from gamification.programmes.definitions import Badge, Repeat

AT = datetime(2026, 11, 20, tzinfo=UTC)
LATER = AT + timedelta(days=1)
BADGE = Badge(key="b", version=3)
RULE, PERSON = Cause(rule="r"), Cause(actor="moderator:mod", reason="because")


def given(
    award: BadgeAward | None, ground: str = BY_RULES, level: int = 0, at: datetime = AT
) -> tuple[BadgeAward, Outcome]:
    return give(award, "p", b"m", BADGE, "", ground, level, PERSON if ground == BY_HAND else RULE, at)


def test_the_first_ground_awards_and_names_the_version() -> None:
    award, outcome = given(None, level=1)

    assert outcome is Outcome.AWARDED
    assert (award.level, award.badge_version, award.awarded_at, award.cause) == (1, 3, AT, RULE)
    assert award.stands


def test_more_grounds_change_nothing_for_the_member() -> None:
    award, _ = given(None)
    again, outcome = given(award, "task:1", at=LATER)

    assert outcome is Outcome.UNCHANGED
    assert again.awarded_at == AT
    assert set(again.grounds) == {BY_RULES, "task:1"}


def test_the_highest_level_stands_and_never_falls_by_giving() -> None:
    award, _ = given(None, level=2)
    same, unchanged = given(award, level=1)
    higher, raised = given(same, "task:1", level=3)

    assert (same.level, unchanged) == (2, Outcome.UNCHANGED)
    assert (higher.level, raised) == (3, Outcome.LEVEL_CHANGED)


def test_stands_until_the_last_ground_is_gone() -> None:
    award, _ = given(given(None, level=1)[0], "task:1", level=3)
    lowered, outcome = take(award, "task:1", RULE, LATER)
    gone, last = take(lowered, BY_RULES, RULE, LATER)

    assert (lowered.level, outcome) == (1, Outcome.LEVEL_CHANGED)
    assert last is Outcome.REVOKED
    assert (gone.stands, gone.revoked_at, gone.revocation) == (False, LATER, RULE)


@pytest.mark.parametrize("ground", [BY_RULES, "task:9"])
def test_taking_what_is_not_a_ground_changes_nothing(ground: str) -> None:
    award, _ = given(None, BY_HAND)

    assert take(award, ground, RULE, LATER) == (award, Outcome.UNCHANGED)


def test_is_awarded_again_when_a_ground_comes_back() -> None:
    award, _ = take(given(None)[0], BY_RULES, RULE, AT)
    again, outcome = given(award, at=LATER)

    assert outcome is Outcome.AWARDED
    assert (again.awarded_at, again.revoked_at, again.revocation) == (LATER, None, None)


def test_what_a_person_revokes_no_rule_awards_again() -> None:
    award, outcome = bar(given(None)[0], PERSON, AT)
    again, silent = given(award, at=LATER)

    assert (outcome, silent) == (Outcome.REVOKED, Outcome.UNCHANGED)
    assert not again.stands
    assert again.revocation == PERSON


def test_a_person_may_award_again_what_a_person_revoked() -> None:
    award, _ = bar(given(None, BY_HAND)[0], PERSON, AT)
    again, outcome = given(award, BY_HAND, at=LATER)

    assert outcome is Outcome.AWARDED
    assert again.stands
    assert not again.barred


def test_only_a_badge_per_key_has_occurrences() -> None:
    assert occurrence_for(Badge(key="b"), "post:1") == ""
    assert occurrence_for(Badge(key="b", repeat=Repeat.PER_KEY), "post:1") == "post:1"
