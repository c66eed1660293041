"""How a programme moderates its community: what is reported, when reports hide, what members are told and may appeal."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, model_validator

from gamification.programmes.definitions.base import Key, Model, Name

_SPAN_MAX = timedelta(days=3660)
Span = Annotated[timedelta, Field(gt=timedelta(), le=_SPAN_MAX)]
Severity = Annotated[float, Field(gt=0, le=5)]


class ReportReason(Model):
    """Why a member reports something. A report weighs `severity` times as much; 1 where not stated."""

    key: Key
    name: Name = Field(default_factory=dict)
    severity: Severity = 1.0


class ModerationTemplate(Model):
    """A statement of reasons that moderators give by its key, in the languages of the programme."""

    key: Key
    text: Annotated[Name, Field(min_length=1)]


_REASONS = (
    ReportReason(key="spam"),
    ReportReason(key="abuse", severity=1.5),
    ReportReason(key="illegal", severity=2.0),
    ReportReason(key="off_topic", severity=0.5),
    ReportReason(key="other", severity=0.5),
)


class ModerationSettings(Model):
    """`reasons`: what members report for. `hide_at`: the score of reports from which a post or comment is hidden until a
    moderator decides; what who looks after a space wrote is never hidden so. `report_again_after`: after a decision, what did
    not change can be reported again only then. `claim_for`: so long a moderator keeps a case to themselves.
    `appeal_within`: so long a member may appeal; `appeal_answer_within`: by then somebody owes them an answer.
    `bans_take_two`: a second moderator confirms each ban."""

    reasons: Annotated[tuple[ReportReason, ...], Field(min_length=1, max_length=30)] = _REASONS
    hide_at: Annotated[float, Field(gt=0, le=1000)] = 3.0
    report_again_after: Span = timedelta(days=7)
    claim_for: Annotated[timedelta, Field(ge=timedelta(minutes=1), le=timedelta(days=1))] = timedelta(
        minutes=15
    )
    appeal_within: Span = timedelta(days=180)
    appeal_answer_within: Span = timedelta(days=7)
    bans_take_two: bool = False
    templates: Annotated[tuple[ModerationTemplate, ...], Field(max_length=100)] = ()

    @model_validator(mode="after")
    def _keys_once(self) -> "ModerationSettings":
        for name, keys in (
            ("reasons", [one.key for one in self.reasons]),
            ("templates", [one.key for one in self.templates]),
        ):
            if len(set(keys)) != len(keys):
                raise ValueError(f"`{name}` names each key once")
        return self

    def reason(self, key: str) -> ReportReason | None:
        """The reason of that key."""
        return next((one for one in self.reasons if one.key == key), None)

    def template(self, key: str) -> ModerationTemplate | None:
        """The template of that key."""
        return next((one for one in self.templates if one.key == key), None)
