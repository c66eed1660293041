"""The programme itself."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from gamification.programmes.definitions.base import Key, Model, Name, TimeZone
from gamification.programmes.definitions.community import CommunitySettings


class Settings(Model):
    """The programme itself. `lateness` bounds how long after it happened live activity may arrive (None: any)."""

    key: Key
    name: Name = Field(default_factory=dict)
    locale: str = "en"
    time_zone: TimeZone = "UTC"
    community: CommunitySettings = Field(default_factory=CommunitySettings)
    lateness: Annotated[timedelta, Field(ge=timedelta())] | Literal["unlimited"] = timedelta(days=30)

    @property
    def lateness_or_none(self) -> timedelta | None:
        """The bound as a duration; None where late activity is always taken."""
        return None if self.lateness == "unlimited" else self.lateness
