"""Bounties: offering points for answers, and who gets them."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from gamification.members.model import Standing
from storage.mongo import Mongo
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, refused, typed
from tests.resolvers.test_questions import (
    BOUNTY,
    NAMES,
    accept,
    adds_up,
    answered,
    asked,
    counted,
    document,
    like,
    limit,
    listed,
    offer,
    peopled,
    seen,
)
from tests.support import ProgrammeUnderTest

ENDED = BOUNTY.removeprefix("replayed ")


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    """The community; Ann, who asks, has 200 points before."""
    return await peopled(programme)


async def test_a_bounty_goes_to_the_accepted_answer_at_its_end(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post = await asked(graphql, club)
    before = await club.balance("ann", "points")
    bounty = await offer(graphql, club, post, 50, days=3)
    assert (bounty["state"], bounty["amount"], bounty["payments"]) == ("OPEN", 50, [])
    assert await club.balance("ann", "points") == before - 50
    answer = await answered(graphql, club, "bob", post)
    await accept(graphql, club.member_actor("ann"), answer)
    assert await club.services.bounties.settle_due() == 0
    points = await club.balance("bob", "points")

    club.clock.advance(timedelta(days=3, seconds=1))
    assert await club.services.bounties.settle_due() >= 1
    assert await club.services.bounties.settle_due() == 0

    question = await seen(graphql, club.member_actor("eve"), post)
    assert question["bounty"]["state"] == "PAID"
    assert question["bounty"]["payments"] == [
        {"amount": 50, "member": {"displayName": "Bob"}, "answer": {"id": answer}}
    ]
    assert await club.balance("bob", "points") == points + 50
    assert await club.balance("ann", "points") == before - 50
    ledger = await graphql.read(
        club.member_actor("bob"),
        "{ me { ledger(first: 1) { nodes { kind amount cause { bounty } counterparty { displayName } } } } }",
    )
    assert ledger["me"]["ledger"]["nodes"] == [
        {"kind": "RECEIVED", "amount": 50, "cause": {"bounty": post}, "counterparty": {"displayName": "Ann"}}
    ]
    assert await adds_up(club)


async def test_without_an_accepted_answer_the_best_of_different_members_share(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post = await asked(graphql, club)
    await offer(graphql, club, post, 51)
    answers = {
        name: await answered(graphql, club, name.split()[0], post, name)
        for name in ("bob", "bob again", "cyd", "dan")
    }
    await like(graphql, club, answers["bob"], "cyd", "dan", "eve")
    await like(graphql, club, answers["bob again"], "cyd", "dan", "eve")
    await like(graphql, club, answers["cyd"], "bob", "eve")
    await like(graphql, club, answers["dan"], "bob")
    balances = {name: await club.balance(name, "points") for name in NAMES}

    club.clock.advance(timedelta(days=7, seconds=1))
    await club.services.bounties.settle_due()

    question = await seen(graphql, club.member_actor("ann"), post)
    assert question["bounty"]["state"] == "SHARED"
    assert [(one["amount"], one["member"]["displayName"]) for one in question["bounty"]["payments"]] == [
        (26, "Bob"),
        (25, "Cyd"),
    ]
    after = {name: await club.balance(name, "points") for name in NAMES}
    assert {name: after[name] - balances[name] for name in NAMES if after[name] != balances[name]} == {
        "bob": 26,
        "cyd": 25,
    }
    assert await adds_up(club)


async def test_a_bounty_for_which_nobody_answered_well_comes_back(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post = await asked(graphql, club)
    before = await club.balance("ann", "points")
    early = await answered(graphql, club, "dan", post, "before it was offered")
    club.clock.advance(timedelta(seconds=1))
    await offer(graphql, club, post)
    answer = await answered(graphql, club, "bob", post)
    own = await answered(graphql, club, "ann", post, "own")
    await like(graphql, club, answer, "cyd")
    await like(graphql, club, own, "cyd", "dan", "eve")
    await like(graphql, club, early, "cyd", "bob", "eve")

    club.clock.advance(timedelta(days=7, seconds=1))
    await club.services.bounties.settle_due()

    assert (await seen(graphql, club.member_actor("ann"), post))["bounty"]["state"] == "RETURNED"
    assert await club.balance("ann", "points") == before
    assert await adds_up(club)


async def test_a_bounty_is_raised_and_offered_for_another_day(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post = await asked(graphql, club)
    before = await club.balance("ann", "points")
    club.clock.advance(timedelta(0))
    ends = (await offer(graphql, club, post, 50, days=1))["endsAt"]
    club.clock.advance(timedelta(hours=20))
    stated = {"postId": post, "amount": 30, "idempotencyKey": "r"}
    ann = club.member_actor("ann")

    raised = await graphql.done(ann, "raiseBounty", stated, BOUNTY)
    again = await graphql.done(ann, "raiseBounty", stated, BOUNTY)

    assert (raised["bounty"]["amount"], again["replayed"]) == (80, True)
    moved = datetime.fromisoformat(raised["bounty"]["endsAt"]) - datetime.fromisoformat(ends)
    assert moved == timedelta(hours=20)
    assert await club.balance("ann", "points") == before - 80
    error = typed(
        await graphql.mutate(ann, "raiseBounty", {**stated, "idempotencyKey": "more"}), "InvalidInputError"
    )
    assert (error["path"], error["limit"]) == (["amount"], 100)
    assert await adds_up(club)


async def test_an_asker_ends_their_bounty_by_paying_or_before_anybody_answered(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    post, other = await asked(graphql, club, key="1"), await asked(graphql, club, key="2")
    before = await club.balance("ann", "points")
    await offer(graphql, club, other)
    ended = await graphql.done(ann, "endBounty", {"postId": other}, ENDED)
    assert (ended["bounty"]["state"], await club.balance("ann", "points")) == ("RETURNED", before)
    await offer(graphql, club, post)
    answer = await answered(graphql, club, "bob", post)
    typed(await graphql.mutate(ann, "endBounty", {"postId": post}), "ConflictError", "BOUNTY_OPEN")
    await accept(graphql, ann, answer)
    points = await club.balance("bob", "points")

    ended = await graphql.done(ann, "endBounty", {"postId": post}, ENDED)
    again = await graphql.done(ann, "endBounty", {"postId": post}, ENDED)

    assert ended == again
    assert ended["bounty"]["payments"] == [{"amount": 50, "member": {"displayName": "Bob"}}]
    assert await club.balance("bob", "points") == points + 50
    assert await adds_up(club)


@pytest.mark.parametrize(
    ("stated", "path"), [({"amount": 9}, "amount"), ({"amount": 101}, "amount"), ({"days": 8}, "days")]
)
async def test_an_offer_is_within_the_terms(
    graphql: GraphQL, club: ProgrammeUnderTest, stated: dict[str, Any], path: str
) -> None:
    wanted = {"postId": await asked(graphql, club), "amount": 50, "idempotencyKey": "b", **stated}
    result = await graphql.mutate(club.member_actor("ann"), "offerBounty", wanted)
    typed(result, "InvalidInputError", path=path)


async def test_an_offer_that_can_not_be_is_refused(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    posts = [await asked(graphql, club, key=str(number)) for number in range(4)]
    wanted = {"postId": posts[0], "amount": 50, "idempotencyKey": "b"}
    refused(await graphql.mutate(bob, "offerBounty", wanted), "FORBIDDEN")
    typed(await graphql.mutate(ann, "offerBounty", {**wanted, "postId": "x"}), "NotFoundError")
    raised = {"postId": posts[0], "amount": 5, "idempotencyKey": "r"}
    typed(await graphql.mutate(ann, "raiseBounty", raised), "ConflictError", "BOUNTY_OPEN")
    for post in posts[:2]:
        await offer(graphql, club, post)
    second = {**wanted, "idempotencyKey": "c"}
    typed(await graphql.mutate(ann, "offerBounty", second), "ConflictError", "BOUNTY_OPEN")
    third = {**second, "postId": posts[2]}
    typed(await graphql.mutate(ann, "offerBounty", third), "ConflictError", "BOUNTY_LIMIT")
    await graphql.done(ann, "endBounty", {"postId": posts[0]}, ENDED)
    await club.services.points.spend(ann, None, "points", 150, "Rest", "rest")
    typed(
        await graphql.mutate(ann, "offerBounty", {**third, "amount": 100, "idempotencyKey": "d"}),
        "InsufficientPointsError",
    )
    await accept(graphql, ann, await answered(graphql, club, "bob", posts[3]))
    fourth = {**second, "postId": posts[3], "idempotencyKey": "e"}
    typed(await graphql.mutate(ann, "offerBounty", fourth), "ConflictError", "ANSWER_SETTLED")


async def test_a_programme_without_terms_has_no_bounties(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await programme(document(bounty=None))
    await club.join("ann")
    wanted = {"postId": await asked(graphql, club), "amount": 50, "idempotencyKey": "b"}
    typed(await graphql.mutate(club.member_actor("ann"), "offerBounty", wanted), "InvalidInputError")


async def test_a_removed_question_gives_its_bounty_back(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await asked(graphql, club)
    before = await club.balance("ann", "points")
    await offer(graphql, club, post)
    answer = await answered(graphql, club, "bob", post)
    ann = club.member_actor("ann")
    typed(await graphql.mutate(ann, "deletePost", {"postId": post}), "ConflictError", "BOUNTY_OPEN")
    await accept(graphql, ann, answer)

    await graphql.done(club.moderator, "removePost", {"postId": post, "reason": "r"}, "post { id }")

    assert await club.balance("ann", "points") == before - 10
    club.clock.advance(timedelta(days=8))
    await club.services.bounties.settle_due()
    await graphql.done(club.moderator, "restorePost", {"postId": post}, "post { id }")
    assert (await seen(graphql, ann, post))["bounty"]["state"] == "RETURNED"
    assert await adds_up(club)


async def test_accepting_after_the_end_comes_too_late_for_the_bounty(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post = await asked(graphql, club)
    await offer(graphql, club, post)
    answer = await answered(graphql, club, "bob", post)
    club.clock.advance(timedelta(days=7))

    question = await accept(graphql, club.member_actor("ann"), answer)

    assert (question["bounty"]["state"], question["acceptedAnswer"]["id"]) == ("RETURNED", answer)
    assert await adds_up(club)


async def test_accepting_and_the_end_of_the_bounty_at_once_pay_once(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    posts = [await asked(graphql, club, key=str(number)) for number in range(2)]
    answers = []
    for post in posts:
        await offer(graphql, club, post, days=1)
        answers.append(await answered(graphql, club, "bob", post))
    await accept(graphql, ann, answers[0])
    other = await answered(graphql, club, "cyd", posts[0], "other")
    total = sum([await club.balance(name, "points") for name in NAMES])

    club.clock.advance(timedelta(days=1))
    await asyncio.gather(
        *(club.services.bounties.settle_due() for _ in range(4)),
        *(accept(graphql, ann, one) for one in (other, answers[1])),
    )

    states = [(await seen(graphql, ann, post))["bounty"] for post in posts]
    assert [one["state"] for one in states] == ["PAID", "RETURNED"]
    assert states[0]["payments"][0]["member"] == {"displayName": "Bob"}
    assert sum([await club.balance(name, "points") for name in NAMES]) == total + 100
    assert await adds_up(club)


async def test_a_bounty_whose_hold_was_released_by_hand_counts_as_returned(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post = await asked(graphql, club)
    before = await club.balance("ann", "points")
    await offer(graphql, club, post)
    await accept(graphql, club.member_actor("ann"), await answered(graphql, club, "bob", post))
    (hold,) = [one async for one in club.services.holds._settlement.stores.holds.stream(club.key)]
    await club.services.holds.release(club.operator, hold.id, "by hand")

    club.clock.advance(timedelta(days=8))
    await club.services.bounties.settle_due()

    question = await seen(graphql, club.member_actor("ann"), post)
    assert question["bounty"]["state"] == "RETURNED"
    assert await club.balance("ann", "points") == before
    assert await adds_up(club)


async def test_who_is_banned_or_gone_gets_nothing(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await asked(graphql, club)
    await offer(graphql, club, post)
    await accept(graphql, club.member_actor("ann"), await answered(graphql, club, "bob", post))
    cyds = await answered(graphql, club, "cyd", post, "cyd")
    await like(graphql, club, cyds, "dan", "eve")
    await club.services.moderation.set_standing(club.moderator, club.id_of("bob"), Standing.BANNED, "Spam")

    club.clock.advance(timedelta(days=8))
    await club.services.bounties.settle_due()

    question = await seen(graphql, club.member_actor("ann"), post)
    assert question["bounty"]["state"] == "SHARED"
    assert question["bounty"]["payments"][0]["member"] == {"displayName": "Cyd"}


async def test_an_erased_asker_is_paid_back_and_whoever_answered_keeps_what_they_did(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post = await asked(graphql, club)
    await offer(graphql, club, post)
    await accept(graphql, club.member_actor("ann"), await answered(graphql, club, "bob", post))

    erased = {"memberId": None, "confirmExternalId": "ann"}
    await club.services.erasures.erase(club.member_actor("ann"), None, erased["confirmExternalId"] or "")
    await club.services.erasures.run_open()

    club.clock.advance(timedelta(days=8))
    await club.services.bounties.settle_due()
    assert await counted(club, "bob") == 1
    assert await adds_up(club)


async def test_an_erased_answer_is_not_accepted_any_more(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await asked(graphql, club)
    await accept(graphql, club.member_actor("ann"), await answered(graphql, club, "bob", post))

    await club.services.erasures.erase(club.member_actor("bob"), None, "bob")
    await club.services.erasures.run_open()

    question = await seen(graphql, club.member_actor("ann"), post)
    assert (question["acceptedAnswer"], question["answerCount"]) == (None, 0)
    assert await listed(graphql, club.member_actor("ann"), "UNANSWERED") == [post]
    assert await adds_up(club)


async def test_a_bounty_of_a_shadow_limited_asker_is_seen_by_nobody_and_comes_back(
    graphql: GraphQL, club: ProgrammeUnderTest, mongo: Mongo
) -> None:
    post = await asked(graphql, club)
    before = await club.balance("ann", "points")
    await limit(club, mongo, "ann")
    ann, bob = club.member_actor("ann"), club.member_actor("bob")

    bounty = await offer(graphql, club, post)

    assert (await seen(graphql, ann, post))["bounty"]["id"] == bounty["id"]
    assert (await seen(graphql, bob, post))["bounty"] is None
    assert await listed(graphql, bob, "BOUNTY") == []
    node = await graphql.read(bob, "query ($id: ID!) { node(id: $id) { id } }", {"id": bounty["id"]})
    assert node["node"] is None
    await like(graphql, club, await answered(graphql, club, "bob", post), "cyd", "dan", "eve")
    club.clock.advance(timedelta(days=8))
    await club.services.bounties.settle_due()
    assert await club.balance("ann", "points") == before
    assert (await seen(graphql, ann, post))["bounty"]["state"] == "RETURNED"
    assert await adds_up(club)
