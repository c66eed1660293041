"""Asks everything that a schema has as one caller; `tests/resolvers/test_authorisation_walk.py` judges the answers."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from graphql import GraphQLArgument, is_required_argument

from community.services import Services
from gamification.kit.actors import Actor
from resolvers.context import Context
from resolvers.documents.limits import Limits
from resolvers.operations import SUBSCRIPTIONS, Operations, Refused, Request
from resolvers.policy import Policy
from resolvers.schema import schema
from tests.resolvers.harness import CORE
from tests.resolvers.schema_walk import Name, Pools, arguments, calls, lean, selection

UNLIMITED = replace(Limits(), **dict.fromkeys(Limits.__dataclass_fields__, 0))
_SHORT = 2
_PAGING = {"first", "last", "after", "before"}
_DEEP = {"moderationQueue"}
"""What a filter finds here differs far below."""
ALL = Operations(schema, Policy(limits=UNLIMITED, query_timeout_s=0))
# As many as are asked at once: what is made of a million characters are millions of objects, and looking through them
# for garbage holds this process up for many seconds.
ALL.documents._known._text_max = 250_000


class Walk:
    """Asks as one actor. Whatever is of this world is a variable, so that each document is compiled once for all."""

    def __init__(self, services: Services, actor: Actor | None, pools: Pools) -> None:
        self.services = services
        self.actor = actor
        self.pools = {**pools, "memberId": [Name("$memberId")]}
        self.member_id = pools["memberId"][0]

    def requests(
        self, *only: str, lean_after: int | None = None, lean_filters: bool = False
    ) -> Iterator[Request]:
        """Of every root field, or of these. All but the first `lean_after` of each ask for two levels alone; with `lean_filters`
        so do those that only filter what the first one lists."""
        assert CORE.query_type is not None
        for name, field in CORE.query_type.fields.items():
            if only and name not in only:
                continue
            below = selection(CORE, field.type, self.pools)
            # Two levels of everything with an id are more than all that is below them once.
            is_lean = lean_after is not None or lean_filters
            little = min(below, lean(CORE, field.type, self.pools), key=len) if is_lean else below
            called = list(calls(field, self.pools))
            # A document for all calls: a variable without a value is an argument that is not stated.
            every = [one for one in field.args if one == "first" or any(one in stated for stated in called)]
            passed = arguments({argument: Name(f"${argument}") for argument in every}, field)
            for number, asked in enumerate(called):
                # One request has a long page; the others need not.
                is_short = "first" in field.args and not asked.keys() & {"first", "last"}
                stated = {**asked, "first": _SHORT} if is_short else asked
                declared = {f"${argument}": _declared(field.args[argument]) for argument in every}
                is_little = lean_after is not None and number >= lean_after
                is_little |= (lean_filters and name not in _DEEP) and any(
                    one not in _PAGING and not is_required_argument(field.args[one]) for one in asked
                )
                text = f"{name}{passed} {little if is_little else below}"
                if "$memberId" in text:
                    declared["$memberId"] = "ID!"
                head = f"({' '.join(f'{one}: {kind}' for one, kind in declared.items())})" if declared else ""
                yield Request(f"query {head} {{ {text} }}", {"memberId": self.member_id, **stated})

    async def ask(self, request: Request) -> dict[str, Any]:
        """The answer. What is refused before it is run proves nothing: then a pool has a value of another type."""
        context = Context(self.services, self.actor, request_id="walk")
        try:
            answer = await ALL.execute(request, context)
        except Refused as refused:
            raise AssertionError((request.query or "")[:200], refused.errors) from refused
        return {"data": answer.data, "errors": [error.formatted for error in answer.errors or ()]}


def _declared(argument: GraphQLArgument) -> str:
    """The type of its variable, which has no value where it need not be stated."""
    return str(argument.type) if is_required_argument(argument) else str(argument.type).removesuffix("!")


async def side_by_side(
    *walks: Walk, only: Sequence[str] = (), lean: Collection[Walk] = ()
) -> AsyncIterator[list[dict[str, Any]]]:
    """Request by request the answers of all walks: all ask one before any asks the next, while its document is still
    kept. Those that are `lean` look less deep at what only filters."""
    for asked in zip(*(walk.requests(*only, lean_filters=walk in lean) for walk in walks), strict=True):
        yield [await walk.ask(request) for walk, request in zip(walks, asked, strict=True)]


async def first_message(services: Services, actor: Actor | None, request: Request) -> dict[str, Any]:
    """The first message of a subscription, or its refusal."""
    context = Context(services, actor, request_id="walk")
    try:
        ready = ALL.prepare(request, actor, SUBSCRIPTIONS)
        async with aclosing(ALL.subscribe(ready, request, context)) as answers:
            answer = await asyncio.wait_for(anext(answers), 30)
    except Refused as refused:
        return {"errors": [error.formatted for error in refused.errors]}
    return {"data": answer.data, "errors": [error.formatted for error in answer.errors or ()]}
