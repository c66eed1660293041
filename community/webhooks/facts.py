"""What each message of a member's feed says as an event's data: read in one query a kind, and pure from there on."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from community.oversight.model import Statement
from community.oversight.repository import StatementRepository
from gamification.activity.model import Activity
from gamification.badges.model import BadgeAward
from gamification.kit.causes import Cause
from gamification.ledger.model import Transfer
from gamification.lottery.model import Entrant, Play, Win
from gamification.members.feed import FeedKind, NumberedMessage
from gamification.referrals.model import Referral
from gamification.rewards.model import Redemption
from gamification.settlement.unit import Stores
from gamification.tasks.submissions import Submission
from gamification.tiers.model import TierChange

Facts = Mapping[str, Any]


@dataclass(slots=True)
class Named:
    """What messages name, by id."""

    transfers: Mapping[bytes, Transfer] = field(default_factory=dict)
    awards: Mapping[bytes, BadgeAward] = field(default_factory=dict)
    changes: Mapping[bytes, TierChange] = field(default_factory=dict)
    redemptions: Mapping[bytes, Redemption] = field(default_factory=dict)
    referrals: Mapping[bytes, Referral] = field(default_factory=dict)
    entrants: Mapping[bytes, Entrant] = field(default_factory=dict)
    plays: Mapping[bytes, Play] = field(default_factory=dict)
    wins: Mapping[bytes, Win] = field(default_factory=dict)
    submissions: Mapping[bytes, Submission] = field(default_factory=dict)
    statements: Mapping[bytes, Statement] = field(default_factory=dict)


async def read_named(
    stores: Stores, statements: StatementRepository, programme_id: str, told: Iterable[NumberedMessage]
) -> Named:
    """Read what these name: one query a kind, and none for what nobody names."""
    ids: dict[str, set[bytes]] = {}
    for message in told:
        if (name := NAMES.get(message.kind)) is not None:
            ids.setdefault(name, set()).add(message.body[name])

    def wanted(name: str) -> list[bytes]:
        return sorted(ids.get(name, ()))

    return Named(
        await stores.ledger.transfers(programme_id, wanted("transfer")) if "transfer" in ids else {},
        await stores.awards.by_ids(wanted("award")),
        await stores.tiers.changes(wanted("change")),
        await stores.rewards.by_ids(wanted("redemption")),
        await stores.referrals.by_ids(wanted("referral")),
        await stores.lottery.entrants_by_ids(wanted("entrant")),
        await stores.lottery.plays_by_ids(wanted("play")),
        await stores.lottery.wins_by_ids(wanted("win")),
        await stores.submissions.by_ids(programme_id, wanted("submission")) if "submission" in ids else {},
        await statements.by_ids(programme_id, wanted("statement")) if "statement" in ids else {},
    )


def facts_of(member_id: bytes, message: NumberedMessage, named: Named) -> Facts | None:
    """The event's data; None where what the message names is not there any more, or it is of no type that is sent."""
    make = MAKES.get(message.kind)
    return make(message.body, named, member_id) if make is not None else None


def activity_facts(activity: Activity) -> Facts:
    """The data of what became of an activity. What it tells beyond its ids stays here."""
    return {
        "activity": {
            "id": activity.id,
            "type": activity.type,
            "source": activity.source,
            "sourceId": activity.source_id,
            "occurredAt": activity.occurred_at,
            "recordedAt": activity.recorded_at,
            "erased": activity.erased or None,
        }
    }


def _cause(cause: Cause) -> Facts:
    return {
        "activityId": cause.activity_id,
        "rule": cause.rule,
        "task": cause.task,
        "collection": cause.collection,
        "referral": cause.referral,
        "checkIn": cause.check_in,
        "board": cause.board,
        "reward": cause.reward,
        "draw": cause.draw,
        "goal": cause.goal,
        "contest": cause.contest,
    }


def _points(body: Facts, named: Named, _: bytes) -> Facts | None:
    found = named.transfers.get(body["transfer"])
    if found is None:
        return None
    transfer = {
        "id": found.id,
        "unit": found.unit,
        "amount": found.amount,
        "balanceAfter": found.balance_after,
        "kind": found.kind.value,
        "occurredAt": found.occurred_at,
        "expiresAt": found.expires_at,
        "reverses": found.reverses,
    }
    return {"transfer": transfer, "cause": _cause(found.cause)}


def _task(body: Facts, _: Named, __: bytes) -> Facts:
    return {
        **{key: body[key] for key in ("task", "period", "value", "goal")},
        "claimBy": body.get("claim_by"),
    }


def _task_completed(body: Facts, named: Named, member_id: bytes) -> Facts:
    return {**_task(body, named, member_id), "place": body.get("place"), "missed": body.get("missed")}


def _submission(body: Facts, named: Named, _: bytes) -> Facts | None:
    found = named.submissions.get(body["submission"])
    if found is None:
        return None
    return {"submissionId": found.id, "task": found.task, "period": found.period, "state": body["state"]}


def _award(body: Facts, named: Named, _: bytes) -> Facts | None:
    found = named.awards.get(body["award"])
    if found is None:
        return None
    award = {
        "id": found.id,
        "badge": found.badge,
        "occurrence": found.occurrence,
        "level": found.level,
        "number": found.number,
        "awardedAt": found.awarded_at,
        "revokedAt": found.revoked_at,
    }
    return {"award": award, "cause": _cause(found.revocation or found.cause)}


def _check_in_day(body: Facts, _: Named, __: bytes) -> Facts:
    return {
        "checkIn": body["check_in"],
        "day": body["day"],
        "state": body["state"],
        "streak": body["streak"],
        "position": body["position"] or None,
    }


def _check_in_items(body: Facts, _: Named, __: bytes) -> Facts:
    return {"checkIn": body["check_in"], **{key: body[key] for key in ("item", "count", "held")}}


def _referral(body: Facts, named: Named, member_id: bytes) -> Facts | None:
    found = named.referrals.get(body["referral"])
    if found is None:
        return None
    side = "referrer" if member_id == found.referrer_id else "referee"
    return {"referralId": found.id, "offer": found.offer, "status": body["status"], "as": side}


def _entered(body: Facts, named: Named, _: bytes) -> Facts | None:
    found = named.entrants.get(body["entrant"])
    return {"participationId": found.id, "draw": found.draw, "round": found.round} if found else None


def _played(body: Facts, named: Named, _: bytes) -> Facts | None:
    found = named.plays.get(body["play"])
    if found is None:
        return None
    return {"playId": found.id, "draw": found.draw, "round": found.round, "prize": found.prize}


def _won(body: Facts, named: Named, _: bytes) -> Facts | None:
    found = named.wins.get(body["win"])
    if found is None:
        return None
    return {"winId": found.id, "draw": found.draw, "round": found.round, "prize": found.prize}


def _redemption(body: Facts, named: Named, _: bytes) -> Facts | None:
    found = named.redemptions.get(body["redemption"])
    if found is None:
        return None
    redemption = {
        "id": found.id,
        "reward": found.reward,
        "kind": found.kind,
        "source": found.source.value,
        "status": body.get("status", found.status.value),
        "expiresAt": found.expires_at,
    }
    return {"redemption": redemption}


def _tier(body: Facts, named: Named, _: bytes) -> Facts | None:
    found = named.changes.get(body["change"])
    if found is None:
        return None
    return {
        "changeId": found.id,
        "ladder": found.ladder,
        "kind": found.kind.value,
        "before": found.before,
        "after": found.after,
        "at": found.at,
        "until": found.until,
        "cause": _cause(found.cause),
    }


def _statement(body: Facts, named: Named, _: bytes) -> Facts | None:
    found = named.statements.get(body["statement"])
    return {"statementId": found.id, "kind": found.kind.value} if found is not None else None


def _as_told(**names: str) -> "Make":
    """The data are these of the message's own, by other names."""
    return lambda body, _, __: {name: body.get(stated) for name, stated in names.items()}


Make = Callable[[Facts, Named, bytes], Facts | None]
NAMES: Mapping[FeedKind, str] = {
    FeedKind.POINTS_POSTED: "transfer",
    FeedKind.TASK_SUBMISSION: "submission",
    FeedKind.BADGE_AWARDED: "award",
    FeedKind.BADGE_REVOKED: "award",
    FeedKind.REFERRAL_CHANGED: "referral",
    FeedKind.DRAW_ENTERED: "entrant",
    FeedKind.DRAW_PLAYED: "play",
    FeedKind.DRAW_WON: "win",
    FeedKind.REDEMPTION_CHANGED: "redemption",
    FeedKind.REWARD_EXPIRING: "redemption",
    FeedKind.TIER_CHANGED: "change",
    FeedKind.MODERATION: "statement",
}
"""Which field of a message's body is the id of something that is read."""
MAKES: Mapping[FeedKind, Make] = {
    FeedKind.POINTS_POSTED: _points,
    FeedKind.TASK_COMPLETED: _task_completed,
    FeedKind.TASK_CLAIM_ENDING: _task,
    FeedKind.TASK_CLAIM_LAPSED: _task,
    FeedKind.TASK_SUBMISSION: _submission,
    FeedKind.BADGE_AWARDED: _award,
    FeedKind.BADGE_REVOKED: _award,
    FeedKind.CHECK_IN_DAY: _check_in_day,
    FeedKind.CHECK_IN_ITEMS: _check_in_items,
    FeedKind.COLLECTION_COMPLETED: _as_told(collection="collection"),
    FeedKind.COLLECTION_BROKEN: _as_told(collection="collection"),
    FeedKind.REFERRAL_CHANGED: _referral,
    FeedKind.PRIZE_WON: _as_told(board="board", period="period", rank="rank", size="size", group="group"),
    FeedKind.DRAW_ENTERED: _entered,
    FeedKind.DRAW_PLAYED: _played,
    FeedKind.DRAW_WON: _won,
    FeedKind.REDEMPTION_CHANGED: _redemption,
    FeedKind.REWARD_EXPIRING: _redemption,
    FeedKind.TIER_CHANGED: _tier,
    FeedKind.TIER_NOTICE: _as_told(ladder="ladder", tier="tier", after="after", dropsAt="drops_at"),
    FeedKind.ACCOUNT_MERGED: _as_told(mergedId="from"),
    FeedKind.GOAL_REACHED: _as_told(
        goal="goal",
        period="period",
        team="team",
        milestone="milestone",
        threshold="threshold",
        value="value",
        share="share",
    ),
    FeedKind.COMPLAINT_CHANGED: _as_told(complaintId="complaint", state="state"),
    FeedKind.MODERATION: _statement,
    FeedKind.GATHERING_NOTICE: _as_told(gatheringId="gathering", notice="notice"),
    FeedKind.ANSWER_ACCEPTED: _as_told(postId="post", commentId="comment"),
    FeedKind.BOUNTY_SETTLED: _as_told(bountyId="bounty"),
    FeedKind.PROPOSAL_CHANGED: _as_told(postId="post", state="state"),
    FeedKind.CAMPAIGN: _as_told(campaign="campaign", occurrence="occurrence", stage="stage"),
    FeedKind.CONTEST_WON: _as_told(contest="contest", postId="post", rank="rank"),
}
