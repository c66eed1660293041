"""Giving points: to another member, whose points they are then, and to a good cause."""

from collections.abc import Sequence
from typing import Any

from gamification.kit.actors import Actor, Permission
from gamification.kit.causes import Cause
from gamification.kit.errors import (
    Conflict,
    ErrorCode,
    InsufficientPoints,
    InvalidInput,
    NotFound,
)
from gamification.kit.identifiers import derived_id
from gamification.ledger.caps import CapUse
from gamification.ledger.generosity import given_in_day, raised_for
from gamification.ledger.model import Account, Posting, TransferKind, account_id
from gamification.members.model import Member, Standing
from gamification.members.profile import check_text
from gamification.programmes.catalogue import published
from gamification.programmes.definitions import GoodCause
from gamification.settlement.needs import Needs
from gamification.settlement.points import available_of, check_amount, current
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit

_MESSAGE_LENGTH_MAX = 500


class GenerosityService:
    """`givePoints`, `donatePoints`: each gives the id of the giver's transfer and whether this was a replay."""

    def __init__(self, settlement: SettlementService) -> None:
        self._settlement = settlement

    async def give(
        self,
        actor: Actor,
        giver_id: bytes | None,
        receiver_id: bytes,
        unit: str,
        amount: int,
        message: str,
        key: str,
    ) -> tuple[bytes, bool]:
        """Give a member's points to another: one's own, or by a service anyone's. They keep their expiry.

        Raises: InsufficientPoints, InvalidInput, NotFound, Conflict (GIFT_LIMIT) where the day's limit would be passed,
        IdempotencyConflict.
        """
        check_amount(amount, least=1)
        check_text(message, "message", _MESSAGE_LENGTH_MAX)

        async def body(work: Unit) -> dict[str, Any]:
            giver = await self._giver(actor, giver_id, work)
            receiver = await self._receiver(actor, receiver_id, giver, work)
            terms = _unit_of(work, unit).gifts
            if terms is None:
                raise InvalidInput(f"{unit} can't be given to members.", path=["unit"])
            if terms.most is not None and amount > terms.most:
                raise InvalidInput(f"At most {terms.most} at a time.", path=["amount"], limit=terms.most)
            zone = work.space.catalogue.settings.time_zone
            use = given_in_day(actor.programme_id, giver.id, unit, work.space.now, zone)
            await _load(work, use, account_id(actor.programme_id, receiver.id, unit))
            account = await current(work, giver, unit)
            left = terms.daily + work.space.caps[use.id].used
            if amount > left:
                raise Conflict(
                    f"{left} {unit} can be given today.", code=ErrorCode.GIFT_LIMIT, path=["amount"]
                )
            return {"transfer": _hand_over(work, actor, account, receiver, amount, message, key, use)}

        stated = [giver_id, receiver_id, unit, amount, message]
        return await self._once(actor, key, "givePoints", stated, body)

    async def donate(
        self, actor: Actor, giver_id: bytes | None, cause_key: str, amount: int, key: str
    ) -> tuple[bytes, bool]:
        """Give a member's points to a good cause: one's own, or by a service anyone's.

        Raises: InsufficientPoints, InvalidInput, NotFound, Conflict (CAUSE_FULL) where that is more than it still
        takes, IdempotencyConflict.
        """
        check_amount(amount, least=1)

        async def body(work: Unit) -> dict[str, Any]:
            giver = await self._giver(actor, giver_id, work)
            cause = work.space.catalogue.causes.get(cause_key)
            if cause is None or not published(cause):
                raise NotFound(f"There is no cause {cause_key!r}.", path=["cause"])
            if amount < cause.least:
                raise InvalidInput(f"At least {cause.least}.", path=["amount"], limit=cause.least)
            use = raised_for(actor.programme_id, cause)
            await _load(work, use)
            account = await current(work, giver, cause.unit)
            raised = -work.space.caps[use.id].used
            if cause.cap is not None and raised + amount > cause.cap:
                raise Conflict(
                    f"It takes {max(cause.cap - raised, 0)} more.",
                    code=ErrorCode.CAUSE_FULL,
                    path=["amount"],
                )
            _check_available(work, account, amount)
            found = derived_id("donation", actor.programme_id, actor.role, actor.subject, key)
            posting = Posting(
                found,
                -amount,
                TransferKind.DONATED,
                work.space.now,
                _by(actor, work, f"cause:{cause.key}"),
                caps=(use.id,),
            )
            work.space.put(account, posting)
            return {"transfer": found}

        return await self._once(actor, key, "donatePoints", [giver_id, cause_key, amount], body)

    async def raised(self, programme_id: str, causes: Sequence[GoodCause]) -> dict[str, int]:
        """How much was given to each cause, by its key."""
        wanted = {raised_for(programme_id, cause).id: cause.key for cause in causes}
        found = await self._settlement.stores.caps.by_ids(wanted)
        return {key: -found[use].used if use in found else 0 for use, key in wanted.items()}

    async def _giver(self, actor: Actor, giver_id: bytes | None, work: Unit) -> Member:
        giver = await self._settlement.member(actor, giver_id, work.tx)
        own = actor.is_member(giver.external_id, giver.former)
        actor.require(Permission.LEDGER_SPEND_OWN if own else Permission.LEDGER_SPEND_ANY)
        _check_not_banned(giver, "memberId")
        return giver

    async def _receiver(self, actor: Actor, receiver_id: bytes, giver: Member, work: Unit) -> Member:
        if receiver_id == giver.id:
            raise InvalidInput("Nobody gives to themselves.", path=["receiverId"])
        found = await work.stores.members.by_ids(actor.programme_id, [receiver_id], work.tx)
        receiver = found.get(receiver_id)
        # To members who is banned looks as if they were not there.
        if receiver is None or (
            receiver.standing is Standing.BANNED and actor.is_member(giver.external_id, giver.former)
        ):
            raise NotFound("There is no such member.", path=["receiverId"])
        _check_not_banned(receiver, "receiverId")
        return receiver

    async def _once(
        self, actor: Actor, key: str, operation: str, stated: list[Any], body: Any
    ) -> tuple[bytes, bool]:
        result, replayed = await self._settlement.run_once(actor, key, operation, {"input": stated}, body)
        return result["transfer"], replayed


def _hand_over(
    work: Unit,
    actor: Actor,
    account: Account,
    receiver: Member,
    amount: int,
    message: str,
    key: str,
    use: CapUse,
) -> bytes:
    """Post both sides, each naming the other; the id of the giver's."""
    _check_available(work, account, amount)
    cause, now = _by(actor, work, message), work.space.now
    given = derived_id("gift", actor.programme_id, actor.role, actor.subject, key)
    received = derived_id("gift received", given)
    taken = work.space.put(
        account, Posting(given, -amount, TransferKind.GIVEN, now, cause, caps=(use.id,), related=received)
    )
    assert taken is not None  # noqa: S101 - the amount is at least 1
    work.space.put(
        work.space.account(receiver.id, account.unit),
        Posting(received, amount, TransferKind.RECEIVED, now, cause, lots=taken.lots, related=given),
    )
    return given


async def _load(work: Unit, use: CapUse, *accounts: bytes) -> None:
    await work.load(Needs(caps={use.id}, accounts=set(accounts)))
    work.space.caps.setdefault(use.id, use)


def _unit_of(work: Unit, key: str) -> Any:
    unit = work.space.catalogue.units.get(key)
    if not published(unit):
        raise NotFound(f"There is no unit {key!r}.", path=["unit"])
    return unit


def _check_available(work: Unit, account: Account, amount: int) -> None:
    available = available_of(work, account)
    if available < amount:
        raise InsufficientPoints(
            f"{amount} {account.unit} are wanted, {available} can be given.",
            available=available,
            requested=amount,
        )


def _check_not_banned(member: Member, path: str) -> None:
    if member.standing is Standing.BANNED:
        raise InvalidInput("This member is banned.", code=ErrorCode.MEMBER_BANNED, path=[path])


def _by(actor: Actor, work: Unit, reason: str) -> Cause:
    return Cause(
        actor=f"{actor.role}:{actor.subject}", reason=reason, programme_version=work.space.catalogue.version
    )
