"""How many commands a read sends to MongoDB: the same for one row as for fifty."""

from collections import Counter as Tally
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pymongo import monitoring

from community import services as wiring
from community.posts.service import NewPost
from community.reactions.model import Target, TargetKind
from community.services import Services
from gamification.programmes.definitions import PostKind
from storage.embedded import Endpoints
from storage.mongo import Mongo
from storage.redis import RedisStore
from tests.community_world import COMMUNITY
from tests.conftest import MakeProgramme
from tests.resolvers.harness import CLUB, GraphQL
from tests.resolvers.test_nodes import NODES
from tests.support import Clock, ProgrammeUnderTest


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
            "find programmes": 3,
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


async def test_a_page_of_posts_with_all_that_stands_around_them(
    counting: Counting, programme: MakeProgramme
) -> None:
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
