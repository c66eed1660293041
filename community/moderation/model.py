"""Cases in the moderators' queue, and the reports behind them."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from community.oversight.model import Subject, SubjectKind
from gamification.kit.identifiers import derived_id
from gamification.kit.records import record


class CaseKind(StrEnum):
    """CONTENT: a post or comment that was reported, held or flagged. APPEAL: a member objects to a statement. BAN: a ban that
    a second moderator is to confirm."""

    CONTENT = "content"
    APPEAL = "appeal"
    BAN = "ban"


class Source(StrEnum):
    """Why a case came to be."""

    REPORT = "report"
    SCREENING = "screening"
    APPEAL = "appeal"
    MODERATOR = "moderator"


class CaseState(StrEnum):
    OPEN = "open"
    DECIDED = "decided"


class Decision(StrEnum):
    """Of content: KEEP it, and the reports were wrong; REMOVE it, and they were right; IGNORE them: it stays, and nobody was
    wrong. Of an appeal: UPHOLD the decision, or OVERTURN it. Of a ban: CONFIRM or REJECT it."""

    KEEP = "keep"
    REMOVE = "remove"
    IGNORE = "ignore"
    UPHOLD = "uphold"
    OVERTURN = "overturn"
    CONFIRM = "confirm"
    REJECT = "reject"


DECISIONS = {
    CaseKind.CONTENT: (Decision.KEEP, Decision.REMOVE, Decision.IGNORE),
    CaseKind.APPEAL: (Decision.UPHOLD, Decision.OVERTURN),
    CaseKind.BAN: (Decision.CONFIRM, Decision.REJECT),
}


@record(frozen=True, slots=True)
class Decided:
    """What was decided, when, by whom and with which words."""

    decision: Decision
    at: datetime
    by: str
    reason: str | None


@record(frozen=True, slots=True)
class Case:
    """All that is said against one thing, one case a thing. `member_id`: whose it is. `round` counts how often it was opened;
    `score` and `reports`, and by reason in `reasons`, are of this round. `hidden`: the score hid it. `content_version`: of the
    thing when it was decided last. `by`: who asked for it, where a moderator did. `due_at`: when an answer is owed."""

    id: bytes
    programme_id: str
    kind: CaseKind
    subject: Subject
    member_id: bytes
    space: str | None
    state: CaseState
    round: int
    version: int
    opened_at: datetime
    sources: tuple[Source, ...]
    score: float = 0.0
    reports: int = 0
    reasons: Mapping[str, int] | None = None
    rules: tuple[str, ...] = ()
    hidden: bool = False
    claimed_by: str | None = None
    claimed_until: datetime | None = None
    acted_at: datetime | None = None
    decided: Decided | None = None
    content_version: int | None = None
    by: str | None = None
    due_at: datetime | None = None

    def claimed_from(self, by: str, now: datetime) -> bool:
        """Whether somebody else has it to themselves."""
        is_on = self.claimed_until is not None and self.claimed_until > now
        return is_on and self.claimed_by != by


class Verdict(StrEnum):
    """What a decision says of a report."""

    AGREED = "agreed"
    DISAGREED = "disagreed"
    IGNORED = "ignored"


VERDICTS = {
    Decision.KEEP: Verdict.DISAGREED,
    Decision.REMOVE: Verdict.AGREED,
    Decision.IGNORE: Verdict.IGNORED,
}


@record(frozen=True, slots=True)
class Report:
    """A member's word against a thing, in one round of its case. `about_id`: whose the thing is; `weight`: what
    it adds to the score."""

    id: bytes
    programme_id: str
    case_id: bytes
    round: int
    reporter_id: bytes
    about_id: bytes
    reason: str
    note: str | None
    at: datetime
    trust: int
    weight: float
    verdict: Verdict | None = None


@record(frozen=True, slots=True)
class Record:
    """How a member's reports were judged so far."""

    agreed: int = 0
    disagreed: int = 0


def case_id(programme_id: str, subject: Subject) -> bytes:
    """There can be one of a thing."""
    return derived_id("moderation_case", programme_id, subject.kind, subject.id)


def report_id(case: bytes, times: int, reporter_id: bytes) -> bytes:
    """There can be one of a member in a round."""
    return derived_id("report", case, times, reporter_id)


CONTENT_KINDS = (SubjectKind.POST, SubjectKind.COMMENT)
