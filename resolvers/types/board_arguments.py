"""What arguments say of a board's periods, places and groups, and what is wrong with them."""

import re
from datetime import datetime

from gamification.kit.errors import InvalidInput, LimitExceeded
from gamification.leaderboards import model as domain
from gamification.leaderboards.grouping import GROUP_LENGTH_MAX, is_group
from gamification.programmes import definitions
from resolvers.context import Info

AROUND_MAX = 50
_PERIOD_KEY = re.compile(r"[A-Za-z0-9_.\-]{1,64}")


async def find_period(
    info: Info, board: definitions.Leaderboard, key: str | None, at: datetime, name: str = "period"
) -> domain.BoardPeriod | None:
    """A board's period, by key or instant. Raises: InvalidInput naming the argument, for what is no key of the
    board's cycle and for an instant that no calendar holds."""
    if key is not None and not _PERIOD_KEY.fullmatch(key):
        raise InvalidInput("That is no period's key.", path=[name])
    catalogue = await info.context.catalogue()
    try:
        return await info.context.services.leaderboards.period(info.context.caller, board, key, at, catalogue)
    except InvalidInput as error:
        raise InvalidInput(error.message, path=[name]) from error
    except (OverflowError, ValueError) as error:
        raise InvalidInput("No period holds that instant.", path=["at"]) from error


def check_around(name: str, value: int) -> None:
    """Raises: LimitExceeded naming the argument."""
    if not 0 <= value <= AROUND_MAX:
        raise LimitExceeded(
            f"{name} must be 0 to {AROUND_MAX}, not {value}.",
            path=[name],
            limit=0 if value < 0 else AROUND_MAX,
        )


def check_group(board: definitions.Leaderboard, group: str) -> None:
    """Raises: InvalidInput for a board without groups, and what can't name one."""
    if board.group is None:
        raise InvalidInput(f"The board {board.key!r} has no groups.", path=["group"])
    if not is_group(group):
        raise InvalidInput("That can't name a group.", path=["group"], limit=GROUP_LENGTH_MAX)
