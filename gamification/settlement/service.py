"""Runs use cases that change what members hold: one transaction each, then delivery."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from gamification.kit.actors import Actor
from gamification.kit.errors import Forbidden, IdempotencyConflict, InvalidInput, NotFound
from gamification.members.model import Member, Standing
from gamification.members.service import may_see
from gamification.programmes.service import ProgrammeService
from gamification.settlement.delivery import Delivery
from gamification.settlement.unit import Settled, Stores, Unit
from gamification.settlement.workspace import Workspace
from storage.idempotency import KeyReused, claim
from storage.mongo import Tx

T = TypeVar("T")
_KEY_LENGTH_MAX = 200


class SettlementService:
    """`run` is how every use case of settlement happens; the use cases are in the modules beside this one."""

    def __init__(
        self, stores: Stores, programmes: ProgrammeService, delivery: Delivery, now: Callable[[], datetime]
    ) -> None:
        self.stores = stores
        self.programmes = programmes
        self._delivery = delivery
        self.now = now

    async def run(
        self,
        programme_id: str,
        body: Callable[[Unit], Awaitable[T]],
        now: datetime | None = None,
        patience_s: float | None = None,
    ) -> T:
        """Run `body` with a unit of work, commit, deliver. `body` may run more than once, and does so for
        `patience_s` where it conflicts, or as long as any transaction."""

        async def alone(units: Sequence[Unit]) -> T:
            return await body(units[0])

        return await self.run_together([programme_id], alone, now, patience_s)

    async def run_together(
        self,
        programme_ids: Sequence[str],
        body: Callable[[Sequence[Unit]], Awaitable[T]],
        now: datetime | None = None,
        patience_s: float | None = None,
    ) -> T:
        """Like `run`, over several programmes: a unit of work for each, by its own definitions, in one transaction. So what moves
        from one programme's books to another's is in both or in neither."""
        at = now or self.now()

        async def transaction(tx: Tx) -> tuple[T, list[Settled | None], list[Unit]]:
            catalogues = [await self.programmes.catalogue(one, tx=tx) for one in programme_ids]
            units = [Unit(self.stores, tx, Workspace(catalogue, at)) for catalogue in catalogues]
            result = await body(units)
            return result, [await unit.finish() for unit in units], units

        result, all_settled, units = await self.stores.mongo.transaction(transaction, patience_s)
        for settled in all_settled:
            if settled is not None:
                await self._delivery.deliver([settled.message], settled.records)
        for unit in units:
            for afterwards in unit.afterwards:
                await afterwards()
        return result

    async def run_once(
        self,
        actor: Actor,
        key: str,
        operation: str,
        payload: dict[str, Any],
        body: Callable[[Unit], Awaitable[dict[str, Any]]],
    ) -> tuple[dict[str, Any], bool]:
        """Like `run`, at most once per idempotency key of this caller: (result document, replayed).

        Raises: IdempotencyConflict when the key came with another operation or input before.
        """

        async def alone(units: Sequence[Unit]) -> dict[str, Any]:
            return await body(units[0])

        return await self.run_once_together(actor, [], key, operation, payload, alone)

    async def run_once_together(
        self,
        actor: Actor,
        partners: Sequence[str],
        key: str,
        operation: str,
        payload: dict[str, Any],
        body: Callable[[Sequence[Unit]], Awaitable[dict[str, Any]]],
    ) -> tuple[dict[str, Any], bool]:
        """Like `run_once`, over the caller's programme and others: the key is the caller's."""
        if not 0 < len(key) <= _KEY_LENGTH_MAX:
            raise InvalidInput(
                f"idempotencyKey must have 1 to {_KEY_LENGTH_MAX} characters.",
                path=["idempotencyKey"],
                limit=_KEY_LENGTH_MAX,
            )
        claimed = claim(actor.programme_id, f"{actor.role}:{actor.subject}", key, operation, payload)

        async def once(units: Sequence[Unit]) -> tuple[dict[str, Any], bool]:
            unit = units[0]
            stored = await self.stores.idempotency.stored(claimed, unit.tx)
            if stored is not None:
                return await self.stores.members.moved.follow(stored, unit.tx), True
            result = await body(units)
            await self.stores.idempotency.store(claimed, result, unit.space.now, unit.tx)
            return result, False

        try:
            return await self.run_together([actor.programme_id, *partners], once)
        except KeyReused as error:
            raise IdempotencyConflict(
                "This idempotencyKey was used with another operation or input.", path=["idempotencyKey"]
            ) from error

    async def member(self, actor: Actor, member_id: bytes | None, tx: Tx) -> Member:
        """The member an operation is for: the one named, else the actor. Raises: NotFound, Forbidden if banned."""
        if member_id is None:
            found = (
                await self.stores.members.by_external_ids(actor.programme_id, [actor.subject], tx)
                if actor.role == "member"
                else {}
            )
            member = found.get(actor.subject)
        else:
            member = (await self.stores.members.by_ids(actor.programme_id, [member_id], tx)).get(member_id)
        if member is None or member.is_gone or not may_see(actor, member):
            raise NotFound("There is no such member.", path=["memberId"])
        if member.standing is Standing.BANNED and actor.is_member(member.external_id, member.former):
            raise Forbidden("This member is banned.")
        return member
