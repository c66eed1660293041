"""How many commands a read sends to MongoDB: the same for one row as for fifty."""

import asyncio
from collections import Counter as Tally
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from pymongo import monitoring

from community import services as wiring
from community.following.service import Topic
from community.posts.service import NewPost, PostChange
from community.reactions.model import Target, TargetKind
from community.services import Services
from gamification.programmes.definitions import PostKind
from resolvers.relay import encode_id
from storage.embedded import Endpoints
from storage.mongo import Mongo
from storage.redis import RedisStore
from tests.community_world import COMMUNITY
from tests.complaint_world import complained
from tests.conftest import MakeProgramme
from tests.gathering_world import held, met, rsvp
from tests.moderation_world import moderated
from tests.notification_world import told as tell_members
from tests.resolvers.harness import CLUB, GraphQL
from tests.resolvers.test_nodes import NODES
from tests.support import Clock, ProgrammeUnderTest
from tests.survey_world import FEEDBACK, SURVEYS


class Counter(monitoring.CommandListener):
    """The commands sent so far, as `find members`."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.seen.append(f"{event.command_name} {event.command.get(event.command_name)}")

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Nothing to note."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Nothing to note."""


class Counting:
    """Reads through services whose commands are counted."""

    def __init__(self, graphql: GraphQL, services: Services, counter: Counter) -> None:
        self._graphql, self._services, self._counter = graphql, services, counter
        self.seen = counter.seen

    @asynccontextmanager
    async def told(self) -> AsyncIterator[GraphQL]:
        """Subscriptions through these services, told of every change."""
        await self._services.doorbells.start()
        await asyncio.wait_for(self._services.doorbells.connected.wait(), 10)
        yield GraphQL(self._services)
        await self._services.doorbells.stop()

    async def __call__(
        self, actor: Any, document: str, **variables: Any
    ) -> tuple[dict[str, Any], dict[str, int]]:
        """(the answer, how many of each command); definitions are in memory, as after the first request."""
        await self._graphql.read(actor, "{ programme { key } }", services=self._services)
        self._counter.seen.clear()
        answer = await self._graphql.read(actor, document, variables, services=self._services)
        return answer, dict(Tally(sorted(self._counter.seen)))


@pytest.fixture
async def counting(
    graphql: GraphQL, mongo: Mongo, endpoints: Endpoints, redis_store: RedisStore, session_clock: Clock
) -> AsyncIterator[Counting]:
    """Services of their own over the same servers; `mongo` has made the collections."""
    counter = Counter()
    counted = Mongo(endpoints.mongodb_url, "starguild_tests", listeners=[counter])
    yield Counting(graphql, wiring.build(counted, redis_store, session_clock), counter)
    counted.close()


@pytest.fixture
async def full(programme: MakeProgramme) -> ProgrammeUnderTest:
    """Fifty members who each came twice; the first also bought fifty things."""
    club = await programme(CLUB)
    names = [f"m{number:02}" for number in range(50)]
    await club.join_all(*names)
    await club.record(*(club.activity("visit", name) for name in names * 2))
    await club.record(*(club.activity("buy", "m00", amount=1) for _ in range(50)))
    return club


ENTRIES = 'leaderboard(key: "total") { period { key size revision entries(first: %d) { nodes { rank score member { displayName avatarUrl } } totalCount } } }'


async def test_a_board_page_with_members(counting: Counting, full: ProgrammeUnderTest) -> None:
    for size in (1, 50):
        answer, commands = await counting(full.member_actor("m00"), f"{{ {ENTRIES % size} }}")

        assert len(answer["leaderboard"]["period"]["entries"]["nodes"]) == size
        assert commands == {"find members": 2, "find programmes": 1}


async def test_a_members_page_with_balances(counting: Counting, full: ProgrammeUnderTest) -> None:
    for size in (1, 50):
        answer, commands = await counting(
            full.service,
            f'{{ members(first: {size}) {{ nodes {{ displayName balances {{ active unit {{ key name }} }} balance(unit: "points") {{ active }} }} }} }}',
        )

        assert len(answer["members"]["nodes"]) == size
        assert answer["members"]["nodes"][0]["balances"][0]["unit"] == {"key": "points", "name": "Points"}
        assert commands == {"find accounts": 1, "find members": 1, "find programmes": 2}


RECOMMENDED = """{ me { recommendations(kinds: [POST], first: %d) {
    score reason { code text } post { title author { displayName } } } } }"""


async def test_recommendations_of_few_posts_and_of_many(counting: Counting, programme: MakeProgramme) -> None:
    club = await programme(COMMUNITY)
    writers = [f"w{number}" for number in range(30)]
    await club.join_all("ann", *writers)
    for name in writers:
        new = NewPost("square", PostKind.DISCUSSION, f"By {name}", "Text")
        await club.services.posts.create(club.service, club.id_of(name), new, name)
    await club.services.recommendations.recommending.run_daily(club.key)
    ann = club.member_actor("ann")
    await counting(ann, RECOMMENDED % 30)  # what is shown is noted once a day

    answers, commands = zip(*[await counting(ann, RECOMMENDED % size) for size in (1, 30)], strict=True)

    assert [len(one["me"]["recommendations"]) for one in answers] == [1, 30]
    assert commands[0] == commands[1]
    assert commands[0]["find recommendations"] == 1
    assert sum(commands[1].values()) <= 24


LEDGER = """query ($first: Int) { member(externalId: "m00") { ledger(first: $first) { nodes {
    amount unit { name }
    cause { activity { type member { displayName } transfers { amount } } rule { key version } task { key } reason }
} } } }"""


async def test_a_ledger_page_with_causes(counting: Counting, full: ProgrammeUnderTest) -> None:
    for size in (1, 50):
        answer, commands = await counting(full.service, LEDGER, first=size)

        rows = answer["member"]["ledger"]["nodes"]
        assert len(rows) == size
        assert all(row["cause"]["activity"]["type"] == "buy" for row in rows)
        assert commands == {
            "find activities": 1,
            "find members": 2,
            "find programmes": 1,
            "find transfers": 2,
        }


async def test_a_members_ledger_page_for_the_member(counting: Counting, full: ProgrammeUnderTest) -> None:
    document = LEDGER.replace('member(externalId: "m00")', "me")
    _, commands = await counting(full.member_actor("m00"), document, first=50)

    assert commands == {"find activities": 1, "find members": 3, "find programmes": 1, "find transfers": 2}


async def test_a_badges_awards_with_members_and_causes(counting: Counting, full: ProgrammeUnderTest) -> None:
    document = """query ($first: Int) { badges { nodes { key awardCount name } }
        badge(key: "newcomer") { awards(first: $first) { nodes {
            badge { key name awardCount } member { displayName } cause { rule { key } activity { sourceId } } } } } }"""

    for size in (1, 50):
        answer, commands = await counting(full.moderator, document, first=size)

        assert len(answer["badge"]["awards"]["nodes"]) == size
        assert commands == {
            "aggregate badge_awards": 1,
            "find activities": 1,
            "find badge_awards": 1,
            "find members": 1,
            "find programmes": 2,
        }


async def test_progress_with_tasks_and_causes(counting: Counting, full: ProgrammeUnderTest) -> None:
    document = """query { member(externalId: "m00") {
        taskProgress { nodes { value task { key name } member { displayName } cause { activity { type } } } }
        currentTasks { value task { name } cause { activity { type } } }
        standing(leaderboard: "total") { rank member { displayName } }
    } }"""

    _, commands = await counting(full.service, document)

    assert commands == {
        "find activities": 1,
        "find members": 3,
        "find programmes": 2,
        "find task_progress": 2,
    }


async def test_many_members_standings(counting: Counting, full: ProgrammeUnderTest) -> None:
    for size in (1, 50):
        _, commands = await counting(
            full.service,
            f'{{ members(first: {size}) {{ nodes {{ standing(leaderboard: "total") {{ rank }} }} }} }}',
        )

        assert commands == {"find members": 1, "find programmes": 1}


async def test_many_nodes_at_once(counting: Counting, full: ProgrammeUnderTest) -> None:
    found = await counting(
        full.service,
        '{ members(first: 40, orderBy: {field: DISPLAY_NAME}) { nodes { id } } member(externalId: "m00") { ledger(first: 30) { nodes { id } } activities(first: 30) { nodes { id } } } }',
    )
    members, member = found[0]["members"], found[0]["member"]
    ids = [row["id"] for rows in (members, member["ledger"], member["activities"]) for row in rows["nodes"]]

    _, commands = await counting(full.service, NODES, ids=ids)

    assert commands == {"find activities": 1, "find members": 1, "find transfers": 1}


async def test_members_with_their_check_ins(counting: Counting, full: ProgrammeUnderTest) -> None:
    document = (
        "query ($n: Int!) { members(first: $n) { nodes { checkIns { streak freezes checkIn { key } } } } }"
    )
    for size in (1, 50):
        answer, commands = await counting(full.operator, document, n=size)
        assert len(answer["members"]["nodes"]) == size
        assert commands == {"find check_in_states": 1, "find members": 1, "find programmes": 2}


async def test_many_members_tiers(counting: Counting, full: ProgrammeUnderTest) -> None:
    for size in (1, 50):
        _, commands = await counting(
            full.service,
            f"{{ members(first: {size}) {{ nodes {{ tier {{ tier {{ key }} }} tiers {{ since }} }} }} }}",
        )

        # Nobody here was ever measured, so that history is asked as well.
        assert commands == {
            "aggregate transfers": 1,
            "find accounts": 1,
            "find members": 1,
            "find programmes": 2,
            "find tier_states": 1,
        }


async def test_a_statement_is_one_read(counting: Counting, full: ProgrammeUnderTest) -> None:
    for cycle in ("MONTHLY", "YEARLY"):
        _, commands = await counting(
            full.member_actor("m00"),
            f'{{ me {{ statement(unit: "points", cycle: {cycle}) {{ closing }} }} }}',
        )

        assert commands == {"aggregate transfers": 1, "find members": 1, "find programmes": 2}


async def test_tasks_with_places_for_whom_they_are_there(
    counting: Counting, programme: MakeProgramme
) -> None:
    seen = []
    for size in (1, 20):
        tasks = [
            {"key": f"t{n}", "goal": 1, "finishers": 5, "tier": {"ladder": "club", "least": "basic"}}
            for n in range(size)
        ]
        ladder = {
            "key": "club",
            "measures": [{"key": "points", "unit": "points"}],
            "tiers": [{"key": "basic"}],
        }
        club = await programme({**CLUB, "tasks": tasks, "rules": [], "ladders": [ladder], "draws": []})
        await club.join("ann")
        await club.record(club.activity("visit", "ann"))
        document = "{ tasks(first: 20) { nodes { placesLeft isGated } } me { currentTasks { value task { placesLeft } } } }"

        answer, commands = await counting(club.member_actor("ann"), document)

        assert [task["placesLeft"] for task in answer["tasks"]["nodes"]] == [5] * size
        assert len(answer["me"]["currentTasks"]) == size
        seen.append(commands)
    assert seen[0] == seen[1]


POSTS = """query ($first: Int) { posts(first: $first) { nodes { title html tags commentCount
    author { displayName avatarUrl } space { key name viewerMayWrite } reactions { reaction count } viewerReaction
    bestComments { html author { displayName } reactions { reaction count } viewerReaction } } } }"""


async def talked(programme: MakeProgramme) -> ProgrammeUnderTest:
    """Twenty members who each wrote a post, which four answered and one likes."""
    club = await programme(COMMUNITY)
    names = [f"m{number:02}" for number in range(20)]
    await club.join_all(*names)
    services = club.services
    for number, name in enumerate(names):
        new = NewPost("square", PostKind.DISCUSSION, f"Post {number}", "Words")
        post, _ = await services.posts.create(club.service, club.id_of(name), new, name)
        answering = [club.id_of(names[(number + other) % 20]) for other in range(1, 5)]
        comments = [
            await services.comments.create(club.service, one, post.id, None, "Yes", f"{number}-{one.hex()}")
            for one in answering
        ]
        for target in (Target(TargetKind.POST, post.id), Target(TargetKind.COMMENT, comments[0][0].id)):
            await services.reactions.react(club.service, club.id_of(names[(number + 7) % 20]), target, "like")
    return club


async def test_a_page_of_posts_with_all_that_stands_around_them(
    counting: Counting, programme: MakeProgramme
) -> None:
    club = await talked(programme)
    for size in (1, 20):
        answer, commands = await counting(club.member_actor("m00"), POSTS, first=size)

        nodes = answer["posts"]["nodes"]
        assert len(nodes) == size
        assert all(
            (node["commentCount"], len(node["bestComments"]), node["reactions"])
            == (4, 3, [{"reaction": "like", "count": 1}])
            for node in nodes
        )
        # The caller, authors of posts, authors of comments who wrote none of the posts. A server remembers members, and
        # that definitions are the same, for a moment.
        assert commands.pop("find members") <= 3
        assert commands == {
            "aggregate posts": 1,
            "find posts": 1,
            "find programmes": 1,
            "find reactions": 1,
            "aggregate members": 1,
            "find tier_states": 1,
        }


FEED = POSTS.replace("query (", "query ($kind: FeedKind!, ").replace("posts(first", "feed(kind: $kind, first")


@pytest.mark.parametrize(
    ("kind", "reads"),
    [
        ("LATEST", {"aggregate posts": 1, "find posts": 1}),
        ("FOLLOWING", {"aggregate posts": 1, "find posts": 1, "aggregate follows": 1}),
        ("HOT", {"aggregate posts": 2}),
    ],
)
async def test_a_page_of_a_feed_with_all_that_stands_around_it(
    graphql: GraphQL,
    endpoints: Endpoints,
    redis_store: RedisStore,
    programme: MakeProgramme,
    kind: str,
    reads: dict[str, int],
) -> None:
    club = await talked(programme)
    services = club.services
    await services.following.follow(club.service, club.id_of("m00"), Topic(space="square"))
    await services.feeds.count_due(100)
    club.clock.advance(timedelta(minutes=2))
    counter = Counter()
    counted = Mongo(endpoints.mongodb_url, "starguild_tests", listeners=[counter])

    for size in (1, 20):
        # A server that has answered the caller a moment ago, and has seen nobody else.
        server = wiring.build(
            counted, redis_store, club.clock, definitions_fresh_s=600.0, members_fresh_s=600.0
        )
        await graphql.read(club.member_actor("m00"), "{ me { id } programme { key } }", services=server)
        counter.seen.clear()
        answer = await graphql.read(
            club.member_actor("m00"), FEED, {"first": size, "kind": kind}, services=server
        )
        commands = Tally(counter.seen)

        nodes = answer["feed"]["nodes"]
        assert len(nodes) == size
        assert all(len(node["bestComments"]) == 3 for node in nodes)
        assert sum(commands.values()) <= 8, commands
        # Authors of posts, and authors of comments who wrote none of the posts.
        assert commands.pop("find members") <= 2
        assert commands == {**reads, "find reactions": 1, "aggregate members": 1, "find tier_states": 1}
    counted.close()


async def test_what_a_reader_has_not_read_costs_the_same_for_one_as_for_many(
    counting: Counting, programme: MakeProgramme
) -> None:
    club = await talked(programme)
    for size in (1, 20):
        answer, commands = await counting(
            club.member_actor("m00"),
            "query ($n: Int) { spaces(first: $n) { nodes { viewerFollows unreadCount } }"
            " posts(first: $n) { nodes { viewerFollows unreadCount isBookmarked } } }",
            n=size,
        )
        assert len(answer["posts"]["nodes"]) == size
        commands.pop("find members", None)
        assert commands == {
            "aggregate followed_posts": 1,
            "aggregate members": 1,
            "aggregate posts": 1,
            "find bookmarks": 1,
            "find community_readers": 1,
            "find followed_posts": 1,
            "find posts": 1,
            "find programmes": 1,
            "find tier_states": 1,
        }


async def test_a_page_of_what_is_found(counting: Counting, programme: MakeProgramme) -> None:
    club = await talked(programme)
    for size in (1, 20):
        answer, commands = await counting(
            club.member_actor("m00"),
            """query ($n: Int) { search(query: "post words", first: $n, kinds: [POST, COMMENT, MEMBER, SPACE]) { nodes {
                kind highlights { parts { text } } node { ... on Post { title } ... on Comment { text } } } } }""",
            n=size,
        )
        assert len(answer["search"]["nodes"]) == size
        commands.pop("find members", None)
        # Two to find the rarer word.
        assert commands == {
            "aggregate comments": 1,
            "aggregate members": 2,
            "aggregate posts": 3,
            "find posts": 1,
            "find programmes": 1,
            "find tier_states": 1,
        }


async def test_a_page_of_gatherings_is_read_with_as_many_commands_as_one(
    programme: MakeProgramme, counting: Counting
) -> None:
    club = await met(programme)
    graphql = GraphQL(club.services)
    for number in range(12):
        made = await held(graphql, club, club.member_actor("ann"), title=f"g{number}", capacity=1)
        for name in ("bob", "cyd") if number % 2 else ("cyd", "bob"):
            await rsvp(graphql, club, name, made)
    document = """query ($first: Int!) { gatherings(first: $first) { nodes {
        title onlineUrl goingCount waitingCount viewerMayManage host { displayName } space { key name }
        viewerRsvp { state waitlistPosition attendedAt member { displayName } } } } }"""

    one, few = await counting(club.member_actor("bob"), document, first=2)
    all_of_them, many = await counting(club.member_actor("bob"), document, first=12)

    assert len(all_of_them["gatherings"]["nodes"]) == 12
    positions = {node["viewerRsvp"]["waitlistPosition"] for node in all_of_them["gatherings"]["nodes"]}
    assert positions == {None, 1}
    assert len(one["gatherings"]["nodes"]) == 2
    assert many == few
    assert many["find gatherings"] == 1
    assert many["find gathering_rsvps"] == 1
    assert many["aggregate gathering_rsvps"] == 1


async def test_who_goes_is_read_with_as_many_commands_as_one_of_them(
    programme: MakeProgramme, counting: Counting
) -> None:
    club = await met(programme)
    graphql = GraphQL(club.services)
    made = await held(graphql, club)
    names = [f"m{number}" for number in range(10)]
    await club.join_all(*names)
    for name in names:
        await rsvp(graphql, club, name, made)
    document = """query ($id: ID!, $first: Int!) { gathering(id: $id) { rsvps(first: $first) {
        nodes { state since attendedAt waitlistPosition member { displayName } token { token } } } } }"""

    _, few = await counting(club.moderator, document, id=made["id"], first=1)
    answer, many = await counting(club.moderator, document, id=made["id"], first=10)

    assert len(answer["gathering"]["rsvps"]["nodes"]) == 10
    assert many == few


async def test_surveys_are_read_with_as_many_commands_as_one(
    programme: MakeProgramme, counting: Counting
) -> None:
    surveys = [{**FEEDBACK, "key": f"s{number}"} for number in range(10)]
    club = await programme({**SURVEYS, "surveys": surveys})
    await club.join("ann")
    document = """query ($first: Int!) { surveys(first: $first) { nodes { key name state viewerMayAnswerAt answerCount
        viewerResponse { number answers { question } } questions { key options { key } shownIf { question } } } } }"""
    for actor in (club.member_actor("ann"), club.operator):
        _, few = await counting(actor, document, first=1)
        answer, many = await counting(actor, document, first=10)
        assert len(answer["surveys"]["nodes"]) == 10
        assert many == few


async def test_complaints_are_read_with_as_many_commands_as_one(
    programme: MakeProgramme, counting: Counting
) -> None:
    club = await programme(CLUB)
    for number in range(6):
        await club.join(f"m{number}")
        await complained(club, f"m{number}")
    document = """query ($first: Int!) { complaints(first: $first) { nodes { state dueAt text assignee
        category { key name } member { displayName } rating { score } } } }"""
    _, few = await counting(club.moderator, document, first=1)
    answer, many = await counting(club.moderator, document, first=6)
    assert len(answer["complaints"]["nodes"]) == 6
    assert many == few
    assert sum(many.values()) <= 3


async def test_an_inbox_is_read_with_as_many_commands_as_one_notification(
    graphql: GraphQL, programme: MakeProgramme, counting: Counting
) -> None:
    desk = await moderated(graphql, programme, "ann", *(f"m{number}" for number in range(6)))
    for number in range(6):
        post = await desk.post("ann", f"Post {number}")
        await desk.comment(f"m{number}", post)
        await desk.react(f"m{number}", post)
    await tell_members(desk.club)
    document = """query ($first: Int!) { me { notifications(first: $first) { nodes { title body
        count actors { displayName } post { title } comment { text } } } } }"""
    ann = desk.club.member_actor("ann")
    _, few = await counting(ann, document, first=7)  # the reactions, and one of the comments
    answer, many = await counting(ann, document, first=12)
    assert len(answer["me"]["notifications"]["nodes"]) == 12
    assert many == few
    _, unread = await counting(ann, "{ me { unreadNotifications } }")
    assert sum(unread.values()) <= sum(few.values())


WATCHED = {
    "postUpdated": "subscription ($id: ID!) { postUpdated(ids: [$id]) { post { title commentCount author { displayName } reactions { count } viewerReaction } } }",
    "commentAdded": "subscription ($id: ID!) { commentAdded(postId: $id) { post { commentCount } comments { text author { displayName } viewerReaction } } }",
    "feedUpdated": "subscription { feedUpdated { posts { title author { displayName } viewerReaction } } }",
}


@pytest.mark.parametrize("field", WATCHED)
async def test_what_many_watch_is_read_once(counting: Counting, programme: MakeProgramme, field: str) -> None:
    club = await programme(COMMUNITY)
    names = [f"m{number:02}" for number in range(20)]
    await club.join_all("ann", *names)
    new = NewPost("square", PostKind.DISCUSSION, "A post", "Words")
    post, _ = await club.services.posts.create(club.service, club.id_of("ann"), new, "a")
    sent = []
    async with counting.told() as graphql:
        for watchers in (1, len(names)):
            async with AsyncExitStack() as stack:
                streams = [
                    await stack.enter_async_context(
                        graphql.subscribe(
                            club.member_actor(name), WATCHED[field], {"id": encode_id("Post", post.id)}
                        )
                    )
                    for name in names[:watchers]
                ]
                for stream in streams:
                    await stream.data()
                told = asyncio.gather(*(stream.data() for stream in streams))
                await asyncio.sleep(2.1)  # until all of them wait to be woken by one bell
                counting.seen.clear()
                key = f"{field} {watchers}"
                if field == "feedUpdated":
                    await club.services.posts.create(club.service, club.id_of("ann"), new, key)
                else:
                    await club.services.comments.create(
                        club.service, club.id_of("ann"), post.id, None, "Yes", key
                    )
                await told
                sent.append(len(counting.seen))
    assert sent[1] < 3 * sent[0], sent


async def test_what_versions_changed_is_read_with_as_many_commands_as_one(
    programme: MakeProgramme, counting: Counting
) -> None:
    club = await programme(COMMUNITY)
    await club.join("ann")
    posts = club.services.posts
    new = NewPost("square", PostKind.DISCUSSION, "Edited", "word 0")
    post, _ = await posts.create(club.service, club.id_of("ann"), new, "edited")
    for number in range(1, 12):
        change = PostChange(body=f"word {number}")
        post = await posts.edit(club.service, club.id_of("ann"), post.id, post.version, change)
    document = """query ($id: ID!, $first: Int!) { post(id: $id) { revisions(first: $first) {
        nodes { version body editor { displayName } diff { kind text } } } } }"""
    gid = encode_id("Post", post.id)

    _, few = await counting(club.member_actor("ann"), document, id=gid, first=1)
    answer, many = await counting(club.member_actor("ann"), document, id=gid, first=10)

    # Each is compared with the one before it, also where that is on the next page.
    assert [
        [part["text"] for part in one["diff"] if part["kind"] != "SAME"]
        for one in answer["post"]["revisions"]["nodes"]
    ] == [[str(number - 1), str(number)] for number in range(11, 1, -1)]
    assert many == few
    assert (many["find post_revisions"], many["aggregate post_revisions"]) == (1, 1)
