"""Settling what a member still has or is to get, before their account is closed: on a unit of work, some at a time.

Each gives the id to go on after, None once nothing is left.
"""

from collections.abc import Sequence

from gamification.kit.causes import Cause
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.ledger.chain import hash_of
from gamification.ledger.holds import HoldState
from gamification.ledger.model import ERASED, Posting, Transfer, TransferKind
from gamification.ledger.pending import PendingState
from gamification.members.model import Member
from gamification.privacy.model import Erasure
from gamification.privacy.repository import ErasureRepository
from gamification.referrals.model import ReferralStatus
from gamification.rewards.kinds import REGISTRY
from gamification.rewards.model import RedemptionStatus, Step
from gamification.settlement.holding import give_up
from gamification.settlement.needs import Needs
from gamification.settlement.pending import cancel
from gamification.settlement.redeeming import step_on
from gamification.settlement.shelves import load_redemptions
from gamification.settlement.taking_back import lapse
from gamification.settlement.unit import Unit
from gamification.tasks.submissions import SubmissionState, decided

PART = 50
_WAITING = [RedemptionStatus.PENDING.value, RedemptionStatus.PROCESSING.value]
_TO_SETTLE = [*_WAITING, RedemptionStatus.SHIPPED.value]
_TO_REJECT = [s.value for s in (ReferralStatus.PENDING, ReferralStatus.HELD, ReferralStatus.REVERSED)]


async def close_redemptions(work: Unit, erasure: Erasure, stored: ErasureRepository) -> bytes | None:
    """Cancel what is not on its way yet and coupons that were not used, with the stated refund; what was sent counts as
    arrived; coupons that were used in part end."""
    query = {
        "member_id": erasure.id,
        "$or": [
            {"status": {"$in": _TO_SETTLE}},
            {"status": RedemptionStatus.DONE.value, "coupon": {"$exists": True}},
        ],
    }
    ids = await stored.ids("reward_redemptions", query, erasure.place, PART, work.tx)
    await load_redemptions(work, ids)
    member = await _member(work, erasure)
    space = work.space
    for found in ids:
        redemption = space.shelf.redemptions[found]
        if redemption.coupon is not None and REGISTRY["coupon"].is_used(space.shelf, redemption):
            coupon = space.shelf.coupons[redemption.coupon]
            space.shelf.put_coupon(evolve(coupon, expires_at=space.now, locks=()))
            continue
        is_sent = redemption.status is RedemptionStatus.SHIPPED
        status = RedemptionStatus.DONE if is_sent else RedemptionStatus.CANCELLED
        cause = Cause(reward=redemption.reward, reason=ERASED, programme_version=space.catalogue.version)
        await step_on(work, member, redemption, Step(status, space.now), cause)
    return _next(ids)


async def withdraw_submissions(work: Unit, erasure: Erasure, stored: ErasureRepository) -> bytes | None:
    """Withdraw what waits for a moderator, without a word: nobody is there to be told."""
    query = {"member_id": erasure.id, "state": SubmissionState.PENDING.value}
    ids = await stored.ids("task_submissions", query, erasure.place, PART, work.tx)
    found = await work.stores.submissions.by_ids(erasure.programme_id, ids, work.tx)
    for one in ids:
        withdrawn = decided(found[one], SubmissionState.WITHDRAWN, work.space.now, "system")
        await work.stores.submissions.replace(withdrawn, work.tx)
    return _next(ids)


async def release_holds(work: Unit, erasure: Erasure, stored: ErasureRepository) -> bytes | None:
    """Release what is set aside."""
    query = {"member_id": erasure.id, "state": HoldState.OPEN.value}
    ids = await stored.ids("holds", query, erasure.place, PART, work.tx)
    holds = await work.stores.holds.by_ids(erasure.programme_id, ids, work.tx)
    for found in ids:
        await give_up(work, holds[found], Cause(reason=ERASED))
    return _next(ids)


async def reject_referrals(work: Unit, erasure: Erasure, stored: ErasureRepository) -> bytes | None:
    """Reject what is not rewarded now, whichever side the member is on; what was given stays. Then the code ends."""
    query = {
        "$or": [
            {"programme_id": erasure.programme_id, "referrer_id": erasure.id},
            {"referee_id": erasure.id},
        ],
        "status": {"$in": _TO_REJECT},
    }
    ids = await stored.ids("referrals", query, erasure.place, PART, work.tx)
    referrals = await work.stores.referrals.by_ids(ids, work.tx)
    if ids:
        work.space.begin(await work.next_sequence())
        work.space.because = Cause(reason=ERASED)
        work.space.decided |= {
            found: evolve(referrals[found], status=ReferralStatus.REJECTED, cleared=False, reason=None)
            for found in ids
        }
        await work.flush()
    following = _next(ids)
    if following is None:
        await stored.referrals(erasure, work.tx)
    return following


async def cancel_pending(work: Unit, erasure: Erasure, stored: ErasureRepository) -> bytes | None:
    """Cancel what waits to become active."""
    query = {"member_id": erasure.id, "state": PendingState.WAITING.value}
    ids = await stored.ids("pending_points", query, erasure.place, PART, work.tx)
    await work.load(Needs(pendings=set(ids)))
    await work.load(Needs(accounts={work.space.pendings[found].account_id for found in ids}))
    if ids:
        work.space.begin(await work.next_sequence())
    for found in ids:
        cancel(work.space, work.space.pendings[found], work.space.now, ERASED)
    return _next(ids)


async def close_accounts(work: Unit, erasure: Erasure, stored: ErasureRepository) -> bytes | None:
    """Let what is left of each account expire. A debt stays what it is: it owes nobody anything."""
    ids = await stored.ids("accounts", {"member_id": erasure.id}, erasure.place, PART, work.tx)
    await work.load(Needs(accounts=set(ids)))
    space = work.space
    if ids:
        space.begin(await work.next_sequence())
    for found in ids:
        lapse(space, erasure.id, space.accounts[found].unit)
        account = space.accounts[found]
        if account.active > 0:
            closing = Posting(
                derived_id("erased", account.id, account.entries),
                -account.active,
                TransferKind.EXPIRED,
                space.now,
                Cause(reason=ERASED),
            )
            space.put(account, closing, floor=0)
    return _next(ids)


async def seal_transfers(work: Unit, erasure: Erasure, stored: ErasureRepository) -> bytes | None:
    """Take names and words out of the member's transfers, and their own out of what they gave others."""
    ledger = work.stores.ledger
    found = await ledger.with_words(erasure.id, PART, work.tx)
    gifts = [one.related for one in found if one.kind is TransferKind.GIVEN and one.related is not None]
    received = await ledger.transfers(erasure.programme_id, gifts, work.tx)
    others = [one for one in received.values() if one.sealed is None]
    await ledger.seal([sealed(one, *erasure.actors) for one in (*found, *others)], work.tx)
    return b"" if len(found) == PART else None


def sealed(transfer: Transfer, *own: str) -> Transfer:
    """A transfer whose cause has no words, and names none of those actors; the hash is of what it was."""
    cause = transfer.cause
    kept = evolve(cause, reason=None, actor=None if cause.actor in own else cause.actor)
    return evolve(transfer, cause=kept, sealed=hash_of(transfer))


async def _member(work: Unit, erasure: Erasure) -> Member:
    members = await work.stores.members.by_ids(erasure.programme_id, [erasure.id], work.tx)
    return members[erasure.id]


def _next(ids: Sequence[bytes]) -> bytes | None:
    return ids[-1] if len(ids) == PART else None
