"""Subscription: the fields of every noun."""

import strawberry

from resolvers.subscriptions.leaderboards import LeaderboardSubscriptions
from resolvers.subscriptions.progress import ProgressSubscriptions


@strawberry.type(description="Live views, over graphql-transport-ws. The first message is the present state.")
class Subscription(LeaderboardSubscriptions, ProgressSubscriptions):
    """The fields of every noun, together."""
