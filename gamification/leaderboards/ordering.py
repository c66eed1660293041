"""How a score becomes a place: pure.

Both stores sort ascending by (key, tie). `key` is the score, negated on descending boards, which a double holds
exactly up to ±(2^53 − 1). `tie` is bytes that compare like what breaks ties: the subscore (8 bytes, where the
board has one), the millisecond in which the score was reached (6 bytes), and the member's id (12 bytes), which
makes the order total and the same at every reading. Where ties share a rank the order among them is the same. Nothing is packed into
the score's own bits, so nothing is rounded.
"""

from datetime import UTC, datetime, timedelta

from gamification.leaderboards.model import Score
from gamification.programmes.definitions import Leaderboard, Order

SUBSCORE_BYTES = 8
_TIME_BYTES = 6
_BIAS = 2**63
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME_BIAS_MS = 62_135_596_800_000
"""Milliseconds from year 1 to 1970, so that every instant is positive; the sum fits 48 bits until year 8920."""


def sort_key(board: Leaderboard, score: int) -> int:
    """The number that both stores sort by, ascending."""
    return -score if board.order is Order.DESCENDING else score


def tie_of(board: Leaderboard, score: Score, member_id: bytes) -> bytes:
    """The bytes that order equal scores."""
    reached = (milliseconds(score.achieved_at) + _TIME_BIAS_MS).to_bytes(_TIME_BYTES, "big")
    if board.subscore:
        return (sort_key(board, score.subscore) + _BIAS).to_bytes(SUBSCORE_BYTES, "big") + reached + member_id
    return reached + member_id


def standing_of(key: int, tie: bytes, *, descending: bool, equal: int) -> Score:
    """The score that a key and a tie stand for: a page needs nothing else. `equal` is the board's `equal_bytes`;
    without a subscore it is 0."""
    subscore = int.from_bytes(tie[:equal], "big") - _BIAS if equal else 0
    milliseconds = int.from_bytes(tie[equal : equal + _TIME_BYTES], "big") - _TIME_BIAS_MS
    seconds, left = divmod(milliseconds, 1000)
    sign = -1 if descending else 1
    return Score(sign * key, sign * subscore, _EPOCH + timedelta(0, seconds, left * 1000))


def member_of(tie: bytes) -> bytes:
    """The member's id, which ends every tie."""
    return tie[-12:]


def equal_bytes(board: Leaderboard) -> int:
    """How many leading bytes of the tie must agree, beside the score, for two members to share a rank."""
    return SUBSCORE_BYTES if board.subscore else 0


def milliseconds(at: datetime) -> int:
    """Whole milliseconds since 1970."""
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000
