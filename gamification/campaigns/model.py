"""How far campaigns have come."""

from datetime import datetime
from enum import StrEnum

from gamification.kit.identifiers import derived_id
from gamification.kit.records import record


class CampaignState(StrEnum):
    """DRAFT: it is being written. REVIEW: it waits for somebody's approval. SCHEDULED: it will be on. LIVE: it is, or will be
    again. PAUSED: it would be, but staff keep it from it. ENDED: it is over, and still measured. SETTLED: its report is final."""

    DRAFT = "draft"
    REVIEW = "review"
    SCHEDULED = "scheduled"
    LIVE = "live"
    PAUSED = "paused"
    ENDED = "ended"
    SETTLED = "settled"


class CampaignAct(StrEnum):
    """What was done to a campaign."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    PAUSED = "paused"
    RESUMED = "resumed"
    ENDED = "ended"
    SETTLED = "settled"


@record(frozen=True, slots=True)
class Step:
    """Something that was done to a campaign, by whom and why. `digest`: what the campaign was then."""

    act: CampaignAct
    by: str
    at: datetime
    reason: str | None = None
    digest: str | None = None


@record(frozen=True, slots=True)
class CampaignRun:
    """What staff decided on a campaign, and how far it is. `submitted` and `approved`: as what, by its digest, and by whom."""

    id: bytes
    programme_id: str
    campaign: str
    submitted: str | None = None
    submitted_by: str | None = None
    approved: str | None = None
    approved_by: str | None = None
    paused: bool = False
    ended_at: datetime | None = None
    settled_at: datetime | None = None
    steps: tuple[Step, ...] = ()
    version: int = 0


def run_id(programme_id: str, campaign: str) -> bytes:
    """The id of what is decided on a campaign."""
    return derived_id("campaign", programme_id, campaign)


def new_run(programme_id: str, campaign: str) -> CampaignRun:
    """Of a campaign that nothing was decided on yet."""
    return CampaignRun(run_id(programme_id, campaign), programme_id, campaign)
