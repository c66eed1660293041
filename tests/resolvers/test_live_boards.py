"""Live boards for many: read once, executed once, sent as the same bytes; what is a viewer's own stays theirs."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import orjson
import pytest

from community.services import Services
from gamification.kit.errors import Forbidden, NotFound
from resolvers.live import feeds, groups
from resolvers.live.seats import Payload, Watch
from tests.resolvers.hall import Chair, Hall, emptied
from tests.resolvers.harness import GraphQL, member_gid
from tests.support import ProgrammeUnderTest

SHARED = '{ leaderboardUpdated(key: "total", first: 3) { revision period { key size } entries { rank score member { displayName } } } }'
OWN = (
    '{ leaderboardUpdated(key: "total", first: 3, around: 1) { viewer { rank score } entries { rank score } '
    "around { rank member { displayName } } period { size } } }"
)


@pytest.fixture
async def hall(live: Services) -> AsyncIterator[Hall]:
    """Everyone leaves at the end."""
    made = Hall(live)
    yield made
    for chair in made.chairs:
        made.leave(chair)
    await emptied(made.hub)


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch, target: Any, name: str) -> Iterator[list[Any]]:
    """The calls of a function while the context lasts."""
    calls: list[Any] = []
    original = getattr(target, name)

    def counting(*args: Any, **stated: Any) -> Any:
        calls.append(args)
        return original(*args, **stated)

    with monkeypatch.context() as patch:
        patch.setattr(target, name, counting)
        yield calls


async def settle() -> None:
    """Let what was started go on."""
    await asyncio.sleep(0.3)


async def test_many_watchers_cost_one_reading_and_one_execution_a_flush(
    hall: Hall, club: ProgrammeUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    actors = [club.member_actor("ann"), club.member_actor("bob"), club.moderator, club.service]
    chairs = [await hall.seat(actor, SHARED) for actor in actors for _ in range(5)]
    for chair in chairs:
        await chair.until(lambda update: update["entries"] == [])
    await settle()
    before = [len(chair.offered) for chair in chairs]
    with (
        counted(monkeypatch, club.services.leaderboards, "page") as readings,
        counted(monkeypatch, groups, "project") as executions,
    ):
        await club.do("buy", "ann", amount=3)
        for chair in chairs:
            await chair.until(lambda update: len(update["entries"]) == 1)
        await settle()

    told = [chair.offered[count:] for chair, count in zip(chairs, before, strict=True)]
    assert len(told[0]) >= 1
    assert all(payloads == told[0] for payloads in told), "the very same objects"
    assert len(executions) == len(told[0])
    # Each execution reads the period's size, too.
    assert len(readings) <= 2 * len(executions) + 1


async def test_a_newcomer_is_told_at_once_without_another_reading(
    hall: Hall, club: ProgrammeUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    await club.do("visit", "ann")
    first = await hall.seat(club.member_actor("ann"), SHARED)
    await first.until(lambda update: len(update["entries"]) == 1)
    await settle()
    with counted(monkeypatch, club.services.leaderboards, "page") as readings:
        newcomers = [await hall.seat(club.member_actor("bob"), SHARED) for _ in range(50)]

    assert readings == []
    assert all(chair.offered == [first.offered[-1]] for chair in newcomers)


async def test_a_longer_page_is_read_for_who_asks_for_it(hall: Hall, club: ProgrammeUnderTest) -> None:
    await club.do("visit", "ann")
    await club.do("visit", "bob")
    short = '{ leaderboardUpdated(key: "total", first: 1) { entries { rank member { displayName } } } }'
    one = await hall.seat(club.operator, short)
    await one.until(lambda update: len(update["entries"]) == 1)
    two = await hall.seat(club.operator, short.replace("first: 1", "first: 2"))
    await two.until(lambda update: len(update["entries"]) == 2)
    assert all(len(orjson.loads(p.body)["data"]["leaderboardUpdated"]["entries"]) == 1 for p in one.offered)


async def test_revisions_grow_for_everyone(hall: Hall, club: ProgrammeUnderTest) -> None:
    chairs = [await hall.seat(club.operator, SHARED), await hall.seat(club.member_actor("ann"), OWN)]
    with_revision = OWN.replace("viewer {", "revision viewer {")
    chairs.append(await hall.seat(club.member_actor("bob"), with_revision))
    for number in range(8):
        await club.do("buy", ("ann", "bob")[number % 2], amount=1 + number)
        await asyncio.sleep(0.1)
    await settle()
    for chair in (chairs[0], chairs[2]):
        revisions = [orjson.loads(p.body)["data"]["leaderboardUpdated"]["revision"] for p in chair.offered]
        assert len(revisions) > 2
        assert revisions == sorted(set(revisions))


SELECTIONS = [
    SHARED.replace("revision ", ""),
    OWN,
    '{ x: leaderboardUpdated(key: "total") { viewer { rank } } }',
    '{ leaderboardUpdated(key: "total") { __typename around { rank } } }',
    '{ leaderboardUpdated(key: "total", around: 2) { a: viewer { rank } entries { rank } b: viewer { score member { displayName } } around { rank } } }',
    '{ leaderboardUpdated(key: "total") { ...F viewer { rank } } } fragment F on LeaderboardUpdate { viewer { score ...G } period { key } } fragment G on LeaderboardEntry { achievedAt rank }',
    '{ leaderboardUpdated(key: "total") { ... on LeaderboardUpdate { entries { score } viewer @skip(if: true) { rank } } viewer @include(if: true) { score } around @include(if: false) { rank } } }',
    '($v: Boolean! = false, $n: Int! = 1) { leaderboardUpdated(key: "total", first: $n, around: $n) { viewer @include(if: $v) { rank } entries { rank } around @skip(if: $v) { rank member { displayName } } } }',
    '{ leaderboardUpdated(key: "total", around: 1) { entries { rank } entries { score } around { rank } around { member { displayName } } } }',
    '{ leaderboardUpdated(key: "total") { viewer { member { displayName externalId balances { active } } } entries { rank } } }',
    '{ leaderboardUpdated(key: "total") { viewer { member { standing(leaderboard: "total") { rank } } } period { size } } }',
    '{ leaderboardUpdated(key: "total", around: 2) { entries { rank } around { rank member { externalId } } } }',
    '{ leaderboardUpdated(key: "total") { period { entries(first: 1) { nodes { rank } } rankOf(memberId: "nope") { rank } } viewer { rank } } }',
    '{ leaderboardUpdated(key: "total") { period { entries(first: 1000) { nodes { rank } } } viewer { rank } } }',
    '{ leaderboardUpdated(key: "total") { entries { rank } period { closedAt around(memberId: "x", above: 51) { rank } } } }',
]  # fmt: skip


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "stock"])
@pytest.mark.parametrize("selection", SELECTIONS, ids=range(len(SELECTIONS)))
async def test_every_viewer_gets_the_bytes_that_the_library_would_give_them(
    hall: Hall, club: ProgrammeUnderTest, selection: str, *, compiled: bool
) -> None:
    await club.join_all("cid", "dan")
    await club.record(
        *(club.activity("buy", name, amount=n) for n, name in enumerate(("ann", "bob", "cid"), 5))
    )
    actors = [
        *(club.member_actor(name) for name in ("ann", "bob", "cid", "dan", "stranger")),
        club.moderator,
        club.service,
        club.operator,
    ]
    chairs = [await hall.seat(actor, selection, compiled=compiled) for actor in actors]
    for actor, chair in zip(actors, chairs, strict=True):
        await chair.until(lambda update: True)
        assert chair.offered[-1].body == await hall.alone(actor, selection), actor


@pytest.mark.parametrize(
    "fields",
    [
        "entries { member { externalId } }",
        "entries { rank } viewer { rank } period { entries { nodes { member { balances { active } } } } }",
        "entries { member { badgeAwards { totalCount } } }",
    ],
)
async def test_who_selects_what_is_their_own_elsewhere_executes_alone(
    hall: Hall, club: ProgrammeUnderTest, fields: str
) -> None:
    selection = f'{{ leaderboardUpdated(key: "total") {{ {fields} }} }}'
    assert await hall.hand_over(club.member_actor("ann"), selection) is None


async def test_only_those_are_told_whose_place_changed(hall: Hall, club: ProgrammeUnderTest) -> None:
    names = [f"m{number}" for number in range(6)]
    await club.join_all(*names)
    await club.record(*(club.activity("buy", name, amount=100 - n) for n, name in enumerate(names)))
    await club.do("buy", "ann", amount=1)
    selection = (
        '{ leaderboardUpdated(key: "total", first: 1) { revision entries { score } viewer { rank score } } }'
    )
    chairs = {name: await hall.seat(club.member_actor(name), selection) for name in (*names, "ann")}
    for chair in chairs.values():
        await chair.until(lambda update: update["viewer"] is not None)
    await settle()
    before = {name: len(chair.offered) for name, chair in chairs.items()}
    await club.do("buy", "ann", amount=1)
    await chairs["ann"].until(lambda update: update["viewer"]["score"] == 2)
    await settle()

    assert {name for name, chair in chairs.items() if len(chair.offered) > before[name]} == {"ann"}


def _has_rank(rank: int, update: dict[str, Any]) -> bool:
    return bool(update["viewer"]["rank"] == rank)


async def test_places_of_many_viewers_come_in_few_calls(
    hall: Hall, club: ProgrammeUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"m{number}" for number in range(40)]
    await club.join_all(*names)
    await club.record(*(club.activity("buy", name, amount=100 - n) for n, name in enumerate(names)))
    chairs = [await hall.seat(club.member_actor(name), OWN) for name in names]
    for number, chair in enumerate(chairs, 1):
        update = await chair.until(lambda update: update["viewer"] is not None)
        assert update["viewer"]["rank"] == number
    await settle()
    with counted(monkeypatch, club.services.leaderboards, "viewers") as calls:
        await club.do("buy", "ann", amount=1000)
        for number, chair in enumerate(chairs, 2):
            await chair.until(partial(_has_rank, number))
    assert len(calls) <= 2


async def test_those_who_leave_are_told_nothing_more(hall: Hall, club: ProgrammeUnderTest) -> None:
    stays, leaves = await hall.seat(club.operator, SHARED), await hall.seat(club.operator, SHARED)
    await leaves.until(lambda update: True)
    hall.leave(leaves)
    hall.leave(leaves)
    before = len(leaves.offered)
    await club.do("visit", "ann")
    await stays.until(lambda update: len(update["entries"]) == 1)
    assert len(leaves.offered) == before


async def test_joining_and_leaving_during_a_send_disturbs_nobody(
    hall: Hall, club: ProgrammeUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "SENDS_A_TURN", 1)
    chairs = [await hall.seat(club.operator, SHARED) for _ in range(30)]
    await chairs[-1].until(lambda update: True)
    original = Chair.offer
    came: list[asyncio.Task[Chair]] = []

    def leaving(self: Chair, payload: Payload) -> None:
        original(self, payload)
        if self is chairs[5]:
            hall.leave(chairs[10])
            came.append(asyncio.ensure_future(hall.seat(club.operator, SHARED)))

    monkeypatch.setattr(Chair, "offer", leaving)
    await club.do("visit", "ann")
    for number, chair in enumerate(chairs):
        if number != 10:
            await chair.until(lambda update: len(update["entries"]) == 1)
    assert all(
        len(orjson.loads(p.body)["data"]["leaderboardUpdated"]["entries"]) == 0 for p in chairs[10].offered
    )
    for newcomer in await asyncio.gather(*came):
        await newcomer.until(lambda update: len(update["entries"]) == 1)


async def test_a_banned_viewer_is_refused_and_the_others_go_on(
    hall: Hall, graphql: GraphQL, club: ProgrammeUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "RECHECK_S", 0.1)
    ann, bob = [await hall.seat(club.member_actor(name), SHARED) for name in ("ann", "bob")]
    await bob.until(lambda update: True)
    stated = {"memberId": member_gid(club, "bob"), "standing": "BANNED", "reason": "r"}
    await graphql.done(club.moderator, "setMemberStanding", stated)

    assert isinstance(await bob.until_refused(), Forbidden)
    await club.do("visit", "ann")
    await ann.until(lambda update: len(update["entries"]) == 1)
    assert ann.refused is None


async def test_a_board_that_becomes_a_draft_is_hidden_from_all_but_operators(
    hall: Hall, club: ProgrammeUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "RECHECK_S", 0.1)
    ann, ops = await hall.seat(club.member_actor("ann"), SHARED), await hall.seat(club.operator, SHARED)
    await ann.until(lambda update: True)

    def fault(watch: Watch, *_: Any) -> Exception | None:
        return NotFound("hidden") if watch.actor is not club.operator else None

    monkeypatch.setattr(feeds.BoardFeed, "_fault", lambda _self, *args: fault(*args))
    assert isinstance(await ann.until_refused(), NotFound)
    assert ops.refused is None


async def test_goes_on_from_the_truth_while_redis_is_away(
    services_without_redis: Services, club: ProgrammeUnderTest
) -> None:
    await club.do("buy", "ann", amount=4)
    hall = Hall(services_without_redis)
    shared, own = await hall.seat(club.operator, SHARED), await hall.seat(club.member_actor("ann"), OWN)
    update = await shared.until(lambda update: len(update["entries"]) == 1)
    mine = await own.until(lambda update: update["viewer"] is not None)
    assert (update["entries"][0]["score"], mine["viewer"]) == (4, {"rank": 1, "score": 4})
    # A newcomer is not given a state that may be long past, for nobody hears of changes.
    await club.do("buy", "ann", amount=1)
    late = await hall.seat(club.operator, SHARED)
    await late.until(lambda update: update["entries"][0]["score"] == 5)
    for chair in hall.chairs:
        hall.leave(chair)


async def test_a_failing_reading_is_told_to_newcomers_and_survived_by_the_rest(
    hall: Hall, club: ProgrammeUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "_RETRY_S", 0.05)
    stays = await hall.seat(club.operator, SHARED)
    await stays.until(lambda update: True)
    with monkeypatch.context() as patch:

        async def fail(*_: Any) -> Any:
            raise RuntimeError("away")

        patch.setattr(club.services.leaderboards, "page", fail)
        await club.do("visit", "ann")
        newcomer = await hall.seat(club.operator, SHARED.replace("first: 3", "first: 5"))
        assert isinstance(await newcomer.until_refused(), RuntimeError)
    await stays.until(lambda update: len(update["entries"]) == 1)
    assert stays.refused is None


async def test_a_feed_ends_with_its_last_watcher(hall: Hall, club: ProgrammeUnderTest) -> None:
    chair = await hall.seat(club.operator, SHARED)
    await chair.until(lambda update: True)
    assert hall.hub.feeds == 1
    hall.leave(chair)
    await emptied(hall.hub)
    again = await hall.seat(club.operator, SHARED)
    await again.until(lambda update: True)
