"""Subscription: the fields of every noun."""

import strawberry

from resolvers.subscriptions.campaigns import CampaignSubscriptions
from resolvers.subscriptions.feeds import FeedSubscriptions
from resolvers.subscriptions.flash_sales import FlashSaleSubscriptions
from resolvers.subscriptions.goals import GoalSubscriptions
from resolvers.subscriptions.leaderboards import LeaderboardSubscriptions
from resolvers.subscriptions.moderation import ModerationSubscriptions
from resolvers.subscriptions.notifications import NotificationSubscriptions
from resolvers.subscriptions.posts import PostSubscriptions
from resolvers.subscriptions.progress import ProgressSubscriptions
from resolvers.subscriptions.rehearsals import RehearsalSubscriptions
from resolvers.subscriptions.task_evidence import TaskEvidenceSubscriptions
from resolvers.subscriptions.teams import TeamSubscriptions


@strawberry.type(description="Live views, over graphql-transport-ws. The first message is the present state.")
class Subscription(
    CampaignSubscriptions,
    FeedSubscriptions,
    FlashSaleSubscriptions,
    GoalSubscriptions,
    ModerationSubscriptions,
    NotificationSubscriptions,
    PostSubscriptions,
    LeaderboardSubscriptions,
    TeamSubscriptions,
    ProgressSubscriptions,
    RehearsalSubscriptions,
    TaskEvidenceSubscriptions,
):
    """The fields of every noun, together."""
