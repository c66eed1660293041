"""From the feed's messages to what a member hears: one function for each kind."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Any

from gamification.kit.messages import parse
from gamification.members.feed import FeedKind, NumberedMessage
from gamification.programmes.definitions import localised
from resolvers.context import Info
from resolvers.relay import encode_id
from resolvers.scalars import Long
from resolvers.types.badges import BadgeAward
from resolvers.types.check_ins import CheckInDayState
from resolvers.types.comments import Comment
from resolvers.types.complaints import ComplaintState, load_complaint
from resolvers.types.draw_results import DrawParticipation, DrawPlay, DrawWin
from resolvers.types.gatherings import GatheringNoticeKind, load_gathering
from resolvers.types.ledger import Transfer
from resolvers.types.posts import load_post
from resolvers.types.progress import (
    AccountMerged,
    AnswerAccepted,
    BadgeAwarded,
    BadgeRevoked,
    BountySettled,
    CampaignNotice,
    CampaignStage,
    CheckInDayChanged,
    CheckInItemsChanged,
    CollectionBroken,
    CollectionCompleted,
    ComplaintChanged,
    ContestWon,
    DrawEntered,
    DrawPrizeWon,
    GatheringNotice,
    GoalContributed,
    GoalReached,
    Message,
    ModerationNotice,
    PointsPosted,
    ProposalChanged,
    RankRewarded,
    RedemptionChanged,
    ReferralChanged,
    RewardExpiring,
    TaskAdvanced,
    TaskClaimEnding,
    TaskClaimLapsed,
    TaskCompleted,
    TaskSubmissionChanged,
    TicketDrawn,
    TierChanged,
    TierNotice,
)
from resolvers.types.proposals import ProposalState
from resolvers.types.questions import Bounty
from resolvers.types.redemptions import Redemption, RedemptionStatus
from resolvers.types.referrals import Referral, ReferralStatus
from resolvers.types.sanctions import load_statement
from resolvers.types.task_evidence import TaskSubmission, TaskSubmissionState
from resolvers.types.tasks import CheckInItem
from resolvers.types.tiers import TierChange

Build = Callable[[Info, NumberedMessage], Awaitable[Message | None]]


async def build_message(info: Info, message: NumberedMessage) -> Message | None:
    """The GraphQL object of a feed message; None where what it names is not readable any more."""
    return await _BUILDS[message.kind](info, message)


def _head(message: NumberedMessage) -> dict[str, Any]:
    return {"sequence": Long(message.number), "at": message.at}


async def _points_posted(info: Info, message: NumberedMessage) -> Message | None:
    transfer = await info.context.loaders.transfers.load(message.body["transfer"])
    return PointsPosted(**_head(message), transfer=Transfer.of(transfer)) if transfer else None


async def _moderation(info: Info, message: NumberedMessage) -> Message | None:
    statement = await load_statement(info, message.body["statement"])
    return ModerationNotice(**_head(message), statement=statement) if statement is not None else None


async def _badge(info: Info, message: NumberedMessage) -> Message | None:
    award = await info.context.loaders.awards.load(message.body["award"])
    told = BadgeAwarded if message.kind is FeedKind.BADGE_AWARDED else BadgeRevoked
    return told(**_head(message), award=BadgeAward.of(award)) if award else None


async def _collection(_: Info, message: NumberedMessage) -> Message | None:
    told = CollectionCompleted if message.kind is FeedKind.COLLECTION_COMPLETED else CollectionBroken
    return told(**_head(message), key=message.body["collection"])


async def _task(_: Info, message: NumberedMessage) -> Message | None:
    body = message.body
    stated = {
        **_head(message),
        "key": body["task"],
        "period": body["period"],
        "value": Long(body["value"]),
        "goal": Long(body["goal"]),
    }
    if message.kind is FeedKind.TASK_CLAIM_ENDING:
        return TaskClaimEnding(claim_by=body["claim_by"], **stated)
    if message.kind is FeedKind.TASK_CLAIM_LAPSED:
        return TaskClaimLapsed(claim_by=body["claim_by"], **stated)
    if message.kind is FeedKind.TASK_COMPLETED:
        return TaskCompleted(place=body.get("place"), missed=body.get("missed", False), **stated)
    return TaskAdvanced(**stated)


async def _task_submission(info: Info, message: NumberedMessage) -> Message | None:
    submission = await info.context.loaders.submissions.load(message.body["submission"])
    if submission is None:
        return None
    return TaskSubmissionChanged(
        **_head(message),
        state=TaskSubmissionState(message.body["state"]),
        submission=TaskSubmission.of(submission),
    )


async def _check_in_day(_: Info, message: NumberedMessage) -> Message | None:
    body = message.body
    return CheckInDayChanged(
        **_head(message),
        check_in_key=body["check_in"],
        day=date.fromisoformat(body["day"]),
        state=CheckInDayState(body["state"]),
        streak=Long(body["streak"]),
        position=body["position"] or None,
    )


async def _check_in_items(_: Info, message: NumberedMessage) -> Message | None:
    body = message.body
    return CheckInItemsChanged(
        **_head(message),
        check_in_key=body["check_in"],
        item=CheckInItem(body["item"]),
        count=body["count"],
        held=body["held"],
    )


async def _tier_changed(info: Info, message: NumberedMessage) -> Message | None:
    change = await info.context.loaders.tier_changes.load(message.body["change"])
    return TierChanged(**_head(message), change=TierChange.of(change)) if change else None


async def _tier_notice(_: Info, message: NumberedMessage) -> Message | None:
    body = message.body
    return TierNotice(
        **_head(message),
        ladder_key=body["ladder"],
        tier_key=body["tier"],
        after_key=body["after"],
        drops_at=body["drops_at"],
    )


async def _account_merged(_: Info, message: NumberedMessage) -> Message | None:
    return AccountMerged(**_head(message), merged_id=encode_id("Member", message.body["from"]))


async def _redemption(info: Info, message: NumberedMessage) -> Message | None:
    found = await info.context.loaders.redemptions.load(message.body["redemption"])
    if found is None:
        return None
    redemption = Redemption.of(found)
    if message.kind is FeedKind.REWARD_EXPIRING:
        return RewardExpiring(**_head(message), redemption=redemption)
    status = RedemptionStatus(message.body["status"])
    return RedemptionChanged(**_head(message), status=status, redemption=redemption)


async def _rank_rewarded(_: Info, message: NumberedMessage) -> Message | None:
    body = message.body
    return RankRewarded(
        **_head(message),
        board=body["board"],
        period=body["period"],
        rank=Long(body["rank"]),
        size=Long(body["size"]),
        group=body.get("group"),
    )


async def _referral(info: Info, message: NumberedMessage) -> Message | None:
    referral = await info.context.loaders.referrals.load(message.body["referral"])
    if referral is None:
        return None
    status = ReferralStatus(message.body["status"])
    return ReferralChanged(**_head(message), status=status, referral=Referral.of(referral))


async def _draw_entered(info: Info, message: NumberedMessage) -> Message | None:
    entry = await info.context.loaders.draw_entries.load(message.body["entrant"])
    return DrawEntered(**_head(message), entry=DrawParticipation(model=entry)) if entry else None


async def _draw_played(info: Info, message: NumberedMessage) -> Message | None:
    play = await info.context.loaders.draw_plays.load(message.body["play"])
    return TicketDrawn(**_head(message), play=DrawPlay(model=play)) if play else None


async def _draw_won(info: Info, message: NumberedMessage) -> Message | None:
    win = await info.context.loaders.draw_wins.load(message.body["win"])
    return DrawPrizeWon(**_head(message), win=DrawWin(model=win)) if win else None


async def _goal(_: Info, message: NumberedMessage) -> Message | None:
    body = message.body
    stated = {
        **_head(message),
        "goal_key": body["goal"],
        "period": body["period"],
        "team": body.get("team"),
        "value": Long(body["value"]),
    }
    if message.kind is FeedKind.GOAL_CONTRIBUTED:
        return GoalContributed(**stated)
    share = body.get("share")
    return GoalReached(
        milestone=body["milestone"],
        threshold=Long(body["threshold"]),
        share=None if share is None else Long(share),
        **stated,
    )


async def _answer_accepted(info: Info, message: NumberedMessage) -> Message | None:
    found = await info.context.loaders.comments.load(message.body["comment"])
    return AnswerAccepted(**_head(message), answer=Comment.of(found)) if found else None


async def _bounty_settled(info: Info, message: NumberedMessage) -> Message | None:
    found = await info.context.loaders.bounties.load(message.body["bounty"])
    return BountySettled(**_head(message), bounty=Bounty.of(found)) if found else None


async def _gathering_notice(info: Info, message: NumberedMessage) -> Message | None:
    gathering = await load_gathering(info, message.body["gathering"])
    notice = GatheringNoticeKind(message.body["notice"])
    return GatheringNotice(**_head(message), notice=notice, gathering=gathering) if gathering else None


async def _complaint(info: Info, message: NumberedMessage) -> Message | None:
    found = await load_complaint(info, message.body["complaint"])
    if found is None:
        return None
    return ComplaintChanged(**_head(message), state=ComplaintState(message.body["state"]), complaint=found)


async def _proposal_changed(info: Info, message: NumberedMessage) -> Message | None:
    found = await load_post(info, message.body["post"])
    state = ProposalState(message.body["state"])
    return ProposalChanged(**_head(message), state=state, post=found) if found else None


async def _contest_won(info: Info, message: NumberedMessage) -> Message | None:
    found, body = await load_post(info, message.body["post"]), message.body
    if found is None:
        return None
    return ContestWon(**_head(message), contest_key=body["contest"], rank=body["rank"], post=found)


def _said(
    texts: Mapping[str, str], values: Mapping[str, Any], zone: str, locale: str, default: str
) -> str | None:
    text = localised(dict(texts), locale, default)
    return parse(text).format(values, locale, zone) if text else None


async def _campaign(info: Info, message: NumberedMessage) -> Message | None:
    catalogue, body = await info.context.catalogue(), message.body
    stated = catalogue.campaigns.get(body["campaign"])
    if stated is None:
        return None
    stage = CampaignStage(body["stage"])
    said = getattr(stated.texts, stage.value)
    me = await info.context.services.members.me(info.context.caller)
    locale, default = me.locale if me is not None else catalogue.settings.locale, catalogue.settings.locale
    values = {
        "programme": localised(catalogue.settings.name, locale, default) or catalogue.settings.key,
        "member": me.display_name if me is not None else "",
        "at": message.at,
    }
    zone = me.time_zone if me is not None else catalogue.settings.time_zone
    return CampaignNotice(
        **_head(message),
        campaign_key=stated.key,
        occurrence=body["occurrence"],
        stage=stage,
        title=_said(said.title, values, zone, locale, default) if said is not None else None,
        body=_said(said.body, values, zone, locale, default) if said is not None else None,
        survey_key=stated.survey if stage is CampaignStage.AFTER else None,
    )


_BUILDS: dict[FeedKind, Build] = {
    FeedKind.POINTS_POSTED: _points_posted,
    FeedKind.TASK_ADVANCED: _task,
    FeedKind.TASK_COMPLETED: _task,
    FeedKind.TASK_CLAIM_ENDING: _task,
    FeedKind.TASK_CLAIM_LAPSED: _task,
    FeedKind.MODERATION: _moderation,
    FeedKind.TASK_SUBMISSION: _task_submission,
    FeedKind.BADGE_AWARDED: _badge,
    FeedKind.BADGE_REVOKED: _badge,
    FeedKind.COLLECTION_COMPLETED: _collection,
    FeedKind.COLLECTION_BROKEN: _collection,
    FeedKind.CHECK_IN_DAY: _check_in_day,
    FeedKind.CHECK_IN_ITEMS: _check_in_items,
    FeedKind.TIER_CHANGED: _tier_changed,
    FeedKind.TIER_NOTICE: _tier_notice,
    FeedKind.ACCOUNT_MERGED: _account_merged,
    FeedKind.REFERRAL_CHANGED: _referral,
    FeedKind.PRIZE_WON: _rank_rewarded,
    FeedKind.DRAW_ENTERED: _draw_entered,
    FeedKind.DRAW_PLAYED: _draw_played,
    FeedKind.DRAW_WON: _draw_won,
    FeedKind.REDEMPTION_CHANGED: _redemption,
    FeedKind.REWARD_EXPIRING: _redemption,
    FeedKind.GOAL_CONTRIBUTED: _goal,
    FeedKind.GOAL_REACHED: _goal,
    FeedKind.COMPLAINT_CHANGED: _complaint,
    FeedKind.GATHERING_NOTICE: _gathering_notice,
    FeedKind.ANSWER_ACCEPTED: _answer_accepted,
    FeedKind.BOUNTY_SETTLED: _bounty_settled,
    FeedKind.PROPOSAL_CHANGED: _proposal_changed,
    FeedKind.CONTEST_WON: _contest_won,
    FeedKind.CAMPAIGN: _campaign,
}
