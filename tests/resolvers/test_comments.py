"""Comments and reactions: threads, counts, taking down, and who may do what."""

import asyncio
from typing import Any

import pytest

from community.verification.service import VerificationService
from gamification.kit.actors import Actor
from tests.community_world import COMMUNITY
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid, refused, typed
from tests.support import ProgrammeUnderTest

COMMENT = """comment { id state version html text source createdAt editedAt replyCount depth removalReason
    author { displayName } parent { id } post { id commentCount } }"""
THREAD = """query ($id: ID!, $order: CommentOrder!) { post(id: $id) { commentCount comments(orderBy: $order) { nodes {
    text state replyCount author { displayName } replies { nodes { text replies { nodes { text } } } } } } } }"""


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    """The community with Ann, Bob and Cyd in it; threads are three deep."""
    settings = COMMUNITY["programme"]["community"]
    activities = {"post": "community.post", "comment": "community.comment", "liked": "community.liked"}
    points = {"points": {"unit": "points", "amount": 1}}
    document = {
        **COMMUNITY,
        "programme": {"community": {**settings, "activities": activities, "comment_depth": 3}},
        "activity_types": [
            *COMMUNITY["activity_types"],
            {"key": "community.comment", "properties": {"type": "object"}},
            {
                "key": "community.liked",
                "properties": {"type": "object", "properties": {"by": {"type": "string"}}},
            },
        ],
        "rules": [
            {"key": "answering", "on": ["community.comment"], "effects": [points]},
            {
                "key": "liked",
                "on": ["community.liked"],
                "effects": [points, {"advance": {"task": "popular", "value": "activity.by"}}],
            },
        ],
        "tasks": [{"key": "popular", "measure": "distinct", "goal": 2}],
    }
    club = await programme(document)
    for name in ("ann", "bob", "cyd"):
        await club.join(name, display_name=name.title())
    return club


async def posted(graphql: GraphQL, club: ProgrammeUnderTest, name: str = "ann", space: str = "square") -> str:
    """The id of a post."""
    stated = {"space": space, "title": "Hello", "body": "Words", "idempotencyKey": "p"}
    success = await graphql.done(club.member_actor(name), "createPost", stated, "post { id }")
    return str(success["post"]["id"])


async def answer(
    graphql: GraphQL, club: ProgrammeUnderTest, name: str, post: str, body: str, **stated: Any
) -> dict[str, Any]:
    """A comment."""
    stated = {"postId": post, "body": body, "idempotencyKey": body, **stated}
    success = await graphql.done(club.member_actor(name), "createComment", stated, COMMENT)
    comment: dict[str, Any] = success["comment"]
    return comment


async def act(graphql: GraphQL, actor: Actor, field: str, comment: dict[str, Any], **stated: Any) -> Any:
    """The comment once that was done with it."""
    success = await graphql.done(actor, field, {"commentId": comment["id"], **stated}, COMMENT)
    return success["comment"]


async def thread(graphql: GraphQL, actor: Actor, post: str, order: str = "OLDEST") -> Any:
    found = await graphql.read(actor, THREAD, {"id": post, "order": order})
    return found["post"]


async def adds_up(club: ProgrammeUnderTest) -> bool:
    return (await VerificationService(club.services).verify(club.key)).differences == []


# -- threads


async def test_comments_make_threads(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await posted(graphql, club)
    first = await answer(graphql, club, "bob", post, "first *one*")
    second = await answer(graphql, club, "ann", post, "second", parentId=first["id"])
    third = await answer(graphql, club, "bob", post, "third", parentId=second["id"])

    assert first["html"] == "<p>first <em>one</em></p>\n"
    assert (first["author"], first["source"], first["depth"]) == ({"displayName": "Bob"}, "first *one*", 1)
    assert (second["depth"], third["depth"]) == (2, 3)
    assert third["parent"] == {"id": second["id"]}
    found = await thread(graphql, club.member_actor("cyd"), post)
    assert found["commentCount"] == 3
    (top,) = found["comments"]["nodes"]
    assert top["replyCount"] == 2
    (below,) = top["replies"]["nodes"]
    assert (below["text"], below["replies"]["nodes"]) == ("second", [{"text": "third"}])
    assert await adds_up(club)


async def test_a_thread_goes_on_as_deep_as_it_may(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await posted(graphql, club)
    parent: dict[str, Any] | None = None
    depths = []
    for number in range(5):
        more = {"parentId": parent["id"]} if parent else {}
        parent = await answer(graphql, club, "bob", post, f"c{number}", **more)
        depths.append(parent["depth"])

    assert depths == [1, 2, 3, 3, 3]
    assert await adds_up(club)


async def test_a_page_of_comments_goes_by_its_order(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await posted(graphql, club)
    comments = [await answer(graphql, club, "ann", post, f"c{number}") for number in range(4)]
    for name, liked in (("bob", 2), ("cyd", 2), ("bob", 1)):
        await react(graphql, club, name, comments[liked]["id"], "like")

    for order, expected in (
        ("OLDEST", ["c0", "c1", "c2", "c3"]),
        ("NEWEST", ["c3", "c2", "c1", "c0"]),
        ("BEST", ["c2", "c1", "c0", "c3"]),
    ):
        seen: list[str] = []
        after = None
        while True:
            found = await graphql.read(
                club.member_actor("bob"),
                """query ($id: ID!, $order: CommentOrder!, $after: String) { post(id: $id) {
                    comments(first: 3, orderBy: $order, after: $after) { nodes { text } pageInfo { endCursor hasNextPage } } } }""",
                {"id": post, "order": order, "after": after},
            )
            page = found["post"]["comments"]
            seen += [node["text"] for node in page["nodes"]]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert seen == expected, order


async def test_the_same_key_answers_once(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await posted(graphql, club)
    stated = {"postId": post, "body": "Words", "idempotencyKey": "k"}
    bob = club.member_actor("bob")
    first = await graphql.done(bob, "createComment", stated, "replayed comment { id }")
    again = await graphql.done(bob, "createComment", stated, "replayed comment { id }")

    assert (first["replayed"], again["replayed"]) == (False, True)
    assert first["comment"] == again["comment"]
    typed(await graphql.mutate(bob, "createComment", {**stated, "body": "Other"}), "IdempotencyConflictError")
    assert await club.balance("bob", "points") == 1


@pytest.mark.parametrize("body", ["", " \n ", "x" * 5001, "a\x00b"])
async def test_what_can_not_be_taken_is_refused(
    graphql: GraphQL, club: ProgrammeUnderTest, body: str
) -> None:
    stated = {"postId": await posted(graphql, club), "body": body, "idempotencyKey": "k"}
    error = typed(
        await graphql.mutate(club.member_actor("bob"), "createComment", stated), "InvalidInputError"
    )
    assert error["path"] == ["body"]


async def test_answering_takes_a_post_that_takes_answers(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await posted(graphql, club)
    comment = await answer(graphql, club, "bob", post, "first")
    stated = {"postId": post, "body": "Words", "idempotencyKey": "k"}

    await graphql.done(club.moderator, "lockPost", {"postId": post})
    for field, more in (
        ("createComment", stated),
        ("editComment", {"commentId": comment["id"], "version": 1, "body": "x"}),
    ):
        typed(await graphql.mutate(club.member_actor("bob"), field, more), "ConflictError", "POST_LOCKED")
    await graphql.done(club.moderator, "lockPost", {"postId": post, "locked": False})
    await graphql.done(club.moderator, "movePost", {"postId": post, "space": "makers"})
    refused(await graphql.mutate(club.member_actor("bob"), "createComment", stated), "FORBIDDEN")
    await graphql.done(club.moderator, "movePost", {"postId": post, "space": "circle"})
    typed(await graphql.mutate(club.member_actor("bob"), "createComment", stated), "NotFoundError")
    await graphql.done(club.moderator, "movePost", {"postId": post, "space": "square"})
    await graphql.done(club.member_actor("ann"), "deletePost", {"postId": post})
    typed(
        await graphql.mutate(club.member_actor("ann"), "createComment", stated), "ConflictError", "POST_STATE"
    )


async def test_of_two_edits_of_one_version_the_second_is_told(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    comment = await answer(graphql, club, "bob", await posted(graphql, club), "first")
    bob = club.member_actor("bob")
    edited = await act(graphql, bob, "editComment", comment, version=1, body="second")

    assert (edited["version"], edited["text"]) == (2, "second")
    assert edited["editedAt"] is not None
    stale = {"commentId": comment["id"], "version": 1, "body": "third"}
    typed(await graphql.mutate(bob, "editComment", stale), "ConflictError", "STALE_VERSION")
    for actor in (club.member_actor("ann"), club.moderator):
        refused(await graphql.mutate(actor, "editComment", {**stale, "version": 2}), "FORBIDDEN")


# -- taking down


async def test_what_is_gone_keeps_its_place_while_others_answer_it(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post = await posted(graphql, club)
    first = await answer(graphql, club, "bob", post, "first")
    second = await answer(graphql, club, "ann", post, "second", parentId=first["id"])
    await act(graphql, club.member_actor("bob"), "deleteComment", first)

    found = await thread(graphql, club.member_actor("cyd"), post)
    assert found["commentCount"] == 1
    (top,) = found["comments"]["nodes"]
    assert (top["text"], top["author"], top["state"]) == (None, None, "DELETED")
    assert top["replies"]["nodes"][0]["text"] == "second"
    await act(graphql, club.member_actor("ann"), "deleteComment", second)
    assert (await thread(graphql, club.member_actor("cyd"), post))["comments"]["nodes"] == []
    own = await graphql.read(
        club.member_actor("bob"),
        "query ($id: ID!) { node(id: $id) { ... on Comment { text } } }",
        {"id": first["id"]},
    )
    others = await graphql.read(
        club.member_actor("cyd"),
        "query ($id: ID!) { node(id: $id) { ... on Comment { text } } }",
        {"id": first["id"]},
    )
    assert (own["node"], others["node"]) == ({"text": "first"}, None)
    assert await adds_up(club)


async def test_what_is_taken_down_gives_back_what_it_earned(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post = await posted(graphql, club)
    comment = await answer(graphql, club, "bob", post, "first")
    bob = club.member_actor("bob")
    assert await club.balance("bob", "points") == 1

    await act(graphql, club.moderator, "removeComment", comment, reason="Rude")
    removed = await act(graphql, club.moderator, "removeComment", comment, reason="Rude")
    assert (removed["state"], removed["post"]["commentCount"]) == ("REMOVED", 0)
    assert await club.balance("bob", "points") == 0
    typed(
        await graphql.mutate(bob, "restoreComment", {"commentId": comment["id"]}),
        "ConflictError",
        "COMMENT_STATE",
    )
    await act(graphql, club.moderator, "restoreComment", comment)
    back = await act(graphql, club.moderator, "restoreComment", comment)
    assert (back["state"], back["post"]["commentCount"]) == ("PUBLISHED", 1)
    assert await club.balance("bob", "points") == 1
    refused(
        await graphql.mutate(bob, "removeComment", {"commentId": comment["id"], "reason": "r"}), "FORBIDDEN"
    )
    refused(
        await graphql.mutate(club.member_actor("ann"), "deleteComment", {"commentId": comment["id"]}),
        "FORBIDDEN",
    )
    assert await adds_up(club)


async def test_many_at_once_are_all_counted(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await posted(graphql, club)
    first = await answer(graphql, club, "bob", post, "first")
    stated = {"postId": post, "parentId": first["id"]}
    under, _, _, *beside = await asyncio.gather(
        asyncio.gather(
            *(
                graphql.mutate(
                    club.member_actor("bob"),
                    "createComment",
                    {**stated, "body": f"a{n}", "idempotencyKey": f"a{n}"},
                )
                for n in range(6)
            )
        ),
        graphql.mutate(club.member_actor("cyd"), "react", {"targetId": first["id"], "reaction": "like"}),
        graphql.mutate(club.member_actor("bob"), "deleteComment", {"commentId": first["id"]}),
        *(answer(graphql, club, "cyd", post, f"b{n}") for n in range(6)),
    )

    written = [one for one in under if one.data["createComment"]["__typename"] == "CreateCommentSuccess"]
    found = await thread(graphql, club.member_actor("ann"), post)
    assert found["commentCount"] == len(written) + len(beside)
    assert await adds_up(club)


# -- reactions


async def react(
    graphql: GraphQL, club: ProgrammeUnderTest, name: str, target: str, reaction: str | None, **stated: Any
) -> dict[str, Any]:
    return await graphql.done(
        club.member_actor(name),
        "react",
        {"targetId": target, "reaction": reaction, **stated},
        "reaction { reaction } post { reactions { reaction count } viewerReaction }"
        " comment { reactions { reaction count } viewerReaction }",
    )


async def test_each_member_reacts_once(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await posted(graphql, club)

    await react(graphql, club, "bob", post, "like")
    found = await react(graphql, club, "bob", post, "like")
    assert found["post"] == {"reactions": [{"reaction": "like", "count": 1}], "viewerReaction": "like"}
    found = await react(graphql, club, "cyd", post, "heart")
    assert [one["reaction"] for one in found["post"]["reactions"]] == ["like", "heart"]
    found = await react(graphql, club, "bob", post, "heart")
    assert found["post"] == {"reactions": [{"reaction": "heart", "count": 2}], "viewerReaction": "heart"}
    found = await react(graphql, club, "bob", post, None)
    assert found["post"] == {"reactions": [{"reaction": "heart", "count": 1}], "viewerReaction": None}
    assert found["reaction"] == {"reaction": None}
    who = await graphql.read(
        club.member_actor("ann"),
        "query ($id: ID!) { post(id: $id) { reactedBy { nodes { reaction member { displayName } } } } }",
        {"id": post},
    )
    assert who["post"]["reactedBy"]["nodes"] == [{"reaction": "heart", "member": {"displayName": "Cyd"}}]
    assert await adds_up(club)


async def popular(club: ProgrammeUnderTest) -> tuple[int, bool]:
    """By how many people Ann was liked, and whether that is enough."""
    progress = await club.progress("ann", "popular")
    assert progress is not None
    return progress.value, progress.is_complete


async def test_being_liked_earns_once_a_person(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await posted(graphql, club)
    for reaction in ("like", "heart", None, "like"):
        await react(graphql, club, "bob", post, reaction)
    assert await club.balance("ann", "points") == 1
    assert await popular(club) == (1, False)

    await react(graphql, club, "cyd", post, "like")
    assert await club.balance("ann", "points") == 2
    assert await popular(club) == (2, True)
    await react(graphql, club, "bob", post, None)
    assert await club.balance("ann", "points") == 1
    assert await popular(club) == (1, False)
    assert await adds_up(club)


async def test_who_may_not_react_is_refused(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await posted(graphql, club)
    comment = await answer(graphql, club, "bob", post, "first")

    async def attempt(name: str, target: str, reaction: str | None = "like") -> Any:
        return await graphql.mutate(
            club.member_actor(name), "react", {"targetId": target, "reaction": reaction}
        )

    assert typed(await attempt("ann", post), "InvalidInputError")["path"] == ["targetId"]
    assert typed(await attempt("bob", comment["id"]), "InvalidInputError")["path"] == ["targetId"]
    assert typed(await attempt("bob", post, "dance"), "InvalidInputError")["path"] == ["reaction"]
    assert typed(await attempt("bob", member_gid(club, "ann")), "InvalidInputError")["path"] == ["targetId"]
    await act(graphql, club.member_actor("bob"), "deleteComment", comment)
    typed(await attempt("cyd", comment["id"]), "NotFoundError")
    typed(await attempt("bob", comment["id"]), "ConflictError", "COMMENT_STATE")
    bar = {"space": "square", "memberId": member_gid(club, "cyd"), "bar": True}
    await graphql.done(club.moderator, "removeSpaceMember", bar)
    refused(await attempt("cyd", post), "FORBIDDEN")
    refused(
        await graphql.mutate(club.moderator, "react", {"targetId": post, "reaction": "like"}), "FORBIDDEN"
    )
    assert not (
        await graphql.mutate(
            club.service, "react", {"targetId": post, "reaction": "like", "memberId": member_gid(club, "bob")}
        )
    ).errors


async def test_many_reactions_at_once_are_all_counted(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    post = await posted(graphql, club)
    await club.join_all(*(f"m{number}" for number in range(12)))
    turns = [("like", "heart"), ("heart", None), ("like", "like")]
    await asyncio.gather(
        *(
            react(graphql, club, f"m{number}", post, reaction)
            for number in range(12)
            for reaction in turns[number % 3]
        )
    )

    found = await graphql.read(
        club.member_actor("ann"), "query ($id: ID!) { post(id: $id) { reactions { count } } }", {"id": post}
    )
    assert sum(one["count"] for one in found["post"]["reactions"]) in range(8, 13)
    assert await adds_up(club)


async def test_a_feed_shows_the_best_comments_of_each_post(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post = await posted(graphql, club)
    comments = [await answer(graphql, club, "bob", post, f"c{number}") for number in range(5)]
    await react(graphql, club, "cyd", comments[3]["id"], "like")

    found = await graphql.read(
        club.member_actor("ann"), "{ posts { nodes { bestComments { text viewerReaction } } } }"
    )
    assert [one["text"] for one in found["posts"]["nodes"][0]["bestComments"]] == ["c3", "c0", "c1"]
