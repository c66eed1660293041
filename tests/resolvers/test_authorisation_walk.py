"""Every field of the schema, found in the schema itself, asked with others' ids: nothing private is shown.

Ann has something in every private field, each text of it with the word "secret". Bob is of the same programme and has
done nothing; so whatever he reads of members is Ann's, and must be in `PUBLIC`. Callers of another programme must read
nothing at all, and can't tell an id that exists from one that does not.

What the schema gains is walked without a word here. A field that others can read, and an argument of a new kind, must
be added below: that is what they are for.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from graphql import GraphQLField, GraphQLObjectType, GraphQLString

from gamification.kit.actors import Actor, Role
from gamification.members.model import Identity
from gamification.services import Services
from resolvers.context import Context
from resolvers.documents.limits import Limits
from resolvers.operations import Operations, Policy, Refused, Request
from resolvers.relay import decode_id, encode_id
from resolvers.schema import schema
from storage.mongo import Mongo
from tests.conftest import MakeProgramme
from tests.resolvers.harness import CLUB, CORE, GraphQL, member_gid
from tests.resolvers.schema_walk import Name, Pools, all_leaves, arguments, calls, leaves, selection
from tests.resolvers.test_nodes import ids_of
from tests.resolvers.test_permissions import TABLE, everything
from tests.support import SOURCE, ProgrammeUnderTest

UNLIMITED = replace(Limits(), **dict.fromkeys(Limits.__dataclass_fields__, 0))
ANN = "ann-secret"
SECRET = b"secret"
NAME = "Name of Ann"
"""Public in her programme, and nowhere else."""

_EDGE_LEAVES = {"cursor"}
_PAGE_LEAVES = {"hasNextPage", "hasPreviousPage", "startCursor", "endCursor"}
PUBLIC: dict[str, set[str]] = {
    "Member": {"id", "displayName", "avatarUrl", "locale", "timeZone", "joinedAt"},
    "LeaderboardEntry": {"rank", "score", "subscore", "achievedAt"},
    "BadgeAward": {"id", "occurrence", "level", "badgeVersion", "awardedAt"},
    # Of an award: which rule or task, never which activity, who or why.
    "Cause": {"version"},
    "RuleVersion": {"key", "version", "programmeVersion"},
    "TaskVersion": {"key", "version"},
    # Definitions that take effect, and pages.
    "Programme": {"id", "key", "name", "locale", "timeZone", "version"},
    "Unit": {"id", "key", "name", "floor", "expiresAfterDays"},
    "Badge": {"id", "key", "name", "description", "status", "version", "repeat", "awardCount"},
    "BadgeLevel": {"level", "name"},
    "Task": {"id", "key", "name", "description", "status", "version", "measure", "goal", "cycle", "claim"}
    | {"requires"},
    "TaskReward": {"unit", "amount", "badge", "leaderboard"},
    "Leaderboard": {"id", "key", "name", "description", "status", "operator", "order", "ties", "cycle"},
    "LeaderboardPeriod": {"key", "startsAt", "endsAt", "closedAt", "revision", "size"},
    "PageInfo": _PAGE_LEAVES,
}
"""What any member may read of another one, and of the programme, by type."""
for _name, _kind in CORE.type_map.items():
    if _name.endswith("Connection"):
        PUBLIC[_name] = {"totalCount"}
    elif _name.endswith("Edge"):
        PUBLIC[_name] = _EDGE_LEAVES
PRIVATE_LISTS = {"TransferConnection", "TaskProgressConnection", "ActivityConnection"}
"""Pages of what is a member's own: others don't get as far as their counts and cursors."""

NOT_IN_THIS_WORLD = {
    # No period has been closed, no points are about to lapse, nothing was held back.
    ("LeaderboardPeriod", "closedAt"),
    ("LotExpiry", "amount"),
    ("LotExpiry", "expiresAt"),
}
"""Leaves that stay null here; everything else the schema has is shown to Ann or to staff, so that the walk is known to
get there."""


async def lived_in(club: ProgrammeUnderTest) -> ProgrammeUnderTest:
    """Give Ann something in every field, and every text of her own the word."""
    await club.join(
        ANN,
        display_name=NAME,
        avatar_url="https://pictures.example/ann",
        attributes={"note": "secret-attribute"},
        identities=(Identity("secret-provider", "secret-subject"),),
    )
    await club.join("bob", display_name="Bob")
    for number in range(3):
        await club.do("visit", ANN, source_id=f"secret-visit-{number}", subject="secret-place")
    await club.do("like", ANN, source_id="secret-like", subject="post:1")
    await club.do("buy", ANN, source_id="secret-buy", amount=7, note="secret-note")
    spent = await club.do("buy", ANN, source_id="secret-taken-back", amount=500)
    services, gid = club.services, member_gid(club, ANN)
    graphql = GraphQL(services)
    ann = club.member_actor(ANN)
    on_ann = {"memberId": gid, "reason": "secret-reason"}
    await graphql.done(ann, "claimTask", {"task": "collector", "idempotencyKey": "1"})
    await graphql.done(ann, "spendPoints", {"unit": "points", "amount": 600, "idempotencyKey": "2"})
    await graphql.done(
        club.operator, "adjustPoints", {**on_ann, "unit": "gems", "amount": 3, "idempotencyKey": "3"}
    )
    for badge, level in (("champion", 2), ("faithful", None)):
        await graphql.done(
            club.moderator, "awardBadge", {**on_ann, "badge": badge, "level": level, "idempotencyKey": badge}
        )
    await graphql.done(
        club.moderator, "revokeBadge", {**on_ann, "badge": "faithful", "idempotencyKey": "secret-key"}
    )
    await club.reverse(spent, "secret-reversal")
    await club.join("cec", display_name="secret-banned")
    await graphql.done(
        club.moderator,
        "setMemberStanding",
        {"memberId": member_gid(club, "cec"), "standing": "BANNED", "reason": "secret-standing"},
    )
    return club


@pytest.fixture
async def world(programme: MakeProgramme) -> ProgrammeUnderTest:
    document = {
        **CLUB,
        "units": [{**unit, "expires_after": "P30D"} for unit in CLUB["units"]],
        "badges": [{**badge, "description": {"en": "An honour"}} for badge in CLUB["badges"]],
        "tasks": [{**task, "description": {"en": "A task"}} for task in CLUB["tasks"]],
        "leaderboards": [{**board, "description": {"en": "A board"}} for board in CLUB["leaderboards"]],
    }
    return await lived_in(await programme(document))


@pytest.fixture
async def elsewhere(programme: MakeProgramme) -> ProgrammeUnderTest:
    """Another programme with the same keys, and a member with the same external id, who has done nothing."""
    other = await programme(CLUB)
    await other.join(ANN, display_name="Another Ann")
    return other


async def pools_of(club: ProgrammeUnderTest, *, missing: bool = False) -> dict[str, list[Any]]:
    """What arguments are tried with: Ann's, or with `missing` what looks like it and is not there."""
    graphql = GraphQL(club.services)
    ids = await ids_of(graphql, club, ANN)
    own = [found for kind, found in ids.items() if kind not in ("Unit", "Badge", "Task", "Leaderboard")]
    revoked = await graphql.read(
        club.service,
        "query ($id: ID!) { member(id: $id) { badgeAwards { nodes { id revokedAt } } } }",
        {"id": member_gid(club, ANN)},
    )
    own += [award["id"] for award in revoked["member"]["badgeAwards"]["nodes"]]
    own.append(member_gid(club, "cec"))
    if missing:
        own = [_unlike(one) for one in own]
    text = "missing-" if missing else ""
    return {
        "id": own,
        "ids": own,
        "memberId": [_unlike(member_gid(club, ANN)) if missing else member_gid(club, ANN)],
        "key": ["total", "newcomer", "regular"],
        "leaderboard": ["total"],
        "unit": ["points"],
        "externalId": [f"{text}{ANN}", f"{text}cec"],
        "provider": [f"{text}secret-provider"],
        "subject": [f"{text}secret-subject"],
        "source": [SOURCE],
        "sourceId": [f"{text}secret-buy", f"{text}secret-taken-back"],
        "first": [1, 100],
        "last": [1],
        "after": [],
        "before": [],
        "above": [5],
        "around": [5],
        "displayNameStartsWith": ["Name", "secret", ""],
        "String": [],
        "Boolean": [True, False],
        "DateTime": [],
    }


def _unlike(global_id: str) -> str:
    """An id of the same kind that nothing has."""
    decoded = decode_id(global_id)
    assert decoded is not None
    kind, raw = decoded
    return str(encode_id(kind, "".join("f" if one != "f" else "e" for one in raw)))


ALL = Operations(schema, Policy(limits=UNLIMITED, query_timeout_s=0))


class Walk:
    """Asks as one actor. Whatever is of this world is a variable, so that each document is compiled once for all."""

    def __init__(self, services: Services, actor: Actor | None, pools: Pools) -> None:
        self.services = services
        self.actor = actor
        self.pools = {**pools, "memberId": [Name("$memberId")]}
        self.member_id = pools["memberId"][0]

    def requests(self) -> Iterator[Request]:
        assert CORE.query_type is not None
        for name, field in CORE.query_type.fields.items():
            below = selection(CORE, field.type, self.pools)
            for stated in calls(field, self.pools):
                declared = {f"${argument}": str(field.args[argument].type) for argument in stated}
                passed = arguments({argument: Name(f"${argument}") for argument in stated}, field)
                text = f"{name}{passed} {below}"
                if "$memberId" in text:
                    declared["$memberId"] = "ID!"
                head = f"({' '.join(f'{one}: {kind}' for one, kind in declared.items())})" if declared else ""
                yield Request(f"query {head} {{ {text} }}", {"memberId": self.member_id, **stated})

    async def ask(self, request: Request) -> dict[str, Any]:
        """The answer, or the refusal."""
        context = Context(self.services, self.actor, request_id="walk")
        try:
            answer = await ALL.execute(request, context)
        except Refused as refused:
            return {"errors": [error.formatted for error in refused.errors]}
        return {"data": answer.data, "errors": [error.formatted for error in answer.errors or ()]}

    async def answers(self) -> list[dict[str, Any]]:
        return [await self.ask(request) for request in self.requests()]


async def seen_by(
    club: ProgrammeUnderTest, actor: Actor | None, own: str | None = None
) -> tuple[set[tuple[str, str]], bytes]:
    """The leaves that an actor reads, without those of the member with the id `own`, and all answers as bytes."""
    walk = Walk(club.services, actor, await pools_of(club))
    answers = await walk.answers()
    seen = set[tuple[str, str]]()
    for answer in answers:
        seen |= leaves(answer.get("data"), lambda part: own is not None and part.get("id") == own)
    return seen, orjson.dumps(answers)


def public() -> set[tuple[str, str]]:
    found = {(kind, field) for kind, fields in PUBLIC.items() if kind not in PRIVATE_LISTS for field in fields}
    return found - {(kind.removesuffix("Connection") + "Edge", "cursor") for kind in PRIVATE_LISTS}


async def test_members_read_of_each_other_what_is_public_and_nothing_else(world: ProgrammeUnderTest) -> None:
    bob = world.member_actor("bob")
    seen, answers = await seen_by(world, bob, own=member_gid(world, "bob"))

    assert SECRET not in answers.replace(b"ann-secret", b"")
    assert seen - public() == set()


async def test_what_is_listed_as_public_is_there(world: ProgrammeUnderTest) -> None:
    every = {
        (kind.name, field)
        for kind in CORE.type_map.values()
        if isinstance(kind, GraphQLObjectType)
        for field in kind.fields
    }
    assert public() - every == set()


async def test_the_walk_gets_everywhere(world: ProgrammeUnderTest) -> None:
    assert CORE.query_type is not None
    shown = set[tuple[str, str]]()
    for actor in (world.member_actor(ANN), world.operator, world.moderator):
        shown |= (await seen_by(world, actor))[0]

    assert all_leaves(CORE, CORE.query_type) - shown == NOT_IN_THIS_WORLD
