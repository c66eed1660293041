"""A campaign of meetings: gatherings that count while it is on, and a questionnaire after its end to those who came."""

from datetime import timedelta
from typing import Any

from tests.community_world import COMMUNITY
from tests.conftest import MakeProgramme
from tests.gathering_world import NOW, STARTS, held, rsvp
from tests.resolvers.harness import GraphQL, member_gid
from tests.support import ProgrammeUnderTest

ENDS = STARTS + timedelta(days=1)
FESTIVAL: dict[str, Any] = {
    "key": "festival",
    "name": {"en": "Tea festival", "zh": "茶会节"},
    "kind": "social",
    "schedule": {"starts_at": NOW.isoformat(), "ends_at": ENDS.isoformat()},
    "measures": {"participates": ["community.attended"], "converts": ["community.attended"]},
    "includes": {"spaces": ["square"]},
    "goal": {"aim": "participants", "target": 2},
    "budget": {"points": [{"unit": "points", "amount": 40}]},
    "survey": "how_was_it",
}
DOCUMENT: dict[str, Any] = {
    **COMMUNITY,
    "programme": {
        **COMMUNITY["programme"],
        "community": {
            **COMMUNITY["programme"]["community"],
            "activities": {"attended": "community.attended", "survey": "community.survey"},
        },
    },
    "activity_types": [
        *COMMUNITY["activity_types"],
        *({"key": f"community.{one}", "properties": {"type": "object"}} for one in ("attended", "survey")),
    ],
    "rules": [
        {
            "key": "came",
            "on": ["community.attended"],
            "campaign": "festival",
            "effects": [{"points": {"unit": "points", "amount": 20}}],
        },
        {
            "key": "answered",
            "on": ["community.survey"],
            "effects": [{"points": {"unit": "points", "amount": 3}}],
        },
    ],
    "campaigns": [FESTIVAL],
    "surveys": [
        {
            "key": "how_was_it",
            "name": {"en": "How was it?"},
            "opens_at": NOW.isoformat(),
            "closes_at": (ENDS + timedelta(days=30)).isoformat(),
            "questions": [{"key": "recommend", "kind": "nps", "name": {"en": "Would you recommend it?"}}],
        }
    ],
}
FIGURES = """{ campaign(key: "festival") { state goal { aim target }
    figures { participants converters points { unit amount } } } }"""


async def attended(graphql: GraphQL, club: ProgrammeUnderTest, name: str, gathering: dict[str, Any]) -> None:
    stated = {"gatheringId": gathering["id"], "memberId": member_gid(club, name)}
    await graphql.done(club.moderator, "recordAttendance", stated)


async def notices(club: ProgrammeUnderTest, name: str) -> list[dict[str, Any]]:
    messages = await club.services.stores.feed.after(club.id_of(name), 0)
    return [dict(one.body) for one in messages if one.kind == "campaign"]


async def test_who_came_is_rewarded_within_budget_and_asked_afterwards(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await programme(DOCUMENT)
    club.clock.now = NOW
    for name in ("ann", "bob", "cyd", "dan"):
        await club.join(name)
    tea = await held(graphql, club)
    late = await held(
        graphql,
        club,
        startsAt=(ENDS + timedelta(hours=1)).isoformat(),
        endsAt=(ENDS + timedelta(hours=2)).isoformat(),
    )
    for name in ("ann", "bob", "cyd"):
        await rsvp(graphql, club, name, tea)
    await rsvp(graphql, club, "dan", late)

    club.clock.now = STARTS + timedelta(minutes=5)
    for name in ("ann", "bob", "cyd"):
        await attended(graphql, club, name, tea)
    club.clock.now = ENDS + timedelta(hours=1, minutes=5)
    await attended(graphql, club, "dan", late)
    await club.catch_up()

    # Two times 20 are the budget; who came after the end has nothing of it.
    assert [await club.balance(name, "points") for name in ("ann", "bob", "cyd", "dan")] == [20, 20, 0, 0]
    found = (await graphql.read(club.operator, FIGURES))["campaign"]
    assert found["goal"] == {"aim": "PARTICIPANTS", "target": 2}
    assert (found["figures"]["participants"], found["figures"]["converters"]) == (3, 3)
    assert found["figures"]["points"] == [{"unit": "points", "amount": 40}]

    await club.services.campaign_settling.run_due(club.key)
    await club.services.campaign_settling.run_due(club.key)

    assert [len(await notices(club, name)) for name in ("ann", "bob", "cyd", "dan")] == [1, 1, 1, 0]
    document = """subscription { myProgress(after: 0) { __typename ... on CampaignNotice { campaignKey stage surveyKey } } }"""
    async with graphql.subscribe(club.member_actor("ann"), document) as stream:
        told = await stream.until_quiet(0.5)
    assert [one for one in told if one["__typename"] == "CampaignNotice"] == [
        {
            "__typename": "CampaignNotice",
            "campaignKey": "festival",
            "stage": "AFTER",
            "surveyKey": "how_was_it",
        }
    ]
