"""A programme with four boards and 5,000 members on each of them, and the servers of ours that serve it."""

import random
from datetime import timedelta
from typing import Any

from api.callers.auth import issue_token
from bench.processes import python
from bench.world import DATABASE, World
from gamification.activity.model import BATCH_MAX, ActivityStatus, NewActivity
from gamification.kit.actors import Actor, Role
from gamification.members.model import NewMember

PROGRAMME = "boards"
MEMBERS = 5_000
VIEWER = "m0"
VIEWERS_TRANSFERS = 25
SECRET = "benchmark-secret-benchmark-secret-benchmark"
BOARDS = ("score", "second", "third", "fourth")
_DOCUMENT: dict[str, Any] = {
    "programme": {"key": PROGRAMME},
    "units": [{"key": "points"}],
    "activity_types": [{"key": "answer.upvoted"}],
    "rules": [
        {
            "key": "upvoted",
            "on": ["answer.upvoted"],
            "effects": [{"points": {"unit": "points", "amount": 10, "boards": list(BOARDS)}}],
        }
    ],
    "leaderboards": [{"key": key} for key in BOARDS],
}
_UNBOUNDED = {
    f"STARGUILD_{name}": "0"
    for name in (
        *("REQUESTS_PER_SECOND", "COST_PER_MINUTE", "GRANTING_PER_MINUTE"),
        *("TRUSTED_REQUESTS_PER_SECOND", "TRUSTED_COST_PER_MINUTE", "TRUSTED_GRANTING_PER_MINUTE"),
        "LIMIT_COST",
    )
}


async def fill(world: World) -> None:
    """Everyone has a score; the viewer has transfers with causes. Does nothing the second time."""
    services = world.services
    service = Actor(PROGRAMME, "bench", Role.SERVICE)
    await services.programmes.apply(Actor(PROGRAMME, "bench", Role.OPERATOR), _DOCUMENT)
    names = [f"m{number}" for number in range(MEMBERS)]
    if await services.members.by_external_id(service, VIEWER) is not None:
        return
    for start in range(0, MEMBERS, 500):
        members = [
            NewMember(name, f"Member {name}", f"https://images.example/avatars/{name}.png")
            for name in names[start : start + 500]
        ]
        await services.members.ensure(service, members)
    draw = random.Random(5)
    whose = names + [VIEWER] * VIEWERS_TRANSFERS + [draw.choice(names[:200]) for _ in range(1_000)]
    now = services.now()
    activities = [
        NewActivity(
            "answer.upvoted",
            "bench",
            f"first-{number}",
            name,
            now - timedelta(seconds=len(whose) - number),
            f"answer:{number}",
            {},
        )
        for number, name in enumerate(whose)
    ]
    for start in range(0, len(activities), BATCH_MAX):
        outcomes = await services.recording.record(service, activities[start : start + BATCH_MAX])
        if any(outcome.status is not ActivityStatus.RECORDED for outcome in outcomes):
            raise RuntimeError("the benchmark's own activity was not taken")


def token(role: Role = Role.MEMBER) -> str:
    """Of the viewer, or of the programme's own servers."""
    subject = VIEWER if role is Role.MEMBER else "bench"
    return issue_token(SECRET, subject=subject, role=role, programme=PROGRAMME, lifetime=timedelta(hours=1))


def headers(role: Role = Role.MEMBER) -> dict[str, str]:
    """Of a GraphQL request."""
    return {"content-type": "application/json", "authorization": f"Bearer {token(role)}"}


def environment(world: World, *, page_cache: bool) -> dict[str, str]:
    """Of a server of ours: without budgets, which one caller at full speed would use up at once, and without a log
    line for each request, which the peers don't write either."""
    return {
        **_UNBOUNDED,
        "MONGODB_URL": world.endpoints.mongodb_url,
        "REDIS_URL": world.endpoints.redis_url,
        "STARGUILD_DATABASE": DATABASE,
        "STARGUILD_JWT_SECRET": SECRET,
        "STARGUILD_LOG_LEVEL": "error",
        "STARGUILD_PAGE_CACHE": "true" if page_cache else "false",
    }


SERVE = python("-m", "api.cli", "serve", "--no-worker", "--no-demo", "--port", "{port}")
