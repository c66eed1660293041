"""Random histories of points that wait, lapse, are capped, held, spent, given, owed, refunded and taken back."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gamification.activity.model import Activity, NewActivity
from gamification.kit.errors import DomainError
from gamification.ledger.holds import Hold
from gamification.verification.service import VerificationService
from tests.conftest import MakeProgramme
from tests.support import ProgrammeUnderTest, on_servers

START = datetime(2027, 1, 30, 12, tzinfo=UTC)
AMOUNT = {"type": "object", "properties": {"amount": {"type": "integer"}}}
UNITS: dict[str, dict[str, Any]] = {
    "plain": {"expiry": {"after": "P3D"}},
    "indebted": {"floor": -30, "expiry": {"idle": "P4D"}, "grace": "P1D"},
    "waiting": {
        "pending": {"after": "P2D"},
        "expiry": {"after": "P3D"},
        "caps": [{"amount": 60, "cycle": "daily"}],
    },
    "confirmed": {
        "pending": {"on": ["sent"], "within": "P2D"},
        "caps": [{"amount": 25, "per": "transaction"}],
    },
}


def document(unit: dict[str, Any]) -> dict[str, Any]:
    def rule(key: str, amount: str, **more: Any) -> dict[str, Any]:
        points = {"unit": "points", "amount": amount, **more}
        return {"key": key, "on": [key], "effects": [{"points": points}]}

    return {
        "units": [{"key": "points", "gifts": {"daily": 1000}, **unit}],
        "budgets": [{"key": "all", "unit": "points", "amount": 300}],
        "activity_types": [
            {"key": "buy", "properties": AMOUNT, "refund": {"amount": "amount"}},
            {"key": "cost", "properties": AMOUNT},
            {"key": "sent"},
        ],
        "rules": [rule("buy", "activity.amount * 2", budgets=["all"]), rule("cost", "-activity.amount")],
    }


amounts = st.integers(1, 40)
earning = st.one_of(
    st.tuples(st.just("buy"), amounts, st.integers(0, 2)),
    st.tuples(st.just("cost"), amounts, st.integers(0, 2)),
    st.tuples(st.just("sent"), st.just(0), st.integers(0, 2)),
)
time_passing = st.tuples(st.just("wait"), st.integers(1, 60), st.just(0))
taking_back = st.one_of(
    st.tuples(st.just("reverse"), st.just(0), st.integers(0, 20)),
    st.tuples(st.just("refund"), st.integers(1, 20), st.integers(0, 20)),
)
using = st.one_of(
    st.tuples(st.just("spend"), amounts, st.just(0)),
    st.tuples(st.just("hold"), amounts, st.just(0)),
    st.tuples(st.just("capture"), amounts, st.integers(0, 5)),
    st.tuples(st.just("release"), st.just(0), st.integers(0, 5)),
    st.tuples(st.just("give"), amounts, st.just(0)),
)
Step = tuple[str, int, int]


class History:
    """Runs steps; what is refused leaves nothing behind."""

    def __init__(self, club: ProgrammeUnderTest) -> None:
        self.club = club
        self.sent: list[NewActivity] = []
        self.recorded: list[Activity] = []
        self.holds: list[Hold] = []
        self.keys = 0

    async def step(self, step: Step) -> None:
        kind, amount, choice = step
        self.keys += 1
        try:
            await self._do(kind, amount, choice, f"k{self.keys}")
        except DomainError:
            return

    async def _do(self, kind: str, amount: int, choice: int, key: str) -> None:
        club, services, ann = self.club, self.club.services, self.club.id_of("ann")
        if kind in ("buy", "cost", "sent"):
            stated: dict[str, Any] = {} if kind == "sent" else {"amount": amount}
            new = club.activity(kind, "ann", subject=f"order:{choice}", **stated)
            (outcome,) = await club.record(new)
            assert outcome.activity is not None
            self.sent.append(new)
            self.recorded.append(outcome.activity)
        elif kind == "wait":
            club.clock.advance(timedelta(hours=amount))
            await self.work()
        elif kind == "reverse" and self.recorded:
            await club.reverse(self.recorded[choice % len(self.recorded)])
        elif kind == "refund" and self.recorded:
            found = self.recorded[choice % len(self.recorded)]
            await services.refunds.refund(
                club.service, found.source, found.source_id, Decimal(amount), [], None, key
            )
        elif kind == "spend":
            await services.points.spend(club.service, ann, "points", amount, "s", key)
        elif kind == "hold":
            hold, _ = await services.holds.authorise(
                club.service, ann, "points", amount, timedelta(days=2), "h", key
            )
            self.holds.append(hold)
        elif kind == "capture" and self.holds:
            hold = self.holds[choice % len(self.holds)]
            await services.holds.capture(club.service, hold.id, min(amount, hold.amount), key)
        elif kind == "release" and self.holds:
            await services.holds.release(club.service, self.holds[choice % len(self.holds)].id, key)
        elif kind == "give":
            await services.generosity.give(club.service, ann, club.id_of("bob"), "points", amount, "g", key)

    async def work(self) -> None:
        """What the worker does."""
        services, now = self.club.services, self.club.clock.now
        while await services.holds.expire_due(now):
            pass
        while await services.points.settle_pending(now):
            pass
        while await services.points.expire_lapsed(now):
            pass


async def begin(programme: MakeProgramme, unit: str) -> History:
    club = await programme(document(UNITS[unit]), lateness="unlimited")
    club.clock.now = START
    await club.join_all("ann", "bob")
    return History(club)


async def is_sound(club: ProgrammeUnderTest) -> None:
    assert (await VerificationService(club.services).verify(club.key)).differences == []
    for member in ("ann", "bob"):
        account = await club.account(member, "points")
        if account is not None:
            assert all(lot.amount > 0 for lot in account.lots)
            assert sum(lot.amount for lot in account.lots) == max(account.active, 0)
            assert min(account.pending, account.held, account.owed, account.spent, account.expired) >= 0
            assert account.active + account.held == account.lifetime - account.spent - account.expired


@on_servers(15)
@given(
    st.sampled_from(sorted(UNITS)),
    st.lists(st.one_of(earning, earning, time_passing, taking_back, using), min_size=5, max_size=25),
)
async def test_whatever_happens_everything_adds_up_and_sending_it_again_changes_nothing(
    programme: MakeProgramme, unit: str, steps: list[Step]
) -> None:
    history = await begin(programme, unit)
    for step in steps:
        await history.step(step)
    await is_sound(history.club)
    before = [await history.club.account(member, "points") for member in ("ann", "bob")]

    if history.sent:
        await history.club.record(*history.sent)
    for activity in history.recorded:
        if (await reversed_before(history, activity)) is not None:
            await history.club.reverse(activity)
    await history.work()
    await history.work()

    after = [await history.club.account(member, "points") for member in ("ann", "bob")]
    assert [one and one.lifetime for one in after] == [one and one.lifetime for one in before]
    await is_sound(history.club)


async def reversed_before(history: History, activity: Activity) -> object:
    found = await history.club.services.activities.by_ids(history.club.key, [activity.id])
    return found[activity.id].reversal


@on_servers(15)
@given(
    st.sampled_from(sorted(UNITS)),
    st.lists(st.one_of(earning, earning, time_passing, taking_back), min_size=3, max_size=20),
    st.randoms(use_true_random=False),
)
async def test_taking_everything_back_returns_to_nothing(
    programme: MakeProgramme, unit: str, steps: list[Step], random: Any
) -> None:
    history = await begin(programme, unit)
    for step in steps:
        await history.step(step)

    order = list(history.recorded)
    random.shuffle(order)
    for activity in order:
        await history.club.reverse(activity)

    account = await history.club.account("ann", "points")
    if account is not None:
        assert (account.pending, account.held) == (0, 0)
        assert account.active <= 0
        if not account.expired:
            assert (account.active, account.lots) == (0, ())
    uses = await history.club.services.stores.caps.all_of(history.club.key)
    if account is not None:
        assert {use.used for use in uses.values()} <= {0}
    await is_sound(history.club)
