"""Callers who hand in at once share transactions, and each is told and given exactly what is theirs."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from gamification.activity.grouping import GROUP_MAX
from gamification.activity.model import BATCH_MAX, Activity, ActivityOutcome, NewActivity
from gamification.activity.recording import parts_of
from gamification.activity.repository import ActivityRepository
from gamification.kit.errors import NotFound
from gamification.verification.service import VerificationService
from storage.mongo import Mongo, Tx
from tests.conftest import MakeProgramme
from tests.support import ProgrammeUnderTest, statuses

DOCUMENT: dict[str, Any] = {
    "units": [{"key": "points"}],
    "activity_types": [
        {
            "key": "run",
            "properties": {"type": "object", "required": ["km"], "properties": {"km": {"type": "integer"}}},
        }
    ],
    "counters": [{"key": "runs", "on": ["run"]}],
    "badges": [{"key": "third"}],
    "leaderboards": [{"key": "sum"}, {"key": "nth", "operator": "set"}],
    "tasks": [{"key": "twice", "goal": 2, "reward": [{"points": {"unit": "points", "amount": 100}}]}],
    "rules": [
        {
            "key": "run",
            "on": ["run"],
            "counters": ["runs"],
            "effects": [
                {"points": {"unit": "points", "amount": "60 / activity.km", "boards": ["sum"]}},
                {"score": {"board": "nth", "value": "counters.runs"}},
                {"advance": {"task": "twice"}},
                {"when": "counters.runs == 3", "award": {"badge": "third"}},
            ],
        }
    ],
}
NAMES = [f"m{n}" for n in range(40)]


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    made = await programme(DOCUMENT)
    await made.join_all(*NAMES)
    return made


@pytest.fixture
def transactions(mongo: Mongo, monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """One entry a transaction that was begun."""
    begun: list[None] = []
    original = mongo.transaction

    async def counted(body: Callable[[Tx], Awaitable[Any]], patience_s: float | None = None) -> Any:
        begun.append(None)
        return await original(body, patience_s)

    monkeypatch.setattr(mongo, "transaction", counted)
    return begun


async def differences(club: ProgrammeUnderTest) -> Sequence[object]:
    return (await VerificationService(club.services).verify(club.key)).differences


async def test_many_small_callers_share_few_transactions(
    club: ProgrammeUnderTest, transactions: list[None]
) -> None:
    results = await asyncio.gather(*(club.record(club.activity("run", name, km=1)) for name in NAMES * 3))

    assert {status for outcomes in results for status in statuses(outcomes)} == {"recorded"}
    assert len(transactions) < 15
    assert {await club.balance(name, "points") for name in NAMES} == {280}
    assert {name for name in NAMES if await club.awards(name)} == set(NAMES)
    assert await differences(club) == []


async def test_each_caller_is_told_of_their_own(club: ProgrammeUnderTest) -> None:
    known = club.activity("run", "m0", km=2)
    await club.record(known)
    twice = club.activity("run", "m1", km=3)
    batches = [
        [known, club.activity("run", "m0", km=4)],
        [club.activity("run", "m2", km=0), club.activity("run", "m2", km=5)],
        [club.activity("run", "nobody", km=1)],
        [club.activity("run", "m3", km=1), club.activity("walk", "m3"), club.activity("run", "m3", km="1")],
        [twice],
        [club.activity("run", "m1", km=6), twice],
        [club.activity("run", "m4", km=2), club.activity("run", "m4", km=2, source_id="bad")],
        [club.activity("run", "m5", km=0, source_id="bad"), club.activity("run", "m5", km=3)],
    ]

    results = await asyncio.gather(*(club.record(*batch) for batch in batches))

    assert [statuses(outcomes) for outcomes in results[:4]] == [
        ["duplicate", "recorded"],
        ["RULE_FAILED", "recorded"],
        ["UNKNOWN_MEMBER"],
        ["recorded", "UNKNOWN_ACTIVITY_TYPE", "SCHEMA_MISMATCH"],
    ]
    # Who came first with the same activity is anyone's guess; the other finds it recorded, or is tried in its turn.
    assert sorted([statuses(results[4]), statuses(results[5])[1:]]) == [["duplicate"], ["recorded"]]
    assert statuses(results[6]) == ["recorded", "recorded"]
    assert statuses(results[7]) in (["duplicate", "recorded"], ["RULE_FAILED", "recorded"])
    for outcomes in results:
        assert [outcome.index for outcome in outcomes] == list(range(len(outcomes)))
        for outcome in outcomes:
            if outcome.error is not None:
                assert (outcome.error.path or [])[:2] == ["activities", str(outcome.index)]
    assert results[4][0].activity == results[5][1].activity is not None
    assert await differences(club) == []


async def test_one_that_breaks_the_transaction_is_told_alone(
    club: ProgrammeUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = ActivityRepository.add

    async def add(self: ActivityRepository, activities: Sequence[Activity], tx: Tx) -> None:
        await original(self, activities, tx)
        if any(activity.source_id == "poison" for activity in activities):
            raise RuntimeError("poison")

    monkeypatch.setattr(ActivityRepository, "add", add)

    results = await asyncio.gather(
        *(club.record(club.activity("run", name, km=1)) for name in NAMES[:9]),
        club.record(club.activity("run", "m0", km=1, source_id="poison")),
        *(club.record(club.activity("run", name, km=1)) for name in NAMES[9:]),
        return_exceptions=True,
    )

    assert [type(found) for found in results] == [list] * 9 + [RuntimeError] + [list] * 31
    assert {await club.balance(name, "points") for name in NAMES} == {60}
    assert await differences(club) == []


async def test_a_member_whom_another_transaction_holds_keeps_nobody_else_waiting(
    club: ProgrammeUnderTest, mongo: Mongo
) -> None:
    await club.record(club.activity("run", "m0", km=1))
    held, freed = asyncio.Event(), asyncio.Event()

    async def hold(tx: Tx) -> None:
        heads = await club.services.stores.members.heads([club.id_of("m0")], tx)
        await club.services.stores.members.save_heads(heads, heads, tx)
        held.set()
        await freed.wait()

    holder = asyncio.create_task(mongo.transaction(hold))
    await held.wait()
    waits = asyncio.create_task(club.record(club.activity("run", "m0", km=1)))

    async with asyncio.timeout(15):
        await asyncio.gather(*(club.record(club.activity("run", name, km=1)) for name in NAMES[1:]))
    assert not waits.done()
    freed.set()
    await holder

    assert statuses(await waits) == ["recorded"]
    assert await club.balance("m0", "points") == 60 + 60 + 100
    assert await differences(club) == []


async def test_callers_who_give_up_half_way_leave_whole_activities_or_none(club: ProgrammeUnderTest) -> None:
    batches = [[club.activity("run", name, km=1), club.activity("run", name, km=2)] for name in NAMES]
    calls = [asyncio.create_task(club.record(*batch)) for batch in batches]
    for turn, call in enumerate(calls):
        if turn % 3 == 0:
            await asyncio.sleep(0.002)
            call.cancel()
    told = await asyncio.gather(*calls, return_exceptions=True)

    again = await asyncio.gather(*(club.record(*batch) for batch in batches))

    for first, second in zip(told, again, strict=True):
        assert len({*statuses(second)}) == 1, "both of a batch, or none"
        if not isinstance(first, BaseException):
            assert (statuses(first), statuses(second)) == (["recorded"] * 2, ["duplicate"] * 2)
    assert {await club.balance(name, "points") for name in NAMES} == {190}
    assert await differences(club) == []


async def test_a_large_batch_gives_what_it_would_one_by_one(
    club: ProgrammeUnderTest, programme: MakeProgramme, transactions: list[None]
) -> None:
    def batch(made: ProgrammeUnderTest) -> list[NewActivity]:
        return [
            made.activity("run", NAMES[n * n % 37], km=n % 7, source_id=f"{n}", at=at)
            for n in range(BATCH_MAX)
        ]

    at = club.clock.now
    other = await programme(DOCUMENT)
    await other.join_all(*NAMES)
    transactions.clear()

    whole = await club.record(*batch(club))
    assert len(transactions) == BATCH_MAX // GROUP_MAX
    single: list[ActivityOutcome] = []
    for start in range(0, BATCH_MAX, 50):
        single += await other.record(*batch(other)[start : start + 50])

    assert statuses(whole) == statuses(single)
    assert [outcome.index for outcome in whole] == list(range(BATCH_MAX))
    failed = [outcome.error.path for outcome in whole if outcome.error and outcome.error.path]
    assert [path[:2] for path in failed] == [["activities", str(n)] for n in range(0, BATCH_MAX, 7)]
    for board in ("sum", "nth"):
        assert {(name, score) for _, name, score in await club.ranking(board)} == {
            (name, score) for _, name, score in await other.ranking(board)
        }
    assert await differences(club) == []


async def test_a_programme_that_is_none_is_told_so(club: ProgrammeUnderTest) -> None:
    stranger = ProgrammeUnderTest("nowhere", club.services, club.clock)

    with pytest.raises(NotFound):
        await stranger.record(club.activity("run", "m0", km=1))


def run(number: int, member: str) -> NewActivity:
    return NewActivity("run", "tests", str(number), member, datetime(2026, 11, 20, tzinfo=UTC))


def test_a_large_batch_is_parted_by_member() -> None:
    batch = [run(n, f"m{n % 150}") for n in range(2 * GROUP_MAX)]

    parts = parts_of(batch)

    assert sorted(index for part in parts for index in part) == list(range(len(batch)))
    assert len(parts) == 2
    assert all(list(part) == sorted(part) for part in parts)
    members = [{batch[index].member_external_id for index in part} for part in parts]
    assert sum(map(len, members)) == len(set.union(*members)) == 150
    assert max(map(len, parts)) <= GROUP_MAX + 4


def test_a_small_batch_and_one_with_repeats_stay_whole() -> None:
    small = [run(n, f"m{n}") for n in range(GROUP_MAX)]
    repeated = [run(n % 499, f"m{n}") for n in range(500)]

    assert [list(part) for part in parts_of(small)] == [list(range(len(small)))]
    assert [list(part) for part in parts_of(repeated)] == [list(range(500))]
