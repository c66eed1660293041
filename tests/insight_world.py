"""A shop whose members do this and that, and a diary of it by which every figure can be told again without the programme."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from gamification.activity.model import Activity
from tests.support import ProgrammeUnderTest

START = datetime(2026, 2, 1, 12, tzinfo=UTC)
LIFECYCLE = {"new": 10, "at_risk": 15, "silent": 25, "returned": 8}
SHOP: dict[str, Any] = {
    "programme": {
        "money": {"currency": "EUR", "digits": 2},
        "lateness": "unlimited",
        "segments": {"lifecycle": LIFECYCLE},
    },
    "units": [{"key": "points", "cost": "0.013", "expiry": {"after": "P20D"}}, {"key": "growth"}],
    "activity_types": [
        {"key": "visit"},
        {
            "key": "buy.online",
            "properties": {
                "type": "object",
                "properties": {"amount": {"type": "number"}},
                "required": ["amount"],
            },
            "refund": {"amount": "amount"},
            "spend": "amount",
        },
    ],
    "rules": [
        {
            "key": "points",
            "on": ["buy.online"],
            "effects": [
                {"points": {"unit": "points", "amount": "int(floor(activity.amount))"}},
                {"points": {"unit": "growth", "amount": "int(floor(activity.amount))"}},
            ],
        }
    ],
    "ladders": [
        {
            "key": "club",
            "measures": [{"key": "growth", "unit": "growth"}],
            "tiers": [
                {"key": "basic", "target": 50},
                {"key": "gold.plus", "requires": {"growth": 60}, "target": "33.5"},
            ],
        }
    ],
}


@dataclass(frozen=True)
class Deed:
    """What somebody did; `cents` is what stands of what they paid."""

    member: str
    at: datetime
    type: str
    cents: int | None = None


@dataclass
class Diary:
    """What stands of everything, by who it belongs to now."""

    zone: ZoneInfo
    deeds: list[Deed] = field(default_factory=list)
    joined: dict[str, datetime] = field(default_factory=dict)
    erased: dict[str, datetime] = field(default_factory=dict)

    def day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def days(self) -> dict[date, list[Deed]]:
        found: dict[date, list[Deed]] = defaultdict(list)
        for deed in self.deeds:
            found[self.day(deed.at)].append(deed)
        return found

    def active(self, first: date, last: date, *, buying: bool = False) -> set[str]:
        """Who did anything, or bought, between two days."""
        return {
            one.member
            for one in self.deeds
            if first <= self.day(one.at) <= last and (one.cents is not None or not buying)
        }

    def first_purchases(self) -> dict[str, date]:
        found: dict[str, date] = {}
        for one in self.deeds:
            if one.cents is not None:
                day = self.day(one.at)
                found[one.member] = min(day, found.get(one.member, day))
        return found

    def between(self, first: date, last: date) -> dict[str, Any]:
        """The figures of a period as the report names them."""
        within = [one for one in self.deeds if first <= self.day(one.at) <= last]
        bought = [one for one in within if one.cents is not None]
        types = Counter(one.type for one in within)
        return {
            "activeMembers": len({one.member for one in within}),
            "newMembers": sum(first <= self.day(at) <= last for at in self.joined.values()),
            "activities": len(within),
            "byType": [
                {"type": key, "count": n} for key, n in sorted(types.items(), key=lambda x: (-x[1], x[0]))
            ],
            "purchases": len(bought),
            "buyers": len({one.member for one in bought}),
            "firstTimeBuyers": sum(first <= day <= last for day in self.first_purchases().values()),
            "spend": sum(one.cents or 0 for one in bought),
        }

    def stage(self, member: str, day: date) -> str | None:
        """Where a member stands on a day, by looking at all days before it."""
        days = sorted({self.day(one.at) for one in self.deeds if one.member == member})
        since = min([self.day(self.joined[member]), *days])
        erased = self.erased.get(member)
        if day < since or (erased is not None and self.day(erased) <= day):
            return None
        bought = [
            one
            for one in sorted(
                {self.day(d.at) for d in self.deeds if d.member == member and d.cents is not None}
            )
            if one <= day
        ]
        if not bought:
            return "PROSPECT"
        quiet = (day - bought[-1]).days
        if quiet >= LIFECYCLE["silent"]:
            return "SILENT"
        returns = [b for a, b in pairwise(bought) if (b - a).days >= LIFECYCLE["silent"]]
        if returns and (day - returns[-1]).days < LIFECYCLE["returned"]:
            return "RETURNED"
        if (day - bought[0]).days < LIFECYCLE["new"]:
            return "NEW"
        return "AT_RISK" if quiet >= LIFECYCLE["at_risk"] else "ACTIVE"

    def stages(self, day: date) -> dict[str, int]:
        return dict(Counter(stage for name in self.joined if (stage := self.stage(name, day)) is not None))

    def gaps(self, first: date, last: date) -> list[int]:
        """Days between purchase days, of those that lie between two days."""
        found = []
        for name in self.joined:
            days = sorted(
                {self.day(one.at) for one in self.deeds if one.member == name and one.cents is not None}
            )
            found += [(b - a).days for a, b in pairwise(days) if first <= b <= last]
        return sorted(found)

    def replace_all(self, deeds: Iterable[Deed]) -> None:
        self.deeds = list(deeds)


async def lived_in(shop: ProgrammeUnderTest, zone: str, days: int, members: int = 9) -> Diary:
    """Members come and go for so many days, in the order of the clock: some tell late, some give back, two become one, one is
    erased. What follows is followed every few days, so that most is told of in several parts."""
    draw, diary = Random(5), Diary(ZoneInfo(zone))
    recorded: dict[int, Activity] = {}
    names = [f"m{number}" for number in range(members)]
    shop.clock.now = START
    for number in range(days):
        shop.clock.now = START + timedelta(
            days=number, hours=draw.randrange(-11, 11), minutes=draw.randrange(60)
        )
        if number % 4 == 0 and len(diary.joined) < members:
            name = names[len(diary.joined)]
            await shop.join(name)
            diary.joined[name] = shop.clock.now
        for name in draw.sample(sorted(diary.joined), min(len(diary.joined), draw.randrange(4))):
            # Around midnight and around the days on which clocks change, and some of it long after it was.
            late = timedelta(days=draw.choice([0, 0, 0, 1, 9]), minutes=draw.randrange(900))
            at = max(shop.clock.now - late, START - timedelta(days=3))
            if draw.random() < 0.6:
                cents = draw.randrange(100, 4000)
                made = await shop.do("buy.online", name, at=at, amount=cents / 100)
                recorded[len(diary.deeds)] = made
                diary.deeds.append(Deed(name, at, "buy.online", cents))
            else:
                await shop.do("visit", name, at=at)
                diary.deeds.append(Deed(name, at, "visit"))
        if number % 5 == 2 and recorded:
            index, made = recorded.popitem()
            deed = diary.deeds[index]
            assert deed.cents is not None
            if draw.random() < 0.5:
                await shop.reverse(made)
                diary.deeds[index] = replace(deed, type="")
            else:
                part = deed.cents // 3
                await shop.services.refunds.refund(
                    shop.service, made.source, made.source_id, Decimal(part) / 100, (), None, f"r{number}"
                )
                diary.deeds[index] = replace(deed, cents=deed.cents - part)
        if number % 3 == 0:
            while await shop.services.points.expire_lapsed(shop.clock.now):
                pass  # those of other programmes, too
            await shop.catch_up()
        if number == days // 2:
            # Whatever was done until then is added up at once; from then on it is followed.
            await made_up(shop)
    diary.replace_all(one for one in diary.deeds if one.type)
    await shop.catch_up()
    await _become_one(shop, diary, names[1], names[0])
    await shop.services.erasures.erase(shop.operator, shop.id_of(names[2]), names[2])
    diary.erased[names[2]] = shop.clock.now
    await shop.catch_up()
    return diary


async def made_up(shop: ProgrammeUnderTest) -> None:
    """Add up everything that has not been, as the worker does."""
    await shop.catch_up()
    await shop.services.rollups.rebuild_due(shop.key)
    await shop.services.totals.rebuild_due(shop.key)


async def _become_one(shop: ProgrammeUnderTest, diary: Diary, before: str, heir: str) -> None:
    await shop.services.merges.merge(shop.operator, shop.id_of(before), shop.id_of(heir), "same", "m1")
    diary.replace_all(replace(one, member=heir) if one.member == before else one for one in diary.deeds)
    diary.joined[heir] = min(diary.joined[heir], diary.joined.pop(before))
