"""What is known of a month, and what is made of it."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from gamification.kit.records import record
from gamification.programmes.definitions import BelongingIndicator


@record(frozen=True, slots=True)
class Reading:
    """An indicator of a member or group: from 0 to 100, or None where it is not known; of how many `observations`; of a group
    `error`, the value's standard error."""

    value: float | None
    observations: int = 0
    error: float | None = None


UNKNOWN = Reading(None)
Readings = Mapping[BelongingIndicator, Reading]


@record(frozen=True, slots=True)
class Tone:
    """A text's, from -1 to 1, and whether it mentions the brand."""

    tone: float
    mentions: bool = False


@record(frozen=True, slots=True)
class Possible:
    """What there is in a programme to do: without rewards nobody redeems, and that says nothing of anybody."""

    rewards: bool
    spaces: bool
    referrals: bool
    knowledge: bool
    badges: int


@record(frozen=True, slots=True)
class MemberFacts:
    """A member in a month. Answers are from 0 to 100 already, one of each question. `was_silent`: when the month began; None for
    who had never bought or done anything. `came_back`: within it. `badges`: distinct ones held at its end."""

    active_days: int = 0
    redemptions: int = 0
    interactions: int = 0
    referrals: int = 0
    nps: tuple[float, ...] = ()
    tones: tuple[Tone, ...] = ()
    was_silent: bool | None = None
    came_back: bool = False
    satisfaction: tuple[float, ...] = ()
    perceived_value: tuple[float, ...] = ()
    awareness: tuple[float, ...] = ()
    badges: int = 0
    knowledge: int = 0
    tier: str | None = None

    @property
    def is_any(self) -> bool:
        """Whether anything is known of them in the month."""
        counted = self.active_days + self.redemptions + self.interactions + self.referrals + self.knowledge
        told = (self.nps, self.tones, self.satisfaction, self.perceived_value, self.awareness)
        return bool(counted or self.badges or self.was_silent or any(told))


class Scope(StrEnum):
    """Whose a snapshot is."""

    MEMBER = "member"
    SEGMENT = "segment"
    PROGRAMME = "programme"


class Confidence(StrEnum):
    """How far the figure is to be trusted: `index.graded` has the rule."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@record(frozen=True, slots=True)
class TierShare:
    """A tier in a month: its members, those of them who were active, and the share to be reached, in percent. None: no tier."""

    tier: str | None
    members: int
    active: int
    target: float | None


@record(frozen=True, slots=True)
class Snapshot:
    """A month of a member, segment or programme as it was added up when it was over. `key`: the member's id in hexadecimal, the
    segment's key, or nothing. `weights`: as they were then."""

    id: bytes
    programme_id: str
    period: str
    scope: Scope
    key: str
    members: int
    readings: Readings
    weights: Mapping[BelongingIndicator, int]
    made_at: datetime
    tiers: tuple[TierShare, ...] = ()
    member_id: bytes | None = None
