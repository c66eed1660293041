"""Redemptions, tallies, packets and coupons to and from documents; what is not there is left out."""

from gamification.kit.causes import cause_document, cause_from
from gamification.programmes.definitions import Refund, RefundCase
from gamification.rewards.model import (
    Coupon,
    CouponState,
    CouponUse,
    Lock,
    Packet,
    Paid,
    Redemption,
    RedemptionSource,
    RedemptionStatus,
    Step,
    Tally,
)
from storage.mongo import Document

_PLAIN = (
    *("ground", "sale", "stock", "coupon", "amount", "currency", "flag", "charged", "cost"),
    *("ticket_unit", "tickets"),
    *("starts_at", "expires_at", "remind_at", "deliver_to"),
)  # fmt: skip


def redemption_document(redemption: Redemption) -> Document:
    document: Document = {
        "_id": redemption.id,
        "programme_id": redemption.programme_id,
        "member_id": redemption.member_id,
        "reward": redemption.reward,
        "reward_version": redemption.reward_version,
        "kind": redemption.kind,
        "source": redemption.source.value,
        "status": redemption.status.value,
        "made_at": redemption.made_at,
        "sequence": redemption.sequence,
        "cause": cause_document(redemption.cause),
        "steps": [_step_document(step) for step in redemption.steps],
        "refunds": {case.value: refund.model_dump() for case, refund in redemption.refunds},
    }
    document |= {name: value for name in _PLAIN if (value := getattr(redemption, name)) is not None}
    if redemption.caps:
        document["caps"] = list(redemption.caps)
    if redemption.kept:
        document["kept"] = True
    if redemption.paid is not None:
        document["paid"] = _paid_document(redemption.paid)
    return document


def redemption_from(row: Document) -> Redemption:
    paid = row.get("paid")
    return Redemption(
        id=row["_id"],
        programme_id=row["programme_id"],
        member_id=row["member_id"],
        reward=row["reward"],
        reward_version=row["reward_version"],
        kind=row["kind"],
        source=RedemptionSource(row["source"]),
        status=RedemptionStatus(row["status"]),
        made_at=row["made_at"],
        sequence=row["sequence"],
        cause=cause_from(row["cause"]),
        steps=tuple(
            Step(
                RedemptionStatus(step["status"]),
                step["at"],
                step.get("actor"),
                step.get("note"),
                step.get("reference"),
            )
            for step in row["steps"]
        ),
        refunds=tuple((RefundCase(case), Refund(**refund)) for case, refund in row["refunds"].items()),
        caps=tuple(row.get("caps", ())),
        kept=row.get("kept", False),
        paid=Paid(
            paid["unit"],
            paid["amount"],
            paid["transfer"],
            paid.get("refunded", 0),
            paid.get("refund"),
            paid.get("hold", False),
        )
        if paid
        else None,
        **{name: row.get(name) for name in _PLAIN},
    )


def _step_document(step: Step) -> Document:
    document: Document = {"status": step.status.value, "at": step.at}
    for name in ("actor", "note", "reference"):
        if getattr(step, name) is not None:
            document[name] = getattr(step, name)
    return document


def _paid_document(paid: Paid) -> Document:
    document: Document = {"unit": paid.unit, "amount": paid.amount, "transfer": paid.transfer}
    if paid.refund is not None:
        document |= {"refunded": paid.refunded, "refund": paid.refund}
    if paid.hold:
        document["hold"] = True
    return document


def tally_document(tally: Tally) -> Document:
    return {
        "_id": tally.id,
        "programme_id": tally.programme_id,
        "reward": tally.reward,
        "scope": tally.scope,
        "period": tally.period,
        "taken": tally.taken,
        "bound": tally.bound,
    }


def tally_from(row: Document) -> Tally:
    return Tally(
        row["_id"],
        row["programme_id"],
        row["reward"],
        row["scope"],
        row["period"],
        row["taken"],
        row["bound"],
    )


def packet_document(packet: Packet) -> Document:
    return {
        "_id": packet.id,
        "programme_id": packet.programme_id,
        "reward": packet.reward,
        "total": packet.total,
        "left": packet.left,
        "shares_left": packet.shares_left,
    }


def packet_from(row: Document) -> Packet:
    return Packet(
        row["_id"], row["programme_id"], row["reward"], row["total"], row["left"], row["shares_left"]
    )


def coupon_document(coupon: Coupon) -> Document:
    document: Document = {
        "_id": coupon.id,
        "programme_id": coupon.programme_id,
        "reward": coupon.reward,
        "code": coupon.code,
        "state": coupon.state.value,
        "uses_max": coupon.uses_max,
    }
    for name in ("member_id", "redemption", "issued_at", "expires_at"):
        if getattr(coupon, name) is not None:
            document[name] = getattr(coupon, name)
    if coupon.uses:
        document["uses"] = [_use_document(use) for use in coupon.uses]
    if coupon.locks:
        document["locks"] = [{"session": lock.session, "until": lock.until} for lock in coupon.locks]
    return document


def coupon_from(row: Document) -> Coupon:
    return Coupon(
        id=row["_id"],
        programme_id=row["programme_id"],
        reward=row["reward"],
        code=row["code"],
        state=CouponState(row["state"]),
        uses_max=row["uses_max"],
        member_id=row.get("member_id"),
        redemption=row.get("redemption"),
        issued_at=row.get("issued_at"),
        expires_at=row.get("expires_at"),
        uses=tuple(
            CouponUse(
                use["id"],
                use["order"],
                use["at"],
                use["actor"],
                use["discount"],
                use["amount"],
                use.get("rolled_back_at"),
            )
            for use in row.get("uses", ())
        ),
        locks=tuple(Lock(lock["session"], lock["until"]) for lock in row.get("locks", ())),
    )


def _use_document(use: CouponUse) -> Document:
    document: Document = {
        "id": use.id,
        "order": use.order,
        "at": use.at,
        "actor": use.actor,
        "discount": use.discount,
        "amount": use.amount,
    }
    if use.rolled_back_at is not None:
        document["rolled_back_at"] = use.rolled_back_at
    return document
