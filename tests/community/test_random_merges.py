"""Whatever members did in a community before, and do after: merged they are one, and everything adds up; and once all that they
wrote is taken down, nobody has anything left of it."""

import contextlib
import secrets
from collections import Counter
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from community.comments.model import Comment
from community.posts.service import NewPost
from community.reactions.model import Target, TargetKind
from community.surveys.model import Stated
from community.verification.service import VerificationService
from gamification.kit.actors import Actor
from gamification.kit.errors import DomainError, NotFound
from gamification.programmes.definitions import PostKind
from tests.conftest import MakeProgramme
from tests.merge_world import merge, sound
from tests.support import ProgrammeUnderTest, on_servers
from tests.town_world import NAMES, TOWN, WORTH

KINDS = (PostKind.DISCUSSION, PostKind.QUESTION, PostKind.PROPOSAL, PostKind.STORY)
WHO, WHICH = st.sampled_from(NAMES), st.integers(0, 30)
STEPS = st.one_of(
    st.tuples(st.just("post"), WHO, st.sampled_from(KINDS)),
    st.tuples(st.just("post"), WHO, st.sampled_from(KINDS)),
    st.tuples(st.just("comment"), WHO, WHICH),
    st.tuples(st.just("comment"), WHO, WHICH),
    st.tuples(st.just("like post"), WHO, WHICH, st.sampled_from(["like", "heart", None])),
    st.tuples(st.just("like comment"), WHO, WHICH, st.sampled_from(["like", "heart", None])),
    st.tuples(st.just("accept"), WHICH),
    st.tuples(st.just("delete post"), WHICH),
    st.tuples(st.just("delete comment"), WHICH),
    st.tuples(st.just("restore post"), WHICH),
    st.tuples(st.just("restore comment"), WHICH),
    st.tuples(st.just("support"), WHO, WHICH, st.booleans()),
    st.tuples(st.just("enter"), WHICH, st.booleans()),
    st.tuples(st.just("vote"), WHO, WHICH, st.booleans()),
    st.tuples(st.just("survey"), WHO, st.sampled_from(["once", "secret", "often"])),
    st.tuples(st.just("block"), WHO, WHO),
    st.tuples(st.just("settle")),
    st.tuples(st.just("join"), WHO, st.sampled_from(["makers", "square"])),
)


class World:
    """A town, and what was written in it."""

    def __init__(self, club: ProgrammeUnderTest) -> None:
        self.club = club
        self.services = club.services
        self.posts: list[tuple[bytes, PostKind]] = []
        self.comments: list[bytes] = []
        self.done = 0

    async def tried(self, what: tuple[Any, ...]) -> None:
        """A refusal leaves everything as it was."""
        with contextlib.suppress(DomainError):
            await getattr(self, what[0].replace(" ", "_"))(*what[1:])
            self.done += 1

    def which(self, number: int, kind: PostKind | None = None) -> bytes:
        """One of the posts, of that kind."""
        found = [post for post, of in self.posts if kind in (None, of)]
        if not found:
            raise NotFound("Nobody has written one yet.")
        return found[number % len(found)]

    def answer(self, number: int) -> bytes:
        """One of the comments."""
        if not self.comments:
            raise NotFound("Nobody has written one yet.")
        return self.comments[number % len(self.comments)]

    async def author_of(self, post_id: bytes) -> bytes:
        return (await self.services.kept.posts.by_ids(self.club.key, [post_id]))[post_id].author_id

    async def found(self, comment_id: bytes) -> Comment:
        return (await self.services.kept.comments.by_ids(self.club.key, [comment_id]))[comment_id]

    def who(self, name: str) -> Actor:
        return self.club.member_actor(name)

    # -- what members do

    async def post(self, name: str, kind: PostKind) -> None:
        new = NewPost("square", kind, "Title", "Body")
        post, _ = await self.services.posts.create(self.who(name), None, new, secrets.token_hex(8))
        self.posts.append((post.id, kind))

    async def comment(self, name: str, number: int) -> None:
        about, key = self.which(number), secrets.token_hex(8)
        made, _ = await self.services.comments.create(self.who(name), None, about, None, "Text", key)
        self.comments.append(made.id)

    async def like_post(self, name: str, number: int, key: str | None) -> None:
        target = Target(TargetKind.POST, self.which(number))
        await self.services.reactions.react(self.who(name), None, target, key)

    async def like_comment(self, name: str, number: int, key: str | None) -> None:
        target = Target(TargetKind.COMMENT, self.answer(number))
        await self.services.reactions.react(self.who(name), None, target, key)

    async def accept(self, number: int) -> None:
        answer = await self.found(self.answer(number))
        asker = await self.author_of(answer.post_id)
        await self.services.questions.accept(self.club.service, asker, answer.id)

    async def delete_post(self, number: int) -> None:
        post = self.which(number)
        await self.services.posts.delete(self.club.service, await self.author_of(post), post)

    async def restore_post(self, number: int) -> None:
        post = self.which(number)
        await self.services.posts.restore(self.club.service, await self.author_of(post), post)

    async def delete_comment(self, number: int) -> None:
        found = await self.found(self.answer(number))
        await self.services.comments.delete(self.club.service, found.author_id, found.id)

    async def restore_comment(self, number: int) -> None:
        found = await self.found(self.answer(number))
        await self.services.comments.restore(self.club.service, found.author_id, found.id)

    async def support(self, name: str, number: int, supports: bool) -> None:
        post = self.which(number, PostKind.PROPOSAL)
        await self.services.proposals.support(self.who(name), None, post, supports=supports)

    async def enter(self, number: int, enters: bool) -> None:
        story = self.which(number, PostKind.STORY)
        author = await self.author_of(story)
        await self.services.contests.enter(self.club.service, author, "fable", story, enters=enters)

    async def vote(self, name: str, number: int, votes: bool) -> None:
        story = self.which(number, PostKind.STORY)
        await self.services.contests.vote(self.who(name), None, "fable", story, votes=votes)

    async def survey(self, name: str, key: str) -> None:
        given = [Stated("recommend", number=Decimal(3))]
        await self.services.surveys.answer(self.who(name), None, key, given, secrets.token_hex(8))

    async def block(self, name: str, other: str) -> None:
        await self.services.blocks.block(self.who(name), None, self.club.id_of(other))

    async def unblock(self, name: str, other: str) -> None:
        await self.services.blocks.unblock(self.who(name), None, self.club.id_of(other))

    async def join(self, name: str, space: str) -> None:
        await self.services.spaces.join(self.who(name), space, None)

    async def settle(self) -> None:
        """What the worker does about reactions to what came or went."""
        while await self.services.reaction_keeping.run_due():
            pass

    # -- in the end

    async def sound(self) -> None:
        """Everything adds up."""
        await sound(self.club)
        report = await VerificationService(self.services).verify(self.club.key)
        assert report.differences == []

    async def undo(self, names: list[str]) -> None:
        """Take all back that was reacted and written."""
        for one in names:
            for other in names:
                await self.tried(("unblock", one, other))
        posts, comments = range(len(self.posts)), range(len(self.comments))
        for number in posts:
            await self.tried(("restore post", number))
        for number in comments:
            await self.tried(("restore comment", number))
        await self.settle()
        for name in names:
            for number in posts:
                await self.tried(("like post", name, number, None))
            for number in comments:
                await self.tried(("like comment", name, number, None))
        for number in comments:
            await self.tried(("delete comment", number))
        for number in posts:
            await self.tried(("delete post", number))


@given(
    st.lists(STEPS, min_size=25, max_size=60),
    st.lists(STEPS, min_size=3, max_size=15),
    st.permutations(NAMES),
    st.booleans(),
)
@on_servers(6)
async def test_whatever_both_did_everything_adds_up_and_is_taken_back_once(
    programme: MakeProgramme,
    before: list[tuple[Any, ...]],
    after: list[tuple[Any, ...]],
    order: list[str],
    further: bool,
) -> None:
    club = await programme(TOWN)
    world, left = World(club), order[1:]
    for name in NAMES:
        await club.join(name)
    for what in before:
        await world.tried(what)

    await merge(club, order[0], order[1])
    await world.sound()
    for what in after:
        await world.tried(what)
    if further:
        left = order[2:]
        await merge(club, order[1], order[2])
        await world.sound()

    await world.undo(left)
    await world.settle()
    await world.sound()
    answered = Counter[bytes]()
    async for response in club.services.kept.surveys.stream(club.key):
        answered[response.member_id] += response.activity_id is not None
    for name in left:
        assert await club.balance(name, "points") == answered[club.id_of(name)] * WORTH["survey"]
