"""How many documents a page of a feed, or of what is found, makes the database look at: about as many as it shows, however many
there are and however deep it lies."""

import re
import secrets
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from bson import json_util
from pymongo import monitoring

from community import services as wiring
from community.services import Services
from gamification.kit.actors import Actor
from resolvers.relay import encode_id
from storage.embedded import Endpoints
from storage.mongo import Mongo
from storage.redis import RedisStore
from tests.community_world import COMMUNITY
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid
from tests.resolvers.test_feeds import FEED, posted
from tests.support import ProgrammeUnderTest

POSTS = 3000
PAGE = 20
LOOKED_AT_MAX = 5 * PAGE
CROWDED = [f"s{number}" for number in range(5)]
SEARCH = """query ($query: String!, $filter: SearchFilter) { search(query: $query, filter: $filter, first: 20) {
    nodes { node { ... on Post { title } ... on Comment { text } } } } }"""
QUIET = "Common words, quiet"
UNREAD = '{ space(key: "quiet") { unreadCount } }'


class Commands(monitoring.CommandListener):
    """The reads that were sent, as they were sent."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name in ("find", "aggregate"):
            own = ("lsid", "$db", "$clusterTime", "$readPreference", "maxTimeMS")
            self.seen.append({name: value for name, value in event.command.items() if name not in own})

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Nothing to note."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Nothing to note."""


class Crowd:
    """A programme with many posts, nearly all of them by one member in five spaces, and few by another in a quiet one."""

    def __init__(
        self, graphql: GraphQL, club: ProgrammeUnderTest, mongo: Mongo, services: Services, sent: Commands
    ) -> None:
        self.club, self.mongo, self._graphql, self._services, self._sent = (
            club,
            mongo,
            graphql,
            services,
            sent,
        )

    async def looked_at(
        self, actor: Actor, document: str, variables: Mapping[str, Any], *collections: str
    ) -> tuple[dict[str, Any], int]:
        """(the answer, how many documents of these collections the most costly of its reads looked at)."""
        await self._graphql.read(actor, "{ programme { key } }", services=self._services)
        self._sent.seen.clear()
        answer = await self._graphql.read(actor, document, dict(variables), services=self._services)
        most = 0
        for command in list(self._sent.seen):
            if command.get("find", command.get("aggregate")) not in collections:
                continue
            database = self.mongo.collection("posts").database
            explained = await database.command({"explain": command, "verbosity": "executionStats"})
            counts = re.findall(
                r'"totalDocsExamined": (?:\{"\$numberLong": ")?(\d+)', json_util.dumps(explained)
            )
            most = max(most, sum(map(int, counts)))
        return answer, most


@pytest.fixture
async def crowd(
    graphql: GraphQL, programme: MakeProgramme, mongo: Mongo, endpoints: Endpoints, redis_store: RedisStore
) -> AsyncIterator[Crowd]:
    spaces = [{"key": key} for key in (*CROWDED, "quiet")]
    club = await programme({**COMMUNITY, "spaces": [*COMMUNITY["spaces"], *spaces]})
    await club.join_all("ann", "bob", "cyd")
    posts = mongo.collection("posts")
    first = await posts.find_one({"_id": await posted(club, "ann", "Common words", "s0")})
    assert first is not None
    quiet = {"author_id": club.id_of("cyd"), "space": "quiet"}
    rows = []
    for number in range(1, POSTS):
        at = first["published_at"] - timedelta(minutes=number)
        moved = {"published_at": at, "hot": first["hot"] - number * 60 / 45_000}
        crowded = {"space": CROWDED[number % len(CROWDED)]}
        rare = (
            {"written": {**first["written"], "title": QUIET, "tags": ["rare"]}} if number % 1000 == 7 else {}
        )
        rows.append(
            {**first, **moved, **(quiet if rare else crowded), **rare, "_id": secrets.token_bytes(12)}
        )
    await posts.insert_many(rows)
    club.clock.advance(timedelta(minutes=3))
    sent = Commands()
    own = Mongo(endpoints.mongodb_url, "starguild_tests", listeners=[sent])
    yield Crowd(graphql, club, mongo, wiring.build(own, redis_store, club.clock), sent)
    own.close()


@pytest.mark.parametrize("space", [None, "quiet", "s1"])
@pytest.mark.parametrize("kind", ["LATEST", "HOT"])
async def test_a_page_of_a_feed_looks_at_little_more_than_it_shows_however_deep(
    crowd: Crowd, kind: str, space: str | None
) -> None:
    bob = crowd.club.member_actor("bob")
    after = None
    for depth in range(8):
        stated = {"kind": kind, "space": space, "first": PAGE, "after": after}
        answer, looked = await crowd.looked_at(bob, FEED, stated, "posts")
        assert looked <= LOOKED_AT_MAX, (depth, looked)
        leaf = await crowd.looked_at(bob, FEED, {**stated, "first": 60}, "posts")
        after = leaf[0]["feed"]["pageInfo"]["endCursor"] or after
        if not answer["feed"]["pageInfo"]["hasNextPage"]:
            break
    else:
        stated = {"kind": kind, "space": space, "last": PAGE, "before": after}
        assert (await crowd.looked_at(bob, FEED, stated, "posts"))[1] <= LOOKED_AT_MAX


async def test_a_followed_feed_looks_at_little_whether_much_or_little_is_followed(crowd: Crowd) -> None:
    club = crowd.club
    graphql, bob = GraphQL(club.services), club.member_actor("bob")
    stated = {"kind": "FOLLOWING", "first": PAGE}
    for field, followed in (
        ("followMember", {"memberId": member_gid(club, "cyd")}),
        ("follow", {"tag": "rare"}),
        ("follow", {"space": "quiet"}),
        ("followMember", {"memberId": member_gid(club, "ann")}),
        ("follow", {"space": "s1"}),
    ):
        await graphql.done(bob, field, followed)
        answer, looked = await crowd.looked_at(bob, FEED, stated, "posts")
        assert answer["feed"]["nodes"]
        assert looked <= LOOKED_AT_MAX, (followed, looked)
        end = answer["feed"]["pageInfo"]["endCursor"]
        assert (await crowd.looked_at(bob, FEED, {**stated, "after": end}, "posts"))[1] <= LOOKED_AT_MAX


async def test_what_is_unread_is_counted_up_to_its_bound(crowd: Crowd) -> None:
    _, looked = await crowd.looked_at(crowd.club.member_actor("bob"), UNREAD, {}, "posts")

    assert looked <= 100


async def test_what_was_answered_before_one_read_is_not_looked_at(crowd: Crowd) -> None:
    club, comments = crowd.club, crowd.mongo.collection("comments")
    bob, ann = club.member_actor("bob"), club.id_of("ann")
    post = await posted(club, "ann", "Answered", "s0")
    made, _ = await club.services.comments.create(club.service, ann, post, None, "Yes", "first")
    first = await comments.find_one({"_id": made.id})
    assert first is not None
    await comments.insert_many({**first, "_id": secrets.token_bytes(12)} for _ in range(1000))
    club.clock.advance(timedelta(minutes=1))
    stated = {"postId": encode_id("Post", post)}
    await GraphQL(club.services).done(bob, "follow", stated)
    club.clock.advance(timedelta(minutes=1))
    await club.services.comments.create(club.service, ann, post, None, "Indeed", "second")

    unread = "query ($postId: ID!) { post(id: $postId) { unreadCount } }"
    answer, looked = await crowd.looked_at(bob, unread, stated, "followed_posts")
    assert answer["post"]["unreadCount"] == 1
    assert looked <= 5


@pytest.fixture
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if there were a hundred times as many."""
    monkeypatch.setattr("community.search.repository._COMMON", 20)
    monkeypatch.setattr("community.search.repository.READ_MAX", 200)
    monkeypatch.setattr("community.search.repository.POSTS_MAX", 10)


@pytest.mark.usefixtures("_few")
@pytest.mark.parametrize("query", ["common", "common words", '"common words"', "common -nothing"])
async def test_a_search_for_what_all_have_looks_at_a_bounded_number_and_finds_what_the_filter_leaves(
    crowd: Crowd, query: str
) -> None:
    bob, cyd = crowd.club.member_actor("bob"), member_gid(crowd.club, "cyd")
    for wanted, count in (
        ({}, 10),
        ({"space": "quiet"}, 3),
        ({"tag": "rare"}, 3),
        ({"authorId": cyd}, 3),
        ({"space": "s1", "authorId": cyd}, 0),
    ):
        variables = {"query": query, "filter": wanted}
        answer, looked = await crowd.looked_at(bob, SEARCH, variables, "posts", "comments")
        titles = [one["node"]["title"] for one in answer["search"]["nodes"]]
        assert len(titles) == count
        assert not wanted or set(titles) <= {QUIET}
        assert looked <= 200, (wanted, looked)


@pytest.mark.usefixtures("_few")
async def test_who_reads_few_spaces_finds_what_is_there_among_much_that_they_may_not_read(
    crowd: Crowd, graphql: GraphQL
) -> None:
    club = crowd.club
    hidden = {"programme_id": club.key, "space": {"$ne": "quiet"}}
    await crowd.mongo.collection("posts").update_many(hidden, {"$set": {"space": "circle"}})

    answer, looked = await crowd.looked_at(
        club.member_actor("bob"), SEARCH, {"query": "common"}, "posts", "comments"
    )

    assert [one["node"]["title"] for one in answer["search"]["nodes"]] == [QUIET] * 3
    assert looked <= 200


@pytest.mark.usefixtures("_few")
async def test_comments_with_a_common_word_are_read_up_to_a_bound_and_further_by_until(
    crowd: Crowd, graphql: GraphQL
) -> None:
    club, comments = crowd.club, crowd.mongo.collection("comments")
    posts = crowd.mongo.collection("posts")
    under = {}
    for space in ("s0", "quiet"):
        post = await posts.find_one({"programme_id": club.key, "space": space})
        assert post is not None
        under[space] = post["_id"]
    name = "ann"
    made, _ = await club.services.comments.create(
        club.service, club.id_of(name), under["s0"], None, "Common indeed", "first"
    )
    first = await comments.find_one({"_id": made.id})
    assert first is not None
    await comments.insert_many(
        {
            **first,
            "_id": secrets.token_bytes(12),
            "post_id": under["quiet" if number >= 500 else "s0"],
            "created_at": first["created_at"] - timedelta(minutes=number),
            "author_id": club.id_of("cyd" if number >= 500 else "ann"),
        }
        for number in range(1, 503)
    )
    bob = club.member_actor("bob")
    until = (first["created_at"] - timedelta(minutes=400)).isoformat()
    for wanted, count in (
        ({"space": "quiet"}, 0),
        ({"space": "quiet", "until": until}, 3),
        ({"authorId": member_gid(club, "cyd")}, 3),
    ):
        variables = {"query": "common indeed", "filter": wanted}
        answer, looked = await crowd.looked_at(bob, SEARCH, variables, "comments")
        found = [one["node"] for one in answer["search"]["nodes"] if "text" in one["node"]]
        assert (len(found), looked <= 200) == (count, True), (wanted, found, looked)


async def test_how_many_posts_a_space_has_is_counted_without_looking_at_them(
    crowd: Crowd, mongo: Mongo
) -> None:
    spaces = "{ spaces(first: 100) { nodes { key postCount } } }"
    await mongo.collection("posts").update_one(
        {"programme_id": crowd.club.key, "space": "s1"}, {"$set": {"shadowed": True}}
    )

    answer, looked_at = await crowd.looked_at(crowd.club.member_actor("ann"), spaces, {}, "posts")

    counted = {one["key"]: one["postCount"] or 0 for one in answer["spaces"]["nodes"]}
    assert sum(counted.values()) == POSTS - 1
    assert looked_at <= 2  # the one that is hidden, told by two stages
