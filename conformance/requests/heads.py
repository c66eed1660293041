"""Methods, content types, Accept, cross-site shapes, tokens and paths."""

from urllib.parse import quote

from conformance.checks import Check, Level, expect
from conformance.requests.table import (
    NOTHING,
    QUERY,
    Row,
    asking,
    get,
    has_code,
    has_data,
    has_header,
    lacks_header,
    post,
)
from conformance.wire import Answer
from gamification.kit.actors import Role

_Q = quote(QUERY)
_EVIL = "https://evil.example"
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data; boundary=x"
_URQL = "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed"

_TYPES = [
    post(f"content type {kind}", asking(), 400, 415, headers={"content-type": kind})
    for kind in (
        *("text/plain", _FORM, _MULTIPART, "application/jsonx", "application/graphql", "text/json"),
        *("application/graphql-response+json", "application/xml", "////", "json", "*/*"),
        *("text/plain, application/json", "application/jso", "application/json+x", "text/html"),
    )
] + [
    post("no content type", asking(), 400, 415, headers={"content-type": None}),
    post("an empty content type", asking(), 400, 415, headers={"content-type": ""}),
    post("a form with a query", f"query={_Q}", 400, 415, headers={"content-type": _FORM}),
    post("a multipart with operations", f'--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n{asking()}\r\n--x--\r\n', 400, 415, headers={"content-type": _MULTIPART}),
    post("application/JSON in capitals", asking(), 200, headers={"content-type": "Application/JSON"}),
    post("a parameter beside charset", asking(), 200, 415, headers={"content-type": "application/json; x=y; charset=utf-8"}),
]  # fmt: skip


def _accept(value: str | None, kind: str, level: Level = Level.MUST) -> Check:
    name = f"accept {value}"[:70]
    return post(
        name, asking(), 200, headers={"accept": value}, holds=has_header("content-type", kind), level=level
    )


_ACCEPTS = [
    _accept(None, "application/"),
    _accept("*/*", "application/"),
    _accept("application/*", "application/"),
    _accept("application/json", "application/json"),
    _accept("application/graphql-response+json", "application/graphql-response+json"),
    _accept("application/graphql-response+json;q=0.1, application/json", "application/json", level=Level.SHOULD),
    _accept("application/graphql-response+json;q=0, application/json", "application/json"),
    _accept("APPLICATION/JSON", "application/json"),
    _accept(_URQL, "application/graphql-response+json"),
    _accept("application/json, text/event-stream", "application/json"),
    _accept("text/event-stream;q=0.1, application/json", "application/json"),
    _accept("multipart/mixed, application/json", "application/json"),
    post("accept only images", asking(), 200, 406, headers={"accept": "image/png"}, level=Level.MAY),
    post("accept only text/html", asking(), 200, 406, headers={"accept": "text/html"}, level=Level.MAY),
    post("accept of nonsense", asking(), 200, 400, 406, headers={"accept": ";;;,,q=="}),
    post("accept of 8 KB", asking(), 200, 400, 406, 431, headers={"accept": "a/b," * 2000}),
]  # fmt: skip

_METHODS = [
    Row(f"method {method}", asking(), (405,), method=method, holds=has_header("allow", "POST"),
        headers={"content-type": "application/json"}).check()
    for method in ("PUT", "PATCH", "DELETE", "TRACE", "PROPFIND")
] + [
    Row("method CONNECT", NOTHING, (400, 405, 501), method="CONNECT", below_http=True).check(),
    Row("method BREW", asking(), (400, 405, 501), method="BREW", below_http=True,
        headers={"content-type": "application/json"}).check(),
    Row("method post in small letters", asking(), (400, 405), method="post", below_http=True,
        headers={"content-type": "application/json"}).check(),
    Row("method OPTIONS", NOTHING, (200, 204, 405), method="OPTIONS", level=Level.SHOULD,
        holds=has_header("allow", "POST")).check(),
    Row("method HEAD", NOTHING, (200, 400, 405), method="HEAD", path=f"/graphql?query={_Q}").check(),
]  # fmt: skip

_RENAME = quote('mutation { updateProfile(input: {displayName: "moved"}) { __typename } }')
_GETS = [
    get("GET a query", f"query={_Q}", 200, holds=has_data),
    get("GET nothing", "", 400),
    get("GET without a query", "variables=%7B%7D", 400),
    get("GET an empty query", "query=", 400),
    get("GET a mutation", f"query={_RENAME}", 405, holds=has_header("allow", "POST")),
    get("GET a mutation by name", f"query={quote('query A { __typename } mutation B { joinProgramme(input: {}) { __typename } }')}&operationName=B", 400, 405),
    get("GET a subscription", f"query={quote('subscription { myProgress { __typename } }')}", 400, 405),
    *(
        get(f"GET variables {text[:20]}", f"query={_Q}&variables={quote(text)}", 400)
        for text in ("{", "[]", "7", '"x"', "true", "NaN", '{"a": NaN}', "9" * 5000, "[" * 5000, r'{"a": "\ud800"}')
    ),
    *(
        get(f"GET extensions {text[:20]}", f"query={_Q}&extensions={quote(text)}", 400)
        for text in ("{", "[]", "7", '"x"')
    ),
    get("GET empty variables", f"query={_Q}&variables=", 200, 400),
    get("GET null variables", f"query={_Q}&variables=null", 200),
    get("GET invalid UTF-8", f"query={_Q}%ff%fe", 400),
    get("GET a bad escape", f"query={_Q}%zz", 200, 400),
    get("GET the query twice", f"query={_Q}&query={_Q}", 200, 400),
    get("GET 60 KB", f"query={_Q}{'%20' * 20_000}", 200, 400, 413, 414, 431, below_http=True),
    post("POST with the query in the URL", "{}", 400, path=f"/graphql?query={_Q}"),
]  # fmt: skip

_CROSS_SITE = [
    post("text/plain from another origin", asking(), 400, 415, headers={"content-type": "text/plain", "origin": _EVIL}),
    post("JSON from another origin", asking(), 200, 403, headers={"origin": _EVIL}, holds=lacks_header("access-control-allow-origin")),
    post("origin null", asking(), 200, 403, headers={"origin": "null"}, holds=lacks_header("access-control-allow-origin")),
    Row("preflight from another origin", NOTHING, (200, 204, 400, 403, 405), method="OPTIONS",
        headers={"origin": _EVIL, "access-control-request-method": "POST", "access-control-request-headers": "content-type"},
        holds=lacks_header("access-control-allow-origin")).check(),
]  # fmt: skip

_UNSIGNED = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJhIiwicm9sZSI6Im9wZXJhdG9yIiwicHJvZ3JhbW1lIjoiZGVtbyIsImV4cCI6OTk5OTk5OTk5OX0."
_TOKENS = [
    post(f"authorization {name}", asking(), 401, headers={"authorization": value}, holds=has_header("www-authenticate", "Bearer"))
    for name, value in {
        "forged": "Bearer forged",
        "Basic": "Basic YTpi",
        "Bearer without a token": "Bearer",
        "algorithm none": f"Bearer {_UNSIGNED}",
        "three dots": "Bearer ...",
        "of 4 KB": f"Bearer {'a' * 4000}",
        "latin-1": "Bearer \xe9\xe8",
        "two tokens": "Bearer a, Bearer b",
    }.items()
] + [
    post("no token", asking("{ me { id } }"), 200, anonymous=True, holds=has_code("UNAUTHENTICATED")),
    post("a token in the query string", asking("{ me { id } }"), 200, anonymous=True, path="/graphql?token=x&access_token=x", holds=has_code("UNAUTHENTICATED")),
]  # fmt: skip

_PATHS = [
    get("an unknown path", "/nope", 404),
    get("a path above", "/graphql/../nope", 404),
    get("a path below", "/graphql/nope", 404),
    get("a file", "/.env", 404),
    get("an escaped NUL in the path", "/graphql%00", 404, 400),
    get("the root", "/", 200),
    post("POST to the root", asking(), 405, path="/", holds=has_header("allow", "GET")),
    get("GET /events", "/events", 405, holds=has_header("allow", "POST")),
]

_EVENT_TYPE = {"content-type": "application/cloudevents+json"}


def _taken_as_rejected(answer: Answer) -> None:
    """Refused as a whole, or as an event that was rejected."""
    if answer.status == 200:
        expect(answer.json["rejected"] == 1 and not answer.json["recorded"], answer.text[:160])


_EVENTS = [
    post(f"/events: {text}", text, 200, 400, path="/events", headers=_EVENT_TYPE, role=Role.SERVICE, holds=_taken_as_rejected)
    for text in ("null", "7", "[]", '"x"', "{}", '{"specversion": "0.3"}')
] + [
    post(f"/events: {text[:20]}", text, 400, path="/events", headers=_EVENT_TYPE, role=Role.SERVICE)
    for text in ("", "{", "[" * 50_000, "9" * 5000, '{"specversion": NaN}', '{"id": "\\ud800"}')
] + [
    post("/events: invalid UTF-8", b'{"specversion": "\xff"}', 400, path="/events", headers=_EVENT_TYPE, role=Role.SERVICE),
    post("/events: gzip", b"\x1f\x8b", 400, 415, path="/events", headers={**_EVENT_TYPE, "content-encoding": "gzip"}, role=Role.SERVICE),
    post("/events: text/plain", "{}", 400, 415, path="/events", headers={"content-type": "text/plain"}, role=Role.SERVICE),
    post("/events: without a token", "{}", 401, path="/events", headers=_EVENT_TYPE, anonymous=True),
    post("/events: as a member", "{}", 400, 403, path="/events", headers=_EVENT_TYPE),
]  # fmt: skip

CHECKS = (
    *(*_TYPES, *_ACCEPTS, *_METHODS, *_GETS, *_CROSS_SITE),
    *(*_TOKENS, *_PATHS, *_EVENTS),
)
