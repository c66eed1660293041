"""Ladders in GraphQL: `Member.tier`, `tiers`, `tierHistory`, `tierForecast`, `tierLadders`, `setMemberTier`."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gamification.verification.service import VerificationService
from storage.mongo import Contention
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid, refused, typed
from tests.support import ProgrammeUnderTest

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DOCUMENT: dict[str, Any] = {
    "units": [{"key": "points"}, {"key": "growth"}],
    "activity_types": [
        {
            "key": "buy",
            "properties": {
                "type": "object",
                "properties": {"amount": {"type": "integer"}},
                "required": ["amount"],
            },
        }
    ],
    "counters": [{"key": "spend", "on": ["buy"], "add": "activity.amount"}],
    "rules": [
        {
            "key": "purchases",
            "on": ["buy"],
            "effects": [
                {"points": {"unit": "growth", "amount": "activity.amount"}},
                {"points": {"unit": "points", "amount": "activity.amount"}},
            ],
        }
    ],
    "ladders": [
        {
            "key": "club",
            "name": {"en": "Club", "zh": "俱乐部"},
            "measures": [{"key": "growth", "unit": "growth", "rolling": "P30D"}],
            "grace": "P10D",
            "notice": "P15D",
            "tiers": [
                {"key": "basic", "name": {"en": "Basic"}},
                {
                    "key": "silver",
                    "name": {"en": "Silver", "zh": "银卡"},
                    "requires": {"growth": 100},
                    "multipliers": {"points": 1.5},
                    "benefits": [{"key": "post", "name": {"en": "Free post"}}],
                },
                {"key": "gold", "requires": {"growth": 500}, "multipliers": {"points": 2}},
            ],
        },
        {
            "key": "spenders",
            "measures": [{"key": "spent", "counter": "spend"}],
            "tiers": [{"key": "big", "requires": {"spent": 200}}],
        },
    ],
}
PLACE = "tier { key place } ladder { key } since until inGrace setByHand figures { measure value }"
CHANGE = "kind before { key } after { key } at until figures { measure value } cause { activity { sourceId } reason actor { subject } }"
GOAL = "tier { key } by met estimated ways { requirements { measure required value missing } }"


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    club = await programme(DOCUMENT, lateness="unlimited")
    club.clock.now = NOON
    await club.join_all("ann", "bob")
    return club


async def tier(graphql: GraphQL, club: ProgrammeUnderTest, name: str = "ann", ladder: str = "club") -> Any:
    answer = await graphql.read(
        club.member_actor(name),
        "query ($ladder: String) { me { tier(ladder: $ladder) { tier { key } } } }",
        {"ladder": ladder},
    )
    return (answer["me"]["tier"]["tier"] or {}).get("key")


async def review(club: ProgrammeUnderTest) -> None:
    keeping = club.services.tier_keeping
    while await keeping.review(club.clock.now, programmes=[club.key]):
        pass


async def differences(club: ProgrammeUnderTest) -> list[str]:
    return (await VerificationService(club.services).verify(club.key)).differences


async def test_growth_lifts_a_member_and_says_by_which_activity(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.do("buy", "ann", amount=60)
    await club.do("buy", "ann", amount=60, source_id="the-one")

    answer = await graphql.read(
        club.member_actor("ann"),
        f'{{ me {{ tier {{ {PLACE} }} tiers {{ ladder {{ key }} tier {{ key }} }} none: tier(ladder: "x") {{ since }}'
        f" tierHistory {{ nodes {{ {CHANGE} }} }} }} }}",
    )

    me = answer["me"]
    assert me["tier"] == {
        "tier": {"key": "silver", "place": 2},
        "ladder": {"key": "club"},
        "since": "2026-03-10T12:00:00.000Z",
        "until": None,
        "inGrace": False,
        "setByHand": False,
        "figures": [{"measure": "growth", "value": 120}],
    }
    assert me["tiers"] == [
        {"ladder": {"key": "club"}, "tier": {"key": "silver"}},
        {"ladder": {"key": "spenders"}, "tier": None},
    ]
    assert me["none"] is None
    (change,) = me["tierHistory"]["nodes"]
    assert (change["kind"], change["before"], change["after"]) == (
        "RAISED",
        {"key": "basic"},
        {"key": "silver"},
    )
    assert change["cause"]["activity"] == {"sourceId": "the-one"}
    assert change["figures"] == [{"measure": "growth", "value": 120}]
    assert await differences(club) == []


async def test_shows_ladders_with_their_tiers(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    document = """{ tierLadder(key: "club") { id key name measures { key unit counter rollingDays cycle }
        tiers { key name place conditions { measure atLeast } anyCondition sharePercent
                multipliers { unit factor } benefits { key name description } } }
        none: tierLadder(key: "nope") { key } tierLadders { key } }"""

    answer = await graphql.read(club.member_actor("ann"), document)

    ladder = answer["tierLadder"]
    assert ladder["measures"] == [
        {"key": "growth", "unit": "growth", "counter": None, "rollingDays": 30, "cycle": None}
    ]
    assert ladder["tiers"][1] == {
        "key": "silver",
        "name": "Silver",
        "place": 2,
        "conditions": [{"measure": "growth", "atLeast": 100}],
        "anyCondition": False,
        "sharePercent": None,
        "multipliers": [{"unit": "points", "factor": "1.5"}],
        "benefits": [{"key": "post", "name": "Free post", "description": None}],
    }
    assert answer["none"] is None
    assert [one["key"] for one in answer["tierLadders"]] == ["club", "spenders"]
    again = await graphql.read(
        club.member_actor("ann"),
        "query ($id: ID!) { node(id: $id) { ... on TierLadder { key } } }",
        {"id": ladder["id"]},
    )
    assert again == {"node": {"key": "club"}}


async def test_spend_by_a_counter_lifts_too(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    bought = await club.do("buy", "ann", amount=199)
    assert await tier(graphql, club, ladder="spenders") is None
    await club.do("buy", "ann", amount=1)
    assert await tier(graphql, club, ladder="spenders") == "big"

    await club.reverse(bought)

    assert await tier(graphql, club, ladder="spenders") is None
    assert await differences(club) == []


async def test_points_are_multiplied_by_the_tier_held_before(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.record(*(club.activity("buy", "ann", amount=amount) for amount in (100, 5, 400)))

    answer = await graphql.read(
        club.member_actor("ann"),
        '{ me { ledger(unit: "points") { nodes { amount cause { tier multiplier rule { key } } } } } }',
    )

    assert answer["me"]["ledger"]["nodes"] == [
        {"amount": 600, "cause": {"tier": "club/silver", "multiplier": "1.5", "rule": {"key": "purchases"}}},
        {"amount": 8, "cause": {"tier": "club/silver", "multiplier": "1.5", "rule": {"key": "purchases"}}},
        {"amount": 100, "cause": {"tier": None, "multiplier": None, "rule": {"key": "purchases"}}},
    ]
    assert await club.balance("ann", "growth") == 505
    assert await tier(graphql, club) == "gold"


async def test_batches_and_single_activities_come_to_the_same(
    programme: MakeProgramme, graphql: GraphQL
) -> None:
    clubs = [await programme(DOCUMENT), await programme(DOCUMENT)]
    amounts = [60, 60, 7, 400, 9]
    for club in clubs:
        await club.join_all("ann")
    await clubs[0].record(*(clubs[0].activity("buy", "ann", amount=amount) for amount in amounts))
    for amount in amounts:
        await clubs[1].do("buy", "ann", amount=amount)

    assert [await club.balance("ann", "points") for club in clubs] == [60 + 60 + 11 + 600 + 18] * 2
    for club in clubs:
        history = await graphql.read(
            club.member_actor("ann"), '{ me { tierHistory(ladder: "club") { nodes { after { key } } } } }'
        )
        assert [n["after"]["key"] for n in history["me"]["tierHistory"]["nodes"]] == ["gold", "silver"]


async def test_a_refund_takes_the_tier_and_the_multiplied_points(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    first = await club.do("buy", "ann", amount=100)
    second = await club.do("buy", "ann", amount=10)

    await club.reverse(second)
    assert await club.balance("ann", "points") == 100
    await club.reverse(first)
    await club.reverse(first)

    assert await tier(graphql, club) == "basic"
    history = await graphql.read(
        club.member_actor("ann"), '{ me { tierHistory(ladder: "club") { nodes { kind after { key } } } } }'
    )
    assert [n["kind"] for n in history["me"]["tierHistory"]["nodes"]] == ["RESTORED", "RAISED"]
    assert await differences(club) == []


async def test_late_activity_counts_on_the_day_it_happened(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.do("buy", "ann", amount=100, at=NOON - timedelta(days=29))
    assert await tier(graphql, club) == "silver"
    await club.do("buy", "bob", amount=100, at=NOON - timedelta(days=30))
    assert await tier(graphql, club, "bob") == "basic"


async def test_the_forecast_says_what_is_missing_to_keep_and_to_rise(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.do("buy", "ann", amount=80)
    club.clock.now = NOON + timedelta(days=10)
    await club.do("buy", "ann", amount=70)
    document = (
        f"{{ me {{ tierForecast {{ dropsAt dropsTo {{ key }} keep {{ {GOAL} }} rise {{ {GOAL} }} }} }} }}"
    )

    found = (await graphql.read(club.member_actor("ann"), document))["me"]["tierForecast"]

    assert found == {
        "dropsAt": "2026-04-19T00:00:00.000Z",
        "dropsTo": {"key": "basic"},
        "keep": {
            "tier": {"key": "silver"},
            "by": "2026-04-09T00:00:00.000Z",
            "met": False,
            "estimated": False,
            "ways": [{"requirements": [{"measure": "growth", "required": 100, "value": 70, "missing": 30}]}],
        },
        "rise": {
            "tier": {"key": "gold"},
            "by": "2026-04-09T00:00:00.000Z",
            "met": False,
            "estimated": False,
            "ways": [
                {"requirements": [{"measure": "growth", "required": 500, "value": 150, "missing": 350}]}
            ],
        },
    }
    nothing = await graphql.read(club.member_actor("bob"), '{ me { tierForecast(ladder: "x") { dropsAt } } }')
    assert nothing == {"me": {"tierForecast": None}}


async def test_the_member_hears_of_rise_notice_grace_and_drop(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    document = """subscription { myProgress(after: 0) { __typename
        ... on ProgressSnapshot { tiers { tier { key } } }
        ... on TierChanged { change { kind after { key } } }
        ... on TierNotice { ladder { key } tier { key } dropsTo { key } dropsAt } } }"""
    await club.do("buy", "ann", amount=100)
    for day in range(0, 60, 2):
        club.clock.now = NOON + timedelta(days=day)
        await review(club)

    async with graphql.subscribe(club.member_actor("ann"), document) as stream:
        told = await stream.until_quiet(0.5)

    assert told[0]["tiers"] == [{"tier": {"key": "basic"}}, {"tier": None}]
    tiers = [one for one in told[1:] if one["__typename"].startswith("Tier")]
    assert [(t["__typename"], (t.get("change") or {}).get("kind")) for t in tiers] == [
        ("TierChanged", "RAISED"),
        ("TierNotice", None),
        ("TierChanged", "GRACE"),
        ("TierChanged", "DROPPED"),
    ]
    assert tiers[1]["dropsTo"] == {"key": "basic"}
    assert tiers[1]["dropsAt"] == "2026-04-19T00:00:00.000Z"
    assert await differences(club) == []


async def test_what_is_due_shows_before_the_worker_has_written_it(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.do("buy", "ann", amount=100)
    club.clock.now = NOON + timedelta(days=300)

    answer = await graphql.read(club.member_actor("ann"), "{ me { tier { tier { key } inGrace } } }")

    assert answer["me"]["tier"]["inGrace"] or answer["me"]["tier"]["tier"] == {"key": "basic"}


SET = "replayed tier { tier { key } until setByHand } member { id }"


def setting(club: ProgrammeUnderTest, **more: Any) -> dict[str, Any]:
    return {
        "memberId": member_gid(club, "ann"),
        "ladder": "club",
        "tier": "gold",
        "reason": "a favour",
        "idempotencyKey": "k",
        **more,
    }


async def test_an_operator_sets_a_tier_until_an_instant(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    until = (NOON + timedelta(days=5)).isoformat()

    first = await graphql.done(club.operator, "setMemberTier", setting(club, until=until), SET)
    second = await graphql.done(club.operator, "setMemberTier", setting(club, until=until), SET)
    typed(
        await graphql.mutate(club.operator, "setMemberTier", setting(club)),
        "IdempotencyConflictError",
    )

    assert first["tier"] == {
        "tier": {"key": "gold"},
        "until": "2026-03-15T12:00:00.000Z",
        "setByHand": True,
    }
    assert second == {**first, "replayed": True}
    await club.do("buy", "ann", amount=10)
    assert await club.balance("ann", "points") == 20
    club.clock.now = NOON + timedelta(days=5)
    await review(club)
    assert await tier(graphql, club) == "basic"
    history = await graphql.read(
        club.operator,
        "query ($id: ID!) { member(id: $id) { tierHistory { nodes { kind cause { reason actor { subject } } } } } }",
        {"id": member_gid(club, "ann")},
    )
    assert [n["kind"] for n in history["member"]["tierHistory"]["nodes"]] == ["DROPPED", "SET"]
    assert history["member"]["tierHistory"]["nodes"][1]["cause"] == {
        "reason": "a favour",
        "actor": {"subject": "ops"},
    }
    assert await differences(club) == []


@pytest.mark.parametrize(
    ("changed", "kind", "path"),
    [
        ({"ladder": "nope"}, "NotFoundError", "ladder"),
        ({"tier": "nope"}, "NotFoundError", "tier"),
        ({"memberId": "nobody"}, "NotFoundError", "memberId"),
        ({"reason": ""}, "InvalidInputError", "reason"),
        ({"until": "2026-03-10T12:00:00Z"}, "InvalidInputError", "until"),
        ({"idempotencyKey": ""}, "InvalidInputError", "idempotencyKey"),
    ],
)
async def test_refuses_to_set_what_makes_no_sense(
    graphql: GraphQL, club: ProgrammeUnderTest, changed: dict[str, Any], kind: str, path: str
) -> None:
    typed(await graphql.mutate(club.operator, "setMemberTier", setting(club, **changed)), kind, path=path)

    assert await tier(graphql, club) == "basic"


async def test_only_the_owner_staff_and_services_read_tiers(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    for field in (
        "tier { since }",
        "tiers { since }",
        "tierHistory { nodes { kind } }",
        "tierForecast { dropsAt }",
    ):
        document = f"query ($id: ID!) {{ member(id: $id) {{ {field} }} }}"
        for actor in (club.moderator, club.operator, club.service, club.member_actor("bob")):
            await graphql.read(actor, document, {"id": member_gid(club, "bob")})
        result = await graphql(club.member_actor("ann"), document, {"id": member_gid(club, "bob")})
        refused(result, "FORBIDDEN", at=f"member.{field.split()[0]}")


async def test_members_are_placed_on_a_ladder_that_comes_later(
    programme: MakeProgramme, graphql: GraphQL
) -> None:
    without = {name: part for name, part in DOCUMENT.items() if name != "ladders"}
    club = await programme(without, lateness="unlimited")
    club.clock.now = NOON
    await club.join_all("ann", "bob", "cec")
    await club.do("buy", "ann", amount=600)
    gone = await club.do("buy", "bob", amount=600)
    await club.do("buy", "bob", amount=150)
    await club.reverse(gone)
    await club.apply(DOCUMENT, lateness="unlimited")

    assert [await tier(graphql, club, name) for name in ("ann", "bob", "cec")] == ["gold", "silver", "basic"]
    while await club.services.tier_keeping.place(limit=2, programmes=[club.key]):
        pass
    assert [await tier(graphql, club, name) for name in ("ann", "bob", "cec")] == ["gold", "silver", "basic"]
    assert [await tier(graphql, club, name, "spenders") for name in ("ann", "bob")] == ["big", None]
    assert await differences(club) == []
    await club.do("buy", "bob", amount=400)
    assert await tier(graphql, club, "bob") == "gold"


async def test_editing_a_ladder_raises_and_never_lowers_without_a_word(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.do("buy", "ann", amount=120)
    await club.do("buy", "bob", amount=90)
    ladder = DOCUMENT["ladders"][0]
    tiers = [ladder["tiers"][0], {**ladder["tiers"][1], "requires": {"growth": 150}}, ladder["tiers"][2]]
    await club.apply({**DOCUMENT, "ladders": [{**ladder, "tiers": tiers}, DOCUMENT["ladders"][1]]})
    while await club.services.tier_keeping.place(programmes=[club.key]):
        pass

    answer = await graphql.read(club.member_actor("ann"), "{ me { tier { tier { key } inGrace until } } }")
    assert answer["me"]["tier"] == {
        "tier": {"key": "silver"},
        "inGrace": True,
        "until": "2026-03-21T00:00:00.000Z",
    }
    tiers[1]["requires"] = {"growth": 80}
    await club.apply({**DOCUMENT, "ladders": [{**ladder, "tiers": tiers}, DOCUMENT["ladders"][1]]})
    while await club.services.tier_keeping.place(programmes=[club.key]):
        pass
    assert await tier(graphql, club, "bob") == "silver"
    assert (await graphql.read(club.member_actor("ann"), "{ me { tier { inGrace } } }"))["me"]["tier"] == {
        "inGrace": False
    }
    assert await differences(club) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda ladder: {**ladder, "tiers": ladder["tiers"][:2]},
        lambda ladder: {**ladder, "measures": [{"key": "growth", "unit": "points"}]},
        lambda ladder: {**ladder, "measures": [{"key": "growth", "unit": "nope"}]},
        lambda ladder: {**ladder, "key": "other", "measures": [{"key": "growth", "unit": "nope"}]},
    ],
)
async def test_a_ladder_that_members_stand_on_keeps_its_tiers_and_measures(
    graphql: GraphQL, club: ProgrammeUnderTest, change: Any
) -> None:
    document = {**DOCUMENT, "programme": {"key": club.key}, "ladders": [change(DOCUMENT["ladders"][0])]}

    answer = await graphql.mutate(club.operator, "applyProgramme", {"document": document})

    assert answer.data is not None
    assert answer.data["applyProgramme"]["__typename"] in ("InvalidInputError", "InvalidDocumentError")


PYRAMID: dict[str, Any] = {
    **DOCUMENT,
    "ladders": [
        {
            "key": "top",
            "measures": [{"key": "growth", "unit": "growth", "cycle": "monthly"}],
            "pyramid": "growth",
            "keep": {"cycle": "monthly"},
            "rise": "review",
            "tiers": [
                {"key": "base"},
                {"key": "gold", "share_percent": 20},
                {"key": "diamond", "share_percent": 10},
            ],
        }
    ],
}


async def test_a_pyramid_is_built_anew_when_a_month_ends(programme: MakeProgramme, graphql: GraphQL) -> None:
    club = await programme(PYRAMID, lateness="unlimited")
    club.clock.now = NOON
    names = [f"m{number}" for number in range(10)]
    await club.join_all(*names)
    await club.record(*(club.activity("buy", name, amount=10 + n) for n, name in enumerate(names)))
    assert await tier(graphql, club, "m9", "top") == "base"

    club.clock.now = datetime(2026, 4, 1, 0, 0, 1, tzinfo=UTC)
    await review(club)
    assert [await tier(graphql, club, name, "top") for name in names[-4:]] == [
        "base",
        "gold",
        "gold",
        "diamond",
    ]
    forecast = await graphql.read(
        club.member_actor("m6"),
        f"{{ me {{ tierForecast {{ rise {{ {GOAL} }} }} }} }}",
    )
    assert forecast["me"]["tierForecast"]["rise"] == {
        "tier": {"key": "gold"},
        "by": "2026-05-01T00:00:00.000Z",
        "met": False,
        "estimated": True,
        "ways": [{"requirements": [{"measure": "growth", "required": 17, "value": 0, "missing": 17}]}],
    }
    assert await differences(club) == []
    await club.do("buy", "m0", amount=1)
    club.clock.now = datetime(2026, 5, 1, 0, 0, 1, tzinfo=UTC)
    await review(club)
    assert [await tier(graphql, club, name, "top") for name in ("m0", "m9")] == ["diamond", "base"]
    assert await differences(club) == []


async def test_what_cannot_be_placed_keeps_no_other_waiting(
    programme: MakeProgramme, graphql: GraphQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = {name: part for name, part in DOCUMENT.items() if name != "ladders"}
    stuck, club = [await programme(without, lateness="unlimited") for _ in range(2)]
    for one in (stuck, club):
        one.clock.now = NOON
        await one.join("ann")
        await one.do("buy", "ann", amount=600)
        await one.apply(DOCUMENT, lateness="unlimited")
    keeping = club.services.tier_keeping
    place, placed = keeping._place, set[str]()

    async def contended(catalogue: Any, ladder: Any, limit: int) -> int:
        if catalogue.programme_id == stuck.key:
            raise Contention("others are at it")
        placed.add(catalogue.programme_id)
        return await place(catalogue, ladder, limit)

    monkeypatch.setattr(type(keeping), "_place", lambda _, *stated: contended(*stated))
    while await keeping.place(programmes=[stuck.key, club.key]):
        pass

    assert club.key in placed
    assert await tier(graphql, club, "ann") == "gold"
    assert await differences(club) == []
