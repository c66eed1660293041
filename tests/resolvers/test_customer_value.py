"""What customers are worth: fitted once a week, told of a member and of all, read by segments; nothing where there is no model."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gamification.importers.purchases import PURCHASE, PurchaseFile
from gamification.insights.lifetime import bgnbd, gammagamma
from gamification.insights.lifetime.bgnbd import BgNbd
from gamification.insights.lifetime.forecast import Terms, forecast
from gamification.insights.lifetime.gammagamma import GammaGamma
from gamification.insights.lifetime.history import book_of, history_of
from gamification.members.model import NewMember
from tests.conftest import MakeProgramme
from tests.insight_world import SHOP, made_up
from tests.resolvers.harness import GraphQL, member_gid
from tests.support import ProgrammeUnderTest

CDNOW = Path(__file__).parents[2] / "../shared/data/cdnow/CDNOW_master.txt"
CUSTOMERS = 400
VALUE = """query ($id: ID!) { member(id: $id) { customerValue { fittedAt probabilityAlive value
    expectedPurchases(days: 91) expectedSpend(days: 91) year: expectedPurchases } } }"""
BASE = """{ insights { customerBase { day customers alive expectedPurchases value refused { reason found needed }
    amountsRefused { reason } quality { weeks customers expected actual meanAbsoluteError } } } }"""
LOST: dict[str, Any] = {
    "activity_types": [
        {
            "key": PURCHASE,
            "properties": {"type": "object"},
            "spend": "amount",
        }
    ],
    "segments": [{"key": "leaving", "when": "churn_risk > 0.5"}],
}


async def asked(graphql: GraphQL, shop: ProgrammeUnderTest, name: str) -> dict[str, Any] | None:
    found = await graphql.read(shop.operator, VALUE, {"id": member_gid(shop, name)})
    value: dict[str, Any] | None = found["member"]["customerValue"]
    return value


async def test_without_a_model_nothing_is_said(graphql: GraphQL, programme: MakeProgramme) -> None:
    shop = await programme({**SHOP, "segments": LOST["segments"]})
    await shop.join("ann")
    await shop.do("buy.online", "ann", amount=3)
    assert await graphql.read(shop.operator, BASE) == {"insights": {"customerBase": None}}
    await made_up(shop)
    assert await shop.services.values.fit_due(shop.key) == 1
    assert await shop.services.values.fit_due(shop.key) == 0

    base = (await graphql.read(shop.operator, BASE))["insights"]["customerBase"]
    assert base["refused"] == {"reason": "TOO_FEW_CUSTOMERS", "found": 1, "needed": 200}
    assert {base[one] for one in ("customers", "alive", "expectedPurchases", "value", "quality")} == {None}
    assert await asked(graphql, shop, "ann") is None
    preview = '{ segmentPreview(when: "churn_risk > 0.5") { matching undecided } }'
    found = await graphql.read(shop.operator, preview)
    assert found["segmentPreview"] == {"matching": 0, "undecided": 1}


@pytest.mark.skipif(not CDNOW.is_file(), reason="../shared/data/cdnow is not here")
async def test_real_customers_are_worth_what_the_models_say_of_the_file(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    shop = await programme(LOST, lateness="unlimited", money={"currency": "USD", "digits": 2})
    file = PurchaseFile(CDNOW)
    members = [one for _, one in zip(range(CUSTOMERS), file.members(), strict=False)]
    names = {one.external_id for one in members}
    joined = await shop.services.members.ensure(
        shop.service, [NewMember(one.external_id, joined_at=one.joined_at) for one in members]
    )
    shop.members |= {one.external_id: one for one in joined}
    bought = [one for one in file.activities() if one.member_external_id in names]
    shop.clock.now = datetime(1998, 7, 1, 12, tzinfo=UTC)
    for start in range(0, len(bought), 500):
        await shop.record(*bought[start : start + 500], historic=True)
    await made_up(shop)
    assert await shop.services.values.fit_due(shop.key) == 1

    # Once more from the lines of the file.
    today = shop.clock.now.date()
    histories = {}
    for name in sorted(names):
        mine = [
            (one.occurred_at.date(), round(one.properties["amount"] * 100))
            for one in bought
            if one.member_external_id == name
        ]
        history = history_of(mine, today)
        assert history is not None
        histories[name] = history
    model = bgnbd.fit(book_of(list(histories.values())))
    amounts = gammagamma.fit(list(histories.values()))
    assert isinstance(model, BgNbd)
    assert isinstance(amounts, GammaGamma)
    year = dict(zip(histories, forecast(model, amounts, list(histories.values()), Terms()), strict=True))
    quarter = forecast(model, None, list(histories.values()), Terms(horizon_weeks=13))
    for place, name in list(enumerate(histories))[::29]:
        told = await asked(graphql, shop, name)
        assert told is not None
        assert told["probabilityAlive"] == pytest.approx(year[name].alive, rel=1e-4)
        assert told["value"] == pytest.approx(year[name].value, rel=1e-4)
        assert told["expectedPurchases"] == pytest.approx(quarter[place].transactions, rel=1e-4)
        spend = quarter[place].transactions * (year[name].amount or 0)
        assert told["expectedSpend"] == pytest.approx(spend, rel=1e-4)
        assert told["year"] > told["expectedPurchases"]

    report = """{ insights { activity(from: "1997-01-01", to: "1998-06-30", by: MONTH) {
        points { period { key } buyers purchases spend firstTimeBuyers newMembers } } } }"""
    months = (await graphql.read(shop.operator, report))["insights"]["activity"]["points"]
    assert len(months) == 18
    for month in months:
        key = month["period"]["key"]
        lines = [one for one in bought if f"{one.occurred_at:%Y-%m}" == key]
        began = [one for one in histories.values() if f"{today - timedelta(days=one.age_days):%Y-%m}" == key]
        assert month == {
            "period": {"key": key},
            "buyers": len({one.member_external_id for one in lines}),
            "purchases": len(lines),
            "spend": sum(round(one.properties["amount"] * 100) for one in lines),
            "firstTimeBuyers": len(began),
            "newMembers": len(began),
        }

    base = (await graphql.read(shop.operator, BASE))["insights"]["customerBase"]
    assert base["customers"] == CUSTOMERS
    assert base["alive"] == pytest.approx(sum(one.alive for one in year.values()), rel=1e-4)
    assert base["value"] == pytest.approx(sum(one.value or 0 for one in year.values()), rel=1e-4)
    quality = base["quality"]
    assert quality["weeks"] == 26
    until = today - timedelta(weeks=26)
    known = {one.member_external_id for one in bought if one.occurred_at.date() <= until}
    later = {
        (one.member_external_id, one.occurred_at)
        for one in bought
        if one.member_external_id in known and one.occurred_at.date() > until
    }
    assert (quality["customers"], quality["actual"]) == (len(known), len(later))

    await shop.services.segment_keeping.sweep_due(shop.key)
    expected = {name for name, one in year.items() if 1 - one.alive > 0.5}
    members_of = '{ segment(key: "leaving") { size } }'
    found = await graphql.read(shop.operator, members_of)
    assert found["segment"]["size"] == len(expected) > 0

    shop.clock.advance(timedelta(days=6))
    assert await shop.services.values.fit_due(shop.key) == 0
    shop.clock.advance(timedelta(days=1))
    assert await shop.services.values.fit_due(shop.key) == 1
