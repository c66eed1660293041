"""Standings as they were frozen when a period closed."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from gamification.kit.errors import NotFound
from gamification.leaderboards import model as domain
from gamification.leaderboards.scoring import period_named
from gamification.members.service import require_private
from gamification.programmes import definitions
from resolvers.context import Info
from resolvers.fields import batched
from resolvers.relay import Listing
from resolvers.scalars import Long
from resolvers.types.badges import BadgeAward
from resolvers.types.ledger import Transfer
from resolvers.types.tasks import TaskReward

if TYPE_CHECKING:
    from resolvers.types.leaderboards import Leaderboard, LeaderboardPeriod
    from resolvers.types.members import Member

FINALS = Listing("final standings", (int, bytes))
HISTORY = Listing("a member's final standings", (datetime, bytes))


async def _shown(finals: list["FinalStanding"], info: Info) -> list["Member | NotFound"]:
    """Who holds the ranks, as boards show them."""
    from resolvers.types.leaderboards import ranked_members
    from resolvers.types.members import Member

    ids = [final.record.shown_id for final in finals]
    found = await ranked_members(info, ids)
    return [Member(model=found[one]) if one in found else NotFound("There is no such member.") for one in ids]


@strawberry.type(
    description="A member's standing when a period closed. Neither the reversal of activity nor who leaves the board "
    "changes it."
)
class FinalStanding:
    record: strawberry.Private[domain.Record]
    rank: Long | None = strawberry.field(
        description="1 is the best; null only while the period is being frozen."
    )
    size: Long | None = strawberry.field(
        description="Among how many; null only while the period is being frozen."
    )
    score: Long = strawberry.field(description="Whole, within ±(2^53 − 1).")
    subscore: Long = strawberry.field(description="Breaks ties of the score where the board says so; else 0.")
    achieved_at: datetime = strawberry.field(description="When the score was reached, to the millisecond.")
    frozen_at: datetime = strawberry.field(description="When it was stored.")
    group: str | None = strawberry.field(description="The member's group, where the board has groups.")
    group_rank: Long | None = strawberry.field(description="The member's rank in it.")
    group_size: Long | None = strawberry.field(description="Among how many.")
    member: Annotated["Member", strawberry.lazy("resolvers.types.members")] = batched(
        _shown, description="Who held the rank."
    )

    @strawberry.field(description="On which board.")
    async def leaderboard(
        self, info: Info
    ) -> Annotated["Leaderboard", strawberry.lazy("resolvers.types.leaderboards")]:
        from resolvers.types.leaderboards import build_board

        return await build_board(info, (await info.context.catalogue()).leaderboards[self.record.board])

    @strawberry.field(description="In which period; null where the board no longer has it.")
    async def period(
        self, info: Info
    ) -> Annotated["LeaderboardPeriod", strawberry.lazy("resolvers.types.leaderboards")] | None:
        from resolvers.types.leaderboards import LeaderboardPeriod

        catalogue = await info.context.catalogue()
        board = catalogue.leaderboards[self.record.board]
        zone = catalogue.settings.time_zone
        found = period_named(catalogue.programme_id, board, self.record.period, zone)
        return LeaderboardPeriod.of(board, found) if found else None

    @strawberry.field(description="The points that the rank won. The member, staff and services see them.")
    async def prize_transfers(self, info: Info) -> list[Transfer] | None:
        await self._private(info)
        won = [one for final in self._finals for one in final.transfers]
        found = await info.context.loaders.transfers.load_many(won)
        return [Transfer(model=found[one]) for one in won if one in found]

    @strawberry.field(description="The badges that the rank won. The member, staff and services see them.")
    async def prize_awards(self, info: Info) -> list[BadgeAward] | None:
        await self._private(info)
        won = [one for final in self._finals for one in final.awards]
        found = await info.context.loaders.awards.load_many(won)
        return [BadgeAward.of(found[one]) for one in won if one in found]

    @property
    def _finals(self) -> list[domain.Final]:
        return [final for final in (self.record.final, self.record.group_final) if final is not None]

    async def _private(self, info: Info) -> None:
        member = await info.context.loaders.members.load(self.record.member_id)
        require_private(info.context.caller, member)

    @classmethod
    def of(cls, record: domain.Record) -> "FinalStanding":
        """The GraphQL object of a record with a final standing."""
        final, ranked, grouped = record.final or record.group_final, record.ranked, record.group_final
        assert final is not None and ranked is not None  # noqa: S101, PT018 - lists hold no others
        return cls(
            record=record,
            rank=Long(final.rank) if record.final else None,
            size=Long(final.size) if record.final else None,
            score=Long(ranked.score),
            subscore=Long(ranked.subscore),
            achieved_at=ranked.achieved_at,
            frozen_at=final.frozen_at,
            group=record.group,
            group_rank=Long(grouped.rank) if grouped else None,
            group_size=Long(grouped.size) if grouped else None,
        )


@strawberry.type(
    description="What those get who hold certain ranks when a period closes: exactly one of a range and a share."
)
class LeaderboardPrize:
    first_rank: Long | None = strawberry.field(description="The best rank that it is for.")
    last_rank: Long | None = strawberry.field(description="The worst rank that it is for.")
    top_percent: int | None = strawberry.field(
        description="For so many of a hundred, the best ones, rounded up; 1 to 100."
    )
    reward: list[TaskReward] = strawberry.field(description="What each of them gets.")


def build_prize(prize: definitions.Prize, reward: list[TaskReward]) -> LeaderboardPrize:
    """The GraphQL object of a prize."""
    return LeaderboardPrize(
        first_rank=Long(prize.ranks[0]) if prize.ranks else None,
        last_rank=Long(prize.ranks[1]) if prize.ranks else None,
        top_percent=prize.top_percent,
        reward=reward,
    )
