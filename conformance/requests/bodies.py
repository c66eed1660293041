"""Bodies: JSON of the wrong shape, no JSON at all, other encodings, too much of it."""

import gzip
import json
import zlib

from conformance.checks import Level
from conformance.requests.table import (
    NOTHING,
    QUERY,
    REFUSED,
    asking,
    has_data,
    post,
)

_WITH_TEXT = "query($text: String!) { leaderboard(key: $text) { key } }"
_PACKED = gzip.compress(asking().encode())


def _variable(literal: str) -> str:
    """A body whose variable is this literal text."""
    return f'{{"query": {json.dumps(_WITH_TEXT)}, "variables": {{"text": {literal}}}}}'


_SHAPES = [
    post(f"body is {text[:24]}", text, 400)
    for text in (
        *("null", "true", "7", "1.5", '"text"', "[]", "[[]]", "{}", "[null]"),
        *('{"query": null}', '{"query": 7}', '{"query": []}', '{"query": {}}', '{"query": false}'),
        *('{"query": ""}', '{"query": "   "}', '{"query": "# nothing"}', '{"Query": "{ __typename }"}'),
    )
]

_MEMBERS = [
    post(f"{name} is {json.dumps(value)}", asking(**{name: value}), 400)
    for name, values in {
        "variables": ([], "x", 7, True),
        "operationName": (7, [], {}, True),
        "extensions": ([], "x", 7, True),
    }.items()
    for value in values
]

_SYNTAX = [
    post("body missing", NOTHING, 400, 411),
    post("body empty", "", 400),
    post("body of spaces", "   \n", 400),
    post("body cut short", asking()[:-4], 400),
    post("trailing comma", '{"query": "{ __typename }",}', 400),
    post("text after the object", asking() + " {}", 400),
    post("single quotes", "{'query': '{ __typename }'}", 400),
    post("comments in JSON", '{"query": "{ __typename }" /* x */}', 400),
    post("a raw control character", b'{"query": "{ __type\x01name }"}', 400),
    post("a NUL after the body", asking().encode() + b"\0", 400),
    post("a byte order mark", b"\xef\xbb\xbf" + asking().encode(), 200, 400, level=Level.MAY),
    post("NaN", _variable("NaN"), 400),
    post("Infinity", _variable("Infinity"), 400),
    post("-Infinity", _variable("-Infinity"), 400),
    post("1e999", _variable("1e999"), 400),
    post("5,000 digits as a variable", _variable("9" * 5000), 400),
    post("5,000 digits as the body", "9" * 5000, 400),
    post("5,000 digits after the point", _variable("0." + "9" * 5000), 400),
    post("an array 100,000 deep", "[" * 100_000, 400),
    post("an array 50,000 deep, closed", "[" * 50_000 + "]" * 50_000, 400),
    post("an object 30,000 deep", '{"a":' * 30_000 + "1" + "}" * 30_000, 400),
    post("a variable 1,000 deep", _variable("[" * 1000 + "]" * 1000), 400),
    post(
        "extensions 500 deep",
        f'{{"query": "{QUERY}", "extensions": {{"a": {"[" * 500 + "]" * 500}}}}}',
        200,
        400,
    ),
]

_UNICODE = [
    post("a lone surrogate in a variable", _variable(r'"\ud800"'), 400),
    post("a lone low surrogate in a variable", _variable(r'"x\udfffy"'), 400),
    post("a lone surrogate in a key", r'{"query": "{ __typename }", "variables": {"\ud800": 1}}', 400),
    post("a lone surrogate in the query", r'{"query": "{ __typename } # \ud800"}', 400),
    post(
        "a lone surrogate in operationName",
        r'{"query": "query A { __typename }", "operationName": "\ud800"}',
        400,
    ),
    post(
        "a lone surrogate in extensions", r'{"query": "{ __typename }", "extensions": {"a": ["\udc00"]}}', 400
    ),
    post("a surrogate escaped in GraphQL", asking(r'{ leaderboard(key: "\uD800") { key } }'), 400),
    post("a surrogate pair", _variable(r'"\ud83d\ude00"'), 200, holds=lambda a: None),
    post("Chinese in a variable", _variable('"积分"'), 200),
    post("NUL in a variable", _variable(r'"\u0000"'), 200, 400),
    post("invalid UTF-8", b'{"query": "{ __typename } # \xff\xfe"}', 400),
    post("overlong UTF-8", b'{"query": "{ __typename } # \xc0\xaf"}', 400),
    post("UTF-8 cut short", b'{"query": "{ __typename } # \xe7\xa7"}', 400),
    post("a surrogate in UTF-8", b'{"query": "{ __typename } # \xed\xa0\x80"}', 400),
    post("UTF-16 without a charset", asking().encode("utf-16"), 400),
    post("UTF-16 little-endian", asking().encode("utf-16-le"), 400),
    post("UTF-32", asking().encode("utf-32"), 400),
]

_CHARSETS = [
    post(f"charset {charset}", asking().encode(encoding), *status, headers={"content-type": f"application/json; charset={charset}"})
    for charset, encoding, status in (
        ("utf-8", "utf-8", (200,)),
        ("UTF-8", "utf-8", (200,)),
        ('"utf-8"', "utf-8", (200,)),
        ("utf-16", "utf-16", (415,)),
        ("utf-32", "utf-32", (415,)),
        ("iso-8859-1", "latin-1", (415,)),
        ("made-up", "utf-8", (415,)),
    )
]  # fmt: skip

_ENCODINGS = [
    post("gzip", _PACKED, 415, headers={"content-encoding": "gzip"}),
    post("gzip without saying so", _PACKED, 400),
    post("deflate", zlib.compress(asking().encode()), 415, headers={"content-encoding": "deflate"}),
    post("br", asking(), 415, headers={"content-encoding": "br"}),
    post("zstd", asking(), 415, headers={"content-encoding": "zstd"}),
    post("gzip, gzip", gzip.compress(_PACKED), 415, headers={"content-encoding": "gzip, gzip"}),
    post("plain text called gzip", asking(), 415, headers={"content-encoding": "gzip"}),
    post("a made-up encoding", asking(), 415, headers={"content-encoding": "made-up"}),
    post("a gzip bomb", gzip.compress(b" " * 20_000_000), 415, headers={"content-encoding": "gzip"}),
    post("identity", asking(), 200, 415, headers={"content-encoding": "identity"}, level=Level.MAY),
]

_ODD = [
    post("an unknown member", asking(doc_id=1, id="x"), 200, holds=has_data, level=Level.SHOULD),
    post("query twice", f'{{"query": "{QUERY}", "query": "{QUERY}"}}', 200, 400),
    post("two different queries", f'{{"query": "{{ nope }}", "query": "{QUERY}"}}', 200, 400),
    post("a variable twice", '{"query": "{ __typename }", "variables": {"a": 1, "a": 2}}', 200, 400),
    post("__proto__ as a variable", asking(variables={"__proto__": {"admin": True}}), 200, holds=has_data),
    post("$where as a variable", asking(variables={"$where": "sleep(1000)"}), 200, holds=has_data),
    post("an empty key", asking(variables={"": 1}), 200, holds=has_data),
    post("null members", asking(variables=None, operationName=None, extensions=None), 200, holds=has_data),
    post("20,000 variables", asking(variables={f"v{n}": n for n in range(20_000)}), 200, *REFUSED),
    post("a string of 200 KB", _variable('"' + "x" * 200_000 + '"'), 200, *REFUSED),
    post("200 KB of spaces after the object", asking() + " " * 200_000, 200, *REFUSED),
    post("a batch of two", f"[{asking()}, {asking()}]", 400),
    post("a batch of 1,000", "[" + ",".join([asking()] * 1000) + "]", 400),
]

CHECKS = (*_SHAPES, *_MEMBERS, *_SYNTAX, *_UNICODE, *_CHARSETS, *_ENCODINGS, *_ODD)
