"""`myProgress`: the present state, then all that happens, numbered without a gap; nothing is lost in between."""

import asyncio
from typing import Any

from tests.resolvers.harness import GraphQL, Stream, member_gid, refused
from tests.support import ProgrammeUnderTest

PROGRESS = """subscription ($after: Long) { myProgress(after: $after) {
    __typename
    ... on ProgressSnapshot {
        last: sequence
        balances { active unit { key } }
        tasks { value goal task { key } }
        badges { badge { key } }
    }
    ... on ProgressEvent { sequence at }
    ... on PointsPosted { transfer { amount balanceAfter unit { key } cause { rule { key } activity { sourceId } } } }
    ... on TaskMoment { period value goal task { key name } }
    ... on BadgeAwarded { award { badge { key } occurrence } }
    ... on BadgeRevoked { award { badge { key } revokedAt revocation { reason } } }
} }"""


def told(message: dict[str, Any]) -> tuple[Any, ...]:
    """A message in short."""
    kind = message["__typename"]
    if kind == "PointsPosted":
        return kind, message["transfer"]["unit"]["key"], message["transfer"]["amount"]
    if kind in ("TaskAdvanced", "TaskCompleted"):
        return kind, message["task"]["key"], message["value"], message["goal"]
    return kind, message["award"]["badge"]["key"]


async def take(stream: Stream, count: int) -> list[dict[str, Any]]:
    return [await stream.data() for _ in range(count)]


FIRST_VISIT = [
    ("PointsPosted", "points", 5),
    ("TaskAdvanced", "regular", 1, 2),
    ("TaskAdvanced", "collector", 1, 3),
    ("BadgeAwarded", "newcomer"),
]


async def test_begins_with_the_present_state(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.do("visit", "ann")

    async with graphql.subscribe(club.member_actor("ann"), PROGRESS) as progress:
        snapshot = await progress.data()

    assert snapshot == {
        "__typename": "ProgressSnapshot",
        "last": 4,
        "balances": [{"active": 5, "unit": {"key": "points"}}, {"active": 0, "unit": {"key": "gems"}}],
        "tasks": [
            {"value": 1, "goal": 2, "task": {"key": "regular"}},
            {"value": 1, "goal": 3, "task": {"key": "collector"}},
        ],
        "badges": [{"badge": {"key": "newcomer"}}],
    }


async def test_tells_what_happens_in_order_and_without_a_gap(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    async with graphql.subscribe(club.member_actor("ann"), PROGRESS) as progress:
        assert (await progress.data())["last"] == 0
        await club.do("visit", "ann", source_id="v1")
        first = await take(progress, 4)
        await club.do("visit", "ann", source_id="v2")
        second = await take(progress, 6)
        await club.do("visit", "bob")
        assert await progress.until_quiet(0.2) == []

    assert [told(message) for message in first] == FIRST_VISIT
    assert first[0]["transfer"]["cause"] == {"rule": {"key": "visits"}, "activity": {"sourceId": "v1"}}
    assert sorted(told(message) for message in second) == sorted(
        [
            ("PointsPosted", "points", 5),
            ("PointsPosted", "points", 100),
            ("TaskAdvanced", "regular", 2, 2),
            ("TaskCompleted", "regular", 2, 2),
            ("BadgeAwarded", "faithful"),
            ("TaskAdvanced", "collector", 2, 3),
        ]
    )
    assert [message["sequence"] for message in first + second] == list(range(1, 11))


async def test_nothing_is_missing_after_a_reconnect(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann = club.member_actor("ann")
    async with graphql.subscribe(ann, PROGRESS) as progress:
        await progress.data()
        await club.do("visit", "ann")
        seen = await take(progress, 2)
    await club.do("like", "ann", subject="post:1")
    await club.do("like", "ann", subject="post:2")

    async with graphql.subscribe(ann, PROGRESS, {"after": seen[-1]["sequence"]}) as progress:
        snapshot = await progress.data()
        missed = await take(progress, 4)
        await club.do("like", "ann", subject="post:3")
        news = await progress.data()

    assert snapshot["last"] == 6
    assert [told(message) for message in missed] == [
        *FIRST_VISIT[2:],
        ("BadgeAwarded", "liked"),
        ("BadgeAwarded", "liked"),
    ]
    assert [message["sequence"] for message in [*seen, *missed, news]] == list(range(1, 8))


async def test_replays_from_the_beginning_and_never_beyond_the_end(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.do("visit", "ann")

    for after in (0, -5):
        async with graphql.subscribe(club.member_actor("ann"), PROGRESS, {"after": after}) as progress:
            await progress.data()
            assert [message["sequence"] for message in await take(progress, 4)] == [1, 2, 3, 4]
    async with graphql.subscribe(club.member_actor("ann"), PROGRESS, {"after": 2**53 - 1}) as progress:
        await progress.data()
        await club.do("like", "ann", subject="post:1")
        assert (await progress.data())["sequence"] == 5


async def test_much_at_once_arrives_whole(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    async with graphql.subscribe(club.member_actor("ann"), PROGRESS) as progress:
        await progress.data()
        await asyncio.gather(
            *(club.record(*(club.activity("buy", "ann", amount=1) for _ in range(20))) for _ in range(15))
        )
        messages = await take(progress, 300)

    assert [message["sequence"] for message in messages] == list(range(1, 301))
    assert [message["transfer"]["balanceAfter"] for message in messages] == list(range(1, 301))


async def test_tells_of_claims_and_revocations(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.record(*(club.activity("visit", "ann") for _ in range(3)))
    revoking = {
        "memberId": member_gid(club, "ann"),
        "badge": "newcomer",
        "reason": "a mix-up",
        "idempotencyKey": "k",
    }

    async with graphql.subscribe(club.member_actor("ann"), PROGRESS) as progress:
        await progress.data()
        await graphql.done(
            club.member_actor("ann"), "claimTask", {"task": "collector", "idempotencyKey": "k"}
        )
        claimed = await take(progress, 2)
        await graphql.done(club.moderator, "revokeBadge", revoking)
        revoked = await progress.data()

    assert sorted(told(message) for message in claimed) == [
        ("PointsPosted", "gems", 7),
        ("TaskAdvanced", "collector", 3, 3),
    ]
    assert told(revoked) == ("BadgeRevoked", "newcomer")
    assert revoked["award"]["revocation"] == {"reason": "a mix-up"}
    assert revoked["award"]["revokedAt"] is not None


async def test_a_reversal_is_told_too(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    done = await club.do("visit", "ann")

    async with graphql.subscribe(club.member_actor("ann"), PROGRESS) as progress:
        await progress.data()
        await club.reverse(done, "a fake")
        messages = await take(progress, 4)

    assert sorted(told(message) for message in messages) == sorted(
        [
            ("PointsPosted", "points", -5),
            ("TaskAdvanced", "regular", 0, 2),
            ("TaskAdvanced", "collector", 0, 3),
            ("BadgeRevoked", "newcomer"),
        ]
    )


async def test_a_member_who_is_banned_is_ended_at_once(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    stated = {"memberId": member_gid(club, "ann"), "standing": "BANNED", "reason": "r"}

    async with graphql.subscribe(club.member_actor("ann"), PROGRESS) as progress:
        await progress.data()
        await graphql.done(club.moderator, "setMemberStanding", stated)
        refused(await progress.result(), "FORBIDDEN")
    async with graphql.subscribe(club.member_actor("ann"), PROGRESS) as progress:
        refused(await progress.result(), "FORBIDDEN")


async def test_who_is_no_member_has_no_progress(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    for actor in (club.member_actor("stranger"), club.moderator, club.operator, club.service):
        async with graphql.subscribe(actor, PROGRESS) as progress:
            refused(await progress.result(), "NOT_FOUND")
    async with graphql.subscribe(None, PROGRESS) as progress:
        refused(await progress.result(), "UNAUTHENTICATED")


async def test_refuses_a_number_that_is_none(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    for after in (float("nan"), 2**53, "4"):
        async with graphql.subscribe(club.member_actor("ann"), PROGRESS, {"after": after}) as progress:
            refused(await progress.result(), "INVALID_INPUT" if after == "4" else "NOT_EXACT", field="after")
