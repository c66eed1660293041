"""What each field of a schema costs, in units of one plain field.

Most of it is read from the schema itself, so that a new field is weighed without a word here; the tables hold what
the schema can't say.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

from resolvers.documents.sizes import AROUND, FIRST, ONWARD, PAGE, WINDOW, Size, length

FIELD = 1
READ = 5
"""A field that asks a store by itself, for each object that it is on."""
CHANGE = 10
"""A field of a mutation: a transaction."""
SCHEMA = 1000
"""`__schema` and `__type`, beside one for each field below; their lists are ours, and don't multiply."""
LIST_LENGTH = 10
"""Of a list that no argument bounds: the units, levels or limits of something."""


@dataclass(frozen=True, slots=True)
class Weight:
    """`own` once, `each` for every item of `size`, and what is below as often as `size` says.

    The size of a field that gives no list is that of the lists in the object which it gives.
    """

    own: int = FIELD
    each: int = 0
    size: Size | int | None = None


FIELDS: Mapping[str, Weight] = {
    "Goal.progress": Weight(READ),
    "Query.segmentPreview": Weight(100 * READ),
    "SegmentPreview.sample": Weight(size=50),
    "Query.segmentOverlap": Weight(10 * READ),
    **{
        f"Insights.{one}": Weight(10 * READ)
        for one in (
            *("activity", "retention", "churn", "lifecycle", "repurchase"),
            *("economy", "participation", "referrals", "responseTimes"),
        )
    },
    **{
        f"{one}Insight.points": Weight(size=100)
        for one in ("Activity", "Churn", "Lifecycle", "Repurchase", "Economy", "Referral", "Response")
    },
    "ParticipationInsight.points": Weight(size=24),
    "RetentionInsight.cohorts": Weight(size=24),
    "Insights.standing": Weight(READ),
    "Insights.customerBase": Weight(READ),
    "Query.belonging": Weight(READ),
    "Member.annualCard": Weight(10 * READ),
    "Member.annualReportShares": Weight(READ, size=10),
    "Query.belongingTrend": Weight(4 * READ),
    "BelongingTrend.months": Weight(size=36),
    "BelongingIndex.missing": Weight(size=12),
    "Member.belonging": Weight(READ),
    "BelongingIndex.dimensions": Weight(size=3),
    "BelongingDimension.indicators": Weight(size=4),
    "BelongingIndex.tiers": Weight(size=20),
    "BelongingIndex.chart": Weight(10 * READ),
    "BelongingTrend.chart": Weight(10 * READ),
    "RetentionCohort.cells": Weight(size=12),
    **{
        f"{one}Insight.chart": Weight(10 * READ)
        for one in (
            "Activity",
            "Retention",
            "Churn",
            "Lifecycle",
            "Repurchase",
            "Economy",
            "Participation",
            "Referral",
        )
    },
    "Member.customerValue": Weight(READ),
    "Segment.size": Weight(READ),
    "Member.recommendations": Weight(10 * READ, each=2, size=FIRST),
    "Member.personalised": Weight(READ),
    "RecommendationRun.measures": Weight(size=6),
    "Query.recommendationRun": Weight(READ),
    "Query.recommendationOutcomes": Weight(10 * READ, size=50),
    "Campaign.figures": Weight(4 * READ),
    "Campaign.survey": Weight(READ),
    **{
        f"CampaignIncludes.{one}": Weight(READ, size=20)
        for one in ("tasks", "rewards", "draws", "flashSales", "goals", "leaderboards", "spaces")
    },
    "Campaign.nextTime": Weight(READ),
    "Campaign.experimentPlan": Weight(100 * READ),
    "Subscription.campaignUpdated": Weight(READ),
    "Goal.myProgress": Weight(READ),
    "Goal.milestones": Weight(size=5),
    "GoalProgress.reached": Weight(size=5),
    "GoalContribution.payments": Weight(size=5),
    "GoalPayment.transfers": Weight(READ),
    "GoalPayment.awards": Weight(READ),
    "Subscription.goalUpdated": Weight(READ),
    "Gathering.icalendar": Weight(READ),
    "Gathering.viewerRsvp": Weight(2),
    "Query.calendarFeed": Weight(READ),
    "Subscription.commentAdded": Weight(2 * READ),
    "Subscription.feedUpdated": Weight(2 * READ),
    "Subscription.postUpdated": Weight(READ, each=READ, size=length("ids")),
    "Query.nodes": Weight(each=READ, size=length("ids")),
    "Query.questionStatistics": Weight(10 * READ),
    "Bounty.payments": Weight(size=20),
    "Poll.options": Weight(size=20),
    "Query.contest": Weight(READ),
    "Query.contests": Weight(READ, size=10),
    "Post.contestEntries": Weight(size=2),
    "PostRevision.diff": Weight(READ),
    "Proposal.answers": Weight(size=10),
    "Query.search": Weight(10 * READ, size=PAGE),
    "SearchHit.highlights": Weight(size=3),
    "Query.feed": Weight(2 * READ, size=PAGE),
    "Following.spaces": Weight(size=20),
    "Following.tags": Weight(size=20),
    "Query.following": Weight(READ),
    "Space.viewerFollows": Weight(READ),
    "Space.unreadCount": Weight(READ),
    "Post.viewerFollows": Weight(READ),
    "Post.unreadCount": Weight(READ),
    "Post.isBookmarked": Weight(READ),
    "Comment.isBookmarked": Weight(READ),
    "LeaderboardPeriod.around": Weight(READ, size=AROUND),
    "LeaderboardPeriod.rankOf": Weight(READ),
    "LeaderboardPeriod.friends": Weight(2 * READ),
    "LeaderboardTeams.rankOf": Weight(READ),
    "LeaderboardTeams.revision": Weight(READ),
    "LeaderboardTeams.size": Weight(READ),
    "LeaderboardTeams.viewer": Weight(2 * READ),
    "LeaderboardPeriod.frozenAt": Weight(READ),
    "LeaderboardPeriod.myGroup": Weight(READ),
    "LeaderboardPeriod.revision": Weight(READ),
    "LeaderboardPeriod.size": Weight(READ),
    "Member.attempts": Weight(READ),
    "Member.balances": Weight(READ),
    "Query.causes": Weight(READ, size=100),
    "Query.screenText": Weight(10 * READ),
    "Query.rehearseScreening": Weight(50 * READ),
    "ScreeningRehearsal.examples": Weight(size=20),
    "Query.screeningStatistics": Weight(10 * READ, size=50),
    "TriedText.rules": Weight(size=50),
    "Screening.findings": Weight(size=3),
    "ScreeningFinding.spots": Weight(size=10),
    "Post.screenings": Weight(READ, size=2),
    "Post.heldMessage": Weight(READ),
    "Comment.screenings": Weight(READ, size=2),
    "Comment.heldMessage": Weight(READ),
    "Member.balance": Weight(READ),
    "Member.currentTasks": Weight(READ, size=20),
    "Member.taskPicks": Weight(READ, size=3),
    "TaskPicks.tasks": Weight(size=5),
    "TaskPool.tasks": Weight(size=20),
    "Query.taskPools": Weight(size=10),
    "Member.standing": Weight(READ),
    "Member.checkIns": Weight(READ, size=5),
    "CheckIn.cycle": Weight(size=7),
    "CheckIn.milestones": Weight(size=5),
    "CheckInStanding.calendar": Weight(READ, size=31),
    "Member.tier": Weight(READ),
    "Member.tiers": Weight(READ),
    "Member.tierForecast": Weight(READ),
    "Member.statement": Weight(READ, size=60),
    "Member.annualReport": Weight(10 * READ),
    "AnnualReport.points": Weight(size=10),
    "AnnualReport.tiers": Weight(size=10),
    "AnnualReport.badges": Weight(size=100),
    "AnnualReport.activities": Weight(size=20),
    "LadderYear.changes": Weight(size=20),
    "Draw.prizes": Weight(READ, size=10),
    "Draw.round": Weight(READ),
    "DrawPlay.odds": Weight(READ, size=10),
    "DrawRound.proof": Weight(500),
    "Member.draws": Weight(READ, size=10),
    "Member.drawProof": Weight(10 * READ),
    "Query.liability": Weight(READ),
    "UnitLiability.expected": Weight(size=60),
    "UnitLiability.flow": Weight(READ),
    "Badge.awardCount": Weight(READ),
    "Badge.issued": Weight(READ),
    "Query.badgeBackfills": Weight(READ, size=20),
    "Query.rehearsal": Weight(READ),
    "Rehearsal.result": Weight(4 * READ),
    "RehearsalResult.days": Weight(size=400),
    "RehearsedDay.points": Weight(size=4),
    "RehearsalResult.boards": Weight(size=24),
    "RehearsedBoard.winners": Weight(size=10),
    "RehearsalResult.failures": Weight(size=20),
    "RehearsalResult.rules": Weight(size=50),
    "RehearsalResult.gainers": Weight(size=20),
    "RehearsalResult.losers": Weight(size=20),
    "Subscription.rehearsalProgress": Weight(READ),
    "Query.myBadgeCredential": Weight(CHANGE),
    "Query.myReferralCode": Weight(READ),
    "ReferralCode.funnel": Weight(READ),
    "Member.referredBy": Weight(READ),
    "Member.merges": Weight(READ, size=2),
    "Query.mergePreview": Weight(10 * CHANGE),
    "Mutation.mergeMembers": Weight(10 * CHANGE),
    "Badge.rarity": Weight(READ),
    "Member.collections": Weight(READ, size=20),
    "Member.showcase": Weight(READ, size=12),
    "Member.privileges": Weight(READ, size=10),
    "Member.wishList": Weight(READ, size=20),
    "Reward.left": Weight(READ),
    "FlashSale.left": Weight(READ),
    "Subscription.flashSaleUpdated": Weight(READ),
    "Activity.transfers": Weight(READ),
    "Activity.givenRewards": Weight(size=3),
    "GivenReward.redemption": Weight(READ),
    "TaskSubmission.otherMembers": Weight(READ),
    "Subscription.taskQueueUpdated": Weight(READ),
    "Complaint.about": Weight(READ),
    "Member.unreadNotifications": Weight(5 * READ),
    "Member.unseenNotifications": Weight(5 * READ),
    "Member.notificationSettings": Weight(READ),
    "Notification.actors": Weight(size=3),
    "Notification.gathering": Weight(READ),
    "NotificationSettings.preferences": Weight(size=96),
    "NotificationSettings.pushSubscriptions": Weight(size=20),
    "NotificationSettings.channels": Weight(size=3),
    "Query.complaintCounts": Weight(READ),
    "Query.webhookEndpoints": Weight(READ, size=10),
    "Query.webhookEvents": Weight(2 * READ, size=ONWARD),
    "Query.webhookEventTypes": Weight(size=40),
    "WebhookEndpoint.signingSecrets": Weight(size=3),
    "WebhookDelivery.attempts": Weight(size=20),
    "Query.complaintStatistics": Weight(10 * READ),
    "Survey.questions": Weight(size=10),
    "Survey.viewerResponse": Weight(READ),
    "Survey.viewerMayAnswerAt": Weight(READ),
    "Survey.answerCount": Weight(READ),
    "Survey.results": Weight(3 * READ),
    "SurveyQuestion.options": Weight(size=5),
    "SurveyResponse.answers": Weight(size=10),
    "SurveyResults.questions": Weight(size=10),
    "SurveyResults.breakdown": Weight(10 * READ),
    "SurveyBreakdown.groups": Weight(size=5),
    "SurveyGroup.questions": Weight(size=10),
    "SurveyQuestionResult.options": Weight(size=5),
    "SurveyQuestionResult.days": Weight(size=20),
    "Programme.definitions": Weight(READ, size=100),
    "ProgressSnapshot.tasks": Weight(size=20),
    "ProgressSnapshot.badges": Weight(size=100),
    "ApplyProgrammeSuccess.changes": Weight(size=100),
    "InvalidDocumentError.faults": Weight(size=20),
    "Mutation.recordActivities": Weight(CHANGE, each=2, size=length("input.activities")),
    "Subscription.leaderboardUpdated": Weight(READ, size=WINDOW),
    "Subscription.leaderboardTeamsUpdated": Weight(2 * READ, size=FIRST),
}
"""By type and field."""

GRANTING = frozenset({"joinProgramme"})
"""Mutations that give something of value, beside those that take an idempotency key."""


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of one schema's fields."""

    schema: GraphQLSchema
    fields: Mapping[str, Weight] = field(default_factory=lambda: FIELDS)
    granting: frozenset[str] = frozenset()
    pages: frozenset[str] = frozenset()
    """The types whose lists are as long as the field says which gives them: connections and the like."""

    @classmethod
    def of(cls, schema: GraphQLSchema, fields: Mapping[str, Weight] = FIELDS) -> "Weights":
        """Read what the schema says."""
        pages = set()
        for name, owner in schema.type_map.items():
            if isinstance(owner, GraphQLObjectType | GraphQLInterfaceType) and not name.startswith("__"):
                for field_name, definition in owner.fields.items():
                    stated = fields.get(f"{name}.{field_name}")
                    is_sized = _is_paged(definition) or (stated is not None and stated.size is not None)
                    if is_sized and not is_list(definition):
                        pages.add(get_named_type(definition.type).name)
        return cls(schema, fields, _granting(schema) | GRANTING, frozenset(pages))

    def of_field(self, owner: GraphQLNamedType, name: str, definition: GraphQLField) -> Weight:
        """What this field costs."""
        stated = self.fields.get(f"{owner.name}.{name}")
        if stated is not None:
            return stated
        if owner is self.schema.mutation_type:
            return Weight(CHANGE)
        if _is_paged(definition):
            return Weight(READ, size=PAGE)
        return Weight(READ) if owner.name in self.pages and name == "totalCount" else Weight()


def is_list(definition: GraphQLField) -> bool:
    """Whether the field gives a list."""
    return is_list_type(get_nullable_type(definition.type))


def _is_paged(definition: GraphQLField) -> bool:
    return "first" in definition.args and "last" in definition.args


def _granting(schema: GraphQLSchema) -> frozenset[str]:
    mutations = schema.mutation_type.fields if schema.mutation_type else {}
    return frozenset(
        name
        for name, definition in mutations.items()
        if any(
            isinstance(kind := get_named_type(argument.type), GraphQLInputObjectType)
            and "idempotencyKey" in kind.fields
            for argument in definition.args.values()
        )
    )
