"""Subscription: the fields of every noun."""

import strawberry

from resolvers.subscriptions.leaderboards import LeaderboardSubscriptions
from resolvers.subscriptions.progress import ProgressSubscriptions


@strawberry.type
class Subscription(LeaderboardSubscriptions, ProgressSubscriptions):
    """Live views, over graphql-transport-ws. The first message is the present state."""
