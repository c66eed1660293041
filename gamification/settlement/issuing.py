"""Issuing rewards and taking them back: pure operations on a workspace, whose shelf was filled before.

What an issue takes — a piece of the stock, a place in each cap, a code, a share — is noted with the redemption, so that
exactly that goes back.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from gamification.kit.causes import Cause
from gamification.kit.errors import Conflict
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.kit.spans import span
from gamification.ledger.model import Lot, Posting, TransferKind
from gamification.members.feed import FeedKind
from gamification.members.model import Member
from gamification.programmes.definitions import CatalogueReward, Refund, RefundCase
from gamification.rewards.kinds import REGISTRY, Moment
from gamification.rewards.limits import Bound, check, stock_of
from gamification.rewards.model import (
    Paid,
    Redemption,
    RedemptionSource,
    RedemptionStatus,
    Step,
)
from gamification.rewards.shelf import Lost
from gamification.settlement.workspace import Given, Workspace, reversal_id


def issue(
    space: Workspace,
    member: Member,
    reward: CatalogueReward,
    redemption_id: bytes,
    source: RedemptionSource,
    cause: Cause,
    *,
    caps: Sequence[Bound] = (),
    paid: Paid | None = None,
    ground: str | None = None,
    sale: str | None = None,
    deliver_to: str | None = None,
) -> Redemption:
    """Take one for the member, and tell them. Raises: Conflict (OUT_OF_STOCK, REWARD_LIMIT_REACHED)."""
    programme_id, shelf, kind = space.catalogue.programme_id, space.shelf, REGISTRY[reward.kind]
    stock = stock_of(programme_id, reward)
    bounds = [*([stock] if stock else []), *caps]
    check((bound, shelf.tally(bound)) for bound in bounds)
    for bound in bounds:
        tally = shelf.tally(bound)
        shelf.put_tally(evolve(tally, taken=tally.taken + bound.weight, bound=bound.limit))
    charged = next((bound for bound in caps if bound.is_money), None)
    status = RedemptionStatus.PENDING if kind.waits else RedemptionStatus.DONE
    drafted = Redemption(
        id=redemption_id,
        programme_id=programme_id,
        member_id=member.id,
        reward=reward.key,
        reward_version=reward.version,
        kind=reward.kind,
        source=source,
        status=status,
        made_at=space.now,
        sequence=space.sequence,
        cause=cause,
        steps=(Step(status, space.now),),
        ground=ground,
        sale=sale,
        paid=paid,
        stock=stock.tally.id if stock else None,
        caps=tuple(bound.tally.id for bound in caps if not bound.is_money),
        charged=charged.tally.id if charged else None,
        cost=reward.cost,
        refunds=tuple((case, reward.refund(case)) for case in RefundCase),
        deliver_to=deliver_to,
    )
    zone = space.catalogue.settings.time_zone
    made = kind.issue(shelf, drafted, reward, Moment(space.now, zone, secrets.randbelow))
    if made.tickets is not None and made.ticket_unit is not None:
        bringing = (tickets_id(made.id), cause, space.now, Given())
        space.post(member, made.ticket_unit, made.tickets, *bringing, kind=TransferKind.ADJUSTED)
    return _put(space, evolve(made, remind_at=_remind_at(made, reward, space.now)))


def give(
    space: Workspace,
    member: Member,
    reward: CatalogueReward,
    redemption_id: bytes,
    ground: str,
    cause: Cause,
    caps: Sequence[Bound] = (),
) -> Redemption:
    """Give one without its price and whatever gates and caps redeeming has; the stock bounds it. Where nothing is left
    that is noted, as failed, and the member told: what it is given for happens all the same. In `caps`, which have room, it
    counts."""
    mark = space.mark()
    try:
        return issue(
            space, member, reward, redemption_id, RedemptionSource.GIVEN, cause, caps=caps, ground=ground
        )
    except Conflict as refusal:
        space.undo_to(mark)
        failed = Redemption(
            id=redemption_id,
            programme_id=space.catalogue.programme_id,
            member_id=member.id,
            reward=reward.key,
            reward_version=reward.version,
            kind=reward.kind,
            source=RedemptionSource.GIVEN,
            status=RedemptionStatus.FAILED,
            made_at=space.now,
            sequence=space.sequence,
            cause=cause,
            steps=(Step(RedemptionStatus.FAILED, space.now, note=refusal.message),),
            ground=ground,
        )
        return _put(space, failed)


def take_back_given(space: Workspace, lost: Lost) -> None:
    """Cancel what was given on a ground that is gone, which must be loaded, as far as it is unused. What is used stays,
    and says that its ground is gone."""
    cause = lost.cause
    for redemption in space.shelf.standing_on(lost.member_id, lost.ground):
        if redemption.id in lost.keep:
            continue
        if REGISTRY[redemption.kind].is_used(space.shelf, redemption):
            _put(space, evolve(redemption, kept=True))
        else:
            step = Step(RedemptionStatus.CANCELLED, space.now, cause.actor, cause.reason)
            end(space, redemption, step, Refund())


def end(space: Workspace, redemption: Redemption, step: Step, refund: Refund) -> Redemption:
    """End a redemption: what it gave is worthless, and the piece and the places in caps go back as `refund` says. Points
    are the caller's."""
    shelf = space.shelf
    REGISTRY[redemption.kind].take_back(shelf, redemption, to_stock=refund.stock)
    _take_tickets(space, redemption, step)
    back = [redemption.stock] if refund.stock and redemption.stock is not None else []
    back += redemption.caps if refund.caps else ()
    for found in back:
        tally = shelf.tallies[found]
        shelf.put_tally(evolve(tally, taken=tally.taken - 1))
    if refund.caps and redemption.charged is not None:
        tally = shelf.tallies[redemption.charged]
        shelf.put_tally(evolve(tally, taken=tally.taken - (redemption.cost or 0)))
    ended = evolve(
        redemption,
        status=step.status,
        steps=(*redemption.steps, step),
        stock=None if refund.stock else redemption.stock,
        caps=() if refund.caps else redemption.caps,
        charged=None if refund.caps else redemption.charged,
        remind_at=None,
    )
    return _put(space, ended)


def tickets_id(redemption_id: bytes) -> bytes:
    """The id of the transfer that brought a redemption's tickets."""
    return derived_id("tickets", redemption_id)


def _take_tickets(space: Workspace, redemption: Redemption, step: Step) -> None:
    """Take back the tickets that it gave, as many as are there."""
    wanted = tickets_id(redemption.id)
    brought = next((one for one in space.loaded_transfers if one.id == wanted), None)
    if brought is None or redemption.ticket_unit is None:
        return
    cause = Cause(reward=redemption.reward, actor=step.actor, reason=step.note)
    lots = (Lot(brought.expires_at, brought.amount),)
    posting = Posting(
        reversal_id(brought.id),
        -brought.amount,
        TransferKind.REVERSED,
        space.now,
        cause,
        reverses=brought.id,
        lots=lots,
    )
    space.put(space.account(redemption.member_id, redemption.ticket_unit), posting)


def advance(space: Workspace, redemption: Redemption, step: Step) -> Redemption:
    """Go on to a status that is no ending."""
    return _put(space, evolve(redemption, status=step.status, steps=(*redemption.steps, step)))


def remind(space: Workspace, redemption: Redemption) -> None:
    """Tell the member that what it gave will expire, once."""
    space.shelf.put_redemption(evolve(redemption, remind_at=None))
    if redemption.stands:
        space.tell(redemption.member_id, FeedKind.REWARD_EXPIRING, {"redemption": redemption.id})


def _put(space: Workspace, redemption: Redemption) -> Redemption:
    space.shelf.put_redemption(redemption)
    space.tell(
        redemption.member_id,
        FeedKind.REDEMPTION_CHANGED,
        {"redemption": redemption.id, "status": redemption.status.value},
    )
    return redemption


def _remind_at(redemption: Redemption, reward: CatalogueReward, now: datetime) -> datetime | None:
    """So long before the end; a month counts thirty days. None where there is nothing to remind of any more."""
    if reward.remind is None or redemption.expires_at is None:
        return None
    before = span(reward.remind)
    at = redemption.expires_at - before.exact - timedelta(days=before.months * 30 + before.days)
    return at if at > now else None
