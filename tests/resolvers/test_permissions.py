"""Every mutation of the schema against every role and no token at all; the denied ones wrote nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from gamification.kit.actors import Actor, Role
from gamification.programmes.definitions import Status
from gamification.services import INDEXES
from storage.mongo import Mongo
from tests.resolvers.harness import (
    CLUB,
    CORE,
    GraphQL,
    member_gid,
    refused,
    stated_activity,
    succeeded,
    typed,
)
from tests.support import SOURCE, ProgrammeUnderTest

M, D, O, S = Role.MEMBER, Role.MODERATOR, Role.OPERATOR, Role.SERVICE  # noqa: E741 - columns of a table
Make = Callable[[ProgrammeUnderTest], dict[str, Any]]


def points(club: ProgrammeUnderTest, **more: Any) -> dict[str, Any]:
    return {"unit": "points", "amount": 1, "reason": "r", "idempotencyKey": "k", **more}


def on_bob(club: ProgrammeUnderTest, **more: Any) -> dict[str, Any]:
    return {"memberId": member_gid(club, "bob"), **more}


def badge(club: ProgrammeUnderTest, key: str) -> dict[str, Any]:
    return on_bob(club, badge=key, reason="r", idempotencyKey="k")


TABLE: dict[str, list[tuple[str, Make, set[Role]]]] = {
    "joinProgramme": [
        ("oneself", lambda _: {}, {M, S}),
        ("another", lambda _: {"externalId": "cec"}, {S}),
    ],
    "updateProfile": [
        ("one's own", lambda _: {"displayName": "New"}, {M}),
        ("another's", lambda club: on_bob(club, displayName="New"), {O, S}),
    ],
    "setMemberStanding": [
        ("another's", lambda club: on_bob(club, standing="BANNED", reason="r"), {D, O}),
    ],
    "recordActivities": [
        (
            "of a member",
            lambda club: {"activities": [stated_activity("visit", "ann", "new", club.clock.now - timedelta(seconds=1))]},
            {S},
        ),
    ],
    "reverseActivity": [("of a member", lambda _: {"source": SOURCE, "sourceId": "old"}, {O, S})],
    "adjustPoints": [("another's", lambda club: points(club, memberId=member_gid(club, "bob")), {O, S})],
    "spendPoints": [
        ("one's own", points, {M}),
        ("another's", lambda club: points(club, memberId=member_gid(club, "bob")), {S}),
    ],
    "claimTask": [
        ("one's own", lambda _: {"task": "collector", "idempotencyKey": "k"}, {M}),
        ("another's", lambda club: on_bob(club, task="collector", idempotencyKey="k"), {S}),
    ],
    "awardBadge": [("to another", lambda club: badge(club, "champion"), {D, O, S})],
    "revokeBadge": [("from another", lambda club: badge(club, "newcomer"), {D, O, S})],
    "applyProgramme": [("a change", lambda club: {"document": {**CLUB, "programme": {"key": club.key}}}, {O})],
    "createDefinition": [("a badge", lambda _: {"kind": "BADGE", "definition": {"key": "new"}}, {O})],
    "updateDefinition": [("a badge", lambda _: {"kind": "BADGE", "definition": {"key": "champion"}}, {O})],
    "publishDefinition": [("a badge", lambda _: {"kind": "BADGE", "key": "draft"}, {O})],
    "archiveDefinition": [("a badge", lambda _: {"kind": "BADGE", "key": "champion"}, {O})],
}  # fmt: skip
"""For each mutation what is tried, and who may. What members alone may do for themselves needs a member."""

ROWS = [pytest.param(field, *row, id=f"{field} {row[0]}") for field, rows in TABLE.items() for row in rows]
ALLOWED = [
    pytest.param(field, make, role, id=f"{field} {name} as {role}")
    for field, rows in TABLE.items()
    for name, make, allowed in rows
    for role in sorted(allowed)
]


def test_every_mutation_has_its_row() -> None:
    stated = CORE.mutation_type
    assert stated is not None
    assert set(stated.fields) == set(TABLE)


@pytest.fixture
async def lived_in(club: ProgrammeUnderTest) -> ProgrammeUnderTest:
    """A programme in which each mutation of the table finds what it needs."""
    await club.services.programmes.create(
        club.operator, "badges", {"key": "draft", "status": Status.DRAFT.value}
    )
    await club.record(*(club.activity("visit", member) for member in ("ann", "bob") for _ in range(3)))
    await club.do("visit", "ann", source_id="old")
    return club


@pytest.mark.parametrize(("field", "make", "role"), ALLOWED)
async def test_who_may_does(
    graphql: GraphQL, lived_in: ProgrammeUnderTest, mongo: Mongo, field: str, make: Make, role: Role
) -> None:
    before = await everything(mongo, lived_in)

    result = await graphql.mutate(Actor(lived_in.key, "ann", role), field, make(lived_in))

    (answer,) = succeeded(result).values()
    assert answer["__typename"].endswith(("Success", "Payload")), answer
    assert await everything(mongo, lived_in) != before or field == "joinProgramme"  # who has joined stays so


@pytest.mark.parametrize(("field", "name", "make", "allowed"), ROWS)
async def test_who_may_not_changes_nothing(
    graphql: GraphQL,
    lived_in: ProgrammeUnderTest,
    mongo: Mongo,
    field: str,
    name: str,
    make: Make,
    allowed: set[Role],
) -> None:
    before = await everything(mongo, lived_in)

    for role in (None, *(role for role in Role if role not in allowed)):
        result = await graphql.mutate(
            Actor(lived_in.key, "ann", role) if role else None, field, make(lived_in)
        )
        if name == "one's own" and role:
            typed(result, "NotFoundError", "NOT_FOUND")  # staff and services have nothing of their own
        else:
            refused(result, "FORBIDDEN" if role else "UNAUTHENTICATED", at=field)
            assert result.data is None

    assert await everything(mongo, lived_in) == before


async def everything(mongo: Mongo, club: ProgrammeUnderTest) -> dict[str, list[Any]]:
    """All documents of the programme."""
    queries: dict[str, dict[str, Any]] = {
        name: {"$or": [{"programme_id": club.key}, {"_id": club.key}]} for part in INDEXES for name in part
    }
    queries["outbox"] = {"programme_id": club.key}
    queries["idempotency_keys"] = {"_id": {"$regex": f"^{club.key}"}}
    return {
        name: await mongo.collection(name).find(query).sort("_id", 1).to_list(None)
        for name, query in queries.items()
    }
