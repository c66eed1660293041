"""Merging accounts that wrote and reacted: what both did is one member's, counted once, and taken back once."""

from typing import Any

import pytest

from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, typed
from tests.town_world import Town, likes, sound_town, town_of

BOTH_WAYS = pytest.mark.parametrize(("one", "into"), [("ann", "bob"), ("bob", "ann")])
POST, COMMENT, LIKED, ACCEPTED = 10, 1, 100, 1000


@pytest.fixture
async def town(graphql: GraphQL, programme: MakeProgramme) -> Town:
    return await town_of(graphql, programme)


@BOTH_WAYS
async def test_what_either_wrote_is_the_survivors_who_goes_on_with_it(
    town: Town, one: str, into: str
) -> None:
    await town.club.join("eve")
    posts = {name: await town.post(name, f"By {name}") for name in (one, into)}
    under = await town.post("cyd")
    comments = {name: await town.comment(name, under) for name in (one, into)}
    draft = await town.post(one, "Draft", draft=True)
    gone = await town.post(one, "Gone")
    await town.act(one, "deletePost", postId=gone)
    await town.act(one, "editPost", postId=posts[one], version=1, title="Once more")

    merge = await town.merge(one, into)

    assert merge["counts"] == {"posts": 3, "comments": 1, "reactions": 0}
    fields = "author { displayName } revisions { nodes { editor { displayName } } } viewerMayEdit"
    seen = await town.about(into, posts[one], fields)
    assert seen["author"] == {"displayName": into.title()}
    assert seen["viewerMayEdit"]
    assert {version["editor"]["displayName"] for version in seen["revisions"]["nodes"]} == {into.title()}
    assert (await town.about(into, draft, "state"))["state"] == "DRAFT"
    assert await town.points(one, into, "cyd") == [0, 2 * POST + 2 * COMMENT, POST]

    # Whichever token they have, they go on: edit, publish, delete and restore; each earns once.
    await town.act(one, "editPost", postId=posts[one], version=2, body="Other words")
    await town.act(into, "publishPost", postId=draft, version=1)
    assert await town.points(into) == [3 * POST + 2 * COMMENT]
    for field, worth in (("deletePost", 2 * POST), ("restorePost", 3 * POST)):
        await town.act(into, field, postId=posts[one])
        assert await town.points(into) == [worth + 2 * COMMENT]
        await sound_town(town)
    await town.act(into, "restorePost", postId=gone)
    for field, worth in (("deleteComment", COMMENT), ("restoreComment", 2 * COMMENT)):
        await town.act(one, field, commentId=comments[one])
        assert await town.points(into) == [4 * POST + worth]
    await town.graphql.done(town.club.moderator, "removePost", {"postId": posts[one], "reason": "R"})
    assert await town.points(into) == [3 * POST + 2 * COMMENT]
    await sound_town(town)


async def test_who_was_mentioned_is_mentioned_still(town: Town) -> None:
    body = f"Ask [@Ann](member:{town.gid('ann')})"
    post = await town.post("cyd", body=body)
    await town.comment("dan", post, body)
    # Versions of others' posts say who has written them, too.
    moderates = {"space": "square", "memberId": town.gid("ann"), "role": "MODERATOR"}
    await town.graphql.done(town.club.operator, "setSpaceRole", moderates)
    await town.act("ann", "editPost", postId=post, version=1, title="Better", reason="R")

    await town.merge()

    versions = await town.about("dan", post, "revisions { nodes { version editor { displayName } } }")
    editors = {one["version"]: one["editor"]["displayName"] for one in versions["revisions"]["nodes"]}
    assert editors == {1: "Cyd", 2: "Bob"}
    mentioned = await town.about(
        "dan", post, "mentions { displayName } comments { nodes { mentions { id } } }"
    )
    assert mentioned["mentions"] == [{"displayName": "Bob"}]
    assert mentioned["comments"]["nodes"][0]["mentions"] == [{"id": town.gid("bob")}]
    await town.act(
        "cyd", "editPost", postId=post, version=2, body=f"{body} and [@Bob](member:{town.gid('bob')})"
    )
    assert (await town.about("dan", post, "mentions { id }"))["mentions"] == [{"id": town.gid("bob")}]


@BOTH_WAYS
async def test_of_two_reactions_to_one_thing_the_survivors_stays(town: Town, one: str, into: str) -> None:
    post = await town.post("cyd")
    comment = await town.comment("dan", post)
    await town.react(one, post, "heart")
    await town.react(into, post, "like")
    await town.react("dan", post, "like")
    await town.react(one, comment, "heart")
    assert await town.points("cyd") == [POST + 3 * LIKED]

    merge = await town.merge(one, into)

    assert merge["counts"]["reactions"] == 2
    seen = await town.see(into, post)
    assert likes(seen) == {"like": 2}
    assert seen is not None
    assert seen["viewerReaction"] == "like"
    assert (await town.points("cyd", "dan")) == [POST + 2 * LIKED, COMMENT + LIKED]
    popular = await town.club.progress("cyd", "popular")
    assert popular is not None
    assert popular.value == 2

    # The survivor withdraws both and gives them again: taken back once, and earned once.
    for reaction, worth in ((None, 0), ("heart", 1)):
        await town.react(into, post, reaction)
        await town.react(one, comment, reaction)
        assert await town.points("cyd", "dan") == [POST + LIKED + worth * LIKED, COMMENT + worth * LIKED]
        await sound_town(town)


@BOTH_WAYS
async def test_nobody_reacts_to_what_they_wrote(town: Town, one: str, into: str) -> None:
    posts = {name: await town.post(name) for name in (one, into)}
    comment = await town.comment(into, posts[into])
    await town.react(one, posts[into])
    await town.react(into, posts[one], "heart")
    await town.react(one, comment)
    await town.react("cyd", posts[one])
    assert await town.points(one, into) == [POST + 2 * LIKED, POST + COMMENT + 2 * LIKED]

    preview = await town.graphql.read(
        town.club.operator,
        "query ($f: ID!, $i: ID!) { mergePreview(from: $f, into: $i) { merge { points { activeAfter } } } }",
        {"f": town.gid(one), "i": town.gid(into)},
    )
    merge = await town.merge(one, into)

    after = 2 * POST + COMMENT + LIKED
    assert preview["mergePreview"]["merge"]["points"] == [{"activeAfter": after}]
    assert merge["points"][0]["activeAfter"] == after
    assert await town.points(one, into) == [0, after]
    assert likes(await town.see("cyd", posts[into])) == {}
    assert likes(await town.see("cyd", posts[one])) == {"like": 1}
    again = await town.graphql.mutate(
        town.club.member_actor(into), "react", {"targetId": posts[one], "reaction": "like"}
    )
    typed(again, "InvalidInputError", "INVALID_INPUT", "targetId")
    # Who else reacted takes it back from the survivor.
    await town.react("cyd", posts[one], None)
    assert await town.points(into) == [2 * POST + COMMENT]
    await sound_town(town)


async def test_a_withdrawn_reaction_is_none(town: Town) -> None:
    first, second = await town.post("cyd"), await town.post("cyd")
    for name, post, reactions in (
        ("bob", first, ("like", None)),
        ("ann", first, ("heart",)),
        ("ann", second, ("like", None)),
        ("bob", second, ("heart", "like", "heart")),
    ):
        for reaction in reactions:
            await town.react(name, post, reaction)

    await town.merge()

    assert [likes(await town.see("bob", post)) for post in (first, second)] == [{"heart": 1}, {"heart": 1}]
    assert await town.points("cyd") == [2 * POST + 2 * LIKED]
    for post in (first, second):
        for reaction in (None, "like", None):
            await town.react("bob", post, reaction)
    assert await town.points("cyd") == [2 * POST]
    await sound_town(town)


QUESTION = """question { answerCount firstAnsweredAt acceptedAnswer { id author { displayName } }
    bounty { state payments { amount member { displayName } } } }"""


@BOTH_WAYS
async def test_an_answer_to_oneself_counts_as_none(town: Town, one: str, into: str) -> None:
    asked = {name: await town.kind(name, "question") for name in (one, into)}
    answers = {name: await town.comment(name, asked[other]) for name, other in ((one, into), (into, one))}
    third = await town.kind("cyd", "question")
    theirs = await town.comment(one, third)
    await town.comment("dan", asked[one])
    for asker, answer in ((into, answers[one]), (one, answers[into]), ("cyd", theirs)):
        await town.act(asker, "acceptAnswer", commentId=answer)
    assert await town.points(one) == [POST + 2 * COMMENT + 2 * ACCEPTED]

    await town.merge(one, into)

    assert await town.points(into) == [2 * POST + 3 * COMMENT + ACCEPTED]
    own = {name: (await town.about("dan", asked[name], QUESTION))["question"] for name in (one, into)}
    assert [own[name]["answerCount"] for name in (one, into)] == [1, 0]
    assert own[into]["firstAnsweredAt"] is None
    # It stays accepted, as one may accept one's own answer, and counts for nothing.
    assert own[into]["acceptedAnswer"] == {"id": answers[one], "author": {"displayName": into.title()}}
    listed = await town.look("dan", "{ posts(filter: { question: UNANSWERED }) { nodes { id } } }")
    assert {post["id"] for post in listed["posts"]["nodes"]} == {asked[into]}
    await town.act(into, "withdrawAcceptance", postId=asked[into])
    await town.act(into, "acceptAnswer", commentId=answers[one])
    assert await town.points(into) == [2 * POST + 3 * COMMENT + ACCEPTED]
    # What another accepted goes with the answer, once, and comes back with it.
    for field, worth in (("deleteComment", 2 * COMMENT), ("restoreComment", 3 * COMMENT + ACCEPTED)):
        await town.act(into, field, commentId=theirs)
        assert await town.points(into) == [2 * POST + worth]
    await sound_town(town)


async def offered(town: Town, name: str, post: str) -> None:
    await town.club.do("study", name, hours=50)
    await town.act(name, "offerBounty", postId=post, amount=20, idempotencyKey=town.key())


async def test_points_that_are_offered_keep_an_account_from_being_merged(town: Town) -> None:
    post = await town.kind("ann", "question")
    await offered(town, "ann", post)

    stated: dict[str, Any] = {
        "from": town.gid("ann"),
        "into": town.gid("bob"),
        "reason": "r",
        "idempotencyKey": "k",
    }
    result = await town.graphql.mutate(
        town.club.operator, "mergeMembers", stated, "replayed } ... on MergeBlockedError { blocks"
    )
    assert typed(result, "MergeBlockedError", "MERGE_BLOCKED")["blocks"] == ["OPEN_HOLDS"]
    await town.act("ann", "endBounty", postId=post)
    await town.merge()
    assert await town.club.balance("bob", "growth") == 50


async def test_what_a_bounty_paid_stays_paid_and_what_one_offers_is_not_for_oneself(town: Town) -> None:
    paid, open_one = await town.kind("cyd", "question"), await town.kind("bob", "question")
    await offered(town, "cyd", paid)
    answer = await town.comment("ann", paid)
    await town.act("cyd", "acceptAnswer", commentId=answer)
    await town.act("cyd", "endBounty", postId=paid)
    await offered(town, "bob", open_one)
    own = await town.comment("ann", open_one)
    await town.act("bob", "acceptAnswer", commentId=own)

    await town.merge()

    assert await town.club.balance("bob", "growth") == 20 + 30
    bounty = (await town.about("dan", paid, QUESTION))["question"]["bounty"]
    assert bounty == {"state": "PAID", "payments": [{"amount": 20, "member": {"displayName": "Bob"}}]}
    # Nobody else answered: what is offered comes back.
    await town.act("bob", "endBounty", postId=open_one)
    assert await town.club.balance("bob", "growth") == 70
    await sound_town(town)


async def test_erasing_the_survivor_erases_what_the_merged_account_wrote(town: Town) -> None:
    post = await town.post("ann", "Secret title", body="Secret words")
    under = await town.post("cyd")
    await town.comment("ann", under, "Secret comment")
    await town.react("ann", under)
    await town.merge()
    exported = "query ($s: MemberExportSection!) { exportMember(section: $s) { nodes { data } } }"
    rows = await town.look("ann", exported, s="POSTS")
    (row,) = rows["exportMember"]["nodes"]
    assert "Secret title" in repr(row)

    await town.act("bob", "eraseMember", confirmExternalId="ann")
    await town.services.erasures.run_open()

    for collection in ("posts", "post_revisions", "comments", "activities", "moderation_log"):
        assert "Secret" not in repr(await town.rows(collection)), collection
    assert await town.see("cyd", post) is None
    assert likes(await town.see("cyd", under)) == {"like": 1}
    await sound_town(town)
