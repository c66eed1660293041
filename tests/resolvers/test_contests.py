"""Story contests: entering, voting, putting out, and what the best win."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from community.sanctions.model import Sanction, SanctionKind
from community.sanctions.repository import SanctionRepository
from community.verification.service import VerificationService
from gamification.kit.actors import Actor
from gamification.kit.errors import InvalidInput
from gamification.kit.identifiers import new_id
from gamification.members.model import Standing
from storage.mongo import Mongo, Tx
from tests.community_world import COMMUNITY
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid, refused, typed
from tests.support import ProgrammeUnderTest

BEGINS = datetime(2026, 3, 1, tzinfo=UTC)
ENTRY = """entry { takesPart votes rank viewerVotes disqualifiedFor author { displayName } post { id }
    contest { key state entryCount viewerVotesLeft } }"""
CONTEST = """query ($key: String!) { contest(key: $key) { key name state takesEntries takesVotes entryCount viewerVotesLeft
    rankedAt finishedAt prizes { firstRank lastRank reward { unit amount badge } }
    entries { nodes { rank votes author { displayName } } } } }"""
NAMES = ("ann", "bob", "cyd", "dan", "eve")


def day(number: float) -> datetime:
    return BEGINS + timedelta(days=number)


def document(**more: Any) -> dict[str, Any]:
    """A contest of stories: entered in the first five days, voted for from the third to the tenth; two votes each."""
    spring = {
        "key": "spring",
        "name": {"en": "Spring", "zh": "春天"},
        "space": "tales",
        "entries_from": day(0).isoformat(),
        "entries_until": day(5).isoformat(),
        "votes_from": day(3).isoformat(),
        "votes_until": day(10).isoformat(),
        "votes": 2,
        "prizes": [
            {
                "ranks": [1, 1],
                "reward": [{"points": {"unit": "points", "amount": 50}}, {"award": {"badge": "teller"}}],
            },
            {"ranks": [2, 3], "reward": [{"points": {"unit": "points", "amount": 20}}]},
        ],
        **more,
    }
    return {
        "programme": {"name": {"en": "The club"}},
        "units": [{"key": "points"}],
        "badges": [{"key": "teller"}],
        "spaces": [{"key": "tales", "kinds": ["story", "discussion"]}, *COMMUNITY["spaces"][1:3]],
        "contests": [spring],
    }


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    """The contest on its first day."""
    club = await programme(document())
    club.clock.now = day(0)
    for name in NAMES:
        await club.join(name, display_name=name.title())
    return club


async def told(graphql: GraphQL, club: ProgrammeUnderTest, name: str, key: str = "s", **more: Any) -> str:
    """The id of a story."""
    stated = {"space": "tales", "kind": "STORY", "title": "Once", "body": "B", "idempotencyKey": key, **more}
    success = await graphql.done(club.member_actor(name), "createPost", stated, "post { id }")
    return str(success["post"]["id"])


def on(post: str, **more: Any) -> dict[str, Any]:
    return {"contest": "spring", "postId": post, **more}


async def entered(graphql: GraphQL, club: ProgrammeUnderTest, name: str) -> str:
    """The id of a story that is in the contest."""
    post = await told(graphql, club, name)
    await graphql.done(club.member_actor(name), "enterContest", on(post), ENTRY)
    return post


async def vote(graphql: GraphQL, actor: Actor, post: str, *, votes: bool = True) -> Any:
    success = await graphql.done(actor, "voteInContest", on(post, votes=votes), ENTRY)
    return success["entry"]


async def seen(graphql: GraphQL, actor: Actor) -> Any:
    """The contest as somebody sees it."""
    return (await graphql.read(actor, CONTEST, {"key": "spring"}))["contest"]


async def finish(club: ProgrammeUnderTest) -> None:
    while await club.services.contest_finishing.finish_due():
        pass


async def adds_up(club: ProgrammeUnderTest) -> bool:
    report = await VerificationService(club.services).verify(club.key)
    assert report.differences == []
    return True


async def decided(graphql: GraphQL, club: ProgrammeUnderTest) -> dict[str, str]:
    """Stories by Ann, Bob and Cyd; Ann's has two votes, the others one each. Voting is over."""
    posts = {name: await entered(graphql, club, name) for name in ("ann", "bob", "cyd")}
    club.clock.now = day(4)
    for voter, name in (("dan", "ann"), ("eve", "ann"), ("dan", "bob"), ("eve", "cyd")):
        await vote(graphql, club.member_actor(voter), posts[name])
    club.clock.now = day(10)
    return posts


# -- entering


async def test_a_story_is_entered_and_taken_out_while_it_may(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    post = await told(graphql, club, "ann")
    first = await graphql.done(ann, "enterContest", on(post), ENTRY)
    again = await graphql.done(ann, "enterContest", on(post), ENTRY)

    assert first == again
    assert (first["entry"]["takesPart"], first["entry"]["contest"]["entryCount"]) == (True, 1)
    found = await graphql.read(
        ann, "query ($id: ID!) { post(id: $id) { contestEntries { contest { key } } } }", {"id": post}
    )
    assert found["post"]["contestEntries"] == [{"contest": {"key": "spring"}}]
    out = await graphql.done(ann, "enterContest", on(post, enters=False), ENTRY)
    assert (out["entry"]["takesPart"], out["entry"]["contest"]["entryCount"]) == (False, 0)
    await graphql.done(ann, "enterContest", on(post), ENTRY)
    club.clock.now = day(5)
    for enters in (True, False):
        result = await graphql.mutate(ann, "enterContest", on(post, enters=enters))
        typed(result, "ConflictError", "CONTEST_STATE")
    contest = await seen(graphql, club.member_actor("bob"))
    assert (contest["takesEntries"], contest["takesVotes"], contest["state"]) == (False, True, "OPEN")
    assert [one["author"]["displayName"] for one in contest["entries"]["nodes"]] == ["Ann"]
    assert await adds_up(club)


async def test_a_member_enters_no_more_stories_than_stated(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    posts = [await told(graphql, club, "ann", str(number)) for number in range(3)]
    ann = club.member_actor("ann")

    answers = await asyncio.gather(*(graphql.mutate(ann, "enterContest", on(post)) for post in posts))

    kinds = sorted(one.data["enterContest"]["__typename"] for one in answers if one.data)
    assert kinds == ["ConflictError", "ConflictError", "ContestSuccess"]
    assert (await seen(graphql, ann))["entryCount"] == 1
    assert await adds_up(club)


async def test_what_can_not_be_entered_is_refused(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    story = await told(graphql, club, "ann")
    talk = await told(graphql, club, "ann", "talk", kind="DISCUSSION")
    draft = await told(graphql, club, "ann", "draft", draft=True)
    typed(await graphql.mutate(ann, "enterContest", on(talk)), "InvalidInputError", path="postId")
    typed(await graphql.mutate(ann, "enterContest", on(draft)), "ConflictError", "POST_STATE")
    refused(await graphql.mutate(bob, "enterContest", on(story)), "FORBIDDEN")
    wrong = {**on(story), "contest": "autumn"}
    typed(await graphql.mutate(ann, "enterContest", wrong), "NotFoundError", path="contest")
    club.clock.now = day(-1)
    typed(await graphql.mutate(ann, "enterContest", on(story)), "ConflictError", "CONTEST_STATE")
    assert (await seen(graphql, ann))["state"] == "COMING"


# -- voting


async def test_members_vote_for_as_many_stories_as_stated(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    posts = [await entered(graphql, club, name) for name in ("ann", "bob", "cyd")]
    dan = club.member_actor("dan")
    typed(await graphql.mutate(dan, "voteInContest", on(posts[0])), "ConflictError", "CONTEST_STATE")
    club.clock.now = day(3)

    first = await vote(graphql, dan, posts[0])
    again = await vote(graphql, dan, posts[0])
    await vote(graphql, dan, posts[1])

    assert first == again
    # Nobody sees before the end who leads.
    assert (first["viewerVotes"], first["votes"], first["contest"]["viewerVotesLeft"]) == (True, None, 1)
    error = typed(await graphql.mutate(dan, "voteInContest", on(posts[2])), "ConflictError", "CONTEST_LIMIT")
    assert error["path"] == ["contest"]
    await vote(graphql, dan, posts[0], votes=False)
    await vote(graphql, dan, posts[2])
    own = await graphql.mutate(club.member_actor("ann"), "voteInContest", on(posts[0]))
    typed(own, "InvalidInputError", path="postId")
    talk = await told(graphql, club, "ann", "other")
    typed(await graphql.mutate(dan, "voteInContest", on(talk)), "NotFoundError")
    club.clock.now = day(10)
    typed(await graphql.mutate(dan, "voteInContest", on(posts[0])), "ConflictError", "CONTEST_STATE")
    assert await adds_up(club)


async def test_each_vote_counts_once_however_many_vote_at_once(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    posts = [await entered(graphql, club, name) for name in ("ann", "bob", "cyd")]
    names = [f"m{number}" for number in range(8)]
    await club.join_all(*names)
    club.clock.now = day(4)

    answers = await asyncio.gather(
        *(
            graphql.mutate(club.member_actor(name), "voteInContest", on(post))
            for name in names
            for post in (*posts, posts[0])
        )
    )

    assert all(one.data for one in answers)
    club.clock.now = day(10)
    await finish(club)
    contest = await seen(graphql, club.member_actor("eve"))
    assert sum(one["votes"] for one in contest["entries"]["nodes"]) == 16
    assert await adds_up(club)


async def test_votes_that_meet_the_end_count_or_are_refused(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post = await entered(graphql, club, "ann")
    names = [f"m{number}" for number in range(6)]
    await club.join_all(*names)
    club.clock.now = day(10) - timedelta(milliseconds=1)

    async def end() -> None:
        club.clock.now = day(10)
        await finish(club)

    answers = await asyncio.gather(
        *(graphql.mutate(club.member_actor(name), "voteInContest", on(post)) for name in names[:3]),
        end(),
        *(graphql.mutate(club.member_actor(name), "voteInContest", on(post)) for name in names[3:]),
    )
    await finish(club)

    taken = [
        one
        for one in answers
        if one is not None and one.data and one.data["voteInContest"]["__typename"] == "ContestSuccess"
    ]
    contest = await seen(graphql, club.member_actor("eve"))
    assert sum(one["votes"] for one in contest["entries"]["nodes"]) == len(taken)
    assert await adds_up(club)


# -- the end


async def test_the_best_win_once_whoever_finishes_it(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await decided(graphql, club)
    eve = club.member_actor("eve")
    assert (await seen(graphql, eve))["state"] == "COUNTING"

    await asyncio.gather(*(club.services.contest_finishing.finish_due() for _ in range(4)))
    await finish(club)
    await finish(club)

    contest = await seen(graphql, eve)
    assert (contest["state"], contest["rankedAt"] is not None, contest["finishedAt"] is not None) == (
        "FINISHED",
        True,
        True,
    )
    ranking = [
        (one["rank"], one["votes"], one["author"]["displayName"]) for one in contest["entries"]["nodes"]
    ]
    assert sorted(ranking) == [(1, 2, "Ann"), (2, 1, "Bob"), (2, 1, "Cyd")]
    assert [await club.balance(name, "points") for name in ("ann", "bob", "cyd", "dan")] == [50, 20, 20, 0]
    assert ("teller", "") in await club.awards("ann")
    ledger = await graphql.read(
        club.member_actor("bob"), "{ me { ledger(first: 1) { nodes { amount cause { contest } } } } }"
    )
    assert ledger["me"]["ledger"]["nodes"] == [{"amount": 20, "cause": {"contest": "spring"}}]
    heard = [
        one
        for one in await club.services.stores.feed.after(club.id_of("ann"), 0)
        if one.kind == "contest_won"
    ]
    assert [one.body["rank"] for one in heard] == [1]
    assert await adds_up(club)


async def test_a_winner_hears_of_it(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    posts = await decided(graphql, club)
    watch = "subscription { myProgress { __typename ... on ContestWon { contestKey rank post { id } } } }"
    async with graphql.subscribe(club.member_actor("bob"), watch) as stream:
        assert (await stream.data())["__typename"] == "ProgressSnapshot"
        await finish(club)
        heard = [await stream.data()]
        while heard[-1]["__typename"] != "ContestWon":
            heard.append(await stream.data())
    assert heard[-1] == {
        "__typename": "ContestWon",
        "contestKey": "spring",
        "rank": 2,
        "post": {"id": posts["bob"]},
    }


async def test_results_stay_as_they_are(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    posts = await decided(graphql, club)
    await finish(club)
    out = {"reason": "Copied"}
    result = await graphql.mutate(club.moderator, "disqualifyEntry", on(posts["ann"], **out))
    typed(result, "ConflictError", "CONTEST_STATE")

    await graphql.done(club.moderator, "removePost", {"postId": posts["ann"], "reason": "r"}, "post { id }")

    contest = await seen(graphql, club.member_actor("eve"))
    assert [one["rank"] for one in contest["entries"]["nodes"]] == [1, 2, 2]
    assert await club.balance("ann", "points") == 50
    assert await adds_up(club)


async def test_only_what_takes_part_at_the_end_wins(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    posts = await decided(graphql, club)
    club.clock.now = day(9)
    stated = on(posts["ann"], reason="Copied")
    out = await graphql.done(club.moderator, "disqualifyEntry", stated, ENTRY)
    assert (out["entry"]["takesPart"], out["entry"]["disqualifiedFor"]) == (False, "Copied")
    back = await graphql.done(club.moderator, "disqualifyEntry", {**stated, "disqualified": False}, ENTRY)
    assert back["entry"]["takesPart"] is True
    await graphql.done(club.moderator, "disqualifyEntry", stated, ENTRY)
    refused(await graphql.mutate(club.member_actor("bob"), "disqualifyEntry", stated), "FORBIDDEN")
    result = await graphql.mutate(club.member_actor("bob"), "voteInContest", on(posts["ann"]))
    typed(result, "ConflictError", "CONTEST_STATE")
    await graphql.done(club.member_actor("bob"), "deletePost", {"postId": posts["bob"]}, "post { id }")
    assert (await seen(graphql, club.member_actor("eve")))["entryCount"] == 1
    await graphql.done(club.member_actor("bob"), "restorePost", {"postId": posts["bob"]}, "post { id }")
    await club.services.moderation.set_standing(club.moderator, club.id_of("cyd"), Standing.BANNED, "r")

    club.clock.now = day(10)
    await finish(club)

    contest = await seen(graphql, club.member_actor("eve"))
    assert [(one["rank"], one["author"]["displayName"]) for one in contest["entries"]["nodes"]] == [
        (1, "Bob")
    ]
    assert [await club.balance(name, "points") for name in ("ann", "bob", "cyd")] == [0, 50, 0]
    assert await adds_up(club)


async def test_a_contest_that_was_archived_is_cancelled(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await decided(graphql, club)
    await club.apply(document(status="archived"))
    await finish(club)

    assert (await seen(graphql, club.member_actor("eve")))["state"] == "CANCELLED"
    assert await club.balance("ann", "points") == 0
    assert await adds_up(club)


async def test_a_contest_that_has_begun_stays_as_it_is(club: ProgrammeUnderTest) -> None:
    for wrong in ({"votes_until": day(11).isoformat()}, {"votes": 3}, {"space": "makers"}):
        with pytest.raises(InvalidInput):
            await club.apply(document(**wrong))
    await club.apply(document(prizes=[]))
    club.clock.now = day(10)
    with pytest.raises(InvalidInput):
        await club.apply(document())


async def test_a_contest_needs_a_space_that_takes_stories(club: ProgrammeUnderTest) -> None:
    wrong = document()
    wrong["contests"] = [*wrong["contests"], {**wrong["contests"][0], "key": "other", "space": "makers"}]
    with pytest.raises(InvalidInput, match="takes no stories"):
        await club.apply(wrong)


# -- shadow limits, and who is erased


async def limit(club: ProgrammeUnderTest, mongo: Mongo, name: str) -> None:
    """Let what a member does from now on be seen by themselves alone."""
    kept = Sanction(
        new_id(), club.key, club.id_of(name), SanctionKind.SHADOW_LIMIT, "r", "moderator:mod", club.clock.now
    )

    async def body(tx: Tx) -> None:
        await SanctionRepository(mongo).save([kept], tx)

    await mongo.transaction(body)


async def test_what_a_shadow_limited_member_does_is_for_their_own_eyes(
    graphql: GraphQL, club: ProgrammeUnderTest, mongo: Mongo
) -> None:
    post = await entered(graphql, club, "ann")
    for name in ("bob", "dan"):
        await limit(club, mongo, name)
    await entered(graphql, club, "bob")
    club.clock.now = day(4)

    own = await vote(graphql, club.member_actor("dan"), post)

    assert own["viewerVotes"] is True
    names = {
        name: sorted(one["author"]["displayName"] for one in (await seen(graphql, actor))["entries"]["nodes"])
        for name, actor in (("bob", club.member_actor("bob")), ("eve", club.member_actor("eve")))
    }
    assert names == {"bob": ["Ann", "Bob"], "eve": ["Ann"]}
    assert (await seen(graphql, club.member_actor("eve")))["entryCount"] == 1
    club.clock.now = day(10)
    await finish(club)
    assert (await seen(graphql, club.member_actor("eve")))["entries"]["nodes"] == []
    assert await adds_up(club)


async def test_an_erased_member_takes_no_part_and_their_votes_stay(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await decided(graphql, club)
    club.clock.now = day(9)
    for name in ("ann", "dan"):
        await club.services.erasures.erase(club.member_actor(name), None, name)
        await club.services.erasures.run_open()
    club.clock.now = day(10)
    await finish(club)

    contest = await seen(graphql, club.member_actor("eve"))
    assert sorted(one["votes"] for one in contest["entries"]["nodes"]) == [1, 1]
    assert await adds_up(club)


async def test_services_act_for_members(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await told(graphql, club, "ann")
    on_ann = on(post, memberId=member_gid(club, "ann"))
    await graphql.done(club.service, "enterContest", on_ann, ENTRY)
    refused(await graphql.mutate(club.moderator, "enterContest", on(post)), "FORBIDDEN")
    club.clock.now = day(4)
    await graphql.done(club.service, "voteInContest", on(post, memberId=member_gid(club, "bob")), ENTRY)
    assert await adds_up(club)
