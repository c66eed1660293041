"""Leaderboards, their periods and entries."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from gamification.kit.errors import InvalidInput, NotFound
from gamification.leaderboards import model as domain
from gamification.leaderboards.scoring import season_periods
from gamification.leaderboards.service import Around, LeaderboardService
from gamification.members.model import Member as MemberModel
from gamification.programmes import definitions
from resolvers.context import Info
from resolvers.fields import batched, of_model
from resolvers.relay import (
    After,
    Before,
    Connection,
    First,
    Last,
    Listing,
    Node,
    connect,
    decode_bytes_id,
    encode_id,
    window,
)
from resolvers.scalars import Long
from resolvers.types.board_arguments import check_around, find_period
from resolvers.types.final_standings import FINALS, FinalStanding, LeaderboardPrize, build_prize
from resolvers.types.friends import LeaderboardFriends
from resolvers.types.names import label, text
from resolvers.types.tasks import DefinitionStatus, reward_of
from resolvers.types.teams import LeaderboardTeams, TeamScoring

if TYPE_CHECKING:
    from resolvers.types.members import Member

ScoreOperator = definitions.Operator
strawberry.enum(ScoreOperator, name="ScoreOperator", description="How a new score joins the one that stands.")
SortOrder = definitions.Order
strawberry.enum(
    SortOrder, name="SortOrder", description="Whether the greatest or the least score ranks first."
)
TieRule = definitions.Ties
strawberry.enum(
    TieRule,
    name="TieRule",
    description="SHARED: equal scores share a rank (1, 1, 3). EARLIEST: who reached the score first, to the "
    "millisecond, ranks first; within one millisecond, who joined first.",
)
PeriodCycle = definitions.BoardCycle
strawberry.enum(PeriodCycle, name="PeriodCycle", description="How often a board starts anew.")
PLACES = Listing("places", (int,))
PERIODS = Listing("periods", (str,))
GROUPS = Listing("groups", (str,))
MemberId = Annotated[strawberry.ID, strawberry.argument(description="The member's global id.")]


async def _members(entries: list["LeaderboardEntry"], info: Info) -> list["Member | NotFound"]:
    """Who holds the places."""
    from resolvers.types.members import Member

    ids = [entry.model.member_id for entry in entries]
    found = await ranked_members(info, ids)
    return [Member(model=found[one]) if one in found else NotFound("There is no such member.") for one in ids]


@strawberry.type(description="A place on a board.")
class LeaderboardEntry:
    model: strawberry.Private[domain.Entry]
    rank: Long = of_model("rank", description="1 is the best.")
    score: Long = of_model("score", description="Whole, within ±(2^53 − 1).")
    subscore: Long = of_model(
        "subscore", description="Breaks ties of the score where the board says so; else 0."
    )
    achieved_at: datetime = of_model(
        "achieved_at", description="When the score was reached, to the millisecond."
    )
    member: Annotated["Member", strawberry.lazy("resolvers.types.members")] = batched(
        _members, description="Who holds the place."
    )

    @classmethod
    def of(cls, entry: domain.Entry) -> "LeaderboardEntry":
        """The GraphQL object of a domain entry."""
        return cls(model=entry)


@strawberry.type(description="One run of a board. Past ones stay readable.")
class LeaderboardPeriod:
    board: strawberry.Private[definitions.Leaderboard]
    model: strawberry.Private[domain.BoardPeriod]
    key: str = strawberry.field(
        description="`all`, `2026-11-21`, `2026-W47`, `2026-11`, `2026` or a season's key."
    )
    starts_at: datetime | None = strawberry.field(description="Inclusive; null for all time.")
    ends_at: datetime | None = strawberry.field(description="Exclusive; null for all time.")

    @strawberry.field(description="The group's name, where this is the ranking of one group; else null.")
    def group_key(self) -> str | None:
        return self.model.group

    @strawberry.field(
        description="The season's name, in the viewer's locale, else the programme's; else null."
    )
    async def name(self, info: Info) -> str | None:
        season = next((one for one in self.board.seasons if one.key == self.key), None)
        return await text(info, season.name) if season else None

    @strawberry.field(
        description="When all final standings were stored and the prizes given; null until then, and on boards that "
        "never close."
    )
    async def frozen_at(self, info: Info) -> datetime | None:
        if self.board.settles_after is None:
            return None
        return await info.context.services.leaderboards.frozen_at(self.model)

    @strawberry.field(description="When the last late activity could still count in it; null until then.")
    async def closed_at(self, info: Info) -> datetime | None:
        services = info.context.services
        settings = (await info.context.catalogue()).settings
        lateness = self.board.settles_after
        if lateness is None:
            lateness = settings.lateness_or_none
        if self.ends_at is None or lateness is None:
            return None
        closed = self.ends_at + lateness
        return closed if closed <= services.now() else None

    @strawberry.field(description="Grows with every change of the period; not dense.")
    async def revision(self, info: Info) -> Long:
        return Long((await self._page(info, 0, 0)).revision)

    @strawberry.field(description="How many members are on it.")
    async def size(self, info: Info) -> Long:
        return Long((await self._page(info, 0, 0)).size)

    @strawberry.field(
        description="Places in rank order. Cursors are ranks: a page may shift when scores change."
    )
    async def entries(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[LeaderboardEntry]:
        wanted = window(first, after, last, before, of=PLACES)
        start = _offset(wanted.after, "after") + 1 if wanted.after is not None else 0
        if wanted.backward or wanted.before is not None:
            size = (await self._page(info, 0, 0)).size
            end = min(size, _offset(wanted.before, "before")) if wanted.before is not None else size
            if wanted.backward:
                start = max(start, end - wanted.size)
            limit = max(0, min(wanted.size, end - start))
        else:
            limit = wanted.size
        page = await self._page(info, start, limit)

        async def count() -> int:
            return page.size

        return Connection(
            listing=PLACES,
            positions=[(page.offset + index,) for index in range(len(page.entries))],
            has_next=start + limit < page.size,
            has_previous=start > 0,
            nodes=[LeaderboardEntry(model=entry) for entry in page.entries],
            counter=count,
        )

    @strawberry.field(
        description="A member's place; null for who has none, is not shown, or is shown under a pseudonym."
    )
    async def rank_of(self, info: Info, member_id: MemberId) -> LeaderboardEntry | None:
        found = decode_bytes_id(member_id, "Member")
        if found is None:
            return None
        entry = (await self._page(info, 0, 0, found)).viewer
        return LeaderboardEntry.of(entry) if entry and entry.member_id == found else None

    @strawberry.field(
        description="The places around a member, their own included; empty for who has none, or is shown under a "
        "pseudonym."
    )
    async def around(
        self,
        info: Info,
        member_id: MemberId,
        above: Annotated[int, strawberry.argument(description="How many better ones: 0 to 50.")] = 5,
        below: Annotated[int, strawberry.argument(description="How many worse ones: 0 to 50.")] = 5,
    ) -> list[LeaderboardEntry]:
        check_around("above", above)
        check_around("below", below)
        found = decode_bytes_id(member_id, "Member")
        if found is None:
            return []
        page = await self._page(info, 0, 0, found, Around(above, below))
        if page.viewer is not None and page.viewer.member_id != found:
            return []
        return [LeaderboardEntry.of(entry) for entry in page.around]

    @strawberry.field(
        description="The ranking of one group of it, such as a country or a team; null on boards without groups. "
        "Nobody is on that of a group which there is not."
    )
    async def group(
        self, key: Annotated[str, strawberry.argument(description="The group's name: 1 to 64 characters.")]
    ) -> "LeaderboardPeriod | None":
        found = LeaderboardService.group(self.board, self.model, key)
        return LeaderboardPeriod.of(self.board, found) if found else None

    @strawberry.field(description="The rankings of its groups that ever had a score, by name.")
    async def groups(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> "Connection[LeaderboardPeriod]":
        page = await info.context.services.leaderboards.groups(
            self.model, window(first, after, last, before, of=GROUPS)
        )
        return connect(page, lambda period: LeaderboardPeriod.of(self.board, period), GROUPS)

    @strawberry.field(
        description="The caller and those whom they follow, ranked among themselves; null for who is no member."
    )
    async def friends(self, info: Info) -> LeaderboardFriends | None:
        services = info.context.services
        member = await services.members.me(info.context.caller)
        if member is None:
            return None
        others = await services.follows.followed_by(member)
        found = await services.leaderboards.among(self.board, self.model, member, others)
        return LeaderboardFriends(all_entries=found, own_id=member.alias or member.id)

    @strawberry.field(
        description="Its groups ranked against each other; null on boards without teams, and for one group."
    )
    def teams(self) -> LeaderboardTeams | None:
        if self.board.teams is None or self.model.group is not None:
            return None
        return LeaderboardTeams(board=self.board, period=self.model)

    @strawberry.field(description="The ranking of the caller's own group; null where they are in none.")
    async def my_group(self, info: Info) -> "LeaderboardPeriod | None":
        services = info.context.services
        member = await services.members.me(info.context.caller) if self.board.group is not None else None
        found = await services.leaderboards.group_of(self.model, member) if member is not None else None
        return LeaderboardPeriod.of(self.board, found) if found else None

    @strawberry.field(
        description="The standings as they were frozen when it closed, of those whom the board still shows: a rank is "
        "missing where its holder has left since. `entries` ranks who is left anew. Empty until it is closed."
    )
    async def final_standings(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[FinalStanding]:
        page = await info.context.services.leaderboards.finals(
            self.model, window(first, after, last, before, of=FINALS)
        )
        return connect(page, FinalStanding.of, FINALS)

    async def _page(
        self, info: Info, offset: int, limit: int, member: bytes | None = None, around: Around | None = None
    ) -> domain.BoardPage:
        return await info.context.services.leaderboards.page(
            self.board, self.model, offset, limit, member, around
        )

    @classmethod
    def of(cls, board: definitions.Leaderboard, period: domain.BoardPeriod) -> "LeaderboardPeriod":
        """The GraphQL object of a board's period."""
        return cls(
            board=board, model=period, key=period.key, starts_at=period.starts_at, ends_at=period.ends_at
        )


@strawberry.type(description="How many scores of a member count in a period.")
class LeaderboardAttempts:
    used: int = strawberry.field(description="So many counted, whether they improved anything or not.")
    granted: int = strawberry.field(description="So many were granted beside what the board gives everyone.")
    left: int = strawberry.field(description="So many more will count.")

    @classmethod
    def of(cls, attempts: domain.Attempts) -> "LeaderboardAttempts":
        """The GraphQL object of a member's attempts."""
        return cls(used=attempts.used, granted=attempts.granted, left=attempts.left)


@strawberry.type(description="A ranking of members by score.")
class Leaderboard(Node):
    definition: strawberry.Private[definitions.Leaderboard]
    key: str = strawberry.field(description="Its key in the programme file.")
    name: str = strawberry.field(description="In the viewer's locale, else the programme's.")
    description: str | None = strawberry.field(description="In the viewer's locale, else the programme's.")
    status: DefinitionStatus = strawberry.field(description="Whether new scores count.")
    operator: ScoreOperator = strawberry.field(description="How a new score joins the one that stands.")
    order: SortOrder = strawberry.field(description="Which score ranks first.")
    ties: TieRule = strawberry.field(description="How equal scores rank.")
    cycle: PeriodCycle = strawberry.field(description="How often it starts anew.")

    @strawberry.field(
        description="How many scores of a member count in a period, at most; null where all of them do."
    )
    def attempts_max(self) -> int | None:
        return self.definition.attempts

    @strawberry.field(
        description="How long after its end a period closes, in seconds; null where periods never do."
    )
    def settles_after_seconds(self) -> Long | None:
        settling = self.definition.settles_after
        return None if settling is None else Long(int(settling.total_seconds()))

    @strawberry.field(
        description="What ranks win when a period closes; the first one that is for a rank is given."
    )
    async def prizes(self, info: Info) -> list[LeaderboardPrize]:
        return await _prizes(info, self.definition.prizes)

    @strawberry.field(description="What ranks of each group win when a period closes.")
    async def group_prizes(self, info: Info) -> list[LeaderboardPrize]:
        return await _prizes(info, self.definition.group_prizes)

    @strawberry.field(description="How groups are ranked against each other; null where they are not.")
    def team_scoring(self) -> TeamScoring | None:
        teams = self.definition.teams
        return TeamScoring(score=teams.score, top=teams.top, least=teams.least) if teams else None

    @strawberry.field(description="Whether members are ranked in groups as well.")
    def has_groups(self) -> bool:
        return self.definition.group is not None

    @strawberry.field(
        description="A period by key, or that of an instant; the present one when neither is given."
    )
    async def period(
        self,
        info: Info,
        key: Annotated[str | None, strawberry.argument(description="Such as `2026-11`.")] = None,
        at: Annotated[datetime | None, strawberry.argument(description="Any instant within it.")] = None,
    ) -> LeaderboardPeriod | None:
        services = info.context.services
        found = await find_period(info, self.definition, key, at or services.now(), "key")
        return LeaderboardPeriod.of(self.definition, found) if found else None

    @strawberry.field(description="Periods that ever had a score, newest first.")
    async def periods(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[LeaderboardPeriod]:
        page = await info.context.services.leaderboards.periods(
            info.context.caller, self.definition, window(first, after, last, before, of=PERIODS)
        )
        return connect(page, lambda period: LeaderboardPeriod.of(self.definition, period), PERIODS)

    @strawberry.field(description="Its seasons, past and to come, in order; empty where it has none.")
    async def seasons(self, info: Info) -> list[LeaderboardPeriod]:
        programme_id = info.context.caller.programme_id
        return [
            LeaderboardPeriod.of(self.definition, period)
            for period in season_periods(programme_id, self.definition)
        ]


async def _prizes(info: Info, prizes: Sequence[definitions.Prize]) -> list[LeaderboardPrize]:
    hidden = await info.context.hidden_badges() if prizes else frozenset[str]()
    return [build_prize(prize, [reward_of(part, hidden) for part in prize.reward]) for prize in prizes]


async def ranked_members(info: Info, ids: Sequence[bytes]) -> dict[bytes, MemberModel]:
    """Members that a board shows, by id."""
    members, caller = info.context.services.members, info.context.caller
    held = members.held_ranked_by_ids(caller, ids)
    return await members.ranked_by_ids(caller, ids) if held is None else held


def _offset(position: Sequence[int], name: str) -> int:
    if position[0] < 0:
        raise InvalidInput(f"{name} is not a cursor of this list.", path=[name])
    return position[0]


async def build_board(info: Info, board: definitions.Leaderboard) -> Leaderboard:
    """The GraphQL object of a board's definition."""
    return Leaderboard(
        definition=board,
        id=encode_id("Leaderboard", board.key),
        key=board.key,
        name=await label(info, board),
        description=await text(info, board.description),
        status=board.status,
        operator=board.operator,
        order=board.order,
        ties=board.ties,
        cycle=board.cycle,
    )
