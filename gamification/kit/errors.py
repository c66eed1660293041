"""The domain's error tree.

DomainError
├── Unauthenticated       no valid token
├── Forbidden             signed in, but not allowed
├── LimitExceeded         more than a stated limit; carries `limit`
├── InvalidInput          a field's value cannot be taken; carries `path` and, where there is one, `limit`
├── NotFound              missing, or invisible to this actor: the two look alike
├── Conflict              the state has moved on
├── IdempotencyConflict   the same key came with another input
└── InsufficientPoints    the balance's lower bound would be crossed; carries `available` and `requested`
"""

from collections.abc import Sequence
from enum import StrEnum


class ErrorCode(StrEnum):
    """What went wrong, for programs; messages are for people and may change."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    INVALID_INPUT = "INVALID_INPUT"
    NOT_FOUND = "NOT_FOUND"
    CONFLICT = "CONFLICT"
    IDEMPOTENCY_CONFLICT = "IDEMPOTENCY_CONFLICT"
    INSUFFICIENT_POINTS = "INSUFFICIENT_POINTS"
    UNKNOWN_ACTIVITY_TYPE = "UNKNOWN_ACTIVITY_TYPE"
    SCHEMA_MISMATCH = "SCHEMA_MISMATCH"
    UNKNOWN_MEMBER = "UNKNOWN_MEMBER"
    MEMBER_BANNED = "MEMBER_BANNED"
    TOO_LARGE = "TOO_LARGE"
    TOO_LATE = "TOO_LATE"
    IN_FUTURE = "IN_FUTURE"
    NOT_EXACT = "NOT_EXACT"
    RULE_FAILED = "RULE_FAILED"
    TASK_NOT_CLAIMABLE = "TASK_NOT_CLAIMABLE"
    TASK_CLAIM_LAPSED = "TASK_CLAIM_LAPSED"
    TASK_NOT_OPEN = "TASK_NOT_OPEN"
    EVIDENCE_REFUSED = "EVIDENCE_REFUSED"
    SUBMISSION_WAITING = "SUBMISSION_WAITING"
    ALREADY_APPROVED = "ALREADY_APPROVED"
    NO_SUBMISSION_LEFT = "NO_SUBMISSION_LEFT"
    SUBMISSION_MOVED = "SUBMISSION_MOVED"
    OWN_SUBMISSION = "OWN_SUBMISSION"
    SAME_MEMBER = "SAME_MEMBER"
    ALREADY_MERGED = "ALREADY_MERGED"
    MERGE_BLOCKED = "MERGE_BLOCKED"
    IDENTITY_TAKEN = "IDENTITY_TAKEN"
    HOLD_NOT_OPEN = "HOLD_NOT_OPEN"
    GIFT_LIMIT = "GIFT_LIMIT"
    CAUSE_FULL = "CAUSE_FULL"
    ALREADY_CHECKED_IN = "ALREADY_CHECKED_IN"
    NO_MAKE_UP_CARD = "NO_MAKE_UP_CARD"
    NOT_MISSED = "NOT_MISSED"
    ITEMS_FULL = "ITEMS_FULL"
    EDITION_EXHAUSTED = "EDITION_EXHAUSTED"
    REFERRAL_REFUSED = "REFERRAL_REFUSED"
    REWARD_NOT_OPEN = "REWARD_NOT_OPEN"
    NOT_ELIGIBLE = "NOT_ELIGIBLE"
    OUT_OF_STOCK = "OUT_OF_STOCK"
    REWARD_LIMIT_REACHED = "REWARD_LIMIT_REACHED"
    REDEMPTION_STATE = "REDEMPTION_STATE"
    REWARD_USED = "REWARD_USED"
    COUPON_NOT_USABLE = "COUPON_NOT_USABLE"
    COUPON_EXPIRED = "COUPON_EXPIRED"
    COUPON_USED_UP = "COUPON_USED_UP"
    COUPON_LOCKED = "COUPON_LOCKED"
    COUPON_NOT_APPLICABLE = "COUPON_NOT_APPLICABLE"
    COUPONS_DO_NOT_STACK = "COUPONS_DO_NOT_STACK"
    SALE_NOT_OPEN = "SALE_NOT_OPEN"
    SOLD_OUT = "SOLD_OUT"
    SALE_LIMIT_REACHED = "SALE_LIMIT_REACHED"
    RESERVATION_OVER = "RESERVATION_OVER"
    DRAW_CLOSED = "DRAW_CLOSED"
    DRAW_EXHAUSTED = "DRAW_EXHAUSTED"
    DRAW_LIMIT_REACHED = "DRAW_LIMIT_REACHED"
    SPACE_NOT_OPEN = "SPACE_NOT_OPEN"
    SPACE_BARRED = "SPACE_BARRED"
    STALE_VERSION = "STALE_VERSION"
    POST_STATE = "POST_STATE"
    POST_LOCKED = "POST_LOCKED"
    MUTED = "MUTED"
    ALREADY_REVIEWED = "ALREADY_REVIEWED"
    CASE_DECIDED = "CASE_DECIDED"
    CASE_CLAIMED = "CASE_CLAIMED"
    OWN_DECISION = "OWN_DECISION"
    APPEAL_CLOSED = "APPEAL_CLOSED"
    TRUST_TOO_LOW = "TRUST_TOO_LOW"
    POSTING_LIMIT = "POSTING_LIMIT"
    COMMENT_STATE = "COMMENT_STATE"
    GATHERING_STATE = "GATHERING_STATE"
    GATHERING_FULL = "GATHERING_FULL"
    RSVP_CLOSED = "RSVP_CLOSED"
    RSVP_STATE = "RSVP_STATE"
    ATTENDANCE_CLOSED = "ATTENDANCE_CLOSED"
    CODE_REFUSED = "CODE_REFUSED"
    CODE_LOCKED = "CODE_LOCKED"
    SURVEY_NOT_OPEN = "SURVEY_NOT_OPEN"
    SURVEY_ANSWERED = "SURVEY_ANSWERED"
    SURVEY_TOO_FEW = "SURVEY_TOO_FEW"
    COMPLAINT_STATE = "COMPLAINT_STATE"
    COMPLAINT_LIMIT = "COMPLAINT_LIMIT"
    ANSWER_SETTLED = "ANSWER_SETTLED"
    BOUNTY_OPEN = "BOUNTY_OPEN"
    BOUNTY_LIMIT = "BOUNTY_LIMIT"
    POLL_CLOSED = "POLL_CLOSED"
    VOTE_FINAL = "VOTE_FINAL"
    PROPOSAL_STATE = "PROPOSAL_STATE"
    CONTEST_STATE = "CONTEST_STATE"
    CONTEST_LIMIT = "CONTEST_LIMIT"
    SCREENED = "SCREENED"
    AGREEMENT_STATE = "AGREEMENT_STATE"
    TERMS_MOVED = "TERMS_MOVED"
    LINK_STATE = "LINK_STATE"
    EXCHANGE_LIMIT = "EXCHANGE_LIMIT"
    EXCHANGE_REFUSED = "EXCHANGE_REFUSED"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL = "INTERNAL"


class DomainError(Exception):
    """An expected refusal. `path` names the field at fault from the input's root, `limit` the bound it broke."""

    default_code = ErrorCode.INTERNAL

    def __init__(
        self,
        message: str,
        *,
        code: ErrorCode | None = None,
        path: Sequence[str] | None = None,
        limit: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.path = list(path) if path is not None else None
        self.limit = limit


class Unauthenticated(DomainError):
    default_code = ErrorCode.UNAUTHENTICATED


class Forbidden(DomainError):
    default_code = ErrorCode.FORBIDDEN


class LimitExceeded(DomainError):
    default_code = ErrorCode.LIMIT_EXCEEDED


class InvalidInput(DomainError):
    default_code = ErrorCode.INVALID_INPUT


class NotFound(DomainError):
    default_code = ErrorCode.NOT_FOUND


class Conflict(DomainError):
    default_code = ErrorCode.CONFLICT


class IdempotencyConflict(DomainError):
    default_code = ErrorCode.IDEMPOTENCY_CONFLICT


class InsufficientPoints(DomainError):
    default_code = ErrorCode.INSUFFICIENT_POINTS

    def __init__(self, message: str, *, available: int, requested: int) -> None:
        super().__init__(message)
        self.available = available
        self.requested = requested
