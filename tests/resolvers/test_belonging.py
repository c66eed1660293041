"""`belonging`: each of the twelve indicators told again from what was done over GraphQL; what is not known is said."""

import asyncio
import math
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid, refused
from tests.support import ProgrammeUnderTest
from tests.survey_world import stated

OCTOBER, NOVEMBER = datetime(2026, 10, 10, 4, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)
SCALE = {"kind": "scale", "least": 1, "most": 5}
FEELINGS: list[dict[str, Any]] = [
    {"key": "nps", "kind": "nps", "name": {"en": "Recommend?"}},
    {"key": "happy", "name": {"en": "Happy?"}, **SCALE},
    {"key": "worth", "name": {"en": "Worth it?"}, **SCALE},
    {
        "key": "knows",
        "kind": "single",
        "name": {"en": "Know us?"},
        "options": [{"key": "yes"}, {"key": "no"}],
    },
    {"key": "why", "kind": "text", "name": {"en": "Why?"}},
]
BELONGING: dict[str, Any] = {
    "weights": {"nps": 3, "badges": 2},
    "targets": {"active_days": 2, "interactions": 4, "knowledge": 2, "badges": 100},
    "nps": [{"survey": "feelings", "question": "nps"}, {"survey": "secret", "question": "nps"}],
    "satisfaction": [{"survey": "feelings", "question": "happy"}],
    "perceived_value": [{"survey": "feelings", "question": "worth"}],
    "awareness": [{"survey": "feelings", "question": "knows", "aware": ["yes"]}],
    "knowledge": ["read"],
    "brand": ["Acme"],
}
CLUB: dict[str, Any] = {
    "units": [{"key": "points"}, {"key": "growth"}],
    "activity_types": [{"key": key} for key in ("visit", "read", "buy", "earn", "grow")],
    "rules": [
        {"key": "earn", "on": ["earn"], "effects": [{"points": {"unit": "points", "amount": 100}}]},
        {"key": "grow", "on": ["grow"], "effects": [{"points": {"unit": "growth", "amount": 10}}]},
        {"key": "buy", "on": ["buy"], "effects": [{"qualify": {"referral": "invite"}}]},
        {"key": "reader", "on": ["read"], "effects": [{"award": {"badge": "reader"}}]},
    ],
    "badges": [{"key": "reader"}, {"key": "host"}, {"key": "star"}, {"key": "crown"}],
    "rewards": [{"key": "gift", "coupon": {"percent": 10}, "price": {"unit": "points", "amount": 50}}],
    "referrals": [
        {
            "key": "invite",
            "referrer": [{"award": {"badge": "host"}}],
            "referee": [{"points": {"unit": "points", "amount": 1}}],
        }
    ],
    "ladders": [
        {
            "key": "club",
            "measures": [{"key": "growth", "unit": "growth"}],
            "tiers": [
                {"key": "basic", "target": "50"},
                {"key": "gold", "target": "80", "requires": {"growth": 10}},
            ],
        }
    ],
    "spaces": [{"key": "talk"}],
    "surveys": [
        {"key": "feelings", "questions": FEELINGS},
        {"key": "secret", "anonymous": True, "questions": FEELINGS[:1], "closes_at": "2026-10-20T00:00:00Z"},
    ],
    "segments": [{"key": "golden", "when": "tiers.club == 'gold'"}, {"key": "few"}],
}  # fmt: skip
INDEX = """{ period value coverage change margin confidence members missing
    tiers { tier members active target }
    dimensions { kind value coverage change
        indicators { kind value observations weight change error } } }"""
ALL = {
    *("PARTICIPATION", "REDEMPTION", "INTERACTION", "REFERRAL", "NPS", "SENTIMENT", "RETURN"),
    *("SATISFACTION", "PERCEIVED_VALUE", "BADGES", "KNOWLEDGE", "AWARENESS"),
}


def flat(index: dict[str, Any]) -> dict[str, Any]:
    """Values by indicator."""
    return {one["kind"]: one["value"] for part in index["dimensions"] for one in part["indicators"]}


class World:
    """A club in October 2026, and what happens in it."""

    def __init__(self, graphql: GraphQL, club: ProgrammeUnderTest) -> None:
        self.graphql, self.club, self._number = graphql, club, 0

    def _key(self) -> str:
        self._number += 1
        return f"k{self._number}"

    async def post(self, name: str, body: str) -> str:
        stated = {"space": "talk", "title": "Hello", "body": body, "idempotencyKey": self._key()}
        done = await self.graphql.done(self.club.member_actor(name), "createPost", stated, "post { id }")
        return str(done["post"]["id"])

    async def comment(self, name: str, post: str, body: str) -> None:
        stated = {"postId": post, "body": body, "idempotencyKey": self._key()}
        await self.graphql.done(self.club.member_actor(name), "createComment", stated)

    async def react(self, name: str, post: str) -> None:
        stated = {"targetId": post, "reaction": "like"}
        await self.graphql.done(self.club.member_actor(name), "react", stated)

    async def answer(self, name: str, survey: str = "feelings", **given: Any) -> None:
        actor = self.club.member_actor(name)
        await self.graphql.done(actor, "answerSurvey", stated(survey, self._key(), **given))

    async def redeem(self, name: str) -> None:
        stated = {"reward": "gift", "idempotencyKey": self._key()}
        await self.graphql.done(self.club.member_actor(name), "redeemReward", stated)

    async def refer(self, name: str, by: str) -> None:
        found = await self.graphql.read(
            self.club.member_actor(by), '{ myReferralCode(offer: "invite") { code } }'
        )
        stated = {
            "code": found["myReferralCode"]["code"],
            "memberId": member_gid(self.club, name),
            "idempotencyKey": self._key(),
        }
        await self.graphql.done(self.club.service, "useReferralCode", stated)
        await self.club.do("buy", name)

    async def over(self, at: datetime = NOVEMBER) -> int:
        """The month ends, and the worker comes."""
        await self.club.catch_up()
        self.club.clock.now = at
        return await self.club.services.belonging.add_up_due(self.club.key)

    async def index(self, arguments: str = "") -> dict[str, Any]:
        found = await self.graphql.read(self.club.operator, f"{{ belonging{arguments} {INDEX} }}")
        index: dict[str, Any] = found["belonging"]
        return index

    async def of(self, name: str, what: str = INDEX) -> dict[str, Any]:
        found = await self.graphql.read(
            self.club.operator,
            f"query ($id: ID!) {{ member(id: $id) {{ belonging {what} }} }}",
            {"id": member_gid(self.club, name)},
        )
        index: dict[str, Any] = found["member"]["belonging"]
        return index


@pytest.fixture
async def world(graphql: GraphQL, programme: MakeProgramme) -> World:
    club = await programme(CLUB, belonging=BELONGING, time_zone="Asia/Shanghai", lateness="unlimited")
    club.clock.now = datetime(2026, 4, 1, tzinfo=UTC)
    await club.join_all("ann", "bob", "cyd")
    return World(graphql, club)


async def october(world: World) -> None:
    """Ann does everything, Bob a little, Cyd comes back, Dan nothing."""
    club = world.club
    club.clock.now = datetime(2026, 5, 1, tzinfo=UTC)
    await club.do("visit", "cyd")
    await club.do("visit", "bob")
    club.clock.now = OCTOBER
    await club.do("earn", "ann")
    await club.do("grow", "ann")
    await club.do("read", "ann")
    club.clock.advance(timedelta(days=1))
    await club.do("read", "ann")
    await world.redeem("ann")
    await club.do("visit", "cyd")
    post = await world.post("ann", "I love Acme")
    await world.comment("ann", post, "not good")
    await world.comment("bob", post, "糟糕,真失望")
    await world.react("bob", post)
    await world.answer("ann", nps=10, happy=5, worth=4, knows=["yes"], why="wonderful")
    await world.answer("bob", nps=6, happy=2, knows=["no"])
    await club.join("dan")
    await world.refer("dan", by="ann")


async def test_each_indicator_of_a_member_is_as_its_formula_says(world: World) -> None:
    await october(world)
    assert await world.over() == 1

    ann = await world.of("ann")

    assert flat(ann) == pytest.approx(
        {
            "PARTICIPATION": 100.0,  # two days or more, of two
            "REDEMPTION": 100.0,
            "INTERACTION": 50.0,  # a post and a comment, of four
            "REFERRAL": 100.0,
            "NPS": 100.0,
            # "love" with the brand counts twice: (2 × 1 − 1 + 1) ÷ 4
            "SENTIMENT": 50 * (1 + (2 - 1 + 1) / 4),
            "RETURN": None,
            "SATISFACTION": 100.0,
            "PERCEIVED_VALUE": 75.0,
            "BADGES": 50.0,  # two of four
            "KNOWLEDGE": 100.0,
            "AWARENESS": 100.0,
        }
    )
    assert ann["missing"] == ["RETURN"]
    weights = {kind: {"NPS": 3, "BADGES": 2}.get(kind, 1) for kind in ALL}
    known = {kind: value for kind, value in flat(ann).items() if value is not None}
    total = sum(weights[kind] for kind in known)
    assert ann["value"] == pytest.approx(sum(weights[k] * v for k, v in known.items()) / total)
    assert ann["coverage"] == pytest.approx(total / sum(weights.values()))
    assert (ann["margin"], ann["members"], ann["tiers"]) == (None, 1, [])
    emotion = ann["dimensions"][1]
    assert emotion["kind"] == "EMOTION"
    assert emotion["value"] == pytest.approx((3 * 100 + 75 + 100) / 5)
    assert emotion["coverage"] == pytest.approx(5 / 6)

    bob = flat(await world.of("bob"))
    # Silent since May, and only then: what he wrote is no activity here.
    assert (bob["PARTICIPATION"], bob["RETURN"], bob["INTERACTION"]) == (0.0, 0.0, 50.0)
    assert (bob["NPS"], bob["SATISFACTION"], bob["PERCEIVED_VALUE"], bob["AWARENESS"]) == (
        0.0,
        25.0,
        None,
        0.0,
    )
    assert bob["SENTIMENT"] == 0.0
    cyd = flat(await world.of("cyd"))
    assert (cyd["RETURN"], cyd["NPS"], cyd["PARTICIPATION"]) == (100.0, None, 50.0)


async def test_the_programme_is_its_members_and_tells_how_sure_that_is(world: World) -> None:
    await october(world)
    await world.over()

    index = await world.index()

    values = flat(index)
    assert index["members"] == 4
    # Basic: Cyd and Dan of three were active, and half should be; gold: Ann.
    tiers = {one["tier"]: (one["members"], one["active"], one["target"]) for one in index["tiers"]}
    assert tiers == {"basic": (3, 2, 50.0), "gold": (1, 1, 80.0)}
    assert values["PARTICIPATION"] == 100.0
    assert values["REDEMPTION"] == 25.0
    assert values["INTERACTION"] == 25.0
    assert values["REFERRAL"] == 25.0
    assert values["NPS"] == 50.0  # a promoter and a detractor: a score of 0
    assert values["SENTIMENT"] == pytest.approx((75.0 + 0.0) / 2)
    assert values["RETURN"] == 50.0  # of Bob and Cyd one
    assert values["SATISFACTION"] == 62.5
    assert values["PERCEIVED_VALUE"] == 75.0
    assert values["BADGES"] == 12.5
    assert values["KNOWLEDGE"] == 25.0
    assert values["AWARENESS"] == 50.0
    assert index["missing"] == []
    shown = {one["kind"]: one for part in index["dimensions"] for one in part["indicators"]}
    assert shown["NPS"]["observations"] == 2
    # 100 and 0, and one deviation of 50 more: √(50² + 50² + 50²) ÷ 2
    assert shown["NPS"]["error"] == pytest.approx(math.sqrt(3 * 50**2) / 2)
    errors = [(one["weight"], one["error"]) for one in shown.values()]
    total = sum(weight for weight, _ in errors)
    margin = 1.96 * math.sqrt(sum((weight / total * error) ** 2 for weight, error in errors))
    assert index["margin"] == pytest.approx(margin)
    assert index["confidence"] == ("MEDIUM" if margin <= 10 else "LOW")


async def test_a_segment_is_those_who_are_in_it_and_an_empty_one_knows_nothing(world: World) -> None:
    await october(world)
    await world.club.catch_up()
    await world.club.services.segment_keeping.sweep_due(world.club.key)
    await world.over()

    golden = await world.index('(segment: "golden")')
    assert golden["members"] == 1
    assert flat(golden)["NPS"] == 100.0
    few = await world.index('(segment: "few")')
    assert (few["value"], few["coverage"], few["members"], few["margin"]) == (None, 0.0, 0, None)
    assert set(few["missing"]) == ALL
    assert few["confidence"] == "LOW"
    refused(await world.graphql(world.club.operator, '{ belonging(segment: "none") { value } }'), "NOT_FOUND")


async def test_what_nobody_could_do_is_not_known_of_anybody(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await programme({"activity_types": [{"key": "visit"}]}, belonging={})
    club.clock.now = OCTOBER
    await club.join("ann")
    await club.do("visit", "ann")
    world = World(graphql, club)
    await world.over()

    index = await world.index()

    assert set(index["missing"]) == ALL - {"PARTICIPATION"}
    assert flat(index) == {kind: 100.0 if kind == "PARTICIPATION" else None for kind in ALL}
    assert (index["value"], index["coverage"]) == (100.0, pytest.approx(1 / 12))
    assert index["confidence"] == "LOW"
    assert [one["value"] for one in index["dimensions"]] == [100.0, None, None]


async def test_the_trend_compares_what_is_known_of_both_months(world: World) -> None:
    await october(world)
    await world.over()
    assert (await world.index())["change"] is None
    world.club.clock.now = datetime(2026, 11, 5, tzinfo=UTC)
    await world.club.do("visit", "bob")
    await world.over(datetime(2026, 12, 1, tzinfo=UTC))

    index = await world.index()
    before = await world.index('(period: "2026-10")')

    assert (index["period"], before["period"]) == ("2026-11", "2026-10")
    now, then = flat(index), flat(before)
    weights = {kind: {"NPS": 3, "BADGES": 2}.get(kind, 1) for kind in ALL}
    both = [kind for kind in ALL if now[kind] is not None and then[kind] is not None]
    assert 0 < len(both) < 12  # nobody wrote in November
    total = sum(weights[kind] for kind in both)
    expected = sum(weights[kind] * (now[kind] - then[kind]) for kind in both) / total
    assert index["change"] == pytest.approx(expected)
    found = await world.graphql.read(
        world.club.operator, "{ belongingTrend { months { period change } chart(language: ZH) } }"
    )
    assert [one["period"] for one in found["belongingTrend"]["months"]] == ["2026-11", "2026-10"]
    assert "归属感指数" in found["belongingTrend"]["chart"]


async def test_a_month_is_added_up_once_whoever_comes_and_a_missed_one_is_not_made_up_for(
    world: World,
) -> None:
    await october(world)
    await world.club.catch_up()
    world.club.clock.now = datetime(2027, 2, 3, tzinfo=UTC)
    service = world.club.services.belonging

    done = await asyncio.gather(*(service.add_up_due(world.club.key) for _ in range(4)))

    assert sorted(done) == [0, 0, 0, 1]
    assert await service.add_up_due(world.club.key) == 0
    found = await world.graphql.read(world.club.operator, "{ belongingTrend { months { period } } }")
    assert found["belongingTrend"]["months"] == [{"period": "2027-01"}]
    assert await world.graphql.read(world.club.operator, '{ belonging(period: "2026-10") { value } }') == {
        "belonging": None
    }


async def test_what_a_crash_left_is_done_again_when_its_turn_is_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await october(world)
    service = world.club.services.belonging
    saved = service._repository.save

    async def dies(_: object) -> None:
        raise RuntimeError("dead")

    monkeypatch.setattr(service._repository, "save", dies)
    with pytest.raises(RuntimeError):
        await world.over()
    monkeypatch.setattr(service._repository, "save", saved)

    assert await service.add_up_due(world.club.key) == 0  # another may still be at it
    world.club.clock.advance(timedelta(minutes=31))
    assert await service.add_up_due(world.club.key) == 1
    assert (await world.index())["members"] == 4


async def test_anonymous_answers_count_for_the_programme_once_enough_and_for_no_member(
    world: World,
) -> None:
    club = world.club
    club.clock.now = OCTOBER
    names = [f"m{number}" for number in range(5)]
    await club.join_all(*names)
    for name, nps in zip(names[:4], (10, 10, 10, 0), strict=True):
        await world.answer(name, "secret", nps=nps)
    await world.over()
    assert flat(await world.index())["NPS"] is None  # four are too few


async def test_anonymous_answers_of_enough_count_for_the_programme(world: World) -> None:
    club = world.club
    club.clock.now = OCTOBER
    names = [f"m{number}" for number in range(5)]
    await club.join_all(*names)
    for name, nps in zip(names, (10, 10, 10, 7, 0), strict=True):
        await club.do("visit", name)
        await world.answer(name, "secret", nps=nps)
    await world.over()

    index = await world.index()
    assert flat(index)["NPS"] == pytest.approx((300 + 50) / 5)
    for name in names:
        own = await world.of(name)
        assert "NPS" in own["missing"]
    assert flat(await world.index('(segment: "golden")'))["NPS"] is None


async def test_the_chart_says_what_is_not_known(world: World) -> None:
    await world.club.do("visit", "ann")
    await world.over(datetime(2026, 5, 2, tzinfo=UTC))
    found = await world.graphql.read(
        world.club.operator, "{ belonging { zh: chart(language: ZH) en: chart(language: EN, width: 600) } }"
    )
    for svg, said in ((found["belonging"]["zh"], "未知"), (found["belonging"]["en"], "not known")):
        root = ET.fromstring(svg)  # noqa: S314 - made here
        assert said in "".join(root.itertext())


async def test_it_is_for_operators_and_services(world: World) -> None:
    await october(world)
    await world.over()
    club = world.club
    document = "query ($id: ID!) { member(id: $id) { belonging { value } } }"
    ann = {"id": member_gid(club, "ann")}
    for actor in (club.member_actor("ann"), club.moderator):
        refused(await world.graphql(actor, "{ belonging { value } }"), "FORBIDDEN")
        refused(await world.graphql(actor, "{ belongingTrend { months { value } } }"), "FORBIDDEN")
        refused(await world.graphql(actor, document, ann), "FORBIDDEN")
    for actor in (club.operator, club.service):
        assert (await world.graphql.read(actor, document, ann))["member"]["belonging"]["value"] > 0
    refused(await world.graphql(club.operator, '{ belonging(period: "x") { value } }'), "INVALID_INPUT")
    refused(
        await world.graphql(club.operator, "{ belongingTrend(last: 37) { months { value } } }"),
        "INVALID_INPUT",
    )


async def test_an_export_has_a_members_months_and_erasing_forgets_them(world: World) -> None:
    await october(world)
    await world.over()
    club = world.club
    stored = club.services.belonging._repository._snapshots
    query = {"programme_id": club.key, "member_id": club.id_of("ann")}
    assert await stored.count_documents(query) == 1

    stated = {"memberId": member_gid(club, "ann"), "confirmExternalId": "ann"}
    await world.graphql.done(club.service, "eraseMember", stated)
    await club.services.erasures.run_open()

    assert await stored.count_documents(query) == 0
    assert (await world.index())["members"] == 4  # the month stays as it was
