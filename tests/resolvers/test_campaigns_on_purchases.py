"""A year of a real shop: member day, birthdays, double points and win-back run day by day on the CDNOW purchases, the clock moved.

What each campaign's report says is computed again from the lines of the purchase file alone.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from math import floor
from pathlib import Path
from typing import Any

import pytest

from gamification.campaigns.joining import variant_of
from gamification.importers.purchases import PurchaseFile
from gamification.members.model import NewMember
from gamification.verification.service import VerificationService
from tests.campaign_world import SHOP
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL

FILE = Path(__file__).parents[3] / "shared" / "data" / "cdnow" / "CDNOW_master.txt"
CUSTOMERS = 60
FIRST, LAST = date(1997, 1, 1), date(1997, 11, 30)
DAY = timedelta(days=1)
ALL = {"starts_at": "1997-01-01T00:00:00Z", "ends_at": "1997-12-01T00:00:00Z"}
WEEK = (date(1997, 3, 10), date(1997, 3, 17))
MEMBER_DAY = 8
WIN_BACK = date(1997, 5, 1)
CAMPAIGNS: list[dict[str, Any]] = [
    {
        "key": "member_day",
        "kind": "benefit",
        "schedule": {**ALL, "repeat": "monthly", "days": [MEMBER_DAY]},
        "multiply": [{"unit": "points", "percent": 300}],
    },
    {
        "key": "double",
        "kind": "benefit",
        "schedule": {"starts_at": "1997-03-10T00:00:00Z", "ends_at": "1997-03-17T00:00:00Z"},
        "multiply": [{"unit": "points", "percent": 200}],
        "measures": {"for_days": 7},
    },
    {"key": "birthday", "kind": "benefit", "schedule": {**ALL, "repeat": "birthday"}, "reaches": True},
    {
        "key": "win_back",
        "kind": "growth",
        "schedule": {"starts_at": "1997-05-01T00:00:00Z", "ends_at": "1997-12-01T00:00:00Z"},
        "audience": {"segments": ["silent"]},
        "reaches": True,
        "experiment": {"hold_out": 40},
        "budget": {"money": 100_000},
    },
]
RULES: list[dict[str, Any]] = [
    {
        "key": "birthday_gift",
        "on": ["campaign.reached"],
        "campaign": "birthday",
        "effects": [{"points": {"unit": "points", "amount": 88}}],
    },
    {
        "key": "win_back_voucher",
        "on": ["campaign.reached"],
        "campaign": "win_back",
        "effects": [{"reward": {"reward": "voucher"}}],
    },
]
FIGURES = """query($key: String!) { campaign(key: $key) { state figures {
    members reached participants converters spend cost points { unit amount } rewards { reward count }
    arms { variant members reached converters spend } } } }"""


@dataclass
class Lines:
    """The first customers' purchases, as they stand in the file."""

    bought: list[tuple[str, date, float, int]] = field(default_factory=list)

    @classmethod
    def read(cls) -> "Lines":
        wanted = {f"{number:05}" for number in range(1, CUSTOMERS + 1)}
        found = cls()
        for number, line in enumerate(FILE.read_text("ascii").splitlines()[1:], start=2):
            customer, day, _, dollars = line.split()
            at = date(int(day[:4]), int(day[4:6]), int(day[6:]))
            if customer in wanted and at <= LAST:
                found.bought.append((customer, at, float(dollars), number))
        return found

    def between(self, since: date, until: date) -> list[tuple[str, date, float, int]]:
        return [one for one in self.bought if since <= one[1] < until]


def birthday_of(customer: str) -> str:
    """A made-up one, the same at every run."""
    return f"{date(2000, 1, 1) + int(customer) * 6 * DAY:%m-%d}"


async def steps(lines: Lines) -> list[date]:
    """The days on which anything happens; the worker is away on all others."""
    days = {day for _, day, _, _ in lines.bought} | {FIRST, LAST, WEEK[0], WIN_BACK}
    return sorted(days | {FIRST + n * 7 * DAY for n in range(48) if FIRST + n * 7 * DAY <= LAST})


@pytest.mark.skipif(not FILE.exists(), reason="the CDNOW data is not there")
async def test_reports_are_what_the_file_says(programme: MakeProgramme, graphql: GraphQL) -> None:
    lines = Lines.read()
    shop = await programme(
        {
            **SHOP,
            "rules": [*SHOP["rules"], *RULES],
            "campaigns": CAMPAIGNS,
            "segments": [{"key": "silent", "when": 'lifecycle == "silent"'}],
        },
        lateness="unlimited",
    )
    shop.clock.now = datetime(1997, 1, 1, tzinfo=UTC)
    customers = sorted({customer for customer, _, _, _ in lines.bought})
    joined = await shop.services.members.ensure(
        shop.service, [NewMember(one, birthday=birthday_of(one), time_zone="UTC") for one in customers]
    )
    ids = {one.external_id: one.id for one in joined}
    by_day = defaultdict(list)
    for customer, day, dollars, number in lines.bought:
        by_day[day].append((customer, dollars, number))
    noted: dict[str, date] = {}
    last: dict[str, date] = {}
    for day in await steps(lines):
        shop.clock.now = datetime(day.year, day.month, day.day, 18, tzinfo=UTC)
        noon = shop.clock.now - timedelta(hours=6)
        bought = [
            shop.activity("buy", customer, at=noon, source_id=f"line:{number}", amount=dollars)
            for customer, dollars, number in by_day[day]
        ]
        if bought:
            assert not [one.error for one in await shop.record(*bought) if one.error]
        await shop.catch_up()
        await shop.services.segment_keeping.sweep_due(shop.key)
        await shop.services.campaign_reaching.run_due(shop.key)
        await shop.catch_up()
        await shop.catch_up()
        last |= {customer: day for customer, _, _ in by_day[day]}
        for customer, before in last.items():
            if day >= WIN_BACK and (day - before).days >= 90:
                noted.setdefault(customer, day)
    shop.clock.now = datetime(1997, 12, 20, tzinfo=UTC)
    await shop.services.campaign_settling.run_due(shop.key)

    await compare(graphql, shop, lines, ids, noted)
    assert (await VerificationService(shop.services).verify(shop.key)).differences == []


async def compare(
    graphql: GraphQL, shop: Any, lines: Lines, ids: dict[str, bytes], noted: dict[str, date]
) -> None:
    """Each report beside what the file's lines alone amount to."""

    async def report(key: str) -> dict[str, Any]:
        found = await graphql.read(shop.operator, FIGURES, {"key": key})
        assert found["campaign"]["state"] == "SETTLED"
        figures: dict[str, Any] = found["campaign"]["figures"]
        return figures

    on_member_days = [one for one in lines.bought if one[1].day == MEMBER_DAY and one[1] < date(1997, 12, 1)]
    found = await report("member_day")
    # Each member counts once each time that it is on.
    assert found["participants"] == len({(customer, day) for customer, day, _, _ in on_member_days}) > 0
    assert found["spend"] == sum(round(dollars * 100) for _, _, dollars, _ in on_member_days)
    assert found["points"] == [
        {"unit": "points", "amount": sum(2 * floor(dollars) for _, _, dollars, _ in on_member_days)}
    ]

    in_week = lines.between(*WEEK)
    measured = lines.between(WEEK[0], WEEK[1] + 7 * DAY)
    found = await report("double")
    assert found["participants"] == len({customer for customer, _, _, _ in in_week}) > 0
    assert found["converters"] == len({customer for customer, _, _, _ in measured})
    assert found["spend"] == sum(round(dollars * 100) for _, _, dollars, _ in measured)
    assert found["points"] == [
        {"unit": "points", "amount": sum(floor(dollars) for _, _, dollars, _ in in_week)}
    ]

    had_one = [
        one
        for one in ids
        if FIRST <= date(1997, int(birthday_of(one)[:2]), int(birthday_of(one)[3:])) <= LAST
    ]
    found = await report("birthday")
    assert found["reached"] == len(had_one) > 0
    assert found["points"] == [{"unit": "points", "amount": 88 * len(had_one)}]

    campaign = (await shop.services.programmes.catalogue(shop.key)).campaigns["win_back"]
    arm_of = {customer: variant_of(shop.key, campaign, ids[customer]) for customer in noted}
    found = await report("win_back")
    arms = {one["variant"]: one for one in found["arms"]}
    for variant in ("", "holdout"):
        mine = [customer for customer, arm in arm_of.items() if arm == variant]
        back = [
            (customer, dollars)
            for customer, day, dollars, _ in lines.bought
            if customer in mine and day > noted[customer]
        ]
        assert arms[variant] == {
            "variant": variant,
            "members": len(mine),
            "reached": len(mine) if not variant else 0,
            "converters": len({customer for customer, _ in back}),
            "spend": sum(round(dollars * 100) for _, dollars in back),
        }
        assert mine
    treated = Counter(arm_of.values())[""]
    assert found["rewards"] == [{"reward": "voucher", "count": treated}]
    assert found["cost"] == 500 * treated


def test_the_importer_reads_the_same_lines() -> None:
    if not FILE.exists():
        pytest.skip("the CDNOW data is not there")
    lines = Lines.read()
    numbers = {number for _, _, _, number in lines.bought}
    read = [one for one in PurchaseFile(FILE).activities() if int(one.source_id.split(":")[1]) in numbers]
    assert sorted((one.member_external_id, one.properties["amount"]) for one in read) == sorted(
        (customer, dollars) for customer, _, dollars, _ in lines.bought
    )
