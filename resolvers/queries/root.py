"""Query: the fields of every noun."""

import strawberry

from resolvers.queries.activity import ActivityQueries
from resolvers.queries.badges import BadgeQueries
from resolvers.queries.leaderboards import LeaderboardQueries
from resolvers.queries.members import MemberQueries
from resolvers.queries.nodes import NodeQueries
from resolvers.queries.programme import ProgrammeQueries
from resolvers.queries.tasks import TaskQueries


@strawberry.type(description="Reads. All of them need a bearer token; the programme is the token's.")
class Query(
    NodeQueries,
    ProgrammeQueries,
    MemberQueries,
    LeaderboardQueries,
    TaskQueries,
    BadgeQueries,
    ActivityQueries,
):
    """The fields of every noun, together."""
