"""Groups of a board ranked against each other."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from gamification.kit.errors import InvalidInput, NotFound
from gamification.leaderboards import model as domain
from gamification.programmes import definitions
from resolvers.context import Info
from resolvers.fields import batched, of_model
from resolvers.relay import After, Before, Connection, First, Last, Listing, window
from resolvers.scalars import Long

if TYPE_CHECKING:
    from resolvers.types.leaderboards import LeaderboardPeriod

TEAMS = Listing("teams", (int,))
TeamScore = definitions.TeamScore
strawberry.enum(
    TeamScore,
    name="TeamScore",
    description="SUM and AVERAGE of all members' scores, or the sum of those of the TOP few.",
)


@strawberry.type(description="How a board makes a team's score from its members'.")
class TeamScoring:
    score: TeamScore = strawberry.field(description="Sum, average, or the sum of the best.")
    top: int | None = strawberry.field(description="How many of the best count, for TOP.")
    least: int = strawberry.field(description="With fewer members who have a score a team is not ranked.")


async def _groups(teams: list["TeamEntry"], info: Info) -> list["LeaderboardPeriod | NotFound"]:
    """The teams themselves."""
    from resolvers.types.leaderboards import LeaderboardPeriod

    boards, period = info.context.services.leaderboards, teams[0].period
    names = await boards.team_names(period, [team.model.member_id for team in teams])
    found: list[LeaderboardPeriod | NotFound] = []
    for team in teams:
        name = names.get(team.model.member_id)
        group = boards.group(team.board, period, name) if name is not None else None
        found.append(LeaderboardPeriod.of(team.board, group) if group else NotFound("There is no such team."))
    return found


@strawberry.type(description="A team's place.")
class TeamEntry:
    board: strawberry.Private[definitions.Leaderboard]
    period: strawberry.Private[domain.BoardPeriod]
    model: strawberry.Private[domain.Entry]
    rank: Long = of_model("rank", description="1 is the best.")
    score: Long = of_model(
        "score", description="Whole, within ±(2^53 − 1); of an average the whole number below it."
    )
    remainder: Long = of_model(
        "subscore", description="What an average is above `score`, in millionths; else the team's subscore."
    )
    achieved_at: datetime = of_model("achieved_at", description="When the score was reached.")
    team: Annotated["LeaderboardPeriod", strawberry.lazy("resolvers.types.leaderboards")] = batched(
        _groups, description="The ranking of its members; its `groupKey` is the team's name."
    )


@strawberry.type(description="The teams of a period, ranked against each other.")
class LeaderboardTeams:
    board: strawberry.Private[definitions.Leaderboard]
    period: strawberry.Private[domain.BoardPeriod]

    @strawberry.field(description="Grows with every change of it; not dense.")
    async def revision(self, info: Info) -> Long:
        return Long((await self._page(info, 0, 0)).revision)

    @strawberry.field(description="How many teams are ranked.")
    async def size(self, info: Info) -> Long:
        return Long((await self._page(info, 0, 0)).size)

    @strawberry.field(
        description="Places in rank order. Cursors are ranks: a page may shift when scores change."
    )
    async def entries(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[TeamEntry]:
        wanted = window(first, after, last, before, of=TEAMS)
        start = _offset(wanted.after, "after") + 1 if wanted.after is not None else 0
        limit = wanted.size
        if wanted.backward or wanted.before is not None:
            size = (await self._page(info, 0, 0)).size
            end = min(size, _offset(wanted.before, "before")) if wanted.before is not None else size
            start = max(start, end - wanted.size) if wanted.backward else start
            limit = max(0, min(wanted.size, end - start))
        page = await self._page(info, start, limit)

        async def count() -> int:
            return page.size

        return Connection(
            listing=TEAMS,
            positions=[(page.offset + index,) for index in range(len(page.entries))],
            has_next=start + limit < page.size,
            has_previous=start > 0,
            nodes=[self.entry(entry) for entry in page.entries],
            counter=count,
        )

    @strawberry.field(description="A team's place; null for one that is not ranked.")
    async def rank_of(
        self, info: Info, group: Annotated[str, strawberry.argument(description="The team's name.")]
    ) -> TeamEntry | None:
        page = await self._page(info, 0, 0, group)
        return self.entry(page.viewer) if page.viewer else None

    @strawberry.field(description="The place of the caller's own team; null where they have none.")
    async def viewer(self, info: Info) -> TeamEntry | None:
        services = info.context.services
        member = await services.members.me(info.context.caller)
        mine = await services.leaderboards.group_of(self.period, member) if member is not None else None
        if mine is None:
            return None
        page = await self._page(info, 0, 0, mine.group)
        return self.entry(page.viewer) if page.viewer else None

    def entry(self, entry: domain.Entry) -> TeamEntry:
        """The GraphQL object of a place."""
        return TeamEntry(board=self.board, period=self.period, model=entry)

    async def _page(self, info: Info, offset: int, limit: int, group: str | None = None) -> domain.BoardPage:
        return await info.context.services.leaderboards.team_page(
            self.board, self.period, offset, limit, group
        )


def _offset(position: Sequence[int], name: str) -> int:
    if position[0] < 0:
        raise InvalidInput(f"{name} is not a cursor of this list.", path=[name])
    return position[0]
