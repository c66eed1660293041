"""Subscription: the fields of every noun."""

import strawberry

from resolvers.subscriptions.flash_sales import FlashSaleSubscriptions
from resolvers.subscriptions.leaderboards import LeaderboardSubscriptions
from resolvers.subscriptions.progress import ProgressSubscriptions
from resolvers.subscriptions.teams import TeamSubscriptions


@strawberry.type(description="Live views, over graphql-transport-ws. The first message is the present state.")
class Subscription(
    FlashSaleSubscriptions, LeaderboardSubscriptions, TeamSubscriptions, ProgressSubscriptions
):
    """The fields of every noun, together."""
