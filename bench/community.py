"""The community in process: a feed page, search, recommendations, writing, and telling those who watch, each beside what the
stores alone take.

20,000 posts of 2,000 members with two comments each are put into the database as they would be stored; what is measured
goes by the schema, with everything that a caller meets but HTTP.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from api.bootstrap import DEFINITIONS_FRESH_SECONDS, MEMBERS_FRESH_SECONDS
from bench.report import Line
from bench.world import World
from community.comments.model import Comment, CommentState
from community.comments.repository import CommentRepository
from community.posts.heat import heat_after
from community.posts.model import NOTHING_WRITTEN, Post, PostState
from community.services import Services, build
from gamification.kit.actors import Actor, Role
from gamification.kit.identifiers import new_id
from gamification.kit.records import evolve
from gamification.members.model import NewMember
from gamification.programmes.definitions import PostKind
from gamification.services import utc_now
from resolvers.context import Context
from resolvers.operations import SUBSCRIPTIONS, Answer, Operations, Request
from resolvers.policy import Policy
from resolvers.relay import encode_id, member_of
from resolvers.schema import schema

KEY = "forum"
MEMBERS = 2_000
POSTS = 20_000
WATCHERS = 1_000
_CHUNK = 500
_ROUNDS = 5
_EACH = 40
_SPACE = "square"
PROGRAMME: dict[str, Any] = {
    "programme": {
        "key": KEY,
        "community": {"activities": {"post": "community.post", "comment": "community.comment"}},
    },
    "units": [{"key": "points"}],
    "activity_types": [
        {"key": f"community.{what}", "properties": {"type": "object"}} for what in ("post", "comment")
    ],
    "rules": [
        {
            "key": "writing",
            "on": ["community.post", "community.comment"],
            "effects": [{"points": {"unit": "points", "amount": 1}}],
        }
    ],
    "screening": [{"key": "insults", "verdict": "refuse", "words": {"listed": ["jerk", "笨蛋"]}}],
    "spaces": [{"key": _SPACE, "kinds": ["discussion"]}, *({"key": f"room{number}"} for number in range(10))],
    "tasks": [{"key": f"task{number}", "goal": 3} for number in range(20)],
    "rewards": [
        {"key": f"reward{number}", "privilege": {"flag": f"flag{number}", "lasts": "P30D"}}
        for number in range(20)
    ],
}
_WORDS = [
    "running",
    "river",
    "garden",
    "music",
    "coffee",
    "harbour",
    "winter",
    "lantern",
    "bicycle",
    "market",
]
_HAN = ["跑步", "河流", "花园", "音乐", "咖啡", "港口", "冬天", "灯笼", "单车", "市场"]
FEED = """query ($kind: FeedKind!) { feed(kind: $kind, first: 20) { nodes { id title html commentCount
    author { displayName avatarUrl } space { key name } reactions { reaction count } viewerReaction
    bestComments { id text author { displayName } } } pageInfo { endCursor } } }"""
SEARCH = """query ($q: String!) { search(query: $q, first: 20) { nodes {
    node { __typename ... on Post { id title } ... on Comment { id } } highlights { place parts { text } } } } }"""
RECOMMENDED = """query { me { recommendations(first: 10) { kind targetId reason { code text } task { key name }
    reward { key name } space { key name } member { displayName } post { id title author { displayName } } } } }"""
WRITE = """mutation ($input: CreateCommentInput!) { createComment(input: $input) {
    __typename ... on CreateCommentSuccess { comment { id } } } }"""
WATCH = """subscription ($id: ID!) { commentAdded(postId: $id) { post { commentCount }
    comments { id text author { displayName } } } }"""
READ = """query ($id: ID!) { post(id: $id) { commentCount comments(orderBy: NEWEST, first: 1) { nodes {
    id text author { displayName } } } } }"""


class Forum:
    """The programme, and callers in it."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.operations = Operations(schema, Policy())
        self.operator = Actor(KEY, "op", Role.OPERATOR)
        self.posts: list[bytes] = []
        self.authors: list[bytes] = []

    def caller(self, number: int) -> Actor:
        return Actor(KEY, f"m{number}", Role.MEMBER)

    async def ask(self, actor: Actor, document: str, **variables: Any) -> dict[str, Any]:
        """The data of an answer without errors."""
        context = Context(self.services, actor, "bench")
        answer = await self.operations.execute(Request(document, variables), context)
        if answer.errors or answer.data is None:
            raise RuntimeError(f"The forum refused: {answer.errors}")
        return answer.data

    def watch(self, actor: Actor, post: bytes) -> AsyncGenerator[Answer, None]:
        """Somebody's subscription to a post's comments."""
        request = Request(WATCH, {"id": encode_id("Post", post)})
        ready = self.operations.prepare(request, actor, SUBSCRIPTIONS)
        return self.operations.subscribe(ready, request, Context(self.services, actor, "bench"))


async def measure(world: World) -> list[Line]:
    """Fill the forum, then use it."""
    services = build(
        world.mongo,
        world.redis,
        utc_now,
        definitions_fresh_s=DEFINITIONS_FRESH_SECONDS,
        members_fresh_s=MEMBERS_FRESH_SECONDS,
        member_of=member_of,
    )
    forum = Forum(services)
    await _fill(world, forum)
    lines = [
        await _feed(world, forum, kind, order) for kind, order in (("LATEST", "published_at"), ("HOT", "hot"))
    ]
    for name, words, term in (
        ("two words of 10,000 posts", "river coffee", "river"),
        ("two Chinese characters of 200 posts", "花园", "花园"),
    ):
        lines.append(await _search(world, forum, name, words, term))
    lines += await _recommending(world, forum)
    lines.append(await _writing(world, forum))
    lines.append(await _telling(forum))
    return lines


async def _fill(world: World, forum: Forum) -> None:
    services = forum.services
    await services.programmes.apply(forum.operator, PROGRAMME)
    for first in range(0, MEMBERS, _CHUNK):
        await services.members.ensure(
            forum.operator,
            [
                NewMember(f"m{number}", display_name=f"Member {number}")
                for number in range(first, first + _CHUNK)
            ],
        )
    names = [f"m{number}" for number in range(MEMBERS)]
    found = await services.stores.members.by_external_ids(KEY, names)
    forum.authors = [found[name].id for name in names]
    comments, draw, began = CommentRepository(world.mongo), random.Random(3), utc_now() - timedelta(days=30)
    for first in range(0, POSTS, _CHUNK):
        posts = [_post(forum, draw, number, began) for number in range(first, first + _CHUNK)]
        below = [_comment(forum, draw, post, number) for post in posts for number in range(2)]

        async def body(tx: Any, posts: Sequence[Post] = posts, below: Sequence[Comment] = below) -> None:
            await services.kept.posts.save(posts, tx)
            await comments.save(below, tx)

        await world.mongo.transaction(body)
        forum.posts += [post.id for post in posts]


def _post(forum: Forum, draw: random.Random, number: int, began: datetime) -> Post:
    words = [draw.choice(_WORDS) for _ in range(30)] + ([_HAN[number // 10 % 10]] if number % 10 == 0 else [])
    text = " ".join(words) if number % 2 else " ".join(words[-3:])
    at = began + timedelta(seconds=number * 120)
    written = evolve(NOTHING_WRITTEN, title=f"Post {number}", body=text, html=f"<p>{text}</p>\n", text=text)
    return Post(
        new_id(),
        KEY,
        _SPACE,
        forum.authors[number % MEMBERS],
        PostKind.DISCUSSION,
        PostState.PUBLISHED,
        1,
        written,
        at,
        at,
        publications=1,
        comments=2,
        heat=heat_after(None, draw.randrange(50), at, at),
    )


def _comment(forum: Forum, draw: random.Random, post: Post, number: int) -> Comment:
    text = " ".join(draw.choice(_WORDS) for _ in range(8))
    written = evolve(NOTHING_WRITTEN, body=text, html=f"<p>{text}</p>\n", text=text)
    author = forum.authors[draw.randrange(MEMBERS)]
    at = post.created_at + timedelta(minutes=number)
    return Comment(new_id(), KEY, post.id, author, (), CommentState.PUBLISHED, 1, written, at, reacted=number)


async def _feed(world: World, forum: Forum, kind: str, order: str) -> Line:
    posts, members, comments = (world.mongo.collection(name) for name in ("posts", "members", "comments"))
    query = {"programme_id": KEY, "state": "published"}

    async def ours(number: int) -> None:
        found = await forum.ask(forum.caller(number), FEED, kind=kind)
        assert len(found["feed"]["nodes"]) == 20

    async def floor(_: int) -> None:
        rows = await posts.find(query, {"search": 0}).sort([(order, -1), ("_id", -1)]).limit(21).to_list(None)
        below = comments.find({"post_id": {"$in": [row["_id"] for row in rows]}}, {"search": 0}).limit(60)
        answers = await below.to_list(None)
        authors = {row["author_id"] for row in (*rows, *answers)}
        await members.find({"_id": {"$in": list(authors)}}).to_list(None)

    return await _line(f"feed page of 20, {kind}", ours, floor, "three finds by Motor", "≤ 5")


async def _search(world: World, forum: Forum, name: str, words: str, term: str) -> Line:
    posts = world.mongo.collection("posts")

    async def ours(number: int) -> None:
        found = await forum.ask(forum.caller(number), SEARCH, q=words)
        assert len(found["search"]["nodes"]) == 20

    async def floor(_: int) -> None:
        query = {"programme_id": KEY, "search.terms": term}
        await posts.find(query, {"search": 0}).sort("published_at", -1).limit(20).to_list(None)

    return await _line(f"search: {name}", ours, floor, "the latest 20 with the term, by Motor", "stated")


async def _recommending(world: World, forum: Forum) -> list[Line]:
    """The nightly job, and what a member is then shown."""
    stored, posts = world.mongo.collection("recommendations"), world.mongo.collection("posts")
    began = time.perf_counter()
    seen = 0
    for name in ("posts", "comments"):
        async for _ in world.mongo.collection(name).find(
            {"programme_id": KEY}, {"search": 0}, batch_size=5000
        ):
            seen += 1
    floor_s = time.perf_counter() - began
    began = time.perf_counter()
    await forum.services.recommendations.recommending.run_daily(KEY)
    took_s = time.perf_counter() - began
    assert await stored.count_documents({"programme_id": KEY}) == MEMBERS
    nightly = Line(
        f"recommendations learnt, measured and made for {MEMBERS:,} members",
        f"{took_s:.1f} s",
        f"{floor_s:.1f} s  reading {seen:,} posts and comments, by Motor",
        took_s / floor_s,
        "stated",
    )

    async def ours(number: int) -> None:
        found = await forum.ask(forum.caller(number), RECOMMENDED)
        assert len(found["me"]["recommendations"]) == 10

    async def floor(number: int) -> None:
        row = await stored.find_one({"_id": forum.authors[number]})
        assert row is not None
        await posts.find({"_id": {"$in": forum.posts[-10:]}}, {"search": 0}).to_list(None)

    shown = await _line(
        "ten recommendations, looked at again as they are shown", ours, floor, "two finds by Motor", "stated"
    )
    return [nightly, shown]


async def _writing(world: World, forum: Forum) -> Line:
    kept = world.mongo.collection("bench_comments")
    keys = iter(range(10**9))

    async def ours(number: int) -> None:
        stated = {
            "postId": encode_id("Post", forum.posts[-1 - number % 100]),
            "body": "A river in **winter**",
            "idempotencyKey": f"k{next(keys)}",
        }
        done = await forum.ask(forum.caller(number), WRITE, input=stated)
        assert done["createComment"]["__typename"] == "CreateCommentSuccess", done

    async def floor(_: int) -> None:
        await kept.insert_one({"text": "A river in winter", "at": utc_now()})

    return await _line(
        "createComment: screened, rendered, recorded, paid", ours, floor, "one insert, by Motor", "stated"
    )


async def _telling(forum: Forum) -> Line:
    services, post = forum.services, forum.posts[-1]
    gid, author = encode_id("Post", post), forum.caller(0)
    await services.doorbells.start()
    await asyncio.wait_for(services.doorbells.connected.wait(), 10)
    told, asked = [], []
    async with contextlib.AsyncExitStack() as stack:
        feeds = [
            await stack.enter_async_context(contextlib.aclosing(forum.watch(forum.caller(number), post)))
            for number in range(WATCHERS)
        ]
        await asyncio.gather(*(anext(feed) for feed in feeds))
        for number in range(_ROUNDS):
            waiting = [asyncio.ensure_future(anext(feed)) for feed in feeds]
            await asyncio.sleep(1.0)  # until all of them wait for a bell
            stated = {"postId": gid, "body": f"Round {number}", "idempotencyKey": f"told{number}"}
            await forum.ask(author, WRITE, input=stated)
            began = time.process_time()
            await asyncio.gather(*waiting)
            told.append((time.process_time() - began) / WATCHERS * 1e6)
    for _ in range(_ROUNDS):
        began = time.process_time()
        await asyncio.gather(*(forum.ask(forum.caller(one), READ, id=gid) for one in range(200)))
        asked.append((time.process_time() - began) / 200 * 1e6)
    await services.doorbells.stop()
    value, floor = median(told), median(asked)
    return Line(
        f"commentAdded to {WATCHERS:,} who watch a post: Python a message",
        f"{value:.0f} µs",
        f"{floor:.0f} µs  asking for it, 200 at once",
        value / floor,
        "≤ 1",
    )


async def _line(
    name: str,
    ours: Callable[[int], Awaitable[None]],
    floor: Callable[[int], Awaitable[None]],
    what: str,
    aim: str,
) -> Line:
    """Both in turn, several times over; the median of each."""
    mine, least = [], []
    for number in range(_ROUNDS):
        least.append(await _each_ms(floor, number))
        mine.append(await _each_ms(ours, number))
    value, below = median(mine), median(least)
    return Line(name, f"{value:.1f} ms", f"{below:.1f} ms  {what}", value / below, aim)


async def _each_ms(act: Callable[[int], Awaitable[None]], number: int) -> float:
    began = time.perf_counter()
    for one in range(_EACH):
        await act(number * _EACH + one)
    return (time.perf_counter() - began) / _EACH * 1e3
