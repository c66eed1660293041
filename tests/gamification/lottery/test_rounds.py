"""Rounds of scheduled draws: who is in, what is taken, and that each step happens once, whoever does it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from community.services import Services
from gamification.lottery.checking import check_document
from gamification.lottery.model import Round, RoundState, Win, round_id
from gamification.members.model import Standing
from gamification.programmes.document import Problem
from gamification.settlement import round_drawing, round_entrants
from gamification.settlement.points import PointsService
from gamification.settlement.rounds import RoundService
from gamification.verification.service import VerificationService
from storage.mongo import Mongo
from storage.paging import Window
from tests.conftest import MakeProgramme
from tests.lottery_world import AFTER_CLOSE, CLOSES, NOON, RAFFLE, changed, fair
from tests.support import ProgrammeUnderTest

NAMES = [f"m{number:02d}" for number in range(20)]


async def raffle(programme: MakeProgramme, **stated: Any) -> ProgrammeUnderTest:
    """Twenty members, of whom the n-th came n times."""
    club = await programme(fair(changed(RAFFLE, **stated)), lateness="unlimited")
    club.clock.now = NOON
    await club.join_all(*NAMES)
    await club.record(
        *(club.activity("visit", name) for number, name in enumerate(NAMES) for _ in range(number))
    )
    await club.services.rounds.run_in(club.key)
    return club


def small(services: Services) -> RoundService:
    """The same work in small parts, so that it can be interrupted in many places."""
    return RoundService(services.points._settlement, members_a_part=3, winners_a_part=1)


async def november(club: ProgrammeUnderTest) -> Round:
    wanted = round_id(club.key, "raffle", "november")
    return (await club.services.stores.lottery.rounds_by_ids([wanted]))[wanted]


async def wins(club: ProgrammeUnderTest) -> list[Win]:
    return await club.services.stores.lottery.wins_of_round((await november(club)).id)


async def verified(club: ProgrammeUnderTest) -> None:
    assert (await VerificationService(club.services).verify(club.key)).differences == []


async def given(club: ProgrammeUnderTest) -> int:
    return sum([await club.balance(name, "gems") for name in NAMES])


async def test_two_workers_draw_one_draw_once(programme: MakeProgramme, services: Services) -> None:
    club = await raffle(programme)
    club.clock.now = AFTER_CLOSE
    workers = [small(services) for _ in range(3)]
    for _ in range(3):
        await asyncio.gather(*(worker.run_in(club.key) for worker in workers))

    found = await november(club)
    assert (found.state, found.entrants, found.chances) == (RoundState.REVEALED, 19, sum(range(20)))
    assert [(win.prize, win.number) for win in await wins(club)] == [("trip", 1), ("mug", 1), ("mug", 2)]
    assert await given(club) == 100
    assert len({win.member_id for win in await wins(club)}) == 3
    assert [await club.balance(name, "entries") for name in NAMES] == [0] * 20
    await verified(club)


@pytest.mark.parametrize(("dies_in", "deaths"), [("entrants", 4), ("drawing", 4), ("giving", 1)])
async def test_whoever_dies_is_taken_over_from(
    programme: MakeProgramme,
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
    dies_in: str,
    deaths: int,
) -> None:
    club = await raffle(programme)
    club.clock.now = AFTER_CLOSE
    calls = 0
    target, name = {
        "entrants": (round_entrants, "_enter"),
        "drawing": (round_drawing, "_excluded"),
        "giving": (round_drawing, "give_prize"),
    }[dies_in]
    real = getattr(target, name)

    def dies(*stated: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls % 3 == 2 or dies_in == "drawing":
            raise RuntimeError("killed")
        return real(*stated)

    with monkeypatch.context() as patched:
        patched.setattr(target, name, dies)
        for _ in range(deaths):
            with pytest.raises(RuntimeError, match="killed"):
                await small(services).run_in(club.key)
    before = [win.id for win in await wins(club)]
    await small(services).run_in(club.key)

    assert [win.id for win in await wins(club)][: len(before)] == before
    assert (await november(club)).entrants == 19
    assert await given(club) == 100
    assert [await club.balance(name, "entries") for name in NAMES] == [0] * 20
    await verified(club)


async def test_what_came_after_the_close_is_for_the_next_round(programme: MakeProgramme) -> None:
    club = await raffle(programme)
    club.clock.now = CLOSES
    await club.do("visit", "m00")
    await club.do("visit", "m05")
    club.clock.now = AFTER_CLOSE
    await club.services.rounds.run_in(club.key)

    assert (await november(club)).chances == sum(range(20))
    assert (await club.balance("m00", "entries"), await club.balance("m05", "entries")) == (1, 1)
    await verified(club)


@pytest.mark.parametrize(
    ("stated", "chances", "left"),
    [({"entry": "per_member"}, 19, 18), ({"tickets_max": 4}, 6 + 4 * 16, 15), ({"ticket": {"unit": "entries", "amount": 2}}, 90, 1)],
)  # fmt: skip
async def test_chances_are_as_the_draw_says(
    programme: MakeProgramme, stated: dict[str, Any], chances: int, left: int
) -> None:
    club = await raffle(programme, **stated)
    club.clock.now = AFTER_CLOSE
    await club.services.rounds.run_in(club.key)

    assert (await november(club)).chances == chances
    assert await club.balance("m19", "entries") == left
    await verified(club)


async def ban(club: ProgrammeUnderTest, name: str) -> None:
    await club.services.moderation.set_standing(club.moderator, club.id_of(name), Standing.BANNED, "r")


async def test_who_is_banned_before_the_close_is_not_in_and_keeps_the_tickets(
    programme: MakeProgramme,
) -> None:
    club = await raffle(programme)
    await ban(club, "m19")
    club.clock.now = AFTER_CLOSE
    await club.services.rounds.run_in(club.key)

    assert (await november(club)).entrants == 18
    assert await club.balance("m19", "entries") == 19
    await verified(club)


async def closed(club: ProgrammeUnderTest) -> Round:
    """The round after its entrants are published, waiting for the beacon."""
    club.clock.now = AFTER_CLOSE
    await club.services.rounds.run_in(club.key)
    found = await november(club)
    assert found.state is RoundState.CLOSED
    return found


async def beaten(club: ProgrammeUnderTest) -> Round:
    await club.services.rounds.give_beacon(club.operator, "raffle", "november", "beacon")
    await club.services.rounds.run_in(club.key)
    return await november(club)


@pytest.mark.parametrize("leaves", ["banned", "gone"])
async def test_who_leaves_after_the_close_stays_in_the_list_and_cannot_win(
    programme: MakeProgramme, mongo: Mongo, leaves: str
) -> None:
    club = await raffle(programme, beacon="a source", prizes=[{"key": "mug", "stock": 19}])
    before = await closed(club)
    # With as many prizes as entrants everybody is picked, whatever the seed.
    if leaves == "banned":
        await ban(club, "m19")
    else:
        await mongo.collection("members").update_one(
            {"_id": club.id_of("m19")}, {"$set": {"erased_at": club.clock.now}}
        )
    done = await beaten(club)

    assert (done.entrants, done.entrants_hash) == (19, before.entrants_hash)
    ((code, reason),) = done.excluded
    assert reason == leaves
    won = await wins(club)
    assert len(won) == 18
    assert code not in {win.code for win in won}
    assert club.id_of("m19") not in {win.member_id for win in won}
    proof = await club.services.lottery.export(club.key, "raffle", "november")
    assert check_document(proof).wrong == []
    await verified(club)


async def test_who_is_banned_after_winning_keeps_the_prize(
    programme: MakeProgramme, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    club = await raffle(programme)
    club.clock.now = AFTER_CLOSE

    async def dies(*_: Any) -> Any:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(round_drawing, "give_prize", dies)
        with pytest.raises(RuntimeError, match="killed"):
            await services.rounds.run_in(club.key)
    drawn = await november(club)
    first = (await wins(club))[0]
    name = next(name for name in NAMES if club.id_of(name) == first.member_id)
    await ban(club, name)
    await services.rounds.run_in(club.key)

    assert drawn.state is RoundState.DRAWN
    assert await club.balance(name, "gems") == 100
    await verified(club)


async def test_a_winner_who_is_erased_before_the_prize_forfeits_it(
    programme: MakeProgramme, services: Services, mongo: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    club = await raffle(programme)
    club.clock.now = AFTER_CLOSE

    async def dies(*_: Any) -> Any:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(round_drawing, "give_prize", dies)
        with pytest.raises(RuntimeError, match="killed"):
            await services.rounds.run_in(club.key)
    first = (await wins(club))[0]
    await mongo.collection("members").update_one(
        {"_id": first.member_id}, {"$set": {"erased_at": club.clock.now}}
    )
    await services.rounds.run_in(club.key)

    assert [win.forfeited for win in await wins(club)] == [True, False, False]
    assert await given(club) == 0
    assert (await november(club)).state is RoundState.REVEALED
    await verified(club)


async def test_a_round_goes_by_the_draw_as_it_was_when_it_opened(programme: MakeProgramme) -> None:
    club = await raffle(programme)
    opened = await november(club)
    more = changed(RAFFLE, prizes=[{"key": "yacht", "stock": 5}], rounds=[])
    with pytest.raises(Problem):
        await club.apply(fair(more), lateness="unlimited")
    later = {**RAFFLE["rounds"][0], "key": "december"}
    await club.apply(fair(changed(more, rounds=[later])), lateness="unlimited")
    club.clock.now = AFTER_CLOSE
    await club.services.rounds.run_in(club.key)

    done = await november(club)
    assert (done.state, done.odds_hash) == (RoundState.REVEALED, opened.odds_hash)
    assert {win.prize for win in await wins(club)} == {"trip", "mug"}
    await verified(club)


async def test_a_round_that_has_not_opened_can_be_put_off(programme: MakeProgramme) -> None:
    round_ = RAFFLE["rounds"][0]
    later = {**round_, "opens_at": (NOON + timedelta(hours=1)).isoformat()}
    club = await raffle(programme, rounds=[later])
    committed = await november(club)
    put_off = {**later, "opens_at": (NOON + timedelta(hours=3)).isoformat()}
    await club.apply(fair(changed(RAFFLE, rounds=[put_off])), lateness="unlimited")
    club.clock.now = NOON + timedelta(hours=2)
    await club.services.rounds.run_in(club.key)
    waiting = await november(club)
    club.clock.now = NOON + timedelta(hours=3)
    await club.services.rounds.run_in(club.key)

    assert (committed.state, waiting.state) == (RoundState.COMMITTED, RoundState.COMMITTED)
    found = await november(club)
    assert (found.state, found.opens_at) == (RoundState.OPEN, NOON + timedelta(hours=3))
    assert found.seed_hash == committed.seed_hash


async def test_a_draw_archived_before_its_close_takes_no_tickets(programme: MakeProgramme) -> None:
    club = await raffle(programme)
    await club.apply({**fair(), "draws": []}, lateness="unlimited")
    club.clock.now = AFTER_CLOSE
    await club.services.rounds.run_in(club.key)

    assert (await november(club)).state is RoundState.OPEN
    assert await club.balance("m19", "entries") == 19
    await verified(club)


async def test_nobody_in_a_round_leaves_its_prizes(programme: MakeProgramme) -> None:
    club = await programme(fair(RAFFLE))
    club.clock.now = NOON
    await club.services.rounds.run_in(club.key)
    club.clock.now = AFTER_CLOSE
    await club.services.rounds.run_in(club.key)

    found = await november(club)
    assert (found.state, found.entrants, found.winners) == (RoundState.REVEALED, 0, 0)
    proof = await club.services.lottery.export(club.key, "raffle", "november")
    assert check_document(proof).wrong == []
    await verified(club)


async def test_tickets_spent_before_they_are_taken_are_not_in(programme: MakeProgramme) -> None:
    club = await raffle(programme)
    points: PointsService = club.services.points
    await points.spend(club.member_actor("m19"), None, "entries", 19, "gone", "k")
    club.clock.now = AFTER_CLOSE
    await club.services.rounds.run_in(club.key)

    assert (await november(club)).entrants == 18
    page = await club.services.lottery.entries(club.service, club.members["m19"], Window(10))
    assert page.rows == []
