"""Groups of prerequisites, tasks made of tasks, windows, days and claims that lapse."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gamification.kit.errors import Conflict, ErrorCode, InvalidInput
from gamification.verification.service import VerificationService
from tests.conftest import MakeProgramme
from tests.gamification.settlement.test_task_completion import quests, state, task
from tests.support import ProgrammeUnderTest

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
"""A Wednesday."""


def composite(key: str, *parts: str, **stated: Any) -> dict[str, Any]:
    made = {**task(key), "measure": "tasks", "parts": list(parts), **stated}
    return made if "goal" in stated else {name: value for name, value in made.items() if name != "goal"}


def with_composites(*tasks: dict[str, Any]) -> dict[str, Any]:
    """Like `quests`; what is made of tasks has no activity of its own."""
    plain = [one for one in tasks if one.get("measure") != "tasks"]
    return {**quests(*plain), "tasks": list(tasks)}


async def differences(club: ProgrammeUnderTest) -> list[str]:
    return (await VerificationService(club.services).verify(club.key)).differences


async def test_groups_of_prerequisites_nest(programme: MakeProgramme) -> None:
    wanted = {"any_of": ["a", {"all_of": ["b", "c"]}, {"any_of": ["b", "c", "d"], "at_least": 3}]}
    ones = [task(key, goal=1) for key in "abcd"]
    club = await programme(quests(*ones, task("t", goal=1, prerequisites=wanted)))
    await club.join_all("ann", "bob")

    for key in ("t", "b", "d"):
        await club.do(key, "ann")
    assert await state(club, "t") == (1, False)
    last = await club.do("c", "ann")
    assert await state(club, "t") == (1, True)
    await club.do("t", "bob")
    await club.do("a", "bob")
    bobs = await club.progress("bob", "t")

    assert bobs is not None
    assert bobs.is_complete
    assert await differences(club) == []
    await club.reverse(last)
    assert await state(club, "t") == (1, False)
    assert await club.balance("ann", "points") == 20
    assert await differences(club) == []


async def test_a_task_stays_complete_as_long_as_any_of_its_prerequisites_is(
    programme: MakeProgramme,
) -> None:
    club = await programme(
        quests(task("a", goal=1), task("b", goal=1), task("t", goal=1, prerequisites={"any_of": ["a", "b"]}))
    )
    await club.join("ann")
    first, _, second = [await club.do(key, "ann") for key in ("a", "t", "b")]

    await club.reverse(first)
    assert await state(club, "t") == (1, True)
    await club.reverse(second)

    assert await state(club, "t") == (1, False)
    assert await club.balance("ann", "points") == 0
    assert await differences(club) == []


async def test_a_complete_task_keeps_its_prerequisites_when_the_definition_drops_them(
    programme: MakeProgramme,
) -> None:
    required = task("t", goal=1, requires=["a"], prerequisites={"any_of": ["b"]})
    club = await programme(quests(task("a", goal=1), task("b", goal=1), required))
    await club.join("ann")
    for key in ("a", "b", "t"):
        await club.do(key, "ann")

    await club.apply(quests(task("a", goal=1), task("b", goal=1), task("t", goal=1)))
    await club.do("t", "ann")

    assert await state(club, "t") == (2, True)
    assert len(await club.transfers("ann")) == 3
    assert await differences(club) == []


async def test_a_task_made_of_tasks_completes_with_them_and_is_taken_back_with_any(
    programme: MakeProgramme,
) -> None:
    club = await programme(
        with_composites(
            task("a", goal=1), task("b", goal=1), task("c", goal=1),
            composite("all", "a", "b", "c"), composite("two", "a", "b", "c", goal=2),
            composite("both", "all", "two"),
        )
    )  # fmt: skip
    await club.join("ann")
    done = []
    seen = []
    for key in "abc":
        done.append(await club.do(key, "ann"))
        seen.append([(await state(club, made)) for made in ("all", "two", "both")])

    assert seen == [
        [(1, False), (1, False), (0, False)],
        [(2, False), (2, True), (1, False)],
        [(3, True), (3, True), (2, True)],
    ]
    assert await club.balance("ann", "points") == 60
    assert await differences(club) == []
    await club.reverse(done[1])

    assert [await state(club, made) for made in ("all", "two", "both")] == [
        (2, False), (2, True), (1, False),
    ]  # fmt: skip
    assert await club.balance("ann", "points") == 30
    assert await differences(club) == []


async def test_a_task_made_of_daily_tasks_is_of_the_same_day(programme: MakeProgramme) -> None:
    daily = {"cycle": "daily", "goal": 1}
    club = await programme(
        with_composites(task("a", **daily), task("b", **daily), composite("all", "a", "b", cycle="daily"))
    )
    await club.join("ann")
    club.clock.now = NOON

    await club.do("a", "ann", at=NOON - timedelta(days=1))
    await club.do("b", "ann")
    assert await state(club, "all", "2026-11-18") == (1, False)
    await club.do("a", "ann")

    assert await state(club, "all", "2026-11-18") == (2, True)
    assert await state(club, "all", "2026-11-17") == (1, False)


async def test_a_new_task_made_of_tasks_takes_in_what_was_complete(programme: MakeProgramme) -> None:
    parts = task("a", goal=1), task("b", goal=1)
    club = await programme(quests(*parts))
    await club.join("ann")
    await club.do("a", "ann")
    await club.do("b", "ann")

    await club.apply(with_composites(*parts, composite("all", "a", "b")))
    assert await state(club, "all") == (0, False)
    await club.do("a", "ann")

    assert await state(club, "all") == (2, True)
    assert await differences(club) == []


async def test_only_activity_within_the_window_counts_however_late_it_arrives(
    programme: MakeProgramme,
) -> None:
    window = {"starts_at": NOON.isoformat(), "ends_at": (NOON + timedelta(hours=2)).isoformat()}
    club = await programme(quests(task("t", **window)))
    await club.join("ann")
    club.clock.now = NOON + timedelta(days=1)

    for at in (NOON - timedelta(milliseconds=1), NOON + timedelta(hours=2)):
        await club.do("t", "ann", at=at)
    assert await state(club, "t") == (0, False)
    within = [await club.do("t", "ann", at=at) for at in (NOON, NOON + timedelta(hours=2, milliseconds=-1))]

    assert await state(club, "t") == (2, True)
    assert await differences(club) == []
    await club.reverse(within[0])
    assert await state(club, "t") == (1, False)
    assert await differences(club) == []


async def test_taking_back_what_did_not_count_changes_nothing(programme: MakeProgramme) -> None:
    club = await programme(quests(task("t", goal=1, ends_at=NOON.isoformat())))
    await club.join("ann")
    club.clock.now = NOON
    late = await club.do("t", "ann")
    await club.do("t", "ann", at=NOON - timedelta(hours=1))

    await club.reverse(late)

    assert await state(club, "t") == (1, True)
    assert await differences(club) == []


async def test_moving_the_window_does_not_count_anew(programme: MakeProgramme) -> None:
    club = await programme(quests(task("t", goal=2, ends_at=NOON.isoformat())))
    await club.join("ann")
    club.clock.now = NOON + timedelta(hours=1)
    await club.do("t", "ann")

    await club.apply(quests(task("t", goal=2, ends_at=(NOON + timedelta(days=1)).isoformat())))
    await club.do("t", "ann")

    assert await state(club, "t") == (1, False)
    assert await differences(club) == []


@pytest.mark.parametrize(
    ("zone", "counted"), [("member", ["2026-11-18"]), ("programme", ["2026-11-17", "2026-11-18"])]
)
async def test_days_are_of_the_tasks_calendar(
    programme: MakeProgramme, zone: str, counted: list[str]
) -> None:
    """In New York it is Tuesday evening still when it is Wednesday in London; in Auckland it is Thursday after 11."""
    club = await programme(
        quests(task("t", goal=1, cycle="daily", zone=zone, days=[{"weekday": "wednesday"}])),
        time_zone="Pacific/Auckland",
    )
    await club.join("ann", time_zone="America/New_York")
    club.clock.now = NOON + timedelta(days=3)
    at = {
        "2026-11-17": datetime(2026, 11, 17, 12, tzinfo=UTC),
        "2026-11-18": datetime(2026, 11, 18, 6, tzinfo=UTC),
    }
    for moment in at.values():
        await club.do("t", "ann", at=moment)

    value, done = await state(club, "t", "2026-11-18")
    assert (value, done) == (len(counted), True)
    assert await differences(club) == []


async def test_the_first_monday_of_the_month(programme: MakeProgramme) -> None:
    club = await programme(quests(task("t", goal=1, cycle="monthly", days=[{"weekday": "monday", "nth": 1}])))
    await club.join("ann")
    club.clock.now = datetime(2026, 11, 30, 12, tzinfo=UTC)

    for day in (3, 9, 16):
        await club.do("t", "ann", at=datetime(2026, 11, day, 12, tzinfo=UTC))
    assert await state(club, "t", "2026-11") == (0, False)
    await club.do("t", "ann", at=datetime(2026, 11, 2, 12, tzinfo=UTC))

    assert await state(club, "t", "2026-11") == (1, True)


async def test_a_claim_lapses_at_its_end_to_the_instant(programme: MakeProgramme) -> None:
    club = await programme(quests(task("t", goal=1, claim="manual", claim_within="P3D")))
    await club.join_all("ann", "bob")
    club.clock.now = NOON
    for name in ("ann", "bob"):
        await club.do("t", name, at=NOON - timedelta(days=5))

    club.clock.now = NOON + timedelta(days=3, milliseconds=-1)
    await club.services.claims.claim(club.member_actor("ann"), None, "t", None, "k")
    club.clock.now = NOON + timedelta(days=3)
    with pytest.raises(Conflict) as refused:
        await club.services.claims.claim(club.member_actor("bob"), None, "t", None, "k")

    assert refused.value.code is ErrorCode.TASK_CLAIM_LAPSED
    assert (await club.balance("ann", "points"), await club.balance("bob", "points")) == (10, 0)
    while await club.services.claims.tell_due(club.clock.now):
        pass
    bobs = await club.progress("bob", "t")
    assert bobs is not None
    assert bobs.lapsed_at == NOON + timedelta(days=3)
    assert await differences(club) == []


async def test_what_is_completed_again_can_be_claimed_again(programme: MakeProgramme) -> None:
    club = await programme(quests(task("t", goal=1, claim="manual", claim_within="P3D")))
    await club.join("ann")
    club.clock.now = NOON
    done = await club.do("t", "ann")
    club.clock.now = NOON + timedelta(days=4)
    while await club.services.claims.tell_due(club.clock.now):
        pass

    await club.reverse(done)
    assert await differences(club) == []
    await club.do("t", "ann")
    await club.services.claims.claim(club.member_actor("ann"), None, "t", None, "k")

    assert await club.balance("ann", "points") == 10
    assert await differences(club) == []


async def test_two_workers_tell_of_a_claim_once(programme: MakeProgramme) -> None:
    club = await programme(quests(task("t", goal=1, claim="manual", claim_within="P3D")))
    ann = await club.join("ann")
    club.clock.now = club.clock.now  # the real time: what a member is told is deleted after some days of it
    await club.do("t", "ann")
    before = len(await club.services.stores.feed.after(ann.id, 0))
    club.clock.advance(timedelta(days=2))

    await asyncio.gather(*(club.services.claims.tell_due(club.clock.now) for _ in range(4)))

    told = (await club.services.stores.feed.after(ann.id, 0))[before:]
    assert [message.kind for message in told] == ["task_claim_ending"]


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        ([task("t", prerequisites={"any_of": ["nope"]})], "'nope' is not among the tasks"),
        ([task("t", prerequisites={"any_of": ["t"]})], "may not require itself"),
        ([task("t", prerequisites={})], "one of `all_of` and `any_of`"),
        ([task("t"), task("u", prerequisites={"any_of": ["t"], "at_least": 2})], "at most so many"),
        (
            [
                task("t"),
                task("u", prerequisites={"any_of": [{"any_of": [{"any_of": [{"any_of": ["t"]}]}]}]}),
            ],
            "at most 3 deep",
        ),
        ([task("t", parts=["t"])], "`parts` are of a task with"),
        ([composite("t")], "greater than or equal to 1"),
        ([composite("t", "t")], "may not require itself"),
        ([task("a"), composite("t", "a", goal=2)], "at least as many as the goal"),
        ([task("a", cycle="daily"), composite("t", "a")], "must have the same cycle and zone"),
        ([task("a"), composite("t", "a", requires=["a"])], "a part is not required as well"),
        ([task("a"), composite("t", "a", days=[{"weekday": "monday"}])], "no times of its own"),
        ([task("t", starts_at="2026-11-18T12:00:00Z", ends_at="2026-11-18T12:00:00Z")], "lies after"),
        ([task("t", starts_at="2026-11-18T12:00:00")], "timezone"),
        ([task("t", days=[{"weekday": "monday", "nth": 6}])], "nth"),
        ([task("t", claim_within="P1D")], "is of a task with `claim: manual`"),
        ([task("t", claim="manual", claim_within="P1D", claim_notice="P1D")], "is shorter than"),
    ],
)
async def test_refuses_what_makes_no_sense(
    programme: MakeProgramme, stated: list[dict[str, Any]], reason: str
) -> None:
    club = await programme(quests(task("other")))

    with pytest.raises(InvalidInput) as refused:
        await club.apply(with_composites(*stated))

    assert reason in str(getattr(refused.value, "faults", "")) + refused.value.message


async def test_a_task_made_of_tasks_is_advanced_by_nothing_else(programme: MakeProgramme) -> None:
    club = await programme(quests(task("other")))
    made = quests(task("a"), task("t"))

    with pytest.raises(InvalidInput) as refused:
        await club.apply({**made, "tasks": [task("a"), composite("t", "a")]})

    assert "advance those" in str(getattr(refused.value, "faults", "")) + refused.value.message
