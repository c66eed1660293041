"""Instant draws under a stampede: each exactly once, nothing beyond stock or budget, whoever dies or draws twice."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from community.services import Services
from gamification.kit.errors import Conflict, DomainError, ErrorCode, InsufficientPoints
from gamification.lottery.model import Play, RoundState, issued_id, round_id
from gamification.lottery.randomness import digest
from gamification.settlement import draws as module
from gamification.verification.service import VerificationService
from storage.mongo import Mongo
from tests.conftest import MakeProgramme
from tests.lottery_world import NOON, WHEEL, changed, fair
from tests.support import ProgrammeUnderTest

NAMES = [f"m{number:02d}" for number in range(50)]
GRAND: list[dict[str, Any]] = [
    {"key": "car", "weight": 1, "stock": 1, "reward": [{"points": {"unit": "gems", "amount": 7}}]}
]


async def wheel(programme: MakeProgramme, **stated: Any) -> ProgrammeUnderTest:
    club = await programme(fair(changed(WHEEL, **stated)), lateness="unlimited")
    club.clock.now = NOON
    return club


async def draw(club: ProgrammeUnderTest, name: str, key: str = "1") -> Play:
    play, _ = await club.services.drawing.draw(club.member_actor(name), None, "wheel", "", key)
    return play


async def tried(club: ProgrammeUnderTest, name: str, key: str = "1") -> Play | DomainError:
    try:
        return await draw(club, name, key)
    except DomainError as error:
        return error


async def verified(club: ProgrammeUnderTest) -> None:
    assert (await VerificationService(club.services).verify(club.key)).differences == []


async def test_fifty_at_once_for_the_last_prize(programme: MakeProgramme) -> None:
    club = await wheel(programme, prizes=GRAND, blank=0)
    await club.join_all(*NAMES)
    await club.record(*(club.activity("visit", name) for name in NAMES))

    found = await asyncio.gather(*(tried(club, name) for name in NAMES))

    won = [one for one in found if isinstance(one, Play)]
    lost = [one for one in found if isinstance(one, DomainError)]
    assert [one.prize for one in won] == ["car"]
    assert {one.code for one in lost} == {ErrorCode.DRAW_EXHAUSTED}
    assert len(lost) == 49
    spins = [await club.balance(name, "spins") for name in NAMES]
    gems = [await club.balance(name, "gems") for name in NAMES]
    assert (sum(spins), sum(gems)) == (49, 7)
    await verified(club)


async def test_the_losers_of_a_race_draw_by_the_odds_without_it(programme: MakeProgramme) -> None:
    prizes = [*GRAND, {"key": "pen", "weight": 1}]
    club = await wheel(programme, prizes=prizes, blank=0, exhausted="others")
    await club.join_all(*NAMES)
    await club.record(*(club.activity("visit", name) for name in NAMES))

    found = await asyncio.gather(*(draw(club, name) for name in NAMES))

    assert sum(one.prize == "car" for one in found) <= 1
    assert all(one.prize == "pen" for one in found if one.gone)
    await verified(club)


async def test_a_member_with_one_ticket_draws_once_however_often_they_press(programme: MakeProgramme) -> None:
    club = await wheel(programme)
    await club.join("ann")
    await club.do("visit", "ann")

    same = await asyncio.gather(*(draw(club, "ann") for _ in range(10)))
    other = await asyncio.gather(*(tried(club, "ann", str(key)) for key in range(2, 12)))

    assert len({one.id for one in same}) == 1
    assert all(isinstance(one, InsufficientPoints) for one in other)
    assert await club.balance("ann", "spins") == 0
    await verified(club)


async def test_draws_of_one_member_at_once_are_numbered_without_a_gap(programme: MakeProgramme) -> None:
    club = await wheel(programme, ticket=None, free_daily=20)
    await club.join("ann")

    found = await asyncio.gather(*(draw(club, "ann", str(key)) for key in range(20)))

    assert sorted(one.nonce for one in found) == list(range(1, 21))
    with pytest.raises(Conflict) as refused:
        await draw(club, "ann", "more")
    assert refused.value.code is ErrorCode.DRAW_LIMIT_REACHED
    await verified(club)


async def test_a_budget_is_never_passed(programme: MakeProgramme) -> None:
    prizes = [
        {"key": "big", "weight": 1, "cost": 40},
        {"key": "small", "weight": 3, "cost": 10},
    ]
    club = await wheel(
        programme, prizes=prizes, blank=0, budget=200, daily_budget=105, ticket=None, free_daily=500
    )
    await club.join_all("ann", "bob", "cat", "dan")

    async def until_gone(name: str, day: int) -> int:
        for number in range(500):
            found = await tried(club, name, f"{day} {number}")
            if isinstance(found, DomainError):
                assert found.code is ErrorCode.DRAW_EXHAUSTED
                return number
        raise AssertionError("the budget does not end")

    for day in range(3):
        club.clock.now = NOON + timedelta(days=day)
        await asyncio.gather(*(until_gone(name, day) for name in ("ann", "bob", "cat", "dan")))
    wanted = [issued_id(club.key, "wheel", day) for day in (None, "2026-11-22", "2026-11-23", "2026-11-24")]
    counts = await club.services.stores.lottery.issued(wanted)
    whole, *days = [counts[one].cost if one in counts else 0 for one in wanted]

    # Beyond what is left for the smallest prize nothing can be won.
    assert whole == sum(days) == 200
    assert all(day <= 105 for day in days)
    assert days[0] > 95
    await verified(club)


async def test_dying_between_the_ticket_and_the_prize_leaves_neither(
    programme: MakeProgramme, monkeypatch: pytest.MonkeyPatch
) -> None:
    club = await wheel(programme, prizes=GRAND, blank=0)
    await club.join("ann")
    await club.do("visit", "ann")

    async def dies(*_: Any) -> Any:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(module, "give_prize", dies)
        with pytest.raises(RuntimeError, match="killed"):
            await draw(club, "ann")
    assert (await club.balance("ann", "spins"), await club.balance("ann", "gems")) == (1, 0)
    await verified(club)
    play = await draw(club, "ann")

    assert (play.nonce, play.prize) == (1, "car")
    assert (await club.balance("ann", "spins"), await club.balance("ann", "gems")) == (0, 7)
    await verified(club)


async def test_two_workers_commit_and_reveal_once(
    programme: MakeProgramme, services: Services, mongo: Mongo
) -> None:
    club = await wheel(programme)
    await asyncio.gather(*(services.rounds.run_in(club.key) for _ in range(4)))
    first = {
        one["_id"]: one["seed"]
        async for one in mongo.collection("draw_seeds").find({"programme_id": club.key})
    }
    await asyncio.gather(*(services.rounds.run_in(club.key) for _ in range(4)))
    club.clock.now = NOON + timedelta(days=2)
    await asyncio.gather(*(services.rounds.run_in(club.key) for _ in range(4)))

    found = await services.stores.lottery.rounds_by_ids([round_id(club.key, "wheel", "2026-11-22")])
    (day,) = found.values()
    assert len(first) == 2
    assert day.state is RoundState.REVEALED
    assert day.seed is not None
    assert (day.seed, day.seed_hash) == (first[day.id], digest(day.seed))
    assert await services.rounds.run_in(club.key) == 0
    await verified(club)


async def test_a_day_that_ends_during_draws_is_revealed_only_when_they_are_surely_over(
    programme: MakeProgramme,
) -> None:
    club = await wheel(programme, ticket=None, free_daily=5)
    await club.join("ann")
    midnight = NOON.replace(hour=0) + timedelta(days=1)
    club.clock.now = midnight - timedelta(milliseconds=1)
    last = await draw(club, "ann", "1")
    club.clock.now = midnight
    first = await draw(club, "ann", "2")
    await club.services.rounds.run_in(club.key)
    still = await club.services.stores.lottery.rounds_by_ids([last.round_id])
    club.clock.now = midnight + timedelta(minutes=2)
    await club.services.rounds.run_in(club.key)
    after = await club.services.stores.lottery.rounds_by_ids([last.round_id])

    assert (last.round, first.round) == ("2026-11-22", "2026-11-23")
    assert still[last.round_id].seed is None
    assert after[last.round_id].seed is not None


async def test_a_programme_without_draws_pays_nothing(programme: MakeProgramme, mongo: Mongo) -> None:
    club = await programme({"units": [{"key": "points"}]})
    assert await club.services.rounds.run_in(club.key) == 0
    assert await mongo.collection("draw_rounds").count_documents({"programme_id": club.key}) == 0


async def test_a_service_draws_for_a_member(programme: MakeProgramme) -> None:
    club = await wheel(programme, ticket=None, free_daily=1)
    await club.join("ann")
    play, replayed = await club.services.drawing.draw(club.service, club.id_of("ann"), "wheel", "x", "1")
    assert (play.member_id, play.client_seed, replayed) == (club.id_of("ann"), "x", False)
