"""Every mutation of the schema against every role and no token at all; the denied ones wrote nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from gamification.kit.actors import Actor, Role
from gamification.programmes.definitions import Status
from gamification.services import INDEXES
from storage.mongo import Mongo
from tests.resolvers.harness import CLUB, CORE, GraphQL, member_gid, refused, stated_activity, succeeded
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

TRIES = [
    pytest.param(field, make, role, role in allowed, id=f"{field} {name} as {role or 'nobody'}")
    for field, tries in TABLE.items()
    for name, make, allowed in tries
    for role in (None, *Role)
]


def test_every_mutation_has_its_row() -> None:
    stated = CORE.mutation_type
    assert stated is not None
    assert set(stated.fields) == set(TABLE)


@pytest.mark.parametrize(("field", "make", "role", "allowed"), TRIES)
async def test_who_may(
    graphql: GraphQL,
    club: ProgrammeUnderTest,
    mongo: Mongo,
    field: str,
    make: Make,
    role: Role | None,
    allowed: bool,
) -> None:
    await club.services.programmes.create(
        club.operator, "badges", {"key": "draft", "status": Status.DRAFT.value}
    )
    for member in ("ann", "bob"):
        await club.record(*(club.activity("visit", member) for _ in range(3)))
    await club.do("visit", "ann", source_id="old")
    actor = Actor(club.key, "ann", role) if role else None
    before = await everything(mongo, club)

    result = await graphql.mutate(actor, field, make(club))

    after = await everything(mongo, club)
    if allowed:
        (answer,) = succeeded(result).values()
        assert answer["__typename"].endswith(("Success", "Payload")), answer
        assert after != before or field == "joinProgramme"
    else:
        _denied(result, role)
        assert after == before


def _denied(result: Any, role: Role | None) -> None:
    if result.data and "NotFoundError" in str(result.data):
        assert role not in (None, M)  # staff and services have no profile, points or rewards of their own
        return
    refused(result, "FORBIDDEN" if role else "UNAUTHENTICATED")
    assert result.data is None


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
