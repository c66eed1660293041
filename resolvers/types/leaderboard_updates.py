"""A board as its watchers are told of it."""

from collections.abc import Sequence

import strawberry

from gamification.leaderboards.model import BoardPage, BoardPeriod, Entry
from gamification.programmes.definitions import Leaderboard
from resolvers.scalars import Long
from resolvers.types.leaderboards import LeaderboardEntry, LeaderboardPeriod

NOWHERE: tuple[Entry | None, tuple[Entry, ...]] = (None, ())
"""The place of who has none."""


@strawberry.type(
    description="A board as it is now. The newest one replaces all before; none needs to be applied."
)
class LeaderboardUpdate:
    period: LeaderboardPeriod = strawberry.field(description="The present period.")
    revision: Long = strawberry.field(description="Grows with every change of the period; not dense.")
    entries: list[LeaderboardEntry] = strawberry.field(description="The first places.")
    viewer: LeaderboardEntry | None = strawberry.field(
        description="The viewer's own place, where they have one."
    )
    around: list[LeaderboardEntry] = strawberry.field(
        description="The window around the viewer, where asked for."
    )


def build_update(
    board: Leaderboard,
    period: BoardPeriod,
    page: BoardPage,
    revision: int,
    first: int,
    place: tuple[Entry | None, Sequence[Entry]] = NOWHERE,
) -> LeaderboardUpdate:
    """The GraphQL object: the first so many of a page, and a viewer's own place and window."""
    own, around = place
    return LeaderboardUpdate(
        period=LeaderboardPeriod.of(board, period),
        revision=Long(revision),
        entries=[LeaderboardEntry.of(entry) for entry in page.entries[:first]],
        viewer=LeaderboardEntry.of(own) if own else None,
        around=[LeaderboardEntry.of(entry) for entry in around],
    )
