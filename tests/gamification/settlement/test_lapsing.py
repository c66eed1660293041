"""Time goes first, whether or not a worker was there, and by when things happened: rules never take, nor keep alive,
what had lapsed before, live or in history that is imported years later."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gamification.ledger.model import LimitKind, Lot, Transfer, TransferKind
from gamification.verification.service import VerificationService
from tests.conftest import MakeProgramme
from tests.support import ProgrammeUnderTest

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
K = TransferKind


def document(**unit: Any) -> dict[str, Any]:
    return {
        "units": [{"key": "points", **unit}],
        "activity_types": [{"key": "buy"}, {"key": "use"}],
        "rules": [
            {"key": "b", "on": ["buy"], "effects": [{"points": {"unit": "points", "amount": 10}}]},
            {"key": "u", "on": ["use"], "effects": [{"points": {"unit": "points", "amount": -10}}]},
        ],
    }


YEARLY = {"expiry": {"after": "P1Y", "round": "year"}}
IDLE = {"expiry": {"idle": "P1Y"}}


async def club_with(programme: MakeProgramme, **unit: Any) -> ProgrammeUnderTest:
    club = await programme(document(**unit), lateness="unlimited")
    club.clock.now = NOW
    await club.join_all("ann")
    return club


async def sweep(club: ProgrammeUnderTest) -> None:
    while await club.services.points.expire_lapsed(club.clock.now):
        pass


async def sound(club: ProgrammeUnderTest) -> bool:
    return (await VerificationService(club.services).verify(club.key)).differences == []


def told(transfers: list[Transfer]) -> list[tuple[TransferKind, int, int]]:
    """(kind, amount, year in which it happened; what lapses with a year in that year)"""
    return [(t.kind, t.amount, (t.occurred_at - timedelta(milliseconds=1)).year) for t in transfers]


async def test_a_deduction_takes_nothing_that_has_lapsed_though_no_worker_was_there(
    programme: MakeProgramme,
) -> None:
    club = await club_with(programme, expires_after="P10D")
    await club.do("buy", "ann")
    club.clock.advance(timedelta(days=20))

    await club.do("use", "ann")

    earned, lapsed, used = await club.transfers("ann")
    assert (lapsed.kind, lapsed.amount, lapsed.occurred_at) == (K.EXPIRED, -10, earned.expires_at)
    assert (used.amount, [limit.kind for limit in used.limited_by]) == (0, [LimitKind.FLOOR])
    assert await sound(club)


@pytest.mark.parametrize("a_worker_was_there", [False, True])
async def test_a_reversal_takes_nothing_that_has_lapsed_whether_or_not_a_worker_was_there(
    programme: MakeProgramme, a_worker_was_there: bool
) -> None:
    club = await club_with(programme, expires_after="P10D")
    await club.do("buy", "ann")
    club.clock.advance(timedelta(days=5))
    second = await club.do("buy", "ann")
    await club.do("use", "ann")  # the first ten go
    await club.do("buy", "ann")
    club.clock.advance(timedelta(days=12))
    if a_worker_was_there:
        await sweep(club)

    await club.reverse(second)

    account = await club.account("ann", "points")
    assert account is not None
    assert (account.active, account.expired, account.lifetime, account.owed) == (0, 20, 20, 10)
    assert await sound(club)


async def test_an_earning_does_not_bring_back_what_inactivity_had_lapsed(programme: MakeProgramme) -> None:
    club = await club_with(programme, **IDLE)
    await club.do("buy", "ann")
    club.clock.advance(timedelta(days=400))

    await club.do("buy", "ann")

    assert await club.balance("ann", "points") == 10
    assert [t.kind for t in await club.transfers("ann")] == [K.EARNED, K.EXPIRED, K.EARNED]
    assert await sound(club)


async def test_imported_history_lapses_between_what_it_says_in_its_own_order(
    programme: MakeProgramme,
) -> None:
    club = await club_with(programme, **YEARLY)
    history = [("buy", 2020), ("use", 2021), ("buy", 2021), ("use", 2023), ("buy", 2023), ("buy", 2025)]

    await club.record(
        *(club.activity(kind, "ann", at=datetime(year, 5, 1, tzinfo=UTC)) for kind, year in history),
        historic=True,
    )
    await sweep(club)

    assert told(await club.transfers("ann")) == [
        (K.EARNED, 10, 2020),
        (K.DEDUCTED, -10, 2021),  # in time: what was earned in 2020 is good to the end of 2021
        (K.EARNED, 10, 2021),
        (K.EXPIRED, -10, 2022),
        (K.DEDUCTED, 0, 2023),  # too late
        (K.EARNED, 10, 2023),
        (K.EARNED, 10, 2025),
        (K.EXPIRED, -10, 2024),
    ]
    account = await club.account("ann", "points")
    assert account is not None
    assert account.lots == (Lot(datetime(2027, 1, 1, tzinfo=UTC), 10),)
    assert await sound(club)


async def test_imported_history_of_inactivity_lapses_where_the_gap_was(programme: MakeProgramme) -> None:
    club = await club_with(programme, **IDLE)
    days = [
        datetime(2020, 1, 1, tzinfo=UTC),
        datetime(2020, 9, 1, tzinfo=UTC),
        datetime(2026, 2, 1, tzinfo=UTC),
    ]

    await club.record(*(club.activity("buy", "ann", at=day) for day in days), historic=True)

    assert told(await club.transfers("ann")) == [
        (K.EARNED, 10, 2019),
        (K.EARNED, 10, 2020),
        (K.EXPIRED, -20, 2021),
        (K.EARNED, 10, 2026),
    ]
    assert await sound(club)


async def test_what_a_worker_found_lapsed_stays_so_for_what_is_told_later(programme: MakeProgramme) -> None:
    club = await club_with(programme, **YEARLY)
    await club.do("buy", "ann", at=datetime(2020, 5, 1, tzinfo=UTC))
    await sweep(club)

    await club.do("use", "ann", at=datetime(2021, 5, 1, tzinfo=UTC))

    used = (await club.transfers("ann"))[-1]
    assert (used.kind, used.amount, used.limited_by[0].shortfall) == (K.DEDUCTED, 0, 10)
    assert await sound(club)


async def test_a_job_that_runs_again_finds_nothing(programme: MakeProgramme) -> None:
    club = await club_with(programme, **YEARLY)
    await club.do("buy", "ann", at=datetime(2020, 5, 1, tzinfo=UTC))
    await sweep(club)
    before = await club.transfers("ann")

    await sweep(club)
    assert await club.services.points.expire_lapsed(club.clock.now) == 0

    assert await club.transfers("ann") == before
