"""Polls: beginning them, voting, and who sees what when."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from community.sanctions.model import Sanction, SanctionKind
from community.sanctions.repository import SanctionRepository
from community.verification.service import VerificationService
from gamification.kit.actors import Actor
from gamification.kit.identifiers import new_id
from storage.mongo import Mongo, Tx
from tests.community_world import COMMUNITY
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid, refused, typed
from tests.support import ProgrammeUnderTest

POLL = """poll { kind least most closesAt isClosed isSecret isChangeable results showsResults voterCount viewerVote
    options { index text votes points rank } }"""
NAMES = ("ann", "bob", "cyd", "dan", "eve")
DRINKS = ["Tea", "Cake", "Wine"]


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    """The community, with polls in the square."""
    square = {**COMMUNITY["spaces"][0], "kinds": ["discussion", "poll"]}
    club = await programme({**COMMUNITY, "spaces": [square, *COMMUNITY["spaces"][1:]]})
    for name in NAMES:
        await club.join(name, display_name=name.title())
    return club


def stated(key: str = "p", space: str = "square", **poll: Any) -> dict[str, Any]:
    """A post that is a poll."""
    about = {"options": DRINKS, **poll}
    return {
        "space": space,
        "kind": "POLL",
        "title": "What?",
        "body": "Well?",
        "poll": about,
        "idempotencyKey": key,
    }


async def begun(graphql: GraphQL, club: ProgrammeUnderTest, key: str = "p", **poll: Any) -> str:
    """The id of Ann's poll."""
    success = await graphql.done(club.member_actor("ann"), "createPost", stated(key, **poll), "post { id }")
    return str(success["post"]["id"])


async def vote(graphql: GraphQL, actor: Actor, post: str, *choices: int) -> Any:
    """The poll once they voted."""
    wanted = {"postId": post, "choices": list(choices)}
    success = await graphql.done(actor, "votePoll", wanted, f"post {{ {POLL} }}")
    return success["post"]["poll"]


async def seen(graphql: GraphQL, actor: Actor, post: str, what: str = POLL) -> Any:
    """The poll as somebody sees it."""
    found = await graphql.read(actor, f"query ($id: ID!) {{ post(id: $id) {{ {what} }} }}", {"id": post})
    return found["post"]["poll"]


def counts(poll: Any, name: str = "votes") -> list[Any]:
    return [option[name] for option in poll["options"]]


async def adds_up(club: ProgrammeUnderTest) -> bool:
    report = await VerificationService(club.services).verify(club.key)
    assert report.differences == []
    return True


async def limit(club: ProgrammeUnderTest, mongo: Mongo, name: str) -> None:
    """Let what a member does from now on be seen by themselves alone."""
    kept = Sanction(
        new_id(), club.key, club.id_of(name), SanctionKind.SHADOW_LIMIT, "r", "moderator:mod", club.clock.now
    )

    async def body(tx: Tx) -> None:
        await SanctionRepository(mongo).save([kept], tx)

    await mongo.transaction(body)


# -- voting


async def test_members_vote_once_each_and_change_their_vote(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post = await begun(graphql, club)
    bob = club.member_actor("bob")

    first = await vote(graphql, bob, post, 0)
    again = await vote(graphql, bob, post, 0)
    await vote(graphql, club.member_actor("cyd"), post, 2)
    changed = await vote(graphql, bob, post, 2)

    assert first == again
    assert (first["kind"], first["least"], first["most"], first["isClosed"]) == ("SINGLE", 1, 1, False)
    assert [(one["index"], one["text"]) for one in first["options"]] == list(enumerate(DRINKS))
    assert (counts(first), first["voterCount"], first["viewerVote"]) == ([1, 0, 0], 1, [0])
    assert (counts(changed), counts(changed, "rank"), changed["voterCount"]) == ([0, 0, 2], [2, 2, 1], 2)
    assert counts(changed, "points") == [None] * 3
    withdrawn = await vote(graphql, bob, post)
    assert (counts(withdrawn), withdrawn["viewerVote"]) == ([0, 0, 1], None)
    assert await adds_up(club)


async def test_a_ranked_poll_is_counted_by_borda(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await begun(graphql, club, kind="RANKED")
    await vote(graphql, club.member_actor("bob"), post, 0, 1, 2)
    await vote(graphql, club.member_actor("cyd"), post, 1, 0)
    poll = await vote(graphql, club.member_actor("dan"), post, 1)

    assert (counts(poll, "points"), counts(poll), counts(poll, "rank")) == ([4, 5, 1], [2, 3, 1], [2, 1, 3])
    assert await adds_up(club)


async def test_a_multiple_poll_takes_as_many_as_stated(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await begun(graphql, club, kind="MULTIPLE", least=2, most=2)
    bob = club.member_actor("bob")
    poll = await vote(graphql, bob, post, 2, 0)

    assert (counts(poll), poll["viewerVote"]) == ([1, 0, 1], [2, 0])
    for wrong in ([0], [0, 1, 2], [0, 0], [0, 3], [-1, 0]):
        result = await graphql.mutate(bob, "votePoll", {"postId": post, "choices": wrong})
        typed(result, "InvalidInputError", path="choices")
    assert await adds_up(club)


async def test_every_member_counts_once_however_many_vote_at_once(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post = await begun(graphql, club)
    names = [f"m{number}" for number in range(20)]
    await club.join_all(*names)
    ballots = [(name, choice) for name in names for choice in (0, 1)]

    await asyncio.gather(*(vote(graphql, club.member_actor(name), post, choice) for name, choice in ballots))

    poll = await seen(graphql, club.member_actor("ann"), post)
    assert (poll["voterCount"], sum(counts(poll))) == (20, 20)
    assert await adds_up(club)


async def test_votes_that_can_not_be_changed_are_final(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await begun(graphql, club, changeable=False)
    bob = club.member_actor("bob")
    await vote(graphql, bob, post, 0)
    await vote(graphql, bob, post, 0)

    for choices in ([1], []):
        result = await graphql.mutate(bob, "votePoll", {"postId": post, "choices": choices})
        typed(result, "ConflictError", "VOTE_FINAL")


# -- closing


async def test_a_poll_closes_exactly_at_its_time(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    club.clock.advance(timedelta(0))
    closes = club.clock.now + timedelta(hours=1)
    post = await begun(graphql, club, closesAt=closes.isoformat())
    bob = club.member_actor("bob")
    club.clock.now = closes - timedelta(milliseconds=1)
    assert (await vote(graphql, bob, post, 1))["isClosed"] is False

    club.clock.now = closes

    poll = await seen(graphql, bob, post)
    assert (poll["isClosed"], counts(poll)) == (True, [0, 1, 0])
    result = await graphql.mutate(bob, "votePoll", {"postId": post, "choices": [0]})
    typed(result, "ConflictError", "POLL_CLOSED")


async def test_its_author_closes_a_poll_before_its_time(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await begun(graphql, club)
    bob, ann = club.member_actor("bob"), club.member_actor("ann")
    refused(await graphql.mutate(bob, "closePoll", {"postId": post}), "FORBIDDEN")

    closed = await graphql.done(ann, "closePoll", {"postId": post}, f"post {{ {POLL} }}")
    again = await graphql.done(club.moderator, "closePoll", {"postId": post}, f"post {{ {POLL} }}")

    assert closed["post"]["poll"]["isClosed"] is True
    assert closed["post"]["poll"]["closesAt"] == again["post"]["poll"]["closesAt"]
    result = await graphql.mutate(bob, "votePoll", {"postId": post, "choices": [0]})
    typed(result, "ConflictError", "POLL_CLOSED")


async def test_no_vote_counts_after_a_poll_was_closed_at_the_same_time(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post = await begun(graphql, club)
    ann = club.member_actor("ann")
    names = [f"m{number}" for number in range(10)]
    await club.join_all(*names)

    async def try_to_vote(name: str) -> bool:
        wanted = {"postId": post, "choices": [0]}
        answer = await graphql.mutate(club.member_actor(name), "votePoll", wanted)
        assert answer.data is not None, answer.errors
        return bool(answer.data["votePoll"]["__typename"] == "PollSuccess")

    async def close() -> int:
        success = await graphql.done(ann, "closePoll", {"postId": post}, f"post {{ {POLL} }}")
        found: int = success["post"]["poll"]["voterCount"]
        return found

    at_closing, *taken = await asyncio.gather(close(), *(try_to_vote(name) for name in names))

    poll = await seen(graphql, ann, post)
    assert poll["voterCount"] == sum(taken) == at_closing
    assert await adds_up(club)


# -- who sees what


async def test_results_are_shown_as_stated(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    club.clock.advance(timedelta(0))
    closes = club.clock.now + timedelta(hours=1)
    after_voting = await begun(graphql, club, "1", results="AFTER_VOTING", closesAt=closes.isoformat())
    after_closing = await begun(graphql, club, "2", results="AFTER_CLOSING", closesAt=closes.isoformat())
    bob, eve = club.member_actor("bob"), club.member_actor("eve")
    for post in (after_voting, after_closing):
        await vote(graphql, bob, post, 1)

    hidden = (False, None, [None] * 3)
    shown = (True, 1, [0, 1, 0])

    async def of(actor: Actor, post: str) -> tuple[Any, ...]:
        poll = await seen(graphql, actor, post)
        return poll["showsResults"], poll["voterCount"], counts(poll)

    for actor in (eve, club.moderator, club.operator, club.member_actor("ann")):
        assert await of(actor, after_voting) == hidden
        assert await of(actor, after_closing) == hidden
    assert await of(bob, after_voting) == shown
    assert await of(bob, after_closing) == hidden
    club.clock.now = closes
    assert [await of(eve, post) for post in (after_voting, after_closing)] == [shown, shown]


async def test_who_voted_what_is_shown_in_open_ballots_alone(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    opened = await begun(graphql, club, "1", kind="RANKED")
    secret = await begun(graphql, club, "2", secret=True)
    voters = "poll { isSecret options { voters { nodes { place at member { displayName } } } } }"
    await vote(graphql, club.member_actor("bob"), opened, 1, 0)
    await vote(graphql, club.member_actor("cyd"), opened, 1)
    await vote(graphql, club.member_actor("bob"), secret, 1)

    found = await seen(graphql, club.member_actor("eve"), opened, voters)
    named = [
        [(one["member"]["displayName"], one["place"]) for one in option["voters"]["nodes"]]
        for option in found["options"]
    ]
    assert named == [[("Bob", 2)], [("Cyd", 1), ("Bob", 1)], []]
    for actor in (club.member_actor("bob"), club.operator, club.moderator, club.service):
        found = await seen(graphql, actor, secret, voters)
        assert [option["voters"]["nodes"] for option in found["options"]] == [[], [], []]


async def test_who_may_not_be_there_does_not_vote(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await begun(graphql, club)
    wanted = {"postId": post, "choices": [0]}
    refused(await graphql.mutate(club.moderator, "votePoll", wanted), "FORBIDDEN")
    on_bob = {**wanted, "memberId": member_gid(club, "bob")}
    refused(await graphql.mutate(club.member_actor("ann"), "votePoll", on_bob), "FORBIDDEN")
    success = await graphql.done(club.service, "votePoll", on_bob, f"post {{ {POLL} }}")
    assert success["post"]["poll"]["voterCount"] == 1
    talk = {"space": "square", "title": "T", "body": "B", "idempotencyKey": "t"}
    talk = (await graphql.done(club.member_actor("ann"), "createPost", talk, "post { id }"))["post"]
    bob = club.member_actor("bob")
    typed(await graphql.mutate(bob, "votePoll", {**wanted, "postId": talk["id"]}), "InvalidInputError")
    typed(await graphql.mutate(bob, "votePoll", {**wanted, "postId": "x"}), "NotFoundError")
    await graphql.done(club.moderator, "removePost", {"postId": post, "reason": "r"}, "post { id }")
    typed(await graphql.mutate(bob, "votePoll", wanted), "NotFoundError")
    mine = {"postId": post, "choices": [0]}
    result = await graphql.mutate(club.member_actor("ann"), "votePoll", mine)
    typed(result, "ConflictError", "POST_STATE")


async def test_votes_come_back_with_a_poll_that_is_restored(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post = await begun(graphql, club)
    await vote(graphql, club.member_actor("bob"), post, 0)
    await graphql.done(club.moderator, "removePost", {"postId": post, "reason": "r"}, "post { id }")
    await graphql.done(club.moderator, "restorePost", {"postId": post}, "post { id }")

    assert counts(await seen(graphql, club.member_actor("eve"), post)) == [1, 0, 0]
    assert await adds_up(club)


# -- beginning


async def test_a_poll_goes_out_with_its_options(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann = club.member_actor("ann")
    bare = {key: value for key, value in stated().items() if key != "poll"}
    typed(await graphql.mutate(ann, "createPost", bare), "InvalidInputError", path="poll")
    talk = {**stated(), "kind": "DISCUSSION"}
    typed(await graphql.mutate(ann, "createPost", talk), "InvalidInputError", path="poll")
    draft = (await graphql.done(ann, "createPost", {**bare, "draft": True}, "post { id version }"))["post"]
    publish = {"postId": draft["id"], "version": draft["version"]}
    typed(await graphql.mutate(ann, "publishPost", publish), "InvalidInputError", path="poll")
    about = {"postId": draft["id"], "poll": {"options": ["Yes ", "  No"], "secret": True}}
    changed = await graphql.done(ann, "setPoll", about, f"post {{ version {POLL} }}")
    assert [one["text"] for one in changed["post"]["poll"]["options"]] == ["Yes", "No"]
    publish["version"] = changed["post"]["version"]
    await graphql.done(ann, "publishPost", publish, "post { id }")
    assert (await vote(graphql, club.member_actor("bob"), draft["id"], 1))["isSecret"] is True
    typed(await graphql.mutate(ann, "setPoll", about), "ConflictError", "POST_STATE")
    assert await adds_up(club)


async def test_the_same_key_begins_one_poll(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann = club.member_actor("ann")
    first = await graphql.done(ann, "createPost", stated(), "replayed post { id }")
    again = await graphql.done(ann, "createPost", stated(), "replayed post { id }")
    assert (again["replayed"], again["post"]) == (True, first["post"])
    other = stated(options=["Yes", "No"])
    typed(await graphql.mutate(ann, "createPost", other), "IdempotencyConflictError")
    typed(await graphql.mutate(ann, "createPost", stated(secret=True)), "IdempotencyConflictError")


async def test_a_poll_that_can_not_be_is_refused(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann = club.member_actor("ann")
    for wrong in ({"options": ["One"]}, {"kind": "MULTIPLE", "least": 4}, {"results": "AFTER_CLOSING"}):
        typed(await graphql.mutate(ann, "createPost", stated("w", **wrong)), "InvalidInputError")
    assert (await graphql.read(ann, "{ posts { nodes { id } } }"))["posts"]["nodes"] == []


# -- shadow limits, and who is erased


async def test_votes_of_a_shadow_limited_member_are_for_their_own_eyes(
    graphql: GraphQL, club: ProgrammeUnderTest, mongo: Mongo
) -> None:
    post = await begun(graphql, club)
    bob, cyd, eve = (club.member_actor(name) for name in ("bob", "cyd", "eve"))
    await vote(graphql, bob, post, 0)
    for name in ("bob", "cyd"):
        await limit(club, mongo, name)

    assert (await vote(graphql, bob, post, 1))["viewerVote"] == [1]
    assert (await vote(graphql, cyd, post, 1))["viewerVote"] == [1]

    poll = await seen(graphql, eve, post)
    assert (counts(poll), poll["voterCount"]) == ([1, 0, 0], 1)
    voters = "poll { options { voters { nodes { member { displayName } } } } }"
    found = await seen(graphql, eve, post, voters)
    names = [
        [one["member"]["displayName"] for one in option["voters"]["nodes"]] for option in found["options"]
    ]
    assert names == [["Bob"], [], []]
    assert await adds_up(club)


async def test_votes_of_an_erased_member_still_count(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await begun(graphql, club)
    await vote(graphql, club.member_actor("bob"), post, 0)
    await club.services.erasures.erase(club.member_actor("bob"), None, "bob")
    await club.services.erasures.run_open()

    assert counts(await seen(graphql, club.member_actor("eve"), post)) == [1, 0, 0]
    assert await adds_up(club)


async def test_an_erased_authors_poll_says_nothing_more(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await begun(graphql, club)
    await vote(graphql, club.member_actor("bob"), post, 0)
    await club.services.erasures.erase(club.member_actor("ann"), None, "ann")
    await club.services.erasures.run_open()

    found = await graphql.read(
        club.operator, f"query ($id: ID!) {{ post(id: $id) {{ {POLL} }} }}", {"id": post}
    )
    assert DRINKS[0] not in str(found)
    assert await adds_up(club)
