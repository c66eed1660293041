"""Callers who share transactions: each gets what is theirs, whatever becomes of the others."""

import asyncio
import contextvars
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest

from gamification.activity.grouping import GROUP_MAX, GROUPS_MAX, OVERLAP_FROM, Grouping
from gamification.activity.model import ActivityOutcome, ActivityStatus, NewActivity
from gamification.activity.waiting import Submission
from storage.mongo import Contention, MongoUnavailable

AT = datetime(2026, 11, 20, tzinfo=UTC)
REQUEST = contextvars.ContextVar("REQUEST", default="nobody's")


class Database:
    """Records what it is handed, group by group; a group waits for `gate`, and `refuse` may raise instead."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.patience: list[float | None] = []
        self.requests: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.refuse: Callable[[list[str], float | None], Exception | None] = lambda _names, _patience: None

    async def run(
        self, _programme: str, group: Sequence[Submission], patience_s: float | None
    ) -> list[list[ActivityOutcome]]:
        names = [new.source_id for one in group for new in one.batch]
        self.groups.append(names)
        self.patience.append(patience_s)
        self.requests.append(REQUEST.get())
        await self.gate.wait()
        await asyncio.sleep(0)
        error = self.refuse(names, patience_s)
        if error is not None:
            raise error
        return [[ActivityOutcome(n, ActivityStatus.RECORDED) for n in range(len(one.batch))] for one in group]


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture
def grouping(database: Database) -> Grouping:
    return Grouping(database.run)


def hand_in(
    grouping: Grouping, *names: str, caller: str = "app", programme: str = "club"
) -> asyncio.Task[list[list[ActivityOutcome]]]:
    """One caller's activities, each of a member of its own."""
    batch = [NewActivity("visit", "tests", name, name, AT) for name in names]
    return asyncio.create_task(
        grouping.submit(programme, caller, [batch], historic=False, counts_subjects=False)
    )


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0)


async def test_what_arrives_while_a_group_is_under_way_forms_the_next(
    grouping: Grouping, database: Database
) -> None:
    database.gate.clear()
    first = hand_in(grouping, "a")
    await until(lambda: database.groups == [["a"]])
    others = [hand_in(grouping, name) for name in "bcd"]
    await asyncio.sleep(0.01)
    assert database.groups == [["a"]]
    database.gate.set()

    answers = await asyncio.gather(first, *others)

    assert database.groups == [["a"], ["b", "c", "d"]]
    assert [len(answer[0]) for answer in answers] == [1, 1, 1, 1]


async def test_those_who_come_at_once_share_from_the_start(grouping: Grouping, database: Database) -> None:
    await asyncio.gather(*(hand_in(grouping, name) for name in "abc"))

    assert database.groups == [["a", "b", "c"]]


async def test_where_much_waits_groups_overlap_up_to_a_limit(grouping: Grouping, database: Database) -> None:
    database.gate.clear()
    waiting = [hand_in(grouping, f"m{n}") for n in range(GROUP_MAX * (GROUPS_MAX + 1))]
    await until(lambda: len(database.groups) == GROUPS_MAX)
    few = [hand_in(grouping, f"few{n}", programme="other") for n in range(OVERLAP_FROM - 1)]
    await until(lambda: len(database.groups) == GROUPS_MAX + 1)
    more = hand_in(grouping, "more", programme="other")
    await asyncio.sleep(0.01)
    sizes = [len(group) for group in database.groups]
    database.gate.set()
    await asyncio.gather(*waiting, *few, more)

    assert sizes == [GROUP_MAX] * GROUPS_MAX + [OVERLAP_FROM - 1]


async def test_one_who_makes_a_group_fail_is_told_and_the_others_are_recorded(
    grouping: Grouping, database: Database
) -> None:
    database.refuse = lambda names, _patience: ValueError("poison") if "f" in names else None

    answers = await asyncio.gather(
        *(hand_in(grouping, name) for name in "abcdefghij"), return_exceptions=True
    )

    told = {name: type(answer).__name__ for name, answer in zip("abcdefghij", answers, strict=True)}
    assert told == dict.fromkeys("abcdeghij", "list") | {"f": "ValueError"}


async def test_what_others_hold_does_not_hold_up_neighbours(grouping: Grouping, database: Database) -> None:
    freed = asyncio.Event()

    async def run(
        programme: str, group: Sequence[Submission], patience_s: float | None
    ) -> list[list[ActivityOutcome]]:
        if patience_s is None:
            await freed.wait()
        return await database.run(programme, group, patience_s)

    database.refuse = lambda names, patience: (
        Contention("held") if "b" in names and patience is not None else None
    )
    grouping = Grouping(run)
    a, b, c = (hand_in(grouping, name) for name in "abc")

    await asyncio.gather(a, c)
    assert not b.done()
    await hand_in(grouping, "d")  # nor those who come later
    again = hand_in(grouping, "b")  # but who comes for the same member waits behind
    await asyncio.sleep(0.01)
    assert sum(group == ["b"] for group in database.groups) == 1
    freed.set()
    await asyncio.gather(b, again)


async def test_a_database_that_is_away_is_told_to_all_at_once(grouping: Grouping, database: Database) -> None:
    database.refuse = lambda _names, _patience: MongoUnavailable("away")

    answers = await asyncio.gather(*(hand_in(grouping, name) for name in "abc"), return_exceptions=True)

    assert [type(answer) for answer in answers] == [MongoUnavailable] * 3
    assert len(database.groups) == 1


async def test_a_caller_who_gives_up_takes_back_what_waits_and_nothing_else(
    grouping: Grouping, database: Database
) -> None:
    database.gate.clear()
    under_way, neighbour = hand_in(grouping, "a"), hand_in(grouping, "b")
    await until(lambda: len(database.groups) == 1)
    waits, stays = hand_in(grouping, "c"), hand_in(grouping, "d")
    await asyncio.sleep(0)
    under_way.cancel()
    waits.cancel()
    await asyncio.sleep(0)
    database.gate.set()

    assert len(await neighbour) == len(await stays) == 1
    assert database.groups == [["a", "b"], ["d"]]
    assert under_way.cancelled()
    assert waits.cancelled()


async def test_more_than_can_wait_is_refused_and_taken_later(database: Database) -> None:
    grouping = Grouping(database.run, waiting_max=3)
    database.gate.clear()
    under_way = hand_in(grouping, "a")
    await until(lambda: len(database.groups) == 1)
    waits = hand_in(grouping, "b", "c")
    await asyncio.sleep(0)

    with pytest.raises(Contention):
        await hand_in(grouping, "d", "e")
    database.gate.set()
    await asyncio.gather(under_way, waits)
    await hand_in(grouping, "d", "e")


async def test_programmes_do_not_wait_for_each_other(grouping: Grouping, database: Database) -> None:
    await asyncio.gather(hand_in(grouping, "a"), hand_in(grouping, "b", programme="other"))

    assert sorted(database.groups) == [["a"], ["b"]]


async def test_a_group_runs_in_no_callers_context(grouping: Grouping, database: Database) -> None:
    token = REQUEST.set("somebody's")
    try:
        await hand_in(grouping, "a")
    finally:
        REQUEST.reset(token)

    assert database.requests == ["nobody's"]


async def test_nothing_is_kept_of_a_programme_that_is_at_rest(grouping: Grouping, database: Database) -> None:
    database.refuse = lambda names, _patience: ValueError("poison") if "b" in names else None
    await asyncio.gather(*(hand_in(grouping, name) for name in "abc"), return_exceptions=True)
    await asyncio.sleep(0.01)

    assert grouping._lanes == {}
    assert grouping._tasks == set()
