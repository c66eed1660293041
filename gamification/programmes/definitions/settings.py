"""The programme itself."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from gamification.programmes.definitions.base import Key, Model, Name, TimeZone
from gamification.programmes.definitions.belonging import BelongingSettings
from gamification.programmes.definitions.campaigns import CampaignSettings
from gamification.programmes.definitions.community import CommunitySettings
from gamification.programmes.definitions.notifications import NotificationSettings
from gamification.programmes.definitions.segments import SegmentSettings


class Money(Model):
    """What members pay in: an ISO 4217 code, and how many `digits` its smallest part has. Amounts of activity are of the
    currency itself, such as 11.77; what is added up of them is whole, in the smallest part."""

    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "CNY"
    digits: Annotated[int, Field(strict=True, ge=0, le=4)] = 2


class Settings(Model):
    """The programme itself. `lateness` bounds how long after it happened live activity may arrive (None: any). `belonging`: the
    index is kept where it is stated."""

    key: Key
    name: Name = Field(default_factory=dict)
    locale: str = "en"
    time_zone: TimeZone = "UTC"
    money: Money = Field(default_factory=Money)
    community: CommunitySettings = Field(default_factory=CommunitySettings)
    notifications: NotificationSettings = Field(default_factory=NotificationSettings)
    campaigns: CampaignSettings = Field(default_factory=CampaignSettings)
    segments: SegmentSettings = Field(default_factory=SegmentSettings)
    belonging: BelongingSettings | None = None
    lateness: Annotated[timedelta, Field(ge=timedelta())] | Literal["unlimited"] = timedelta(days=30)

    @property
    def lateness_or_none(self) -> timedelta | None:
        """The bound as a duration; None where late activity is always taken."""
        return None if self.lateness == "unlimited" else self.lateness
