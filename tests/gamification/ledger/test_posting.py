from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamification.kit.causes import Cause
from gamification.kit.errors import ErrorCode, InvalidInput
from gamification.kit.numbers import LONG_MAX
from gamification.ledger.model import Account, Clockwork, Lot, Posting, Transfer, TransferKind, new_account
from gamification.ledger.policies import expiry_of
from gamification.ledger.posting import expire, post
from gamification.ledger.service import replay
from gamification.programmes.definitions import Unit

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAYS = [None, *(NOON + timedelta(days=n) for n in (1, 2, 3))]


def posting(
    amount: int,
    kind: TransferKind = TransferKind.EARNED,
    expires_at: datetime | None = None,
    name: bytes = b"t",
) -> Posting:
    return Posting(name, amount, kind, NOON, Cause(), expires_at)


def run(account: Account, *postings: Posting, floor: int = 0) -> tuple[Account, list[Transfer]]:
    transfers = []
    for one in postings:
        account, transfer = post(account, one, floor, Clockwork(NOON, 1))
        if transfer is not None:
            transfers.append(transfer)
    return account, transfers


def fresh() -> Account:
    return new_account("p", b"m", "points")


def test_a_deduction_stops_at_the_floor_and_says_how_much_it_fell_short() -> None:
    account, (_, transfer) = run(fresh(), posting(10), posting(-30, TransferKind.DEDUCTED), floor=1)

    assert account.active == 1
    assert transfer.amount == -9
    assert [limit.shortfall for limit in transfer.limited_by] == [21]


def test_a_deduction_below_the_floor_applies_nothing_but_is_kept() -> None:
    account, (transfer,) = run(fresh(), posting(-5, TransferKind.DEDUCTED), floor=1)

    assert account.active == 0
    assert transfer.amount == 0
    assert transfer.entry == 1
    assert [limit.shortfall for limit in transfer.limited_by] == [5]


def test_nothing_posted_is_no_transfer() -> None:
    assert run(fresh(), posting(0)) == (fresh(), [])


def test_points_that_lapse_soonest_go_first() -> None:
    account, transfers = run(
        fresh(),
        posting(5),
        posting(5, expires_at=DAYS[3]),
        posting(5, expires_at=DAYS[1]),
        posting(-7, TransferKind.SPENT),
    )

    assert transfers[-1].lots == (Lot(DAYS[1], 5), Lot(DAYS[3], 2))
    assert account.lots == (Lot(DAYS[3], 3), Lot(None, 5))
    assert account.next_expiry == Lot(DAYS[3], 3)


def test_lots_of_one_instant_are_one() -> None:
    account, _ = run(fresh(), posting(5, expires_at=DAYS[1]), posting(6, expires_at=DAYS[1]))

    assert account.lots == (Lot(DAYS[1], 11),)


def test_lapsed_lots_are_taken_out_once() -> None:
    account, _ = run(fresh(), posting(5, expires_at=DAYS[1]), posting(6, expires_at=DAYS[2]), posting(7))

    after, transfers = expire(account, NOON + timedelta(days=2), Clockwork(NOON, 2, 4))
    again, more = expire(after, NOON + timedelta(days=2), Clockwork(NOON, 3))

    assert [(t.amount, t.kind, t.ordinal) for t in transfers] == [
        (-5, TransferKind.EXPIRED, 4),
        (-6, TransferKind.EXPIRED, 5),
    ]
    assert (after.active, after.expired, after.lifetime) == (7, 11, 18)
    assert (again, more) == (after, [])


def test_a_floor_does_not_keep_time_from_passing() -> None:
    account, _ = run(fresh(), posting(5, expires_at=DAYS[1]), floor=5)

    after, _ = expire(account, NOON + timedelta(days=1), Clockwork(NOON, 2))

    assert after.active == 0


@pytest.mark.parametrize(
    ("zone", "lapses"),
    [("UTC", datetime(2026, 11, 23, tzinfo=UTC)), ("Asia/Shanghai", datetime(2026, 11, 22, 16, tzinfo=UTC))],
)
def test_points_last_to_the_end_of_their_last_day(zone: str, lapses: datetime) -> None:
    unit = Unit(key="points", expires_after=timedelta(days=2))

    assert expiry_of(unit, NOON, zone) == lapses
    assert expiry_of(Unit(key="points"), NOON, zone) is None


def test_a_balance_beyond_what_can_be_held_is_refused() -> None:
    account, _ = run(fresh(), posting(LONG_MAX))

    with pytest.raises(InvalidInput) as refused:
        run(account, posting(1))
    with pytest.raises(InvalidInput):
        run(replace(account, active=0, spent=LONG_MAX, lots=()), posting(1))

    assert refused.value.code is ErrorCode.NOT_EXACT


amounts = st.one_of(
    st.tuples(st.integers(1, 50), st.just(TransferKind.EARNED), st.sampled_from(DAYS)),
    st.tuples(
        st.integers(-50, -1),
        st.sampled_from([TransferKind.SPENT, TransferKind.DEDUCTED, TransferKind.REVERSED]),
        st.none(),
    ),
    st.tuples(st.integers(0, 3), st.none(), st.none()),
)


@given(st.lists(amounts, max_size=30), st.integers(0, 20))
def test_whatever_is_posted_the_account_adds_up(
    steps: list[tuple[int, TransferKind | None, datetime | None]], floor: int
) -> None:
    account, transfers = fresh(), list[Transfer]()
    for amount, kind, expires_at in steps:
        if kind is None:
            now = NOON + timedelta(days=amount)
            account, lapsed = expire(account, now, Clockwork(now, len(transfers)))
            transfers += lapsed
            continue
        before = account
        account, more = run(account, posting(amount, kind, expires_at), floor=floor)
        transfers += more
        assert account.active >= min(before.active, floor)
        if amount < 0:
            kept = -amount - sum(limit.shortfall for t in more for limit in t.limited_by)
            assert before.active - account.active == kept

    assert account.active == sum(t.amount for t in transfers) == sum(lot.amount for lot in account.lots)
    assert account.active == account.lifetime - account.spent - account.expired >= 0
    assert (
        [t.entry for t in transfers]
        == list(range(1, len(transfers) + 1))
        == list(range(1, account.entries + 1))
    )
    assert all(lot.amount > 0 for lot in account.lots)
    assert all(sum(lot.amount for lot in t.lots) == -t.amount for t in transfers if t.amount < 0)
    replayed = replay("points", transfers)
    assert (replayed.active, replayed.spent, replayed.expired, replayed.lifetime) == (
        account.active,
        account.spent,
        account.expired,
        account.lifetime,
    )


def test_a_debt_has_no_lots_and_is_paid_by_what_is_earned_later() -> None:
    debt, (deducted,) = run(fresh(), posting(-30, TransferKind.DEDUCTED), floor=-50)
    paid, _ = run(debt, posting(20, expires_at=DAYS[1]), floor=-50)
    out, _ = run(paid, posting(25, expires_at=DAYS[2]), floor=-50)

    assert (debt.active, debt.lots, deducted.lots) == (-30, (), ())
    assert (paid.active, paid.lots) == (-10, ())
    assert (out.active, out.lots) == (15, (Lot(DAYS[2], 15),))


def test_a_debt_is_no_deeper_than_stated() -> None:
    account, (transfer,) = run(fresh(), posting(-80, TransferKind.DEDUCTED), floor=-50)

    assert account.active == transfer.amount == -50
    assert [limit.shortfall for limit in transfer.limited_by] == [30]


def test_lots_that_come_back_pay_the_debt_with_what_was_taken_on_credit_first() -> None:
    account, (_, taken) = run(
        fresh(), posting(20, expires_at=DAYS[3]), posting(-50, TransferKind.DEDUCTED), floor=-50
    )
    back = Posting(
        b"r", 50, TransferKind.REVERSED, NOON, Cause(), DAYS[1], lots=taken.lots, reverses=taken.id
    )

    after, _ = run(account, back, floor=-50)

    assert (after.active, after.lots) == (20, (Lot(DAYS[3], 20),))


def test_what_reversals_could_not_take_is_made_good_by_what_others_give_back() -> None:
    account, _ = run(
        fresh(), posting(10), posting(-10, TransferKind.DEDUCTED), posting(-10, TransferKind.REVERSED)
    )
    earning, _ = run(account, posting(4))
    after, transfers = run(account, posting(10, TransferKind.REVERSED))

    assert (account.active, account.owed) == (0, 10)
    assert (earning.active, earning.owed) == (4, 10)
    assert (after.active, after.owed, transfers[0].amount) == (0, 0, 0)
    assert [(limit.kind.value, limit.shortfall) for limit in transfers[0].limited_by] == [("owed", 10)]


def test_named_lots_go_first() -> None:
    account, _ = run(fresh(), posting(5, expires_at=DAYS[1]), posting(5, expires_at=DAYS[2]))

    after, transfer = post(
        account,
        Posting(b"r", -6, TransferKind.REVERSED, NOON, Cause(), lots=(Lot(DAYS[2], 9),)),
        0,
        Clockwork(NOON, 1),
    )

    assert transfer is not None
    assert transfer.lots == (Lot(DAYS[1], 1), Lot(DAYS[2], 5))
    assert after.lots == (Lot(DAYS[1], 4),)


def test_inactivity_moves_all_lots_but_never_back() -> None:
    account, _ = run(fresh(), posting(5, expires_at=DAYS[3]), posting(2, expires_at=DAYS[1]))

    after, _ = post(
        account,
        Posting(b"e", 1, TransferKind.EARNED, NOON, Cause(), DAYS[2], renews_to=DAYS[2]),
        0,
        Clockwork(NOON, 1),
    )

    assert after.lots == (Lot(DAYS[2], 3), Lot(DAYS[3], 5))
