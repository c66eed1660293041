"""What stands on a card, and who may see it by a link."""

from datetime import date, datetime, timedelta
from enum import StrEnum

from gamification.insights.charts.figures import Language
from gamification.kit.identifiers import derived_id
from gamification.kit.records import record

LASTS_DEFAULT, LASTS_MAX = timedelta(days=30), timedelta(days=365)


class CardName(StrEnum):
    """By which name a card calls the member."""

    DISPLAY_NAME = "display_name"
    PSEUDONYM = "pseudonym"
    NOBODY = "nobody"


@record(frozen=True, slots=True)
class Line:
    """Something with a figure."""

    name: str
    value: str


@record(frozen=True, slots=True)
class Card:
    """A year in words. Names are as the programme or the member states them: anything may be in them. `rank`: the best at which a
    board's period closed, with the board and among how many."""

    language: Language
    programme: str
    year: int
    member: str
    points: tuple[Line, ...]
    tiers: tuple[Line, ...]
    badges: tuple[str, ...]
    badge_count: int
    tasks: int
    activities: int
    top: Line | None
    active_days: int
    streak: int
    rank: Line | None


@record(frozen=True, slots=True)
class Share:
    """That a member's year may be seen by whoever has the link. Of its token the digest alone is kept."""

    id: bytes
    programme_id: str
    member_id: bytes
    year: int
    digest: bytes
    name: CardName
    language: Language
    made_at: datetime
    expires_at: datetime


def share_id(member_id: bytes, year: int) -> bytes:
    """There is one link to a year: a new one takes its place."""
    return derived_id("annual_share", member_id, year)


def longest_streak(days: list[date]) -> int:
    """The most days in a row; the days ascend."""
    best = run = 0
    last: date | None = None
    for day in days:
        run = run + 1 if last is not None and (day - last).days == 1 else 1
        best, last = max(best, run), day
    return best
