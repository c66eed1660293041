"""Questions: accepting answers, what that counts as, how soon there was one, and bounties."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from community.blocks.repository import BlockRepository
from community.sanctions.model import Sanction, SanctionKind
from community.sanctions.repository import SanctionRepository
from community.verification.service import VerificationService
from gamification.kit.actors import Actor
from gamification.kit.identifiers import new_id
from storage.mongo import Mongo, Tx
from tests.community_world import COMMUNITY
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, refused, typed
from tests.support import ProgrammeUnderTest

QUESTION = """question { answerCount firstAnsweredAt firstResponseSeconds acceptedAt
    acceptedAnswer { id text isAccepted author { displayName } }
    bounty { id state amount unit { key } endsAt settledAt payments { amount member { displayName } answer { id } } } }"""
BOUNTY = "replayed bounty { id state amount endsAt payments { amount member { displayName } } post { id } }"
TERMS = {"unit": "points", "least": 10, "most": 100, "days": 7, "open": 2, "reactions": 2, "sharers": 2}
ACCEPTED = {
    "key": "community.accepted",
    "properties": {
        "type": "object",
        "properties": {
            "by": {"type": "string"},
            "space": {"type": "string"},
            "post": {"type": "string"},
            "seconds": {"type": "integer"},
        },
    },
}
HELPERS = {
    "key": "helping",
    "on": ["community.accepted"],
    "effects": [
        {"score": {"board": "helpers", "value": 1}},
        {"points": {"unit": "growth", "amount": 5}},
    ],
}


def document(**questions: Any) -> dict[str, Any]:
    """The community with questions in the square."""
    settings = COMMUNITY["programme"]["community"]
    activities = {**settings["activities"], "accepted": "community.accepted"}
    return {
        **COMMUNITY,
        "programme": {
            "community": {**settings, "activities": activities, "questions": {"bounty": TERMS, **questions}}
        },
        "activity_types": [*COMMUNITY["activity_types"], ACCEPTED, {"key": "paid"}],
        "leaderboards": [{"key": "helpers", "operator": "increment", "cycle": "monthly"}],
        "rules": [
            *COMMUNITY["rules"],
            HELPERS,
            {"key": "pay", "on": ["paid"], "effects": [{"points": {"unit": "points", "amount": 200}}]},
        ],
    }


NAMES = ("ann", "bob", "cyd", "dan", "eve")
NOW = datetime(2026, 6, 3, 9, tzinfo=UTC)


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    """The community; Ann, who asks, has 200 points before."""
    return await peopled(programme)


async def peopled(programme: MakeProgramme) -> ProgrammeUnderTest:
    """The same for other files. Early in a month, so that what is advanced stays within the board's cycle."""
    club = await programme(document())
    club.clock.now = NOW
    for name in NAMES:
        await club.join(name, display_name=name.title())
    await club.do("paid", "ann")
    return club


async def asked(graphql: GraphQL, club: ProgrammeUnderTest, name: str = "ann", key: str = "q") -> str:
    """The id of a question."""
    stated = {"space": "square", "kind": "QUESTION", "title": "How?", "body": "Well?", "idempotencyKey": key}
    success = await graphql.done(club.member_actor(name), "createPost", stated, "post { id }")
    return str(success["post"]["id"])


async def answered(graphql: GraphQL, club: ProgrammeUnderTest, name: str, post: str, body: str = "So") -> str:
    """The id of an answer."""
    stated = {"postId": post, "body": body, "idempotencyKey": f"{post} {body}"}
    success = await graphql.done(club.member_actor(name), "createComment", stated, "comment { id }")
    return str(success["comment"]["id"])


async def accept(graphql: GraphQL, actor: Actor, answer: str) -> Any:
    """The question once the answer is accepted."""
    success = await graphql.done(actor, "acceptAnswer", {"commentId": answer}, f"post {{ {QUESTION} }}")
    return success["post"]["question"]


async def seen(graphql: GraphQL, actor: Actor, post: str) -> Any:
    """The question as somebody sees it."""
    found = await graphql.read(actor, f"query ($id: ID!) {{ post(id: $id) {{ {QUESTION} }} }}", {"id": post})
    return found["post"]["question"]


async def offer(graphql: GraphQL, club: ProgrammeUnderTest, post: str, amount: int = 50, **more: Any) -> Any:
    """The bounty that Ann offered."""
    stated = {"postId": post, "amount": amount, "idempotencyKey": f"b {post}", **more}
    success = await graphql.done(club.member_actor("ann"), "offerBounty", stated, BOUNTY)
    return success["bounty"]


async def like(graphql: GraphQL, club: ProgrammeUnderTest, answer: str, *names: str) -> None:
    for name in names:
        stated = {"targetId": answer, "reaction": "like"}
        await graphql.done(club.member_actor(name), "react", stated, "reaction { reaction }")


async def listed(graphql: GraphQL, actor: Actor, mark: str) -> list[str]:
    """The ids of the questions that are so."""
    found = await graphql.read(
        actor,
        "query ($mark: QuestionMark) { posts(filter: {question: $mark}) { nodes { id } } }",
        {"mark": mark},
    )
    return [node["id"] for node in found["posts"]["nodes"]]


async def counted(club: ProgrammeUnderTest, name: str) -> int:
    """How many accepted answers of a member count on the board."""
    ranking = {member: score for _, member, score in await club.ranking_ids("helpers")}
    return ranking.get(club.id_of(name), 0)


async def adds_up(club: ProgrammeUnderTest) -> bool:
    report = await VerificationService(club.services).verify(club.key)
    assert report.differences == []
    return True


# -- accepting


async def test_an_accepted_answer_counts_for_who_gave_it(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await asked(graphql, club)
    answer = await answered(graphql, club, "bob", post)

    question = await accept(graphql, club.member_actor("ann"), answer)

    assert question["acceptedAnswer"]["id"] == answer
    assert question["acceptedAnswer"]["isAccepted"] is True
    assert question["acceptedAnswer"]["author"] == {"displayName": "Bob"}
    assert question["acceptedAt"] is not None
    again = await accept(graphql, club.member_actor("ann"), answer)
    assert again == question
    assert (await counted(club, "bob"), await club.balance("bob", "growth")) == (1, 5)
    assert await adds_up(club)


async def test_who_answered_is_told(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await asked(graphql, club)
    answer = await answered(graphql, club, "bob", post)
    watch = "subscription { myProgress { __typename ... on AnswerAccepted { answer { id } } } }"
    async with graphql.subscribe(club.member_actor("bob"), watch) as stream:
        assert (await stream.data())["__typename"] == "ProgressSnapshot"
        await accept(graphql, club.member_actor("ann"), answer)
        told = [await stream.data()]
        while told[-1]["__typename"] != "AnswerAccepted":
            told.append(await stream.data())
    assert told[-1]["answer"] == {"id": answer}


async def test_the_asker_changes_their_mind_while_they_may(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post = await asked(graphql, club)
    first = await answered(graphql, club, "bob", post, "first")
    second = await answered(graphql, club, "cyd", post, "second")
    ann = club.member_actor("ann")
    await accept(graphql, ann, first)

    question = await accept(graphql, ann, second)

    assert question["acceptedAnswer"]["id"] == second
    assert (await counted(club, "bob"), await counted(club, "cyd")) == (0, 1)
    success = await graphql.done(ann, "withdrawAcceptance", {"postId": post}, f"post {{ {QUESTION} }}")
    assert success["post"]["question"]["acceptedAnswer"] is None
    assert await counted(club, "cyd") == 0
    await accept(graphql, ann, first)
    club.clock.advance(timedelta(days=7, minutes=1))
    error = typed(
        await graphql.mutate(ann, "acceptAnswer", {"commentId": second}), "ConflictError", "ANSWER_SETTLED"
    )
    assert error["path"] == ["postId"]
    typed(
        await graphql.mutate(ann, "withdrawAcceptance", {"postId": post}), "ConflictError", "ANSWER_SETTLED"
    )
    question = await accept(graphql, club.moderator, second)
    assert question["acceptedAnswer"]["id"] == second
    assert (await counted(club, "bob"), await counted(club, "cyd")) == (0, 1)
    assert await adds_up(club)


async def test_ones_own_answer_is_accepted_and_counts_nowhere(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post = await asked(graphql, club)
    own = await answered(graphql, club, "ann", post)

    question = await accept(graphql, club.member_actor("ann"), own)

    assert (question["acceptedAnswer"]["id"], question["answerCount"]) == (own, 0)
    assert await counted(club, "ann") == 0
    assert await adds_up(club)


async def test_what_is_no_answer_to_a_question_is_not_accepted(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    post = await asked(graphql, club)
    answer = await answered(graphql, club, "bob", post)
    stated = {"postId": post, "parentId": answer, "body": "Below", "idempotencyKey": "below"}
    below = await graphql.done(ann, "createComment", stated, "comment { id }")
    talk = {"space": "square", "title": "T", "body": "B", "idempotencyKey": "talk"}
    talk = (await graphql.done(ann, "createPost", talk, "post { id }"))["post"]
    other = await answered(graphql, club, "bob", talk["id"])

    for wrong in (below["comment"]["id"], other):
        typed(await graphql.mutate(ann, "acceptAnswer", {"commentId": wrong}), "InvalidInputError")
    typed(await graphql.mutate(ann, "withdrawAcceptance", {"postId": talk["id"]}), "InvalidInputError")
    for nothing in ("x", post):
        typed(await graphql.mutate(ann, "acceptAnswer", {"commentId": nothing}), "NotFoundError")
    refused(
        await graphql.mutate(club.member_actor("bob"), "acceptAnswer", {"commentId": answer}), "FORBIDDEN"
    )


async def test_an_answer_that_goes_takes_its_acceptance_with_it_and_brings_it_back(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post = await asked(graphql, club)
    answer = await answered(graphql, club, "bob", post)
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    await accept(graphql, ann, answer)

    await graphql.done(bob, "deleteComment", {"commentId": answer}, "comment { id }")
    question = await seen(graphql, ann, post)
    assert (question["acceptedAnswer"], question["answerCount"], question["firstAnsweredAt"]) == (
        None,
        0,
        None,
    )
    assert (await counted(club, "bob"), await club.balance("bob", "growth")) == (0, 0)
    assert await adds_up(club)

    await graphql.done(bob, "restoreComment", {"commentId": answer}, "comment { id }")
    question = await seen(graphql, ann, post)
    assert (question["acceptedAnswer"]["id"], question["answerCount"]) == (answer, 1)
    assert await counted(club, "bob") == 1
    assert await adds_up(club)


async def test_a_question_that_goes_takes_the_acceptance_with_it_and_brings_it_back(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post = await asked(graphql, club)
    answer = await answered(graphql, club, "bob", post)
    await accept(graphql, club.member_actor("ann"), answer)

    stated = {"postId": post, "reason": "Off topic"}
    await graphql.done(club.moderator, "removePost", stated, "post { id }")
    assert await counted(club, "bob") == 0
    assert await adds_up(club)
    await graphql.done(club.moderator, "restorePost", {"postId": post}, "post { id }")
    assert await counted(club, "bob") == 1
    assert await adds_up(club)


async def test_of_two_accepts_at_once_one_stands(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await asked(graphql, club)
    first = await answered(graphql, club, "bob", post, "first")
    second = await answered(graphql, club, "cyd", post, "second")
    ann = club.member_actor("ann")

    await asyncio.gather(*(accept(graphql, ann, one) for one in (first, second) * 3))

    question = await seen(graphql, ann, post)
    assert question["acceptedAnswer"]["id"] in (first, second)
    assert await counted(club, "bob") + await counted(club, "cyd") == 1
    assert await adds_up(club)


# -- lists and response times


async def test_lists_show_what_waits_for_an_answer(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann = club.member_actor("ann")
    first, second = await asked(graphql, club, key="1"), await asked(graphql, club, key="2")

    assert await listed(graphql, ann, "UNANSWERED") == [second, first]
    await answered(graphql, club, "ann", second, "I found it")
    assert await listed(graphql, ann, "UNANSWERED") == [second, first]
    answer = await answered(graphql, club, "bob", first)
    assert await listed(graphql, ann, "UNANSWERED") == [second]
    assert await listed(graphql, ann, "UNACCEPTED") == [second, first]
    await accept(graphql, ann, answer)
    assert await listed(graphql, ann, "UNACCEPTED") == [second]
    await offer(graphql, club, second)
    assert await listed(graphql, ann, "BOUNTY") == [second]


async def test_an_edited_question_is_still_listed(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await asked(graphql, club)
    edit = {"postId": post, "version": 1, "title": "How so?"}
    await graphql.done(club.member_actor("ann"), "editPost", edit, "post { id }")

    assert await listed(graphql, club.member_actor("bob"), "UNANSWERED") == [post]
    assert await adds_up(club)


async def test_the_first_answer_of_another_sets_the_response_time(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    club.clock.now = datetime.fromisoformat("2026-03-01T10:00:00+00:00")
    post = await asked(graphql, club)
    ann = club.member_actor("ann")
    club.clock.advance(timedelta(seconds=30))
    await answered(graphql, club, "ann", post, "mine")
    assert (await seen(graphql, ann, post))["firstResponseSeconds"] is None
    club.clock.advance(timedelta(seconds=30))
    first = await answered(graphql, club, "bob", post, "first")
    club.clock.advance(timedelta(seconds=30))
    await answered(graphql, club, "cyd", post, "second")

    assert (await seen(graphql, ann, post))["firstResponseSeconds"] == 60
    removed = {"commentId": first, "reason": "Spam"}
    await graphql.done(club.moderator, "removeComment", removed, "comment { id }")
    assert (await seen(graphql, ann, post))["firstResponseSeconds"] == 90
    assert await adds_up(club)


async def test_statistics_say_how_soon_questions_are_answered(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    club.clock.now = datetime.fromisoformat("2026-03-01T10:00:00+00:00")
    read = """query ($space: String, $from: DateTime!, $before: DateTime!) {
        questionStatistics(space: $space, askedFrom: $from, askedBefore: $before) {
            asked answered accepted unansweredShare medianFirstResponseSeconds } }"""
    wanted = {"from": "2026-03-01T00:00:00Z", "before": "2026-04-01T00:00:00Z", "space": "square"}
    eve = club.member_actor("eve")
    found = await graphql.read(eve, read, wanted)
    empty = {"asked": 0, "answered": 0, "accepted": 0}
    assert found["questionStatistics"] == {
        **empty,
        "unansweredShare": None,
        "medianFirstResponseSeconds": None,
    }
    posts = [await asked(graphql, club, key=str(number)) for number in range(4)]
    answers = []
    for post, seconds in zip(posts[:2], (100, 60), strict=True):
        club.clock.advance(timedelta(seconds=seconds))
        answers.append(await answered(graphql, club, "bob", post))
    await accept(graphql, club.member_actor("ann"), answers[-1])

    found = await graphql.read(eve, read, wanted)
    assert found["questionStatistics"] == {
        "asked": 4,
        "answered": 2,
        "accepted": 1,
        "unansweredShare": 0.5,
        "medianFirstResponseSeconds": 130.0,
    }
    answered_third = await answered(graphql, club, "cyd", posts[2])
    found = await graphql.read(eve, read, {**wanted, "space": None})
    assert found["questionStatistics"]["medianFirstResponseSeconds"] == 160.0
    removed = {"commentId": answered_third, "reason": "Spam"}
    await graphql.done(club.moderator, "removeComment", removed, "comment { id }")
    await graphql.done(club.moderator, "removePost", {"postId": posts[3], "reason": "r"}, "post { id }")
    found = await graphql.read(eve, read, {**wanted, "before": "2026-03-01T10:00:01Z"})
    assert found["questionStatistics"]["asked"] == 3
    refused(await graphql(eve, read, {**wanted, "space": "circle"}), "NOT_FOUND")
    refused(await graphql(eve, read, {**wanted, "before": wanted["from"]}), "INVALID_INPUT")


# -- shadow limits and blocks


async def limit(club: ProgrammeUnderTest, mongo: Mongo, name: str) -> None:
    """Let what a member writes from now on be seen by themselves alone."""
    kept = Sanction(
        new_id(), club.key, club.id_of(name), SanctionKind.SHADOW_LIMIT, "r", "moderator:mod", club.clock.now
    )

    async def body(tx: Tx) -> None:
        await SanctionRepository(mongo).save([kept], tx)

    await mongo.transaction(body)


async def test_an_answer_of_a_shadow_limited_member_counts_nowhere(
    graphql: GraphQL, club: ProgrammeUnderTest, mongo: Mongo
) -> None:
    post = await asked(graphql, club)
    await offer(graphql, club, post)
    await limit(club, mongo, "bob")
    answer = await answered(graphql, club, "bob", post)

    ann = club.member_actor("ann")
    question = await seen(graphql, ann, post)
    assert (question["answerCount"], question["firstAnsweredAt"]) == (0, None)
    assert await listed(graphql, ann, "UNANSWERED") == [post]
    typed(await graphql.mutate(ann, "acceptAnswer", {"commentId": answer}), "NotFoundError")
    typed(
        await graphql.mutate(club.moderator, "acceptAnswer", {"commentId": answer}),
        "ConflictError",
        "COMMENT_STATE",
    )
    assert await adds_up(club)


async def test_what_a_shadow_limited_asker_accepts_is_for_their_own_eyes(
    graphql: GraphQL, club: ProgrammeUnderTest, mongo: Mongo
) -> None:
    post = await asked(graphql, club)
    first = await answered(graphql, club, "bob", post, "first")
    second = await answered(graphql, club, "cyd", post, "second")
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    await accept(graphql, ann, first)
    await limit(club, mongo, "ann")

    own = await accept(graphql, ann, second)

    assert own["acceptedAnswer"] == {
        "id": second,
        "text": "second",
        "isAccepted": True,
        "author": {"displayName": "Cyd"},
    }
    assert (await seen(graphql, bob, post))["acceptedAnswer"]["id"] == first
    assert (await counted(club, "bob"), await counted(club, "cyd")) == (1, 0)
    await graphql.done(ann, "withdrawAcceptance", {"postId": post}, "post { id }")
    assert (await seen(graphql, bob, post))["acceptedAnswer"]["id"] == first
    assert await adds_up(club)


async def test_who_share_a_block_accept_nothing_of_each_other(
    graphql: GraphQL, club: ProgrammeUnderTest, mongo: Mongo
) -> None:
    post = await asked(graphql, club)
    first = await answered(graphql, club, "bob", post, "first")
    second = await answered(graphql, club, "bob", post, "second")
    ann = club.member_actor("ann")
    await accept(graphql, ann, first)

    async def body(tx: Tx) -> None:
        await BlockRepository(mongo).add(club.key, club.id_of("ann"), club.id_of("bob"), club.clock.now, tx)

    await mongo.transaction(body)

    typed(await graphql.mutate(ann, "acceptAnswer", {"commentId": second}), "NotFoundError")
    assert (await seen(graphql, ann, post))["acceptedAnswer"] is None
    assert (await seen(graphql, club.member_actor("eve"), post))["acceptedAnswer"]["id"] == first
    assert await adds_up(club)
