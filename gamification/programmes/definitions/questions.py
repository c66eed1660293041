"""Questions: how long an asker may change their mind, and the points that may be offered for an answer."""

from typing import Annotated

from pydantic import Field, model_validator

from gamification.kit.numbers import LONG_MAX
from gamification.programmes.definitions.base import Key, Model

_Amount = Annotated[int, Field(strict=True, ge=1, le=LONG_MAX)]


class BountyTerms(Model):
    """Askers set points of a unit aside for who answers them: `least` to `most` for a question, for up to `days`, `open`
    questions at a time. Where none is accepted, answers with `reactions` share them, `sharers` of them at most."""

    unit: Key
    least: _Amount = 1
    most: _Amount
    days: Annotated[int, Field(strict=True, ge=1, le=90)] = 7
    open: Annotated[int, Field(strict=True, ge=1, le=100)] = 3
    reactions: Annotated[int, Field(strict=True, ge=1, le=1000)] = 2
    sharers: Annotated[int, Field(strict=True, ge=1, le=20)] = 3

    @model_validator(mode="after")
    def _least_first(self) -> "BountyTerms":
        if self.least > self.most:
            raise ValueError("`least` is at most `most`")
        return self


class QuestionSettings(Model):
    """`change_days`: for so long after accepting an answer its asker may accept another one, or none. Without `bounty` no
    points are offered."""

    change_days: Annotated[int, Field(strict=True, ge=0, le=365)] = 7
    bounty: BountyTerms | None = None
