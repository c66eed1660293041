"""Which group of a board a member is in: pure. Each group is a ranking of its own, from the one stream of scores."""

import re
from collections.abc import Mapping
from functools import lru_cache

from gamification.kit.errors import InvalidInput
from gamification.kit.records import evolve
from gamification.leaderboards.model import BoardPeriod
from gamification.programmes.definitions import Leaderboard
from gamification.programmes.expressions import Compiled, compile_expression, context_of

GROUP_LENGTH_MAX = 64
_GROUP = re.compile(rf"[^|\x00-\x1f\x7f\ud800-\udfff]{{1,{GROUP_LENGTH_MAX}}}")


def group_of(board: Leaderboard, member: Mapping[str, object]) -> str | None:
    """The group by the member's facts; None where the board has no groups, or the member is in none of them: where
    the expression can't be evaluated, as without an attribute that it reads, or gives no fitting text or number."""
    return None if board.group is None else group_by(board.group, board.key, member)


def group_by(expression: str, name: str, member: Mapping[str, object]) -> str | None:
    """The text that an expression over a member's facts gives; None where it gives none that can name a group. `name` is
    of what states the expression."""
    try:
        value = _compiled(expression).evaluate(context_of({"member": member}), name)
    except InvalidInput:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value if isinstance(value, str) and is_group(value) else None


def is_group(text: str) -> bool:
    """Whether a text can name a group: 1 to 64 characters, none of them a bar or a control character."""
    return _GROUP.fullmatch(text) is not None


@lru_cache(maxsize=4096)
def in_group(period: BoardPeriod, group: str) -> BoardPeriod:
    """The ranking of one group of a period."""
    return evolve(period, group=group)


@lru_cache(maxsize=1024)
def _compiled(source: str) -> Compiled:
    return compile_expression(source, ())
