"""A programme whose tasks moderators approve, and short ways to hand in and to decide."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from graphql import ExecutionResult

from gamification.kit.actors import Actor, Role
from gamification.kit.identifiers import derived_id
from gamification.verification.service import VerificationService
from tests.resolvers.harness import GraphQL, succeeded
from tests.support import ProgrammeUnderTest

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
"""Of today: what a member is told is deleted after some days of the real time."""
PROGRAMME: dict[str, Any] = {
    "units": [{"key": "points"}, {"key": "gems"}, {"key": "growth"}],
    "activity_types": [{"key": key} for key in ("photo_approved", "walk", "grow")],
    "ladders": [
        {
            "key": "club",
            "measures": [{"key": "growth", "unit": "growth"}],
            "tiers": [{"key": "basic"}, {"key": "gold", "requires": {"growth": 100}}],
        }
    ],
    "rules": [
        {"key": "walking", "on": ["walk"], "effects": [{"advance": {"task": "walked"}}]},
        {
            "key": "photos",
            "on": ["photo_approved"],
            "when": "activity.task == 'photo'",
            "effects": [{"points": {"unit": "gems", "amount": 1, "boards": ["photographers"]}}],
        },
    ],
    "leaderboards": [{"key": "photographers"}],
    "badges": [{"key": "seen"}],
    "tasks": [
        {
            "key": "photo",
            "name": {"en": "Show us your shelf"},
            "goal": 1,
            "approval": {"activity": "photo_approved", "hosts": ["photos.example"], "resubmissions": 1},
            "reward": [{"points": {"unit": "points", "amount": 100}}, {"award": {"badge": "seen"}}],
        },
        {
            "key": "diary",
            "goal": 2,
            "cycle": "daily",
            "zone": "member",
            "approval": {"activity": "photo_approved", "evidence": "text", "text_max": 20},
            "reward": [{"points": {"unit": "points", "amount": 10}}],
        },
        {
            "key": "gilded",
            "goal": 1,
            "tier": {"ladder": "club", "least": "gold"},
            "approval": {"activity": "photo_approved"},
            "reward": [{"points": {"unit": "points", "amount": 5}}],
        },
        {
            "key": "pairs",
            "goal": 3,
            "approval": {"activity": "photo_approved", "evidence": "link"},
        },
        {"key": "drafted", "goal": 1, "status": "draft", "approval": {"activity": "photo_approved"}},
        {
            "key": "limited",
            "goal": 1,
            "starts_at": (NOON - timedelta(days=1)).isoformat(),
            "ends_at": (NOON + timedelta(days=1)).isoformat(),
            "approval": {"activity": "photo_approved"},
        },
        {"key": "walked", "goal": 2},
        {
            "key": "walk_shown",
            "goal": 1,
            "requires": ["walked"],
            "approval": {"activity": "photo_approved"},
            "reward": [{"points": {"unit": "points", "amount": 50}}],
        },
        {
            "key": "first_two",
            "goal": 1,
            "finishers": 2,
            "claim": "manual",
            "claim_within": "P3D",
            "approval": {"activity": "photo_approved"},
            "reward": [{"points": {"unit": "points", "amount": 7}}],
        },
    ],
}
_NUMBERS = itertools.count(1)
LINK = "https://photos.example/1"
SHOWN = "replayed submission { id state version number period text link reason decidedAt }"


def second(club: ProgrammeUnderTest) -> Actor:
    """Another moderator."""
    return Actor(club.key, "kim", Role.MODERATOR)


async def hand_in(
    graphql: GraphQL, club: ProgrammeUnderTest, member: str = "ann", key: str = "1", **stated: Any
) -> dict[str, Any]:
    """The submission that a member hands in: a link for `photo`, unless stated otherwise."""
    given = stated if {"text", "link"} & stated.keys() else {"link": LINK, **stated}
    answer = await graphql.done(
        club.member_actor(member),
        "submitTaskEvidence",
        {"task": "photo", "idempotencyKey": key, **given},
        SHOWN,
    )
    submission: dict[str, Any] = answer["submission"]
    return submission


async def submit(
    graphql: GraphQL, club: ProgrammeUnderTest, member: str = "ann", **stated: Any
) -> ExecutionResult:
    """The answer to a member who hands something in, for `photo` unless stated otherwise."""
    given = {"task": "photo", "idempotencyKey": "try", **stated}
    return await graphql.mutate(club.member_actor(member), "submitTaskEvidence", given)


def on(submission: dict[str, Any], key: str | None = None, **more: Any) -> dict[str, Any]:
    """The input of a decision on a submission as it was read, with a key of its own."""
    return {
        "submissionId": submission["id"],
        "version": submission["version"],
        "idempotencyKey": key or f"decision-{next(_NUMBERS)}",
        **more,
    }


async def approve(
    graphql: GraphQL,
    club: ProgrammeUnderTest,
    submission: dict[str, Any],
    key: str | None = None,
    **more: Any,
) -> dict[str, Any]:
    """The submission once the moderator has approved it."""
    done = await graphql.done(club.moderator, "approveTaskEvidence", on(submission, key, **more), SHOWN)
    approved: dict[str, Any] = done["submission"]
    return approved


async def queue(graphql: GraphQL, actor: Actor, wanted: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """What waits, as an actor reads it."""
    found = succeeded(
        await graphql(
            actor,
            """query ($filter: TaskSubmissionFilter) { taskSubmissions(first: 100, filter: $filter) {
                 totalCount nodes { id state text link task { key } member { externalId } } } }""",
            {"filter": wanted} if wanted is not None else {},
        )
    )["taskSubmissions"]
    assert found["totalCount"] == len(found["nodes"])
    nodes: list[dict[str, Any]] = found["nodes"]
    return nodes


async def differences(club: ProgrammeUnderTest) -> list[str]:
    """What `starguild verify` finds."""
    return (await VerificationService(club.services).verify(club.key)).differences


SHOWN_TASK: dict[str, Any] = {
    "key": "shown",
    "description": {"en": "A task to be shown"},
    "goal": 4,
    "status": "published",
    "approval": {"activity": "shown", "hosts": ["pictures.example"]},
}


def submission_of(club: ProgrammeUnderTest, name: str, number: int) -> bytes:
    """The id of what `shown` handed in: 1 waits, 2 is approved, 3 rejected."""
    return derived_id("submission", club.key, club.id_of(name), "shown", "all", number)


async def shown(club: ProgrammeUnderTest, *names: str) -> None:
    """Let members hand in one of each state, with every text of theirs, for a task that is added to the programme."""
    services = club.services
    if "shown" not in (await services.programmes.catalogue(club.key)).tasks:
        await services.programmes.create(
            club.operator, "activity_types", {"key": "shown", "status": "published"}
        )
        await services.programmes.create(club.operator, "tasks", SHOWN_TASK)
    for name in names:
        for number in (1, 2, 3):
            link = f"https://pictures.example/secret-{number}"
            await services.evidence.submit(
                club.service,
                club.id_of(name),
                "shown",
                "secret-text",
                link,
                None,
                f"shown-{name}-{number}",
            )
        _, approved, rejected = (submission_of(club, name, number) for number in (1, 2, 3))
        await services.approvals.approve(club.moderator, approved, 1, "secret-note", f"approving-{name}")
        await services.approvals.reject(
            club.moderator, rejected, 1, "secret-reason", "secret-note", f"rejecting-{name}"
        )
