"""A flash sale through GraphQL: 20,000 claims by 5,000 members for 500 pieces, beside a bare Redis `DECR` behind the same
HTTP route. What was sold is then bought, and everything verified."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from api.callers.auth import issue_token
from bench import boards
from bench.loads import Failed
from bench.processes import Cores, Running, confined, cpu_s, python, serving
from bench.report import Line
from bench.world import World
from gamification.activity.model import NewActivity
from gamification.kit.actors import Actor, Role
from gamification.members.model import NewMember
from gamification.verification.service import VerificationService

KEY = "flashsale"
MEMBERS = 5_000
CLAIMS = 20_000
PIECES = 500
CONNECTIONS = 64
_RESERVE = """mutation ($input: ReserveFlashSaleInput!) { reserveFlashSale(input: $input) {
  ... on ReserveFlashSaleSuccess { reservation { id } } ... on Error { code } } }"""
_BUY = """mutation ($input: BuyReservedInput!) { buyReserved(input: $input) {
  ... on BuyReservedSuccess { redemption { id } } ... on Error { code } } }"""


@dataclass(frozen=True, slots=True)
class _Call:
    """A request as it goes over the wire."""

    member: int
    wire: bytes


@dataclass(frozen=True, slots=True)
class _Run:
    """What came of many calls, in their order."""

    answers: list[Any]
    seconds: float
    cpu_us: float

    @property
    def rate(self) -> float:
        return len(self.answers) / self.seconds

    def __str__(self) -> str:
        return f"{self.rate:,.0f} /s, CPU {self.cpu_us:,.0f} µs"


async def measure(world: World) -> list[Line]:
    """Claims by everybody at once, then the purchases, then the floor. Raises: Failed unless exactly the pieces there
    were are sold, to members within their limit, and everything adds up."""
    await _fill(world)
    cores = Cores.here()
    tokens = [_token(number) for number in range(MEMBERS)]
    order = [number % MEMBERS for number in range(CLAIMS)]
    random.Random(1).shuffle(order)
    with confined(cores):
        environment = boards.environment(world, page_cache=False)
        async with serving(boards.SERVE, environment, cores.server) as server:
            claims = await _send(server, [_claim(place, who, tokens[who]) for place, who in enumerate(order)])
            won = _won(order, claims.answers)
            bought = await _send(server, [_purchase(who, one, tokens[who]) for who, one in won])
        _check_bought(bought.answers)
        async with serving(
            python("-m", "uvicorn", "bench.bare_decr:app", "--port", "{port}", "--no-access-log"),
            environment,
            cores.server,
        ) as bare:
            await world.redis.execute("SET", "bench:decr", PIECES)
            floor = await _send(bare, [_claim(place, who, tokens[who]) for place, who in enumerate(order)])
    report = await VerificationService(world.services).verify(KEY)
    if not report.ok:
        raise Failed("; ".join(report.differences[:5]))
    beside = f"{floor}  bare Redis DECR behind a Starlette route"
    name = f"{CLAIMS:,} claims by {MEMBERS:,} members for {PIECES} pieces; sold {len(won)}, verified"
    return [
        Line(name, str(claims), beside, claims.rate / floor.rate, "stated", floor.cpu_us / claims.cpu_us),
        Line(f"the {len(won)} purchases, each paid and issued", str(bought), "", None, ""),
    ]


async def _fill(world: World) -> None:
    """A sale that is open, and members with points."""
    now = datetime.now(UTC)
    document: dict[str, Any] = {
        "programme": {"key": KEY},
        "units": [{"key": "points"}],
        "rewards": [{"key": "tenner", "coupon": {"currency": "CNY", "off": 1000}}],
        "activity_types": [{"key": "gift"}],
        "rules": [
            {"key": "gift", "on": ["gift"], "effects": [{"points": {"unit": "points", "amount": 100}}]}
        ],
        "flash_sales": [
            {
                "key": "rush",
                "reward": "tenner",
                "price": {"unit": "points", "amount": 10},
                "starts_at": (now - timedelta(minutes=1)).isoformat(),
                "ends_at": (now + timedelta(hours=2)).isoformat(),
                "stock": PIECES,
                "reserve": "PT1H",
            }
        ],
    }
    await world.services.programmes.apply(Actor(KEY, "bench", Role.OPERATOR), document)
    service = Actor(KEY, "bench", Role.SERVICE)
    for start in range(0, MEMBERS, 500):
        names = [NewMember(f"m{number}") for number in range(start, start + 500)]
        await world.services.members.ensure(service, names)
        at = world.services.now()
        gifts = [
            NewActivity("gift", "bench", f"gift of {new.external_id}", new.external_id, at) for new in names
        ]
        await world.services.recording.record(service, gifts)


def _token(number: int) -> str:
    lifetime = timedelta(hours=2)
    return issue_token(
        boards.SECRET, role=Role.MEMBER, subject=f"m{number}", programme=KEY, lifetime=lifetime
    )


def _claim(place: int, member: int, token: str) -> _Call:
    stated = {"sale": "rush", "idempotencyKey": f"claim {place}"}
    return _Call(member, _wire({"query": _RESERVE, "variables": {"input": stated}}, token))


def _purchase(member: int, reservation: str, token: str) -> _Call:
    stated = {"reservation": reservation, "idempotencyKey": f"buy {reservation}"}
    return _Call(member, _wire({"query": _BUY, "variables": {"input": stated}}, token))


def _wire(body: dict[str, Any], token: str) -> bytes:
    text = orjson.dumps(body)
    head = (
        "POST /graphql HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer {token}\r\ncontent-length: {len(text)}\r\n\r\n"
    )
    return head.encode() + text


async def _send(server: Running, calls: Sequence[_Call]) -> _Run:
    """Send all, over some connections at once, each as soon as the one before it is answered."""
    answers: list[Any] = [None] * len(calls)
    waiting = iter(enumerate(calls))

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        for place, call in waiting:
            writer.write(call.wire)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            body = orjson.loads(await reader.readexactly(length))
            if not head.startswith(b"http/1.1 200") or body.get("errors"):
                raise Failed(str(body)[:300])
            answers[place] = body["data"]
        writer.close()

    before, began = cpu_s(server.pid), time.perf_counter()
    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    seconds = time.perf_counter() - began
    return _Run(answers, seconds, (cpu_s(server.pid) - before) / len(calls) * 1e6)


def _won(order: Sequence[int], answers: Sequence[Any]) -> list[tuple[int, str]]:
    """(member, reservation) of every claim that won. Raises: Failed unless exactly all pieces went, one a member."""
    outcomes = Counter(answer["reserveFlashSale"].get("code", "reserved") for answer in answers)
    won = [
        (who, answer["reserveFlashSale"]["reservation"]["id"])
        for who, answer in zip(order, answers, strict=True)
        if "reservation" in answer["reserveFlashSale"]
    ]
    members = {who for who, _ in won}
    if (
        len(won) != PIECES
        or len(members) != PIECES
        or set(outcomes) - {"reserved", "SOLD_OUT", "SALE_LIMIT_REACHED"}
    ):
        raise Failed(f"{len(won)} pieces went to {len(members)} members: {dict(outcomes)}")
    return won


def _check_bought(answers: Sequence[Any]) -> None:
    if any("redemption" not in answer["buyReserved"] for answer in answers):
        raise Failed("not everything that was reserved could be bought")
