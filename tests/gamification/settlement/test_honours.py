"""Badges by rule and by hand."""

from typing import Any

import pytest

from gamification.kit.errors import Forbidden, IdempotencyConflict, InvalidInput, NotFound
from tests.conftest import MakeProgramme
from tests.support import ProgrammeUnderTest

DOCUMENT: dict[str, Any] = {
    "activity_types": [{"key": "vote"}],
    "counters": [
        {"key": "votes", "on": ["vote"], "per": "subject"},
        {"key": "mine", "on": ["vote"]},
    ],
    "badges": [
        {"key": "voter", "levels": [{"level": 1}, {"level": 2}, {"level": 3}]},
        {"key": "nice", "repeat": "per_key"},
        {"key": "plain"},
    ],
    "rules": [
        {
            "key": "r",
            "on": ["vote"],
            "counters": ["votes", "mine"],
            "effects": [
                {"award": {"badge": "voter", "level": "min(counters.mine, 3)"}},
                {"when": "counters.votes >= 2", "award": {"badge": "nice", "occurrence": "subject.id"}},
                {"when": "activity.source == 'tests'", "award": {"badge": "plain"}},
            ],
        }
    ],
}


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    made = await programme(DOCUMENT)
    await made.join_all("ann", "bob")
    return made


async def vote(club: ProgrammeUnderTest, member: str, *subjects: str) -> None:
    await club.record(*(club.activity("vote", member, subject=subject) for subject in subjects))


async def test_a_badge_is_awarded_once(club: ProgrammeUnderTest) -> None:
    first = await club.do("vote", "ann", subject="post:1")
    await vote(club, "ann", "post:2", "post:3")

    award = (await club.awards("ann"))["plain", ""]

    assert award.cause.activity_id == first.id
    assert award.cause.rule == "r"


async def test_a_badge_per_key_is_awarded_once_a_key(club: ProgrammeUnderTest) -> None:
    await vote(club, "ann", *["post:1"] * 4, *["post:2"] * 2, "post:3")

    assert {key for key in await club.awards("ann") if key[0] == "nice"} == {
        ("nice", "post:1"),
        ("nice", "post:2"),
    }


async def test_levels_rise_and_the_award_stays_one(club: ProgrammeUnderTest) -> None:
    await vote(club, "ann", "post:1")
    assert (await club.awards("ann"))["voter", ""].level == 1
    await vote(club, "ann", *["post:1"] * 5)

    assert (await club.awards("ann"))["voter", ""].level == 3
    assert (await club.services.badges.counts(club.service, ["voter", "nice"])) == {"voter": 1, "nice": 1}


async def award(
    club: ProgrammeUnderTest, badge: str, key: str, occurrence: str | None = None, level: int = 0
) -> bool:
    _, replayed = await club.services.honours.award(
        club.moderator, club.id_of("ann"), badge, occurrence, level, "well done", key
    )
    return replayed


async def revoke(club: ProgrammeUnderTest, badge: str, key: str, occurrence: str | None = None) -> bool:
    _, replayed = await club.services.honours.revoke(
        club.moderator, club.id_of("ann"), badge, occurrence, "a mistake", key
    )
    return replayed


async def test_staff_award_and_say_why(club: ProgrammeUnderTest) -> None:
    assert not await award(club, "plain", "k1")
    assert await award(club, "plain", "k1")
    await award(club, "voter", "k2", level=2)
    await award(club, "nice", "k3", "post:9")

    awards = await club.awards("ann")
    assert set(awards) == {("plain", ""), ("voter", ""), ("nice", "post:9")}
    assert awards["plain", ""].cause.actor == "moderator:mod"
    assert awards["plain", ""].cause.reason == "well done"
    with pytest.raises(IdempotencyConflict):
        await award(club, "voter", "k1")


async def test_what_staff_revoke_no_rule_awards_again_but_staff_may(club: ProgrammeUnderTest) -> None:
    await vote(club, "ann", "post:1")
    await revoke(club, "plain", "k1")
    assert await revoke(club, "plain", "k1")
    await vote(club, "ann", "post:1", "post:2")

    held = await club.awards("ann", revoked=True)
    assert ("plain", "") not in await club.awards("ann")
    assert held["plain", ""].revocation is not None
    assert held["plain", ""].revocation.reason == "a mistake"

    await award(club, "plain", "k2")
    assert ("plain", "") in await club.awards("ann")


async def test_what_is_not_held_is_not_revoked(club: ProgrammeUnderTest) -> None:
    with pytest.raises(NotFound):
        await revoke(club, "plain", "k")
    with pytest.raises(NotFound):
        await revoke(club, "nope", "k")
    await award(club, "plain", "k1")
    await revoke(club, "plain", "k2")
    with pytest.raises(NotFound):
        await revoke(club, "plain", "k3")


@pytest.mark.parametrize(
    ("badge", "occurrence", "level", "error"),
    [
        ("nope", None, 0, NotFound),
        ("nice", None, 0, InvalidInput),
        ("plain", "post:1", 0, InvalidInput),
        ("nice", "", 0, InvalidInput),
        ("nice", "x" * 201, 0, InvalidInput),
        ("voter", None, 9, InvalidInput),
        ("plain", None, 1, InvalidInput),
    ],
)
async def test_an_award_by_hand_must_fit_the_badge(
    club: ProgrammeUnderTest, badge: str, occurrence: str | None, level: int, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await award(club, badge, "k", occurrence, level)


async def test_members_and_strangers_award_nothing(club: ProgrammeUnderTest) -> None:
    honours = club.services.honours

    with pytest.raises(Forbidden):
        await honours.award(club.member_actor("ann"), club.id_of("ann"), "plain", None, 0, "me", "k")
    with pytest.raises(Forbidden):
        await honours.revoke(club.member_actor("ann"), club.id_of("bob"), "plain", None, "me", "k")
    with pytest.raises(NotFound):
        await honours.award(club.moderator, b"x" * 12, "plain", None, 0, "who", "k")
    with pytest.raises(InvalidInput):
        await honours.award(club.moderator, club.id_of("ann"), "plain", None, 0, " ", "k")


async def test_others_see_standing_awards_only(club: ProgrammeUnderTest) -> None:
    await vote(club, "ann", "post:1")
    await revoke(club, "plain", "k")
    ann, badges = club.members["ann"], club.services.badges
    from storage.paging import Window

    seen = {
        role: {a.badge for a in (await badges.of_member(actor, ann, Window(10))).rows}
        for role, actor in {
            "own": club.member_actor("ann"),
            "other": club.member_actor("bob"),
            "staff": club.moderator,
        }.items()
    }

    assert seen == {"own": {"voter", "plain"}, "other": {"voter"}, "staff": {"voter", "plain"}}
