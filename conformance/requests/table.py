"""How a hostile request is written down as a row, and what every answer must be like."""

import json
from collections.abc import AsyncIterable, Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from conformance.checks import Check, Failure, Level, expect
from conformance.target import Target
from conformance.wire import Answer, exchange, request_head
from gamification.kit.actors import Role

QUERY = "{ programme { key } }"
ACCEPT = "application/graphql-response+json, application/json;q=0.9"
INTERNAL_TEXTS = (
    *("Traceback", 'File "', "site-packages", "mongodb:", "pymongo", "redis://", "strawberry", "orjson"),
    *("codec can't", "RecursionError", "KeyError", "TypeError", "has no attribute", "NoneType", "hunter2"),
    *("Incorrect padding", "E11000", "BSON", "Internal error", '"INTERNAL"', "Unexpected error"),
)
"""What no caller is to read, whatever they sent."""
REFUSED = (400, 413, 415, 422)


class _Nothing:
    """Stands for a header or body that is not sent."""


NOTHING = _Nothing()
Sent = bytes | str | Callable[[Target], bytes] | _Nothing


@dataclass(frozen=True, slots=True)
class Row:
    """One request and what is expected of its answer."""

    name: str
    body: Sent
    status: Collection[int]
    headers: dict[str, str | None] = field(default_factory=dict)
    """Beside the usual ones; None leaves a usual one out."""
    method: str = "POST"
    path: str = "/graphql"
    holds: Callable[[Answer], None] | None = None
    level: Level = Level.MUST
    anonymous: bool = False
    role: Role = Role.MEMBER
    below_http: bool = False
    """The server's HTTP parser refuses it, before our code could add headers or JSON."""

    def check(self) -> Check:
        return Check(self.name, partial(_run, self), self.level)


def post(name: str, body: Sent, *status: int, **more: Any) -> Check:
    """A POST that is answered with one of these statuses."""
    return Row(name, body, status, **more).check()


def get(name: str, path: str, *status: int, **more: Any) -> Check:
    """A GET of /graphql with a query string, or of another path."""
    full = path if path.startswith("/") else f"/graphql?{path}"
    return Row(name, NOTHING, status, method="GET", path=full, **more).check()


def asking(query: object = QUERY, **members: object) -> str:
    """The body of a request as JSON in ASCII; a lone surrogate stays an escape."""
    return json.dumps({"query": query, **members})


def usual_headers(target: Target, row: Row) -> dict[str, str | None]:
    """What a well-behaved client sends. Each row has a caller of its own, so that no limit adds up."""
    token = None if row.anonymous else f"Bearer {target.token(row.role, f'caller {row.name}'[:100])}"
    return {
        "host": f"{target.host}:{target.port}",
        "connection": "close",
        "authorization": token,
        "accept": ACCEPT,
        "content-type": "application/json" if row.method == "POST" else None,
    }


async def _run(row: Row, target: Target) -> None:
    body = _bytes(row.body, target)
    headers = {**usual_headers(target, row), **row.headers}
    if body is not None and not {"content-length", "transfer-encoding"} & set(headers):
        headers["content-length"] = str(len(body))
    stated = {name: value for name, value in headers.items() if value is not None}
    answer = await exchange(
        target, request_head(row.method, row.path, stated) + (body or b""), method=row.method
    )
    judge(answer, row.status, head_only=row.method == "HEAD", below_http=row.below_http)
    if row.holds is not None:
        row.holds(answer)


def judge(
    answer: Answer, status: Collection[int], *, head_only: bool = False, below_http: bool = False
) -> None:
    """What holds for every answer. Raises: Failure."""
    expect(answer.status < 500, f"{answer.status}: {answer.text[:160]}")
    wanted = ", ".join(map(str, status))
    expect(answer.status in status, f"{answer.status} where {wanted} was expected: {answer.text[:160]}")
    leaked = [text for text in INTERNAL_TEXTS if text in answer.text]
    expect(not leaked, f"internal text {leaked}: {answer.text[:160]}")
    if below_http:
        return
    expect("server" not in answer.headers, "a `Server` header")
    expect(answer.headers.get("x-content-type-options") == "nosniff", "no `x-content-type-options: nosniff`")
    expect("x-request-id" in answer.headers, "no `x-request-id`")
    if answer.status >= 400 and not head_only:
        _judge_refusal(answer)


def _judge_refusal(answer: Answer) -> None:
    document = answer.json
    if answer.headers.get("content-type", "").startswith("application/problem+json"):
        expect(document.get("title") and document.get("status") == answer.status, "a bare problem document")
        return
    errors = document.get("errors") if isinstance(document, dict) else None
    expect(isinstance(errors, list) and errors, f"a refusal without `errors`: {answer.text[:160]}")
    expect("data" not in document, f"`data` beside a refusal: {answer.text[:160]}")
    expect(all(isinstance(error.get("message"), str) for error in errors or ()), "an error without message")


def _bytes(body: Sent, target: Target) -> bytes | None:
    if isinstance(body, _Nothing):
        return None
    if callable(body):
        return body(target)
    return body.encode() if isinstance(body, str) else body


# ---------------------------------------------------------------- what may hold beside the status


def has_data(answer: Answer) -> None:
    """The operation ran without errors."""
    expect(not answer.errors, f"errors: {answer.text[:160]}")
    expect(answer.json.get("data"), "no data")


def has_errors(answer: Answer) -> None:
    """The response names at least one error."""
    expect(answer.errors, f"no errors: {answer.text[:160]}")


def has_code(*codes: str) -> Callable[[Answer], None]:
    """One of these codes stands in the answer."""

    def holds(answer: Answer) -> None:
        expect(answer.codes & set(codes), f"codes {sorted(answer.codes)} where {' or '.join(codes)} was due")

    return holds


def has_header(name: str, *parts: str) -> Callable[[Answer], None]:
    """The header is there and holds all parts."""

    def holds(answer: Answer) -> None:
        value = answer.headers.get(name)
        if value is None:
            raise Failure(f"no `{name}` header")
        expect(all(part in value for part in parts), f"`{name}: {value}` lacks one of {parts}")

    return holds


def lacks_header(name: str) -> Callable[[Answer], None]:
    """The header is not there."""
    return lambda answer: expect(name not in answer.headers, f"`{name}: {answer.headers.get(name)}`")


Stream = Callable[[Target], AsyncIterable[bytes]]
