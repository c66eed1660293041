"""Feeds: latest, following, hot; what makes a post hot, and pages while things move."""

from datetime import timedelta
from typing import Any

import pytest

from community.posts.service import NewPost
from community.reactions.model import Target, TargetKind
from community.verification.service import VerificationService
from gamification.kit.actors import Actor
from gamification.programmes.definitions import PostKind
from tests.community_world import COMMUNITY
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid
from tests.resolvers.test_posts import act, write
from tests.support import ProgrammeUnderTest

FEED = """query ($kind: FeedKind!, $space: String, $first: Int, $after: String, $last: Int, $before: String) {
    feed(kind: $kind, space: $space, first: $first, after: $after, last: $last, before: $before) {
        nodes { title } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
NAMES = [f"m{number:02}" for number in range(12)]


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    """The community with Ann, Bob and a dozen others in it; the clock stands."""
    club = await programme(COMMUNITY)
    await club.join_all("ann", "bob", *NAMES)
    club.clock.now = club.clock.now
    return club


async def feed(graphql: GraphQL, actor: Actor, kind: str, space: str | None = None) -> list[str]:
    """The titles of a feed."""
    found = await graphql.read(actor, FEED, {"kind": kind, "space": space})
    return [node["title"] for node in found["feed"]["nodes"]]


async def posted(
    club: ProgrammeUnderTest, name: str, title: str, space: str = "square", **more: Any
) -> bytes:
    """A post's id."""
    new = NewPost(space, PostKind.DISCUSSION, title, "Words", **more)
    post, _ = await club.services.posts.create(club.service, club.id_of(name), new, title)
    return post.id


async def likes(club: ProgrammeUnderTest, post: bytes, *names: str, key: str | None = "like") -> None:
    """Let them like a post, or no more."""
    for name in names:
        target = Target(TargetKind.POST, post)
        await club.services.reactions.react(club.service, club.id_of(name), target, key)


async def answers(club: ProgrammeUnderTest, post: bytes, *names: str, times: int = 1) -> None:
    """Let them answer a post."""
    for name in names:
        for number in range(times):
            await club.services.comments.create(
                club.service, club.id_of(name), post, None, "Yes", f"{post.hex()}-{name}-{number}"
            )


async def count(club: ProgrammeUnderTest) -> None:
    """The worker comes, until it has counted all that there is, of other tests' programmes too."""
    while await club.services.feeds.count_due():
        continue


async def counted(club: ProgrammeUnderTest) -> None:
    """The worker has been there, a while ago."""
    await count(club)
    club.clock.advance(timedelta(seconds=71))


async def test_the_latest_feed_has_what_was_published_last_first(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    for number in range(3):
        await posted(club, "ann", f"Post {number}")
        club.clock.advance(timedelta(minutes=1))
    await club.services.spaces.admit(club.moderator, "circle", club.id_of("ann"))
    await posted(club, "ann", "Inner", "circle")

    bob = club.member_actor("bob")
    assert await feed(graphql, bob, "LATEST") == ["Post 2", "Post 1", "Post 0"]
    assert await feed(graphql, bob, "LATEST", "square") == ["Post 2", "Post 1", "Post 0"]
    for space in ("circle", "nowhere"):
        assert await feed(graphql, bob, "LATEST", space) == []
        assert await feed(graphql, bob, "HOT", space) == []
    assert await feed(graphql, club.member_actor("ann"), "LATEST", "circle") == ["Inner"]


# -- following


async def test_the_followed_feed_has_posts_of_members_spaces_and_tags_once_each(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    bob = club.member_actor("bob")
    await club.services.spaces.join(club.service, "makers", club.id_of("m01"))
    for name, title, more in (
        ("ann", "By Ann, tagged", {"tags": ("paper",)}),
        ("m01", "In makers", {"space": "makers"}),
        ("m02", "Tagged", {"tags": ("paper",)}),
        ("m03", "Other", {}),
    ):
        await posted(club, name, title, **more)
        club.clock.advance(timedelta(minutes=1))
    assert await feed(graphql, bob, "FOLLOWING") == []

    await graphql.done(bob, "followMember", {"memberId": member_gid(club, "ann")})
    assert await feed(graphql, bob, "FOLLOWING") == ["By Ann, tagged"]
    await graphql.done(bob, "follow", {"space": "makers"})
    await graphql.done(bob, "follow", {"tag": "#Paper"})
    assert await feed(graphql, bob, "FOLLOWING") == ["Tagged", "In makers", "By Ann, tagged"]
    assert await feed(graphql, bob, "FOLLOWING", "makers") == ["In makers"]
    await graphql.done(bob, "unfollow", {"tag": "paper"})
    assert await feed(graphql, bob, "FOLLOWING") == ["In makers", "By Ann, tagged"]
    assert await feed(graphql, club.moderator, "FOLLOWING") == []


async def test_what_is_followed_is_seen_no_more_once_it_may_not_be_read(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    bob = club.member_actor("bob")
    for name in ("ann", "bob"):
        await club.services.spaces.admit(club.moderator, "circle", club.id_of(name))
    await graphql.done(bob, "follow", {"space": "circle"})
    await graphql.done(bob, "followMember", {"memberId": member_gid(club, "ann")})
    await posted(club, "ann", "Inner", "circle")
    gone = await write(graphql, club.member_actor("ann"), title="Gone")
    await act(graphql, club.member_actor("ann"), "deletePost", gone)
    assert await feed(graphql, bob, "FOLLOWING") == ["Inner"]

    await club.services.spaces.put_out(club.operator, "circle", club.id_of("bob"), bar=False, reason=None)

    assert await feed(graphql, bob, "FOLLOWING") == []


# -- hot


async def test_more_people_make_a_post_hotter_and_time_lets_newer_ones_pass(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    quiet = await posted(club, "ann", "Quiet")
    loud = await posted(club, "ann", "Loud")
    club.clock.advance(timedelta(hours=12))
    new = await posted(club, "ann", "New")
    await likes(club, loud, *NAMES[:11])
    await likes(club, quiet, *NAMES[:2])
    await likes(club, new, NAMES[0])
    await counted(club)
    bob = club.member_actor("bob")
    # Eleven people are worth 13 hours: more than the half day between the two.
    assert await feed(graphql, bob, "HOT") == ["Loud", "New", "Quiet"]

    club.clock.advance(timedelta(hours=2))
    await posted(club, "ann", "Newest")
    await counted(club)
    assert await feed(graphql, bob, "HOT") == ["Newest", "Loud", "New", "Quiet"]


async def test_what_one_person_does_counts_once_and_ones_own_not_at_all(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    flooded = await posted(club, "ann", "Flooded")
    talked = await posted(club, "ann", "Talked to oneself")
    liked = await posted(club, "bob", "Liked by three")
    await answers(club, flooded, "m01", times=20)
    await likes(club, flooded, "m01")
    await likes(club, flooded, "m01", key="heart")
    await answers(club, talked, "ann", times=20)
    await likes(club, liked, *NAMES[:3])
    await counted(club)

    stored = {post.written.title: post async for post in club.services.kept.posts.stream(club.key)}
    assert {title: post.heat.people for title, post in stored.items() if post.heat is not None} == {
        "Flooded": 1,
        "Talked to oneself": 0,
        "Liked by three": 3,
    }
    assert await feed(graphql, club.member_actor("m05"), "HOT") == [
        "Liked by three",
        "Talked to oneself",
        "Flooded",
    ]


async def test_who_is_limited_banned_or_blocked_heats_nothing(club: ProgrammeUnderTest) -> None:
    post = await posted(club, "ann", "Heated")
    await likes(club, post, *NAMES[:4])
    await answers(club, post, "m04", "m05")
    mongo = club.services.spaces._mongo
    await mongo.collection("reactions").update_one(
        {"member_id": club.id_of("m00")}, {"$set": {"shadowed": True}}
    )
    await mongo.collection("comments").update_one(
        {"author_id": club.id_of("m04")}, {"$set": {"shadowed": True}}
    )
    await mongo.collection("members").update_one({"_id": club.id_of("m01")}, {"$set": {"standing": "banned"}})
    await mongo.collection("blocks").insert_one(
        {"_id": post, "programme_id": club.key, "blocker": club.id_of("ann"), "blocked": club.id_of("m02")}
    )
    await counted(club)

    found = (await club.services.kept.posts.by_ids(club.key, [post]))[post]
    assert found.heat is not None
    assert found.heat.people == 2


async def test_who_withdraws_takes_their_heat_along(club: ProgrammeUnderTest) -> None:
    post = await posted(club, "ann", "Heated")
    await likes(club, post, "m00", "m01")
    await answers(club, post, "m00", "m02")
    await count(club)
    await likes(club, post, "m00", "m01", key=None)
    await count(club)

    found = (await club.services.kept.posts.by_ids(club.key, [post]))[post]
    assert found.heat is not None
    assert (found.heat.people, found.heat_due) == (2, False)
    assert await club.services.feeds.count_due() == 0
    await likes(club, post, "m05")
    await club.services.post_keeping.set_pinned(club.moderator, post, pinned=True)
    assert await club.services.feeds.count_due() == 1


async def test_hot_pages_neither_repeat_nor_skip_while_ranks_move_and_posts_arrive(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    posts = [await posted(club, "ann", f"Post {number}") for number in range(9)]
    for number, post in enumerate(posts):
        await likes(club, post, *NAMES[: number % 5 + 1])
    await counted(club)
    bob = club.member_actor("bob")
    whole = await feed(graphql, bob, "HOT")

    seen: list[str] = []
    page: dict[str, Any] = {"pageInfo": {"endCursor": None}}
    for turn in range(5):
        after = page["pageInfo"]["endCursor"]
        page = (await graphql.read(bob, FEED, {"kind": "HOT", "first": 2, "after": after}))["feed"]
        seen += [node["title"] for node in page["nodes"]]
        # What stands last becomes the hottest, what stands first cools down, and a new one comes.
        club.clock.advance(timedelta(seconds=71))
        await likes(club, posts[turn], *NAMES)
        await likes(club, posts[-1 - turn], *NAMES, key=None)
        await posted(club, "bob", f"New {turn}")
        await counted(club)

    assert seen == whole
    assert not page["pageInfo"]["hasNextPage"]
    assert set(await feed(graphql, bob, "HOT")) == {*whole, *(f"New {turn}" for turn in range(5))}
    start = page["pageInfo"]["startCursor"]
    backward = (await graphql.read(bob, FEED, {"kind": "HOT", "last": 8, "before": start}))["feed"]
    assert [node["title"] for node in backward["nodes"]] == whole[:8]
    assert not backward["pageInfo"]["hasPreviousPage"]


async def test_a_hot_page_of_over_an_hour_ago_begins_again(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    for number in range(3):
        await posted(club, "ann", f"Post {number}")
    bob = club.member_actor("bob")
    page = (await graphql.read(bob, FEED, {"kind": "HOT", "first": 1}))["feed"]
    club.clock.advance(timedelta(minutes=61))

    answer = await graphql(bob, FEED, {"kind": "HOT", "first": 1, "after": page["pageInfo"]["endCursor"]})

    assert answer.errors is not None
    assert answer.errors[0].extensions is not None
    assert answer.errors[0].extensions["code"] == "INVALID_INPUT"


async def test_a_cursor_of_one_feed_is_none_of_another(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await posted(club, "ann", "Post")
    bob = club.member_actor("bob")
    page = (await graphql.read(bob, FEED, {"kind": "LATEST"}))["feed"]

    for kind in ("HOT", "FOLLOWING"):
        answer = await graphql(bob, FEED, {"kind": kind, "after": page["pageInfo"]["endCursor"]})
        assert answer.errors


async def test_scores_are_those_of_the_formula(club: ProgrammeUnderTest) -> None:
    post = await posted(club, "ann", "Heated")
    await likes(club, post, "m00", "m01")
    await counted(club)
    assert (await VerificationService(club.services).verify(club.key)).differences == []

    mongo = club.services.spaces._mongo
    await mongo.collection("posts").update_one({"_id": post}, {"$inc": {"hot": 1}})
    assert [
        one for one in (await VerificationService(club.services).verify(club.key)).differences if "hot" in one
    ]
    assert await club.services.feeds.recount(club.key) == 1
    assert (await VerificationService(club.services).verify(club.key)).differences == []
