"""A real shop's history, imported in March 1999, after some of it had lapsed, and looked at again today: 1,000 purchases
are taken back or refunded in part, half of them then and half now, and every figure is compared with the file, added up
here in the plainest way.

`PURCHASE_ROWS=69659` does it with the whole file.
"""

import os
import random
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from api.importing import run_import
from community import services as wiring
from community.services import Services
from gamification.activity.model import ActivityStatus
from gamification.importers.purchases import PurchaseFile
from gamification.insights.annual import AnnualReport
from gamification.kit.actors import Actor, Role
from gamification.ledger.model import TransferKind
from gamification.members.model import Member
from gamification.services import utc_now
from storage.embedded import Endpoints
from storage.mongo import Mongo
from storage.redis import RedisStore
from storage.startup import prepare
from tests.e2e.conftest import Run, shared_data

# `mongo` keeps the server from deleting what is old by its own clock.
pytestmark = [pytest.mark.xdist_group("purchases-taken-back"), pytest.mark.usefixtures("mongo")]
PROGRAMME = "cdnow_taken_back"
"""A key of its own: tests share one Redis."""
ROWS = int(os.environ.get("PURCHASE_ROWS", "6000"))
TAKEN_BACK = 1000
IN_1999 = 500
BEFORE_THE_SWEEP = 100
"""Of those so many before a worker comes: that makes no difference."""
MARCH_1999 = datetime(1999, 3, 1, 12, tzinfo=UTC)
"""What was bought in 1997 lapsed with 1998, what was bought in 1998 is good to the end of 1999."""
REPORTED = 150
"""Members whose annual reports are compared: half of them such of whom something was taken back."""
TIERS = ("listener", "collector", "connoisseur", "patron")
THRESHOLDS = (0, 100, 300, 1000)


def tier_of(growth: int) -> str:
    return TIERS[bisect_right(THRESHOLDS, growth) - 1]


@dataclass
class Purchase:
    line: int
    customer: str
    day: str
    amount: Decimal
    refunded: Decimal = Decimal()
    reversed: bool = False

    @property
    def year(self) -> int:
        return int(self.day[:4])

    @property
    def points(self) -> int:
        return int(self.amount)

    @property
    def gone(self) -> int:
        """Of its points, those that taking it back concerns: of a part as large a share, halves upward."""
        if self.reversed:
            return self.points
        return int(self.points * Fraction(self.refunded) / Fraction(self.amount or 1) + Fraction(1, 2))


@dataclass
class Customer:
    """A customer's figures, kept step by step; lots by the year in which they were earned."""

    purchases: list[Purchase] = field(default_factory=list)
    lots: Counter[int] = field(default_factory=Counter)
    earned: Counter[int] = field(default_factory=Counter)
    expired: Counter[int] = field(default_factory=Counter)
    growth: Counter[int] = field(default_factory=Counter)
    taken: int = 0
    growth_taken: Counter[int] = field(default_factory=Counter)

    def buys(self, purchase: Purchase) -> None:
        self.purchases.append(purchase)
        self.lots[purchase.year] += purchase.points
        self.earned[purchase.year] += purchase.points
        self.growth[purchase.year] += purchase.points

    def lapses(self, now: datetime) -> None:
        for year in [year for year in self.lots if year + 2 <= now.year]:
            self.expired[year + 1] += self.lots.pop(year)

    def loses(self, purchase: Purchase, now: datetime) -> None:
        """Of what has not lapsed the purchase's own lot first, then the one that lapses soonest; never below zero."""
        self.lapses(now)
        wanted = purchase.gone
        for year in (purchase.year, *sorted(self.lots)):
            share = min(wanted, self.lots[year])
            self.lots[year] -= share
            self.taken += share
            wanted -= share
        self.growth_taken[now.year] += purchase.gone

    def tier_at_the_end_of(self, year: int) -> str:
        """By what had been bought, and not been taken back, until then."""
        bought = sum(amount for when, amount in self.growth.items() if when <= year)
        return tier_of(bought - sum(amount for when, amount in self.growth_taken.items() if when <= year))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lines = shared_data("cdnow", "CDNOW_master.txt").read_text().splitlines()
    file = tmp_path_factory.mktemp("cdnow") / "purchases.txt"
    file.write_text("\n".join(lines[: ROWS + 1]) + "\n")
    return file


def customers_of(file: Path) -> dict[str, Customer]:
    found: dict[str, Customer] = defaultdict(Customer)
    for number, line in enumerate(file.read_text().splitlines()[1:], start=2):
        if line.strip():
            customer, day, _, dollars = line.split()
            found[customer].buys(Purchase(number, customer, day, Decimal(str(float(dollars)))))
    return dict(found)


class Clock:
    """March 1999 first, then the present."""

    def __init__(self) -> None:
        self.now: datetime | None = MARCH_1999

    def __call__(self) -> datetime:
        return self.now or utc_now()


@asynccontextmanager
async def services_of(
    endpoints: Endpoints, environment: dict[str, str], clock: Clock
) -> AsyncIterator[Services]:
    mongo = Mongo(endpoints.mongodb_url, environment["STARGUILD_DATABASE"])
    redis = RedisStore(endpoints.redis_url)
    try:
        await prepare(mongo, wiring.INDEXES)
        yield wiring.build(mongo, redis, clock)
    finally:
        await redis.close()
        mongo.close()


async def take_back(services: Services, purchase: Purchase) -> None:
    backend = Actor(PROGRAMME, "shop", Role.SERVICE)
    name = ("cdnow", f"line:{purchase.line}")
    if purchase.reversed:
        _, before = await services.reversal.reverse(backend, *name, "returned")
    else:
        key = f"refund:{purchase.line}"
        _, before = await services.refunds.refund(backend, *name, purchase.refunded, [], "a scratch", key)
    assert not before


async def sweep(services: Services) -> int:
    """What the worker does each minute."""
    done = 0
    while count := await services.points.expire_lapsed(services.now()):
        done += count
    return done


async def test_what_lapsed_and_what_was_taken_back_is_what_the_file_adds_up_to(
    starguild: Run, file: Path, endpoints: Endpoints, environment: dict[str, str]
) -> None:
    customers, clock = customers_of(file), Clock()
    chosen = choose(customers)
    async with services_of(endpoints, environment, clock) as services:
        imported = await run_import(services, PurchaseFile(file), PROGRAMME, "purchases", lambda *_: None)
        assert imported.outcomes == {
            ActivityStatus.RECORDED: sum(len(c.purchases) for c in customers.values())
        }
        await _take_back(services, customers, chosen[:BEFORE_THE_SWEEP])
        await _expire(services, customers)
        await _take_back(services, customers, chosen[BEFORE_THE_SWEEP:IN_1999])
        clock.now = None
        await _take_back(services, customers, chosen[IN_1999 : IN_1999 + BEFORE_THE_SWEEP])
        await _expire(services, customers)
        await _take_back(services, customers, chosen[IN_1999 + BEFORE_THE_SWEEP :])

        members = {m.external_id: m async for m in services.stores.members.stream(PROGRAMME)}
        await _check_accounts(services, members, customers)
        await _check_tiers(services, members, customers)
        await _check_tasks_and_boards(services, members, customers)
        others = random.Random(2).sample(sorted(customers), REPORTED // 2)
        for name in (*{purchase.customer for purchase in chosen[:: 2 * TAKEN_BACK // REPORTED]}, *others):
            await _check_reports(services, members[name], customers[name])
    code, report = starguild("verify", "--programme", PROGRAMME)
    assert (code, report["differences"]) == (0, [])


async def _take_back(services: Services, customers: dict[str, Customer], chosen: list[Purchase]) -> None:
    for purchase in chosen:
        await take_back(services, purchase)
        customers[purchase.customer].loses(purchase, services.now())


async def _expire(services: Services, customers: dict[str, Customer]) -> None:
    await sweep(services)
    for customer in customers.values():
        customer.lapses(services.now())
    assert await sweep(services) == 0


def choose(customers: dict[str, Customer]) -> list[Purchase]:
    """1,000 purchases at random, but always the same; of every third a third is refunded, the others are reversed."""
    every = [purchase for _, customer in sorted(customers.items()) for purchase in customer.purchases]
    chosen = random.Random(1).sample(every, TAKEN_BACK)
    for number, purchase in enumerate(chosen):
        part = round(purchase.amount / 3, 2)
        if number % 3 or not part:
            purchase.reversed = True
        else:
            purchase.refunded = part
    assert sum(not purchase.reversed for purchase in chosen) > TAKEN_BACK // 4
    return chosen


async def _check_accounts(
    services: Services, members: dict[str, Member], customers: dict[str, Customer]
) -> None:
    names = {member.id: name for name, member in members.items()}
    found = {(names[a.member_id], a.unit): a async for a in services.stores.ledger.stream(PROGRAMME)}
    for name, customer in customers.items():
        if not customer.earned.total():
            continue
        points, growth = found[name, "points"], found[name, "growth"]
        assert (points.active, points.expired) == (0, customer.expired.total()), name
        assert points.lifetime == customer.earned.total() - customer.taken, name
        assert growth.active == customer.growth.total() - customer.growth_taken.total(), name
        assert (growth.expired, growth.owed) == (0, 0), name


async def _check_tiers(
    services: Services, members: dict[str, Member], customers: dict[str, Customer]
) -> None:
    operator = Actor(PROGRAMME, "ops", Role.OPERATOR)
    names = sorted(customers)
    for start in range(0, len(names), 1000):
        some = names[start : start + 1000]
        held = await services.tiers.standings(operator, [members[name] for name in some])
        assert {name: held[members[name].id][0].state.tier for name in some} == {
            name: customers[name].tier_at_the_end_of(9999) for name in some
        }


async def _check_tasks_and_boards(
    services: Services, members: dict[str, Member], customers: dict[str, Customer]
) -> None:
    names = {member.id: name for name, member in members.items()}
    monthly: Counter[tuple[str, str]] = Counter()
    yearly: dict[int, Counter[str]] = defaultdict(Counter)
    for name, customer in customers.items():
        for purchase in customer.purchases:
            yearly[purchase.year][name] += purchase.points - purchase.gone
            monthly[name, purchase.day[:6]] += not purchase.reversed
    threes = {name for (name, _), number in monthly.items() if number >= 3}
    done = {names[p.member_id] async for p in services.stores.progress.stream(PROGRAMME) if p.is_complete}
    assert done == threes
    assert {names[a.member_id] async for a in services.stores.awards.stream(PROGRAMME) if a.stands} == threes
    viewer = Actor(PROGRAMME, "test", Role.SERVICE)
    board = await services.leaderboards.board(viewer, "spend_yearly")
    assert board is not None
    for year, spent in yearly.items():
        period = await services.leaderboards.period(viewer, board, str(year), services.now())
        assert period is not None
        page = await services.leaderboards.page(board, period, 0, 100_000)
        assert {names[entry.member_id]: entry.score for entry in page.entries} == {
            name: total for name, total in spent.items() if total
        }


async def _check_reports(services: Services, member: Member, customer: Customer) -> None:
    this_year = services.now().year
    balance = 0
    tier = "listener"
    for year in (1997, 1998, 1999, this_year):
        report = await services.insights.annual_report(
            Actor(PROGRAMME, member.external_id, Role.MEMBER), member, year
        )
        moved = {
            TransferKind.EARNED: customer.earned[year],
            TransferKind.EXPIRED: -customer.expired[year],
            TransferKind.REVERSED: -customer.taken if year == 1999 else 0,
        }
        line = _line(report, "points")
        assert {kind: amount for kind, amount in line.moved.items() if amount} == {
            kind: amount for kind, amount in moved.items() if amount
        }, (member.external_id, year)
        assert (line.opening, line.closing) == (balance, balance + sum(moved.values()))
        balance = line.closing
        growth = _line(report, "growth").moved
        assert growth.get(TransferKind.EARNED, 0) == customer.growth[year]
        assert growth.get(TransferKind.REVERSED, 0) == -customer.growth_taken[year]
        (ladder,) = report.tiers
        at_the_end = customer.tier_at_the_end_of(year)
        assert (ladder.opening, ladder.closing) == (tier, at_the_end), (member.external_id, year)
        tier = at_the_end
        standing = sum(p.year == year and not p.reversed for p in customer.purchases)
        assert report.activities == ({"purchase.completed": standing} if standing else {})
        months = Counter(p.day[:6] for p in customer.purchases if p.year == year and not p.reversed)
        assert report.tasks_completed == sum(number >= 3 for number in months.values())
    assert balance == 0


def _line(report: AnnualReport, unit: str) -> Any:
    return next(one.line for one in report.points if one.unit == unit)
