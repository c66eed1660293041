"""Taking an activity back: exactly what it caused, as applied; what others justify stays."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from gamification.activity.model import Activity
from gamification.kit.errors import Forbidden, InvalidInput, NotFound
from gamification.ledger.model import TransferKind
from tests.conftest import MakeProgramme
from tests.support import ProgrammeUnderTest


def activity_type(key: str) -> dict[str, Any]:
    return {"key": key, "properties": {"type": "object", "properties": {"v": {"type": "integer"}}}}


DOCUMENT: dict[str, Any] = {
    "units": [{"key": "points", "expires_after": "P10D"}, {"key": "rep", "floor": 1}],
    "activity_types": [activity_type(key) for key in ("play", "comment", "vote", "quest", "then", "last")],
    "counters": [
        {"key": "comments", "on": ["comment"]},
        {"key": "votes", "on": ["vote"], "per": "subject", "add": "activity.v"},
    ],
    "badges": [
        {"key": "commentator"},
        {"key": "nice", "repeat": "per_key"},
        {"key": "level", "levels": [{"level": 1}, {"level": 2}, {"level": 3}]},
        {"key": "hero"},
    ],
    "leaderboards": [
        {"key": "sum"},
        {"key": "best", "operator": "best"},
        {"key": "latest", "operator": "latest"},
        {"key": "set", "operator": "set"},
        {"key": "earned"},
    ],
    "tasks": [
        {
            "key": "quest",
            "goal": 2,
            "reward": [
                {"points": {"unit": "points", "amount": 50, "boards": ["earned"]}},
                {"award": {"badge": "hero"}},
                {"score": {"board": "set", "value": 77}},
            ],
        },
        {
            "key": "then",
            "goal": 1,
            "requires": ["quest"],
            "reward": [{"points": {"unit": "points", "amount": 5}}],
        },
        {
            "key": "last",
            "goal": 1,
            "requires": ["then"],
            "claim": "manual",
            "reward": [{"points": {"unit": "points", "amount": 7}}],
        },
    ],
    "rules": [
        {
            "key": "play",
            "on": ["play"],
            "effects": [
                {"points": {"unit": "points", "amount": "activity.v", "boards": ["earned"]}},
                {"points": {"unit": "rep", "amount": "activity.v"}},
                *(
                    {"score": {"board": board, "value": "activity.v"}}
                    for board in ("sum", "best", "latest", "set")
                ),
                {"when": "activity.v > 0", "award": {"badge": "level", "level": "min(activity.v, 3)"}},
            ],
        },
        {
            "key": "comment",
            "on": ["comment"],
            "counters": ["comments"],
            "when": "counters.comments >= 10",
            "effects": [{"award": {"badge": "commentator"}}],
        },
        {
            "key": "vote",
            "on": ["vote"],
            "counters": ["votes"],
            "when": "counters.votes >= 2",
            "effects": [{"award": {"badge": "nice", "occurrence": "subject.id"}}],
        },
        *(
            {"key": key, "on": [key], "effects": [{"advance": {"task": key}}]}
            for key in ("quest", "then", "last")
        ),
    ],
}


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    made = await programme(DOCUMENT)
    await made.join_all("ann", "bob")
    return made


async def many(club: ProgrammeUnderTest, kind: str, count: int, **stated: Any) -> list[Activity]:
    outcomes = await club.record(*(club.activity(kind, "ann", **stated) for _ in range(count)))
    return [outcome.activity for outcome in outcomes if outcome.activity]


async def scores(club: ProgrammeUnderTest) -> dict[str, int | None]:
    found: dict[str, int | None] = {}
    for board in ("sum", "best", "latest", "set", "earned"):
        ranking = await club.ranking(board)
        found[board] = ranking[0][2] if ranking else None
    return found


async def test_takes_back_points_scores_and_badges(club: ProgrammeUnderTest) -> None:
    play = await club.do("play", "ann", v=2)
    assert await club.reverse(play, "a mistake") is False

    assert await club.balance("ann", "points") == 0
    assert await scores(club) == dict.fromkeys(("sum", "best", "latest", "set", "earned"))
    assert await club.awards("ann") == {}
    revoked = (await club.awards("ann", revoked=True))["level", ""]
    assert revoked.revocation is not None
    assert revoked.revocation.activity_id == play.id
    assert revoked.revocation.reason == "a mistake"
    earned, back = await club.transfers("ann", "points")
    assert (back.kind, back.amount, back.reverses) == (TransferKind.REVERSED, -2, earned.id)
    assert back.cause.actor == "service:backend"


async def test_twice_is_the_same_as_once(club: ProgrammeUnderTest) -> None:
    play = await club.do("play", "ann", v=2)
    await club.do("play", "ann", v=5)

    before = [await club.reverse(play) for _ in range(3)]

    assert before == [False, True, True]
    assert await club.balance("ann", "points") == 5
    assert len(await club.transfers("ann", "points")) == 3


async def test_many_reversals_at_once_take_back_once(club: ProgrammeUnderTest) -> None:
    play = await club.do("play", "ann", v=2)

    before = await asyncio.gather(*(club.reverse(play) for _ in range(8)))

    assert sorted(before) == [False] + [True] * 7
    assert await club.balance("ann", "points") == 0


async def test_sending_a_reversed_activity_again_records_nothing(club: ProgrammeUnderTest) -> None:
    stated = club.activity("play", "ann", v=2)
    (first,) = await club.record(stated)
    assert first.activity is not None
    await club.reverse(first.activity)

    (again,) = await club.record(stated)

    assert again.status == "duplicate"
    assert again.activity is not None
    assert again.activity.reversal is not None
    assert await club.balance("ann", "points") == 0


async def test_boards_fall_back_to_what_still_stands(club: ProgrammeUnderTest) -> None:
    now = club.clock.now
    small = await club.do("play", "ann", v=3, at=now - timedelta(minutes=3))
    great = await club.do("play", "ann", v=9, at=now - timedelta(minutes=1))
    last = await club.do("play", "ann", v=4, at=now - timedelta(minutes=2))
    assert await scores(club) == {"sum": 16, "best": 9, "latest": 9, "set": 4, "earned": 16}

    await club.reverse(great)
    assert await scores(club) == {"sum": 7, "best": 4, "latest": 4, "set": 4, "earned": 7}
    await club.reverse(last)
    assert await scores(club) == {"sum": 3, "best": 3, "latest": 3, "set": 3, "earned": 3}
    await club.reverse(small)
    assert await scores(club) == dict.fromkeys(("sum", "best", "latest", "set", "earned"))


async def test_a_reward_keeps_its_place_among_the_scores(club: ProgrammeUnderTest) -> None:
    first = await club.do("play", "ann", v=1)
    await many(club, "quest", 2)
    assert (await scores(club))["set"] == 77
    await club.do("play", "ann", v=2)
    await many(club, "quest", 1)

    await club.reverse(first)

    assert (await scores(club))["set"] == 2


async def test_a_level_falls_to_what_still_stands(club: ProgrammeUnderTest) -> None:
    one, two, three = [await club.do("play", "ann", v=v) for v in (1, 2, 3)]

    await club.reverse(three)
    award = (await club.awards("ann"))["level", ""]
    assert (award.level, award.cause.activity_id) == (2, two.id)
    await club.reverse(one)
    assert (await club.awards("ann"))["level", ""].level == 2
    await club.reverse(two)

    assert await club.awards("ann") == {}


@pytest.mark.parametrize(("comments", "stays"), [(10, False), (11, True)])
async def test_a_badge_stays_where_enough_others_stand(
    club: ProgrammeUnderTest, comments: int, stays: bool
) -> None:
    recorded = await many(club, "comment", comments)
    assert ("commentator", "") in await club.awards("ann")

    await club.reverse(recorded[2])

    assert (("commentator", "") in await club.awards("ann")) == stays
    if not stays:
        await many(club, "comment", 1)
        assert ("commentator", "") in await club.awards("ann")


async def test_taking_back_a_vote_down_makes_a_badge_due(club: ProgrammeUnderTest) -> None:
    await club.do("vote", "ann", subject="post:1", v=1)
    down = await club.do("vote", "bob", subject="post:1", v=-1)
    up = await club.do("vote", "ann", subject="post:1", v=1)
    assert await club.awards("ann") == {}

    await club.reverse(down)

    award = (await club.awards("ann"))["nice", "post:1"]
    assert award.cause.activity_id == up.id
    assert await club.awards("bob") == {}
    counters = await club.services.stores.counters.all_of(club.key)
    assert sorted(counters.values()) == [("votes", 2)]


async def test_a_badge_given_by_hand_stays(club: ProgrammeUnderTest) -> None:
    play = await club.do("play", "ann", v=3)
    await club.services.honours.award(club.moderator, club.id_of("ann"), "level", None, 1, "kind", "k")

    await club.reverse(play)

    assert (await club.awards("ann"))["level", ""].level == 1


async def test_what_staff_revoked_stays_revoked(club: ProgrammeUnderTest) -> None:
    one, two = await club.do("play", "ann", v=3), await club.do("play", "ann", v=1)
    await club.services.honours.revoke(club.moderator, club.id_of("ann"), "level", None, "no", "k")

    await club.reverse(one)
    await club.reverse(two)
    await club.do("play", "ann", v=1)

    assert await club.awards("ann") == {}


async def test_a_deduction_cut_by_the_floor_comes_back_as_applied(club: ProgrammeUnderTest) -> None:
    await club.do("play", "ann", v=10)
    cut = await club.do("play", "ann", v=-30)
    assert (await club.balance("ann", "rep"), await club.balance("ann", "points")) == (1, 0)

    await club.reverse(cut)

    assert (await club.balance("ann", "rep"), await club.balance("ann", "points")) == (10, 10)


async def test_points_spent_meanwhile_are_told_as_a_shortfall(club: ProgrammeUnderTest) -> None:
    play = await club.do("play", "ann", v=10)
    await club.services.points.spend(club.service, club.id_of("ann"), "points", 7, "mug", "k")

    await club.reverse(play)

    back = (await club.transfers("ann", "points"))[-1]
    assert back.amount == -3
    assert [limit.shortfall for limit in back.limited_by] == [7]
    assert await club.balance("ann", "points") == 0


async def test_points_that_lapsed_meanwhile_are_told_as_a_shortfall(club: ProgrammeUnderTest) -> None:
    play = await club.do("play", "ann", v=10)
    club.clock.advance(timedelta(days=12))
    while await club.services.points.expire_lapsed(club.clock.now):
        pass

    await club.reverse(play)

    assert [t.amount for t in await club.transfers("ann", "points")] == [10, -10, 0]
    assert await club.balance("ann", "points") == 0


async def test_a_task_goes_back_with_its_reward_and_what_it_unlocked(club: ProgrammeUnderTest) -> None:
    await many(club, "then", 1)
    await many(club, "last", 1)
    quests = await many(club, "quest", 2)
    await club.services.claims.claim(club.member_actor("ann"), None, "last", None, "k")
    assert await club.balance("ann", "points") == 62
    assert await scores(club) == {"sum": None, "best": None, "latest": None, "set": 77, "earned": 50}

    await club.reverse(quests[0])

    assert await club.balance("ann", "points") == 0
    assert await club.awards("ann") == {}
    assert (await scores(club))["set"] is None
    assert (await scores(club))["earned"] is None
    for task, value in (("quest", 1), ("then", 1), ("last", 1)):
        progress = await club.progress("ann", task)
        assert progress is not None
        assert (progress.value, progress.is_complete, progress.claimed_at) == (value, False, None)


async def test_a_task_completed_again_rewards_again(club: ProgrammeUnderTest) -> None:
    first, _ = await many(club, "quest", 2)
    await club.reverse(first)
    await many(club, "quest", 1)

    assert await club.balance("ann", "points") == 50
    assert [t.amount for t in await club.transfers("ann", "points")] == [50, -50, 50]
    assert set(await club.awards("ann")) == {("hero", "")}
    assert (await scores(club))["earned"] == 50


async def test_a_task_stays_complete_where_others_reach_the_goal(club: ProgrammeUnderTest) -> None:
    first, *_ = await many(club, "quest", 3)

    await club.reverse(first)

    assert [t.amount for t in await club.transfers("ann", "points")] == [50]
    progress = await club.progress("ann", "quest")
    assert progress is not None
    assert (progress.value, progress.is_complete) == (2, True)


async def test_goes_by_the_definitions_of_its_time(club: ProgrammeUnderTest) -> None:
    play = await club.do("play", "ann", v=4)
    quests = await many(club, "quest", 2)
    await club.apply({"activity_types": [activity_type("other")]})

    await club.reverse(play)
    await club.reverse(quests[0])

    assert await club.balance("ann", "points") == 0
    assert await club.awards("ann") == {}


async def test_only_services_and_operators_reverse_what_is_there(club: ProgrammeUnderTest) -> None:
    play = await club.do("play", "ann", v=1)
    reversal = club.services.reversal

    for actor in (club.moderator, club.member_actor("ann")):
        with pytest.raises(Forbidden):
            await reversal.reverse(actor, play.source, play.source_id, None)
    with pytest.raises(NotFound):
        await reversal.reverse(club.service, play.source, "nope", None)
    with pytest.raises(InvalidInput):
        await reversal.reverse(club.service, play.source, play.source_id, " ")
    await reversal.reverse(club.operator, play.source, play.source_id, "ok")


async def test_grounds_that_come_and_go_at_once_end_as_they_stand(club: ProgrammeUnderTest) -> None:
    for _ in range(4):
        plays = [await club.do("play", "ann", v=1) for _ in range(3)]

        await asyncio.gather(*(club.reverse(play) for play in plays))

        assert await club.awards("ann") == {}
        one, _ = await asyncio.gather(club.do("play", "ann", v=1), club.do("play", "ann", v=2))
        await asyncio.gather(club.reverse(one), club.do("play", "ann", v=3))
        assert (await club.awards("ann"))["level", ""].level == 3
        for activity in [a async for a in club.services.activities.stream(club.key)]:
            await club.reverse(activity)
