"""Reports over time: each figure is told again from a diary of what was done, in zones of several kinds."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from statistics import mean
from typing import Any

import pytest

from gamification.verification.service import VerificationService
from storage.mongo import Mongo
from tests.conftest import MakeProgramme
from tests.insight_world import SHOP, START, Deed, Diary, lived_in, made_up
from tests.resolvers.harness import GraphQL, member_gid, refused
from tests.support import ProgrammeUnderTest

ZONES = ["UTC", "Asia/Shanghai", "America/New_York"]
DAYS = 48
"""Until after the clocks of New York change in March."""
World = tuple[ProgrammeUnderTest, Diary]
_LIVED: dict[str, tuple[ProgrammeUnderTest, Diary, datetime]] = {}
"""Nothing in these worlds is changed by looking at them: there is one a zone."""
POINT = "period { startsOn endsOn isComplete }"
ACTIVITY = f"""query ($from: Date!, $to: Date!, $by: InsightPeriodLength!) {{ insights {{
    activity(from: $from, to: $to, by: $by) {{
        standing {{ asOf since isRebuilding }}
        points {{ {POINT} activeMembers newMembers activities byType {{ type count }} purchases buyers firstTimeBuyers spend
            dailyMean stickiness weeklyActiveMembers monthlyActiveMembers meanBasket spendPerBuyer }}
        total {{ periods activities newMembers purchases spend firstTimeBuyers meanActiveMembers meanBasket }}
        previous {{ periods activities newMembers purchases spend firstTimeBuyers meanActiveMembers meanBasket }} }} }} }}"""


@pytest.fixture(params=ZONES)
async def world(request: pytest.FixtureRequest, programme: MakeProgramme) -> World:
    if request.param not in _LIVED:
        shop = await programme(SHOP, time_zone=request.param)
        diary = await lived_in(shop, request.param, DAYS)
        _LIVED[request.param] = (shop, diary, shop.clock.now)
    shop, diary, now = _LIVED[request.param]
    shop.clock.now = now
    return shop, diary


def stated(diary: Diary, now: datetime, by: str, first: date | None = None) -> dict[str, Any]:
    """Variables from the first day of the diary to today."""
    begin = first or diary.day(START - timedelta(days=3))
    return {"from": begin.isoformat(), "to": diary.day(now).isoformat(), "by": by}


def bounds(point: dict[str, Any]) -> tuple[date, date]:
    period = point["period"]
    return date.fromisoformat(period["startsOn"]), date.fromisoformat(period["endsOn"])


async def test_every_figure_of_activity_is_that_of_the_diary(graphql: GraphQL, world: World) -> None:
    shop, diary = world
    today = diary.day(shop.clock.now)
    for by in ("DAY", "WEEK", "MONTH"):
        found = await graphql.read(shop.operator, ACTIVITY, stated(diary, shop.clock.now, by))
        report = found["insights"]["activity"]
        assert report["standing"]["isRebuilding"] is False
        assert report["standing"]["since"] == min(map(diary.day, (x.at for x in diary.deeds))).isoformat()
        covered = date.fromisoformat(stated(diary, shop.clock.now, by)["from"])
        for point in report["points"]:
            first, last = bounds(point)
            assert first <= covered <= last
            covered = last + timedelta(days=1)
            expected = diary.between(first, last)
            assert {name: point[name] for name in expected} == expected, (by, first)
            assert point["period"]["isComplete"] is (last < today)
            days = [first + timedelta(days=one) for one in range((min(last, today) - first).days + 1)]
            daily = mean(len(diary.active(day, day)) for day in days)
            assert point["dailyMean"] == pytest.approx(daily)
            if by == "DAY":
                week, month = (diary.active(first - timedelta(days=n - 1), first) for n in (7, 30))
                assert (point["weeklyActiveMembers"], point["monthlyActiveMembers"]) == (
                    len(week),
                    len(month),
                )
                share = expected["activeMembers"] / len(month) if month else None
            else:
                assert point["weeklyActiveMembers"] is None
                share = daily / expected["activeMembers"] if expected["activeMembers"] else None
            assert point["stickiness"] == (pytest.approx(share) if share is not None else None)
            basket = expected["spend"] / expected["purchases"] if expected["purchases"] else None
            assert point["meanBasket"] == (pytest.approx(basket) if basket is not None else None)
        assert covered == max(today, bounds(report["points"][-1])[1]) + timedelta(days=1)
    assert (await VerificationService(shop.services).verify(shop.key)).differences == []


async def test_periods_that_are_over_are_compared_with_as_many_before(graphql: GraphQL, world: World) -> None:
    shop, diary = world
    today = diary.day(shop.clock.now)
    first = today - timedelta(days=7)
    found = await graphql.read(shop.operator, ACTIVITY, stated(diary, shop.clock.now, "DAY", first))
    report = found["insights"]["activity"]
    for name, begin in (("total", first), ("previous", first - timedelta(days=7))):
        expected = diary.between(begin, begin + timedelta(days=6))
        sums = ("activities", "newMembers", "purchases", "spend", "firstTimeBuyers")
        assert {one: report[name][one] for one in sums} == {one: expected[one] for one in sums}
        each = [len(diary.active(day, day)) for day in (begin + timedelta(days=n) for n in range(7))]
        assert report[name]["meanActiveMembers"] == pytest.approx(mean(each))

    far = await graphql.read(shop.operator, ACTIVITY, stated(diary, shop.clock.now, "DAY"))
    assert far["insights"]["activity"]["previous"] is None


async def test_cohorts_come_back_as_the_diary_says(graphql: GraphQL, world: World) -> None:
    shop, diary = world
    query = f"""query ($from: Date!, $to: Date!, $by: InsightPeriodLength!, $kind: CohortKind!) {{ insights {{
        retention(from: $from, to: $to, by: $by, kind: $kind, periods: 53) {{ chart cohorts {{ {POINT} size
            cells {{ later active buying activeShare buyingShare isComplete }} }} }} }} }}"""
    starts = {
        "JOINED": {name: diary.day(at) for name, at in diary.joined.items()},
        "FIRST_PURCHASE": diary.first_purchases(),
    }
    for by in ("WEEK", "MONTH"):
        for kind, began in starts.items():
            variables = {**stated(diary, shop.clock.now, by), "kind": kind}
            found = (await graphql.read(shop.operator, query, variables))["insights"]["retention"]
            periods = [bounds(one) for one in found["cohorts"]]
            for place, cohort in enumerate(found["cohorts"]):
                first, last = periods[place]
                mine = {name for name, day in began.items() if first <= day <= last}
                assert cohort["size"] == len(mine)
                assert [one["later"] for one in cohort["cells"]] == list(range(len(periods) - place))
                for cell, (begin, end) in zip(cohort["cells"], periods[place:], strict=True):
                    active = mine & diary.active(begin, end)
                    buying = mine & diary.active(begin, end, buying=True)
                    assert (cell["active"], cell["buying"]) == (len(active), len(buying))
                    share = len(active) / len(mine) if mine else None
                    assert cell["activeShare"] == (pytest.approx(share) if share is not None else None)
            assert found["chart"].startswith("<svg")


async def test_churn_repurchase_and_the_lifecycle_are_those_of_the_diary(
    graphql: GraphQL, world: World
) -> None:
    shop, diary = world
    today = diary.day(shop.clock.now)
    query = f"""query ($from: Date!, $to: Date!, $by: InsightPeriodLength!) {{ insights {{
        active: churn(from: $from, to: $to, by: $by) {{ points {{ {POINT} members kept lost rate }} chart }}
        buying: churn(from: $from, to: $to, by: $by, of: BUYING) {{ points {{ {POINT} members kept lost rate }} }}
        lifecycle(from: $from, to: $to, by: $by) {{ points {{ {POINT} stages {{ stage members }} }} chart }}
        repurchase(from: $from, to: $to, by: $by) {{ chart gaps {{ count meanDays medianDays p90Days }}
            points {{ {POINT} buyers repeatBuyers repeatRate returningBuyers again againRate }} }} }} }}"""
    for by in ("DAY", "WEEK", "MONTH"):
        found = (await graphql.read(shop.operator, query, stated(diary, shop.clock.now, by)))["insights"]
        for name, buying in (("active", False), ("buying", True)):
            points = found[name]["points"]
            for point, following in pairwise(points):
                there = diary.active(*bounds(point), buying=buying)
                after = diary.active(*bounds(following), buying=buying)
                is_known = bounds(following)[1] < today
                kept = len(there & after) if is_known else None
                assert (point["members"], point["kept"]) == (len(there), kept)
                if kept is not None and there:
                    assert point["rate"] == pytest.approx(len(there - after) / len(there))
            assert points[-1]["kept"] is None
        for point in found["lifecycle"]["points"]:
            stages = {one["stage"]: one["members"] for one in point["stages"] if one["members"]}
            assert stages == diary.stages(min(bounds(point)[1], today)), (by, bounds(point))
        firsts = diary.first_purchases()
        for point in found["repurchase"]["points"]:
            first, last = bounds(point)
            length = timedelta(days=1) if by == "DAY" else timedelta(days=7)
            before = first - length if by != "MONTH" else (first - timedelta(days=1)).replace(day=1)
            bought = [
                x.member for x in diary.deeds if x.cents is not None and first <= diary.day(x.at) <= last
            ]
            buyers, earlier = set(bought), diary.active(before, first - timedelta(days=1), buying=True)
            assert point["buyers"] == len(buyers)
            assert point["repeatBuyers"] == sum(bought.count(name) > 1 for name in buyers)
            assert point["returningBuyers"] == sum(firsts[name] < first for name in buyers)
            assert point["again"] == len(buyers & earlier)
            if earlier:
                assert point["againRate"] == pytest.approx(len(buyers & earlier) / len(earlier))
        begins = bounds(found["repurchase"]["points"][0])[0].replace(day=1)
        gaps = diary.gaps(begins, date(2026, 12, 31))
        assert found["repurchase"]["gaps"] == {
            "count": len(gaps),
            "meanDays": pytest.approx(mean(gaps)),
            "medianDays": gaps[-(-len(gaps) // 2) - 1],
            "p90Days": gaps[-(-len(gaps) * 9 // 10) - 1],
        }


async def test_the_economy_of_points_is_that_of_all_transfers(graphql: GraphQL, world: World) -> None:
    shop, diary = world
    query = f"""query ($from: Date!, $to: Date!, $by: InsightPeriodLength!) {{ insights {{
        economy(unit: "points", from: $from, to: $to, by: $by) {{ cost chart unit {{ key }} points {{ {POINT} opening outstanding
            onHold liability breakageOfIssued flows {{ issued spent expired reversed held change breakage
            byKind {{ kind added taken }} }} }} total {{ issued change }} }} }} }}"""
    transfers = [one for name in shop.members for one in await shop.transfers(name, "points")]
    assert {"EARNED", "EXPIRED", "REVERSED"} <= {one.kind.name for one in transfers}
    for by in ("DAY", "WEEK", "MONTH"):
        found = (await graphql.read(shop.operator, query, stated(diary, shop.clock.now, by)))["insights"][
            "economy"
        ]
        held = 0
        for point in found["points"]:
            first, last = bounds(point)
            within = [one for one in transfers if first <= diary.day(one.recorded_at) <= last]
            kinds = {
                kind: (
                    sum(max(one.amount, 0) for one in within if one.kind.name == kind),
                    sum(min(one.amount, 0) for one in within if one.kind.name == kind),
                )
                for kind in {one.kind.name for one in within if one.amount}
            }
            told = {one["kind"]: (one["added"], one["taken"]) for one in point["flows"]["byKind"]}
            assert told == kinds
            assert point["flows"]["issued"] == kinds.get("EARNED", (0, 0))[0]
            assert point["flows"]["expired"] == -kinds.get("EXPIRED", (0, 0))[1]
            assert point["opening"] == held
            held += sum(one.amount for one in within)
            assert point["outstanding"] == held
            assert point["liability"] == round(held * 13 / 10)
            earned = sum(
                x.amount for x in transfers if x.kind.name == "EARNED" and diary.day(x.recorded_at) <= last
            )
            lapsed = -sum(
                x.amount for x in transfers if x.kind.name == "EXPIRED" and diary.day(x.recorded_at) <= last
            )
            if earned:
                assert point["breakageOfIssued"] == pytest.approx(lapsed / earned)
        assert held == sum([await shop.balance(name, "points") for name in shop.members])
        assert found["cost"] == "0.013"


async def test_each_tier_takes_part_as_its_members_did(graphql: GraphQL, world: World) -> None:
    shop, diary = world
    today = diary.day(shop.clock.now)
    query = f"""query ($from: Date!, $to: Date!) {{ insights {{ participation(ladder: "club", from: $from, to: $to) {{ chart
        points {{ {POINT} tiers {{ tier members active participation targetPercent isMet }} }} }} }} }}"""
    variables = stated(diary, shop.clock.now, "MONTH")
    del variables["by"]
    found = (await graphql.read(shop.operator, query, variables))["insights"]["participation"]
    changes = {name: await shop.services.stores.tiers.changes_of(shop.id_of(name)) for name in diary.joined}
    assert any(changes.values())
    for point in found["points"]:
        first, last = bounds(point)
        holders: dict[str, set[str]] = {"basic": set(), "gold.plus": set()}
        for name, joined in diary.joined.items():
            mine = [diary.day(one.at) for one in diary.deeds if one.member == name]
            gone = diary.erased.get(name)
            if min([diary.day(joined), *mine]) > last or (gone and diary.day(gone) <= last):
                continue
            tier = "basic"
            for change in changes[name]:
                if diary.day(change.at) <= last:
                    tier = change.after or tier
            holders[tier].add(name)
        active = diary.active(first, min(last, today))
        for one, target in zip(point["tiers"], ("50", "33.5"), strict=True):
            mine_too = holders[one["tier"]]
            assert (one["members"], one["active"]) == (len(mine_too), len(mine_too & active)), first
            assert one["targetPercent"] == target
            met = len(mine_too & active) * 100 >= float(target) * len(mine_too) if mine_too else None
            assert one["isMet"] is met


async def test_before_totals_are_made_reports_are_null_and_other_zones_make_them_anew(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    shop = await programme(SHOP)
    shop.clock.now = datetime(2026, 3, 2, 20, tzinfo=UTC)
    await shop.join("ann")
    await shop.do("visit", "ann")
    await shop.catch_up()
    variables = {"from": "2026-03-01", "to": "2026-03-03", "by": "DAY"}
    assert await graphql.read(shop.operator, ACTIVITY, variables) == {"insights": {"activity": None}}

    await made_up(shop)
    assert await active_on(graphql, shop) == {"2026-03-01": 0, "2026-03-02": 1}
    assert await shop.services.totals.rebuild_due(shop.key) == 0

    await shop.apply(SHOP, time_zone="Asia/Shanghai")
    await shop.do("visit", "ann")
    await shop.catch_up()
    found = await graphql.read(shop.operator, ACTIVITY, variables)
    assert found["insights"]["activity"]["standing"]["isRebuilding"] is True
    await made_up(shop)
    assert await active_on(graphql, shop) == {"2026-03-01": 0, "2026-03-02": 0, "2026-03-03": 1}
    assert (await VerificationService(shop.services).verify(shop.key)).differences == []


async def active_on(graphql: GraphQL, shop: ProgrammeUnderTest) -> dict[str, int]:
    variables = {"from": "2026-03-01", "to": "2026-03-03", "by": "DAY"}
    found = await graphql.read(shop.operator, ACTIVITY, variables)
    points = found["insights"]["activity"]["points"]
    return {one["period"]["startsOn"]: one["activeMembers"] for one in points}


async def test_a_rebuild_that_was_cut_off_is_gone_on_with_and_nothing_is_counted_twice(
    graphql: GraphQL, programme: MakeProgramme, monkeypatch: pytest.MonkeyPatch, mongo: Mongo
) -> None:
    monkeypatch.setattr("gamification.insights.totals.keeping.REBUILT_AT_ONCE", 2)
    shop = await programme(SHOP)
    shop.clock.now = datetime(2026, 3, 2, 20, tzinfo=UTC)
    names = [f"m{number}" for number in range(5)]
    await shop.join_all(*names)
    for name in names:
        await shop.do("visit", name)
    await shop.catch_up()
    await shop.services.rollups.rebuild_due(shop.key)
    keeping, counted = shop.services.totals, 0
    whole = keeping._count_page

    async def dies(*stated: Any) -> None:
        nonlocal counted
        counted += 1
        if counted == 2:
            raise RuntimeError("the process is gone")
        await whole(*stated)

    monkeypatch.setattr(keeping.__class__, "_count_page", lambda self, *stated: dies(*stated))
    with pytest.raises(RuntimeError):
        await keeping.rebuild_due(shop.key)
    # Whoever has been counted, and whoever has not, does something meanwhile.
    await shop.do("buy.online", "m0", amount=1.0)
    await shop.do("buy.online", "m4", amount=1.0)
    await shop.join("late")
    await shop.catch_up()
    assert await keeping.rebuild_due(shop.key) == 0, "somebody may still be at work"
    shop.clock.advance(timedelta(minutes=6))
    assert await keeping.rebuild_due(shop.key) == 4

    assert (await VerificationService(shop.services).verify(shop.key)).differences == []
    assert (
        await mongo.collection("insight_totals").count_documents(
            {"programme_id": shop.key, "_id": {"$not": {"$regex": f"^{shop.key}/00000001/"}}}
        )
        == 0
    )


async def test_what_is_wrong_with_totals_is_told(programme: MakeProgramme, mongo: Mongo) -> None:
    shop = await programme(SHOP)
    shop.clock.now = datetime(2026, 3, 2, 20, tzinfo=UTC)
    await shop.join("ann")
    await shop.do("buy.online", "ann", amount=2)
    await made_up(shop)
    totals = mongo.collection("insight_totals")
    day = f"{shop.key}/00000001/D/2026-03-02"
    await totals.update_one({"_id": day}, {"$inc": {"s": 1}})
    await totals.delete_one({"_id": f"{shop.key}/00000001/M/2026-03"})
    found = (await VerificationService(shop.services).verify(shop.key)).differences
    assert [one.split(":")[0] for one in found] == [
        "the totals of D/2026-03-02",
        "the totals of M/2026-03 are missing",
    ]

    catalogue = await shop.services.programmes.catalogue(shop.key)
    assert await shop.services.totals.rebuild(catalogue, anyway=True) == 1
    assert (await VerificationService(shop.services).verify(shop.key)).differences == []


@pytest.mark.parametrize("name", ["st.silent", "g.3", "l.club.basic.h", "l.club.basic.a"])
async def test_stages_tiers_and_gaps_are_told_again_too(
    programme: MakeProgramme, mongo: Mongo, name: str
) -> None:
    shop = await programme(SHOP)
    shop.clock.now = datetime(2026, 3, 2, 20, tzinfo=UTC)
    await shop.join("ann")
    await shop.do("buy.online", "ann", amount=2)
    shop.clock.advance(timedelta(days=3))
    await shop.do("buy.online", "ann", amount=2)
    await made_up(shop)
    assert (await VerificationService(shop.services).verify(shop.key)).differences == []
    rows = mongo.collection("insight_totals")
    month = await rows.find_one({"programme_id": shop.key, name: {"$exists": True}, "_id": {"$regex": "/M/"}})
    assert month is not None
    await rows.update_one({"_id": month["_id"]}, {"$inc": {name: 1}})

    (found,) = (await VerificationService(shop.services).verify(shop.key)).differences
    assert found.startswith(f"the totals of M/{month['_id'][-7:]}:")


async def test_reports_are_for_operators_and_services_and_bounded(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    shop = await programme(SHOP)
    await shop.join("ann")
    variables = {"from": "2026-01-01", "to": "2026-01-02", "by": "DAY"}
    shop.clock.now = datetime(2026, 3, 2, tzinfo=UTC)
    for actor in (shop.moderator, shop.member_actor("ann")):
        refused(await graphql(actor, ACTIVITY, variables), "FORBIDDEN")
    await graphql.read(shop.service, ACTIVITY, variables)
    for wrong in (
        {"from": "2026-01-03", "to": "2026-01-02"},
        {"from": "2026-03-03", "to": "2026-03-04"},
        {"from": "1969-12-31", "to": "2026-01-01"},
        {"from": "2024-12-31", "to": "2026-03-02"},
    ):
        answer = await graphql(shop.operator, ACTIVITY, {**variables, **wrong})
        refused(answer, "INVALID_INPUT")
    unknown = '{ insights { economy(unit: "none", from: "2026-01-01", to: "2026-01-02") { cost } } }'
    refused(await graphql(shop.operator, unknown), "NOT_FOUND")
    wide = '{ insights { retention(from: "2026-01-01", to: "2026-01-02", periods: 54) { chart } } }'
    refused(await graphql(shop.operator, wide), "INVALID_INPUT")
    value = "query ($id: ID!) { member(id: $id) { customerValue { probabilityAlive } } }"
    answer = await graphql(shop.member_actor("ann"), value, {"id": member_gid(shop, "ann")})
    refused(answer, "FORBIDDEN")


def test_the_diary_knows_stages() -> None:
    zone = Diary(START.tzinfo, joined={"ann": START})  # type: ignore[arg-type]
    zone.deeds = [
        Deed("ann", START, "buy.online", 1),
        Deed("ann", START + timedelta(days=30), "buy.online", 1),
    ]
    day = START.date()
    assert [zone.stage("ann", day + timedelta(days=n)) for n in (-1, 0, 12, 16, 26, 30, 40, 46, 70)] == [
        None,
        "NEW",
        "ACTIVE",
        "AT_RISK",
        "SILENT",
        "RETURNED",
        "ACTIVE",
        "AT_RISK",
        "SILENT",
    ]
