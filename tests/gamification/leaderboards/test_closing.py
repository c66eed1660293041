"""Periods close once, whoever closes them: final ranks stay, and each prize is given once."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamification.kit.errors import InvalidInput
from gamification.leaderboards.closing import Closing, prize_for, rank_next
from gamification.leaderboards.model import Record, Score, record_id
from gamification.leaderboards.ordering import sort_key, tie_of
from gamification.members.model import BoardPresence, Standing
from gamification.programmes.definitions import Leaderboard, Prize, Reward, RewardPoints, Ties
from gamification.settlement.closing import ClosingService
from gamification.settlement.unit import Unit
from gamification.verification.service import VerificationService
from storage.paging import Window
from tests.conftest import MakeProgramme
from tests.support import ProgrammeUnderTest

AT = datetime(2026, 3, 1, tzinfo=UTC)
SPRING = {"key": "spring", "starts_at": "2026-03-01T00:00:00Z", "ends_at": "2026-06-01T00:00:00Z"}
SUMMER = {"key": "summer", "starts_at": "2026-06-01T00:00:00Z", "ends_at": "2026-09-01T00:00:00Z"}
END = datetime(2026, 6, 1, tzinfo=UTC)
BOARD: dict[str, Any] = {
    "key": "cup",
    "cycle": "season",
    "seasons": [SPRING, SUMMER],
    "settles_after": "PT12H",
    "prizes": [
        {
            "ranks": [1, 1],
            "reward": [{"points": {"unit": "coins", "amount": 100}}, {"award": {"badge": "crown"}}],
        },
        {"ranks": [2, 3], "reward": [{"points": {"unit": "coins", "amount": 50}}]},
        {"top_percent": 80, "reward": [{"points": {"unit": "coins", "amount": 5}}]},
    ],
}
DOCUMENT: dict[str, Any] = {
    "units": [{"key": "coins"}],
    "activity_types": [{"key": "play"}],
    "badges": [{"key": "crown", "repeat": "per_key"}],
    "leaderboards": [BOARD],
    "rules": [{"key": "r", "on": ["play"], "effects": [{"score": {"board": "cup", "value": "activity.v"}}]}],
}
NAMES = ("ann", "bob", "cat", "dan", "eve")
WON = {"ann": 100, "bob": 50, "cat": 50, "dan": 5, "eve": 0}


def _prize(amount: int, **stated: Any) -> Prize:
    return Prize(reward=(Reward(points=RewardPoints(unit="coins", amount=amount)),), **stated)


@pytest.mark.parametrize(
    ("rank", "size", "won"), [(1, 1, 1), (2, 10, 2), (3, 10, 3), (4, 10, None), (3, 4, None), (100, 1000, 3)]
)
def test_the_first_prize_that_is_for_a_rank_is_given(rank: int, size: int, won: int | None) -> None:
    prizes = [_prize(1, ranks=(1, 1)), _prize(2, ranks=(2, 2)), _prize(3, top_percent=30)]
    found = prize_for(prizes, rank, size)
    given = found.reward[0].points.amount if found and found.reward[0].points else None
    # 30 % of 4 are 2, rounded up; of 10 they are 3.
    assert given == won


def _record(score: int, number: int) -> Record:
    member = number.to_bytes(12, "big")
    return Record(record_id("p", "b", "s", member), "p", "b", "s", member, Score(score, 0, AT), 1)


@given(st.lists(st.integers(-3, 3), max_size=20), st.integers(1, 7), st.sampled_from(Ties))
def test_ranks_do_not_depend_on_how_many_are_ranked_at_once(scores: list[int], part: int, ties: Ties) -> None:
    board = Leaderboard(key="b", ties=ties)
    records = [_record(score, number) for number, score in enumerate(scores)]
    records.sort(
        key=lambda r: (
            (sort_key(board, r.standing.score), tie_of(board, r.standing, r.member_id))
            if r.standing
            else (0, b"")
        )
    )
    closing, ranks = Closing(len(records)), list[int]()
    for start in range(0, len(records), part):
        closing, some = rank_next(board, closing, records[start : start + part])
        ranks += some

    values = [r.standing.score for r in records if r.standing]
    shared = [1 + sum(other > value for other in values) for value in values]
    assert ranks == (shared if ties is Ties.SHARED else list(range(1, len(records) + 1)))
    assert closing.place == len(records)


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    """Five who played in spring, one after another worse."""
    made = await programme(DOCUMENT, lateness="unlimited")
    await made.join_all(*NAMES)
    made.clock.now = END - timedelta(hours=1)
    await made.record(*(made.activity("play", name, v=50 - 10 * place) for place, name in enumerate(NAMES)))
    return made


def late(club: ProgrammeUnderTest, by: timedelta = timedelta(minutes=5)) -> None:
    """Some time after the season closed."""
    club.clock.now = END + timedelta(hours=12) + by


async def coins(club: ProgrammeUnderTest) -> dict[str, int]:
    return {name: await club.balance(name, "coins") for name in NAMES}


async def finals(club: ProgrammeUnderTest, key: str = "spring") -> dict[bytes, int]:
    page = await club.services.leaderboards.finals(await club.period("cup", key), Window(100))
    return {record.member_id: record.final.rank for record in page.rows if record.final}


async def sound(club: ProgrammeUnderTest) -> None:
    assert (await VerificationService(club.services).verify(club.key)).differences == []


def closer(club: ProgrammeUnderTest, members_a_part: int = 2) -> ClosingService:
    return ClosingService(club.services.closing._settlement, members_a_part)


async def test_nothing_is_closed_before_it_has_settled(club: ProgrammeUnderTest) -> None:
    club.clock.now = END + timedelta(hours=11, minutes=59)
    assert await club.services.closing.close_in(club.key) == 0
    late(club, timedelta(seconds=30))  # what was begun before may still be on its way
    assert await club.services.closing.close_in(club.key) == 0
    assert await coins(club) == dict.fromkeys(NAMES, 0)
    late(club)
    assert await club.services.closing.close_in(club.key) == 1
    assert await club.services.closing.close_in(club.key) == 0


async def test_ranks_are_frozen_and_prizes_given(club: ProgrammeUnderTest) -> None:
    late(club)
    await club.services.closing.close_in(club.key)

    assert await finals(club) == {club.id_of(name): rank for rank, name in enumerate(NAMES, 1)}
    assert await coins(club) == WON
    assert ("crown", "cup:spring") in await club.awards("ann")
    (transfer,) = await club.transfers("bob")
    cause = transfer.cause
    assert (cause.board, cause.period, cause.rank) == ("cup", "spring", 2)
    await sound(club)


async def test_many_workers_give_each_prize_once(club: ProgrammeUnderTest) -> None:
    late(club)
    await asyncio.gather(*(closer(club).close_in(club.key) for _ in range(4)))

    assert await coins(club) == WON
    assert await finals(club) == {club.id_of(name): rank for rank, name in enumerate(NAMES, 1)}
    assert [len(await club.transfers(name)) for name in NAMES] == [1, 1, 1, 1, 0]
    await sound(club)


@pytest.mark.parametrize("at", [1, 2, 3])
async def test_a_closing_that_dies_midway_is_taken_up_where_it_was(
    club: ProgrammeUnderTest, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    late(club)
    finish, parts = Unit.finish, 0

    async def dying(unit: Unit) -> Any:
        nonlocal parts
        parts += 1
        if parts == at:
            raise RuntimeError("killed")
        return await finish(unit)

    with monkeypatch.context() as patched:
        patched.setattr(Unit, "finish", dying)
        with pytest.raises(RuntimeError):
            await closer(club).close_in(club.key)
    between = await coins(club)
    # Whoever holds a rank already keeps it, and nobody gets it again, though they left the board meanwhile.
    assert between == {name: WON[name] if place < 2 * (at - 1) else 0 for place, name in enumerate(NAMES)}
    await closer(club).close_in(club.key)

    assert await coins(club) == WON
    await sound(club)


async def test_who_leaves_during_a_closing_does_not_give_their_rank_to_another(
    club: ProgrammeUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    late(club)
    settlement = club.services.closing._settlement
    period = await club.period("cup", "spring")

    async def part(work: Unit) -> bool:
        return await closer(club)._close_part(work, period)

    assert not await settlement.run(club.key, part)
    await club.services.moderation.set_standing(club.moderator, club.id_of("ann"), Standing.BANNED, "r")
    await closer(club).close_in(club.key)

    assert await coins(club) == WON
    assert await finals(club) == {club.id_of(name): rank for rank, name in enumerate(NAMES, 1) if rank > 1}
    assert [name for _, name, _ in await club.ranking("cup", period="spring")] == list(NAMES[1:])
    await sound(club)


async def test_a_score_that_comes_too_late_is_recorded_and_does_not_count(club: ProgrammeUnderTest) -> None:
    club.clock.now = END + timedelta(hours=11)
    in_time = await club.do("play", "eve", v=5, at=END - timedelta(minutes=1))
    late(club, timedelta())
    too_late = await club.do("play", "eve", v=1000, at=END - timedelta(minutes=1))
    await club.services.closing.close_in(club.key)
    late(club)
    await club.services.closing.close_in(club.key)

    assert (len(in_time.scores), in_time.unscored) == (1, ())
    assert too_late.scores == ()
    assert [(u.board, u.period, u.reason.value) for u in too_late.unscored] == [("cup", "spring", "closed")]
    assert (await club.ranking("cup", period="spring"))[-1] == (5, "eve", 15)
    await sound(club)


@pytest.mark.parametrize("closed_first", [True, False])
async def test_a_reversal_after_the_close_leaves_standings_and_prizes(
    club: ProgrammeUnderTest, closed_first: bool
) -> None:
    club.clock.now = END - timedelta(minutes=30)
    extra = await club.do("play", "ann", v=7)
    before = await club.ranking("cup", period="spring")
    late(club)
    if closed_first:
        await club.services.closing.close_in(club.key)
    await club.reverse(extra)
    await club.services.closing.close_in(club.key)

    assert await club.ranking("cup", period="spring") == before
    assert await coins(club) == WON
    await sound(club)
    await club.services.projection.rebuild_all(club.key)
    assert await club.ranking("cup", period="spring") == before


async def test_a_reversal_before_the_close_counts(club: ProgrammeUnderTest) -> None:
    club.clock.now = END - timedelta(minutes=30)
    extra = await club.do("play", "eve", v=700)
    club.clock.now = END + timedelta(hours=11)
    await club.reverse(extra)
    late(club)
    await club.services.closing.close_in(club.key)

    assert await coins(club) == WON
    await sound(club)


async def test_after_downtime_every_missed_period_is_closed(programme: MakeProgramme) -> None:
    board = {
        "key": "cup",
        "cycle": "daily",
        "time_zone": "Pacific/Auckland",
        "settles_after": "PT12H",
        "prizes": [{"ranks": [1, 1], "reward": [{"points": {"unit": "coins", "amount": 1}}]}],
    }
    club = await programme({**DOCUMENT, "leaderboards": [board]}, lateness="unlimited")
    await club.join_all("ann", "bob")
    for day in range(4):
        club.clock.now = END + timedelta(days=day)
        if day != 2:  # a day on which nobody played
            await club.record(club.activity("play", "ann", v=2 * day), club.activity("play", "bob", v=1))
    club.clock.now = END + timedelta(days=30)

    await asyncio.gather(*(club.services.closing.close_in(club.key) for _ in range(2)))
    assert await club.services.closing.close_in(club.key) == 0
    for key in ("2026-06-01", "2026-06-02", "2026-06-04"):
        assert await club.services.leaderboards.frozen_at(await club.period("cup", key)) is not None
    assert [await club.balance(name, "coins") for name in ("ann", "bob")] == [2, 1]
    await sound(club)


async def test_a_period_that_nobody_is_on_closes_too(club: ProgrammeUnderTest) -> None:
    for name in NAMES:
        await club.services.presence.set(club.operator, club.id_of(name), BoardPresence.ABSENT, None)
    late(club)

    assert await club.services.closing.close_in(club.key) == 1
    assert await club.services.leaderboards.frozen_at(await club.period("cup", "spring")) == club.clock.now
    assert await finals(club) == {}
    assert await coins(club) == dict.fromkeys(NAMES, 0)


async def test_activity_and_bans_while_it_closes_do_no_harm(club: ProgrammeUnderTest) -> None:
    late(club)
    await asyncio.gather(
        closer(club, 1).close_in(club.key),
        closer(club, 3).close_in(club.key),
        *(club.record(club.activity("play", name, v=1)) for name in NAMES for _ in range(3)),
        club.services.moderation.set_standing(club.moderator, club.id_of("eve"), Standing.BANNED, "r"),
    )

    assert await coins(club) == WON
    await sound(club)


async def test_ranks_that_are_shared_each_win(programme: MakeProgramme) -> None:
    club = await programme({**DOCUMENT, "leaderboards": [{**BOARD, "ties": "shared"}]}, lateness="unlimited")
    await club.join_all(*NAMES)
    club.clock.now = END - timedelta(hours=1)
    await club.record(*(club.activity("play", name, v=9 if name < "d" else 1) for name in NAMES))
    late(club)
    await asyncio.gather(closer(club).close_in(club.key), closer(club).close_in(club.key))

    assert await coins(club) == {"ann": 100, "bob": 100, "cat": 100, "dan": 5, "eve": 5}
    await sound(club)


async def test_what_has_closed_cannot_be_moved(club: ProgrammeUnderTest) -> None:
    late(club)
    longer = {**SPRING, "ends_at": "2026-06-01T10:00:00Z"}
    for seasons in ([SUMMER], [longer, {**SUMMER, "starts_at": "2026-06-02T00:00:00Z"}]):
        with pytest.raises(InvalidInput, match="closed"):
            await club.apply(
                {**DOCUMENT, "leaderboards": [{**BOARD, "seasons": seasons}]}, lateness="unlimited"
            )
    with pytest.raises(InvalidInput, match="settles_after is fixed"):
        await club.apply(
            {**DOCUMENT, "leaderboards": [{**BOARD, "settles_after": "PT24H"}]}, lateness="unlimited"
        )
    renamed = {**SPRING, "name": {"en": "Spring Cup"}}
    await club.apply(
        {
            **DOCUMENT,
            "leaderboards": [{**BOARD, "seasons": [renamed, {**SUMMER, "ends_at": "2026-10-01T00:00:00Z"}]}],
        },
        lateness="unlimited",
    )


@pytest.mark.parametrize(
    ("board", "fault"),
    [
        ({"prizes": BOARD["prizes"]}, "settles_after"),
        ({"settles_after": "PT1H"}, "never closes"),
        ({"settles_after": "PT1H", "cycle": "daily"}, "time_zone"),
        (
            {**BOARD, "prizes": [{"ranks": [2, 1], "reward": BOARD["prizes"][1]["reward"]}]},
            "better to the worse",
        ),
        ({**BOARD, "prizes": [{"reward": BOARD["prizes"][1]["reward"]}]}, "exactly one"),
        (
            {**BOARD, "prizes": [{"ranks": [1, 1], "reward": [{"score": {"board": "b", "value": 1}}]}]},
            "no scores",
        ),
        (
            {**BOARD, "prizes": [{"ranks": [1, 1], "reward": [{"points": {"unit": "no", "amount": 1}}]}]},
            "not among",
        ),
        ({**BOARD, "prizes": [{"ranks": [1, 1], "reward": [{"award": {"badge": "no"}}]}]}, "not among"),
    ],
)
async def test_refuses_a_board_that_could_not_close(
    programme: MakeProgramme, board: dict[str, Any], fault: str
) -> None:
    club = await programme({})
    with pytest.raises(InvalidInput, match=fault):
        await club.apply(
            {
                "units": [{"key": "coins"}],
                "leaderboards": [{**board, "key": "b"}],
                "badges": DOCUMENT["badges"],
            }
        )
