"""What tests of the GraphQL layer hold in their hands: a caller, assertions on answers, and a programme."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import orjson
from graphql import ExecutionResult, GraphQLUnionType, get_named_type

from community.services import Services
from gamification.kit.actors import Actor
from resolvers.context import Context
from resolvers.documents.limits import Limits
from resolvers.operations import SUBSCRIPTIONS, Operations, Refused, Request
from resolvers.policy import Policy
from resolvers.relay import encode_id
from resolvers.schema import schema
from tests.complaint_world import CATEGORIES
from tests.proposal_world import TERMS
from tests.question_world import BOUNTIES
from tests.resolvers.catalogue import REWARDS, SALES
from tests.screening_world import WATCHED
from tests.support import Clock, ProgrammeUnderTest
from tests.survey_world import FEEDBACK

CORE = schema._schema
WIDE = replace(Limits(), cost=100_000)
"""What tests ask for at once is more than most callers may: `tests/resolvers/documents` has the limits."""
OPERATIONS = Operations(schema, Policy(limits=WIDE))
BY_LIBRARY = Operations(schema, Policy(limits=WIDE, compiled=False))
for _operations in (OPERATIONS, BY_LIBRARY):
    # Hardly a document comes twice, and a million characters are as many objects, through which Python looks for garbage.
    _operations.documents._known._text_max = 50_000
_DETAILS = {
    "InvalidInputError": "limit",
    "InsufficientPointsError": "available requested",
    "ScreenedError": "rule",
    "InvalidDocumentError": "faults { place message }",
    "EvidenceRefusedError": "fault limit",
    "TaskSubmissionMovedError": "submission { id state version decisions { state actor reason note } }",
}

WHEEL: dict[str, Any] = {
    "key": "wheel",
    "name": {"en": "Wheel", "zh": "大转盘"},
    "description": {"en": "A wheel"},
    "kind": "instant",
    "ticket": {"unit": "gems", "price": {"unit": "points", "amount": 1}},
    "prizes": [
        {
            "key": "pin",
            "description": {"en": "A pin"},
            "weight": 1,
            "stock": 99,
            "daily": 99,
            "reward": [{"points": {"unit": "points", "amount": 1}}],
        }
    ],
    "free_daily": 2,
    "free_by_tier": [{"ladder": "club", "least": "gold", "free_daily": 2}],
    "daily_limit": 9,
    "guarantee": {"after": 5, "prizes": ["pin"]},
    "opens_at": "2020-01-01T00:00:00Z",
    "closes_at": "2100-01-01T00:00:00Z",
}
RAFFLE: dict[str, Any] = {
    "key": "raffle",
    "kind": "scheduled",
    "ticket": {"unit": "points"},
    "tickets_max": 1,
    "beacon": "A public source",
    "prizes": [{"key": "mug", "stock": 5}],
    "rounds": [
        {
            "key": "first",
            "opens_at": "2020-01-01T00:00:00Z",
            "closes_at": (Clock().now + timedelta(days=1)).isoformat(),
        }
    ],
}
GOALS: list[dict[str, Any]] = [
    {
        "key": "march",
        "description": {"en": "Together"},
        "target": 2,
        "starts_at": "2020-01-01T00:00:00Z",
        "ends_at": "2100-01-01T00:00:00Z",
        "settles_after": "P1D",
        "reward": [{"award": {"badge": "faithful"}}],
        "split": {"unit": "gems", "amount": 9},
    },
    {"key": "squad", "target": 2, "group": "member.locale"},
]
"""One of all members, and one of teams."""
ALWAYS = {"starts_at": "2020-01-01T00:00:00Z", "ends_at": "2100-01-01T00:00:00Z"}
CLUB: dict[str, Any] = {
    "programme": {
        "name": {"en": "The club", "zh": "俱乐部"},
        "community": {
            "image_hosts": ["img.example.org"],
            "questions": {"bounty": BOUNTIES},
            "proposals": TERMS,
        },
    },
    "units": [
        {"key": "points", "name": {"en": "Points", "zh": "积分"}, "gifts": {"daily": 100}},
        {"key": "gems", "floor": 1},
    ],
    "causes": [{"key": "trees", "unit": "points", "cap": 100, "description": {"en": "Plant one"}}],
    "activity_types": [
        {"key": "visit"},
        {
            "key": "buy",
            "properties": {
                "type": "object",
                "properties": {"amount": {"type": "number"}, "note": {"type": "string"}},
                "required": ["amount"],
            },
            "refund": {"amount": "amount"},
        },
        {"key": "like"},
        {"key": "check_in"},
        {"key": "march"},
    ],
    "goals": GOALS,
    "rules": [
        {
            "key": "visits",
            "on": ["visit"],
            "effects": [
                {"points": {"unit": "points", "amount": 5, "boards": ["total", "daily"]}},
                {"advance": {"task": "regular"}},
                {"advance": {"task": "collector"}},
                {"award": {"badge": "newcomer"}},
            ],
        },
        {
            "key": "purchases",
            "on": ["buy"],
            "effects": [
                {"points": {"unit": "points", "amount": "int(floor(activity.amount))", "boards": ["total"]}},
                {"when": "activity.amount >= 1000.0", "qualify": {"referral": "invite"}},
            ],
        },
        {
            "key": "marches",
            "on": ["march"],
            "effects": [{"contribute": {"goal": goal["key"]}} for goal in GOALS],
        },
        {
            "key": "likes",
            "on": ["like"],
            "effects": [{"award": {"badge": "liked", "occurrence": "activity.subject"}}],
        },
    ],
    "tasks": [
        {
            "key": "regular",
            "name": {"en": "Come twice"},
            "goal": 2,
            "reward": [{"points": {"unit": "points", "amount": 100}}, {"award": {"badge": "faithful"}}],
        },
        {
            "key": "collector",
            "goal": 3,
            "claim": "manual",
            "reward": [{"points": {"unit": "gems", "amount": 7}}],
        },
    ],
    "badges": [
        {"key": "newcomer", "name": {"en": "Newcomer", "zh": "新人"}},
        {"key": "faithful"},
        {"key": "liked", "repeat": "per_key"},
        {"key": "champion", "levels": [{"level": 1}, {"level": 2, "name": {"en": "Gold"}}]},
    ],
    "ladders": [
        {
            "key": "club",
            "measures": [{"key": "gems", "unit": "gems"}],
            "tiers": [{"key": "basic"}, {"key": "gold", "requires": {"gems": 1000}}],
        }
    ],
    "check_ins": [
        {
            "key": "daily",
            "name": {"en": "Every day"},
            "activity": "check_in",
            "cycle": [{"reward": [{"points": {"unit": "points", "amount": 1}}]}],
            "milestones": [
                {"streak": 7, "reward": [{"check_in_item": {"check_in": "daily", "item": "freeze"}}]}
            ],
            "make_up": {"initial": 1, "price": {"unit": "points", "amount": 1}},
            "freeze": {"price": {"unit": "points", "amount": 1}},
            "pauses": {},
        }
    ],
    "referrals": [
        {
            "key": "invite",
            "referrer": [{"points": {"unit": "gems", "amount": 1}}],
            "referee": [{"points": {"unit": "gems", "amount": 1}}],
            "milestones": [{"count": 5, "reward": [{"points": {"unit": "gems", "amount": 2}}]}],
        }
    ],
    "collections": [
        {
            "key": "crowns",
            "badges": ["newcomer", "champion"],
            "reward": [{"points": {"unit": "gems", "amount": 1}}],
        }
    ],
    "leaderboards": [
        {"key": "total", "name": {"en": "All time"}, "ties": "shared"},
        {"key": "daily", "cycle": "daily"},
    ],
    "draws": [WHEEL, RAFFLE],
    "spaces": [
        {
            "key": "square",
            "name": {"en": "The square"},
            "description": {"en": "For everyone"},
            "rules": {"en": "Be kind"},
            "kinds": ["discussion", "question", "poll", "proposal", "story"],
        },
        {"key": "workshop", "access": "closed"},
    ],
    "screening": WATCHED,
    "surveys": [FEEDBACK],
    "complaint_categories": CATEGORIES[:1],
    "campaigns": [
        {"key": "festival", "kind": "social", "description": {"en": "All year"}, "schedule": ALWAYS},
        {"key": "paused", "kind": "social", "schedule": ALWAYS},
        {"key": "idea", "status": "draft", "kind": "growth", "schedule": ALWAYS},
        {"key": "asked", "status": "draft", "kind": "growth", "schedule": ALWAYS},
    ],
    "segments": [
        {"key": "insiders", "description": {"en": "By hand"}},
        {"key": "visitors", "when": 'count("visit", 30) > 0'},
    ],
    "rewards": REWARDS,
    "flash_sales": SALES,
}
"""A visit gives 5 points, two of them 100 more and a badge, three of them 7 gems to be claimed."""


class GraphQL:
    """Executes documents as an actor; None is a caller without a token. Queries run the compiled way and
    graphql-core's own, and must give the same."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def __call__(
        self,
        actor: Actor | None,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        services: Services | None = None,
    ) -> ExecutionResult:
        request = Request(document, dict(variables or {}))
        answer = await self._by(OPERATIONS, request, actor, services)
        if services is None and document.lstrip().startswith(("{", "query")):
            _same(answer, await self._by(BY_LIBRARY, request, actor, services))
        return answer

    async def _by(
        self, operations: Operations, request: Request, actor: Actor | None, services: Services | None
    ) -> ExecutionResult:
        try:
            return await operations.execute(
                request, Context(services or self._services, actor, request_id="test")
            )
        except Refused as refused:
            return ExecutionResult(None, list(refused.errors))

    async def read(
        self, actor: Actor | None, document: str, variables: Mapping[str, Any] | None = None, **stated: Any
    ) -> dict[str, Any]:
        """The data of an execution without any error."""
        return succeeded(await self(actor, document, variables, **stated))

    async def mutate(
        self, actor: Actor | None, field: str, stated: Mapping[str, Any], selection: str = "__typename"
    ) -> ExecutionResult:
        """One mutation whose argument is `input`; `selection` is of its success, and errors show all they hold."""
        stated_type = CORE.mutation_type
        assert stated_type is not None
        definition = stated_type.fields[field]
        given = definition.args["input"].type
        result = get_named_type(definition.type)
        parts = selection
        if isinstance(result, GraphQLUnionType):
            names = [member.name for member in result.types]
            success = next(name for name in names if name.endswith("Success"))
            details = "".join(f"... on {name} {{ {_DETAILS[name]} }} " for name in names if name in _DETAILS)
            parts = f"__typename ... on {success} {{ {selection} }} ... on Error {{ code message path }} {details}"
        return await self(
            actor, f"mutation ($input: {given}) {{ {field}(input: $input) {{ {parts} }} }}", {"input": stated}
        )

    async def done(
        self, actor: Actor, field: str, stated: Mapping[str, Any], selection: str = "__typename"
    ) -> dict[str, Any]:
        """The success of one mutation."""
        answer: dict[str, Any] = succeeded(await self.mutate(actor, field, stated, selection))[field]
        assert "code" not in answer, answer
        return answer

    @asynccontextmanager
    async def subscribe(
        self,
        actor: Actor | None,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        timeout_s: float = 30.0,
    ) -> AsyncIterator["Stream"]:
        """A running subscription."""
        context = Context(self._services, actor, request_id="test")
        request = Request(document, dict(variables or {}))
        ready = OPERATIONS.prepare(request, actor, SUBSCRIPTIONS)
        async with aclosing(_told(OPERATIONS.subscribe(ready, request, context))) as results:
            stream = Stream(results, timeout_s)
            try:
                yield stream
            finally:
                await stream.close()


def _same(compiled: ExecutionResult, library: ExecutionResult) -> None:
    # While a board is being rebuilt its revision is the clock.
    data = [re.sub(rb'"revision":\d+', b"", orjson.dumps(answer.data)) for answer in (compiled, library)]
    assert data[0] == data[1]
    errors = [
        sorted(orjson.dumps(error.formatted) for error in answer.errors or [])
        for answer in (compiled, library)
    ]
    assert errors[0] == errors[1]


async def _told(
    results: AsyncGenerator[ExecutionResult, None],
) -> AsyncGenerator[ExecutionResult, None]:
    """The same, with a refusal as a result."""
    try:
        async with aclosing(results) as answers:
            async for answer in answers:
                yield answer
    except Refused as refused:
        yield ExecutionResult(None, list(refused.errors))


class Stream:
    """The results of a subscription, each awaited no longer than the timeout."""

    def __init__(self, results: AsyncGenerator[ExecutionResult, None], timeout_s: float) -> None:
        self._results = results
        self._timeout_s = timeout_s
        self._pending: asyncio.Task[ExecutionResult] | None = None

    async def result(self) -> ExecutionResult:
        """The next result."""
        return await asyncio.wait_for(self._next(), self._timeout_s)

    async def data(self) -> Any:
        """The one field of the next message."""
        (value,) = succeeded(await self.result()).values()
        return value

    async def until_quiet(self, quiet_s: float) -> list[Any]:
        """All messages until none came for so long."""
        found: list[Any] = []
        while True:
            task = self._next()
            done, _ = await asyncio.wait([task], timeout=quiet_s)
            if not done:
                return found
            self._pending = None
            (value,) = succeeded(task.result()).values()
            found.append(value)

    def _next(self) -> "asyncio.Task[ExecutionResult]":
        if self._pending is None or self._pending.done():
            self._pending = asyncio.ensure_future(anext(self._results))
        return self._pending

    async def close(self) -> None:
        """Stop waiting for what did not come."""
        if self._pending is not None and not self._pending.done():
            self._pending.cancel()
            await asyncio.gather(self._pending, return_exceptions=True)


def succeeded(result: ExecutionResult) -> dict[str, Any]:
    """The data; there must be no error."""
    assert not result.errors, result.errors
    assert result.data is not None
    return result.data


def refused(
    result: ExecutionResult,
    code: str,
    *,
    at: str | None = None,
    field: str | None = None,
    limit: int | None = None,
) -> None:
    """There is exactly one top-level error, of that code; `at` is the path of the answer where it arose."""
    assert result.errors, result.data
    (error,) = result.errors
    extensions = error.extensions or {}
    assert extensions.get("code") == code, (error.message, extensions)
    if at is not None:
        assert ".".join(str(step) for step in error.path or []) == at
    if field is not None:
        assert extensions.get("field") == field
    if limit is not None:
        assert extensions.get("limit") == limit


def typed(
    result: ExecutionResult,
    kind: str,
    code: str | None = None,
    path: str | None = None,
    limit: int | None = None,
) -> dict[str, Any]:
    """The answer of the one mutation: that error of its union."""
    (answer,) = succeeded(result).values()
    assert answer["__typename"] == kind, answer
    if code is not None:
        assert answer["code"] == code
    if path is not None:
        assert ".".join(answer["path"] or []) == path
    if limit is not None:
        assert answer["limit"] == limit
    return cast("dict[str, Any]", answer)


async def brought(club: ProgrammeUnderTest, name: str, by: str) -> None:
    """Note that a member brought another."""
    found = await club.services.referrals.mine(club.member_actor(by), "invite")
    assert found is not None
    await club.services.referring.use(club.service, club.id_of(name), found[0].code, None, f"{by} {name}")


async def drawn(club: ProgrammeUnderTest, name: str, times: int = 2) -> None:
    """Let a member draw, two times for nothing, and a raffle be held that all are in who have points."""
    for number in range(times):
        await club.services.drawing.draw(
            club.service, club.id_of(name), "wheel", "secret-client-seed", f"{name} {number}"
        )
    await club.services.rounds.run_in(club.key)
    club.clock.advance(timedelta(days=2))
    await club.services.rounds.run_in(club.key)
    await club.services.rounds.give_beacon(club.operator, "raffle", "first", "a public value")
    await club.services.rounds.run_in(club.key)
    club.clock.run()


async def hold_something(club: ProgrammeUnderTest, member: str, unit: str = "points") -> None:
    """Set one point of a member aside."""
    await club.services.holds.authorise(
        club.service, club.id_of(member), unit, 1, timedelta(days=9), "secret-order", "held"
    )


def member_gid(club: ProgrammeUnderTest, name: str) -> str:
    """The global id of a member."""
    return encode_id("Member", club.id_of(name))


def stated_activity(kind: str, member: str, source_id: str, at: datetime, **more: Any) -> dict[str, Any]:
    """An `ActivityInput`."""
    return {
        "type": kind,
        "source": "tests",
        "sourceId": source_id,
        "memberExternalId": member,
        "occurredAt": at.isoformat(),
        **more,
    }
