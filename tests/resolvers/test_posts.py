"""Posts: writing, changing, publishing, taking down and bringing back, and who may read what."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from community.posts.model import Post
from community.posts.service import PostService
from community.spaces.service import Viewer
from community.verification.service import VerificationService
from gamification.kit.actors import Actor
from gamification.kit.errors import InvalidInput
from gamification.members.model import Member
from gamification.settlement.unit import Unit
from tests.community_world import COMMUNITY
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid, refused, typed
from tests.support import ProgrammeUnderTest

POST = """post { id kind state version title html text tags createdAt publishedAt publishAt editedAt isLocked isPinned
    author { displayName } space { key } removalReason viewerMayEdit source }"""


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    """The community with Ann and Bob in it."""
    club = await programme(COMMUNITY)
    for name in ("ann", "bob"):
        await club.join(name, display_name=name.title())
    return club


async def write(graphql: GraphQL, actor: Actor, key: str = "1", **stated: Any) -> dict[str, Any]:
    """A post in the square, unless stated otherwise."""
    stated = {"space": "square", "title": "Hello", "body": "First *words*", "idempotencyKey": key, **stated}
    success = await graphql.done(actor, "createPost", stated, POST + " replayed")
    post: dict[str, Any] = success["post"]
    return post


async def read(graphql: GraphQL, actor: Actor, post: dict[str, Any], what: str = "title state") -> Any:
    """What somebody sees of a post."""
    found = await graphql.read(
        actor, f"query ($id: ID!) {{ post(id: $id) {{ {what} }} }}", {"id": post["id"]}
    )
    return found["post"]


async def titles(graphql: GraphQL, actor: Actor, **wanted: Any) -> list[str]:
    """The titles of the posts that somebody's list shows."""
    found = await graphql.read(
        actor,
        "query ($filter: PostFilter) { posts(filter: $filter) { nodes { title } } }",
        {"filter": wanted},
    )
    return [node["title"] for node in found["posts"]["nodes"]]


async def act(graphql: GraphQL, actor: Actor, field: str, post: dict[str, Any], **stated: Any) -> Any:
    """The post once that was done with it."""
    success = await graphql.done(actor, field, {"postId": post["id"], **stated}, POST)
    return success["post"]


async def adds_up(club: ProgrammeUnderTest) -> bool:
    return (await VerificationService(club.services).verify(club.key)).differences == []


# -- writing


async def test_a_post_is_published_and_shown_to_all_who_read_the_space(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post = await write(graphql, club.member_actor("ann"), tags=["Ｌｉｖｅ  Music", "#live-music", "art"])

    assert post["author"] == {"displayName": "Ann"}
    assert post["space"] == {"key": "square"}
    assert (post["kind"], post["state"], post["version"]) == ("DISCUSSION", "PUBLISHED", 1)
    assert post["html"] == "<p>First <em>words</em></p>\n"
    assert post["text"] == "First words"
    assert post["tags"] == ["live-music", "art"]
    assert (post["publishedAt"], post["editedAt"], post["publishAt"]) == (post["createdAt"], None, None)
    assert (post["source"], post["viewerMayEdit"]) == ("First *words*", True)
    seen = await read(graphql, club.member_actor("bob"), post, "title source viewerMayEdit excerpt")
    assert seen == {"title": "Hello", "source": None, "viewerMayEdit": False, "excerpt": "First words"}
    assert await titles(graphql, club.member_actor("bob"), tag="LIVE music") == ["Hello"]


async def test_the_same_key_writes_once(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann = club.member_actor("ann")
    stated = {"space": "square", "title": "Hello", "body": "Words", "idempotencyKey": "k"}
    first = await graphql.done(ann, "createPost", stated, "replayed post { id }")
    again = await graphql.done(ann, "createPost", stated, "replayed post { id }")
    other = await graphql.mutate(ann, "createPost", {**stated, "title": "Other"})

    assert (first["replayed"], again["replayed"]) == (False, True)
    assert first["post"] == again["post"]
    typed(other, "IdempotencyConflictError", "IDEMPOTENCY_CONFLICT")
    assert await titles(graphql, ann) == ["Hello"]


@pytest.mark.parametrize(
    ("stated", "path"),
    [
        ({"title": "  "}, ["title"]),
        ({"title": "x" * 201}, ["title"]),
        ({"body": "\n \n"}, ["body"]),
        ({"body": "x" * 20_001}, ["body"]),
        ({"body": "a\x00b"}, ["body"]),
        ({"tags": list("abcdef")}, ["tags"]),
        ({"tags": ["x" * 31]}, ["tags"]),
        ({"kind": "STORY"}, ["kind"]),
        ({"publishAt": "2020-01-01T00:00:00Z"}, ["publishAt"]),
        ({"publishAt": "2090-01-01T00:00:00Z"}, ["publishAt"]),
    ],
)
async def test_what_can_not_be_taken_is_refused_by_name(
    graphql: GraphQL, club: ProgrammeUnderTest, stated: dict[str, Any], path: list[str]
) -> None:
    stated = {"space": "square", "title": "Hello", "body": "Words", "idempotencyKey": "k", **stated}
    error = typed(await graphql.mutate(club.member_actor("ann"), "createPost", stated), "InvalidInputError")

    assert error["path"] == path


async def test_writing_takes_a_space_where_one_writes(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    async def attempt(actor: Actor, space: str, **stated: Any) -> Any:
        stated = {"space": space, "title": "Hello", "body": "Words", "idempotencyKey": "k", **stated}
        return await graphql.mutate(actor, "createPost", stated)

    ann = club.member_actor("ann")
    for space in ("makers", "circle", "board", "attic"):
        refused(await attempt(ann, space), "FORBIDDEN")
    for space in ("lounge", "next", "nowhere"):
        typed(await attempt(ann, space), "NotFoundError")
    refused(await attempt(ann, "square", kind="ANNOUNCEMENT"), "FORBIDDEN")
    refused(await attempt(club.moderator, "square"), "FORBIDDEN")
    assert not (await attempt(club.service, "square", memberId=member_gid(club, "ann"))).errors
    assert await titles(graphql, club.moderator) == ["Hello"]


async def test_mentions_links_and_pictures_are_found(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    body = (
        f"[@Bob]({'member:' + member_gid(club, 'bob')}) and [nobody](member:abc) see [the site](https://a.example/x)"
        " ![here](https://img.example.org/a.png) ![there](https://elsewhere.example/b.png)"
    )
    post = await write(graphql, club.member_actor("ann"), body=body)

    found = await read(
        graphql, club.member_actor("bob"), post, "mentions { displayName } links { url title } images html"
    )
    assert found["mentions"] == [{"displayName": "Bob"}]
    assert found["links"] == [
        {"url": "https://a.example/x", "title": "the site"},
        {"url": "https://elsewhere.example/b.png", "title": "there"},
    ]
    assert found["images"] == ["https://img.example.org/a.png"]
    assert "elsewhere.example" not in found["html"].split("<img", 1)[1].split(">", 1)[0]


# -- drafts and times


async def test_a_draft_is_its_authors_alone(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann = club.member_actor("ann")
    draft = await write(graphql, ann, draft=True)

    assert (draft["state"], draft["publishedAt"]) == ("DRAFT", None)
    assert await club.balance("ann", "points") == 0
    for actor in (club.member_actor("bob"), club.moderator, club.operator, club.service):
        assert await read(graphql, actor, draft) is None
        assert await titles(graphql, actor, state="DRAFT") == []
    assert await titles(graphql, ann, state="DRAFT") == ["Hello"]
    assert await titles(graphql, ann) == []

    edited = await act(graphql, ann, "editPost", draft, version=1, title="Better")
    assert (edited["version"], edited["editedAt"]) == (2, None)
    published = await act(graphql, ann, "publishPost", draft, version=2)
    assert (published["state"], published["title"]) == ("PUBLISHED", "Better")
    assert await club.balance("ann", "points") == 10


async def test_a_deleted_draft_leaves_no_word(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann = club.member_actor("ann")
    draft = await write(graphql, ann, draft=True, title="Secret", body="A secret")
    await act(graphql, ann, "deletePost", draft)

    assert await read(graphql, ann, draft, "title text state") == {
        "title": "",
        "text": "",
        "state": "DELETED",
    }
    assert await read(graphql, club.moderator, draft) is None
    stored = [post async for post in club.services.kept.posts.stream(club.key)]
    assert "ecret" not in repr(stored)


async def test_a_scheduled_post_comes_at_its_time(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann, at = club.member_actor("ann"), club.clock.now + timedelta(hours=1)
    post = await write(graphql, ann, publishAt=at.isoformat())

    assert post["state"] == "SCHEDULED"
    await club.services.posts.publish_due()
    assert await read(graphql, club.member_actor("bob"), post) is None
    club.clock.now = at
    await asyncio.gather(*(club.services.posts.publish_due() for _ in range(3)))
    found = await read(graphql, club.member_actor("bob"), post, "state publishAt publishedAt")
    assert (found["state"], found["publishAt"]) == ("PUBLISHED", None)
    assert await club.balance("ann", "points") == 10


async def test_one_that_can_not_be_published_holds_up_no_other(
    graphql: GraphQL, club: ProgrammeUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, at = club.member_actor("ann"), club.clock.now + timedelta(hours=1)
    bad = await write(graphql, ann, "bad", title="Bad", publishAt=at.isoformat())
    good = await write(graphql, ann, "good", title="Good", publishAt=(at + timedelta(seconds=1)).isoformat())
    publish = PostService.publish_screened

    async def refusing(
        self: PostService, work: Unit, viewer: Viewer, author: Member, post: Post, **more: Any
    ) -> Post:
        if post.written.title == "Bad":
            raise InvalidInput("Not this one.")
        return await publish(self, work, viewer, author, post, **more)

    monkeypatch.setattr(PostService, "publish_screened", refusing)
    club.clock.now = at + timedelta(seconds=1)
    await club.services.posts.publish_due()

    assert [(await read(graphql, ann, one))["state"] for one in (bad, good)] == ["DRAFT", "PUBLISHED"]


async def test_what_was_scheduled_waits_as_a_draft_where_its_author_may_not_write_any_more(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann, at = club.member_actor("ann"), club.clock.now + timedelta(hours=1)
    post = await write(graphql, ann, publishAt=at.isoformat())
    bar = {"space": "square", "memberId": member_gid(club, "ann"), "bar": True}
    await graphql.done(club.moderator, "removeSpaceMember", bar)
    club.clock.now = at

    await club.services.posts.publish_due()
    assert (await read(graphql, ann, post))["state"] == "DRAFT"
    assert await club.balance("ann", "points") == 0


# -- changing


async def test_each_published_version_is_kept_with_what_it_changed(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    post = await write(graphql, ann, body="one two three")
    edited = await act(graphql, ann, "editPost", post, version=1, body="one 2 three", reason="Clearer")
    same = await act(graphql, ann, "editPost", post, version=2, body="one 2 three")

    assert (edited["version"], same["version"]) == (2, 2)
    assert edited["editedAt"] is not None
    found = await read(
        graphql,
        club.member_actor("bob"),
        post,
        "revisions { nodes { version body reason editor { displayName } diff { kind text } } }",
    )
    assert found["revisions"]["nodes"] == [
        {
            "version": 2,
            "body": "one 2 three",
            "reason": "Clearer",
            "editor": {"displayName": "Ann"},
            "diff": [
                {"kind": "SAME", "text": "one "},
                {"kind": "REMOVED", "text": "two"},
                {"kind": "ADDED", "text": "2"},
                {"kind": "SAME", "text": " three"},
            ],
        },
        {
            "version": 1,
            "body": "one two three",
            "reason": None,
            "editor": {"displayName": "Ann"},
            "diff": [{"kind": "ADDED", "text": "one two three"}],
        },
    ]


async def test_of_two_edits_of_one_version_the_second_is_told(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    post = await write(graphql, ann)
    stated = {"postId": post["id"], "version": 1}
    results = await asyncio.gather(
        *(
            graphql.mutate(ann, "editPost", {**stated, "body": f"words {n}"}, "post { version }")
            for n in range(4)
        )
    )

    answers = [result.data["editPost"] for result in results if result.data]
    assert sum("post" in answer for answer in answers) == 1
    assert sum(answer.get("code") == "STALE_VERSION" for answer in answers) == 3


async def test_others_change_nothing_and_who_looks_after_the_space_does(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post = await write(graphql, club.member_actor("ann"))
    edit = {"postId": post["id"], "version": 1, "body": "Changed"}

    refused(await graphql.mutate(club.member_actor("bob"), "editPost", edit), "FORBIDDEN")
    refused(await graphql.mutate(club.member_actor("bob"), "deletePost", {"postId": post["id"]}), "FORBIDDEN")
    for field, stated in (
        ("removePost", {"reason": "r"}),
        ("pinPost", {}),
        ("lockPost", {}),
        ("movePost", {"space": "makers"}),
    ):
        for actor in (club.member_actor("ann"), club.member_actor("bob")):
            refused(await graphql.mutate(actor, field, {"postId": post["id"], **stated}), "FORBIDDEN")
    changed = await act(graphql, club.moderator, "editPost", post, version=1, body="Changed", reason="Names")
    assert changed["text"] == "Changed"
    assert await adds_up(club)


async def test_the_moderator_of_a_space_looks_after_it_and_no_other(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    role = {"space": "square", "memberId": member_gid(club, "bob"), "role": "MODERATOR"}
    await graphql.done(club.operator, "setSpaceRole", role)
    await graphql.done(club.member_actor("ann"), "joinSpace", {"space": "makers"})
    here = await write(graphql, club.member_actor("ann"))
    there = await write(graphql, club.member_actor("ann"), "2", space="makers")

    assert (await act(graphql, club.member_actor("bob"), "pinPost", here))["isPinned"] is True
    remove = {"postId": there["id"], "reason": "Off topic"}
    refused(await graphql.mutate(club.member_actor("bob"), "removePost", remove), "FORBIDDEN")
    refused(
        await graphql.mutate(club.member_actor("bob"), "movePost", {"postId": here["id"], "space": "makers"}),
        "FORBIDDEN",
    )


async def test_a_locked_post_is_changed_by_who_looks_after_it_alone(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post = await write(graphql, club.member_actor("ann"))
    assert (await act(graphql, club.moderator, "lockPost", post))["isLocked"] is True
    edit = {"postId": post["id"], "version": 1, "body": "Changed"}

    typed(await graphql.mutate(club.member_actor("ann"), "editPost", edit), "ConflictError", "POST_LOCKED")
    assert (await act(graphql, club.moderator, "lockPost", post, locked=False))["isLocked"] is False
    assert (await act(graphql, club.member_actor("ann"), "editPost", post, version=1, body="C"))[
        "text"
    ] == "C"


async def test_pinned_posts_are_few_and_found(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    posts = [await write(graphql, club.member_actor("ann"), str(n), title=f"P{n}") for n in range(11)]
    for post in posts[:10]:
        await act(graphql, club.moderator, "pinPost", post)

    error = typed(
        await graphql.mutate(club.moderator, "pinPost", {"postId": posts[10]["id"]}), "InvalidInputError"
    )
    assert error["limit"] == 10
    assert len(await titles(graphql, club.member_actor("bob"), pinned=True)) == 10
    await act(graphql, club.moderator, "pinPost", posts[0], pinned=False)
    assert "P0" not in await titles(graphql, club.member_actor("bob"), pinned=True)


async def test_a_moved_post_is_read_where_it_stands(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await write(graphql, club.member_actor("ann"))
    moved = await act(graphql, club.moderator, "movePost", post, space="circle")

    assert moved["space"] == {"key": "circle"}
    assert await read(graphql, club.member_actor("bob"), post) is None
    assert await read(graphql, club.member_actor("ann"), post) is None
    typed(
        await graphql.mutate(club.moderator, "movePost", {"postId": post["id"], "space": "board"}),
        "InvalidInputError",
    )


# -- taking down


async def test_what_is_taken_down_gives_back_what_it_earned_and_earns_it_once_again(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    post = await write(graphql, ann)
    assert await club.balance("ann", "points") == 10

    for _ in range(2):
        assert (await act(graphql, ann, "deletePost", post))["state"] == "DELETED"
    assert await club.balance("ann", "points") == 0
    for _ in range(2):
        assert (await act(graphql, ann, "restorePost", post))["state"] == "PUBLISHED"
    assert await club.balance("ann", "points") == 10
    await act(graphql, club.moderator, "removePost", post, reason="Spam")
    removed = await act(graphql, club.moderator, "removePost", post, reason="Spam")
    assert (removed["state"], removed["removalReason"]) == ("REMOVED", "Spam")
    assert await club.balance("ann", "points") == 0
    typed(await graphql.mutate(ann, "restorePost", {"postId": post["id"]}), "ConflictError", "POST_STATE")
    await act(graphql, club.moderator, "restorePost", post)
    assert await club.balance("ann", "points") == 10
    assert await adds_up(club)


async def test_what_is_gone_is_seen_by_its_author_and_who_looks_after_the_space(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    post = await write(graphql, ann)
    await act(graphql, club.moderator, "removePost", post, reason="Spam")

    assert await read(graphql, bob, post) is None
    assert (await read(graphql, ann, post, "removalReason"))["removalReason"] == "Spam"
    assert await titles(graphql, bob) == await titles(graphql, bob, state="REMOVED") == []
    assert await titles(graphql, ann, state="REMOVED") == ["Hello"]
    assert await titles(graphql, club.moderator, state="REMOVED") == ["Hello"]
    found = await graphql.read(bob, '{ space(key: "square") { postCount } }')
    assert found == {"space": {"postCount": 0}}


async def test_an_author_who_is_banned_may_have_a_post_restored_that_earns_nothing(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post = await write(graphql, club.member_actor("ann"))
    await act(graphql, club.moderator, "removePost", post, reason="Spam")
    ban = {"memberId": member_gid(club, "ann"), "standing": "BANNED", "reason": "spam"}
    await graphql.done(club.moderator, "setMemberStanding", ban)

    assert (await act(graphql, club.moderator, "restorePost", post))["state"] == "PUBLISHED"
    assert await club.balance("ann", "points") == 0
    refused(await graphql.mutate(club.member_actor("ann"), "deletePost", {"postId": post["id"]}), "FORBIDDEN")


async def test_taken_down_at_once_by_many_it_is_taken_down_once(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post = await write(graphql, club.member_actor("ann"))
    remove = {"postId": post["id"], "reason": "Spam"}
    down = [graphql.mutate(club.member_actor("ann"), "deletePost", {"postId": post["id"]})]
    down += [graphql.mutate(club.moderator, "removePost", remove) for _ in range(3)]
    assert not any(result.errors for result in await asyncio.gather(*down))

    assert await club.balance("ann", "points") == 0
    await act(graphql, club.moderator, "restorePost", post)
    assert await club.balance("ann", "points") == 10
    assert await adds_up(club)


# -- lists


async def test_a_list_shows_what_may_be_read_latest_first(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann = club.member_actor("ann")
    await graphql.done(ann, "joinSpace", {"space": "makers"})
    circle = {"space": "circle", "memberId": member_gid(club, "ann")}
    await graphql.done(club.moderator, "admitSpaceMember", circle)
    for number, space in enumerate(("square", "makers", "circle", "square")):
        await write(graphql, ann, str(number), title=f"{number} {space}", space=space)

    assert await titles(graphql, ann) == ["3 square", "2 circle", "1 makers", "0 square"]
    assert await titles(graphql, club.member_actor("bob")) == ["3 square", "1 makers", "0 square"]
    assert await titles(graphql, club.member_actor("bob"), space="circle") == []
    assert await titles(graphql, ann, space="square", authorId=member_gid(club, "ann")) == [
        "3 square",
        "0 square",
    ]
    assert await titles(graphql, ann, kind="QUESTION") == []


async def test_pages_neither_repeat_nor_skip_while_posts_arrive(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    for number in range(7):
        await write(graphql, ann, str(number), title=f"P{number}")
    seen: list[str] = []
    after: str | None = None
    for turn in range(5):
        found = await graphql.read(
            ann,
            "query ($after: String) { posts(first: 2, after: $after) { nodes { title } pageInfo { endCursor hasNextPage } } }",
            {"after": after},
        )
        seen += [node["title"] for node in found["posts"]["nodes"]]
        after = found["posts"]["pageInfo"]["endCursor"]
        if not found["posts"]["pageInfo"]["hasNextPage"]:
            break
        await write(graphql, ann, f"late {turn}", title=f"late {turn}")

    assert seen == [f"P{number}" for number in reversed(range(7))]
