"""`leaderboardUpdated`: the present state, then every change, coalesced, and on into the next period."""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from resolvers.live import feeds
from tests.conftest import MakeProgramme
from tests.resolvers.harness import CLUB, GraphQL, Stream, member_gid, refused
from tests.support import ProgrammeUnderTest

UPDATES = """subscription ($key: String!, $first: Int! = 10, $around: Int! = 0) {
    leaderboardUpdated(key: $key, first: $first, around: $around) {
        revision
        period { key size endsAt }
        entries { rank score member { displayName } }
        viewer { rank score }
        around { rank member { displayName } }
    }
}"""


def shown(update: dict[str, Any]) -> list[tuple[int, str, int]]:
    return [(e["rank"], e["member"]["displayName"], e["score"]) for e in update["entries"]]


async def until(stream: Stream, found: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The first update of which that is true; revisions grow on the way."""
    revision = -1
    while True:
        update: dict[str, Any] = await stream.data()
        assert update["revision"] > revision
        revision = update["revision"]
        if found(update):
            return update


async def test_begins_with_the_present_state_and_tells_every_change(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.do("visit", "bob")

    async with graphql.subscribe(club.member_actor("ann"), UPDATES, {"key": "total"}) as updates:
        present = await updates.data()
        await club.do("buy", "ann", amount=9)
        moved = await until(updates, lambda update: len(update["entries"]) == 2)

    assert present["period"] == {"key": "all", "size": 1, "endsAt": None}
    assert (shown(present), present["viewer"], present["around"]) == ([(1, "Bob", 5)], None, [])
    assert shown(moved) == [(1, "Ann", 9), (2, "Bob", 5)]
    assert moved["viewer"] == {"rank": 1, "score": 9}
    assert moved["revision"] > present["revision"]


async def test_an_empty_board_is_shown_too(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    async with graphql.subscribe(club.operator, UPDATES, {"key": "daily"}) as updates:
        present = await updates.data()
        await club.do("visit", "ann")
        moved = await until(updates, lambda update: bool(update["entries"]))

    assert (present["entries"], present["viewer"]) == ([], None)
    assert (shown(moved), moved["viewer"]) == ([(1, "Ann", 5)], None)


async def test_shows_the_viewer_and_the_window_around_them(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    names = [f"m{number}" for number in range(8)]
    for name in names:
        await club.join(name, display_name=name)
    await club.record(*(club.activity("buy", name, amount=100 - number) for number, name in enumerate(names)))

    variables = {"key": "total", "first": 2, "around": 1}
    async with graphql.subscribe(club.member_actor("m5"), UPDATES, variables) as updates:
        present = await updates.data()
        await club.do("buy", "m5", amount=4)
        moved = await until(updates, lambda update: update["viewer"] != present["viewer"])

    assert shown(present) == [(1, "m0", 100), (2, "m1", 99)]
    assert present["viewer"] == {"rank": 6, "score": 95}
    assert [(e["rank"], e["member"]["displayName"]) for e in present["around"]] == [
        (5, "m4"),
        (6, "m5"),
        (7, "m6"),
    ]
    assert moved["viewer"] == {"rank": 2, "score": 99}
    assert {e["member"]["displayName"] for e in moved["around"]} >= {"m5"}


async def test_a_burst_is_told_in_few_messages_and_the_last_is_the_truth(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    async with graphql.subscribe(club.member_actor("ann"), UPDATES, {"key": "total"}) as updates:
        await updates.data()
        begin = time.monotonic()
        for number in range(50):
            await club.do("buy", ("ann", "bob")[number % 2], amount=1 + number)
        spent = time.monotonic() - begin
        told = await updates.until_quiet(0.6)

    assert 1 <= len(told) <= spent / 0.2 + 2
    assert shown(told[-1]) == [(1, "Bob", 650), (2, "Ann", 625)]
    assert [update["revision"] for update in told] == sorted({update["revision"] for update in told})


async def test_all_watchers_see_the_same_board(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    async with (
        graphql.subscribe(club.member_actor("ann"), UPDATES, {"key": "total"}) as one,
        graphql.subscribe(club.moderator, UPDATES, {"key": "total"}) as two,
    ):
        await one.data()
        await two.data()
        await club.do("visit", "ann")
        first, second = await asyncio.gather(
            *(until(stream, lambda update: bool(update["entries"])) for stream in (one, two))
        )

    assert first["entries"] == second["entries"]
    assert (first["viewer"], second["viewer"]) == ({"rank": 1, "score": 5}, None)


async def test_goes_on_with_the_next_period(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    midnight = (club.clock.now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    club.clock.now = midnight - timedelta(milliseconds=200)
    await club.do("visit", "bob")

    async with graphql.subscribe(club.member_actor("ann"), UPDATES, {"key": "daily"}) as updates:
        before = await updates.data()
        club.clock.now = midnight + timedelta(milliseconds=1)
        after = await updates.data()
        await club.do("visit", "ann")
        moved = await until(updates, lambda update: bool(update["entries"]))

    assert (shown(before), before["period"]["endsAt"]) == (
        [(1, "Bob", 5)],
        f"{midnight:%Y-%m-%d}T00:00:00.000Z",
    )
    assert (after["period"]["key"], after["entries"]) == (f"{midnight:%Y-%m-%d}", [])
    assert (moved["period"]["key"], shown(moved)) == (f"{midnight:%Y-%m-%d}", [(1, "Ann", 5)])


async def test_waits_between_seasons(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await programme(CLUB)
    begin = club.clock.now + timedelta(hours=1)
    season = {"key": "s1", "starts_at": begin.isoformat(), "ends_at": (begin + timedelta(days=9)).isoformat()}
    stated = {"key": "cup", "cycle": "season", "seasons": [season]}
    await club.services.programmes.create(club.operator, "leaderboards", {**stated, "status": "published"})

    async with graphql.subscribe(club.operator, UPDATES, {"key": "cup"}) as updates:
        assert await updates.until_quiet(0.1) == []
        club.clock.now = begin
        assert (await updates.data())["period"]["key"] == "s1"


async def test_a_banned_viewer_is_ended(
    graphql: GraphQL, club: ProgrammeUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "RECHECK_S", 0.1)
    await club.do("visit", "ann")
    stated = {"memberId": member_gid(club, "bob"), "standing": "BANNED", "reason": "r"}

    async with graphql.subscribe(club.member_actor("bob"), UPDATES, {"key": "total"}) as updates:
        await updates.data()
        await graphql.done(club.moderator, "setMemberStanding", stated)
        refused(await updates.result(), "FORBIDDEN")


async def test_a_banned_viewer_of_a_lively_board_is_ended(
    graphql: GraphQL, club: ProgrammeUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "RECHECK_S", 0.5)
    stated = {"memberId": member_gid(club, "bob"), "standing": "BANNED", "reason": "r"}
    ended = asyncio.Event()

    async def stay_lively() -> None:
        while not ended.is_set():
            await club.do("visit", "ann")
            await asyncio.sleep(0.05)

    async with graphql.subscribe(club.member_actor("bob"), UPDATES, {"key": "total"}) as updates:
        await updates.data()
        await graphql.done(club.moderator, "setMemberStanding", stated)
        lively = asyncio.create_task(stay_lively())
        try:
            result = await updates.result()
            while not result.errors:
                result = await updates.result()
        finally:
            ended.set()
            await lively
        refused(result, "FORBIDDEN")


async def test_banned_members_leave_the_board_at_once(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.do("visit", "ann")
    await club.do("visit", "bob")
    stated = {"memberId": member_gid(club, "bob"), "standing": "BANNED", "reason": "r"}

    async with graphql.subscribe(club.member_actor("ann"), UPDATES, {"key": "total"}) as updates:
        assert len((await updates.data())["entries"]) == 2
        await graphql.done(club.moderator, "setMemberStanding", stated)
        moved = await until(updates, lambda update: len(update["entries"]) == 1)

    assert shown(moved) == [(1, "Ann", 5)]


@pytest.mark.parametrize(
    ("variables", "code", "field", "limit"),
    [
        ({"key": "nope"}, "NOT_FOUND", "key", None),
        ({"key": "total", "first": 0}, "LIMIT_EXCEEDED", "first", 1),
        ({"key": "total", "first": 101}, "LIMIT_EXCEEDED", "first", 100),
        ({"key": "total", "around": -1}, "LIMIT_EXCEEDED", "around", 0),
        ({"key": "total", "around": 51}, "LIMIT_EXCEEDED", "around", 50),
        ({"key": "total", "first": "NaN"}, "INVALID_INPUT", "first", None),
    ],
)
async def test_refuses_what_cannot_be_watched(
    graphql: GraphQL,
    club: ProgrammeUnderTest,
    variables: dict[str, Any],
    code: str,
    field: str,
    limit: int | None,
) -> None:
    async with graphql.subscribe(club.member_actor("ann"), UPDATES, variables) as updates:
        refused(await updates.result(), code, field=field, limit=limit)


async def test_needs_a_token(graphql: GraphQL) -> None:
    async with graphql.subscribe(None, UPDATES, {"key": "total"}) as updates:
        refused(await updates.result(), "UNAUTHENTICATED")


async def test_another_programmes_board_is_not_told_of(
    graphql: GraphQL, club: ProgrammeUnderTest, programme: MakeProgramme
) -> None:
    other = await programme(CLUB)
    await other.join("zoe")

    async with graphql.subscribe(club.operator, UPDATES, {"key": "total"}) as updates:
        await updates.until_quiet(0.4)
        await other.do("visit", "zoe")
        assert await updates.until_quiet(0.4) == []
