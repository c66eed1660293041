"""What every definition has, and the kinds of value that they state."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from gamification.kit.errors import InvalidInput
from gamification.kit.numbers import LONG_MAX
from gamification.kit.periods import zone

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.\-]{0,63}$")]
Name = dict[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")], str]
Expression = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Amount = Annotated[int, Field(strict=True, ge=-LONG_MAX, le=LONG_MAX)] | Expression
FixedAmount = Annotated[int, Field(strict=True, ge=-LONG_MAX, le=LONG_MAX)]


def _zone_name(name: str) -> str:
    try:
        return zone(name).key
    except InvalidInput as error:
        raise ValueError(error.message) from error


TimeZone = Annotated[str, AfterValidator(_zone_name)]


class Status(StrEnum):
    """Only what is published takes effect; what is archived stays readable."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Definition(Model):
    """What every definition has. `version` counts the changes to this one definition and is set by `apply`."""

    key: Key
    name: Name = Field(default_factory=dict)
    description: Name = Field(default_factory=dict)
    status: Status = Status.PUBLISHED
    version: int = 1

    def label(self, locale: str, default_locale: str) -> str:
        """The name in the viewer's locale, else its language, else the programme's, else any, else the key."""
        return localised(self.name, locale, default_locale) or self.key


def localised(names: dict[str, str], locale: str, default_locale: str) -> str | None:
    """The best of `names` for a viewer: exact locale, its language, the programme's, the first stated."""
    for wanted in (locale, locale.partition("-")[0], default_locale, default_locale.partition("-")[0]):
        if wanted in names:
            return names[wanted]
    return next(iter(names.values()), None)
