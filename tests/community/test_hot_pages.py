"""Whatever is reacted to, withdrawn, answered and published between two pages: hot pages have what stood there at the first."""

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from community.feeds.service import FeedKind
from community.posts.service import NewPost
from community.reactions.model import Target, TargetKind
from community.verification.service import VerificationService
from gamification.programmes.definitions import PostKind
from storage.paging import Window
from tests.community_world import COMMUNITY
from tests.conftest import MakeProgramme
from tests.support import ProgrammeUnderTest, on_servers

NAMES = ["m0", "m1", "m2", "m3"]
POSTS = 6
WHO = st.sampled_from(NAMES)
WHICH = st.integers(0, POSTS - 1)
STEPS = st.one_of(
    st.tuples(st.just("react"), WHICH, WHO),
    st.tuples(st.just("withdraw"), WHICH, WHO),
    st.tuples(st.just("answer"), WHICH, WHO),
    st.tuples(st.just("count"), st.integers(1, 80)),
    st.tuples(st.just("publish"), WHO),
    st.tuples(st.just("pin"), WHICH),
)


class World:
    """Six posts of one member, and what others do with them."""

    def __init__(self, club: ProgrammeUnderTest) -> None:
        self.club = club
        self.posts: list[bytes] = []
        self.done = 0

    async def publish(self, name: str) -> bytes:
        self.done += 1
        new = NewPost("square", PostKind.DISCUSSION, f"Post {self.done}", "Words")
        services = self.club.services
        post, _ = await services.posts.create(self.club.service, self.club.id_of(name), new, f"p{self.done}")
        return post.id

    async def step(self, what: tuple[Any, ...]) -> None:
        club, services = self.club, self.club.services
        name, *stated = what
        if name in ("react", "withdraw"):
            target = Target(TargetKind.POST, self.posts[stated[0]])
            key = "like" if name == "react" else None
            await services.reactions.react(club.service, club.id_of(stated[1]), target, key)
        elif name == "answer":
            self.done += 1
            post, who = self.posts[stated[0]], club.id_of(stated[1])
            await services.comments.create(club.service, who, post, None, "Yes", f"c{self.done}")
        elif name == "count":
            await services.feeds.count_due()
            club.clock.advance(timedelta(seconds=stated[0]))
        elif name == "publish":
            await self.publish(stated[0])
        else:
            post = self.posts[stated[0]]
            await services.post_keeping.set_pinned(club.moderator, post, pinned=True)


@on_servers(6)
@given(
    before=st.lists(STEPS, max_size=12),
    between=st.lists(st.lists(STEPS, max_size=6), min_size=7, max_size=7),
    size=st.integers(1, 3),
)
async def test_hot_pages_have_everything_once_as_it_stood_at_the_first(
    programme: MakeProgramme,
    before: list[tuple[Any, ...]],
    between: list[list[tuple[Any, ...]]],
    size: int,
) -> None:
    club = await programme(COMMUNITY)
    await club.join_all("ann", *NAMES)
    club.clock.now = club.clock.now
    world = World(club)
    world.posts = [await world.publish("ann") for _ in range(POSTS)]
    for what in before:
        await world.step(what)
    await world.step(("count", 75))
    viewer = await club.services.spaces.viewer(club.member_actor("m0"))
    feeds = club.services.feeds
    whole = (await feeds.page(viewer, FeedKind.HOT, None, Window(size=100))).rows

    seen: list[bytes] = []
    page = await feeds.page(viewer, FeedKind.HOT, None, Window(size=size))
    for steps in [*between, *([[]] * 20)]:
        seen += [post.id for post in page.rows]
        if not page.has_next:
            break
        for what in steps:
            await world.step(what)
        page = await feeds.page(viewer, FeedKind.HOT, None, Window(size=size, after=page.positions[-1]))

    known = {post.id for post in whole}
    assert len(seen) == len(set(seen))
    assert [one for one in seen if one in known] == [post.id for post in whole]
    assert (await VerificationService(club.services).verify(club.key)).differences == []
