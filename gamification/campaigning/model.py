"""What a campaign is to one member, and what it brought of them."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from gamification.experiments.assignment import HOLDOUT
from gamification.kit.identifiers import derived_id
from gamification.kit.records import record

SOURCE = "campaigns"
"""Under which name the platform records that a campaign begins for members."""


class Stage(StrEnum):
    """What members are told at: WARM_UP before it begins, STARTS as it does, AFTER its end."""

    WARM_UP = "warm_up"
    STARTS = "starts"
    AFTER = "after"


@record(frozen=True, slots=True)
class Brought:
    """What one member did in the time in which a campaign is measured, and what they got by it: how often they took part and
    converted, what they paid; points by unit, rewards by key, and what those cost. Money is in the currency's smallest part."""

    participations: int = 0
    conversions: int = 0
    spend: int = 0
    points: Mapping[str, int] = field(default_factory=dict)
    rewards: Mapping[str, int] = field(default_factory=dict)
    cost: int = 0


@record(frozen=True, slots=True)
class CampaignMember:
    """A member of a campaign's audience, for one time that it is on. `variant` is how they are treated; HOLDOUT is kept out, and
    told and given nothing. `stages`: what they were gone through for."""

    id: bytes
    programme_id: str
    campaign: str
    occurrence: str
    member_id: bytes
    variant: str
    noted_at: datetime
    stages: tuple[Stage, ...] = ()
    brought: Brought = Brought()

    @property
    def is_held_out(self) -> bool:
        """Whether they are kept out, to compare with."""
        return self.variant == HOLDOUT


def campaign_member_id(programme_id: str, campaign: str, occurrence: str, member_id: bytes) -> bytes:
    """The id of a member of a campaign's audience, for that time."""
    return derived_id("campaign-member", programme_id, campaign, occurrence, member_id)


@record(frozen=True, slots=True)
class ArmTotals:
    """What all members of one variant brought together: how many they are, how many were told or given anything as it began, took
    part and converted, what they paid, with the sums of its squares and cubes by member."""

    variant: str
    members: int
    reached: int
    participants: int
    converters: int
    spend: int
    squares: int
    cubes: int
    points: Mapping[str, int]
    rewards: Mapping[str, int]
    cost: int


@record(frozen=True, slots=True)
class Going:
    """How far going through the audience is: the campaign, its time and the stage, the member it came to, and whether that was
    all of it."""

    id: bytes
    programme_id: str
    campaign: str
    occurrence: str
    stage: Stage
    after: bytes | None = None
    is_done: bool = False


def going_id(programme_id: str, campaign: str, occurrence: str, stage: Stage) -> bytes:
    """The id of going through an audience once."""
    return derived_id("campaign-going", programme_id, campaign, occurrence, stage.value)
