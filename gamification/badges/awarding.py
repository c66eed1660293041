"""Giving and taking grounds: pure. An award stands as long as it has one."""

from datetime import datetime
from enum import Enum

from gamification.badges.model import BY_HAND, BadgeAward, Edition, award_id
from gamification.kit.causes import Cause
from gamification.kit.records import evolve
from gamification.programmes.definitions import Badge, Repeat


class Outcome(Enum):
    """What changed for the member: AWARDED anew (or again), its level RAISED or lowered, REVOKED, or nothing."""

    AWARDED = "awarded"
    LEVEL_CHANGED = "level_changed"
    REVOKED = "revoked"
    UNCHANGED = "unchanged"


def occurrence_for(badge: Badge, occurrence: str) -> str:
    """The occurrence as stored: a badge that is awarded once has none."""
    return occurrence if badge.repeat is Repeat.PER_KEY else ""


def give(
    award: BadgeAward | None,
    programme_id: str,
    member_id: bytes,
    badge: Badge,
    occurrence: str,
    ground: str,
    level: int,
    cause: Cause,
    at: datetime,
) -> tuple[BadgeAward, Outcome]:
    """Add a ground. A barred award takes grounds too, silently, so that lifting the bar finds them."""
    if award is None:
        fresh = BadgeAward(
            award_id(programme_id, member_id, badge.key, occurrence),
            programme_id,
            member_id,
            badge.key,
            occurrence,
            badge.version,
            level,
            at,
            cause,
            {ground: level},
        )
        return fresh, Outcome.AWARDED
    grounds = {**award.grounds, ground: max(level, award.grounds.get(ground, level))}
    barred = award.barred and ground != BY_HAND
    changed = evolve(award, grounds=grounds, barred=barred)
    if barred:
        return changed, Outcome.UNCHANGED
    if not award.stands:
        again = evolve(
            changed,
            level=max(grounds.values()),
            badge_version=badge.version,
            awarded_at=at,
            cause=cause,
            revoked_at=None,
            revocation=None,
        )
        return again, Outcome.AWARDED
    if max(grounds.values()) > award.level:
        raised = evolve(changed, level=max(grounds.values()), badge_version=badge.version, cause=cause)
        return raised, Outcome.LEVEL_CHANGED
    return changed, Outcome.UNCHANGED


def take(award: BadgeAward, ground: str, cause: Cause, at: datetime) -> tuple[BadgeAward, Outcome]:
    """Remove a ground; without any left the award is revoked, `cause` saying why."""
    grounds = {name: level for name, level in award.grounds.items() if name != ground}
    changed = evolve(award, grounds=grounds)
    if not award.stands:
        return changed, Outcome.UNCHANGED
    if not grounds:
        return evolve(changed, revoked_at=at, revocation=cause), Outcome.REVOKED
    level = max(grounds.values())
    return evolve(changed, level=level), Outcome.LEVEL_CHANGED if level != award.level else Outcome.UNCHANGED


def bar(award: BadgeAward, cause: Cause, at: datetime) -> tuple[BadgeAward, Outcome]:
    """Revoke by hand: it stays revoked whatever rules say, until a person awards it again."""
    if award.barred or not award.stands:
        return evolve(award, barred=True), Outcome.UNCHANGED
    grounds = {name: level for name, level in award.grounds.items() if name != BY_HAND}
    return evolve(award, barred=True, grounds=grounds, revoked_at=at, revocation=cause), Outcome.REVOKED


def number(
    award: BadgeAward, edition: Edition, limit: int, at: datetime
) -> tuple[BadgeAward, Edition | None]:
    """Give a fresh award of a limited badge the edition's next number; where there is none left, it never stands, and
    the edition is as it was (None). Numbers are not given again: the award keeps its own whatever becomes of it."""
    if edition.issued >= limit:
        missed_at = award.revoked_at or at
        return evolve(award, missed=True, revoked_at=missed_at, revocation=None), None
    taken = evolve(edition, issued=edition.issued + 1)
    return evolve(award, number=taken.issued), taken
