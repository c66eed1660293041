"""Following spaces, tags and posts; what is unread; bookmarks."""

from datetime import timedelta
from typing import Any

import pytest

from community.verification.service import VerificationService
from gamification.kit.actors import Actor
from tests.community_world import COMMUNITY
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid, refused, typed
from tests.resolvers.test_posts import act, write
from tests.resolvers.test_search import comment
from tests.support import ProgrammeUnderTest

FOLLOWED = "changed space { key viewerFollows } tag post { title viewerFollows unreadCount }"


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    """The community with Ann and Bob in it."""
    club = await programme(COMMUNITY)
    for name in ("ann", "bob"):
        await club.join(name, display_name=name.title())
    return club


async def read(graphql: GraphQL, actor: Actor, what: str) -> Any:
    return await graphql.read(actor, f"{{ {what} }}")


async def unread(graphql: GraphQL, actor: Actor, space: str = "square") -> Any:
    found = await read(graphql, actor, f'space(key: "{space}") {{ unreadCount }}')
    return found["space"]["unreadCount"]


async def done(graphql: GraphQL, actor: Actor, field: str, stated: dict[str, Any], what: str) -> Any:
    """The success, without the name of its type."""
    success = await graphql.done(actor, field, stated, what)
    return {name: value for name, value in success.items() if name != "__typename"}


# -- following


async def test_spaces_tags_and_posts_are_followed_and_followed_no_more(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    post = await write(graphql, ann)
    for field, state in (("follow", True), ("unfollow", False)):
        for changed in (True, False):
            space = await done(graphql, bob, field, {"space": "square"}, FOLLOWED)
            tag = await graphql.done(bob, field, {"tag": "Live  Music"}, FOLLOWED)
            found = await graphql.done(bob, field, {"postId": post["id"]}, FOLLOWED)
            assert space == {
                "changed": changed,
                "space": {"key": "square", "viewerFollows": state},
                "tag": None,
                "post": None,
            }
            assert (tag["changed"], tag["tag"]) == (changed, "live-music")
            assert found["changed"] == changed
            assert found["post"] == {
                "title": "Hello",
                "viewerFollows": state,
                "unreadCount": 0 if state else None,
            }
        following = await read(graphql, bob, "following { spaces { key } tags posts { nodes { title } } }")
        assert following["following"] == (
            {"spaces": [{"key": "square"}], "tags": ["live-music"], "posts": {"nodes": [{"title": "Hello"}]}}
            if state
            else {"spaces": [], "tags": [], "posts": {"nodes": []}}
        )
        nobody = await read(graphql, ann, "following { spaces { key } tags posts { nodes { title } } }")
        assert nobody["following"] == {"spaces": [], "tags": [], "posts": {"nodes": []}}


@pytest.mark.parametrize(
    ("stated", "error"),
    [
        ({}, "InvalidInputError"),
        ({"space": "square", "tag": "x"}, "InvalidInputError"),
        ({"tag": " "}, "InvalidInputError"),
        ({"tag": "x" * 31}, "InvalidInputError"),
        ({"space": "nowhere"}, "NotFoundError"),
        ({"space": "lounge"}, "NotFoundError"),
        ({"space": "circle"}, "NotFoundError"),
        ({"postId": "abc"}, "NotFoundError"),
    ],
)
async def test_what_can_not_be_followed_is_refused(
    graphql: GraphQL, club: ProgrammeUnderTest, stated: dict[str, Any], error: str
) -> None:
    typed(await graphql.mutate(club.member_actor("ann"), "follow", stated), error)


async def test_posts_that_one_may_not_read_are_neither_followed_nor_kept_nor_listed(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    draft = await write(graphql, ann, draft=True)
    typed(await graphql.mutate(bob, "follow", {"postId": draft["id"]}), "NotFoundError")
    typed(await graphql.mutate(bob, "addBookmark", {"targetId": draft["id"]}), "NotFoundError")
    post = await write(graphql, ann, key="2")
    answer = await comment(graphql, ann, post, "Words")
    await graphql.done(bob, "follow", {"postId": post["id"]})
    for target in (post, answer):
        await graphql.done(bob, "addBookmark", {"targetId": target["id"]})
    await act(graphql, ann, "deletePost", post)

    found = await read(
        graphql,
        bob,
        "following { posts { nodes { id } } } bookmarks { nodes { target { ... on Post { id } ... on Comment { id } } } }",
    )
    assert found["following"]["posts"]["nodes"] == []
    assert found["bookmarks"]["nodes"] == [{"target": None}, {"target": None}]
    assert (await done(graphql, bob, "unfollow", {"postId": post["id"]}, "changed post { id }")) == {
        "changed": True,
        "post": None,
    }
    assert await done(graphql, bob, "removeBookmark", {"targetId": post["id"]}, "removed") == {
        "removed": True
    }


async def test_services_follow_and_keep_for_members_and_nobody_else_does(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post = await write(graphql, club.member_actor("ann"))
    on_bob = {"memberId": member_gid(club, "bob")}
    stated = {"space": "square"}
    answered = await done(graphql, club.service, "follow", {**stated, **on_bob}, "changed space { key }")
    assert answered == {"changed": True, "space": {"key": "square"}}
    await graphql.done(club.service, "addBookmark", {"targetId": post["id"], **on_bob})
    for actor in (club.member_actor("ann"), club.moderator, club.operator):
        for field, more in (
            ("follow", stated),
            ("unfollow", stated),
            ("markRead", stated),
            ("addBookmark", {"targetId": post["id"]}),
            ("removeBookmark", {"targetId": post["id"]}),
        ):
            refused(await graphql.mutate(actor, field, {**more, **on_bob}), "FORBIDDEN")
    found = await read(
        graphql, club.member_actor("bob"), "following { spaces { key } } bookmarks { nodes { note } }"
    )
    assert found == {"following": {"spaces": [{"key": "square"}]}, "bookmarks": {"nodes": [{"note": None}]}}


# -- unread


async def test_a_space_counts_what_others_wrote_since_it_was_read(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    for number in range(3):
        await write(graphql, ann, key=str(number))
    await write(graphql, ann, key="draft", draft=True)
    assert (await unread(graphql, bob), await unread(graphql, ann)) == (3, 0)
    assert await unread(graphql, bob, "circle") is None
    assert await unread(graphql, club.moderator) is None

    club.clock.advance(timedelta(seconds=1))
    answered = await done(graphql, bob, "markRead", {"space": "square"}, "changed space { unreadCount }")
    assert answered == {"changed": True, "space": {"unreadCount": 0}}
    club.clock.advance(timedelta(seconds=1))
    later = await write(graphql, ann, key="later")
    assert await unread(graphql, bob) == 1
    long_ago = (club.clock.now - timedelta(days=1)).isoformat()
    assert await done(graphql, bob, "markRead", {"space": "square", "at": long_ago}, "changed") == {
        "changed": False
    }
    assert await unread(graphql, bob) == 1
    await act(graphql, ann, "deletePost", later)
    assert await unread(graphql, bob) == 0
    future = (club.clock.now + timedelta(days=1)).isoformat()
    await graphql.done(bob, "markRead", {"space": "square", "at": future})
    club.clock.advance(timedelta(seconds=1))
    await write(graphql, ann, key="after")
    assert await unread(graphql, bob) == 1


async def test_counts_stop_at_a_hundred(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    post = await write(graphql, ann)
    mongo = club.services.spaces._mongo
    row = await mongo.collection("posts").find_one({"programme_id": club.key})
    assert row is not None
    await mongo.collection("posts").insert_many(
        [{**row, "_id": bytes([number]) + row["_id"]} for number in range(105)]
    )

    assert await unread(graphql, bob) == 100
    assert post


async def test_a_followed_post_counts_what_others_answered_since_it_was_read(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    post = await write(graphql, ann)
    await comment(graphql, ann, post, "Before", "c0")
    club.clock.advance(timedelta(seconds=1))
    typed(await graphql.mutate(bob, "markRead", {"postId": post["id"]}), "NotFoundError")
    await graphql.done(bob, "follow", {"postId": post["id"]})
    club.clock.advance(timedelta(seconds=1))

    async def count() -> Any:
        found = await graphql.read(
            bob, "query ($id: ID!) { post(id: $id) { unreadCount } }", {"id": post["id"]}
        )
        return found["post"]["unreadCount"]

    assert await count() == 0
    first = await comment(graphql, ann, post, "One", "c1")
    await comment(graphql, ann, post, "Two", "c2")
    await comment(graphql, bob, post, "Own", "c3")
    assert await count() == 2
    await graphql.done(ann, "deleteComment", {"commentId": first["id"]})
    assert await count() == 1
    club.clock.advance(timedelta(seconds=1))
    await graphql.done(bob, "markRead", {"postId": post["id"]})
    assert await count() == 0
    refused(await graphql.mutate(club.moderator, "markRead", {"postId": post["id"]}), "FORBIDDEN")


async def test_what_is_hidden_is_not_counted_as_unread(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    post = await write(graphql, ann)
    await graphql.done(bob, "follow", {"postId": post["id"]})
    club.clock.advance(timedelta(seconds=1))
    await comment(graphql, ann, post, "Shadowed")
    await write(graphql, ann, key="shadowed")
    mongo = club.services.spaces._mongo
    shadowed = {"$set": {"shadowed": True}}
    await mongo.collection("comments").update_many({"programme_id": club.key}, shadowed)
    await mongo.collection("posts").update_one(
        {"programme_id": club.key, "_id": {"$ne": bytes.fromhex("00")}, "comments": 0}, shadowed
    )

    found = await read(
        graphql, bob, 'following { posts { nodes { unreadCount } } } space(key: "square") { unreadCount }'
    )

    assert found == {"following": {"posts": {"nodes": [{"unreadCount": 0}]}}, "space": {"unreadCount": 1}}


# -- bookmarks


async def test_bookmarks_are_kept_with_a_note_listed_latest_first_and_removed(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    post = await write(graphql, ann)
    answer = await comment(graphql, ann, post, "Words")
    kept = "added bookmark { note at target { ... on Post { title isBookmarked } ... on Comment { text isBookmarked } } }"
    first = await graphql.done(bob, "addBookmark", {"targetId": post["id"], "note": "Read it"}, kept)
    assert (first["added"], first["bookmark"]["note"]) == (True, "Read it")
    assert first["bookmark"]["target"] == {"title": "Hello", "isBookmarked": True}
    again = await graphql.done(bob, "addBookmark", {"targetId": post["id"]}, kept)
    assert (again["added"], again["bookmark"]["note"]) == (False, None)
    assert again["bookmark"]["at"] == first["bookmark"]["at"]
    club.clock.advance(timedelta(seconds=1))
    await graphql.done(bob, "addBookmark", {"targetId": answer["id"]}, kept)

    listed = "bookmarks { nodes { target { ... on Post { title isBookmarked } ... on Comment { text isBookmarked } } } }"
    assert (await read(graphql, bob, listed))["bookmarks"]["nodes"] == [
        {"target": {"text": "Words", "isBookmarked": True}},
        {"target": {"title": "Hello", "isBookmarked": True}},
    ]
    for actor in (ann, club.moderator, club.operator, club.service):
        assert (await read(graphql, actor, listed))["bookmarks"]["nodes"] == []
    for removed in (True, False):
        answered = await done(graphql, bob, "removeBookmark", {"targetId": answer["id"]}, "removed")
        assert answered == {"removed": removed}
    assert len((await read(graphql, bob, listed))["bookmarks"]["nodes"]) == 1


@pytest.mark.parametrize(
    ("stated", "error"),
    [
        ({"targetId": "abc"}, "InvalidInputError"),
        ({"targetId": "abc", "note": "x" * 201}, "InvalidInputError"),
    ],
)
async def test_what_can_not_be_kept_is_refused(
    graphql: GraphQL, club: ProgrammeUnderTest, stated: dict[str, Any], error: str
) -> None:
    typed(await graphql.mutate(club.member_actor("ann"), "addBookmark", stated), error)


async def test_a_note_has_its_limit(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await write(graphql, club.member_actor("ann"))
    for note in ("x" * 201, " "):
        stated = {"targetId": post["id"], "note": note}
        error = typed(
            await graphql.mutate(club.member_actor("bob"), "addBookmark", stated), "InvalidInputError"
        )
        assert error["path"] == ["note"]


async def test_two_at_once_follow_both(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    import asyncio

    bob = club.member_actor("bob")
    await asyncio.gather(*(graphql.mutate(bob, "follow", {"tag": f"tag{number}"}) for number in range(8)))

    found = await read(graphql, bob, "following { tags }")
    assert set(found["following"]["tags"]) == {f"tag{number}" for number in range(8)}


async def test_so_many_tags_are_followed_and_no_more(
    graphql: GraphQL, club: ProgrammeUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("community.following.service.TOPICS_MAX", 2)
    bob = club.member_actor("bob")
    for tag in ("one", "two", "two"):
        await graphql.done(bob, "follow", {"tag": tag})
    refused(await graphql.mutate(bob, "follow", {"tag": "three"}), "LIMIT_EXCEEDED")


async def test_erasing_a_member_forgets_what_they_follow_and_keep(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    post = await write(graphql, ann)
    await graphql.done(bob, "follow", {"postId": post["id"]})
    await graphql.done(bob, "follow", {"space": "square"})
    await graphql.done(bob, "addBookmark", {"targetId": post["id"], "note": "Secret"})
    exported = await graphql.read(
        bob,
        "{ topics: exportMember(section: FOLLOWED_TOPICS) { nodes { data } }"
        " posts: exportMember(section: FOLLOWED_POSTS) { nodes { data } }"
        " kept: exportMember(section: BOOKMARKS) { nodes { data } } }",
    )
    assert exported["topics"]["nodes"][0]["data"]["spaces"][0]["key"] == "square"
    assert len(exported["posts"]["nodes"]) == 1
    assert exported["kept"]["nodes"][0]["data"]["note"] == "Secret"
    await graphql.done(bob, "eraseMember", {"confirmExternalId": "bob"})
    await club.services.erasures.run_open()

    mongo = club.services.spaces._mongo
    for name in ("community_readers", "followed_posts", "bookmarks"):
        assert await mongo.collection(name).count_documents({"programme_id": club.key}) == 0
    assert (await VerificationService(club.services).verify(club.key)).differences == []
