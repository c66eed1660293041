import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
from cloudevents.core.bindings import http as binding
from cloudevents.core.v1.event import CloudEvent

from gamification.kit.actors import Role
from storage.mongo import MongoUnavailable
from tests.support import ProgrammeUnderTest

MakeToken = Callable[..., str]
STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"
DOCUMENT = {
    "units": [{"key": "points"}],
    "activity_types": [
        {
            "key": "purchase",
            "properties": {
                "type": "object",
                "properties": {"amount": {"type": "number"}},
                "required": ["amount"],
            },
        },
        {"key": "visit"},
    ],
    "rules": [
        {
            "key": "dollars",
            "on": ["purchase"],
            "effects": [{"points": {"unit": "points", "amount": "floor(activity.amount)"}}],
        }
    ],
}


def event(number: object = 1, **changed: Any) -> dict[str, Any]:
    stated = {
        "specversion": "1.0",
        "id": f"order-{number}",
        "source": "shop",
        "type": "purchase",
        "time": datetime.now(UTC).isoformat(),
        "member": "ada",
        "data": {"amount": 12.5},
        **changed,
    }
    return {name: value for name, value in stated.items() if value is not ...}


class Shop:
    """A service that sends events."""

    def __init__(self, client: httpx.AsyncClient, made: ProgrammeUnderTest, token: str) -> None:
        self.client = client
        self.programme = made
        self.token = token

    async def post(self, body: Any, kind: str = STRUCTURED, **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {self.token}", "content-type": kind, **headers}
        return await self.client.post("/events", content=content, headers=headers)

    async def report(self, body: Any, kind: str = STRUCTURED, **headers: str) -> dict[str, Any]:
        response = await self.post(body, kind, **headers)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    async def refusal(self, envelope: Any) -> dict[str, Any]:
        report = await self.report([envelope], BATCHED)
        assert report["rejected"] == 1
        found: dict[str, Any] = report["outcomes"][0]["error"]
        return found


@pytest.fixture
async def shop(client: httpx.AsyncClient, token: MakeToken, programme: Callable[..., Any]) -> Shop:
    made: ProgrammeUnderTest = await programme(DOCUMENT)
    await made.join("ada")
    return Shop(client, made, token(Role.SERVICE, "shop", made.key))


async def test_an_event_becomes_activity(shop: Shop) -> None:
    at = datetime.now(timezone(timedelta(hours=8))) - timedelta(hours=1)
    report = await shop.report(event(7, time=at.isoformat(), subject="order:7"))
    assert (report["recorded"], report["duplicates"], report["rejected"]) == (1, 0, 0)
    (outcome,) = report["outcomes"]
    assert (outcome["index"], outcome["status"]) == (0, "recorded")
    stored = await shop.programme.services.activity.find(shop.programme.service, "shop", "order-7")
    assert stored is not None
    assert (stored.type, stored.subject, stored.properties) == ("purchase", "order:7", {"amount": 12.5})
    assert abs(stored.occurred_at - at) < timedelta(milliseconds=1)
    assert await shop.programme.balance("ada", "points") == 12


async def test_a_repeat_is_told_and_gives_nothing(shop: Shop) -> None:
    first = await shop.report(event())
    again = await shop.report(event(data={"amount": 99}))
    assert (again["recorded"], again["duplicates"]) == (0, 1)
    assert again["outcomes"][0]["id"] == first["outcomes"][0]["id"]
    assert await shop.programme.balance("ada", "points") == 12


async def test_the_same_id_of_another_source_is_another_event(shop: Shop) -> None:
    report = await shop.report([event(), event(source="web")], BATCHED)
    assert report["recorded"] == 2


async def test_a_bad_event_harms_no_neighbour(shop: Shop) -> None:
    batch = [event(1), 7, event(2, member="nobody"), event(3, type="unheard"), event(4), event(5, id=...)]
    report = await shop.report(batch, BATCHED)
    assert [outcome["status"] for outcome in report["outcomes"]] == [
        "recorded",
        "rejected",
        "rejected",
        "rejected",
        "recorded",
        "rejected",
    ]
    assert [outcome["index"] for outcome in report["outcomes"]] == list(range(6))
    codes = [outcome["error"]["code"] for outcome in report["outcomes"] if "error" in outcome]
    assert codes == ["INVALID_INPUT", "UNKNOWN_MEMBER", "UNKNOWN_ACTIVITY_TYPE", "INVALID_INPUT"]
    assert await shop.programme.balance("ada", "points") == 24


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type", "time", "member"])
@pytest.mark.parametrize("value", [..., None, "", 7, {}])
async def test_an_attribute_of_the_wrong_kind_is_named(shop: Shop, name: str, value: Any) -> None:
    error = await shop.refusal(event(**{name: value}))
    assert error["path"] == [name]


@pytest.mark.parametrize(
    ("changed", "code", "path"),
    [
        ({"specversion": "0.3"}, "INVALID_INPUT", ["specversion"]),
        ({"time": "yesterday"}, "INVALID_INPUT", ["time"]),
        ({"time": "2026-01-01T00:00:00"}, "INVALID_INPUT", ["time"]),
        ({"time": "0001-01-01T00:00:00+14:00"}, "INVALID_INPUT", ["time"]),
        ({"time": "2999-01-01T00:00:00Z"}, "IN_FUTURE", ["time"]),
        ({"time": "1999-01-01T00:00:00Z"}, "TOO_LATE", ["time"]),
        ({"subject": ""}, "INVALID_INPUT", ["subject"]),
        ({"subject": 7}, "INVALID_INPUT", ["subject"]),
        ({"Upper": "x"}, "INVALID_INPUT", ["Upper"]),
        ({"data": [1]}, "INVALID_INPUT", ["data"]),
        ({"data": "text"}, "INVALID_INPUT", ["data"]),
        ({"data": ..., "data_base64": "AAAA"}, "INVALID_INPUT", ["data"]),
        ({"data": {"amount": "12"}}, "SCHEMA_MISMATCH", ["data", "amount"]),
        ({"data": ...}, "SCHEMA_MISMATCH", ["data"]),
        ({"type": "visit", "data": {"note": "x" * 17_000}}, "TOO_LARGE", ["data"]),
        ({"id": "x" * 500}, "TOO_LARGE", ["id"]),
        ({"member": "nobody"}, "UNKNOWN_MEMBER", ["member"]),
    ],
    ids=str,
)
async def test_a_refusal_names_the_attribute(
    shop: Shop, changed: dict[str, Any], code: str, path: list[str]
) -> None:
    error = await shop.refusal(event(**changed))
    assert (error["code"], error["path"]) == (code, path)
    assert error["message"]


async def test_data_may_be_left_out(shop: Shop) -> None:
    assert (await shop.report(event(type="visit", data=...)))["recorded"] == 1


async def test_unknown_extensions_are_passed_over(shop: Shop) -> None:
    assert (await shop.report(event(traceparent="00-ab-cd-01")))["recorded"] == 1


async def test_binary_mode(shop: Shop) -> None:
    attributes = {**event("ü 1"), "time": datetime.now(UTC)}
    data = attributes.pop("data")
    message = binding.to_binary_event(CloudEvent({**attributes, "datacontenttype": "application/json"}, data))
    headers = dict(message.headers)
    report = await shop.report(message.body, headers.pop("content-type"), **headers)
    assert report["recorded"] == 1
    stored = await shop.programme.services.activity.find(shop.programme.service, "shop", "order-ü 1")
    assert stored is not None


async def test_what_the_package_writes_is_taken(shop: Shop) -> None:
    attributes = {**event(), "time": datetime.now(UTC)}
    data = attributes.pop("data")
    message = binding.to_structured_event(CloudEvent(attributes, data))
    assert (await shop.report(message.body, message.headers["content-type"]))["recorded"] == 1


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("application/json", {}),
        ("text/plain", {}),
        ("", {}),
        ("application/cloudevents+avro", {}),
        ("text/plain", {"ce-id": "1", "ce-specversion": "1.0"}),
    ],
)
async def test_another_media_type_is_a_415(shop: Shop, kind: str, more: dict[str, str]) -> None:
    response = await shop.post(event(), kind, **more)
    assert response.status_code == 415
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("body", [b"", b"{", b'{"a":NaN}', b'"\\ud800"', b"\xff", b"[" * 100_000])
async def test_what_is_no_json_is_a_400(shop: Shop, body: bytes) -> None:
    for kind in (STRUCTURED, BATCHED):
        response = await shop.post(body, kind)
        assert response.status_code == 400
        assert response.json()["status"] == 400
        assert response.json()["requestId"] == response.headers["x-request-id"]


async def test_a_batch_must_be_an_array(shop: Shop) -> None:
    assert (await shop.post(event(), BATCHED)).status_code == 400
    assert (await shop.report([], BATCHED))["outcomes"] == []


async def test_a_batch_of_500_is_taken_and_one_of_501_is_a_413(shop: Shop) -> None:
    batch = [event(number) for number in range(501)]
    refused = await shop.post(batch, BATCHED)
    assert refused.status_code == 413
    assert refused.json()["limit"] == 500
    assert (await shop.report(batch[:500], BATCHED))["recorded"] == 500


async def test_only_services_may_send(shop: Shop, token: MakeToken) -> None:
    for role in (Role.MEMBER, Role.MODERATOR, Role.OPERATOR):
        header = f"Bearer {token(role, 'ada', shop.programme.key)}"
        response = await shop.post(event(), authorization=header)
        assert response.status_code == 403
        assert response.json()["code"] == "FORBIDDEN"
    assert await shop.programme.balance("ada", "points") == 0


@pytest.mark.parametrize("header", [None, "Bearer forged", "Basic YTpi"])
async def test_a_missing_or_bad_token_is_a_401(client: httpx.AsyncClient, header: str | None) -> None:
    headers = {"content-type": STRUCTURED, **({"authorization": header} if header else {})}
    response = await client.post("/events", json=event(), headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert response.json()["code"] == "UNAUTHENTICATED"


async def test_a_programme_that_is_not_there_is_a_404(client: httpx.AsyncClient, token: MakeToken) -> None:
    headers = {"content-type": STRUCTURED, "authorization": f"Bearer {token(Role.SERVICE, 's', 'nowhere')}"}
    response = await client.post("/events", content=json.dumps(event()), headers=headers)
    assert response.status_code == 404


async def test_events_are_posted(client: httpx.AsyncClient) -> None:
    response = await client.get("/events")
    assert response.status_code == 405
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_senders_budget_of_requests_is_used_up(
    make_client: Callable[..., Any], token: MakeToken
) -> None:
    client = await make_client(trusted_requests_per_second=1, trusted_requests_burst=3)
    headers = {"authorization": f"Bearer {token(Role.SERVICE, 's', 'busy')}", "content-type": BATCHED}
    answers = [await client.post("/events", content=b"[]", headers=headers) for _ in range(6)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert 2 <= len(refused) <= 3
    assert refused[0].headers["content-type"] == "application/problem+json"
    assert int(refused[0].headers["retry-after"]) >= 1
    assert refused[0].json()["code"] == "RATE_LIMITED"
    assert refused[0].json()["limitKind"] == "requests"


async def test_events_cost_as_activities_do(make_client: Callable[..., Any], token: MakeToken) -> None:
    client = await make_client(trusted_cost_per_minute=60, trusted_cost_burst=1_000)
    headers = {"authorization": f"Bearer {token(Role.SERVICE, 's', 'dear')}", "content-type": BATCHED}
    batch = json.dumps([event(number, type=7) for number in range(150)]).encode()
    assert (await client.post("/events", content=batch, headers=headers)).json()["rejected"] == 150
    refused = await client.post("/events", content=batch, headers=headers)
    assert (refused.status_code, refused.json()["limitKind"]) == (429, "cost")


async def test_wrong_tokens_are_counted(make_client: Callable[..., Any], token: MakeToken) -> None:
    client = await make_client(wrong_tokens_per_minute=2)
    headers = {"authorization": "Bearer forged", "content-type": BATCHED}
    answers = [await client.post("/events", content=b"[]", headers=headers) for _ in range(4)]
    assert [answer.status_code for answer in answers[-2:]] == [429, 429]
    assert answers[-1].json()["limitKind"] == "wrongTokens"


async def test_a_body_that_does_not_arrive_is_a_408(
    make_client: Callable[..., Any], token: MakeToken
) -> None:
    client = await make_client(body_timeout_seconds=0.05)

    async def slowly() -> AsyncIterator[bytes]:
        yield b"["
        await asyncio.sleep(5)
        yield b"]"

    headers = {"authorization": f"Bearer {token(Role.SERVICE)}", "content-type": BATCHED}
    response = await client.post("/events", content=slowly(), headers=headers)
    assert response.status_code == 408
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["connection"] == "close"


async def test_a_body_over_the_limit_is_a_413(make_client: Callable[..., Any], token: MakeToken) -> None:
    client = await make_client(body_limit_bytes=1024)

    async def in_parts() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b" " * 500

    headers = {"authorization": f"Bearer {token(Role.SERVICE)}", "content-type": BATCHED}
    for content in (b" " * 2000, in_parts()):
        response = await client.post("/events", content=content, headers=headers)
        assert response.status_code == 413
        assert response.headers["content-type"] == "application/problem+json"


async def test_an_encoded_body_is_a_415(shop: Shop) -> None:
    response = await shop.post(b"\x1f\x8b\x08\x00", STRUCTURED, **{"content-encoding": "gzip"})
    assert response.status_code == 415
    assert response.headers["accept-encoding"] == "identity"


async def test_the_database_away_is_a_503(
    make_client: Callable[..., Any], token: MakeToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> Any:
        raise MongoUnavailable("mongodb://root:hunter2@db: no primary")

    monkeypatch.setattr("gamification.activity.recording.RecordingService.record", away)
    client = await make_client()
    headers = {"authorization": f"Bearer {token(Role.SERVICE)}", "content-type": BATCHED}
    response = await client.post("/events", content=b"[]", headers=headers)
    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["retry-after"] == "1"
    assert "hunter2" not in response.text
