"""Many at once on the same members, subjects and counters."""

import asyncio
from typing import Any

import pytest

from gamification.members.model import Standing
from gamification.verification.service import VerificationService
from tests.conftest import MakeProgramme
from tests.support import ProgrammeUnderTest, statuses

DOCUMENT: dict[str, Any] = {
    "units": [{"key": "points"}],
    "activity_types": [{"key": "vote"}, {"key": "look"}],
    "counters": [
        {"key": "votes", "on": ["vote"], "per": "subject"},
        {"key": "mine", "on": ["vote"]},
    ],
    "badges": [{"key": "tenth", "repeat": "per_key"}],
    "leaderboards": [{"key": "sum"}],
    "tasks": [{"key": "t", "goal": 5, "reward": [{"points": {"unit": "points", "amount": 1000}}]}],
    "rules": [
        {
            "key": "vote",
            "on": ["vote"],
            "counters": ["votes"],
            "effects": [
                {"points": {"unit": "points", "amount": 1}},
                {"score": {"board": "sum", "value": 1}},
                {"advance": {"task": "t"}},
                {"when": "counters.votes == 10", "award": {"badge": "tenth", "occurrence": "subject.id"}},
            ],
        }
    ],
}
NAMES = ["ann", "bob", "cat"]


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    made = await programme(DOCUMENT)
    await made.join_all(*NAMES)
    return made


async def test_batches_that_share_members_and_subjects_lose_nothing(club: ProgrammeUnderTest) -> None:
    def batch(size: int) -> list[Any]:
        return [club.activity("vote", NAMES[n % 3], subject=f"post:{n % 2}") for n in range(size)]

    results = await asyncio.gather(*(club.record(*batch(12)) for _ in range(8)))

    assert {status for outcomes in results for status in statuses(outcomes)} == {"recorded"}
    for name in NAMES:
        assert await club.balance(name, "points") == 32 + 1000
    assert {score for _, _, score in await club.ranking("sum")} == {32}
    held = [key for name in NAMES for key in await club.awards(name)]
    assert sorted(held) == [("tenth", "post:0"), ("tenth", "post:1")]
    assert (await VerificationService(club.services).verify(club.key)).differences == []


async def test_the_same_batch_sent_many_times_at_once_counts_once(club: ProgrammeUnderTest) -> None:
    batch = [club.activity("vote", "ann", subject="post:1") for _ in range(10)]

    results = await asyncio.gather(*(club.record(*batch) for _ in range(6)))

    told = [status for outcomes in results for status in statuses(outcomes)]
    assert (told.count("recorded"), told.count("duplicate")) == (10, 50)
    assert await club.balance("ann", "points") == 1010


async def test_activity_and_reversals_at_once_end_as_they_stand(club: ProgrammeUnderTest) -> None:
    first = [await club.do("vote", NAMES[n % 3], subject="post:1") for n in range(12)]

    await asyncio.gather(
        *(club.reverse(activity) for activity in first[:6]),
        *(club.record(club.activity("vote", name, subject="post:1")) for name in NAMES),
    )

    assert (await VerificationService(club.services).verify(club.key)).differences == []
    # Whichever vote is the tenth now, nine stand.
    assert [key for name in NAMES for key in await club.awards(name)] == []
    assert sum(score for _, _, score in await club.ranking("sum")) == 9


async def test_a_feed_has_no_gap_and_no_number_twice(club: ProgrammeUnderTest) -> None:
    await asyncio.gather(
        *(
            club.record(*(club.activity("vote", "ann", subject=f"post:{n}") for _ in range(3)))
            for n in range(10)
        ),
        *(
            club.services.points.adjust(club.operator, club.id_of("ann"), "points", 5, "gift", f"k{n}")
            for n in range(5)
        ),
    )

    messages = await club.services.stores.feed.after(club.id_of("ann"), 0, limit=1000)
    head = await club.services.members.head(club.members["ann"])

    assert [message.number for message in messages] == list(range(1, head + 1))
    points = [message for message in messages if message.kind == "points_posted"]
    assert len(points) == 30 + 1 + 5
    later = await club.services.stores.feed.after(club.id_of("ann"), head - 2)
    assert [message.number for message in later] == [head - 1, head]
    assert (await club.services.stores.feed.after(club.id_of("ann"), 0))[0].number == 1


async def test_a_ban_beside_intake_leaves_no_trace_on_the_board(club: ProgrammeUnderTest) -> None:
    for _ in range(3):
        ban = club.services.moderation.set_standing(
            club.moderator, club.id_of("ann"), Standing.BANNED, "spam"
        )
        results = await asyncio.gather(
            *(club.record(club.activity("vote", "ann"), club.activity("vote", "bob")) for _ in range(5)), ban
        )

        told = [statuses(outcomes) for outcomes in results if isinstance(outcomes, list)]
        assert {one[0] for one in told} <= {"recorded", "MEMBER_BANNED"}
        assert {one[1] for one in told} == {"recorded"}
        assert "ann" not in [name for _, name, _ in await club.ranking("sum")]
        assert statuses(await club.record(club.activity("vote", "ann"))) == ["MEMBER_BANNED"]
        await club.services.moderation.set_standing(
            club.moderator, club.id_of("ann"), Standing.ACTIVE, "sorry"
        )
    assert (await VerificationService(club.services).verify(club.key)).differences == []


async def test_activity_without_effects_is_recorded_in_passing(club: ProgrammeUnderTest) -> None:
    outcomes = await asyncio.gather(*(club.record(club.activity("look", "ann")) for _ in range(10)))

    assert {status for one in outcomes for status in statuses(one)} == {"recorded"}
    assert await club.services.members.head(club.members["ann"]) == 0
