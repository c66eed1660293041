"""Which operation runs, request errors, persisted queries, and values that reach the domain."""

import hashlib
import json
import uuid

from conformance.checks import Check, Level, expect
from conformance.requests.table import (
    QUERY,
    Row,
    asking,
    has_code,
    has_data,
    has_errors,
    judge,
    post,
    usual_headers,
)
from conformance.target import Target
from conformance.wire import Answer, exchange, request_head
from gamification.kit.actors import Role

_TWO = "query A { __typename } query B { programme { key } }"
_PLAIN = {"accept": "application/json"}


def _no_data_key(answer: Answer) -> None:
    has_errors(answer)
    expect("data" not in answer.json, "`data` beside a request error")


def _names_transports(answer: Answer) -> None:
    expect("ebsocket" in answer.text.lower() or "event-stream" in answer.text.lower(), "names no transport")


_REQUEST_ERRORS = {
    "a syntax error": asking("{ programme {"),
    "an unknown field": asking("{ nope }"),
    "an unknown argument": asking("{ leaderboard(nope: 1) { key } }"),
    "an unknown directive": asking("{ __typename @nope }"),
    "an unknown fragment": asking("{ ...Nope }"),
    "a fragment cycle": asking("{ ...A } fragment A on Query { ...A }"),
    "a missing variable": asking("query($k: String!) { leaderboard(key: $k) { key } }"),
    "a variable of the wrong type": asking("query($k: String!) { leaderboard(key: $k) { key } }", variables={"k": {}}),
    "null for a variable that takes none": asking("query($k: String!) { leaderboard(key: $k) { key } }", variables={"k": None}),
    "an Int of 33 bits": asking("query($n: Int) { tasks(first: $n) { totalCount } }", variables={"n": 2**32}),
    "an undefined variable": asking("{ leaderboard(key: $k) { key } }"),
    "a variable twice": asking("query($k: Int, $k: Int) { tasks(first: $k) { totalCount } }"),
    "an unknown operationName": asking(_TWO, operationName="C"),
    "two operations and no name": asking(_TWO),
    "two operations of one name": asking("query A { __typename } query A { __typename }", operationName="A"),
    "an anonymous one beside another": asking("{ __typename } query A { __typename }"),
    "fragments only": asking("fragment F on Query { __typename }"),
    "types only": asking("type Query { a: Int }"),
    "an enum value that is none": asking("{ badges(filter: {status: NOPE}) { totalCount } }"),
    "a Long beyond 2^53": asking("subscription { myProgress(after: 99999999999999999999) { __typename } }"),
    "a BOM in the middle": asking("{ pro\ufeffgramme { key } }"),
    "a GraphQL string not closed": asking('{ leaderboard(key: "a) { key } }'),
    "a block string not closed": asking('{ leaderboard(key: """a) { key } }'),
    "500 unknown fields": asking("{" + " ".join(f"f{n}" for n in range(150)) + "}"),
}  # fmt: skip

_ERRORS = [
    post(f"{name}: 400 without data", body, 400, holds=_no_data_key)
    for name, body in _REQUEST_ERRORS.items()
] + [
    post(f"{name}: for application/json", body, 200, 400, headers=_PLAIN, holds=has_errors)
    for name, body in _REQUEST_ERRORS.items()
]  # fmt: skip


def _few_errors(answer: Answer) -> None:
    expect(len(answer.errors) <= 10, f"{len(answer.errors)} errors")


def _no_suggestion(answer: Answer) -> None:
    expect("Did you mean" not in answer.text, f"a suggestion: {answer.text[:160]}")


_SELECTION = [
    post("the named one of two", asking(_TWO, operationName="B"), 200, holds=has_data),
    post("an empty operationName", asking("query A { __typename }", operationName=""), 200, 400),
    post("a subscription by POST", asking("subscription { myProgress { __typename } }"), 400, 405, holds=_names_transports),
    post("a subscription by POST for application/json", asking("subscription { myProgress { __typename } }"), 200, 400, 405, headers=_PLAIN, holds=has_errors),
    post("a hundred unknown directives name few errors", asking("{ __typename " + "@nope " * 40 + "}"), 400, holds=_few_errors),
    post("150 unknown fields name few errors", asking("{" + " ".join(f"f{n}" for n in range(150)) + "}"), 400, holds=_few_errors),
    post("no suggestion for anyone unknown", asking("{ programe { key } }"), 400, anonymous=True, holds=_no_suggestion, level=Level.SHOULD),
    post("no introspection for anyone unknown", asking("{ __schema { types { name } } }"), 200, 400, anonymous=True, holds=has_errors, level=Level.SHOULD),
    post("__typename for everyone", asking("{ __typename }"), 200, anonymous=True, holds=has_data),
    post("a field error keeps its data", asking("{ programme { key } members(first: 101) { totalCount } }"), 200),
]  # fmt: skip


def _extensions(**persisted: object) -> dict[str, object]:
    return {"persistedQuery": persisted}


_UNKNOWN = hashlib.sha256(b"never sent").hexdigest()
_OTHERS = hashlib.sha256(b"something else").hexdigest()
_NOT_FOUND = has_code("PERSISTED_QUERY_NOT_FOUND", "PERSISTED_QUERY_NOT_SUPPORTED")


def _hashed(query: str) -> str:
    return hashlib.sha256(query.encode()).hexdigest()


async def _ask(target: Target, body: str, *, method: str = "POST", path: str = "/graphql") -> Answer:
    row = Row("a caller", body, (200,), method=method)
    headers = {name: value for name, value in usual_headers(target, row).items() if value is not None}
    headers["authorization"] = f"Bearer {target.token(subject=uuid.uuid4().hex)}"
    headers["content-length"] = str(len(body.encode()))
    return await exchange(target, request_head(method, path, headers) + body.encode())


async def _registered(target: Target) -> None:
    query = f"query P{uuid.uuid4().hex} {QUERY}"
    extensions = _extensions(version=1, sha256Hash=_hashed(query))
    unknown = await _ask(target, asking(None, extensions=extensions))
    judge(unknown, (200, 400, 404))
    _NOT_FOUND(unknown)
    if "PERSISTED_QUERY_NOT_SUPPORTED" in unknown.codes:
        return
    for body in (asking(query, extensions=extensions), asking(None, extensions=extensions)):
        answer = await _ask(target, body)
        judge(answer, (200,))
        has_data(answer)


async def _refused_is_not_kept(target: Target) -> None:
    query = f"query P{uuid.uuid4().hex} {{ nope }}"
    extensions = _extensions(version=1, sha256Hash=_hashed(query))
    refused = await _ask(target, asking(query, extensions=extensions))
    judge(refused, (400,))
    again = await _ask(target, asking(None, extensions=extensions))
    judge(again, (200, 400, 404))
    _NOT_FOUND(again)


_PERSISTED = [
    Check("a persisted query: unknown, then with its text, then by hash", _registered),
    Check("a refused document is not persisted", _refused_is_not_kept),
    post("an unknown hash", asking(None, extensions=_extensions(version=1, sha256Hash=_UNKNOWN)), 200, 400, 404, holds=_NOT_FOUND),
    post("a hash without any query member", f'{{"extensions": {{"persistedQuery": {{"version": 1, "sha256Hash": "{_UNKNOWN}"}}}}}}', 200, 400, 404, holds=_NOT_FOUND),
    post("a hash of another text", asking(extensions=_extensions(version=1, sha256Hash=_OTHERS)), 400, holds=has_errors),
    *(
        post(f"persistedQuery {name}", asking(None, extensions={"persistedQuery": value}), 200, 400, holds=has_errors)
        for name, value in {
            "version 2": {"version": 2, "sha256Hash": _UNKNOWN},
            "without a hash": {"version": 1},
            "hash null": {"version": 1, "sha256Hash": None},
            "hash a number": {"version": 1, "sha256Hash": 7},
            "hash an object": {"version": 1, "sha256Hash": {"$ne": None}},
            "hash short": {"version": 1, "sha256Hash": "abc"},
            "hash of 100 KB": {"version": 1, "sha256Hash": "a" * 100_000},
            "hash with a star": {"version": 1, "sha256Hash": "*" * 64},
            "a string": _UNKNOWN,
            "a list": [_UNKNOWN],
        }.items()
    ),
    post("persistedQuery null beside a query", asking(extensions={"persistedQuery": None}), 200, 400),
]  # fmt: skip


def _foreseen(answer: Answer) -> None:
    """Errors are typed ones: the general check has already refused `INTERNAL`."""
    expect(answer.json, "no document")


def _value(name: str, query: str, role: Role = Role.OPERATOR, **variables: object) -> Check:
    return post(name, asking(query, variables=variables), 200, 400, role=role, holds=_foreseen)


_ACTIVITY = "mutation($p: JSON, $t: String!) { recordActivities(input: {activities: [{type: $t, source: \"s\", sourceId: \"" + uuid.uuid4().hex + "%d\", memberExternalId: \"m\", occurredAt: \"2026-01-01T00:00:00Z\", properties: $p}]}) { rejected outcomes { error { code message } } } }"  # fmt: skip
_STRANGE: dict[str, object] = {
    "$where": {"$where": "sleep(1000)"},
    "$gt in a value": {"book": {"$gt": ""}, "genre": "fiction"},
    "dots": {"a.b.c": 1},
    "__proto__": {"__proto__": {"admin": True}},
    "an empty key": {"": 1},
    "NUL in a key": {"a\0b": 1},
    "NUL in a value": {"book": "a\0b", "genre": "fiction"},
    "a number of 70 digits": {"book": 10**18, "genre": "fiction"},
    "1e308": {"book": 1e308, "genre": "fiction"},
    "200 deep": json.loads('{"a":' * 200 + "1" + "}" * 200),
    "a list": [1, 2],
    "a scalar": 7,
    "17 KiB": {"book": "x" * 17_000, "genre": "fiction"},
}

_VALUES = [
    *(
        _value(f"properties: {name}", _ACTIVITY % number, Role.SERVICE, p=value, t="book.finished")
        for number, (name, value) in enumerate(_STRANGE.items())
    ),
    _value("a type with $", _ACTIVITY % 90, Role.SERVICE, p={}, t="$where"),
    _value("first 101", "{ members(first: 101) { totalCount } }"),
    _value("first 0", "{ members(first: 0) { totalCount } }"),
    _value("first -1", "{ members(first: -1) { totalCount } }"),
    _value("first and last", "{ members(first: 1, last: 1) { totalCount } }"),
    *(
        _value(f"after {name}", "query($c: String) { members(first: 1, after: $c) { totalCount } }", c=cursor)
        for name, cursor in {
            "nonsense": "nonsense", "empty": "", "bad base64": "====", "not UTF-8": "//79", "JSON": "e30=",
            "NUL": "AA==", "10 KB": "QQ" * 5000, "an object": "eyIkbmUiOiBudWxsfQ==", "Chinese": "积分",
        }.items()
    ),
    *(
        _value(f"node {name}", "query($i: ID!) { node(id: $i) { id } }", i=identifier)
        for name, identifier in {
            "nonsense": "nonsense", "empty": "", "bad base64": "====", "not UTF-8": "//79", "no type": "OjE=",
            "unknown type": "Tm9wZTox", "a number": 7, "NUL": "TWVtYmVyOgA=", "10 KB": "QQ" * 5000,
        }.items()
    ),
    _value("nodes of 1,000 ids", "query($i: [ID!]!) { nodes(ids: $i) { id } }", i=["x"] * 1000),
    _value("a key of 100 KB", "query($k: String!) { leaderboard(key: $k) { key } }", k="x" * 100_000),
    _value("a key with NUL", "query($k: String!) { leaderboard(key: $k) { key } }", k="a\0b"),
    _value("an external id with $", "query($k: ID!) { member(externalId: $k) { id } }", k='{"$ne": null}'),
    _value("member of nothing", "{ member { id } }"),
    _value("a date that is none", 'mutation { recordActivities(input: {activities: [{type: "t", source: "s", sourceId: "1", memberExternalId: "m", occurredAt: "2026-13-45"}]}) { rejected } }', Role.SERVICE),
    _value("the year 0", 'mutation { recordActivities(input: {activities: [{type: "t", source: "s", sourceId: "1", memberExternalId: "m", occurredAt: "0000-01-01T00:00:00Z"}]}) { rejected } }', Role.SERVICE),
    _value("the year 9999 with a zone", 'mutation { recordActivities(input: {activities: [{type: "t", source: "s", sourceId: "1", memberExternalId: "m", occurredAt: "9999-12-31T23:59:59-12:00"}]}) { rejected } }', Role.SERVICE),
    _value("a programme that is no object", "mutation { applyProgramme(input: {document: 7, dryRun: true}) { __typename } }"),
    _value("a programme of null", "mutation { applyProgramme(input: {document: null, dryRun: true}) { __typename } }"),
    _value("a programme 300 deep", "mutation($d: JSON!) { applyProgramme(input: {document: $d, dryRun: true}) { __typename } }", d=json.loads("[" * 300 + "]" * 300)),
]  # fmt: skip

CHECKS = (*_ERRORS, *_SELECTION, *_PERSISTED, *_VALUES)
