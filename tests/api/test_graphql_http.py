import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import strawberry
from graphql import GraphQLError
from strawberry.types import Info

from gamification.kit.actors import Role
from gamification.members.model import NewMember
from tests.support import ProgrammeUnderTest

MakeClient = Callable[..., Any]
MakeToken = Callable[..., str]
GRAPHQL_JSON = "application/graphql-response+json"


def _refuse(value: Any) -> Any:
    raise ValueError(f"not even: {value}")


Even = strawberry.scalar(name="Even", serialize=int, parse_value=_refuse)


@strawberry.type
class Query:
    @strawberry.field
    def hello(self) -> str:
        return "hello"

    @strawberry.field
    def crash(self) -> str | None:
        raise RuntimeError("mongodb://root:hunter2@db")

    @strawberry.field
    def refused(self) -> str | None:
        raise GraphQLError("Not so.", extensions={"code": "CONFLICT"})

    @strawberry.field
    def never_null(self) -> str:
        return None  # type: ignore[return-value]  # what a bug would do

    @strawberry.field
    def even(self, number: strawberry.ID | None = None) -> str | None:
        return number

    @strawberry.field
    def who(self, info: Info[Any, None]) -> str | None:
        return info.context.actor.subject if info.context.actor else None

    @strawberry.field
    def request_id(self, info: Info[Any, None]) -> str:
        return str(info.context.request_id)


@strawberry.type
class Mutation:
    @strawberry.mutation
    def change(self) -> bool:
        return True


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self) -> AsyncIterator[int]:
        yield 1


SCHEMA = strawberry.Schema(Query, Mutation, Subscription)


@pytest.fixture
async def small(make_client: MakeClient) -> httpx.AsyncClient:
    """A client of an application with the schema above."""
    client: httpx.AsyncClient = await make_client(SCHEMA)
    return client


async def ask(client: httpx.AsyncClient, query: str, **headers: str) -> httpx.Response:
    return await client.post("/graphql", json={"query": query}, headers=headers)


def errors(response: httpx.Response) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = response.json()["errors"]
    return found


async def test_answers_json(small: httpx.AsyncClient) -> None:
    response = await ask(small, "{ hello }")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.json() == {"data": {"hello": "hello"}, "extensions": {"cost": 1}}


async def test_a_token_names_the_actor(small: httpx.AsyncClient, token: MakeToken) -> None:
    made = token(Role.MEMBER, "ada")
    answer = await ask(small, "{ who }", authorization=f"Bearer {made}")
    assert answer.json()["data"] == {"who": "ada"}


async def test_without_a_token_fields_decide(small: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    assert (await ask(small, "{ who }")).json()["data"] == {"who": None}
    response = await ask(client, "{ me { id } }")
    assert response.status_code == 200
    assert response.json()["data"] == {"me": None}
    assert errors(response)[0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_bad_token_is_refused_before_anything_runs(
    small: httpx.AsyncClient, token: MakeToken
) -> None:
    expired = token(Role.MEMBER, ttl=-60)
    for header in (f"Bearer {expired}", "Bearer forged", "Basic YTpi"):
        response = await ask(small, "{ hello }", authorization=header)
        assert response.status_code == 401
        assert response.headers["www-authenticate"].startswith("Bearer")
        assert errors(response)[0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert "data" not in response.json()
    assert "expired" in errors(await ask(small, "{ hello }", authorization=f"Bearer {expired}"))[0]["message"]


@pytest.mark.parametrize("field", ["crash", "neverNull"])
async def test_an_unforeseen_error_says_nothing(small: httpx.AsyncClient, field: str) -> None:
    response = await ask(small, f"{{ {field} }}", **{"x-request-id": "r-1"})
    (error,) = errors(response)
    assert error["message"] == "Internal error."
    assert error["extensions"] == {"code": "INTERNAL", "requestId": "r-1"}
    assert error["path"] == [field]
    assert "hunter2" not in response.text
    assert response.headers["x-request-id"] == "r-1"


async def test_an_error_with_a_code_is_meant_for_the_caller(small: httpx.AsyncClient) -> None:
    (error,) = errors(await ask(small, "{ refused }"))
    assert (error["message"], error["extensions"]) == ("Not so.", {"code": "CONFLICT"})


@pytest.mark.parametrize(
    "query", ["{ nope }", "{ hello", "", "query A { hello } fragment F on Query { hello }"]
)
async def test_a_wrong_document_is_explained(small: httpx.AsyncClient, query: str) -> None:
    response = await ask(small, query)
    assert errors(response)[0]["message"] != "Internal error."
    assert "data" not in response.json()


async def test_a_wrong_variable_is_explained(small: httpx.AsyncClient) -> None:
    query = {"query": "query ($n: ID) { even(number: $n) }", "variables": {"n": {"a": 1}}}
    (error,) = errors(await small.post("/graphql", json=query))
    assert "$n" in error["message"]


async def test_a_refusal_is_a_400_where_the_newer_media_type_is_asked_for(small: httpx.AsyncClient) -> None:
    for accept in (GRAPHQL_JSON, f"{GRAPHQL_JSON}; charset=utf-8, application/json;q=0.9"):
        refused = await ask(small, "{ nope }", accept=accept)
        assert refused.status_code == 400
        assert refused.headers["content-type"].startswith(GRAPHQL_JSON)
        assert (await ask(small, "{ hello }", accept=accept)).status_code == 200
        failed = await ask(small, "{ crash }", accept=accept)
        assert failed.status_code == 200
        assert failed.json()["data"] == {"crash": None}
    assert (await ask(small, "{ nope }", accept="application/json")).status_code == 200
    refused = await ask(small, "{ nope }", accept=f"{GRAPHQL_JSON};q=0, */*")
    assert refused.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("accept", "newer"),
    [
        (GRAPHQL_JSON, True),
        (f"{GRAPHQL_JSON}, application/json", True),
        (f"{GRAPHQL_JSON};q=0.9, application/json;q=0.9", True),
        (f"{GRAPHQL_JSON};q=0.1, application/json", False),
        (f"{GRAPHQL_JSON};q=0.1, application/json;q=0.2", False),
        (f"{GRAPHQL_JSON};q=0", False),
        (f"{GRAPHQL_JSON};q=x", False),
        ("application/json", False),
        ("*/*", False),
        ("", False),
    ],
)
async def test_the_media_type_is_the_one_liked_best(
    small: httpx.AsyncClient, accept: str, newer: bool
) -> None:
    response = await ask(small, "{ hello }", accept=accept)
    assert response.headers["content-type"].startswith(GRAPHQL_JSON) is newer


async def test_a_literal_that_no_reader_takes_is_refused_in_our_words(client: httpx.AsyncClient) -> None:
    for number in ("9" * 10_000, "-" + "9" * 10_000):
        (error,) = errors(await ask(client, f"{{ members(first: {number}) {{ nodes {{ id }} }} }}"))
        assert error["extensions"]["code"] == "INVALID_INPUT"
        assert "digits" not in error["message"]


BAD_BODIES = [
    b"",
    b"{",
    b"null",
    b"7",
    b'"text"',
    b"[]",
    b'[{"query":"{ hello }"}]',
    b'{"query":"{ hello }","variables":NaN}',
    b'{"query":"{ hello }","variables":{"n":Infinity}}',
    b'{"query":"{ hello }","variables":{"n":1e999}}',
    b'{"query":"{ hello }","variables":{"n":"\\ud800"}}',
    b'{"query":"{ hello }","variables":[]}',
    b'{"query":"{ hello }","variables":"x"}',
    b'{"query":"{ hello }","operationName":7}',
    b'{"query":"{ hello }","extensions":[]}',
    b'{"query":7}',
    b"{}",
    b"\xff\xfe{\x00}\x00",
    b"\x1f\x8b\x08\x00",
    b"[" * 100_000,
    b'{"query":"{ hello }","variables":{"n":' + b"[" * 100_000,
    b'{"query":"{ hello }","variables":{"n":' + b"1" * 5000 + b"}}",
]


@pytest.mark.parametrize("body", BAD_BODIES, ids=lambda body: repr(body[:60]))
async def test_a_malformed_body_is_a_400(small: httpx.AsyncClient, body: bytes) -> None:
    response = await small.post("/graphql", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 400
    assert errors(response)[0]["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/jsonx", "application/json; charset=utf-16", "multipart/form-data", ""]
)
async def test_another_media_type_is_a_415(small: httpx.AsyncClient, kind: str) -> None:
    response = await small.post("/graphql", content=b'{"query":"{ hello }"}', headers={"content-type": kind})
    assert response.status_code == 415


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
async def test_json_in_utf8_is_taken(small: httpx.AsyncClient, kind: str) -> None:
    response = await small.post("/graphql", content=b'{"query":"{ hello }"}', headers={"content-type": kind})
    assert response.status_code == 200


async def test_queries_may_come_by_get_and_nothing_else(small: httpx.AsyncClient) -> None:
    assert (await small.get("/graphql", params={"query": "{ hello }"})).json()["data"] == {"hello": "hello"}
    mutation = await small.get("/graphql", params={"query": "mutation { change }"})
    assert mutation.status_code == 405
    assert (await small.get("/graphql", params={"query": "{ hello }", "variables": "NaN"})).status_code == 400
    assert (await ask(small, "mutation { change }")).json()["data"] == {"change": True}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_a_405(small: httpx.AsyncClient, method: str) -> None:
    response = await small.request(method, "/graphql")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, POST"


async def test_a_subscription_is_told_where_to_go(small: httpx.AsyncClient) -> None:
    response = await ask(small, "subscription { ticks }")
    assert response.status_code == 400
    assert "WebSocket" in errors(response)[0]["message"]


async def test_an_unknown_operation_name_is_explained(small: httpx.AsyncClient) -> None:
    body = {"query": "query A { hello } query B { hello }", "operationName": "C"}
    response = await small.post("/graphql", json=body, headers={"accept": GRAPHQL_JSON})
    assert response.status_code == 400
    assert "'C'" in errors(response)[0]["message"]


async def test_there_is_no_console_that_loads_from_elsewhere(small: httpx.AsyncClient) -> None:
    response = await small.get("/graphql", headers={"accept": "text/html"})
    assert response.status_code == 400
    assert "<" not in response.text


async def test_the_request_id_is_the_callers_where_it_is_sane(small: httpx.AsyncClient) -> None:
    response = await ask(small, "{ requestId }", **{"x-request-id": "order-7/1"})
    assert response.json()["data"]["requestId"] == response.headers["x-request-id"] == "order-7/1"
    for strange in ("", "a b", "x" * 129, "é", '"><script>'):
        response = await small.post(
            "/graphql", json={"query": "{ hello }"}, headers=[(b"x-request-id", strange.encode())]
        )
        assert response.headers["x-request-id"] != strange
        assert len(response.headers["x-request-id"]) == 32


async def test_a_body_over_the_limit_is_a_413(make_client: MakeClient) -> None:
    client = await make_client(SCHEMA, public_body_limit_bytes=2000)
    body = json.dumps({"query": "{ hello }", "variables": {"x": "y" * 2000}}).encode()

    async def in_parts() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 500):
            yield body[start : start + 500]

    for content in (body, in_parts()):
        response = await client.post(
            "/graphql", content=content, headers={"content-type": "application/json"}
        )
        assert response.status_code == 413
        assert errors(response)[0]["extensions"]["code"] == "TOO_LARGE"
    assert (await ask(client, "{ hello }")).status_code == 200


async def test_pages_of_stated_origins_may_call(make_client: MakeClient) -> None:
    client = await make_client(SCHEMA, cors_origins=("https://app.example",))
    allowed = await ask(client, "{ hello }", origin="https://app.example")
    assert allowed.headers["access-control-allow-origin"] == "https://app.example"
    other = await ask(client, "{ hello }", origin="https://evil.example")
    assert "access-control-allow-origin" not in other.headers
    preflight = await client.options(
        "/graphql",
        headers={
            "origin": "https://app.example",
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type",
        },
    )
    assert preflight.status_code == 200


async def test_a_member_reads_themselves(
    client: httpx.AsyncClient, token: MakeToken, programme: Callable[..., Any]
) -> None:
    made: ProgrammeUnderTest = await programme()
    await made.services.members.ensure(made.service, [NewMember("ada", display_name="Ada")])
    header = f"Bearer {token(Role.MEMBER, 'ada', made.key)}"
    response = await ask(client, "{ me { displayName } }", authorization=header)
    assert response.json()["data"] == {"me": {"displayName": "Ada"}}
