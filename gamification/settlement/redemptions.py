"""Redeeming rewards, carrying them out, cancelling them, and reminding of those that expire."""

from datetime import datetime
from typing import Any

from gamification.kit.actors import Actor, Permission
from gamification.kit.causes import Cause
from gamification.kit.errors import Forbidden, InvalidInput, NotFound
from gamification.kit.identifiers import derived_id
from gamification.members.profile import check_text
from gamification.rewards.model import Redemption, RedemptionStatus, Step
from gamification.settlement.issuing import remind
from gamification.settlement.redeeming import Order, find_reward, redeem, step_on
from gamification.settlement.service import SettlementService
from gamification.settlement.shelves import load_redemptions
from gamification.settlement.unit import Unit

_NOTE_LENGTH_MAX = 500
_DELIVERY_LENGTH_MAX = 1000
_REFERENCE_LENGTH_MAX = 200


class RedemptionService:
    """`redeemReward`, `advanceRedemption`, `cancelRedemption`: each gives the redemption and whether this was a replay."""

    def __init__(self, settlement: SettlementService) -> None:
        self._settlement = settlement

    async def redeem(
        self, actor: Actor, member_id: bytes | None, reward_key: str, deliver_to: str | None, key: str
    ) -> tuple[Redemption, bool]:
        """Redeem a reward for its price: for oneself, or by a service for anyone.

        Raises: NotFound, InsufficientPoints, InvalidInput, IdempotencyConflict, Conflict (REWARD_NOT_OPEN,
        NOT_ELIGIBLE, OUT_OF_STOCK, REWARD_LIMIT_REACHED).
        """
        check_address(deliver_to)

        async def body(work: Unit) -> dict[str, Any]:
            member = await self._settlement.member(actor, member_id, work.tx)
            own = actor.is_member(member.external_id, member.former)
            actor.require(Permission.REWARDS_REDEEM_OWN if own else Permission.REWARDS_REDEEM_ANY)
            reward = find_reward(work, reward_key)
            redemption_id = derived_id("redemption", actor.programme_id, actor.role, actor.subject, key)
            cause = cause_of(work, actor, reward.key)
            order = Order(member, reward, redemption_id, cause, reward.price, deliver_to)
            return {"redemption": (await redeem(work, order)).id}

        payload = {"redeem": [member_id, reward_key, deliver_to]}
        return await self.once(actor, key, "redeemReward", payload, body)

    async def advance(
        self,
        actor: Actor,
        redemption_id: bytes,
        status: RedemptionStatus,
        note: str | None,
        reference: str | None,
        key: str,
    ) -> tuple[Redemption, bool]:
        """Say how far a redemption is; FAILED gives back what is stated. For operators and services.

        Raises: Forbidden, NotFound, InvalidInput, IdempotencyConflict, Conflict (REDEMPTION_STATE, REWARD_USED).
        """
        actor.require(Permission.REWARDS_FULFIL)
        if status is RedemptionStatus.CANCELLED:
            raise InvalidInput("Cancelling has its own mutation, with a reason.", path=["status"])
        _check_optional(note, "note", _NOTE_LENGTH_MAX)
        _check_optional(reference, "reference", _REFERENCE_LENGTH_MAX)
        payload = {"advance": [redemption_id, status.value, note, reference]}
        return await self._step(
            actor, redemption_id, status, note, reference, key, "advanceRedemption", payload
        )

    async def cancel(
        self, actor: Actor, redemption_id: bytes, reason: str, key: str
    ) -> tuple[Redemption, bool]:
        """Cancel a redemption, which gives back what the reward states for the state it is in. A member cancels their
        own while it is pending, operators and services any.

        Raises: Forbidden, NotFound, InvalidInput, IdempotencyConflict, Conflict (REDEMPTION_STATE, REWARD_USED).
        """
        check_text(reason, "reason", _NOTE_LENGTH_MAX)
        payload = {"cancel": [redemption_id, reason]}
        status = RedemptionStatus.CANCELLED
        return await self._step(actor, redemption_id, status, reason, None, key, "cancelRedemption", payload)

    async def remind_due(self, now: datetime, limit: int = 200) -> int:
        """Tell members of what expires soon, each in a transaction; how many. The scheduler calls it until it gives 0."""
        due = await self._settlement.stores.rewards.to_remind(now, limit)
        for one in due:

            async def body(work: Unit, one: Redemption = one) -> None:
                await load_redemptions(work, [one.id])
                found = work.space.shelf.redemptions[one.id]
                if found.remind_at is not None and found.remind_at <= work.space.now:
                    remind(work.space, found)

            await self._settlement.run(one.programme_id, body, now)
        return len(due)

    async def _step(
        self,
        actor: Actor,
        redemption_id: bytes,
        status: RedemptionStatus,
        note: str | None,
        reference: str | None,
        key: str,
        operation: str,
        payload: dict[str, Any],
    ) -> tuple[Redemption, bool]:
        async def body(work: Unit) -> dict[str, Any]:
            await load_redemptions(work, [redemption_id])
            found = work.space.shelf.redemptions.get(redemption_id)
            if found is None or found.programme_id != actor.programme_id:
                raise _no_redemption()
            member = await self._settlement.member(actor, found.member_id, work.tx)
            if actor.is_member(member.external_id, member.former):
                actor.require(Permission.REWARDS_REDEEM_OWN)
                if found.status is not RedemptionStatus.PENDING:
                    raise Forbidden("It is under way: only the programme's staff can cancel it.")
            elif not actor.can(Permission.REWARDS_FULFIL):
                raise _no_redemption()
            cause = cause_of(work, actor, found.reward, note)
            step = Step(status, work.space.now, cause.actor, note, reference)
            return {"redemption": (await step_on(work, member, found, step, cause)).id}

        return await self.once(actor, key, operation, payload, body)

    async def once(
        self, actor: Actor, key: str, operation: str, payload: dict[str, Any], body: Any
    ) -> tuple[Redemption, bool]:
        """Run a body that gives `redemption`, once a key; the redemption as it is now."""
        result, replayed = await self._settlement.run_once(actor, key, operation, payload, body)
        found = await self._settlement.stores.rewards.by_ids([result["redemption"]])
        return found[result["redemption"]], replayed


def cause_of(work: Unit, actor: Actor, reward: str, reason: str | None = None) -> Cause:
    """Why points move for a reward."""
    return Cause(
        reward=reward,
        actor=f"{actor.role}:{actor.subject}",
        reason=reason,
        programme_version=work.space.catalogue.version,
    )


def check_address(deliver_to: str | None) -> None:
    """Raises: InvalidInput."""
    _check_optional(deliver_to, "deliverTo", _DELIVERY_LENGTH_MAX)


def _check_optional(text: str | None, name: str, length_max: int) -> None:
    if text is not None:
        check_text(text, name, length_max)


def _no_redemption() -> NotFound:
    return NotFound("There is no such redemption.", path=["redemption"])
