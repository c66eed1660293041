"""Points given to other members and to good causes: `givePoints`, `donatePoints`, `causes`."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from community.services import Services
from gamification.members.model import Standing
from gamification.verification.service import VerificationService
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid, refused, succeeded, typed
from tests.resolvers.test_unit_policies import document, entries
from tests.support import ProgrammeUnderTest

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CAUSES = [
    {"key": "trees", "name": {"en": "Trees", "zh": "种树"}, "unit": "points", "cap": 100, "least": 5},
    {"key": "sea", "unit": "points"},
    {"key": "later", "unit": "points", "status": "draft"},
]


@pytest.fixture
async def town(programme: MakeProgramme) -> ProgrammeUnderTest:
    """Ann has 30 points until 12 December and 50 until 22 December; 60 may be given a day, 40 at a time."""
    stated = document(expiry={"after": "P1M"}, gifts={"daily": 60, "most": 40})
    stated["units"].append({"key": "gems"})
    club = await programme({**stated, "causes": CAUSES}, lateness="unlimited")
    club.clock.now = NOON
    await club.join("ann", display_name="Ann")
    await club.join("bob", display_name="Bob")
    await club.do("buy", "ann", amount=50)
    await club.do("buy", "ann", amount=30, at=NOON - timedelta(days=10))
    return club


def gift(club: ProgrammeUnderTest, amount: int, key: str = "g", **more: Any) -> dict[str, Any]:
    stated = {
        "receiverId": member_gid(club, "bob"),
        "unit": "points",
        "amount": amount,
        "idempotencyKey": key,
    }
    return {**stated, **more}


async def is_sound(club: ProgrammeUnderTest) -> None:
    assert (await VerificationService(club.services).verify(club.key)).differences == []


async def test_points_given_are_the_others_and_keep_their_expiry(
    graphql: GraphQL, town: ProgrammeUnderTest
) -> None:
    selection = """replayed balance { active spent } transfer { kind amount cause { reason }
        counterparty { displayName } }"""
    answer = await graphql.done(
        town.member_actor("ann"), "givePoints", gift(town, 35, message="for lunch"), selection
    )
    received = await graphql.read(
        town.member_actor("bob"),
        "{ me { ledger { nodes { kind amount cause { reason } counterparty { displayName } } } } }",
    )

    assert answer["balance"] == {"active": 45, "spent": 35}
    assert answer["transfer"] == {
        "kind": "GIVEN",
        "amount": -35,
        "cause": {"reason": "for lunch"},
        "counterparty": {"displayName": "Bob"},
    }
    assert received["me"]["ledger"]["nodes"] == [
        {
            "kind": "RECEIVED",
            "amount": 35,
            "cause": {"reason": "for lunch"},
            "counterparty": {"displayName": "Ann"},
        }
    ]
    ann, bob = await town.account("ann", "points"), await town.account("bob", "points")
    assert ann is not None
    assert bob is not None
    assert [lot.amount for lot in bob.lots] == [30, 5]
    assert bob.lots[1].expires_at == ann.lots[0].expires_at
    await is_sound(town)


async def test_the_same_key_gives_once(graphql: GraphQL, town: ProgrammeUnderTest) -> None:
    ann = town.member_actor("ann")

    answers = await asyncio.gather(
        *(graphql.done(ann, "givePoints", gift(town, 10), "replayed") for _ in range(5))
    )
    typed(await graphql.mutate(ann, "givePoints", gift(town, 11)), "IdempotencyConflictError")

    assert sorted(answer["replayed"] for answer in answers) == [False] + [True] * 4
    assert (await town.balance("ann", "points"), await town.balance("bob", "points")) == (70, 10)


async def test_a_days_limit_holds_for_many_at_once_and_begins_anew(
    graphql: GraphQL, town: ProgrammeUnderTest
) -> None:
    ann = town.member_actor("ann")

    results = await asyncio.gather(
        *(graphql.mutate(ann, "givePoints", gift(town, 20, f"g{n}")) for n in range(8))
    )
    names = [succeeded(result)["givePoints"]["__typename"] for result in results]
    late = typed(
        await graphql.mutate(ann, "givePoints", gift(town, 1, "late")), "ConflictError", "GIFT_LIMIT"
    )
    town.clock.advance(timedelta(hours=12))
    await graphql.done(ann, "givePoints", gift(town, 20, "next"))

    assert (names.count("GivePointsSuccess"), names.count("ConflictError")) == (3, 5)
    assert late["path"] == ["amount"]
    assert (await town.balance("ann", "points"), await town.balance("bob", "points")) == (0, 80)
    await is_sound(town)


async def test_both_are_told(graphql: GraphQL, town: ProgrammeUnderTest, live: Services) -> None:
    told = "subscription { myProgress { __typename ... on PointsPosted { transfer { kind amount } } } }"
    async with graphql.subscribe(town.member_actor("bob"), told) as stream:
        await stream.data()
        await graphql.done(town.member_actor("ann"), "givePoints", gift(town, 10))
        assert (await stream.data())["transfer"] == {"kind": "RECEIVED", "amount": 10}


async def test_givers_to_each_other_at_once_lose_nothing(graphql: GraphQL, town: ProgrammeUnderTest) -> None:
    await town.do("buy", "bob", amount=80)
    back = {"receiverId": member_gid(town, "ann")}

    results = await asyncio.gather(
        *(
            graphql.mutate(
                town.member_actor("bob" if n % 2 else "ann"),
                "givePoints",
                gift(town, 10, f"g{n}", **(back if n % 2 else {})),
            )
            for n in range(12)
        )
    )

    assert {succeeded(result)["givePoints"]["__typename"] for result in results} == {"GivePointsSuccess"}
    assert (await town.balance("ann", "points"), await town.balance("bob", "points")) == (80, 80)
    await is_sound(town)


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"amount": 0}, "InvalidInputError", "amount"),
    ({"amount": 41}, "InvalidInputError", "amount"),
    ({"message": ""}, "InvalidInputError", "message"),
    ({"unit": "gems"}, "InvalidInputError", "unit"),
    ({"unit": "nope"}, "NotFoundError", "unit"),
    ({"receiverId": "nobody"}, "NotFoundError", "receiverId"),
    ({"idempotencyKey": ""}, "InvalidInputError", "idempotencyKey"),
]


@pytest.mark.parametrize(("changed", "kind", "path"), BAD)
async def test_refuses_a_gift_that_makes_no_sense(
    graphql: GraphQL, town: ProgrammeUnderTest, changed: dict[str, Any], kind: str, path: str
) -> None:
    answer = await graphql.mutate(town.member_actor("ann"), "givePoints", {**gift(town, 1), **changed})

    typed(answer, kind, path=path)
    assert await town.balance("ann", "points") == 80


async def test_not_to_oneself_nor_the_banned_nor_across_programmes(
    graphql: GraphQL, town: ProgrammeUnderTest, programme: MakeProgramme
) -> None:
    ann = town.member_actor("ann")
    other = await programme(document())
    await other.join("eve")
    await town.services.moderation.set_standing(town.moderator, town.id_of("bob"), Standing.BANNED, "spam")

    own = {"receiverId": member_gid(town, "ann")}
    typed(
        await graphql.mutate(ann, "givePoints", gift(town, 1, **own)), "InvalidInputError", path="receiverId"
    )
    typed(await graphql.mutate(ann, "givePoints", gift(town, 1)), "NotFoundError", path="receiverId")
    there = {"receiverId": member_gid(other, "eve")}
    typed(await graphql.mutate(ann, "givePoints", gift(town, 1, **there)), "NotFoundError", path="receiverId")
    by_service = gift(town, 1, memberId=member_gid(town, "bob"), receiverId=member_gid(town, "ann"))
    typed(await graphql.mutate(town.service, "givePoints", by_service), "InvalidInputError", "MEMBER_BANNED")
    refused(await graphql.mutate(town.member_actor("bob"), "givePoints", gift(town, 1, **own)), "FORBIDDEN")
    assert await town.balance("ann", "points") == 80


async def test_not_more_than_there_is(graphql: GraphQL, town: ProgrammeUnderTest) -> None:
    back = {"receiverId": member_gid(town, "ann")}

    short = typed(
        await graphql.mutate(town.member_actor("bob"), "givePoints", gift(town, 1, **back)),
        "InsufficientPointsError",
    )
    donated = {"cause": "sea", "amount": 1, "idempotencyKey": "d"}
    typed(await graphql.mutate(town.member_actor("bob"), "donatePoints", donated), "InsufficientPointsError")

    assert (short["available"], short["requested"]) == (0, 1)


async def test_a_donation_is_counted_and_shown(graphql: GraphQL, town: ProgrammeUnderTest) -> None:
    stated = {"cause": "trees", "amount": 30, "idempotencyKey": "d"}
    selection = "replayed transfer { kind amount } balance { active spent } cause { raised }"
    first = await graphql.done(town.member_actor("ann"), "donatePoints", stated, selection)
    again = await graphql.done(town.member_actor("ann"), "donatePoints", stated, selection)
    listed = await graphql.read(
        town.member_actor("bob"), "{ causes { key name unit { key } cap least raised } }"
    )

    assert first == {
        "__typename": "DonatePointsSuccess",
        "replayed": False,
        "transfer": {"kind": "DONATED", "amount": -30},
        "balance": {"active": 50, "spent": 30},
        "cause": {"raised": 30},
    }
    assert again == {**first, "replayed": True}
    unit = {"key": "points"}
    assert listed["causes"] == [
        {"key": "trees", "name": "Trees", "unit": unit, "cap": 100, "least": 5, "raised": 30},
        {"key": "sea", "name": "sea", "unit": unit, "cap": None, "least": 1, "raised": 0},
    ]
    assert (await entries(graphql, town))[-1] == ("DONATED", -30, 0)
    await is_sound(town)


async def test_many_donors_at_once_raise_no_more_than_the_cap(
    graphql: GraphQL, town: ProgrammeUnderTest
) -> None:
    names = [f"m{n}" for n in range(15)]
    await town.join_all(*names)
    await town.record(*(town.activity("buy", name, amount=10) for name in names))

    results = await asyncio.gather(
        *(
            graphql.mutate(
                town.member_actor(name),
                "donatePoints",
                {"cause": "trees", "amount": 10, "idempotencyKey": "d"},
            )
            for name in names
        )
    )

    kinds = [succeeded(result)["donatePoints"]["__typename"] for result in results]
    assert (kinds.count("DonatePointsSuccess"), kinds.count("ConflictError")) == (10, 5)
    answer = await graphql.read(town.member_actor("ann"), "{ causes { raised } }")
    assert [cause["raised"] for cause in answer["causes"]] == [100, 0]
    await is_sound(town)


@pytest.mark.parametrize(
    ("stated", "kind", "path"),
    [
        ({"amount": 4}, "InvalidInputError", "amount"),
        ({"amount": 0}, "InvalidInputError", "amount"),
        ({"amount": 101}, "ConflictError", "amount"),
        ({"cause": "later"}, "NotFoundError", "cause"),
        ({"cause": "nope"}, "NotFoundError", "cause"),
    ],
)
async def test_refuses_a_donation_that_makes_no_sense(
    graphql: GraphQL, town: ProgrammeUnderTest, stated: dict[str, Any], kind: str, path: str
) -> None:
    given = {"cause": "trees", "amount": 10, "idempotencyKey": "d", **stated}

    typed(await graphql.mutate(town.member_actor("ann"), "donatePoints", given), kind, path=path)

    assert await town.balance("ann", "points") == 80
