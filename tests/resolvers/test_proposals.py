"""Proposals: support, the threshold, official answers, and who is told."""

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

PROPOSAL = """proposal { state supportCount threshold reachedAt answerDueAt isOverdue version viewerSupports
    answers { state html at } supporters { nodes { member { displayName } } } }"""
NAMES = ("ann", "bob", "cyd", "dan", "eve")
OVERDUE = "{ overdueProposals { nodes { isOverdue post { id } } } }"


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    """The community; two supporters make an answer owed within three days, in the makers' space one within a day."""
    square = {**COMMUNITY["spaces"][0], "kinds": ["discussion", "proposal"]}
    makers = {"key": "makers", "kinds": ["proposal"], "proposals": {"support": 1, "answer_days": 1}}
    settings = COMMUNITY["programme"]["community"]
    club = await programme(
        {
            **COMMUNITY,
            "programme": {"community": {**settings, "proposals": {"support": 2, "answer_days": 3}}},
            "spaces": [square, makers, *COMMUNITY["spaces"][2:]],
        }
    )
    for name in NAMES:
        await club.join(name, display_name=name.title())
    return club


async def proposed(graphql: GraphQL, club: ProgrammeUnderTest, space: str = "square") -> str:
    """The id of Ann's proposal."""
    stated = {"space": space, "kind": "PROPOSAL", "title": "Let us", "body": "B", "idempotencyKey": space}
    success = await graphql.done(club.member_actor("ann"), "createPost", stated, "post { id }")
    return str(success["post"]["id"])


async def support(graphql: GraphQL, actor: Actor, post: str, *, supports: bool = True) -> Any:
    """The proposal once they support it."""
    stated = {"postId": post, "supports": supports}
    success = await graphql.done(actor, "supportProposal", stated, f"post {{ {PROPOSAL} }}")
    return success["post"]["proposal"]


def said(post: str, state: str, version: int = 0) -> dict[str, Any]:
    return {"postId": post, "state": state, "version": version, "body": f"*{state.title()}*"}


async def answer(graphql: GraphQL, actor: Actor, post: str, state: str, version: int = 0) -> Any:
    """The proposal once it was answered."""
    stated = said(post, state, version)
    success = await graphql.done(actor, "answerProposal", stated, f"post {{ {PROPOSAL} }}")
    return success["post"]["proposal"]


async def seen(graphql: GraphQL, actor: Actor, post: str) -> Any:
    """The proposal as somebody sees it."""
    found = await graphql.read(actor, f"query ($id: ID!) {{ post(id: $id) {{ {PROPOSAL} }} }}", {"id": post})
    return found["post"]["proposal"]


async def overdue(graphql: GraphQL, actor: Actor) -> list[str]:
    found = await graphql.read(actor, OVERDUE)
    assert all(one["isOverdue"] for one in found["overdueProposals"]["nodes"])
    return [one["post"]["id"] for one in found["overdueProposals"]["nodes"]]


async def told(club: ProgrammeUnderTest, name: str) -> list[str]:
    """What a member heard of proposals."""
    feed = await club.services.stores.feed.after(club.id_of(name), 0)
    return [one.body["state"] for one in feed if one.kind == "proposal_changed"]


async def adds_up(club: ProgrammeUnderTest) -> bool:
    report = await VerificationService(club.services).verify(club.key)
    assert report.differences == []
    return True


# -- support


async def test_support_enough_makes_an_answer_owed(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await proposed(graphql, club)
    bob, cyd = club.member_actor("bob"), club.member_actor("cyd")
    first = await support(graphql, bob, post)
    again = await support(graphql, bob, post)

    assert first == again
    assert (first["state"], first["supportCount"], first["threshold"]) == ("GATHERING", 1, 2)
    assert (first["viewerSupports"], first["reachedAt"], first["answerDueAt"]) == (True, None, None)
    reached = await support(graphql, cyd, post)
    assert (reached["state"], reached["supportCount"], reached["isOverdue"]) == ("REACHED", 2, False)
    assert reached["reachedAt"] is not None
    assert [one["member"]["displayName"] for one in reached["supporters"]["nodes"]] == ["Cyd", "Bob"]
    assert (await seen(graphql, club.member_actor("eve"), post))["viewerSupports"] is False
    assert await adds_up(club)


async def test_what_was_reached_stays_owed_whoever_withdraws(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post = await proposed(graphql, club)
    bob, cyd = club.member_actor("bob"), club.member_actor("cyd")
    await support(graphql, bob, post)
    withdrawn = await support(graphql, bob, post, supports=False)
    assert (withdrawn["state"], withdrawn["supportCount"]) == ("GATHERING", 0)
    await support(graphql, bob, post)
    await support(graphql, cyd, post)

    after = await support(graphql, bob, post, supports=False)

    assert (after["state"], after["supportCount"], after["threshold"]) == ("REACHED", 1, 2)
    assert await adds_up(club)


async def test_a_space_has_its_own_threshold(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await proposed(graphql, club, "makers")
    assert (await seen(graphql, club.member_actor("eve"), post))["threshold"] == 1
    assert (await support(graphql, club.member_actor("bob"), post))["state"] == "REACHED"


async def test_each_member_counts_once_however_many_support_at_once(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post = await proposed(graphql, club)
    names = [f"m{number}" for number in range(12)]
    await club.join_all(*names)

    await asyncio.gather(*(support(graphql, club.member_actor(name), post) for name in names * 2))

    proposal = await seen(graphql, club.member_actor("ann"), post)
    assert (proposal["state"], proposal["supportCount"]) == ("REACHED", 12)
    assert await told(club, "ann") == ["reached"]
    assert await adds_up(club)


async def test_who_may_not_support_is_refused(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await proposed(graphql, club)
    wanted = {"postId": post}
    typed(await graphql.mutate(club.member_actor("ann"), "supportProposal", wanted), "InvalidInputError")
    refused(await graphql.mutate(club.moderator, "supportProposal", wanted), "FORBIDDEN")
    on_bob = {**wanted, "memberId": member_gid(club, "bob")}
    refused(await graphql.mutate(club.member_actor("cyd"), "supportProposal", on_bob), "FORBIDDEN")
    await graphql.done(club.service, "supportProposal", on_bob, "post { id }")
    talk = {"space": "square", "title": "T", "body": "B", "idempotencyKey": "t"}
    talk = (await graphql.done(club.member_actor("ann"), "createPost", talk, "post { id }"))["post"]
    bob = club.member_actor("bob")
    for field, stated in (("supportProposal", {"postId": talk["id"]}),):
        typed(await graphql.mutate(bob, field, stated), "InvalidInputError")
        typed(await graphql.mutate(bob, field, {"postId": "x"}), "NotFoundError")


# -- answering


async def test_the_club_answers_and_says_what_becomes_of_it(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post = await proposed(graphql, club)
    for name in ("bob", "cyd"):
        await support(graphql, club.member_actor(name), post)

    first = await answer(graphql, club.moderator, post, "ANSWERED")
    await answer(graphql, club.operator, post, "ACCEPTED", 1)
    done = await answer(graphql, club.operator, post, "DONE", 2)

    assert (first["state"], first["version"], first["answers"][0]["html"]) == (
        "ANSWERED",
        1,
        "<p><em>Answered</em></p>\n",
    )
    assert (done["state"], [one["state"] for one in done["answers"]]) == (
        "DONE",
        ["DONE", "ACCEPTED", "ANSWERED"],
    )
    result = await graphql.mutate(club.member_actor("dan"), "supportProposal", {"postId": post})
    typed(result, "ConflictError", "PROPOSAL_STATE")
    assert await adds_up(club)


async def test_of_two_answers_at_once_one_is_given(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await proposed(graphql, club)
    answers = await asyncio.gather(
        *(
            graphql.mutate(actor, "answerProposal", said(post, state))
            for actor, state in ((club.moderator, "ACCEPTED"), (club.operator, "DECLINED"))
        )
    )
    kinds = sorted(one.data["answerProposal"]["__typename"] for one in answers if one.data)
    assert kinds == ["ConflictError", "ProposalSuccess"]
    result = await graphql.mutate(club.operator, "answerProposal", said(post, "ACCEPTED"))
    typed(result, "ConflictError", "STALE_VERSION")


async def test_an_answer_that_can_not_be_is_refused(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await proposed(graphql, club)
    for state in ("GATHERING", "REACHED", "DONE"):
        result = await graphql.mutate(club.operator, "answerProposal", said(post, state))
        typed(result, "ConflictError", "PROPOSAL_STATE")
    empty = {**said(post, "ACCEPTED"), "body": " "}
    typed(await graphql.mutate(club.operator, "answerProposal", empty), "InvalidInputError")
    refused(
        await graphql.mutate(club.member_actor("ann"), "answerProposal", said(post, "ACCEPTED")), "FORBIDDEN"
    )
    await graphql.done(club.moderator, "removePost", {"postId": post, "reason": "r"}, "post { id }")
    result = await graphql.mutate(club.operator, "answerProposal", said(post, "ACCEPTED"))
    typed(result, "ConflictError", "POST_STATE")


async def test_what_is_owed_too_long_is_listed(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    late, soon = await proposed(graphql, club, "makers"), await proposed(graphql, club)
    for post in (late, soon):
        for name in ("bob", "cyd"):
            await support(graphql, club.member_actor(name), post)
    assert await overdue(graphql, club.operator) == []

    club.clock.advance(timedelta(days=1))
    assert await overdue(graphql, club.operator) == [late]
    club.clock.advance(timedelta(days=2))
    assert await overdue(graphql, club.operator) == [late, soon]
    assert await overdue(graphql, club.member_actor("bob")) == []
    assert (await seen(graphql, club.member_actor("bob"), late))["isOverdue"] is True
    await answer(graphql, club.operator, late, "DECLINED")
    await graphql.done(club.moderator, "removePost", {"postId": soon, "reason": "r"}, "post { id }")
    assert await overdue(graphql, club.operator) == []
    await graphql.done(club.moderator, "restorePost", {"postId": soon}, "post { id }")
    assert await overdue(graphql, club.operator) == [soon]
    assert await adds_up(club)


async def test_lists_show_proposals_by_where_they_stand(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await proposed(graphql, club)
    listing = "query ($filter: PostFilter) { posts(filter: $filter) { nodes { id } } }"

    async def listed(state: str) -> list[str]:
        found = await graphql.read(club.member_actor("eve"), listing, {"filter": {"proposal": state}})
        return [one["id"] for one in found["posts"]["nodes"]]

    assert (await listed("GATHERING"), await listed("ACCEPTED")) == ([post], [])
    await answer(graphql, club.operator, post, "ACCEPTED")
    assert (await listed("GATHERING"), await listed("ACCEPTED")) == ([], [post])
    both = {"filter": {"proposal": "ACCEPTED", "question": "BOUNTY"}}
    refused(await graphql(club.member_actor("eve"), listing, both), "INVALID_INPUT")


# -- telling


async def test_author_and_supporters_hear_of_it_once(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await proposed(graphql, club)
    for name in ("bob", "cyd"):
        await support(graphql, club.member_actor(name), post)
    await support(graphql, club.member_actor("cyd"), post, supports=False)

    await asyncio.gather(*(club.services.proposal_telling.tell_due() for _ in range(3)))
    while await club.services.proposal_telling.tell_due():
        pass
    assert [await told(club, name) for name in ("ann", "bob", "cyd", "dan")] == [
        ["reached"],
        ["reached"],
        [],
        [],
    ]
    await support(graphql, club.member_actor("dan"), post)
    await answer(graphql, club.operator, post, "ACCEPTED")
    while await club.services.proposal_telling.tell_due():
        pass
    heard = [await told(club, name) for name in ("ann", "bob", "cyd", "dan")]
    assert heard == [["reached", "accepted"], ["reached", "accepted"], [], ["accepted"]]


async def test_a_supporter_hears_in_their_feed(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await proposed(graphql, club)
    await support(graphql, club.member_actor("bob"), post)
    watch = "subscription { myProgress { __typename ... on ProposalChanged { state post { id } } } }"
    async with graphql.subscribe(club.member_actor("bob"), watch) as stream:
        assert (await stream.data())["__typename"] == "ProgressSnapshot"
        await answer(graphql, club.operator, post, "DECLINED")
        while await club.services.proposal_telling.tell_due():
            pass
        heard = await stream.data()
    assert heard == {"__typename": "ProposalChanged", "state": "DECLINED", "post": {"id": post}}


# -- shadow limits, and who is erased


async def test_support_of_a_shadow_limited_member_is_for_their_own_eyes(
    graphql: GraphQL, club: ProgrammeUnderTest, mongo: Mongo
) -> None:
    post = await proposed(graphql, club)
    kept = Sanction(
        new_id(), club.key, club.id_of("bob"), SanctionKind.SHADOW_LIMIT, "r", "moderator:mod", club.clock.now
    )

    async def body(tx: Tx) -> None:
        await SanctionRepository(mongo).save([kept], tx)

    await mongo.transaction(body)

    own = await support(graphql, club.member_actor("bob"), post)

    assert own["viewerSupports"] is True
    proposal = await seen(graphql, club.member_actor("eve"), post)
    assert (proposal["supportCount"], proposal["supporters"]["nodes"]) == (0, [])
    assert await adds_up(club)


async def test_support_of_an_erased_member_still_counts_and_an_erased_authors_proposal_is_gone(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post = await proposed(graphql, club)
    for name in ("bob", "cyd"):
        await support(graphql, club.member_actor(name), post)
    await club.services.erasures.erase(club.member_actor("bob"), None, "bob")
    await club.services.erasures.run_open()
    assert (await seen(graphql, club.member_actor("eve"), post))["supportCount"] == 2
    await club.services.erasures.erase(club.member_actor("ann"), None, "ann")
    await club.services.erasures.run_open()
    club.clock.advance(timedelta(days=9))

    assert await overdue(graphql, club.operator) == []
    assert await adds_up(club)
