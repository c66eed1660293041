"""What operators see of answers, and that nobody sees who gave those to an anonymous survey."""

import asyncio
from itertools import pairwise
from typing import Any

import orjson
import pytest
from bson import json_util

from community.services import INDEXES
from community.surveys.repository import BALLOTS
from community.verification.service import VerificationService
from storage.mongo import Mongo
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, refused
from tests.support import ProgrammeUnderTest
from tests.survey_world import SURVEYS, crowd, stated

RESULTS = """query ($key: String!) { survey(key: $key) { answerCount results { isWithheld shown questions {
    question { key } answered isWithheld
    options { option name count share firsts points } steps { value count }
    netPromoters { promoters passives detractors score } satisfaction { satisfied answered percent satisfiedFrom }
    numbers { mean least most } days { date count } texts(first: 100) { nodes { text } } } } } }"""
BREAKDOWN = """query ($key: String!, $by: String!) { survey(key: $key) { results { breakdown(question: $by) {
    isWithheld groups { key shown questions { question { key } answered isWithheld steps { value count }
        texts { nodes { text } } } } } } } }"""


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    return await programme(SURVEYS)


async def answered(
    graphql: GraphQL, club: ProgrammeUnderTest, survey: str, *given: dict[str, Any], start: int = 0
) -> None:
    """Let as many members answer, each as given."""
    names = await crowd(club, start + len(given))
    for name, one in zip(names[start:], given, strict=True):
        await graphql.done(club.member_actor(name), "answerSurvey", stated(survey, **one))


async def results(graphql: GraphQL, club: ProgrammeUnderTest, survey: str) -> dict[str, Any]:
    found: dict[str, Any] = (await graphql.read(club.operator, RESULTS, {"key": survey}))["survey"]
    return found


def of(found: dict[str, Any], key: str) -> dict[str, Any]:
    """What was answered to one question."""
    return next(one for one in found["results"]["questions"] if one["question"]["key"] == key)


GIVEN: list[dict[str, Any]] = [
    {"recommend": 10, "channel": ["web"], "service": 5, "order": ["price", "speed", "taste"]},
    {"recommend": 9, "channel": ["shop"], "drinks": ["tea", "coffee"], "service": 4},
    {"recommend": 8, "channel": ["shop"], "drinks": ["tea"], "spent": {"number": "1.50"}},
    {"recommend": 2, "why": "=1+1", "service": 1, "birthday": {"date": "2026-05-01"}},
    {"recommend": 6, "why": "slow", "spent": {"number": "2"}, "order": ["taste", "price"]},
]


async def test_answers_are_added_up_by_kind(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await answered(graphql, club, "spring", *GIVEN)

    found = await results(graphql, club, "spring")

    assert (found["answerCount"], found["results"]["shown"], found["results"]["isWithheld"]) == (5, 5, False)
    recommend = of(found, "recommend")
    assert recommend["netPromoters"] == {"promoters": 2, "passives": 1, "detractors": 2, "score": 0}
    assert {one["value"]: one["count"] for one in recommend["steps"] if one["count"]} == {
        2: 1,
        6: 1,
        8: 1,
        9: 1,
        10: 1,
    }
    assert len(recommend["steps"]) == 11
    assert recommend["numbers"] == {"mean": 7.0, "least": 2.0, "most": 10.0}
    service = of(found, "service")["satisfaction"]
    assert service == {"satisfied": 2, "answered": 3, "percent": 67, "satisfiedFrom": 4}
    channel = of(found, "channel")
    assert [(one["option"], one["count"], one["share"]) for one in channel["options"]] == [
        ("web", 1, 1 / 3),
        ("shop", 2, 2 / 3),
        ("phone", 0, 0.0),
    ]
    assert channel["options"][0]["name"] == "On the web"
    drinks = of(found, "drinks")
    assert (drinks["answered"], [one["count"] for one in drinks["options"]]) == (2, [2, 1, 0])
    assert of(found, "spent")["numbers"] == {"mean": 1.75, "least": 1.5, "most": 2.0}
    assert of(found, "birthday")["days"] == [{"date": "2026-05-01", "count": 1}]
    order = of(found, "order")
    assert [(one["option"], one["count"], one["firsts"], one["points"]) for one in order["options"]] == [
        ("price", 2, 1, 3),
        ("speed", 1, 0, 1),
        ("taste", 2, 1, 2),
    ]
    assert sorted(one["text"] for one in of(found, "why")["texts"]["nodes"]) == ["=1+1", "slow"]


async def test_a_survey_that_nobody_answered_shows_nothing(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    found = await results(graphql, club, "spring")
    assert found["results"]["shown"] == 0
    assert of(found, "recommend")["netPromoters"]["score"] is None
    assert of(found, "recommend")["numbers"] is None
    assert of(found, "service")["satisfaction"]["percent"] is None
    assert of(found, "channel")["options"][0]["share"] == 0.0


async def test_texts_come_in_pages(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await answered(graphql, club, "spring", *({"recommend": 1, "why": f"w{number}"} for number in range(7)))
    asked = """query ($after: String) { survey(key: "spring") { results { questions { question { key }
        texts(first: 3, after: $after) { nodes { text } pageInfo { hasNextPage endCursor } } } } } }"""
    seen: list[str] = []
    after, page = None, {}
    for _ in range(3):
        found = (await graphql.read(club.operator, asked, {"after": after}))["survey"]
        page = of(found, "why")["texts"]
        seen += [one["text"] for one in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert sorted(seen) == [f"w{number}" for number in range(7)]
    assert not page["pageInfo"]["hasNextPage"]


async def test_who_answered_is_listed_last_first(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await answered(graphql, club, "spring", {"recommend": 1, "why": "x"}, {"recommend": 9})
    await answered(graphql, club, "secret", {"recommend": 9}, start=1)
    asked = """query ($key: String!) { survey(key: $key) { responses(first: 1) { nodes { number member { id }
        answers { question value text } } pageInfo { hasNextPage } } } }"""

    spring = (await graphql.read(club.operator, asked, {"key": "spring"}))["survey"]["responses"]
    secret = (await graphql.read(club.operator, asked, {"key": "secret"}))["survey"]["responses"]

    assert spring["pageInfo"]["hasNextPage"]
    assert spring["nodes"][0]["answers"] == [{"question": "recommend", "value": 9, "text": None}]
    (anonymous,) = secret["nodes"]
    assert anonymous["answers"] is None
    assert anonymous["member"] is not None


async def test_answers_by_answers(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await answered(graphql, club, "spring", *GIVEN)

    async def by(question: str) -> dict[Any, Any]:
        found = await graphql.read(club.operator, BREAKDOWN, {"key": "spring", "by": question})
        groups = found["survey"]["results"]["breakdown"]["groups"]
        return {one["key"]: one for one in groups}

    assert {key: one["shown"] for key, one in (await by("channel")).items()} == {"web": 1, "shop": 2, None: 2}
    bands = await by("recommend")
    assert {key: one["shown"] for key, one in bands.items()} == {
        "promoters": 2,
        "passives": 1,
        "detractors": 2,
    }
    why = next(one for one in bands["detractors"]["questions"] if one["question"]["key"] == "why")
    assert (why["answered"], why["texts"]["nodes"]) == (2, [])
    assert list(await by("service")) == ["1", "4", "5", None]
    for question in ("drinks", "why", "spent", "nothing"):
        result = await graphql(club.operator, BREAKDOWN, {"key": "spring", "by": question})
        refused(result, "NOT_FOUND")


# -- anonymous


async def test_few_answers_to_an_anonymous_survey_are_not_shown(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await answered(graphql, club, "secret", *({"recommend": 9} for _ in range(4)))
    few = await results(graphql, club, "secret")
    await answered(graphql, club, "secret", {"recommend": 2, "why": "hidden"}, start=4)
    enough = await results(graphql, club, "secret")

    assert few == {
        "answerCount": 4,
        "results": {"isWithheld": True, "shown": 0, "questions": []},
    }
    assert enough["results"]["shown"] == 5
    assert of(enough, "recommend")["netPromoters"]["score"] == 60
    # One alone was asked why: whoever knows that they were no promoter would know what they wrote.
    why = of(enough, "why")
    assert why["isWithheld"]
    assert (why["answered"], why["texts"]["nodes"]) == (None, [])


async def test_what_comes_to_be_shown_is_never_one_persons(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    """Results before and after one more answer would tell it: answers join in groups."""
    shown = []
    for number in range(11):
        await answered(
            graphql,
            club,
            "secret",
            {"recommend": number % 11, **({"why": "x"} if number < 7 else {})},
            start=number,
        )
        shown.append((await results(graphql, club, "secret"))["results"]["shown"])
    assert shown == [0, 0, 0, 0, 5, 5, 5, 5, 5, 10, 10]


async def test_who_look_while_others_answer_see_groups_too(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    reading, operator = club.services.survey_reading, club.operator
    survey = await reading.survey(operator, "secret")
    assert survey is not None
    shown = {0}

    async def look() -> None:
        found = await reading.results(operator, survey)
        shown.add(found.shown if found is not None else 0)

    names = await crowd(club, 24)
    for start in range(0, 24, 4):
        given = [
            graphql.done(club.member_actor(name), "answerSurvey", stated("secret", recommend=9))
            for name in names[start : start + 4]
        ]
        await asyncio.gather(*given, *(look() for _ in range(4)))
    await look()

    steps = sorted(shown)
    assert all(after - before >= 5 for before, after in pairwise(steps))
    assert steps[-1] > 15


async def test_a_breakdown_with_a_small_group_is_not_shown_at_all(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    """From the other groups and all together the small one could be told."""
    web = [{"channel": ["web"], "service": 5} for _ in range(5)]
    shop = [{"channel": ["shop"], "drinks": ["tea"]} for _ in range(4)]
    asked = {"key": "secret", "by": "channel"}
    await answered(graphql, club, "secret", *web, *shop)
    few = (await graphql.read(club.operator, BREAKDOWN, asked))["survey"]["results"]["breakdown"]
    # These four wait for others by now, as the results were read; so that they are five, five more are needed.
    await answered(graphql, club, "secret", *(shop[0] for _ in range(5)), start=9)
    enough = (await graphql.read(club.operator, BREAKDOWN, asked))["survey"]["results"]["breakdown"]

    assert few == {"isWithheld": True, "groups": []}
    assert {one["key"]: one["shown"] for one in enough["groups"]} == {"web": 5, "shop": 9}


async def test_nothing_in_the_database_leads_from_a_member_to_an_answer(
    graphql: GraphQL, club: ProgrammeUnderTest, mongo: Mongo
) -> None:
    """Members answer one after the other, each something of their own. Whoever reads every document of the programme finds
    no document with both, and no order in which the ones could be laid beside the others."""
    given = [
        {"recommend": 1, "why": f"mark-{number}", "spent": {"number": f"{number}.25"}} for number in range(40)
    ]
    await answered(graphql, club, "secret", *given)
    members = {name: club.id_of(name).hex() for name in club.members}

    ballots = await mongo.collection(BALLOTS).find({"programme_id": club.key}).to_list(None)
    assert {*ballots[0]} == {"_id", "programme_id", "survey", "answers", "shown"}
    ids = [part for one in ballots for part in (one["_id"], one["_id"].hex().encode())]
    for part in INDEXES:
        for name in part:
            if name == BALLOTS:
                continue
            # As bytes: other tests' programmes have left a great deal.
            async for found in mongo.collection(name).find_raw_batches({}):
                assert b"mark-" not in found, name
                assert not any(one in found for one in ids), name
    text = json_util.dumps(ballots)
    assert not any(member in text for member in members.values())

    # Natural order is that of the ids, which are by chance: by when they were answered they are in none.
    natural = (
        await mongo.collection(BALLOTS).find({"programme_id": club.key}).sort("$natural", 1).to_list(None)
    )
    assert [one["_id"] for one in natural] == sorted(one["_id"] for one in natural)
    options = await mongo.collection(BALLOTS).options()
    assert options["clusteredIndex"]["key"] == {"_id": 1}
    came = [int(next(a["v"] for a in one["answers"] if a["q"] == "why").split("-")[1]) for one in natural]
    assert sorted(came) == list(range(40))
    neighbours = sum(abs(a - b) == 1 for a, b in pairwise(came))
    assert neighbours < 20  # of 39, about 2 by chance


async def test_the_same_key_says_nothing_of_what_was_answered(
    graphql: GraphQL, club: ProgrammeUnderTest, mongo: Mongo
) -> None:
    """A digest of one of eleven numbers is that number to whoever tries eleven."""
    names = await crowd(club, 2)
    prints = []
    for name, value in zip(names, (1, 10), strict=True):
        one = club.member_actor(name)
        given: dict[str, Any] = {"recommend": value, **({"why": "x"} if value < 7 else {})}
        await graphql.done(one, "answerSurvey", stated("secret", **given))
        again = await graphql.done(one, "answerSurvey", stated("secret", recommend=9), "replayed")
        assert again["replayed"]
        keys = mongo.collection("idempotency_keys")
        row = await keys.find_one({"_id": {"$regex": f"^{club.key}.member:{name}"}})
        assert row is not None
        prints.append(row["fingerprint"])
    assert prints[0] == prints[1]


async def test_anonymous_answers_are_in_no_activity_feed_or_export(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await answered(graphql, club, "secret", {"recommend": 3, "why": "mark"})
    one = club.member_actor("m0")
    found = await graphql.read(
        one,
        """{ me { activities { nodes { type properties subject sourceId } } }
            exportMember(section: SURVEYS) { nodes { data } } }""",
    )
    assert b"mark" not in orjson.dumps(found)
    (activity,) = found["me"]["activities"]["nodes"]
    assert activity["properties"] == {"survey": "secret"}
    (exported,) = found["exportMember"]["nodes"]
    assert {*exported["data"]} == {"survey", "number", "at"}


async def test_erasing_forgets_what_was_answered_by_name(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await answered(graphql, club, "spring", *GIVEN)
    await answered(graphql, club, "secret", *GIVEN)
    await graphql.done(club.member_actor("m0"), "eraseMember", {"confirmExternalId": "m0"})
    await club.services.erasures.run_open()

    assert (await results(graphql, club, "spring"))["results"]["shown"] == 4
    secret = await results(graphql, club, "secret")
    assert (secret["answerCount"], secret["results"]["shown"]) == (5, 5)
    assert (await VerificationService(club.services).verify(club.key)).differences == []


@pytest.mark.parametrize(
    ("collection", "change", "says"),
    [
        ("survey_responses", {"survey": "nowhere"}, "missing"),
        ("survey_responses", {"member_id": b"x" * 12}, "missing"),
        ("survey_responses", {"activity_id": b"x" * 12}, "activity"),
        ("survey_responses", {"number": 2}, "by"),
        ("survey_responses", {"answers": [{"q": "nothing", "v": 1}]}, "nothing"),
        (BALLOTS, {"answers": [{"q": "nothing", "v": 1}]}, "nothing"),
        (BALLOTS, {"survey": "spring"}, "no anonymous survey"),
    ],
)
async def test_verify_finds_what_is_wrong(
    graphql: GraphQL,
    club: ProgrammeUnderTest,
    mongo: Mongo,
    collection: str,
    change: dict[str, Any],
    says: str,
) -> None:
    await answered(graphql, club, "spring", GIVEN[0])
    await answered(graphql, club, "secret", GIVEN[0])
    report = await VerificationService(club.services).verify(club.key)
    assert report.differences == []
    assert (report.counts["survey responses"], report.counts["survey ballots"]) == (2, 1)

    await mongo.collection(collection).update_one(
        {"programme_id": club.key, "survey": "spring" if collection != BALLOTS else "secret"},
        {"$set": change},
    )

    found = (await VerificationService(club.services).verify(club.key)).differences
    assert any(says in one for one in found), found


async def test_verify_finds_an_answer_that_is_kept_with_a_name(
    graphql: GraphQL, club: ProgrammeUnderTest, mongo: Mongo
) -> None:
    await answered(graphql, club, "secret", GIVEN[0])
    await mongo.collection("survey_responses").update_one(
        {"programme_id": club.key}, {"$set": {"answers": [{"q": "recommend", "v": 1}]}}
    )
    found = (await VerificationService(club.services).verify(club.key)).differences
    assert any("anonymously" in one for one in found)
