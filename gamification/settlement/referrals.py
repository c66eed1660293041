"""Using a code, and a person's decision on what looked wrong."""

from datetime import timedelta
from enum import StrEnum
from typing import Any

from gamification.kit.actors import Actor, Permission
from gamification.kit.causes import Cause
from gamification.kit.errors import Conflict, InvalidInput, NotFound
from gamification.kit.records import evolve
from gamification.members.feed import FeedKind
from gamification.members.model import Member, Standing
from gamification.members.profile import check_text
from gamification.programmes.catalogue import published
from gamification.referrals.model import (
    Referral,
    ReferralRefused,
    ReferralStatus,
    RefusalReason,
    Signals,
    referral_id,
)
from gamification.referrals.screening import Sightings, digests, flags, normal_code, refuse
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit

_DAY = timedelta(days=1)
_SIGNAL_LENGTH_MAX = 320
_CODE_LENGTH_MAX = 40


class Decision(StrEnum):
    """CLEAR: nothing is wrong. REJECT: nothing is given."""

    CLEAR = "clear"
    REJECT = "reject"


class ReferringService:
    """`useReferralCode`, `reviewReferral`, `noteMemberSignals`."""

    def __init__(self, settlement: SettlementService) -> None:
        self._settlement = settlement

    async def use(
        self, actor: Actor, member_id: bytes | None, code: str, signals: Signals | None, key: str
    ) -> tuple[Referral, bool]:
        """Say who brought a member: oneself, or by a service anyone, with what it saw of them.

        Raises: NotFound, InvalidInput, ReferralRefused, IdempotencyConflict.
        """
        if signals is not None:
            actor.require(Permission.REFERRALS_ANY)
            _check_signals(signals)
        if len(code) > _CODE_LENGTH_MAX:
            raise NotFound("There is no such code.", path=["code"])

        async def body(work: Unit) -> dict[str, Any]:
            referee = await self._settlement.member(actor, member_id, work.tx)
            own = actor.is_member(referee.external_id, referee.former)
            actor.require(Permission.REFERRALS_OWN if own else Permission.REFERRALS_ANY)
            used = await _use(work, referee, normal_code(code), signals or Signals())
            return {"referral": used.id}

        stated = [signals.email, signals.device, signals.address] if signals else None
        payload = {"code": normal_code(code), "member": member_id, "signals": stated}
        return await self._once(actor, key, "useReferralCode", payload, body)

    async def review(
        self, actor: Actor, found: bytes, decision: Decision, reason: str, key: str
    ) -> tuple[Referral, bool]:
        """Decide on a referral that is not rewarded yet. What had qualified is rewarded as it is cleared.

        Raises: Forbidden, NotFound, Conflict, InvalidInput, IdempotencyConflict.
        """
        actor.require(Permission.REFERRALS_REVIEW)
        check_text(reason, "reason", 500)

        async def body(work: Unit) -> dict[str, Any]:
            stored = (await work.stores.referrals.by_ids([found], work.tx)).get(found)
            if stored is None or stored.programme_id != actor.programme_id:
                raise NotFound("There is no such referral.", path=["referralId"])
            if stored.status not in (ReferralStatus.PENDING, ReferralStatus.HELD):
                raise Conflict(f"It is {stored.status} already.", path=["referralId"])
            work.space.begin(await work.next_sequence())
            if decision is Decision.REJECT:
                decided = evolve(stored, status=ReferralStatus.REJECTED, cleared=False, reason=reason)
            else:
                both = [stored.referrer_id, stored.referee_id]
                members = await work.stores.members.by_ids(actor.programme_id, both, work.tx)
                if any(member.erased_at is not None for member in members.values()):
                    raise Conflict("One of the two members is erased.", path=["referralId"])
                status = ReferralStatus.REWARDED if stored.status is ReferralStatus.HELD else stored.status
                decided = evolve(stored, status=status, cleared=True, reason=reason)
            work.space.because = Cause(
                actor=f"{actor.role}:{actor.subject}",
                reason=reason,
                programme_version=work.space.catalogue.version,
            )
            work.space.decided[found] = decided
            return {"referral": found}

        payload = {"referral": found, "decision": decision.value, "reason": reason}
        return await self._once(actor, key, "reviewReferral", payload, body)

    async def note(self, actor: Actor, member_id: bytes, signals: Signals) -> Member:
        """Note what the programme's server saw of a member, such as at sign-in. Raises: NotFound, InvalidInput."""
        actor.require(Permission.REFERRALS_ANY)
        _check_signals(signals)

        async def body(work: Unit) -> Member:
            member = await self._settlement.member(actor, member_id, work.tx)
            seen = digests(actor.programme_id, signals, member)
            await work.stores.referrals.note_signals(actor.programme_id, member.id, seen, work.tx)
            return member

        return await self._settlement.run(actor.programme_id, body)

    async def _once(
        self, actor: Actor, key: str, operation: str, payload: dict[str, Any], body: Any
    ) -> tuple[Referral, bool]:
        result, replayed = await self._settlement.run_once(actor, key, operation, payload, body)
        found = await self._settlement.stores.referrals.by_ids([result["referral"]])
        if result["referral"] not in found:  # it was taken back as the two were merged
            raise NotFound("There is no such referral any more.", path=["code"])
        return found[result["referral"]], replayed


async def _use(work: Unit, referee: Member, code: str, signals: Signals) -> Referral:
    space, stores, tx = work.space, work.stores.referrals, work.tx
    programme_id, now = space.catalogue.programme_id, space.now
    owner = await stores.by_code(programme_id, code, tx)
    offer = space.catalogue.referrals.get(owner.offer) if owner else None
    if owner is None or offer is None or not published(offer):
        raise NotFound("There is no such code.", path=["code"])
    members = await work.stores.members.by_ids(programme_id, [owner.member_id], tx)
    referrer = members[owner.member_id]
    if referrer.standing is Standing.BANNED:
        raise NotFound("There is no such code.", path=["code"])
    found = referral_id(programme_id, referee.id)
    known = (await stores.by_ids([found], tx)).get(found)
    if known is not None:
        if known.referrer_id == referrer.id and known.offer == offer.key:
            return known
        raise ReferralRefused(RefusalReason.ALREADY_REFERRED, "You were invited by somebody else.")
    chain = await stores.chain(programme_id, referrer.id, tx)
    seen_of = await stores.signals([referrer.id, referee.id], tx)
    of_now = digests(programme_id, signals, referee)
    of_referrer = digests(programme_id, Signals(), referrer)
    for kind, digest in seen_of.get(referrer.id, {}).items():
        of_referrer.setdefault(kind, set()).update(digest)
    of_referee = {
        kind: digest | seen_of.get(referee.id, {}).get(kind, set()) for kind, digest in of_now.items()
    }
    device, address = _one(of_now["device"]), _one(of_now["address"])
    seen = Sightings(
        ancestors=set(chain.values()),
        of_referee=of_referee,
        of_referrer=of_referrer,
        by_code=await stores.used_since(programme_id, referrer.id, now - _DAY, tx),
        by_device=await stores.with_signal(programme_id, "device", device, None, tx) if device else 0,
        by_address=await stores.with_signal(programme_id, "address", address, now - _DAY, tx)
        if address
        else 0,
    )
    refuse(offer, referrer, referee, seen, now)
    await stores.note_signals(programme_id, referee.id, of_now, tx)
    space.begin(await work.next_sequence())
    kept = {kind: digest for kind, digest in (("device", device), ("address", address)) if digest}
    used = Referral(
        found,
        programme_id,
        offer.key,
        referrer.id,
        referee.id,
        now,
        now + offer.window,
        flags=flags(offer, seen),
        signals=kept,
        sequence=space.sequence,
    )
    space.put_referral(used)
    for member_id in (referrer.id, referee.id):
        space.tell(member_id, FeedKind.REFERRAL_CHANGED, {"referral": found, "status": used.status.value})
    # Whoever joins two trees at once meets at a root, so that no circle is closed by two who don't see each other.
    space.touched.add(_root(referrer.id, chain))
    return used


def _root(member_id: bytes, chain: dict[bytes, bytes]) -> bytes:
    """Who began the chain of referrals that leads to a member."""
    while member_id in chain:
        member_id = chain[member_id]
    return member_id


def _one(found: set[bytes]) -> bytes | None:
    return next(iter(found), None)


def _check_signals(signals: Signals) -> None:
    for name in ("email", "device", "address"):
        value = getattr(signals, name)
        if value is not None and not 0 < len(value.strip()) <= _SIGNAL_LENGTH_MAX:
            raise InvalidInput(
                f"{name} must have 1 to {_SIGNAL_LENGTH_MAX} characters.",
                path=["signals", name],
                limit=_SIGNAL_LENGTH_MAX,
            )
