"""`Member.annualReport`: a year's points, tiers, badges, tasks and activity, by when they happened."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid, refused
from tests.support import ProgrammeUnderTest

NOVEMBER = datetime(2026, 11, 20, 12, tzinfo=UTC)
DOCUMENT: dict[str, Any] = {
    "units": [
        {"key": "points", "name": {"en": "Points"}, "expiry": {"after": "P1Y", "round": "year"}},
        {"key": "growth"},
        {"key": "planned", "status": "draft"},
    ],
    "activity_types": [
        {
            "key": "buy",
            "properties": {
                "type": "object",
                "properties": {"amount": {"type": "integer"}},
                "required": ["amount"],
            },
        },
        {"key": "visit"},
    ],
    "rules": [
        {
            "key": "purchases",
            "on": ["buy"],
            "effects": [
                {"points": {"unit": "points", "amount": "activity.amount"}},
                {"points": {"unit": "growth", "amount": "activity.amount"}},
                {"when": "activity.amount >= 100", "award": {"badge": "big", "occurrence": "activity.id"}},
            ],
        },
        {"key": "visits", "on": ["visit"], "effects": [{"advance": {"task": "monthly"}}]},
    ],
    "tasks": [{"key": "monthly", "goal": 2, "cycle": "monthly", "zone": "programme"}],
    "badges": [{"key": "big", "repeat": "per_key"}],
    "ladders": [
        {
            "key": "club",
            "measures": [{"key": "growth", "unit": "growth"}],
            "tiers": [
                {"key": "basic"},
                {"key": "silver", "requires": {"growth": 100}},
                {"key": "gold", "requires": {"growth": 300}},
            ],
        }
    ],
}
REPORT = """
year startsAt endsAt tasksCompleted badgeCount
badges { occurrence badge { key } }
points { unit { key } line { opening earned spent expired reversed closing } }
tiers { ladder { key } opening { key } closing { key } changes { kind after { key } occurredAt } }
activities { type count }
"""


@pytest.fixture
async def shop(programme: MakeProgramme) -> ProgrammeUnderTest:
    """Years begin in Shanghai."""
    shop = await programme(DOCUMENT, time_zone="Asia/Shanghai", lateness="unlimited")
    shop.clock.now = NOVEMBER
    await shop.join_all("ann", "bob")
    return shop


async def imported(shop: ProgrammeUnderTest) -> None:
    """What happened years ago is recorded now, in order; the worker comes; a purchase is taken back."""
    purchases = [
        shop.activity("buy", "ann", at=datetime(2023, 3, 1, 12, tzinfo=UTC), source_id="a", amount=150),
        shop.activity("visit", "ann", at=datetime(2023, 3, 2, 12, tzinfo=UTC)),
        shop.activity("visit", "ann", at=datetime(2023, 3, 3, 12, tzinfo=UTC)),
        shop.activity("visit", "ann", at=datetime(2023, 4, 3, 12, tzinfo=UTC)),
        # In Shanghai it is the new year already.
        shop.activity("buy", "ann", at=datetime(2023, 12, 31, 16, 30, tzinfo=UTC), source_id="b", amount=200),
        shop.activity("buy", "ann", at=datetime(2025, 5, 1, 12, tzinfo=UTC), source_id="c", amount=40),
    ]
    outcomes = await shop.record(*purchases, historic=True)
    while await shop.services.points.expire_lapsed(shop.clock.now):
        pass
    assert outcomes[4].activity is not None
    await shop.reverse(outcomes[4].activity)


async def report(graphql: GraphQL, shop: ProgrammeUnderTest, year: int) -> dict[str, Any]:
    document = f"query ($year: Int!) {{ me {{ annualReport(year: $year) {{ {REPORT} }} }} }}"
    answer = await graphql.read(shop.member_actor("ann"), document, {"year": year})
    found: dict[str, Any] = answer["me"]["annualReport"]
    return found


def points_of(found: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    columns = ("opening", "earned", "spent", "expired", "reversed", "closing")
    return {one["unit"]["key"]: tuple(one["line"][column] for column in columns) for one in found["points"]}


async def test_a_year_is_told_by_when_things_happened_however_late(
    graphql: GraphQL, shop: ProgrammeUnderTest
) -> None:
    await imported(shop)

    first = await report(graphql, shop, 2023)

    assert (first["year"], first["startsAt"], first["endsAt"]) == (
        2023,
        "2022-12-31T16:00:00.000Z",
        "2023-12-31T16:00:00.000Z",
    )
    assert points_of(first) == {"points": (0, 150, 0, 0, 0, 150), "growth": (0, 150, 0, 0, 0, 150)}
    assert first["tiers"] == [
        {
            "ladder": {"key": "club"},
            "opening": {"key": "basic"},
            "closing": {"key": "silver"},
            "changes": [
                {"kind": "RAISED", "after": {"key": "silver"}, "occurredAt": "2023-03-01T12:00:00.000Z"}
            ],
        }
    ]
    assert (first["badgeCount"], first["badges"]) == (1, [{"occurrence": "a", "badge": {"key": "big"}}])
    assert first["tasksCompleted"] == 1
    assert first["activities"] == [{"type": "buy", "count": 1}, {"type": "visit", "count": 3}]


async def test_what_lapses_with_the_year_is_in_that_year(graphql: GraphQL, shop: ProgrammeUnderTest) -> None:
    await imported(shop)

    found = {year: points_of(await report(graphql, shop, year))["points"] for year in (2024, 2025, 2026)}

    assert found == {
        2024: (150, 200, 0, -150, 0, 200),
        2025: (200, 40, 0, -200, 0, 40),
        # What lapsed can't be taken back: the reversal of the 200 comes to as many as are there.
        2026: (40, 0, 0, 0, -40, 0),
    }


async def test_what_was_taken_back_is_taken_back_in_the_year_in_which_it_was(
    graphql: GraphQL, shop: ProgrammeUnderTest
) -> None:
    await imported(shop)

    then, now = await report(graphql, shop, 2024), await report(graphql, shop, 2026)

    assert (then["badges"], then["activities"]) == ([], [])
    assert then["tiers"][0]["opening"] == {"key": "silver"}
    assert then["tiers"][0]["closing"] == {"key": "gold"}
    assert points_of(now)["growth"] == (390, 0, 0, 0, -200, 190)
    assert now["tiers"][0]["opening"] == {"key": "gold"}
    assert now["tiers"][0]["closing"] == {"key": "silver"}
    assert [(one["kind"], one["occurredAt"]) for one in now["tiers"][0]["changes"]] == [
        ("RESTORED", "2026-11-20T12:00:00.000Z")
    ]


async def test_late_activity_lifts_nobody_before_what_had_counted(
    graphql: GraphQL, shop: ProgrammeUnderTest
) -> None:
    await shop.do("buy", "ann", at=datetime(2025, 5, 1, tzinfo=UTC), amount=150)
    await shop.do("buy", "ann", at=datetime(2023, 5, 1, tzinfo=UTC), amount=250)

    closing = {
        year: (await report(graphql, shop, year))["tiers"][0]["closing"]["key"] for year in (2023, 2024, 2025)
    }

    assert closing == {2023: "basic", 2024: "basic", 2025: "gold"}


async def test_a_year_without_anything_is_empty(graphql: GraphQL, shop: ProgrammeUnderTest) -> None:
    found = await report(graphql, shop, 2020)

    assert points_of(found) == {"points": (0,) * 6, "growth": (0,) * 6}
    assert (found["badges"], found["badgeCount"], found["tasksCompleted"], found["activities"]) == (
        [],
        0,
        0,
        [],
    )
    assert found["tiers"][0]["changes"] == []


async def test_more_badges_than_are_listed_are_counted(graphql: GraphQL, shop: ProgrammeUnderTest) -> None:
    await shop.record(*(shop.activity("buy", "ann", amount=100) for _ in range(103)))

    found = await report(graphql, shop, 2026)

    assert (len(found["badges"]), found["badgeCount"]) == (100, 103)


@pytest.mark.parametrize("year", [1969, 2027, -1])
async def test_a_year_that_was_not_is_refused(graphql: GraphQL, shop: ProgrammeUnderTest, year: int) -> None:
    result = await graphql(shop.member_actor("ann"), f"{{ me {{ annualReport(year: {year}) {{ year }} }} }}")

    refused(result, "INVALID_INPUT", at="me.annualReport")


async def test_the_year_begins_by_the_programmes_calendar(graphql: GraphQL, shop: ProgrammeUnderTest) -> None:
    shop.clock.now = datetime(2026, 12, 31, 16, tzinfo=UTC)
    assert (await report(graphql, shop, 2027))["year"] == 2027
    shop.clock.advance(-timedelta(milliseconds=1))
    result = await graphql(shop.member_actor("ann"), "{ me { annualReport(year: 2027) { year } } }")
    refused(result, "INVALID_INPUT", at="me.annualReport")


async def test_only_the_member_staff_and_services_read_it(graphql: GraphQL, shop: ProgrammeUnderTest) -> None:
    document = "query ($id: ID!) { member(id: $id) { annualReport(year: 2026) { year } } }"
    for actor in (shop.moderator, shop.operator, shop.service, shop.member_actor("bob")):
        answer = await graphql.read(actor, document, {"id": member_gid(shop, "bob")})
        assert answer["member"]["annualReport"] == {"year": 2026}
    result = await graphql(shop.member_actor("ann"), document, {"id": member_gid(shop, "bob")})
    refused(result, "FORBIDDEN", at="member.annualReport")
