"""Input made to break what reads it, over every way in: refused as the caller's fault or kept as data, never a 500,
and never taken for an operator, a pattern or a part of a key."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import websockets
from websockets.asyncio.client import ClientConnection

from gamification.kit.actors import Role
from storage.mongo import Mongo
from tests.resolvers.harness import member_gid
from tests.support import ProgrammeUnderTest

MakeToken = Callable[..., str]
CLUB: dict[str, Any] = {
    "units": [{"key": "points"}],
    "activity_types": [{"key": "note"}],
    "badges": [{"key": "liked", "repeat": "per_key"}],
    "leaderboards": [{"key": "total"}, {"key": "daily", "cycle": "daily"}],
}
NOT_JSON = {
    "a lone surrogate": '"\\ud800"',
    "half a pair": '"\\ud83d x"',
    "no number": "NaN",
    "infinity": "-Infinity",
    "beyond all numbers": "1e999",
    "digits by the thousand": "9" * 5000,
    "deep arrays": "[" * 20_000 + "]" * 20_000,
    "deep objects": '{"a":' * 20_000 + "1" + "}" * 20_000,
    "a raw control character": '"\x01"',
    "a comment": "1 /* */",
}
KEPT: dict[str, Any] = {
    "operators": {
        "$where": "sleep(10000)",
        "$gt": "",
        "$ne": None,
        "$set": {"a": 1},
        "$expr": {"$eq": [1, 1]},
    },
    "dots": {"a.b": 1, ".": 2, "a.": 3, ".a": 4, "a": {"b.c": [{"$d": {"e.f": 5}}]}},
    "names of other languages": {"__proto__": {"admin": True}, "constructor": {"prototype": {}}, "_id": 1},
    "an empty key": {"": 1, " ": 2},
    "extended JSON": {"$oid": "0" * 24, "$date": {"$numberLong": "1"}, "$numberDecimal": "1"},
    "text": {"text": "\u202e\ufeff\ufffe😀 é \\ \" ' ; -- ${jndi:x} {{7*7}} <script>"},
    "numbers": {"least": -(2**53 - 1), "most": 2**53 - 1, "small": 5e-324, "large": 1.7e308, "zero": -0.0},
}
REFUSED: dict[str, Any] = {
    "a NUL in a key": {"a\x00b": 1},
    "a whole number that a double rounds": {"n": 2**53},
    "one far below": {"a": [{"n": -(2**62)}]},
    "deep": json.loads("[" * 200 + "]" * 200),
    "too much": {"text": "x" * 17_000},
}


@pytest.fixture
async def club(programme: Callable[..., Any]) -> ProgrammeUnderTest:
    made: ProgrammeUnderTest = await programme(CLUB)
    await made.join("ann", display_name="Ann")
    await made.join("axn", display_name="A.*n")
    return made


@pytest.fixture
def ask(client: httpx.AsyncClient, token: MakeToken, club: ProgrammeUnderTest) -> Callable[..., Any]:
    """Asks as the service, which may do the most; the answer must not be a crash."""

    async def ask(query: str, role: Role = Role.SERVICE, **variables: Any) -> dict[str, Any]:
        header = {"authorization": f"Bearer {token(role, 'ann', club.key)}"}
        content = json.dumps({"query": query, "variables": variables}).encode()
        response = await client.post(
            "/graphql", content=content, headers={**header, "content-type": "application/json"}
        )
        assert response.status_code in (200, 400), response.text
        assert "INTERNAL" not in response.text, response.text
        found: dict[str, Any] = response.json()
        return found

    return ask


@pytest.mark.parametrize("text", NOT_JSON.values(), ids=NOT_JSON.keys())
async def test_what_is_no_json_is_a_400_wherever_it_comes(
    client: httpx.AsyncClient, token: MakeToken, text: str
) -> None:
    body = f'{{"query":"query ($v: JSON) {{ __typename }}","variables":{{"v":{text}}}}}'.encode()
    posted = await client.post("/graphql", content=body, headers={"content-type": "application/json"})
    assert posted.status_code == 400
    if len(text) < 10_000:
        for name in ("variables", "extensions"):
            params = {"query": "{ __typename }", name: f'{{"v":{text}}}'}
            assert (await client.get("/graphql", params=params)).status_code == 400
    header = {"authorization": f"Bearer {token(Role.SERVICE)}"}
    for kind, event in (("cloudevents", '{"data":%s}'), ("cloudevents-batch", '[{"data":%s}]')):
        sent = await client.post(
            "/events",
            content=(event % text).encode(),
            headers={**header, "content-type": f"application/{kind}+json"},
        )
        assert sent.status_code == 400
        assert sent.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("text", NOT_JSON.values(), ids=NOT_JSON.keys())
async def test_on_a_socket_it_closes_with_4400(make_server: Callable[..., Any], text: str) -> None:
    address = await make_server()
    protocols: Any = ["graphql-transport-ws"]
    socket: ClientConnection
    async with websockets.connect(address, subprotocols=protocols) as socket:
        await socket.send(f'{{"type":"connection_init","payload":{{"v":{text}}}}}')
        with pytest.raises(websockets.ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 4400


@pytest.mark.parametrize(
    "value",
    ['"\\ud800"', '"\\udc00\\ud800"', "1e999", "9" * 400, "NaN", "[" * 300 + "]" * 300],
    ids=lambda v: v[:12],
)
async def test_a_literal_that_is_no_json_value_is_refused(ask: Callable[..., Any], value: str) -> None:
    answer = await ask(
        f"mutation {{ updateProfile(input: {{attributes: {{v: {value}}}}}) {{ __typename ... on Error {{ code }} }} }}"
    )
    told = answer.get("errors") or [answer["data"]["updateProfile"]]
    assert told[0].get("code") or told[0]["extensions"]["code"]


PROFILE = """mutation ($id: ID, $value: JSON) { updateProfile(input: {memberId: $id, attributes: $value}) {
    __typename ... on UpdateProfileSuccess { member { attributes } } ... on Error { code path } } }"""
RECORD = """mutation ($value: JSON, $at: DateTime!, $id: String!) { recordActivities(input: {activities: [
    {type: "note", source: "s", sourceId: $id, memberExternalId: "ann", occurredAt: $at, properties: $value}]})
    { outcomes { status activity { properties } error { code path } } } }"""
MEMBER = "query ($id: ID) { member(id: $id) { attributes activities { nodes { properties } } } }"


def at() -> str:
    return (datetime.now(UTC) - timedelta(seconds=5)).isoformat()


@pytest.mark.parametrize("value", KEPT.values(), ids=KEPT.keys())
async def test_strange_properties_are_kept_as_they_are(
    ask: Callable[..., Any],
    client: httpx.AsyncClient,
    token: MakeToken,
    club: ProgrammeUnderTest,
    value: dict[str, Any],
) -> None:
    ann = member_gid(club, "ann")
    changed = await ask(PROFILE, id=ann, value=value)
    assert changed["data"]["updateProfile"]["member"]["attributes"] == value
    recorded = await ask(RECORD, value=value, at=at(), id="one")
    assert recorded["data"]["recordActivities"]["outcomes"][0]["activity"]["properties"] == value
    event = {"specversion": "1.0", "id": "two", "source": "s", "type": "note", "time": at(), "member": "ann"}
    sent = await client.post(
        "/events",
        content=json.dumps({**event, "data": value}).encode(),
        headers={
            "authorization": f"Bearer {token(Role.SERVICE, 's', club.key)}",
            "content-type": "application/cloudevents+json",
        },
    )
    assert sent.json()["recorded"] == 1, sent.text
    stored = (await ask(MEMBER, id=ann))["data"]["member"]
    assert stored["attributes"] == value
    assert [node["properties"] for node in stored["activities"]["nodes"]] == [value, value]


@pytest.mark.parametrize("value", REFUSED.values(), ids=REFUSED.keys())
async def test_what_can_not_be_kept_is_refused_at_its_field(
    ask: Callable[..., Any], club: ProgrammeUnderTest, value: Any
) -> None:
    changed = await ask(PROFILE, id=member_gid(club, "ann"), value=value)
    recorded = await ask(RECORD, value=value, at=at(), id="one")
    for answer in (changed, recorded):
        assert '"code"' in json.dumps(answer)
    if not changed.get("errors"):
        assert changed["data"]["updateProfile"]["path"][0] == "attributes"
    if not recorded.get("errors"):
        assert recorded["data"]["recordActivities"]["outcomes"][0]["status"] == "REJECTED"
    stored = (await ask(MEMBER, id=member_gid(club, "ann")))["data"]["member"]
    assert stored == {"attributes": {}, "activities": {"nodes": []}}


@pytest.mark.parametrize("text", ["a\x00b", "a\x1bb", "a\nb", "", " ", "x" * 201])
async def test_names_hold_no_control_characters(
    ask: Callable[..., Any], club: ProgrammeUnderTest, text: str
) -> None:
    """None of them can begin a line in a log or move a cursor."""
    tried = {
        "joinProgramme": {"externalId": text},
        "updateProfile": {"memberId": member_gid(club, "ann"), "displayName": text},
        "reverseActivity": {"source": text, "sourceId": "x"},
        "awardBadge": {
            "memberId": member_gid(club, "ann"),
            "badge": "liked",
            "occurrence": text,
            "reason": "r",
            "idempotencyKey": "k",
        },
    }
    for field, stated in tried.items():
        kind = "AwardBadge" if field == "awardBadge" else field[0].upper() + field[1:]
        answer = await ask(
            f"mutation ($i: {kind}Input!) {{ {field}(input: $i) {{ ... on Error {{ code }} }} }}", i=stated
        )
        assert answer["data"][field].get("code"), (field, answer)


STRANGE = [
    "$ne",
    "total\x00",
    "total\n",
    "*",
    "..",
    "total}:{x",
    "{sg",
    "'; DROP",
    "x" * 10_000,
    "",
    "\u202e",
    "%s%n",
]


@pytest.mark.parametrize("text", STRANGE, ids=lambda text: repr(text[:10]))
async def test_strange_keys_and_ids_find_nothing(
    ask: Callable[..., Any], redis_keys: Callable[[], Any], text: str
) -> None:
    before = await redis_keys()
    found = await ask(
        """query ($k: String!, $i: ID!) { leaderboard(key: $k) { id } task(key: $k) { id } badge(key: $k) { id }
        node(id: $i) { id } nodes(ids: [$i]) { id } activity(source: $k, sourceId: $k) { id }
        member(externalId: $k) { id } other: member(identity: {provider: $k, subject: $k}) { id } }""",
        k=text,
        i=text,
    )
    assert not [value for value in found["data"].values() if value not in (None, [None])]
    period = await ask(
        'query ($k: String!) { leaderboard(key: "daily") { period(key: $k) { key } } }', k=text
    )
    assert period.get("errors") or period["data"]["leaderboard"]["period"] is None
    assert await redis_keys() == before


@pytest.fixture
def redis_keys(redis_store: Any, club: ProgrammeUnderTest) -> Callable[[], Any]:
    """The names of all keys of this programme."""

    async def keys() -> set[bytes]:
        return {key async for key in redis_store.client.scan_iter(match=f"*{club.key}*", count=1000)}

    return keys


@pytest.mark.parametrize("text", [".*", "A.", "A.*n", "^", "(a+)+$", "[", "\\", "A\x00", "$where"])
async def test_a_prefix_is_no_pattern(ask: Callable[..., Any], text: str) -> None:
    answer = await ask(
        "query ($p: String!) { members(filter: {displayNameStartsWith: $p}) { nodes { displayName } } }",
        p=text,
    )
    if answer.get("errors"):
        assert answer["errors"][0]["extensions"]["code"] == "INVALID_INPUT"
        return
    names = [node["displayName"] for node in answer["data"]["members"]["nodes"]]
    assert names == [name for name in ("Ann", "A.*n") if name.startswith(text)]


@pytest.mark.parametrize(
    "cursor", ["", "!", "x" * 10_000, "eyIkZ3QiOiIifQ", "AAAA", "\x00", "bnVsbA", "W10", "e30", "日本"]
)
async def test_a_forged_cursor_is_refused(ask: Callable[..., Any], cursor: str) -> None:
    lists = {
        "members": "nodes { id }",
        "badges": "nodes { id }",
        "leaderboards": "nodes { id }",
        "tasks": "nodes { id }",
    }
    for name, below in lists.items():
        for side in ("after", "before"):
            answer = await ask(f"query ($c: String!) {{ {name}({side}: $c) {{ {below} }} }}", c=cursor)
            assert answer["errors"][0]["extensions"]["code"] == "INVALID_INPUT", (name, side)
    entries = await ask(
        "query ($c: String!) { leaderboard(key: \"total\") { period { entries(after: $c) { nodes { rank } } } } }",
        c=cursor,
    )  # fmt: skip
    assert entries["errors"][0]["extensions"]["code"] == "INVALID_INPUT"


async def test_an_idempotency_key_is_a_name_and_nothing_else(
    ask: Callable[..., Any], club: ProgrammeUnderTest, mongo: Mongo
) -> None:
    for number, key in enumerate(("$ne", "a.b", "a\x00b", "{}", "__proto__", "k\nk"), start=1):
        answer = await ask(
            "mutation ($i: AdjustPointsInput!) { adjustPoints(input: $i) { ... on AdjustPointsSuccess { replayed }"
            " ... on Error { code } } }",
            i={
                "memberId": member_gid(club, "ann"),
                "unit": "points",
                "amount": 1,
                "reason": "r",
                "idempotencyKey": key,
            },
        )
        assert answer["data"]["adjustPoints"] == {"replayed": False}, key
        assert await club.balance("ann", "points") == number
