"""Stories that are put out of a contest: it is logged, its author is told why and appeals; and votes for what is gone are free again."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from community.verification.service import VerificationService
from gamification.kit.actors import Actor
from tests.conftest import MakeProgramme
from tests.moderation_world import Desk, another_moderator
from tests.resolvers.harness import GraphQL, member_gid, refused, typed
from tests.resolvers.test_appeals import statements
from tests.resolvers.test_contests import (
    ENTRY,
    NAMES,
    adds_up,
    day,
    document,
    entered,
    finish,
    on,
    seen,
    told,
    vote,
)
from tests.support import ProgrammeUnderTest

LOG = """query ($filter: ModerationLogFilter) { moderationLog(filter: $filter) { nodes {
    kind by reason subjectKind subjectId space member { displayName } details { key value } } } }"""


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    """The contest on its first day."""
    club = await programme(document())
    club.clock.now = day(0)
    for name in NAMES:
        await club.join(name, display_name=name.title())
    return club


async def put_out(
    graphql: GraphQL, actor: Actor, post: str, *, out: bool = True, reason: str = "Copied"
) -> Any:
    stated = on(post, reason=reason, disqualified=out)
    return (await graphql.done(actor, "disqualifyEntry", stated, ENTRY))["entry"]


async def logged(graphql: GraphQL, club: ProgrammeUnderTest, *kinds: str) -> list[dict[str, Any]]:
    """The acts of these kinds, the first first."""
    found = await graphql.read(club.operator, LOG)
    return [one for one in reversed(found["moderationLog"]["nodes"]) if one["kind"] in kinds]


async def test_putting_a_story_out_and_letting_it_in_is_logged_and_told(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post, desk = await entered(graphql, club, "ann"), Desk(graphql, club)
    for _ in range(2):
        await put_out(graphql, club.moderator, post)
    for _ in range(2):
        await put_out(graphql, club.moderator, post, out=False, reason="A mistake")

    out, back = await logged(graphql, club, "DISQUALIFIED", "READMITTED")
    assert out == {
        "kind": "DISQUALIFIED",
        "by": "moderator:mod",
        "reason": "Copied",
        "subjectKind": "POST",
        "subjectId": post,
        "space": "tales",
        "member": {"displayName": "Ann"},
        "details": [{"key": "contest", "value": "spring"}],
    }
    assert (back["kind"], back["reason"]) == ("READMITTED", "A mistake")
    (statement,) = await statements(desk)
    assert (statement["action"], statement["reason"], statement["subjectId"]) == (
        "disqualified",
        "Copied",
        post,
    )
    assert await statements(desk, "bob") == []
    await adds_up(club)


async def test_who_looks_after_the_space_is_logged_by_what_says_nothing_once_erased(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    role = {"space": "tales", "memberId": member_gid(club, "bob"), "role": "MODERATOR"}
    await graphql.done(club.operator, "setSpaceRole", role)
    await put_out(graphql, club.member_actor("bob"), await entered(graphql, club, "ann"))

    (out,) = await logged(graphql, club, "DISQUALIFIED")
    assert out["by"] == f"member:{club.id_of('bob').hex()}"


async def test_an_appeal_that_is_overturned_lets_the_story_in_again(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post, desk = await entered(graphql, club, "ann"), Desk(graphql, club)
    await put_out(graphql, club.moderator, post)
    # What else is decided on the story is another matter.
    await graphql.done(club.moderator, "removePost", {"postId": post, "reason": "r"}, "post { id }")
    told_of = next(one for one in await statements(desk) if one["action"] == "disqualified")
    stated = {"statementId": told_of["id"], "text": "I wrote it"}
    await graphql.done(club.member_actor("ann"), "appealStatement", stated)
    (case,) = await desk.queue(kind="APPEAL")

    await desk.decide(case, "OVERTURN", another_moderator(club), reason="She did")

    assert (await desk.see("ann", post) or {})["state"] == "REMOVED"
    await graphql.done(club.moderator, "restorePost", {"postId": post}, "post { id }")
    contest = await seen(graphql, club.member_actor("eve"))
    assert [one["author"]["displayName"] for one in contest["entries"]["nodes"]] == ["Ann"]
    assert [one["by"] for one in await logged(graphql, club, "READMITTED")] == ["moderator:kim"]
    await adds_up(club)


async def test_an_appeal_undoes_what_it_is_about_and_nothing_later(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post, desk = await entered(graphql, club, "ann"), Desk(graphql, club)
    await put_out(graphql, club.moderator, post)
    (first,) = await statements(desk)
    await put_out(graphql, club.moderator, post, out=False)
    club.clock.now = day(1)
    await put_out(graphql, club.moderator, post, reason="Not a story")
    await graphql.done(
        club.member_actor("ann"), "appealStatement", {"statementId": first["id"], "text": "I wrote it"}
    )
    (case,) = await desk.queue(kind="APPEAL")

    await desk.decide(case, "OVERTURN", another_moderator(club))

    assert (await seen(graphql, club.member_actor("eve")))["entries"]["nodes"] == []
    await adds_up(club)


async def test_an_appeal_after_the_results_leaves_them_as_they_are(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    desk = Desk(graphql, club)
    ann, bob = await entered(graphql, club, "ann"), await entered(graphql, club, "bob")
    club.clock.now = day(4)
    await vote(graphql, club.member_actor("dan"), ann)
    await vote(graphql, club.member_actor("dan"), bob)
    await put_out(graphql, club.moderator, ann)
    club.clock.now = day(10)
    await finish(club)
    (statement,) = await statements(desk)
    await graphql.done(
        club.member_actor("ann"), "appealStatement", {"statementId": statement["id"], "text": "I wrote it"}
    )
    (case,) = await desk.queue(kind="APPEAL")

    await desk.decide(case, "OVERTURN", another_moderator(club))

    assert (await statements(desk))[0]["appeal"]["state"] == "OVERTURNED"
    contest = await seen(graphql, club.member_actor("eve"))
    assert [(one["rank"], one["author"]["displayName"]) for one in contest["entries"]["nodes"]] == [
        (1, "Bob")
    ]
    assert await club.balance("ann", "points") == 0
    await adds_up(club)


async def test_of_many_who_put_it_out_at_once_one_is_logged(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post, desk = await entered(graphql, club, "ann"), Desk(graphql, club)

    await asyncio.gather(*(put_out(graphql, another_moderator(club, f"m{n}"), post) for n in range(4)))

    assert len(await logged(graphql, club, "DISQUALIFIED")) == 1
    assert len(await statements(desk)) == 1
    await adds_up(club)


async def test_only_who_looks_after_the_space_reads_why(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await entered(graphql, club, "ann")
    await put_out(graphql, club.moderator, post)
    query = "query ($id: ID!) { post(id: $id) { contestEntries { takesPart disqualifiedFor } } }"

    async def why(actor: Actor) -> Any:
        (entry,) = (await graphql.read(actor, query, {"id": post}))["post"]["contestEntries"]
        assert entry["takesPart"] is False
        return entry["disqualifiedFor"]

    assert [await why(one) for one in (club.member_actor("ann"), club.moderator)] == ["Copied", "Copied"]
    assert await why(club.member_actor("bob")) is None
    refused(await graphql(club.member_actor("bob"), LOG), "FORBIDDEN")
    for wrong in ("", "x" * 501):
        answer = await graphql.mutate(club.moderator, "disqualifyEntry", on(post, reason=wrong))
        typed(answer, "InvalidInputError", path="reason")


# -- what is gone


async def test_votes_for_a_story_that_is_gone_are_taken_back(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann, bob, cyd = [await entered(graphql, club, name) for name in ("ann", "bob", "cyd")]
    dan = club.member_actor("dan")
    club.clock.now = day(4)
    await vote(graphql, dan, ann)
    await vote(graphql, dan, bob)
    await graphql.done(club.member_actor("ann"), "deletePost", {"postId": ann}, "post { id }")
    await graphql.done(dan, "blockMember", {"blockedId": member_gid(club, "bob")})

    # Who never voted for it learns nothing.
    gone = typed(
        await graphql.mutate(club.member_actor("eve"), "voteInContest", on(ann, votes=False)), "NotFoundError"
    )
    missing = typed(
        await graphql.mutate(club.member_actor("eve"), "voteInContest", on("x", votes=False)), "NotFoundError"
    )
    assert gone == missing
    typed(await graphql.mutate(dan, "voteInContest", on(ann)), "NotFoundError")
    for post in (ann, bob):
        back = await vote(graphql, dan, post, votes=False)
        assert (back["viewerVotes"], back["post"]) == (False, None)
    assert (await vote(graphql, dan, cyd))["contest"]["viewerVotesLeft"] == 1
    await adds_up(club)


async def test_a_story_that_its_author_deleted_is_taken_out_for_another(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    first = await entered(graphql, club, "ann")
    other = await told(graphql, club, "ann", "other")
    await graphql.done(ann, "deletePost", {"postId": first}, "post { id }")
    typed(await graphql.mutate(ann, "enterContest", on(other)), "ConflictError", "CONTEST_LIMIT")

    out = await graphql.done(ann, "enterContest", on(first, enters=False), ENTRY)
    await graphql.done(ann, "enterContest", on(other), ENTRY)

    assert out["entry"]["takesPart"] is False
    typed(await graphql.mutate(ann, "enterContest", on(first)), "ConflictError", "POST_STATE")
    club.clock.now = day(5) - timedelta(milliseconds=1)
    assert (await seen(graphql, ann))["entryCount"] == 1
    await adds_up(club)


async def test_verify_finds_what_was_put_out_past_the_log(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await entered(graphql, club, "ann")
    await put_out(graphql, club.moderator, post)
    await adds_up(club)
    entries = club.services.stores.mongo.collection("contest_entries")

    await entries.update_one({"contest": "spring", "programme_id": club.key}, {"$unset": {"disqualified": 1}})

    report = await VerificationService(club.services).verify(club.key)
    assert [one for one in report.differences if "log" in one]
