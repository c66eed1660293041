"""Merging accounts that are in spaces, follow and keep things, block, and are moderated: what holds for either holds for the
one person."""

from datetime import timedelta
from typing import Any

import pytest

from community.following.service import TOPICS_MAX
from tests.conftest import MakeProgramme
from tests.moderation_world import another_moderator
from tests.resolvers.harness import GraphQL
from tests.town_world import Town, sound_town, town_of

BOTH_WAYS = pytest.mark.parametrize(("one", "into"), [("ann", "bob"), ("bob", "ann")])
POST, COMMENT, LIKED = 10, 1, 100


@pytest.fixture
async def town(graphql: GraphQL, programme: MakeProgramme) -> Town:
    return await town_of(graphql, programme)


async def role_in(town: Town, name: str, space: str) -> tuple[str, str] | None:
    found = await town.look(
        name, "query ($key: String!) { space(key: $key) { viewerMembership { state role } } }", key=space
    )
    membership = found["space"]["viewerMembership"]
    return (membership["state"], membership["role"]) if membership else None


async def put_out(town: Town, name: str, space: str) -> None:
    stated = {"space": space, "memberId": town.gid(name), "bar": True, "reason": "R"}
    await town.graphql.done(town.club.moderator, "removeSpaceMember", stated)


@BOTH_WAYS
async def test_one_is_in_a_space_once_in_the_higher_role_and_barred_where_either_was(
    town: Town, one: str, into: str
) -> None:
    for name, space, role in (
        (one, "square", "OWNER"),
        (into, "square", "MODERATOR"),
        (into, "makers", "MODERATOR"),
        (one, "board", "MEMBER"),
        (into, "circle", "MODERATOR"),
    ):
        stated = {"space": space, "memberId": town.gid(name), "role": role}
        await town.graphql.done(town.club.operator, "setSpaceRole", stated)
    await town.act(one, "joinSpace", space="makers")
    await put_out(town, one, "circle")

    await town.merge(one, into)

    assert await role_in(town, into, "square") == ("ACTIVE", "OWNER")
    assert await role_in(town, into, "makers") == ("ACTIVE", "MODERATOR")
    assert await role_in(town, into, "board") == ("ACTIVE", "MEMBER")
    assert await role_in(town, into, "circle") == ("BARRED", "MEMBER")
    rows = await town.rows("space_memberships")
    assert {row["member_id"] for row in rows} == {town.club.id_of(into)}
    # As the owner they look after what others write there, and they leave by either token.
    post = await town.post("cyd")
    await town.graphql.done(town.club.member_actor(one), "removePost", {"postId": post, "reason": "R"})
    await town.act(one, "leaveSpace", space="makers")
    assert await role_in(town, into, "makers") is None
    await sound_town(town)


@BOTH_WAYS
async def test_what_either_follows_keeps_or_has_read(town: Town, one: str, into: str) -> None:
    posts = [await town.post("cyd") for _ in range(3)]
    comment = await town.comment("cyd", posts[0])
    for name, topics in (
        (one, ({"space": "square"}, {"tag": "tea"})),
        (into, ({"tag": "tea"}, {"tag": "cake"})),
    ):
        for topic in topics:
            await town.act(name, "follow", **topic)
    for name, post in ((one, posts[0]), (into, posts[0]), (one, posts[1])):
        await town.act(name, "follow", postId=post)
    for name, target, note in (
        (one, posts[0], "first"),
        (into, posts[0], None),
        (one, comment, "c"),
        (into, comment, "mine"),
        (one, posts[2], None),
    ):
        await town.act(name, "addBookmark", targetId=target, note=note)
    town.club.clock.advance(timedelta(hours=1))
    await town.act(one, "markRead", space="square")
    await town.act(one, "markRead", postId=posts[0])
    read_at = town.club.clock.now
    town.club.clock.advance(timedelta(hours=1))
    await town.comment("dan", posts[0])

    await town.merge(one, into)

    found = await town.look(
        into,
        """{ following { spaces { key } tags posts { nodes { id unreadCount } } }
        space(key: "square") { unreadCount }
        bookmarks { nodes { note target { ... on Post { id } ... on Comment { id } } } } }""",
    )
    assert [space["key"] for space in found["following"]["spaces"]] == ["square"]
    assert set(found["following"]["tags"]) == {"tea", "cake"}
    followed = {post["id"]: post["unreadCount"] for post in found["following"]["posts"]["nodes"]}
    assert followed == {posts[0]: 1, posts[1]: 0}
    assert found["space"]["unreadCount"] == 0
    kept = {one["target"]["id"]: one["note"] for one in found["bookmarks"]["nodes"]}
    assert kept == {posts[0]: "first", comment: "mine", posts[2]: None}
    (reader,) = await town.rows("community_readers")
    assert reader["read"] == [{"key": "square", "at": read_at}]
    for topic in ({"space": "square"}, {"tag": "tea"}, {"postId": posts[1]}):
        await town.act(one, "unfollow", **topic)
    await town.act(one, "removeBookmark", targetId=posts[0])
    assert {row["member_id"] for row in await town.rows("bookmarks")} == {town.club.id_of(into)}
    assert len(await town.rows("followed_posts")) == 1
    await sound_town(town)


async def test_no_more_is_followed_than_one_may_the_survivors_first(town: Town) -> None:
    for name, tags in (("bob", TOPICS_MAX - 1), ("ann", 3)):
        for number in range(tags):
            town.club.clock.advance(timedelta(seconds=1))
            await town.act(name, "follow", tag=f"{name}{number}")

    await town.merge()

    found = await town.look("bob", "{ following { tags } }")
    tags = found["following"]["tags"]
    assert len(tags) == TOPICS_MAX
    assert {tag for tag in tags if tag.startswith("ann")} == {"ann2"}


@BOTH_WAYS
async def test_whom_either_blocks_and_who_blocks_either(town: Town, one: str, into: str) -> None:
    await town.act(one, "blockMember", blockedId=town.gid("cyd"))
    await town.act("dan", "blockMember", blockedId=town.gid(into))
    await town.act(into, "blockMember", blockedId=town.gid(one))
    await town.act(into, "followMember", memberId=town.gid("cyd"))
    await town.act("cyd", "followMember", memberId=town.gid(into))
    post = await town.post("cyd")

    await town.merge(one, into)

    assert await town.see(into, post) is None
    blocked = await town.look(into, "{ blockedMembers { nodes { displayName } } }")
    assert blocked["blockedMembers"]["nodes"] == [{"displayName": "Cyd"}]
    assert {(row["blocker"], row["blocked"]) for row in await town.rows("blocks")} == {
        (town.club.id_of(into), town.club.id_of("cyd")),
        (town.club.id_of("dan"), town.club.id_of(into)),
    }
    assert await town.rows("follows") == []
    await town.act(one, "unblockMember", blockedId=town.gid("cyd"))
    assert await town.see(into, post) is not None
    await sound_town(town)


@BOTH_WAYS
async def test_who_is_muted_or_limited_stays_so_by_either_name(town: Town, one: str, into: str) -> None:
    shown, hidden = await town.post(into), await town.post(one)
    comment = await town.comment(into, hidden)
    limit = await town.sanction(one, "SHADOW_LIMIT")
    until = (town.club.clock.now + timedelta(days=1)).isoformat()
    later = (town.club.clock.now + timedelta(days=2)).isoformat()
    short = await town.sanction(one, "MUTE", until=until)
    long = await town.sanction(into, "MUTE", until=later)

    await town.merge(one, into)
    await town.services.moderating.sanctioning.sweep_due()

    # What either wrote is seen by nobody else, and counts nowhere.
    assert [await town.see("cyd", post) for post in (shown, hidden)] == [None, None]
    seen = await town.see(into, hidden)
    assert seen is not None
    assert [one["id"] for one in seen["comments"]["nodes"]] == [comment]
    await sound_town(town)
    stated = {"space": "square", "title": "T", "body": "B", "idempotencyKey": "muted"}
    for name in (one, into):
        refusal = await town.graphql.mutate(town.club.member_actor(name), "createPost", stated)
        assert (refusal.data or {})["createPost"]["code"] == "MUTED"
    # Of a kind one goes on, the longest, and lifting it is enough.
    on = "query ($id: ID!) { member(id: $id) { sanctions { nodes { id kind isOn } } } }"
    found = await town.graphql.read(town.club.moderator, on, {"id": town.gid(into)})
    states = {sanction["id"]: sanction["isOn"] for sanction in found["member"]["sanctions"]["nodes"]}
    assert states == {limit["id"]: True, short["id"]: False, long["id"]: True}
    for sanction in (long, limit):
        await town.graphql.done(town.club.moderator, "liftSanction", {"sanctionId": sanction["id"]})
    await town.services.moderating.sanctioning.sweep_due()
    assert [await town.see("cyd", post) is not None for post in (shown, hidden)] == [True, True]
    await town.post(into)
    await sound_town(town)


async def test_who_is_banned_is_not_merged(town: Town) -> None:
    await town.sanction("ann", "BAN")

    stated = {"from": town.gid("ann"), "into": town.gid("bob"), "reason": "r", "idempotencyKey": "k"}
    blocked = "replayed } ... on MergeBlockedError { blocks"
    result = await town.graphql.mutate(town.club.operator, "mergeMembers", stated, blocked)
    assert (result.data or {})["mergeMembers"]["blocks"] == ["BANNED"]


TOLD = "{ me { moderationStatements { nodes { id action appeal { state answer } } } } }"


@BOTH_WAYS
async def test_cases_go_on_and_appeals_are_answered_to_the_survivor(town: Town, one: str, into: str) -> None:
    posts = [await town.post(one) for _ in range(2)]
    held = await town.post(one, body="Find me on WhatsApp")
    await town.report("cyd", posts[0])
    await town.report(one, await town.post("cyd", "Theirs"))
    kim = another_moderator(town.club)
    stated = {"postId": posts[1], "reason": "R"}
    await town.graphql.done(kim, "removePost", stated)
    (told,) = (await town.look(one, TOLD))["me"]["moderationStatements"]["nodes"]
    await town.act(one, "appealStatement", statementId=told["id"], text="Why?")

    await town.merge(one, into)

    cases = {case["kind"] + str(case["reportCount"]): case for case in await town.queue()}
    assert {case["member"]["displayName"] for case in cases.values()} == {into.title(), "Cyd"}
    (appeal,) = [case for case in cases.values() if case["kind"] == "APPEAL"]
    await town.decide(appeal, "OVERTURN", reason="Sorry")
    (answered,) = (await town.look(into, TOLD))["me"]["moderationStatements"]["nodes"]
    assert answered["appeal"] == {"state": "OVERTURNED", "answer": "Sorry"}
    assert await town.points(into) == [2 * POST]
    for case in await town.queue():
        about = case["post"]["id"]
        await town.decide(case, "KEEP" if about == held else "REMOVE", reason="R")
    assert await town.points(into) == [2 * POST]
    seen = await town.see("cyd", held)
    assert seen is not None
    assert await town.see("dan", posts[0]) is None
    await sound_town(town)


@BOTH_WAYS
async def test_complaints_are_the_survivors_to_go_on_with(town: Town, one: str, into: str) -> None:
    filed = "complaint { id version state member { displayName } }"
    filings = {
        name: await town.act(
            name, "fileComplaint", filed, category="delivery", text=f"By {name}", idempotencyKey="c"
        )
        for name in (one, into)
    }
    complaint = filings[one]["complaint"]
    await town.act(one, "sendComplaintMessage", complaintId=complaint["id"], text="Well?", idempotencyKey="m")
    stated: dict[str, Any] = {
        "complaintId": complaint["id"],
        "version": 2,
        "text": "So",
        "idempotencyKey": "a",
    }
    await town.graphql.done(town.club.moderator, "answerComplaint", stated)

    await town.merge(one, into)

    own = await town.look(into, "{ myComplaints { nodes { state text messages { nodes { text } } } } }")
    assert {row["text"]: row["state"] for row in own["myComplaints"]["nodes"]} == {
        f"By {one}": "ANSWERED",
        f"By {into}": "OPEN",
    }
    again = await town.act(
        one, "reopenComplaint", filed, complaintId=complaint["id"], text="No", idempotencyKey="r"
    )
    assert again["complaint"]["member"] == {"displayName": into.title()}
    await sound_town(town)


@BOTH_WAYS
async def test_trust_is_assessed_by_what_both_did(town: Town, one: str, into: str) -> None:
    for name in (one, into):
        for _ in range(2):
            await town.post(name)
    await town.services.trust.assess(town.club.key)
    shown = "query ($id: ID!) { member(id: $id) { trustLevel trustIsPinned } }"

    await town.merge(one, into)

    found = await town.graphql.read(town.club.moderator, shown, {"id": town.gid(into)})
    assert found["member"] == {"trustLevel": 2, "trustIsPinned": False}
    rows = [row for row in await town.rows("community_trust") if row["_id"] != town.club.id_of("cyd")]
    assert [row["_id"] for row in rows] == [town.club.id_of(into)]
    # Four texts of the day were written, by whichever of the two.
    assert len(rows[0]["written"]) == 4


@BOTH_WAYS
async def test_a_level_that_staff_set_stays(town: Town, one: str, into: str) -> None:
    stated = {"memberId": town.gid(one), "level": 3, "reason": "R"}
    await town.graphql.done(town.club.moderator, "setTrustLevel", stated)
    await town.post(into)
    await town.services.trust.assess(town.club.key)

    await town.merge(one, into)

    shown = "query ($id: ID!) { member(id: $id) { trustLevel trustIsPinned } }"
    found = await town.graphql.read(town.club.moderator, shown, {"id": town.gid(into)})
    assert found["member"] == {"trustLevel": 3, "trustIsPinned": True}
