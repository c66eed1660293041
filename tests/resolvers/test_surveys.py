"""Surveys: who is asked, what is taken as an answer, once a member, and what it earns."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from community.verification.service import VerificationService
from gamification.kit.actors import Actor
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid, refused, typed
from tests.support import ProgrammeUnderTest
from tests.survey_world import SURVEYS, stated

OWN = """{ survey(key: "spring") { viewerResponse { number surveyVersion member { displayName }
    answers { question options value number text date } } } }"""


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    club = await programme(SURVEYS)
    for name in ("ann", "bob"):
        await club.join(name, display_name=name.title())
    return club


@pytest.fixture
def ann(club: ProgrammeUnderTest) -> Actor:
    return club.member_actor("ann")


async def listed(graphql: GraphQL, actor: Actor, which: str = "") -> list[str]:
    found = await graphql.read(actor, f"{{ surveys{which} {{ nodes {{ key }} totalCount }} }}")
    assert found["surveys"]["totalCount"] == len(found["surveys"]["nodes"])
    return [one["key"] for one in found["surveys"]["nodes"]]


async def changed(club: ProgrammeUnderTest, key: str, **fields: Any) -> None:
    """Apply the programme with a survey's fields changed."""
    surveys = [{**one, **(fields if one["key"] == key else {})} for one in SURVEYS["surveys"]]
    await club.apply({**SURVEYS, "surveys": surveys})


async def test_members_are_asked_what_is_there_for_them(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.join("dee", attributes={"city": "Shanghai"})
    await club.do("study", "bob")

    assert await listed(graphql, club.member_actor("ann")) == ["spring", "secret", "again"]
    assert await listed(graphql, club.member_actor("bob")) == ["spring", "secret", "again", "gold"]
    assert await listed(graphql, club.member_actor("dee")) == ["spring", "secret", "again", "shanghai"]
    assert "next" not in await listed(graphql, club.moderator)
    assert "next" in await listed(graphql, club.operator)


async def test_what_is_not_there_is_not_answered(
    graphql: GraphQL, club: ProgrammeUnderTest, ann: Actor
) -> None:
    for survey in ("gold", "shanghai", "next", "nowhere"):
        typed(await graphql.mutate(ann, "answerSurvey", stated(survey, recommend=9)), "NotFoundError")
    found = await graphql.read(ann, '{ a: survey(key: "gold") { key } b: survey(key: "nowhere") { key } }')
    assert found == {"a": None, "b": None}


async def test_a_survey_tells_what_it_asks(graphql: GraphQL, club: ProgrammeUnderTest, ann: Actor) -> None:
    found = await graphql.read(
        ann,
        """{ survey(key: "spring") { id name state isAnonymous repeatsAfter answerCount questions {
            key kind name isRequired chooseLeast chooseMost least most decimals lengthMax
            options { key name } shownIf { question anyOf least most } } } }""",
    )
    survey = found["survey"]
    again = await graphql.read(
        ann, "query ($id: ID!) { node(id: $id) { ... on Survey { key } } }", {"id": survey.pop("id")}
    )
    assert again == {"node": {"key": "spring"}}
    questions = {one.pop("key"): one for one in survey.pop("questions")}
    assert survey == {
        "name": "Spring",
        "state": "OPEN",
        "isAnonymous": False,
        "repeatsAfter": None,
        "answerCount": None,
    }
    assert list(questions) == [
        "recommend",
        "why",
        "channel",
        "drinks",
        "service",
        "spent",
        "birthday",
        "order",
    ]
    assert questions["recommend"]["least"] == 0
    assert questions["recommend"]["most"] == 10
    assert questions["why"]["shownIf"] == [{"question": "recommend", "anyOf": [], "least": None, "most": 6}]
    assert questions["why"]["lengthMax"] == 200
    assert questions["channel"]["options"][0] == {"key": "web", "name": "On the web"}
    assert questions["channel"]["options"][1] == {"key": "shop", "name": "shop"}
    assert (questions["drinks"]["chooseLeast"], questions["drinks"]["chooseMost"]) == (1, 2)
    assert (questions["order"]["chooseLeast"], questions["order"]["chooseMost"]) == (2, 3)


async def test_an_answer_of_every_kind_is_kept_as_it_was_given(
    graphql: GraphQL, club: ProgrammeUnderTest, ann: Actor
) -> None:
    given = stated(
        "spring",
        recommend=3,
        why="  Too\ndear  ",
        channel=["shop"],
        drinks=["water", "tea"],
        service=4,
        spent={"number": "12.5"},
        birthday={"date": "2026-05-01"},
        order=["taste", "price"],
    )
    await graphql.done(ann, "answerSurvey", given, "replayed")

    (own,) = (await graphql.read(ann, OWN)).values()
    response = own["viewerResponse"]
    empty = dict.fromkeys(("options", "value", "number", "text", "date"))
    assert response["answers"] == [
        {**empty, "question": "recommend", "value": 3},
        {**empty, "question": "why", "text": "  Too\ndear  "},
        {**empty, "question": "channel", "options": ["shop"]},
        {**empty, "question": "drinks", "options": ["tea", "water"]},
        {**empty, "question": "service", "value": 4},
        {**empty, "question": "spent", "number": "12.50"},
        {**empty, "question": "birthday", "date": "2026-05-01"},
        {**empty, "question": "order", "options": ["taste", "price"]},
    ]
    assert (response["number"], response["surveyVersion"]) == (1, 1)
    assert response["member"] == {"displayName": "Ann"}


async def test_answering_earns_what_the_rules_say_once(
    graphql: GraphQL, club: ProgrammeUnderTest, ann: Actor
) -> None:
    first = await graphql.done(ann, "answerSurvey", stated("spring", recommend=9), "replayed response { id }")
    again = await graphql.done(ann, "answerSurvey", stated("spring", recommend=9), "replayed response { id }")
    other = await graphql.mutate(ann, "answerSurvey", stated("spring", recommend=8))
    late = await graphql.mutate(ann, "answerSurvey", stated("spring", "k2", recommend=9))

    assert (first["replayed"], again["replayed"]) == (False, True)
    assert first["response"] == again["response"]
    typed(other, "IdempotencyConflictError", "IDEMPOTENCY_CONFLICT")
    typed(late, "ConflictError", "SURVEY_ANSWERED")
    assert await club.balance("ann", "points") == 10


async def test_of_two_answers_at_once_one_counts(
    graphql: GraphQL, club: ProgrammeUnderTest, ann: Actor
) -> None:
    done = await asyncio.gather(
        *(
            graphql.mutate(ann, "answerSurvey", stated(survey, f"{survey}{number}", recommend=9))
            for survey in ("spring", "secret")
            for number in range(4)
        )
    )
    kinds = [one.data["answerSurvey"]["__typename"] for one in done if one.data]
    assert sorted(kinds) == ["AnswerSurveySuccess"] * 2 + ["ConflictError"] * 6
    assert await club.balance("ann", "points") == 20
    found = await graphql.read(
        club.operator, '{ a: survey(key: "spring") { answerCount } b: survey(key: "secret") { answerCount } }'
    )
    assert found == {"a": {"answerCount": 1}, "b": {"answerCount": 1}}
    assert len([one async for one in club.services.kept.surveys.stream_ballots(club.key)]) == 1


async def test_a_survey_that_repeats_is_answered_again_after_its_time(
    graphql: GraphQL, club: ProgrammeUnderTest, ann: Actor
) -> None:
    asked = '{ survey(key: "again") { viewerMayAnswerAt viewerResponse { number } } }'
    club.clock.advance(timedelta())
    began = club.clock.now
    await graphql.done(ann, "answerSurvey", stated("again", recommend=9))
    club.clock.advance(timedelta(days=29))
    early = await graphql.mutate(ann, "answerSurvey", stated("again", "k2", recommend=2))
    found = await graphql.read(ann, asked)
    club.clock.advance(timedelta(days=1))
    await graphql.done(ann, "answerSurvey", stated("again", "k3", recommend=2))

    typed(early, "ConflictError", "SURVEY_ANSWERED", "survey")
    due = (began + timedelta(days=30)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert found["survey"] == {"viewerMayAnswerAt": due, "viewerResponse": {"number": 1}}
    assert (await graphql.read(ann, asked))["survey"]["viewerResponse"] == {"number": 2}
    assert await club.balance("ann", "points") == 20


async def test_a_survey_takes_answers_while_it_is_open(
    graphql: GraphQL, club: ProgrammeUnderTest, ann: Actor
) -> None:
    now = club.clock.now
    opens, closes = now + timedelta(days=1), now + timedelta(days=2)
    await changed(club, "spring", opens_at=opens.isoformat(), closes_at=closes.isoformat())
    states = []
    for _ in range(3):
        found = await graphql.read(ann, '{ survey(key: "spring") { state viewerMayAnswerAt } }')
        states.append((found["survey"]["state"], found["survey"]["viewerMayAnswerAt"] is not None))
        result = await graphql.mutate(ann, "answerSurvey", stated("spring", "again", recommend=9))
        if states[-1][0] != "OPEN":
            typed(result, "ConflictError", "SURVEY_NOT_OPEN", "survey")
            assert "spring" not in await listed(graphql, ann, "(filter: {open: true})")
        else:
            assert result.data
            assert result.data["answerSurvey"]["__typename"] == "AnswerSurveySuccess"
            await club.services.kept.surveys._responses.delete_many({"programme_id": club.key})
            await club.services.stores.idempotency._keys.delete_many({"_id": {"$regex": f"^{club.key}"}})
        club.clock.advance(timedelta(days=1))
    assert states == [("NOT_OPEN", True), ("OPEN", True), ("CLOSED", False)]


REFUSED = [
    ({"recommend": 11}, "answers.0"),
    ({"recommend": -1}, "answers.0"),
    ({"recommend": {"number": "7.5"}}, "answers.0"),
    ({"recommend": {"number": "NaN"}}, "answers.0.number"),
    ({"recommend": {"value": 7, "text": "7"}}, "answers.0"),
    ({"recommend": "9"}, "answers.0"),
    ({"recommend": 3}, "answers"),
    ({"recommend": 9, "why": "x"}, "answers.1"),
    ({"recommend": 3, "why": "x" * 201}, "answers.1.text"),
    ({"recommend": 3, "why": " "}, "answers.1.text"),
    ({"recommend": 3, "why": "a\x00b"}, "answers.1.text"),
    ({"why": "x"}, "answers.0"),
    ({"channel": ["moon"]}, "answers.0"),
    ({"channel": ["web", "shop"]}, "answers.0"),
    ({"channel": []}, "answers.0"),
    ({"drinks": ["tea"]}, "answers.0"),
    ({"channel": ["shop"], "drinks": ["tea", "coffee", "water"]}, "answers.1"),
    ({"channel": ["shop"], "drinks": ["tea", "tea"]}, "answers.1"),
    ({"order": ["price"]}, "answers.0"),
    ({"spent": {"number": "1.005"}}, "answers.0"),
    ({"spent": {"number": "1000.01"}}, "answers.0"),
    ({"spent": {"number": "1e400"}}, "answers.0"),
    ({"nothing": 1}, "answers.0"),
    ({}, "answers"),
]


@pytest.mark.parametrize(("given", "path"), REFUSED, ids=[str(one[0])[:40] for one in REFUSED])
async def test_what_is_no_answer_is_refused_and_says_where(
    graphql: GraphQL, club: ProgrammeUnderTest, ann: Actor, given: dict[str, Any], path: str
) -> None:
    result = await graphql.mutate(ann, "answerSurvey", stated("spring", **given))

    typed(result, "InvalidInputError", path=path)
    assert (await graphql.read(ann, OWN))["survey"]["viewerResponse"] is None
    assert await club.balance("ann", "points") == 0


async def test_a_question_answered_twice_is_refused(graphql: GraphQL, ann: Actor) -> None:
    twice = stated("spring", recommend=9)
    twice["answers"] *= 2
    typed(await graphql.mutate(ann, "answerSurvey", twice), "InvalidInputError", path="answers.1")
    many = {**twice, "answers": twice["answers"] * 26}
    typed(await graphql.mutate(ann, "answerSurvey", many), "InvalidInputError", path="answers", limit=50)


async def test_services_answer_for_members_and_nobody_else_does(
    graphql: GraphQL, club: ProgrammeUnderTest, ann: Actor
) -> None:
    for_bob = {**stated("spring", recommend=9), "memberId": member_gid(club, "bob")}
    await graphql.done(club.service, "answerSurvey", for_bob)
    for actor in (ann, club.moderator, club.operator):
        refused(await graphql.mutate(actor, "answerSurvey", for_bob), "FORBIDDEN")

    assert await club.balance("bob", "points") == 10


async def test_who_is_banned_answers_nothing(graphql: GraphQL, club: ProgrammeUnderTest, ann: Actor) -> None:
    banned = {"memberId": member_gid(club, "ann"), "standing": "BANNED", "reason": "r"}
    await graphql.done(club.moderator, "setMemberStanding", banned)

    refused(await graphql.mutate(ann, "answerSurvey", stated("spring", recommend=9)), "FORBIDDEN")


async def test_responses_are_ones_own_and_operators(
    graphql: GraphQL, club: ProgrammeUnderTest, ann: Actor
) -> None:
    made = await graphql.done(ann, "answerSurvey", stated("spring", recommend=9), "response { id }")
    asked = "query ($id: ID!) { node(id: $id) { ... on SurveyResponse { number } } }"
    known = []
    for actor in (ann, club.member_actor("bob"), club.moderator, club.operator, club.service):
        found = await graphql.read(actor, asked, {"id": made["response"]["id"]})
        known.append(found["node"] is not None)
    assert known == [True, False, True, True, True]
    for actor in (ann, club.moderator):
        found = await graphql.read(
            actor, '{ survey(key: "spring") { answerCount results { shown } responses { nodes { id } } } }'
        )
        assert found["survey"] == {"answerCount": None, "results": None, "responses": None}


async def test_taking_the_activity_back_takes_what_it_earned(
    graphql: GraphQL, club: ProgrammeUnderTest, ann: Actor
) -> None:
    await graphql.done(ann, "answerSurvey", stated("spring", recommend=9))
    response = await anext(club.services.kept.surveys.stream(club.key))
    source_id = f"{response.id.hex()}:1"
    await graphql.done(
        club.operator, "reverseActivity", {"source": "community:survey", "sourceId": source_id}
    )

    assert await club.balance("ann", "points") == 0
    assert (await VerificationService(club.services).verify(club.key)).differences == []
