"""Flash sales: few pieces of a reward, for a short time, for whoever is first."""

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AwareDatetime, Field, model_validator

from gamification.programmes.definitions.base import Definition, Key
from gamification.programmes.definitions.check_ins import Price

PIECES_MAX = 100_000


class FlashSale(Definition):
    """Between `starts_at` and `ends_at` members reserve one of `stock` pieces of a reward, at most `per_member` each, and
    redeem it within the time it is kept for them (`reserve`), for this `price` or else the reward's own. What is not
    redeemed goes back on sale."""

    reward: Key
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    stock: Annotated[int, Field(strict=True, ge=1, le=PIECES_MAX)]
    per_member: Annotated[int, Field(strict=True, ge=1, le=100)] = 1
    reserve: Annotated[timedelta, Field(ge=timedelta(seconds=1), le=timedelta(days=1))] = timedelta(
        minutes=15
    )
    price: Price | None = None

    @model_validator(mode="after")
    def _forward(self) -> "FlashSale":
        if self.ends_at <= self.starts_at:
            raise ValueError("a flash sale ends after it starts")
        return self

    def is_open(self, at: datetime) -> bool:
        """Whether pieces can be reserved at that instant."""
        return self.starts_at <= at < self.ends_at
