"""Campaigns: what is offered to whom, when, and for how much at most."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from gamification.kit.numbers import LONG_MAX
from gamification.programmes.definitions.base import Definition, Expression, Key, Model, Name

Count = Annotated[int, Field(strict=True, ge=1, le=LONG_MAX)]
INCLUDED_MAX = 20
MULTIPLIERS_MAX = 10
HOLD_OUT = "holdout"
"""What the variant of those is called who are kept out, to compare with."""


class CampaignKind(StrEnum):
    """BENEFIT gives something; EXPERIENCE is something to take part in; SOCIAL brings members together; GROWTH brings new ones,
    or more from those there are; PUBLIC_GOOD does good."""

    BENEFIT = "benefit"
    EXPERIENCE = "experience"
    SOCIAL = "social"
    GROWTH = "growth"
    PUBLIC_GOOD = "public_good"


class CampaignRepeat(StrEnum):
    """ONCE, from beginning to end. Else on days: WEEKLY and MONTHLY on those stated, as a member day; BIRTHDAY and ANNIVERSARY (of
    joining) on each member's own."""

    ONCE = "once"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    BIRTHDAY = "birthday"
    ANNIVERSARY = "anniversary"


class CampaignSchedule(Model):
    """When a campaign is on: from `starts_at` to before `ends_at`, and where it repeats, on days within that. `days` are of the
    week (1 is Monday) or of the month (a month without that day takes its last); `months` keep it to a season; each time it
    `lasts` so many days from midnight. `zone`: by whose midnight; birthdays and anniversaries are always by the member's."""

    starts_at: AwareDatetime
    ends_at: AwareDatetime
    repeat: CampaignRepeat = CampaignRepeat.ONCE
    days: Annotated[tuple[Annotated[int, Field(strict=True, ge=1, le=31)], ...], Field(max_length=31)] = ()
    months: Annotated[tuple[Annotated[int, Field(strict=True, ge=1, le=12)], ...], Field(max_length=12)] = ()
    lasts: Annotated[int, Field(strict=True, ge=1, le=31)] = 1
    zone: Literal["programme", "member"] = "programme"

    @model_validator(mode="after")
    def _sound(self) -> "CampaignSchedule":
        if self.ends_at <= self.starts_at:
            raise ValueError("a campaign ends after it starts")
        on_days = self.repeat in (CampaignRepeat.WEEKLY, CampaignRepeat.MONTHLY)
        if on_days != bool(self.days):
            raise ValueError("weekly and monthly state days, and nothing else does")
        if self.repeat is CampaignRepeat.WEEKLY and max(self.days) > 7:
            raise ValueError("days of the week are 1 to 7")
        if self.repeat is CampaignRepeat.ONCE and (self.months or self.lasts != 1):
            raise ValueError("months and lasts are of what repeats")
        if self.repeat is CampaignRepeat.ONCE and self.zone == "member":
            raise ValueError("what is on once is by instants, and by nobody's midnight")
        return self

    @property
    def is_personal(self) -> bool:
        """Whether each member has days of their own."""
        return self.repeat in (CampaignRepeat.BIRTHDAY, CampaignRepeat.ANNIVERSARY)

    @property
    def is_by_member(self) -> bool:
        """Whether it begins at the member's midnight."""
        return self.is_personal or self.zone == "member"


class Audience(Model):
    """Whom a campaign is for: who is in one of `segments` (all members where there are none), in none of `not_in`, and meets
    `when`."""

    segments: Annotated[tuple[Key, ...], Field(max_length=20)] = ()
    not_in: Annotated[tuple[Key, ...], Field(max_length=20)] = ()
    when: Expression | None = None


class Multiplier(Model):
    """What rules give of a unit while the campaign is on, in percent: 200 is double. The rest is given beside it, as the
    campaign's. `rules`: only of these. Of multipliers that don't stack the greatest counts; what those that do add is added."""

    unit: Key
    percent: Annotated[int, Field(strict=True, ge=101, le=10_000)]
    rules: Annotated[tuple[Key, ...], Field(max_length=50)] = ()
    stacks: bool = False


class PointsBudget(Model):
    """At most `amount` of a unit is given by a campaign."""

    unit: Key
    amount: Count


class RewardBudget(Model):
    """At most `count` of a reward are given by a campaign."""

    reward: Key
    count: Count


class CampaignBudget(Model):
    """What a campaign may give at most: of points, of rewards, and of rewards' stated cost in money, in the currency's smallest
    part. What is more is cut off, or not given."""

    points: Annotated[tuple[PointsBudget, ...], Field(max_length=10)] = ()
    rewards: Annotated[tuple[RewardBudget, ...], Field(max_length=20)] = ()
    money: Count | None = None

    @model_validator(mode="after")
    def _once(self) -> "CampaignBudget":
        for names in ([one.unit for one in self.points], [one.reward for one in self.rewards]):
            if len(set(names)) < len(names):
                raise ValueError("a budget is stated once for each unit and reward")
        return self


class Variant(Model):
    """A part of the audience that is treated alike; `percent` of it."""

    key: Key
    percent: Annotated[int, Field(strict=True, ge=1, le=100)]


class CampaignExperiment(Model):
    """Who is kept out (`hold_out`, percent of the audience), to compare with, and which variants the others are dealt to; without
    any, all of them are treated alike. Rules can tell variants apart (`campaigns.<key>`). What is planned makes looks at it while it
    runs as sharp as they can be: so many members in the smaller arm, of whom so many percent take part."""

    hold_out: Annotated[int, Field(strict=True, ge=0, le=90)] = 0
    planned_members: Annotated[int, Field(strict=True, ge=100, le=10**9)] = 1000
    planned_percent: Annotated[int, Field(strict=True, ge=1, le=99)] = 10
    variants: Annotated[tuple[Variant, ...], Field(max_length=10)] = ()

    @model_validator(mode="after")
    def _whole(self) -> "CampaignExperiment":
        keys = [one.key for one in self.variants]
        if len(set(keys)) < len(keys) or HOLD_OUT in keys:
            raise ValueError(f"variants have keys of their own, and none is {HOLD_OUT!r}")
        if self.variants and self.hold_out + sum(one.percent for one in self.variants) != 100:
            raise ValueError("hold_out and the variants are 100 percent together")
        if not self.variants and not self.hold_out:
            raise ValueError("an experiment keeps somebody out, or has variants")
        return self


class Aim(StrEnum):
    """What a campaign's goal is counted in: members who take part, members who convert, or what they spend, in the currency's
    smallest part."""

    PARTICIPANTS = "participants"
    CONVERSIONS = "conversions"
    SPEND = "spend"


class CampaignGoal(Model):
    """How much of what a campaign is to bring."""

    aim: Aim
    target: Count


class Measures(Model):
    """What is counted of those whom a campaign is for, from its start to `for_days` days after its end: who takes part, by
    activity of the types `participates`; who converts, by `converts`, where not stated by purchases."""

    participates: Annotated[tuple[Key, ...], Field(max_length=20)] = ()
    converts: Annotated[tuple[Key, ...], Field(max_length=20)] = ()
    for_days: Annotated[int, Field(strict=True, ge=0, le=90)] = 0


class CampaignText(Model):
    """What members are told, by locale."""

    title: Annotated[Name, Field(min_length=1)]
    body: Name = Field(default_factory=dict)


class Texts(Model):
    """What members of the audience are told: `warm_up`, so many days before it begins; when it starts; `after` its end, those who
    took part. What is not stated is not told."""

    warm_up: CampaignText | None = None
    starts: CampaignText | None = None
    after: CampaignText | None = None


Included = Annotated[tuple[Key, ...], Field(max_length=INCLUDED_MAX)]


class Includes(Model):
    """What belongs to a campaign and is shown with it; each has its own times and conditions."""

    tasks: Included = ()
    rewards: Included = ()
    draws: Included = ()
    flash_sales: Included = ()
    goals: Included = ()
    leaderboards: Included = ()
    spaces: Included = ()


class Campaign(Definition):
    """What is offered to whom, when, and for how much at most. Rules name it (`campaign`) that are on only while it is.
    `reaches`: each member of the audience is noted as it begins for them, and that is recorded for rules, as the programme's
    settings say. `survey`: what those who took part are asked afterwards."""

    kind: CampaignKind
    schedule: CampaignSchedule
    owner: Annotated[str, StringConstraints(max_length=100)] = ""
    audience: Audience = Field(default_factory=Audience)
    multiply: Annotated[tuple[Multiplier, ...], Field(max_length=MULTIPLIERS_MAX)] = ()
    budget: CampaignBudget = Field(default_factory=CampaignBudget)
    experiment: CampaignExperiment | None = None
    goal: CampaignGoal | None = None
    measures: Measures = Field(default_factory=Measures)
    warm_up_days: Annotated[int, Field(strict=True, ge=0, le=60)] = 0
    texts: Texts = Field(default_factory=Texts)
    channels: Annotated[tuple[Literal["in_app", "email", "push"], ...], Field(max_length=3)] = ("in_app",)
    reaches: bool = False
    survey: Key | None = None
    includes: Includes = Field(default_factory=Includes)
    paused: bool = False

    @model_validator(mode="after")
    def _told_when(self) -> "Campaign":
        if (self.texts.warm_up is not None) != bool(self.warm_up_days):
            raise ValueError("what is told before it begins states how many days before: warm_up_days")
        return self

    @property
    def enumerates(self) -> bool:
        """Whether its members are gone through one by one as it begins, whatever they do."""
        texts = self.texts
        return (
            self.reaches
            or self.experiment is not None
            or texts.starts is not None
            or texts.warm_up is not None
        )

    @property
    def measured_for(self) -> timedelta:
        """How long after its end it is still measured."""
        return timedelta(days=self.measures.for_days)


class ApproveAbove(Model):
    """From which budgets on somebody else must approve of a campaign: of points (of any one unit), of rewards in all, of money.
    A campaign that may give any without a bound is above all of them."""

    points: Count | None = None
    rewards: Count | None = None
    money: Count | None = None


class CampaignSettings(Model):
    """What goes for all campaigns. `reached`: the type of activity that is recorded as a campaign begins for a member, with the
    `campaign`, its `occurrence` and the `variant`. `approve_above`: what takes two."""

    reached: Key | None = None
    approve_above: ApproveAbove | None = None


def budget_key(campaign: str, unit: str) -> str:
    """The key of the budget that a campaign's points of a unit count in."""
    return f"campaign.{campaign}.{unit}"
