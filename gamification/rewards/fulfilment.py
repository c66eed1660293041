"""Which status of a redemption may follow which, and what comes back where it ends. Pure."""

from gamification.kit.errors import Conflict, ErrorCode
from gamification.programmes.definitions import Refund, RefundCase
from gamification.rewards.model import Redemption, RedemptionStatus

PENDING, PROCESSING, SHIPPED, DONE, FAILED, CANCELLED = RedemptionStatus

FOLLOWING: dict[RedemptionStatus, frozenset[RedemptionStatus]] = {
    PENDING: frozenset({PROCESSING, SHIPPED, DONE, FAILED, CANCELLED}),
    PROCESSING: frozenset({SHIPPED, DONE, FAILED, CANCELLED}),
    SHIPPED: frozenset({DONE, FAILED, CANCELLED}),
    DONE: frozenset({CANCELLED}),
    FAILED: frozenset(),
    CANCELLED: frozenset(),
}
ENDINGS = frozenset({FAILED, CANCELLED})


def check_step(redemption: Redemption, status: RedemptionStatus) -> None:
    """Raises: Conflict (REDEMPTION_STATE) where that status can't follow."""
    if status not in FOLLOWING[redemption.status]:
        raise Conflict(
            f"It is {redemption.status}; it can't become {status}.",
            code=ErrorCode.REDEMPTION_STATE,
            path=["status"],
        )


def refund_for(redemption: Redemption, ending: RedemptionStatus) -> Refund:
    """What comes back where a redemption ends so, by the state it is in now."""
    case = RefundCase.FAILED if ending is FAILED else RefundCase(redemption.status.value)
    return redemption.refund(case)


def refunded_points(amount: int, refund: Refund) -> int:
    """How many of so many points come back: rounded down."""
    return amount * refund.points // 100
