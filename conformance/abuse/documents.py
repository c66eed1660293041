"""Documents that ask for too much, and some that ask for just enough."""

import json

from conformance.abuse.table import harmless, refused, refused_on_socket, served
from conformance.checks import Level
from conformance.requests.table import asking
from gamification.kit.actors import Role

_LIMIT = "LIMIT_EXCEEDED"
_BOARDS = "leaderboards(first: 100) { nodes { period { entries(first: 100) { nodes { member { %s } } } } } }"
_TURN = "badgeAwards(first: 100) { nodes { badge { awards(first: 100) { nodes { member { %s } } } } } }"
_CLAIM = 'claimTask(input: {task: "regular", idempotencyKey: "%d"}) { __typename }'
_FULL = """query { __schema { queryType { name } mutationType { name } subscriptionType { name }
  types { kind name description fields(includeDeprecated: true) { name description
    args { name type { ...T } defaultValue } type { ...T } isDeprecated deprecationReason }
    inputFields { name type { ...T } defaultValue } interfaces { ...T }
    enumValues(includeDeprecated: true) { name } possibleTypes { ...T } }
  directives { name locations args { name type { ...T } defaultValue } } } }
fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }"""


def _aliases(count: int, field: str = "__typename") -> str:
    return "{" + " ".join(f"a{n}: {field}" for n in range(count)) + "}"


def _repeated(count: int, field: str = "__typename") -> str:
    return "{" + f"{field} " * count + "}"


def _deep(levels: int, around: str = "{}") -> str:
    turn = "badge { awards(first: 1) { nodes { "
    return around.format(
        "{ me { badgeAwards(first: 1) { nodes { " + turn * levels + "id" + " } } }" * levels + " } } } }"
    )


def _doubling(levels: int, leaf: str = "__typename", on: str = "Query") -> str:
    chain = " ".join(f"fragment F{n} on {on} {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels))
    return f"{chain} fragment F{levels} on {on} {{ {leaf} }}"


def _cyclic(count: int) -> str:
    return " ".join(f"fragment C{n} on Query {{ ...C{(n + 1) % count} }}" for n in range(count))


def _lists(turns: int) -> str:
    inner = "id"
    for _ in range(turns):
        inner = _TURN % inner
    return "{ " + _BOARDS % inner + " }"


_ALIASES = [
    served("15 aliases", _aliases(15)),
    refused("16 aliases", _aliases(16), _LIMIT),
    refused("100 aliases", _aliases(100), _LIMIT),
    refused("1,000 aliases", _aliases(1000), _LIMIT),
    refused("10,000 aliases", _aliases(10_000), _LIMIT),
    refused("30 aliases in a fragment, spread twice", "{ ...F ...F } fragment F on Query " + _aliases(30), _LIMIT),
    refused("60 aliased lists of 100", _aliases(60, "badges(first: 100) { nodes { id } }"), _LIMIT),
    refused("100 aliased mutations", "mutation " + "{" + " ".join(f"a{n}: {_CLAIM % n}" for n in range(100)) + "}", _LIMIT),
    refused("25 aliased mutations", "mutation " + "{" + " ".join(f"a{n}: {_CLAIM % n}" for n in range(25)) + "}", _LIMIT),
    refused("200 aliases below the root", "{ programme " + _aliases(200, "key") + " }", _LIMIT),
    refused("100 aliases of node", _aliases(100, 'node(id: "x") { id }'), _LIMIT),
]  # fmt: skip

_ROOTS = [
    served("20 root fields", _repeated(20)),
    refused("21 root fields", _repeated(21), _LIMIT),
    refused("500 root fields", _repeated(500), _LIMIT),
    refused("5,000 root fields", _repeated(5000), _LIMIT),
    refused("21 root fields in fragments", "{ ...A ...A ...A } fragment A on Query " + _repeated(7), _LIMIT),
    refused("300 fields", "{ programme " + _repeated(300, "key") + " }", _LIMIT),
    refused("201 fields in fragments", "{ programme { " + "...A " * 21 + "} } fragment A on Programme " + _repeated(10, "key"), _LIMIT),
    refused("2,000 fields", "{ programme " + _repeated(2000, "key") + " }", _LIMIT),
    refused("one field 20,000 times", "{ programme " + _repeated(20_000, "id") + " }", _LIMIT),
]  # fmt: skip

_DIRECTIVES = [
    served("20 directives", "{ programme {" + "key @include(if: true) " * 20 + "} }"),
    refused("60 directives", "{ programme {" + "key @include(if: true) " * 60 + "} }", _LIMIT),
    refused("500 directives on one field", "{ __typename " + "@include(if: true) " * 500 + "}"),
    refused("1,000 unknown directives", "{ __typename " + "@nope " * 1000 + "}"),
    refused("60 directives on fragments", "{" + "...F @skip(if: false) " * 60 + "} fragment F on Query { __typename }", _LIMIT),
    refused("60 directives hidden in a fragment spread six times", "{" + "...F " * 6 + "} fragment F on Query {" + "__typename @skip(if: false) " * 10 + "}", _LIMIT),
]  # fmt: skip

_DEPTH = [
    served("8 deep", "{ me { badgeAwards(first: 1) { edges { node { badge { awards(first: 1) { totalCount } } } } } } }"),
    refused("14 deep", _deep(3), _LIMIT),
    refused("50 deep", _deep(15), _LIMIT),
    refused("600 deep", _deep(200)),
    refused("5,000 braces", "{a" * 5000 + "}" * 5000),
    refused("100,000 braces", "{a" * 100_000),
    # They cost nothing: depth counts fields.
    harmless("100 inline fragments in one another", asking("{" + "... on Query {" * 100 + "__typename" + "}" * 101)),
    refused("3,000 inline fragments in one another", "{" + "... {" * 3000 + "__typename" + "}" * 3001),
    refused("a list value 5,000 deep", "{ nodes(ids: " + "[" * 5000 + "]" * 5000 + ") { id } }"),
    refused("an object value 3,000 deep", "{ badges(filter: " + "{a:" * 3000 + "1" + "}" * 3000 + ") { totalCount } }"),
    refused("a type 3,000 deep", "query($a: " + "[" * 3000 + "Int" + "]" * 3000 + ") { __typename }"),
    refused("14 deep through fragments", "{ me { ...A } } fragment A on Member { badgeAwards(first: 1) { nodes { ...B } } } fragment B on BadgeAward { badge { awards(first: 1) { nodes { ...C } } } } fragment C on BadgeAward { badge { awards(first: 1) { nodes { badge { awards(first: 1) { nodes { id } } } } } } }", _LIMIT),
]  # fmt: skip

_FRAGMENTS = [
    *(refused(f"{n} doubling fragments", "{ ...F0 } " + _doubling(n)) for n in (8, 12, 20, 30, 60)),
    harmless("30 doubling fragments that nothing uses", asking("{ __typename } " + _doubling(30))),
    refused("20 doubling fragments over lists", "{ members(first: 100) { nodes { ...F0 } } } " + _doubling(20, "badgeAwards(first: 100) { totalCount }", "Member"), role=Role.OPERATOR),
    refused("a fragment in itself", "{ ...C0 } " + _cyclic(1)),
    refused("a cycle of two", "{ ...C0 } " + _cyclic(2)),
    refused("a cycle of 20", "{ ...C0 } " + _cyclic(20)),
    refused("a cycle of 500", "{ ...C0 } " + _cyclic(500)),
    refused("1,000 fragments that nothing uses", "{ __typename } " + " ".join(f"fragment F{n} on Query {{ __typename }}" for n in range(1000))),
    refused("a chain of 400 fragments", "{ ...F0 } " + " ".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(400)) + " fragment F400 on Query { __typename }"),
    refused("2,000 spreads of one fragment", "{" + "...F " * 2000 + "} fragment F on Query { __typename }"),
    refused("1,000 fragments of one name", "{ ...F } " + "fragment F on Query { __typename } " * 1000),
    refused("300 conflicting fields", "{ programme {" + " ".join(f"x: {f}" for f in ("key", "name", "id") * 100) + "} }"),
]  # fmt: skip

_COST = [
    served("a board's first page with its members", '{ leaderboard(key: "points") { period { entries(first: 50) { edges { node { rank score member { id displayName } } } } } } }'),
    refused("boards, entries, members' awards: 1,000,000", "{ " + _BOARDS % "badgeAwards(first: 100) { nodes { id } }" + " }", _LIMIT),
    *(refused(f"lists in lists, {turns} turns", _lists(turns), _LIMIT) for turns in (1, 2, 3, 4)),
    refused("sizes in variables", "query($n: Int) { " + (_BOARDS % "badgeAwards(first: $n) { nodes { id } }").replace("100", "$n") + " }", _LIMIT, variables={"n": 100}),
    refused("sizes in defaults of variables", "query($n: Int = 100) { " + (_BOARDS % "badgeAwards(first: $n) { nodes { id } }").replace("100", "$n") + " }", _LIMIT),
    refused("sizes by last", "{ " + (_BOARDS % "badgeAwards(last: 100) { nodes { id } }").replace("first", "last") + " }", _LIMIT),
    refused("sizes not stated", "{ leaderboards { nodes { periods { nodes { entries { nodes { member { badgeAwards { nodes { id } } } } } } } } } }", _LIMIT),
    refused("a size of 2^31 - 1", "{ badges(first: 2147483647) { nodes { id } } }"),
    harmless("windows of 10^6 around a member", asking('{ leaderboard(key: "points") { period { around(memberId: "x", above: 1000000, below: 1000000) { rank } } } }')),
    refused("edges and nodes of the same page, 3 turns", _lists(3).replace("nodes {", "edges { node { id } } nodes {"), _LIMIT),
    refused("1,000 ids", "query($i: [ID!]!) { nodes(ids: $i) { id } }", variables={"i": ["x"] * 1000}),
    refused("10,000 ids", "query($i: [ID!]!) { nodes(ids: $i) { id } }", variables={"i": ["x"] * 10_000}),
    harmless("100 boards' standings of everyone", asking("{ members(first: 100) { nodes { " + " ".join(f'standing(leaderboard: "{key}") {{ rank }}' for key in ("points",)) + " } } }"), Role.OPERATOR),
]  # fmt: skip

_OPERATIONS = [
    served("5 operations, one named", " ".join(f"query Q{n} {{ __typename }}" for n in range(5)), operationName="Q3"),
    refused("11 operations", " ".join(f"query Q{n} {{ __typename }}" for n in range(11)), _LIMIT, operationName="Q0"),
    refused("2,000 operations", " ".join(f"query Q{n} {{ __typename }}" for n in range(2000)), _LIMIT, operationName="Q0"),
    refused("2,000 operations without names", "query { __typename } " * 2000),
    harmless("an array of 10 requests", "[" + ",".join([asking()] * 10) + "]"),
    harmless("an array of 2,000 requests", "[" + ",".join([asking()] * 2000) + "]"),
]  # fmt: skip

_TEXT = [
    refused("15,001 characters", "{ __typename } #" + "x" * 15_001, _LIMIT),
    refused("1,001 tokens", "{" + "a " * 1001 + "}", _LIMIT),
    refused("15,000 tokens", "{" + "a " * 15_000 + "}", _LIMIT),
    refused("100,000 tokens", "{" + "a " * 100_000 + "}", _LIMIT),
    refused("200,000 lines of comments", "#\n" * 200_000 + "{ __typename }", _LIMIT),
    refused("a comment of 200 KB", "#" + "x" * 200_000 + "\n{ __typename }", _LIMIT),
    refused("200 KB of commas", "{" + "," * 200_000 + "__typename }", _LIMIT),
    refused("1 MB of commas", "{" + "," * 1_000_000 + "__typename }", _LIMIT),
    refused("200 KB of spaces", "{" + " " * 200_000 + "__typename }", _LIMIT),
    refused("a name of 100 KB", "{ " + "x" * 100_000 + " }", _LIMIT),
    refused("a string of 100 KB", '{ leaderboard(key: "' + "x" * 100_000 + '") { key } }', _LIMIT),
    refused("a block string of 100 KB", '{ leaderboard(key: """' + "x\n" * 50_000 + '""") { key } }', _LIMIT),
    refused("a number of 10,000 digits", "{ members(first: " + "9" * 10_000 + ") { totalCount } }"),
    refused("20,000 escapes", '{ leaderboard(key: "' + r"\u0041" * 20_000 + '") { key } }', _LIMIT),
    refused("5,000 arguments", "{ members(" + "first: 1 " * 5000 + ") { totalCount } }", _LIMIT),
    refused("400 arguments of one name", "{ members(" + "first: 1 " * 300 + ") { totalCount } }"),
    refused("3,000 variables", "query(" + " ".join(f"$v{n}: Int" for n in range(3000)) + ") { __typename }", _LIMIT),
    refused("140 unused variables", "query(" + " ".join(f"$v{n}: Int" for n in range(140)) + ") { __typename }"),
    refused("190 unknown fields name few errors", "{ programme {" + " ".join(f"f{n}" for n in range(190)) + "} }"),
]  # fmt: skip

_INTROSPECTION = [
    served("the whole schema, for an operator", _FULL, Role.OPERATOR),
    refused("the whole schema, for a member", _FULL, level=Level.SHOULD),
    refused("30 aliased schemas", _aliases(30, "__schema { types { fields { type { fields { name } } } } }"), role=Role.OPERATOR),
    refused("circular introspection", "{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }", role=Role.OPERATOR),
    refused("circular introspection in fragments", "{ __schema { types { ...T } } } fragment T on __Type { fields { type { ...U } } } fragment U on __Type { fields { type { fields { type { fields { name } } } } } }", role=Role.OPERATOR),
    refused("ofType 60 deep", '{ __type(name: "Query") { ' + "ofType { " * 60 + "name" + " }" * 62, role=Role.OPERATOR),
    refused("12 doubling fragments over types", "{ __schema { types { ...F0 } } } " + _doubling(12, "name", "__Type"), role=Role.OPERATOR),
]  # fmt: skip

_VARIABLES = [
    harmless("a JSON variable 5,000 deep", json.dumps({"query": "mutation($d: JSON!) { applyProgramme(input: {document: $d, dryRun: true}) { __typename } }", "variables": {"d": "@"}}).replace('"@"', "[" * 5000 + "]" * 5000), Role.OPERATOR),
    harmless("a JSON variable with 20,000 keys", asking("mutation($d: JSON!) { applyProgramme(input: {document: $d, dryRun: true}) { __typename } }", variables={"d": {f"k{n}": n for n in range(15_000)}}), Role.OPERATOR),
    harmless("501 activities", asking("mutation($a: [ActivityInput!]!) { recordActivities(input: {activities: $a}) { recorded } }", variables={"a": [{"type": "t", "source": "s", "sourceId": str(n), "memberExternalId": "m", "occurredAt": "2026-01-01T00:00:00Z"} for n in range(501)]}), Role.SERVICE),
    harmless("20,000 nulls where activities were due", asking("mutation($a: [ActivityInput!]!) { recordActivities(input: {activities: $a}) { recorded } }", variables={"a": [None] * 20_000}), Role.SERVICE),
    harmless("a name of 200 KB", asking("mutation($n: String) { updateProfile(input: {displayName: $n}) { __typename } }", variables={"n": "x" * 200_000})),
    harmless("an expression that takes long", asking("mutation($d: JSON!) { applyProgramme(input: {document: $d, dryRun: true}) { __typename } }", variables={"d": {"programme": {"key": "demo"}, "rules": [{"key": "r", "on": ["x"], "when": "(" * 500 + "true" + ")" * 500, "effects": []}]}}), Role.OPERATOR),
]  # fmt: skip

_OVER_SOCKETS = [
    refused_on_socket("100 aliases", _aliases(100)),
    refused_on_socket("21 root fields", _repeated(21)),
    refused_on_socket("20 doubling fragments", "{ ...F0 } " + _doubling(20)),
    refused_on_socket("lists in lists, 3 turns", _lists(3)),
    refused_on_socket("sizes in variables", "query($n: Int) { " + (_BOARDS % "badgeAwards(first: $n) { nodes { id } }").replace("100", "$n") + " }", variables={"n": 100}),
    refused_on_socket("15,001 characters", "{ __typename } #" + "x" * 15_001),
    refused_on_socket("10,000 tokens", "{" + "a " * 10_000 + "}"),
    refused_on_socket("2,000 operations", " ".join(f"query Q{n} {{ __typename }}" for n in range(2000)), operationName="Q0"),
    refused_on_socket("14 deep", _deep(3)),
    refused_on_socket("60 directives", "{ programme {" + "key @include(if: true) " * 60 + "} }"),
    refused_on_socket("a subscription with 100 aliases", 'subscription { leaderboardUpdated(key: "points") ' + _aliases(100, "revision") + " }"),
    refused_on_socket("a subscription over lists in lists", 'subscription { leaderboardUpdated(key: "points", first: 100) { entries { member { ' + _TURN % (_TURN % "id") + " } } } }"),
    refused_on_socket("a hundred mutations", "mutation {" + " ".join(f"a{n}: {_CLAIM % n}" for n in range(100)) + "}"),
]  # fmt: skip

CHECKS = (
    *(*_ALIASES, *_ROOTS, *_DIRECTIVES, *_DEPTH, *_FRAGMENTS, *_COST),
    *(*_OPERATIONS, *_TEXT, *_INTROSPECTION, *_VARIABLES, *_OVER_SOCKETS),
)
