"""A sale's slots in Redis: who may have one, at once. What it says is settled by MongoDB, which alone decides."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gamification.flashsale.model import Reservation
from gamification.flashsale.scripts import CLAIM, GIVE_BACK, HOLD, REBUILD, SETTLED
from gamification.programmes.definitions import FlashSale
from storage.redis import RedisStore

CHANNEL = "sg:flash-sales"
"""Where it is published that a sale's stock has changed."""
_KEPT = timedelta(days=2)
_PARTS = ("ready", "free", "held", "members", "claims", "young")


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale of a programme."""

    programme_id: str
    definition: FlashSale

    @property
    def bell(self) -> str:
        """What rings when its stock changes."""
        return f"flash:{self.programme_id}:{self.definition.key}"


@dataclass(frozen=True, slots=True)
class Claimant:
    """Who claims: a member, and a name of the claim that stays the same when it is made again."""

    member_id: bytes
    claim: str


@dataclass(frozen=True, slots=True)
class Answer:
    """`slot`, or why there is none: `cold` (Redis has lost the sale), `limit`, `sold out`; `again`: the claim has it."""

    kind: str
    slot: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What Redis thinks: who holds which slot, and which were admitted when, that MongoDB may not have yet."""

    held: dict[int, Claimant]
    young: dict[int, datetime]


class Admission:
    """Every call raises RedisUnavailable kinds while Redis is away."""

    def __init__(self, redis: RedisStore) -> None:
        self._redis = redis
        self._claim = redis.script(CLAIM)
        self._settled = redis.script(SETTLED, repeatable=True)
        self._give_back = redis.script(GIVE_BACK, repeatable=True)
        self._hold = redis.script(HOLD, repeatable=True)
        self._rebuild = redis.script(REBUILD, repeatable=True)

    async def claim(self, sale: Sale, who: Claimant, now: datetime) -> Answer:
        """A slot, where one is free and the member may have another."""
        arguments: list[str | int] = [who.member_id.hex(), who.claim]
        arguments += [sale.definition.per_member, _ms(now), _gone(sale)]
        kind, slot = await self._claim(_keys(sale), arguments)
        return Answer(kind.decode(), int(slot))

    async def settled(self, sale: Sale, slot: int, who: Claimant) -> None:
        """MongoDB has it."""
        await self._settled(_keys(sale), [slot, who.member_id.hex(), who.claim])

    async def give_back(
        self, sale: Sale, slot: int, who: Claimant, *, to_sale: bool = True, forgotten: bool = False
    ) -> None:
        """The claim does not hold the slot any more; it is on sale again, unless somebody else holds it."""
        arguments: list[str | int] = [slot, who.member_id.hex(), who.claim]
        arguments += [int(to_sale), int(forgotten)]
        await self._give_back(_keys(sale), arguments)

    async def hold(self, sale: Sale, slot: int, who: Claimant) -> None:
        """MongoDB says that the claim holds the slot."""
        await self._hold(_keys(sale), [slot, who.member_id.hex(), who.claim])

    async def rebuild(
        self, sale: Sale, reservations: Iterable[tuple[Reservation, str]], now: datetime
    ) -> None:
        """Make it ready from what MongoDB has, reservations with their claims, oldest first; not where it is ready."""
        arguments: list[str | int] = [sale.definition.stock, _gone(sale)]
        for one, claim in reservations:
            arguments += [one.slot, one.member_id.hex(), claim, int(one.holds(now))]
        await self._rebuild(_keys(sale), arguments)

    async def left(self, sale: Sale) -> int | None:
        """How many slots are free; None where Redis has lost the sale."""
        ready, free = await self._redis.execute_all(
            [("EXISTS", _keys(sale)[0]), ("SCARD", _keys(sale)[1])], repeatable=True
        )
        return int(free) if ready else None

    async def seen(self, sale: Sale) -> Seen | None:
        """What Redis thinks of every slot; None where it has lost the sale."""
        ready, _, held, _, _, young = _keys(sale)
        there, holders, admitted = await self._redis.execute_all(
            [("EXISTS", ready), ("HGETALL", held), ("HGETALL", young)], repeatable=True
        )
        if not there:
            return None
        return Seen(
            {int(slot): _claimant(text) for slot, text in _pairs(holders)},
            {int(slot): datetime.fromtimestamp(int(at) / 1000, UTC) for slot, at in _pairs(admitted)},
        )

    async def ring(self, sale: Sale) -> None:
        """Tell whoever watches that the stock has changed."""
        await self._redis.publish(CHANNEL, [f"{sale.bell}|0".encode()])


def _keys(sale: Sale) -> list[str]:
    stem = f"sg:{{{sale.programme_id}:flash:{sale.definition.key}}}"
    return [f"{stem}:{part}" for part in _PARTS]


def _claimant(text: bytes) -> Claimant:
    member, _, claim = text.decode().partition("|")
    return Claimant(bytes.fromhex(member), claim)


def _pairs(answer: object) -> list[tuple[bytes, bytes]]:
    """The pairs of a hash, whichever protocol answers."""
    if isinstance(answer, dict):
        return list(answer.items())
    assert isinstance(answer, Sequence)  # noqa: S101 - there is no third way
    return list(zip(answer[::2], answer[1::2], strict=True))


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _gone(sale: Sale) -> int:
    return _ms(sale.definition.ends_at + sale.definition.reserve + _KEPT)
