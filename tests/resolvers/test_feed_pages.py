"""Pages of feeds while posts arrive, are taken down, restored, moved, edited and approved: nothing is shown twice, what stands all
along is shown once, and what comes back below the page that was read is shown there."""

import random
from datetime import timedelta
from typing import Any

import pytest

from gamification.kit.actors import Actor
from resolvers.relay import encode_id
from tests.conftest import MakeProgramme
from tests.moderation_world import Desk
from tests.resolvers.harness import GraphQL, member_gid
from tests.resolvers.test_feeds import count, likes, posted
from tests.screening_world import SCREENED
from tests.support import ProgrammeUnderTest

PAGED = """query ($kind: FeedKind!, $space: String, $first: Int, $after: String) {
    feed(kind: $kind, space: $space, first: $first, after: $after) {
        nodes { id title } pageInfo { hasNextPage endCursor } } }"""
KINDS = ["LATEST", "FOLLOWING", "HOT"]
STANDING, TAKEN, BACK, MOVED, EDITED, HELD = range(6)


class World:
    """Thirty posts, ten to a millisecond: five of each fate, in no order."""

    def __init__(self, graphql: GraphQL, club: ProgrammeUnderTest, seed: int) -> None:
        self.graphql, self.club, self.desk = graphql, club, Desk(graphql, club)
        self.random = random.Random(seed)
        self.fates: dict[str, int] = {}
        self.held: list[str] = []
        self.made = 0

    async def fill(self) -> None:
        fates = [fate for fate in range(6) for _ in range(5)]
        self.random.shuffle(fates)
        self.club.clock.now = self.club.clock.now
        for number, fate in enumerate(fates):
            post = await self.write(held=fate == HELD)
            self.fates[post] = fate
            if fate == HELD:
                self.held.append(post)
            if fate == BACK:
                await self.keeping("remove", post)
            if number % 10 == 9:
                self.club.clock.advance(timedelta(minutes=1))

    async def write(self, *, held: bool = False) -> str:
        self.made += 1
        if held:
            return await self.desk.post("ann", title=f"Held {self.made}", body="Find me on WhatsApp")
        post = await posted(self.club, "ann", f"Post {self.made}")
        if self.made % 3 == 0:
            await likes(self.club, post, "cyd", "dan")
        return encode_id("Post", post)

    async def keeping(self, what: str, post: str) -> None:
        """What a moderator does with a post."""
        field, more = {
            "remove": ("removePost", {"reason": "x"}),
            "restore": ("restorePost", {}),
            "away": ("movePost", {"space": "circle"}),
            "here": ("movePost", {"space": "square"}),
        }[what]
        await self.graphql.done(self.club.operator, field, {"postId": post, **more})

    async def disturb(self) -> None:
        """Something of everything: one of each fate meets it, and something new arrives."""
        for fate in (TAKEN, BACK, MOVED, EDITED):
            left = [post for post, one in self.fates.items() if one == fate]
            if not left:
                continue
            post = self.random.choice(left)
            if fate == MOVED:
                await self.keeping("away", post)
                await self.keeping("here", post)
            elif fate == EDITED:
                found = await self.graphql.read(
                    self.club.operator, "query ($id: ID!) { post(id: $id) { version } }", {"id": post}
                )
                stated = {"postId": post, "version": found["post"]["version"], "body": "Other words"}
                await self.graphql.done(self.club.member_actor("ann"), "editPost", stated)
            else:
                await self.keeping("remove" if fate == TAKEN else "restore", post)
                del self.fates[post]
        if self.held:
            cases = await self.desk.queue()
            case = next(one for one in cases if one["post"]["id"] == self.held[0])
            await self.desk.decide(case, "KEEP")
            self.held.pop(0)
        await self.write()
        await count(self.club)
        self.club.clock.advance(timedelta(seconds=self.random.choice([0, 1, 75])))

    async def page(self, actor: Actor, kind: str, after: str | None) -> tuple[list[str], str | None]:
        stated = {"kind": kind, "first": 4, "after": after}
        feed: dict[str, Any] = (await self.graphql.read(actor, PAGED, stated))["feed"]
        end = feed["pageInfo"]["endCursor"] if feed["pageInfo"]["hasNextPage"] else None
        return [node["id"] for node in feed["nodes"]], end


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    club = await programme(SCREENED)
    await club.join_all("ann", "bob", "cyd", "dan")
    return club


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", KINDS)
async def test_pages_show_nothing_twice_and_pass_nothing_over_whatever_happens_between_them(
    graphql: GraphQL, club: ProgrammeUnderTest, kind: str, seed: int
) -> None:
    world, bob = World(graphql, club, seed), club.member_actor("bob")
    await graphql.done(bob, "followMember", {"memberId": member_gid(club, "ann")})
    await world.fill()
    await count(club)
    club.clock.advance(timedelta(seconds=75))
    standing = {post for post, fate in world.fates.items() if fate in (STANDING, MOVED, EDITED)}
    assert len(standing) == 15

    seen, after = await world.page(bob, kind, None)
    while after is not None:
        gone = {post for post, fate in world.fates.items() if fate == TAKEN}
        await world.disturb()
        gone -= world.fates.keys()
        page, after = await world.page(bob, kind, after)
        assert not gone & set(page)
        seen += page

    assert len(seen) == len(set(seen))
    assert standing <= set(seen)


@pytest.mark.parametrize("kind", KINDS)
async def test_what_comes_back_stands_where_it_stood_and_what_is_approved_at_the_head(
    graphql: GraphQL, club: ProgrammeUnderTest, kind: str
) -> None:
    world, bob = World(graphql, club, 0), club.member_actor("bob")
    await graphql.done(bob, "followMember", {"memberId": member_gid(club, "ann")})
    club.clock.now = club.clock.now
    posts: list[str] = []
    for _ in range(6):
        posts.append(await world.write(held=len(posts) == 1))
    removed, moved = posts[0], posts[2]
    await world.keeping("remove", removed)
    await world.keeping("away", moved)
    await count(club)
    club.clock.advance(timedelta(seconds=75))
    first, after = await world.page(bob, kind, None)
    assert after is None
    assert set(first) == {posts[3], posts[4], posts[5]}

    stated = {"kind": kind, "first": 1}
    after = (await graphql.read(bob, PAGED, stated))["feed"]["pageInfo"]["endCursor"]
    await world.keeping("restore", removed)
    await world.keeping("here", moved)
    (case,) = await world.desk.queue()
    await world.desk.decide(case, "KEEP")
    await count(club)
    rest: list[str] = []
    while after is not None:
        page, after = await world.page(bob, kind, after)
        rest += page
    club.clock.advance(timedelta(seconds=75))
    begun_again, _ = await world.page(bob, kind, None)

    if kind != "HOT":  # of equals the later made stands first
        assert [posts.index(one) for one in rest] == [4, 3, 2, 0]
        assert begun_again[0] == posts[1]
    assert {removed, moved} <= set(rest)
    assert posts[1] not in rest or kind == "HOT"


@pytest.mark.parametrize("size", [1, 2, 5])
async def test_posts_as_hot_as_each_other_of_one_millisecond_have_one_order(
    graphql: GraphQL, club: ProgrammeUnderTest, size: int
) -> None:
    club.clock.now = club.clock.now
    made = [encode_id("Post", await posted(club, "ann", f"Post {number}")) for number in range(7)]
    await count(club)
    club.clock.advance(timedelta(seconds=75))

    for kind in ("LATEST", "HOT"):
        seen: list[str] = []
        after = None
        while True:
            stated = {"kind": kind, "first": size, "after": after}
            feed = (await graphql.read(club.member_actor("bob"), PAGED, stated))["feed"]
            seen += [node["id"] for node in feed["nodes"]]
            if not feed["pageInfo"]["hasNextPage"]:
                break
            after = feed["pageInfo"]["endCursor"]
        assert seen == made[::-1]
