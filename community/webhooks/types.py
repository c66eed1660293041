"""Every type of event that is sent, by name; and which message of a member's feed is which, or why it is none.

Another type is a row here, and a row of `facts.MAKES` where a message of the feed tells of it.
"""

from community.webhooks.shapes import EventType, Field, day, flag, group, instant, node, number, text
from gamification.members.feed import FeedKind
from gamification.settlement.followup import Fate

TEST = "webhook.test"
DISABLED = "webhook.endpoint_disabled"

_CAUSE = group(
    "cause",
    "Why, as far as it is one of these.",
    node("activityId", "Activity", "The activity that caused it.", optional=True),
    text(
        "rule", "The rule's key; `campaigns.<campaign>:<rule>` for what a campaign adds to it.", optional=True
    ),
    text("task", "The task's key.", optional=True),
    text("collection", "The collection's key.", optional=True),
    text("referral", "The referral offer's key.", optional=True),
    text("checkIn", "The check-in's key.", optional=True),
    text("board", "The leaderboard's key.", optional=True),
    text("reward", "The reward's key.", optional=True),
    text("draw", "The draw's key.", optional=True),
    text("goal", "The goal's key.", optional=True),
    text("contest", "The contest's key.", optional=True),
    optional=True,
)
_ACTIVITY = group(
    "activity",
    "The activity.",
    node("id", "Activity", "Its global id."),
    text("type", "The activity type's key."),
    text("source", "Who sent it."),
    text("sourceId", "Its id there."),
    instant("occurredAt", "When it happened."),
    instant("recordedAt", "When it was recorded."),
    flag("erased", "True once its member is erased: its properties are gone.", optional=True),
)
_TASK: tuple[Field, ...] = (
    text("task", "The task's key."),
    text("period", "The period, as 2026-11-21, 2026-W47, 2026-11, or all."),
    number("value", "How far the member is."),
    number("goal", "How far they must come."),
)
_CLAIM_BY = instant("claimBy", "Until when the reward can be claimed.")
_AWARD: tuple[Field, ...] = (
    group(
        "award",
        "The award.",
        node("id", "BadgeAward", "Its global id."),
        text("badge", "The badge's key."),
        text("occurrence", "Which of several awards of the badge it is."),
        number("level", "The level that it stands at; 0 where the badge has none."),
        number("number", "Its number, of a limited badge.", optional=True),
        instant("awardedAt", "When it was awarded."),
        instant("revokedAt", "When it was taken away.", optional=True),
    ),
    _CAUSE,
)
_COLLECTION: tuple[Field, ...] = (text("collection", "The collection's key."),)
_REDEMPTION = group(
    "redemption",
    "The redemption.",
    node("id", "Redemption", "Its global id."),
    text("reward", "The reward's key."),
    text("kind", "The reward's kind."),
    text("source", "How the member came by it."),
    text("status", "What it became."),
    instant("expiresAt", "Until when it can be used.", optional=True),
)
_DRAW: tuple[Field, ...] = (text("draw", "The draw's key."), text("round", "The round's key."))

TYPES: dict[str, EventType] = {
    one.name: one
    for one in (
        EventType("activity.recorded", "An activity was recorded.", (_ACTIVITY,)),
        EventType("activity.reversed", "An activity was taken back, with all it caused.", (_ACTIVITY,)),
        EventType("activity.refunded", "A part of an activity was refunded.", (_ACTIVITY,)),
        EventType(
            "points.posted",
            "A transfer was posted to a member's account.",
            (
                group(
                    "transfer",
                    "The transfer.",
                    node("id", "Transfer", "Its global id."),
                    text("unit", "The unit's key."),
                    number("amount", "What was added, or below 0 taken away, in the unit's smallest part."),
                    number("balanceAfter", "What could be spent right after it."),
                    text("kind", "What it was, such as earned, spent, expired or reversed."),
                    instant("occurredAt", "When it happened."),
                    instant("expiresAt", "When what is earned lapses.", optional=True),
                    node("reverses", "Transfer", "The transfer that it takes back.", optional=True),
                ),
                _CAUSE,
            ),
        ),
        EventType(
            "task.completed",
            "A member completed a task.",
            (
                *_TASK,
                number(
                    "place", "Their place among those who did, where the task counts them.", optional=True
                ),
                flag("missed", "True where all places of the reward were taken.", optional=True),
            ),
        ),
        EventType("task.claim_ending", "A reward not claimed yet soon lapses.", (*_TASK, _CLAIM_BY)),
        EventType("task.claim_lapsed", "A reward was not claimed in time.", (*_TASK, _CLAIM_BY)),
        EventType(
            "task.submission_changed",
            "Evidence for a task was handed in, or decided on.",
            (
                node("submissionId", "TaskSubmission", "The submission."),
                text("task", "The task's key."),
                text("period", "The period in which it was handed in."),
                text("state", "What it became."),
            ),
        ),
        EventType("badge.awarded", "A badge was awarded, or reached another level.", _AWARD),
        EventType("badge.revoked", "An award was taken away.", _AWARD),
        EventType("collection.completed", "A member has every badge of a collection.", _COLLECTION),
        EventType("collection.broken", "A member lacks a badge of a collection again.", _COLLECTION),
        EventType(
            "check_in.day_changed",
            "A member's day was checked in, made up, frozen, paused, or missed.",
            (
                text("checkIn", "The check-in's key."),
                day("day", "The member's own day."),
                text("state", "What became of it."),
                number("streak", "Days in a row: now, or where the streak ended, how many they were."),
                number("position", "The place in the cycle of rewards, from 1.", optional=True),
            ),
        ),
        EventType(
            "check_in.items_changed",
            "A member got or used make-up cards or freezes.",
            (
                text("checkIn", "The check-in's key."),
                text("item", "What it was."),
                number("count", "How many more, or below 0 fewer."),
                number("held", "How many they have."),
            ),
        ),
        EventType(
            "referral.changed",
            "A referral came about, qualified, was rewarded, rejected, or taken back.",
            (
                node("referralId", "Referral", "The referral."),
                text("offer", "The referral offer's key."),
                text("status", "What it became."),
                text("as", "`referrer` or `referee`: which of the two this member is."),
            ),
        ),
        EventType(
            "leaderboard.prize_won",
            "A member has a rank with a prize on a board that closed.",
            (
                text("board", "The board's key."),
                text("period", "The period."),
                number("rank", "The rank, from 1."),
                number("size", "How many were ranked."),
                text("group", "The group's name, of a board within one.", optional=True),
            ),
        ),
        EventType(
            "draw.entered",
            "A member takes part in a round of a draw.",
            (node("participationId", "DrawParticipation", "How they take part."), *_DRAW),
        ),
        EventType(
            "draw.played",
            "A member drew a ticket.",
            (
                node("playId", "DrawPlay", "The ticket."),
                *_DRAW,
                text("prize", "The prize's key; none where nothing was won.", optional=True),
            ),
        ),
        EventType(
            "draw.won",
            "A member won a prize of a scheduled draw.",
            (node("winId", "DrawWin", "The prize won."), *_DRAW, text("prize", "The prize's key.")),
        ),
        EventType(
            "reward.redemption_changed",
            "A reward was redeemed or given, or its state changed.",
            (_REDEMPTION,),
        ),
        EventType("reward.expiring", "A reward that a member has soon lapses.", (_REDEMPTION,)),
        EventType(
            "tier.changed",
            "A member's tier on a ladder changed, or was kept for another term.",
            (
                node("changeId", "TierChange", "The change."),
                text("ladder", "The ladder's key."),
                text("kind", "What it was."),
                text("before", "The tier's key before; absent where there was none.", optional=True),
                text("after", "The tier's key now; absent where there is none.", optional=True),
                instant("at", "As of when."),
                instant("until", "Until when it is kept at least.", optional=True),
                _CAUSE,
            ),
        ),
        EventType(
            "tier.notice",
            "A member soon drops to another tier.",
            (
                text("ladder", "The ladder's key."),
                text("tier", "The tier's key."),
                text("after", "The key of the tier that comes after; absent where none does.", optional=True),
                instant("dropsAt", "When."),
            ),
        ),
        EventType("member.changed", "A member joined, or something in their profile changed.", ()),
        EventType(
            "member.merged",
            "Another account was merged into this member's.",
            (node("mergedId", "Member", "The account that is no more."),),
        ),
        EventType(
            "goal.reached",
            "A member is paid for a milestone of a goal that all, or a team, reached together.",
            (
                text("goal", "The goal's key."),
                text("period", "The goal's period."),
                text("team", "The team.", optional=True),
                text("milestone", "The milestone's key."),
                number("threshold", "The sum that it asks for."),
                number("value", "What was reached together."),
                number("share", "The member's share of what is split.", optional=True),
            ),
        ),
        EventType(
            "complaint.changed",
            "A complaint was filed, answered, reopened or closed.",
            (node("complaintId", "Complaint", "The complaint."), text("state", "What it became.")),
        ),
        EventType(
            "moderation.stated",
            "A member was told of a moderator's decision about them, or of the answer to their appeal.",
            (
                node("statementId", "ModerationStatement", "The statement of reasons."),
                text("kind", "What was decided."),
            ),
        ),
        EventType(
            "gathering.notice",
            "A member was told of a gathering that changed, or of their place at it.",
            (node("gatheringId", "Gathering", "The gathering."), text("notice", "What they were told.")),
        ),
        EventType(
            "question.answer_accepted",
            "A member's answer was accepted.",
            (node("postId", "Post", "The question."), node("commentId", "Comment", "The answer.")),
        ),
        EventType(
            "question.bounty_settled",
            "What was offered for an answer was paid or came back.",
            (node("bountyId", "Bounty", "The bounty."),),
        ),
        EventType(
            "proposal.changed",
            "A member's proposal, or one that they support, was answered or changed state.",
            (node("postId", "Post", "The proposal."), text("state", "What it became.")),
        ),
        EventType(
            "contest.won",
            "A member's story has a rank with a prize in a contest that closed.",
            (
                text("contest", "The contest's key."),
                node("postId", "Post", "The story."),
                number("rank", "The rank, from 1."),
            ),
        ),
        EventType(
            "campaign.notice",
            "A campaign told a member that it comes, begins, or is over.",
            (
                text("campaign", "The campaign's key."),
                text("occurrence", "Which time it is on: `once`, or its first day."),
                text("stage", "`warm_up`, `starts` or `after`."),
            ),
        ),
        EventType(
            DISABLED,
            "An endpoint was disabled because it was gone, or failed for days.",
            (
                node("endpointId", "WebhookEndpoint", "The endpoint."),
                text("because", "`gone` or `failing`."),
            ),
            of_member=False,
        ),
        EventType(
            TEST,
            "An operator tries whether an endpoint works. It has no number and is not in the log.",
            (node("endpointId", "WebhookEndpoint", "The endpoint."),),
            of_member=False,
        ),
    )
}

PROFILE = "member.changed"
FATES: dict[Fate, str] = {
    Fate.RECORDED: "activity.recorded",
    Fate.REVERSED: "activity.reversed",
    Fate.REFUNDED: "activity.refunded",
}
FEED: dict[FeedKind, str] = {
    FeedKind.POINTS_POSTED: "points.posted",
    FeedKind.TASK_COMPLETED: "task.completed",
    FeedKind.TASK_CLAIM_ENDING: "task.claim_ending",
    FeedKind.TASK_CLAIM_LAPSED: "task.claim_lapsed",
    FeedKind.TASK_SUBMISSION: "task.submission_changed",
    FeedKind.BADGE_AWARDED: "badge.awarded",
    FeedKind.BADGE_REVOKED: "badge.revoked",
    FeedKind.CHECK_IN_DAY: "check_in.day_changed",
    FeedKind.CHECK_IN_ITEMS: "check_in.items_changed",
    FeedKind.COLLECTION_COMPLETED: "collection.completed",
    FeedKind.COLLECTION_BROKEN: "collection.broken",
    FeedKind.REFERRAL_CHANGED: "referral.changed",
    FeedKind.PRIZE_WON: "leaderboard.prize_won",
    FeedKind.DRAW_ENTERED: "draw.entered",
    FeedKind.DRAW_PLAYED: "draw.played",
    FeedKind.DRAW_WON: "draw.won",
    FeedKind.REDEMPTION_CHANGED: "reward.redemption_changed",
    FeedKind.REWARD_EXPIRING: "reward.expiring",
    FeedKind.TIER_CHANGED: "tier.changed",
    FeedKind.TIER_NOTICE: "tier.notice",
    FeedKind.ACCOUNT_MERGED: "member.merged",
    FeedKind.GOAL_REACHED: "goal.reached",
    FeedKind.COMPLAINT_CHANGED: "complaint.changed",
    FeedKind.MODERATION: "moderation.stated",
    FeedKind.GATHERING_NOTICE: "gathering.notice",
    FeedKind.ANSWER_ACCEPTED: "question.answer_accepted",
    FeedKind.BOUNTY_SETTLED: "question.bounty_settled",
    FeedKind.PROPOSAL_CHANGED: "proposal.changed",
    FeedKind.CONTEST_WON: "contest.won",
    FeedKind.CAMPAIGN: "campaign.notice",
}
NOT_SENT: dict[FeedKind, str] = {
    FeedKind.TASK_ADVANCED: "every step of every task; the activity behind it is sent, and that the task is completed",
    FeedKind.GOAL_CONTRIBUTED: "every contribution; the activity behind it is sent, and that the goal is reached",
}
