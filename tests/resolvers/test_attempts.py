"""Attempts on a board: so many scores of a member count in a period, and `grantAttempts` gives more."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from gamification.kit.errors import InvalidInput
from gamification.verification.service import VerificationService
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid, refused, stated_activity, typed
from tests.support import ProgrammeUnderTest

TRIALS: dict[str, Any] = {
    "key": "trials",
    "operator": "best",
    "subscore": True,
    "cycle": "daily",
    "attempts": 3,
}
DOCUMENT: dict[str, Any] = {
    "units": [{"key": "coins"}],
    "activity_types": [{"key": "run"}],
    "leaderboards": [TRIALS, {"key": "free", "operator": "best"}],
    "rules": [
        {
            "key": "r",
            "on": ["run"],
            "effects": [
                {"score": {"board": "trials", "value": "activity.v", "subscore": "activity.s"}},
                {"score": {"board": "free", "value": "activity.v"}},
                {"points": {"unit": "coins", "amount": 1}},
            ],
        }
    ],
}
ATTEMPTS = """query ($id: ID!) { member(id: $id) { attempts(leaderboard: "trials") { used granted left }
    free: attempts(leaderboard: "free") { used } } }"""


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    made = await programme(DOCUMENT)
    await made.join_all("ann", "bob")
    return made


async def used(graphql: GraphQL, club: ProgrammeUnderTest, name: str = "ann") -> tuple[int, int, int]:
    answer = await graphql.read(club.member_actor(name), ATTEMPTS, {"id": member_gid(club, name)})
    assert answer["member"]["free"] is None
    attempts = answer["member"]["attempts"]
    return attempts["used"], attempts["granted"], attempts["left"]


async def best(club: ProgrammeUnderTest, name: str = "ann") -> tuple[int, int] | None:
    own = (await club.page("trials", viewer=name)).viewer
    return (own.score, own.subscore) if own else None


async def sound(club: ProgrammeUnderTest) -> None:
    assert (await VerificationService(club.services).verify(club.key)).differences == []


def grant(club: ProgrammeUnderTest, **more: Any) -> dict[str, Any]:
    stated = {"leaderboard": "trials", "attempts": 2, "reason": "r", "idempotencyKey": "k"}
    return {"memberId": member_gid(club, "ann"), **stated, **more}


async def test_every_score_is_an_attempt_and_the_best_pair_stands(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    assert await used(graphql, club) == (0, 0, 3)
    # The best score and the best subscore never meet unless they were reached together.
    for value, subscore in ((5, 1), (3, 9), (5, 0)):
        await club.do("run", "ann", v=value, s=subscore)

    assert await best(club) == (5, 1)
    assert await used(graphql, club) == (3, 0, 0)
    await sound(club)


async def test_a_score_beyond_the_last_attempt_does_not_count_and_says_so(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    runs = [
        stated_activity(
            "run", "ann", f"r{n}", club.clock.now - timedelta(seconds=1), properties={"v": n, "s": 0}
        )
        for n in range(5)
    ]
    selection = (
        "recorded outcomes { status activity { unscored { leaderboard reason } transfers { amount } } }"
    )
    answer = await graphql.done(club.service, "recordActivities", {"activities": runs}, selection)

    assert answer["recorded"] == 5
    unscored = [outcome["activity"]["unscored"] for outcome in answer["outcomes"]]
    assert unscored == [[], [], []] + [[{"leaderboard": "trials", "reason": "NO_ATTEMPT_LEFT"}]] * 2
    assert {len(outcome["activity"]["transfers"]) for outcome in answer["outcomes"]} == {1}
    assert await best(club) == (2, 0)
    assert await used(graphql, club) == (3, 0, 0)
    await sound(club)


async def test_each_member_and_each_period_has_its_own(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    for _ in range(4):
        await club.do("run", "ann", v=1, s=0)
    assert await used(graphql, club, "bob") == (0, 0, 3)
    club.clock.advance(timedelta(days=1))

    assert await used(graphql, club) == (0, 0, 3)
    assert (await club.do("run", "ann", v=1, s=0)).unscored == ()


async def test_staff_grant_more_once_a_key(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    for _ in range(3):
        await club.do("run", "ann", v=1, s=0)
    selection = "attempts { used granted left } replayed"
    first = await graphql.done(club.moderator, "grantAttempts", grant(club), selection)
    again = await graphql.done(club.moderator, "grantAttempts", grant(club), selection)

    assert first == {**first, "attempts": {"used": 3, "granted": 2, "left": 2}, "replayed": False}
    assert again == {**first, "replayed": True}
    assert await used(graphql, club) == (3, 2, 2)
    for value in (7, 8, 9):
        await club.do("run", "ann", v=value, s=0)
    assert await best(club) == (8, 0)
    await sound(club)


async def test_attempts_may_be_granted_before_the_first(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await graphql.done(club.service, "grantAttempts", grant(club))

    assert await used(graphql, club) == (0, 2, 5)
    assert await club.ranking("trials") == []
    await sound(club)


@pytest.mark.parametrize(
    ("stated", "kind", "path"),
    [
        ({"attempts": 0}, "InvalidInputError", "attempts"),
        ({"attempts": 1001}, "InvalidInputError", "attempts"),
        ({"reason": ""}, "InvalidInputError", "reason"),
        ({"leaderboard": "free"}, "InvalidInputError", "leaderboard"),
        ({"leaderboard": "nope"}, "NotFoundError", "leaderboard"),
        ({"memberId": "TWVtYmVyOjAwMDA"}, "NotFoundError", "memberId"),
        ({"period": "nope"}, "InvalidInputError", "period"),
    ],
)
async def test_refuses_a_grant_that_makes_no_sense(
    graphql: GraphQL, club: ProgrammeUnderTest, stated: dict[str, Any], kind: str, path: str
) -> None:
    typed(await graphql.mutate(club.operator, "grantAttempts", grant(club, **stated)), kind, path=path)


async def test_a_key_that_was_used_otherwise_is_refused(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await graphql.done(club.operator, "grantAttempts", grant(club))
    result = await graphql.mutate(club.operator, "grantAttempts", grant(club, attempts=3))

    typed(result, "IdempotencyConflictError", "IDEMPOTENCY_CONFLICT")


async def test_no_attempts_for_a_period_that_is_closed(graphql: GraphQL, programme: MakeProgramme) -> None:
    board = {**TRIALS, "settles_after": "PT1H", "time_zone": "UTC"}
    club = await programme({**DOCUMENT, "leaderboards": [board, DOCUMENT["leaderboards"][1]]})
    await club.join("ann")
    day = (club.clock.now - timedelta(days=2)).date().isoformat()

    result = await graphql.mutate(club.operator, "grantAttempts", grant(club, period=day))
    typed(result, "ConflictError", path="period")


async def test_attempts_are_the_members_own(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    result = await graphql(club.member_actor("bob"), ATTEMPTS, {"id": member_gid(club, "ann")})

    assert {(error.extensions or {})["code"] for error in result.errors or []} == {"FORBIDDEN"}
    refused(await graphql.mutate(club.member_actor("ann"), "grantAttempts", grant(club)), "FORBIDDEN")


async def test_a_reversal_gives_the_attempt_back(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    runs = [await club.do("run", "ann", v=value, s=0) for value in (4, 9, 5)]
    await club.reverse(runs[1])

    assert await used(graphql, club) == (2, 0, 1)
    assert await best(club) == (5, 0)
    await sound(club)
    await club.do("run", "ann", v=7, s=0)
    assert (await club.do("run", "ann", v=8, s=0)).unscored != ()
    assert await best(club) == (7, 0)
    await sound(club)


async def test_many_at_once_use_no_more_than_there_are(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    grants = [graphql.mutate(club.service, "grantAttempts", grant(club)) for _ in range(4)]
    granting = asyncio.gather(*grants)
    recorded = await asyncio.gather(*(club.record(club.activity("run", "ann", v=1, s=0)) for _ in range(12)))
    await granting
    unscored = [
        outcome.activity.unscored for outcomes in recorded for outcome in outcomes if outcome.activity
    ]

    spent, granted, left = await used(graphql, club)
    assert (granted, left) == (2, 5 - spent)
    assert 3 <= spent <= 5
    assert sum(1 for one in unscored if not one) == spent
    await sound(club)


async def test_attempts_are_counted_from_the_beginning_or_never(club: ProgrammeUnderTest) -> None:
    await club.apply(
        {**DOCUMENT, "leaderboards": [{**TRIALS, "attempts": 4}, {"key": "free", "operator": "best"}]}
    )
    for trials, free in (({}, {}), (TRIALS, {"attempts": 2})):
        boards = [
            {**TRIALS, "attempts": None, **trials},
            {"key": "free", "operator": "best", **free},
        ]
        with pytest.raises(InvalidInput, match="attempts"):
            await club.apply({**DOCUMENT, "leaderboards": boards})


async def test_points_are_no_attempts(programme: MakeProgramme) -> None:
    club = await programme({})
    rule = {
        "key": "r",
        "on": ["run"],
        "effects": [{"points": {"unit": "coins", "amount": 1, "boards": ["b"]}}],
    }
    with pytest.raises(InvalidInput, match="counts attempts"):
        await club.apply({**DOCUMENT, "leaderboards": [{"key": "b", "attempts": 2}], "rules": [rule]})
