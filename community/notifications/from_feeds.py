"""Which messages of a member's feed are notifications, and the facts of each: pure but for what is read first."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from community.complaints.model import Complaint, ComplaintState
from community.complaints.repository import ComplaintRepository
from community.notifications.model import Notice
from community.oversight.model import Statement
from community.oversight.repository import StatementRepository
from gamification.badges.model import BadgeAward
from gamification.kit.identifiers import derived_id
from gamification.kit.records import record
from gamification.lottery.model import Win
from gamification.members.feed import FeedKind, NumberedMessage
from gamification.programmes.definitions.notifications import NotificationKind
from gamification.referrals.model import Referral
from gamification.rewards.model import Redemption
from gamification.settlement.unit import Stores
from gamification.tasks.submissions import Submission
from gamification.tiers.model import TierChange

Facts = Mapping[str, Any]


@record(frozen=True, slots=True)
class Told:
    """A message of a member's feed."""

    member_id: bytes
    message: NumberedMessage


@dataclass(slots=True)
class Named:
    """What messages name, by id."""

    awards: Mapping[bytes, BadgeAward] = field(default_factory=dict)
    changes: Mapping[bytes, TierChange] = field(default_factory=dict)
    redemptions: Mapping[bytes, Redemption] = field(default_factory=dict)
    referrals: Mapping[bytes, Referral] = field(default_factory=dict)
    wins: Mapping[bytes, Win] = field(default_factory=dict)
    submissions: Mapping[bytes, Submission] = field(default_factory=dict)
    statements: Mapping[bytes, Statement] = field(default_factory=dict)
    complaints: Mapping[bytes, Complaint] = field(default_factory=dict)


async def read_named(
    stores: Stores,
    statements: StatementRepository,
    complaints: ComplaintRepository,
    programme_id: str,
    told: Sequence[Told],
) -> Named:
    """Read it: one query a kind, and none for what nobody names."""
    ids: dict[str, set[bytes]] = {}
    for one in told:
        for name in _NAMES.get(one.message.kind, ()):
            ids.setdefault(name, set()).add(one.message.body[name])
    named = Named()
    if wanted := ids.get("award"):
        named.awards = await stores.awards.by_ids(wanted)
    if wanted := ids.get("change"):
        named.changes = await stores.tiers.changes(wanted)
    if wanted := ids.get("redemption"):
        named.redemptions = await stores.rewards.by_ids(wanted)
    if wanted := ids.get("referral"):
        named.referrals = await stores.referrals.by_ids(wanted)
    if wanted := ids.get("win"):
        named.wins = await stores.lottery.wins_by_ids(wanted)
    if wanted := ids.get("submission"):
        named.submissions = await stores.submissions.by_ids(programme_id, wanted)
    if wanted := ids.get("statement"):
        named.statements = await statements.by_ids(programme_id, sorted(wanted))
    if wanted := ids.get("complaint"):
        named.complaints = await complaints.by_ids(programme_id, sorted(wanted))
    return named


def notices_of(programme_id: str, told: Iterable[Told], named: Named) -> list[Notice]:
    """The notices of these messages; what is not so any more is none."""
    found = []
    for one in told:
        make = _MAKES.get(one.message.kind)
        facts = make(one.message.body, named) if make is not None else None
        if facts is not None:
            found.append(_notice(programme_id, one, dict(facts)))
    return found


def _notice(programme_id: str, told: Told, facts: dict[str, Any]) -> Notice:
    once = facts.pop("once", None) or ("feed", told.message.number)
    post_id = facts.pop("post", None)
    return Notice(
        id=derived_id("notice", told.member_id, *once),
        programme_id=programme_id,
        member_id=told.member_id,
        kind=NotificationKind(told.message.kind.value),
        at=told.message.at,
        post_id=post_id,
        comment_id=facts.pop("comment", None),
        facts=facts,
    )


def _task(body: Facts, _: Named) -> Facts:
    until = {"until": body["claim_by"]} if "claim_by" in body else {}
    return {"task": body["task"], "period": body["period"], **until}


def _badge_awarded(body: Facts, named: Named) -> Facts | None:
    award = named.awards.get(body["award"])
    return {"badge": award.badge, "award": award.id} if award is not None and award.stands else None


def _badge_revoked(body: Facts, named: Named) -> Facts | None:
    award = named.awards.get(body["award"])
    return {"badge": award.badge, "award": award.id} if award is not None and not award.stands else None


def _tier_changed(body: Facts, named: Named) -> Facts | None:
    change = named.changes.get(body["change"])
    if change is None or change.after is None or change.before == change.after:
        return None
    return {"ladder": change.ladder, "tier": change.after, "direction": change.kind.value}


def _tier_notice(body: Facts, _: Named) -> Facts:
    return {
        "ladder": body["ladder"],
        "tier": body["tier"],
        "after": body["after"],
        "until": body["drops_at"],
    }


def _redemption(body: Facts, named: Named) -> Facts | None:
    found = named.redemptions.get(body["redemption"])
    return {"reward": found.reward, "redemption": found.id, "state": body["status"]} if found else None


def _expiring(body: Facts, named: Named) -> Facts | None:
    found = named.redemptions.get(body["redemption"])
    if found is None or not found.stands:
        return None
    return {"reward": found.reward, "redemption": found.id, "until": found.expires_at}


def _referral(body: Facts, named: Named) -> Facts | None:
    found = named.referrals.get(body["referral"])
    return {"referral": found.id, "state": body["status"]} if found is not None else None


def _prize(body: Facts, _: Named) -> Facts:
    return {name: body[name] for name in ("board", "period", "rank", "size")}


def _draw_won(body: Facts, named: Named) -> Facts | None:
    win = named.wins.get(body["win"])
    return {"draw": win.draw, "win": win.id} if win is not None else None


def _submission(body: Facts, named: Named) -> Facts | None:
    found = named.submissions.get(body["submission"])
    if found is None or body["state"] not in ("approved", "rejected", "revoked"):
        return None
    return {"task": found.task, "submission": found.id, "state": body["state"]}


def _moderation(body: Facts, named: Named) -> Facts | None:
    statement = named.statements.get(body["statement"])
    if statement is None:
        return None
    appeal = statement.appeal
    answered = appeal is not None and appeal.answered_at is not None
    state = f"appeal_{appeal.state}" if answered and appeal is not None else statement.kind.value
    return {"statement": statement.id, "state": state}


def _complaint(body: Facts, named: Named) -> Facts | None:
    """What staff did, once, whatever the member said of it since."""
    found = named.complaints.get(body["complaint"])
    if found is None:
        return None
    if "version" in body:
        # A message is the change to a version; whatever became of the complaint since, it was written.
        once = ("complaint", found.id, "written", str(body["version"]))
        return {"complaint": found.id, "state": "written", "once": once}
    if body["state"] != found.state.value:
        return None
    at = found.answered_at if found.state is ComplaintState.ANSWERED else found.closed_at
    by_staff = found.state is ComplaintState.ANSWERED or (
        found.state is ComplaintState.CLOSED and not found.closed_by_member
    )
    if not by_staff or at is None:
        return None
    once = ("complaint", found.id, found.state.value, at.isoformat())
    return {"complaint": found.id, "state": found.state.value, "once": once}


def _as_it_is(*names: str) -> Callable[[Facts, Named], Facts | None]:
    """The facts are these of the message's own."""
    return lambda body, _: {name: body[name] for name in names}


_NAMES: Mapping[FeedKind, tuple[str, ...]] = {
    FeedKind.BADGE_AWARDED: ("award",),
    FeedKind.BADGE_REVOKED: ("award",),
    FeedKind.TIER_CHANGED: ("change",),
    FeedKind.REDEMPTION_CHANGED: ("redemption",),
    FeedKind.REWARD_EXPIRING: ("redemption",),
    FeedKind.REFERRAL_CHANGED: ("referral",),
    FeedKind.DRAW_WON: ("win",),
    FeedKind.TASK_SUBMISSION: ("submission",),
    FeedKind.MODERATION: ("statement",),
    FeedKind.COMPLAINT_CHANGED: ("complaint",),
}
_MAKES: Mapping[FeedKind, Callable[[Facts, Named], Facts | None]] = {
    FeedKind.TASK_COMPLETED: _task,
    FeedKind.TASK_CLAIM_ENDING: _task,
    FeedKind.TASK_CLAIM_LAPSED: _task,
    FeedKind.TASK_SUBMISSION: _submission,
    FeedKind.BADGE_AWARDED: _badge_awarded,
    FeedKind.BADGE_REVOKED: _badge_revoked,
    FeedKind.COLLECTION_COMPLETED: _as_it_is("collection"),
    FeedKind.REFERRAL_CHANGED: _referral,
    FeedKind.PRIZE_WON: _prize,
    FeedKind.DRAW_WON: _draw_won,
    FeedKind.REDEMPTION_CHANGED: _redemption,
    FeedKind.REWARD_EXPIRING: _expiring,
    FeedKind.TIER_CHANGED: _tier_changed,
    FeedKind.TIER_NOTICE: _tier_notice,
    FeedKind.GOAL_REACHED: _as_it_is("goal", "period"),
    FeedKind.ACCOUNT_MERGED: _as_it_is(),
    FeedKind.COMPLAINT_CHANGED: _complaint,
    FeedKind.MODERATION: _moderation,
    FeedKind.GATHERING_NOTICE: _as_it_is("gathering", "notice"),
    FeedKind.ANSWER_ACCEPTED: _as_it_is("post", "comment"),
    FeedKind.BOUNTY_SETTLED: _as_it_is("bounty"),
    FeedKind.PROPOSAL_CHANGED: _as_it_is("post", "state"),
    FeedKind.CONTEST_WON: _as_it_is("contest", "post", "rank"),
}
"""What a client shows as it happens, such as points and progress, is no notification."""
