"""Spending, adjusting and expiry on the real ledger."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gamification.kit.actors import Actor
from gamification.kit.errors import (
    ErrorCode,
    Forbidden,
    IdempotencyConflict,
    InsufficientPoints,
    InvalidInput,
    NotFound,
)
from gamification.kit.numbers import LONG_MAX
from gamification.ledger.model import Lot, TransferKind
from gamification.members.model import Standing
from tests.conftest import MakeProgramme
from tests.support import ProgrammeUnderTest

DOCUMENT: dict[str, Any] = {
    "units": [
        {"key": "points", "expires_after": "P10D"},
        {"key": "rep", "floor": 10},
        {"key": "old", "status": "archived"},
    ],
    "activity_types": [{"key": "play"}],
    "rules": [
        {
            "key": "r",
            "on": ["play"],
            "effects": [
                {"points": {"unit": "points", "amount": "activity.v"}},
                {"points": {"unit": "rep", "amount": "activity.v"}},
            ],
        }
    ],
}


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    made = await programme(DOCUMENT)
    await made.join_all("ann", "bob")
    return made


async def spend(
    club: ProgrammeUnderTest, amount: int, key: str, *, unit: str = "points", actor: Actor | None = None
) -> tuple[bytes, bool]:
    return await club.services.points.spend(actor or club.member_actor("ann"), None, unit, amount, "mug", key)


async def adjust(club: ProgrammeUnderTest, amount: int, key: str, unit: str = "points") -> tuple[bytes, bool]:
    return await club.services.points.adjust(club.operator, club.id_of("ann"), unit, amount, "fair", key)


async def test_of_fifty_spends_at_once_exactly_one_wins(club: ProgrammeUnderTest) -> None:
    await club.do("play", "ann", v=100)

    results = await asyncio.gather(*(spend(club, 100, f"k{n}") for n in range(50)), return_exceptions=True)

    won = [result for result in results if not isinstance(result, BaseException)]
    lost = [result for result in results if isinstance(result, InsufficientPoints)]
    assert (len(won), len(lost)) == (1, 49)
    assert {(error.available, error.requested) for error in lost} == {(0, 100)}
    assert await club.balance("ann", "points") == 0
    assert [t.amount for t in await club.transfers("ann", "points")] == [100, -100]


async def test_many_small_spends_at_once_all_win(club: ProgrammeUnderTest) -> None:
    await club.do("play", "ann", v=20)

    await asyncio.gather(*(spend(club, 1, f"k{n}") for n in range(20)))

    account = await club.account("ann", "points")
    assert account is not None
    assert (account.active, account.spent, account.lifetime, account.entries) == (0, 20, 20, 21)


async def test_the_same_key_spends_once(club: ProgrammeUnderTest) -> None:
    await club.do("play", "ann", v=100)

    results = await asyncio.gather(*(spend(club, 30, "same") for _ in range(10)))

    assert len({transfer for transfer, _ in results}) == 1
    assert sorted(replayed for _, replayed in results) == [False] + [True] * 9
    assert await club.balance("ann", "points") == 70


async def test_a_key_with_another_input_is_a_conflict_and_spends_nothing(club: ProgrammeUnderTest) -> None:
    await club.do("play", "ann", v=100)
    await spend(club, 30, "k")

    for amount, unit in ((31, "points"), (30, "rep")):
        with pytest.raises(IdempotencyConflict):
            await spend(club, amount, "k", unit=unit)

    assert await club.balance("ann", "points") == 70


async def test_a_key_of_a_spend_that_failed_may_be_used_again(club: ProgrammeUnderTest) -> None:
    with pytest.raises(InsufficientPoints):
        await spend(club, 30, "k")
    await club.do("play", "ann", v=100)

    assert (await spend(club, 30, "k"))[1] is False


async def test_callers_have_keys_of_their_own(club: ProgrammeUnderTest) -> None:
    await club.record(club.activity("play", "ann", v=50), club.activity("play", "bob", v=50))

    one, _ = await spend(club, 10, "k")
    other, replayed = await spend(club, 10, "k", actor=club.member_actor("bob"))

    assert one != other
    assert not replayed


async def test_what_is_below_the_floor_cannot_be_spent(club: ProgrammeUnderTest) -> None:
    await club.do("play", "ann", v=25)

    with pytest.raises(InsufficientPoints) as refused:
        await spend(club, 16, "k1", unit="rep")
    await spend(club, 15, "k2", unit="rep")

    assert (refused.value.available, refused.value.requested) == (15, 16)
    assert await club.balance("ann", "rep") == 10


@pytest.mark.parametrize(
    ("amount", "code"),
    [(0, ErrorCode.INVALID_INPUT), (-5, ErrorCode.INVALID_INPUT), (LONG_MAX + 1, ErrorCode.NOT_EXACT)],
)
async def test_an_amount_is_at_least_one_and_exact(
    club: ProgrammeUnderTest, amount: int, code: ErrorCode
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await spend(club, amount, "k")

    assert refused.value.code is code
    assert refused.value.path == ["amount"]


@pytest.mark.parametrize("unit", ["old", "nope"])
async def test_only_published_units_are_spent(club: ProgrammeUnderTest, unit: str) -> None:
    with pytest.raises(NotFound):
        await spend(club, 1, "k", unit=unit)


@pytest.mark.parametrize("key", ["", "x" * 201])
async def test_a_key_has_a_length(club: ProgrammeUnderTest, key: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await spend(club, 1, key)

    assert refused.value.limit == 200


async def test_adjusts_up_and_down_and_says_who_and_why(club: ProgrammeUnderTest) -> None:
    await adjust(club, 40, "k1")
    await adjust(club, -15, "k2")
    with pytest.raises(InsufficientPoints):
        await adjust(club, -26, "k3")
    with pytest.raises(InvalidInput):
        await adjust(club, 0, "k4")
    with pytest.raises(InvalidInput):
        await adjust(club, LONG_MAX, "k5")

    up, down = await club.transfers("ann", "points")
    assert [t.amount for t in (up, down)] == [40, -15]
    assert {t.kind for t in (up, down)} == {TransferKind.ADJUSTED}
    assert (down.cause.actor, down.cause.reason) == ("operator:ops", "fair")
    account = await club.account("ann", "points")
    assert account is not None
    assert account.lifetime == account.active == 25


async def test_who_may_spend_and_adjust(club: ProgrammeUnderTest) -> None:
    points, ann = club.services.points, club.id_of("ann")
    await adjust(club, 100, "k")

    for actor in (club.operator, club.moderator, club.member_actor("bob")):
        with pytest.raises(Forbidden):
            await points.spend(actor, ann, "points", 1, "mug", "k1")
    for actor in (club.moderator, club.member_actor("ann")):
        with pytest.raises(Forbidden):
            await points.adjust(actor, ann, "points", 1, "me", "k1")
    with pytest.raises(NotFound):
        await points.spend(club.service, None, "points", 1, "mug", "k")
    await points.spend(club.service, ann, "points", 1, "mug", "k")
    await club.services.moderation.set_standing(club.moderator, ann, Standing.BANNED, "spam")
    with pytest.raises(Forbidden):
        await spend(club, 1, "k9")
    await points.spend(club.service, ann, "points", 1, "mug", "k10")


async def test_lapsed_points_cannot_be_spent_even_before_the_job_ran(club: ProgrammeUnderTest) -> None:
    await club.do("play", "ann", v=50)
    club.clock.advance(timedelta(days=12))

    with pytest.raises(InsufficientPoints) as refused:
        await spend(club, 1, "k")
    assert refused.value.available == 0

    await club.do("play", "ann", v=30)
    await spend(club, 30, "k")
    assert [t.amount for t in await club.transfers("ann", "points")] == [50, -50, 30, -30] or [
        t.amount for t in await club.transfers("ann", "points")
    ] == [50, 30, -50, -30]


async def test_the_expiry_job_takes_lapsed_lots_out_once(club: ProgrammeUnderTest) -> None:
    club.clock.now = datetime(2026, 11, 1, 12, tzinfo=UTC)
    await club.record(club.activity("play", "ann", v=50), club.activity("play", "bob", v=5))
    club.clock.now = datetime(2026, 11, 5, 12, tzinfo=UTC)
    await club.do("play", "ann", v=7)
    await spend(club, 20, "k")

    lapse = datetime(2026, 11, 12, tzinfo=UTC)
    assert await club.services.points.expire_lapsed(lapse - timedelta(milliseconds=1)) == 0
    await asyncio.gather(*(club.services.points.expire_lapsed(lapse) for _ in range(3)))
    while await club.services.points.expire_lapsed(lapse):
        pass

    account = await club.account("ann", "points")
    assert account is not None
    assert (account.active, account.spent, account.expired, account.lifetime) == (7, 20, 30, 57)
    assert account.lots == (Lot(datetime(2026, 11, 16, tzinfo=UTC), 7),)
    assert (await club.account("bob", "points") or account).active == 0
    assert [t.kind for t in await club.transfers("ann", "points")].count(TransferKind.EXPIRED) == 1


async def test_a_crash_in_the_middle_leaves_nothing(
    club: ProgrammeUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores = club.services.stores

    async def crash(*_: Any) -> None:
        raise RuntimeError("power cut")

    for broken in (stores.outbox, stores.ledger):
        with monkeypatch.context() as patch:
            patch.setattr(broken, "append" if broken is stores.outbox else "add_transfers", crash)
            with pytest.raises(RuntimeError):
                await club.do("play", "ann", v=50, source_id="the-one")
            with pytest.raises(RuntimeError):
                await adjust(club, 50, "the-key")

    assert await club.account("ann", "points") is None
    assert await club.transfers("ann") == []
    assert await club.services.activities.count(club.key) == 0
    assert await stores.feed.after(club.id_of("ann"), 0) == []
    await club.do("play", "ann", v=50, source_id="the-one")
    assert (await adjust(club, 50, "the-key"))[1] is False
    assert await club.balance("ann", "points") == 100


async def test_balances_are_read_by_their_owner_staff_and_as_of_then(club: ProgrammeUnderTest) -> None:
    club.clock.now = datetime(2026, 11, 1, 12, tzinfo=UTC)
    await club.do("play", "ann", v=50)
    club.clock.advance(timedelta(days=1))
    await spend(club, 20, "k")
    ledger, ann = club.services.ledger, club.members["ann"]

    own = (await ledger.balances(club.member_actor("ann"), [ann]))[ann.id]
    assert [(b.unit, b.active, b.spent, b.lifetime) for b in own] == [
        ("points", 30, 20, 50),
        ("rep", 50, 0, 50),
    ]
    assert await ledger.balances(club.member_actor("bob"), [ann]) == {}
    then = await ledger.balance_as_of(club.moderator, ann, "points", datetime(2026, 11, 1, 13, tzinfo=UTC))
    assert then is not None
    assert (then.active, then.spent) == (50, 0)
    assert await ledger.balance_as_of(club.member_actor("bob"), ann, "points", club.clock.now) is None
