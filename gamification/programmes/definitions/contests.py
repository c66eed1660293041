"""Story contests: when members enter their stories and vote for those of others, and what the best of them win."""

from typing import Annotated

from pydantic import AwareDatetime, Field, model_validator

from gamification.programmes.definitions.base import Definition, Key
from gamification.programmes.definitions.leaderboards import Prize

_Rank = Annotated[int, Field(strict=True, ge=1, le=1000)]


class Contest(Definition):
    """Stories of a space are entered from `entries_from` to `entries_until` and voted for from `votes_from` to `votes_until`,
    each exclusive. A member enters at most `entries` of their own, and has `votes` for different stories of others; a story
    wins with at least `least` votes. How many votes each has is shown before the end with `counts_shown`."""

    space: Key
    entries_from: AwareDatetime
    entries_until: AwareDatetime
    votes_from: AwareDatetime
    votes_until: AwareDatetime
    entries: Annotated[int, Field(strict=True, ge=1, le=10)] = 1
    votes: Annotated[int, Field(strict=True, ge=1, le=100)] = 3
    least: _Rank = 1
    counts_shown: bool = False
    prizes: Annotated[tuple[Prize, ...], Field(max_length=20)] = ()

    @model_validator(mode="after")
    def _times(self) -> "Contest":
        if not self.entries_from < self.entries_until <= self.votes_until:
            raise ValueError("stories are entered for a while, and until voting ends at the latest")
        if not self.entries_from <= self.votes_from < self.votes_until:
            raise ValueError("stories are voted for a while, and not before they are entered")
        if any(prize.ranks is None for prize in self.prizes):
            raise ValueError("the prizes of a contest are for ranks")
        return self
