"""What is run, for whom, and for how long."""

import asyncio
from typing import Any

import pytest
import strawberry
from graphql import get_introspection_query
from prometheus_client import REGISTRY
from strawberry.scalars import JSON

from gamification.kit.actors import Actor, Role
from resolvers.context import Context
from resolvers.operations import SUBSCRIPTIONS, Operations, Refused, Request, TookTooLong, WrongType
from resolvers.policy import Introspection, Policy
from resolvers.schema import schema as real_schema

DONE: list[str] = []


@strawberry.type
class Query:
    @strawberry.field
    async def slow(self) -> str:
        try:
            await asyncio.sleep(30)
        finally:
            DONE.append("ended")
        return "done"

    @strawberry.field
    def many(self) -> list[str]:
        return ["a"]

    @strawberry.field
    def fails(self) -> int | None:
        raise RuntimeError("secret")

    @strawberry.field
    def echo(self, value: JSON) -> JSON:
        return value


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def slow(self) -> str:
        await asyncio.sleep(0.2)
        return "done"


SCHEMA = strawberry.Schema(Query, Mutation)


def actor(role: Role) -> Actor:
    return Actor("p", "someone", role)


def context(who: Actor | None = None) -> Context:
    services: Any = None
    return Context(services, who, "t")


async def test_a_query_is_stopped_when_its_time_is_up() -> None:
    DONE.clear()
    operations = Operations(SCHEMA, Policy(query_timeout_s=0.05))
    with pytest.raises(TookTooLong) as caught:
        await operations.execute(Request("{ slow }"), context())
    assert caught.value.errors[0].extensions == {"code": "UNAVAILABLE"}
    assert DONE == ["ended"]


@pytest.mark.parametrize("compiled", [True, False])
async def test_a_mutation_has_a_time_of_its_own(compiled: bool) -> None:
    operations = Operations(SCHEMA, Policy(compiled=compiled, query_timeout_s=0.01, mutation_timeout_s=5))
    answer = await operations.execute(Request("mutation { slow }"), context())
    assert answer.data == {"slow": "done"}


@pytest.mark.parametrize(
    ("introspection", "open_to"),
    [
        (Introspection.EVERYONE, {None, Role.MEMBER, Role.OPERATOR, Role.SERVICE}),
        (Introspection.STAFF, {Role.OPERATOR, Role.SERVICE}),
        (Introspection.NOBODY, set()),
    ],
)
async def test_introspection_is_for_whom_the_policy_says(
    introspection: Introspection, open_to: set[Role | None]
) -> None:
    operations = Operations(real_schema, Policy(introspection=introspection))
    for role in (None, Role.MEMBER, Role.OPERATOR, Role.SERVICE):
        for text in (get_introspection_query(), '{ a: __type(name: "Member") { name } }'):
            request, who = Request(text), actor(role) if role else None
            if role in open_to:
                answer = await operations.execute(request, context(who))
                assert answer.data
                assert not answer.errors
            else:
                with pytest.raises(Refused) as caught:
                    await operations.execute(request, context(who))
                assert caught.value.errors[0].extensions == {"code": "FORBIDDEN"}


async def test_typename_is_no_introspection() -> None:
    answer = await Operations(real_schema).execute(Request("{ __typename }"), context())
    assert answer.data == {"__typename": "Query"}


async def test_an_operation_of_another_type_is_not_run() -> None:
    operations = Operations(SCHEMA)
    with pytest.raises(WrongType):
        operations.prepare(Request("{ many }"), None, SUBSCRIPTIONS)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("", None),
        ("fragment F on Query { many }", None),
        ("query A { many } query B { many }", None),
        ("query A { many }", "B"),
        ("{ many", None),
        ("{ nope }", None),
    ],
)
async def test_a_request_that_means_no_operation_is_refused(text: str, name: str | None) -> None:
    with pytest.raises(Refused) as caught:
        await Operations(SCHEMA).execute(Request(text, operation_name=name), context())
    assert all(
        error.extensions["code"] == "INVALID_INPUT" for error in caught.value.errors if error.extensions
    )


async def test_variables_that_cannot_be_taken_are_refused_before_anything_runs() -> None:
    request = Request("query ($n: JSON!) { echo(value: $n) }", {})
    with pytest.raises(Refused) as caught:
        await Operations(SCHEMA).execute(request, context())
    assert caught.value.errors[0].extensions == {"code": "INVALID_INPUT", "field": "n"}


@pytest.mark.parametrize("compiled", [True, False])
async def test_at_most_so_many_errors_are_told(compiled: bool) -> None:
    text = "{ " + " ".join(f"a{n}: fails" for n in range(9)) + " }"
    answer = await Operations(SCHEMA, Policy(compiled=compiled)).execute(Request(text), context())
    assert len(answer.errors or []) == 5
    assert answer.data == {f"a{n}": None for n in range(9)}


async def test_staff_and_services_may_ask_for_more() -> None:
    text = "{ members(first: 100) { nodes { badgeAwards(first: 100) { nodes { id } } } } }"
    operations = Operations(real_schema)
    with pytest.raises(Refused) as caught:
        operations.prepare(Request(text), actor(Role.MEMBER))
    assert (caught.value.errors[0].extensions or {})["limitKind"] == "cost"
    smaller = text.replace("first: 100) { nodes { id", "first: 80) { nodes { id")
    with pytest.raises(Refused):
        operations.prepare(Request(smaller), actor(Role.MEMBER))
    assert operations.prepare(Request(smaller), actor(Role.SERVICE)).cost > 5_000


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_each_operation_is_counted_by_the_way_it_was_run() -> None:
    name = "starguild_graphql_operations_total"
    for text, compiled, labels in (
        ("{ many }", True, {"way": "compiled", "reason": ""}),
        ("{ many }", False, {"way": "stock", "reason": "off"}),
        ("{ fails }", True, {"way": "stock", "reason": "error"}),
    ):
        before = counted(name, **labels)
        await Operations(SCHEMA, Policy(compiled=compiled)).execute(Request(text), context())
        assert counted(name, **labels) == before + 1


async def test_each_refusal_is_counted_by_what_was_too_large() -> None:
    deep = "{ " + "me { " * 30 + "id" + " }" * 30 + " }"
    for text, kind in (("{ nope }", "invalid"), (deep, "depth"), ("{ " + "a " * 20_000 + "}", "characters")):
        before = counted("starguild_graphql_refused_total", kind=kind)
        with pytest.raises(Refused):
            await Operations(real_schema).execute(Request(text), context())
        assert counted("starguild_graphql_refused_total", kind=kind) == before + 1
