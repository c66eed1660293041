"""What a page of a feed costs: eight database commands at most, whoever looks, at whichever page, of posts of every kind."""

from collections import Counter as Tally
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from community import services as wiring
from community.following.service import Topic
from community.polls.model import PollKind, PollTerms
from community.posts.service import NewPost
from community.reactions.model import Target, TargetKind
from gamification.kit.actors import Actor
from gamification.programmes.definitions import PostKind
from storage.embedded import Endpoints
from storage.mongo import Mongo
from storage.redis import RedisStore
from tests.community_world import COMMUNITY
from tests.conftest import MakeProgramme
from tests.contest_world import FABLE
from tests.moderation_world import Desk
from tests.resolvers.harness import GraphQL, member_gid
from tests.resolvers.test_query_counts import Counter
from tests.support import ProgrammeUnderTest

PAGE = """query ($kind: FeedKind!, $space: String, $first: Int, $after: String, $last: Int, $before: String) {
    feed(kind: $kind, space: $space, first: $first, after: $after, last: $last, before: $before) {
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    nodes { id kind title html tags commentCount author { displayName avatarUrl } space { key name viewerMayWrite }
        reactions { reaction count } viewerReaction
        bestComments { html author { displayName } reactions { reaction count } viewerReaction } } } }"""
BESIDE = """query ($first: Int) { feed(kind: LATEST, first: $first) { nodes {
    poll { voterCount viewerVote options { text votes } } question { answerCount acceptedAnswer { text } }
    proposal { state supportCount viewerSupports } contestEntries { takesPart contest { key } } } } }"""
KINDS = (PostKind.DISCUSSION, PostKind.QUESTION, PostKind.STORY, PostKind.PROPOSAL, PostKind.POLL)
NAMES = [f"m{number:02}" for number in range(24)]
VIEWERS = ("newcomer", "m00", "keeper", "blocker", "limited", "moderator", "operator", "service")


def actor_of(club: ProgrammeUnderTest, viewer: str) -> Actor:
    staff = {"moderator": club.moderator, "operator": club.operator, "service": club.service}
    return staff.get(viewer) or club.member_actor(viewer)


async def written(club: ProgrammeUnderTest, number: int) -> bytes:
    """A post of the next kind by the next member, with what stands beside it, three answers and a like."""
    services, kind = club.services, KINDS[number % len(KINDS)]
    author = club.id_of(NAMES[number % len(NAMES)])
    new = NewPost("square" if number % 3 else "makers", kind, f"Post {number}", "Words")
    if kind is PostKind.POLL:
        new = NewPost(new.space, kind, new.title, new.body, options=("Yes", "No"))
        terms = PollTerms(PollKind.SINGLE)
        post, _ = await services.polls.create(club.service, author, new, new.options, terms, f"post {number}")
        await services.polls.vote(club.service, club.id_of("m00"), post.id, [0])
    else:
        post, _ = await services.posts.create(club.service, author, new, f"post {number}")
    others = [club.id_of(NAMES[(number + other) % len(NAMES)]) for other in (1, 2, 3)]
    answers = [
        await services.comments.create(club.service, one, post.id, None, "Yes", f"{number}-{one.hex()}")
        for one in others
    ]
    await services.reactions.react(club.service, others[0], Target(TargetKind.POST, post.id), "like")
    if kind is PostKind.QUESTION:
        await services.questions.accept(club.service, author, answers[0][0].id)
    if kind is PostKind.PROPOSAL:
        await services.proposals.support(club.service, others[0], post.id, supports=True)
    if kind is PostKind.STORY and new.space == "square":
        await services.contests.enter(club.service, author, "fable", post.id, enters=True)
    return post.id


@pytest.fixture
async def club(graphql: GraphQL, programme: MakeProgramme) -> ProgrammeUnderTest:
    """45 posts of five kinds in two spaces; the viewers follow both spaces, but for the newcomer."""
    kinds = [kind.value for kind in KINDS]
    spaces = [{"key": "square", "kinds": kinds}, {"key": "makers", "kinds": kinds}, *COMMUNITY["spaces"][2:]]
    club = await programme({**COMMUNITY, "spaces": spaces, "contests": [FABLE]})
    members = [name for name in VIEWERS if name not in ("m00", "moderator", "operator", "service")]
    await club.join_all(*NAMES, *members)
    for number in range(45):
        await written(club, number)
        club.clock.advance(timedelta(minutes=1))
    for name in ("m00", "keeper", "blocker", "limited"):
        for space in ("square", "makers"):
            await club.services.following.follow(club.service, club.id_of(name), Topic(space=space))
    for number in range(10):
        await club.services.blocks.block(club.service, club.id_of("blocker"), club.id_of(NAMES[number]))
        await club.services.blocks.block(club.service, club.id_of(NAMES[-1 - number]), club.id_of("blocker"))
    role = {"space": "square", "memberId": member_gid(club, "keeper"), "role": "MODERATOR"}
    await graphql.done(club.operator, "setSpaceRole", role)
    await Desk(graphql, club).sanction("limited", "SHADOW_LIMIT")
    while await club.services.feeds.count_due():
        continue
    club.clock.advance(timedelta(minutes=2))
    return club


@pytest.fixture
async def counted(endpoints: Endpoints) -> AsyncIterator[tuple[Mongo, Counter]]:
    """A database whose commands are counted."""
    counter = Counter()
    mongo = Mongo(endpoints.mongodb_url, "starguild_tests", listeners=[counter])
    yield mongo, counter
    mongo.close()


class Costs:
    """Asks servers that have just answered the caller, and have seen nobody else."""

    def __init__(
        self, graphql: GraphQL, club: ProgrammeUnderTest, redis: RedisStore, counted: tuple[Mongo, Counter]
    ) -> None:
        self._graphql, self._club, self._redis = graphql, club, redis
        self._mongo, self._counter = counted

    async def __call__(self, actor: Actor, document: str, **variables: Any) -> tuple[Any, Tally[str]]:
        """(the answer, how many of each command)."""
        server = wiring.build(
            self._mongo, self._redis, self._club.clock, definitions_fresh_s=600.0, members_fresh_s=600.0
        )
        await self._graphql.read(actor, "{ me { id } programme { key } }", services=server)
        self._counter.seen.clear()
        answer = await self._graphql.read(actor, document, variables, services=server)
        return answer["feed"], Tally(self._counter.seen)


@pytest.mark.parametrize("kind", ["LATEST", "FOLLOWING", "HOT"])
async def test_every_page_for_every_viewer_costs_eight_commands_at_most(
    graphql: GraphQL,
    club: ProgrammeUnderTest,
    redis_store: RedisStore,
    counted: tuple[Mongo, Counter],
    kind: str,
) -> None:
    costs = Costs(graphql, club, redis_store, counted)
    for viewer in VIEWERS:
        actor, ahead = actor_of(club, viewer), list[dict[str, Any]]()
        while not ahead or ahead[-1]["pageInfo"]["hasNextPage"]:
            after: str | None = ahead[-1]["pageInfo"]["endCursor"] if ahead else None
            page, commands = await costs(actor, PAGE, kind=kind, first=20, after=after)
            assert sum(commands.values()) <= 8, (viewer, len(ahead), commands)
            ahead.append(page)
        seen = [node["id"] for page in ahead for node in page["nodes"]]
        follows_nothing = kind == "FOLLOWING" and viewer not in ("m00", "keeper", "blocker", "limited")
        expected = 0 if follows_nothing else 45
        assert len(seen) == len(set(seen))
        assert len(seen) == expected or (viewer == "blocker" and 0 < len(seen) < expected)
        if not seen:
            continue
        start = ahead[-1]["pageInfo"]["startCursor"]
        back, commands = await costs(actor, PAGE, kind=kind, last=20, before=start)
        assert sum(commands.values()) <= 8, (viewer, "backward", commands)
        assert back["nodes"] == (ahead[-2]["nodes"] if len(ahead) > 1 else [])
        within, commands = await costs(actor, PAGE, kind=kind, space="makers", first=20)
        assert sum(commands.values()) <= 8, (viewer, "space", commands)
        assert {node["space"]["key"] for node in within["nodes"]} == {"makers"}
        if viewer != "blocker":
            assert {node["kind"] for node in ahead[0]["nodes"]} == {one.value.upper() for one in KINDS}
            assert all(len(node["bestComments"]) == 3 for node in ahead[0]["nodes"])


async def test_what_stands_beside_posts_of_every_kind_costs_as_much_for_one_page_as_for_one_of_each(
    graphql: GraphQL, club: ProgrammeUnderTest, redis_store: RedisStore, counted: tuple[Mongo, Counter]
) -> None:
    costs = Costs(graphql, club, redis_store, counted)

    _, few = await costs(club.member_actor("m00"), BESIDE, first=len(KINDS))
    page, many = await costs(club.member_actor("m00"), BESIDE, first=20)

    assert len(page["nodes"]) == 20
    assert few == many
