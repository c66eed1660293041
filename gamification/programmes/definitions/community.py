"""The community: its spaces, and what goes for all of them. What happens in them is no matter of this package."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from gamification.programmes.definitions.approvals import Host
from gamification.programmes.definitions.base import Definition, Expression, Key, Model, Name
from gamification.programmes.definitions.gates import TierGate
from gamification.programmes.definitions.moderation import ModerationSettings
from gamification.programmes.definitions.proposals import ProposalTerms
from gamification.programmes.definitions.questions import QuestionSettings
from gamification.programmes.definitions.trust import TrustSettings


class PostKind(StrEnum):
    DISCUSSION = "discussion"
    QUESTION = "question"
    STORY = "story"
    PROPOSAL = "proposal"
    POLL = "poll"
    ANNOUNCEMENT = "announcement"


class SpaceAccess(StrEnum):
    """OPEN: everyone reads and writes, and may join. CLOSED: everyone reads, those in it write. PRIVATE: only those in it
    read; others see its name, description and rules, and may ask to join."""

    OPEN = "open"
    CLOSED = "closed"
    PRIVATE = "private"


class SpaceAdmission(StrEnum):
    """How one joins: at once, when asked and a moderator of the space agrees, or only by being added."""

    FREE = "free"
    REQUEST = "request"
    ADDED = "added"


class Space(Definition):
    """Where members write. With `tier` or `when` it is as if it were not there for those whom they don't let in."""

    access: SpaceAccess = SpaceAccess.OPEN
    admission: SpaceAdmission | None = None
    rules: Name = Field(default_factory=dict)
    tier: TierGate | None = None
    when: Expression | None = None
    proposals: ProposalTerms | None = None
    kinds: Annotated[tuple[PostKind, ...], Field(min_length=1, max_length=6)] = (PostKind.DISCUSSION,)

    @property
    def admits(self) -> SpaceAdmission:
        """How one joins: what is open or closed lets in at once, what is private on request, where not stated."""
        if self.admission is not None:
            return self.admission
        return SpaceAdmission.REQUEST if self.access is SpaceAccess.PRIVATE else SpaceAdmission.FREE

    @property
    def is_gated(self) -> bool:
        """Whether it is there for some members only."""
        return self.tier is not None or self.when is not None

    @model_validator(mode="after")
    def _kinds_once(self) -> "Space":
        if len(set(self.kinds)) != len(self.kinds):
            raise ValueError("`kinds` names each kind once")
        return self


class CommunityActivities(Model):
    """The types of activity that acts in the community are recorded as; what is not named is not recorded. `post`: a post
    was published, with its `space` and `kind`. `comment`: one was written, with the `space`, the `post`, and whether that is
    their `own_post`. `liked`: somebody reacted to what they wrote, with who (`by`), the `reaction`, the `space` and what it is to
    (`to`: post or comment). `accepted`: their answer to another's question was accepted, with the asker (`by`), the `space`,
    the `post`, and how many `seconds` after the question they had answered. `survey`: they answered a survey (`survey`: its
    key), which says nothing of what they answered. `attended`: they came to a `gathering`, with its `space`, whether it was only
    `online`, and how it was noted (`by`: code or host)."""

    post: Key | None = None
    comment: Key | None = None
    liked: Key | None = None
    accepted: Key | None = None
    survey: Key | None = None
    attended: Key | None = None

    def type_of(self, act: str) -> str | None:
        """The type that an act is recorded as."""
        found: str | None = getattr(self, act)
        return found

    @property
    def types(self) -> tuple[str, ...]:
        """Every type named."""
        return tuple(found for act in type(self).model_fields if (found := self.type_of(act)) is not None)


class CommunitySettings(Model):
    """What goes for every space. `image_hosts`: from where pictures are shown; `reactions`: what members may react with,
    the first being a like; `comment_depth`: how deep threads go, 1 being comments that nobody answers below."""

    activities: CommunityActivities = Field(default_factory=CommunityActivities)
    comment_depth: Annotated[int, Field(strict=True, ge=1, le=20)] = 5

    image_hosts: Annotated[tuple[Host, ...], Field(max_length=50)] = ()
    reactions: Annotated[tuple[Key, ...], Field(min_length=1, max_length=20)] = ("like",)
    trust: TrustSettings | None = None
    moderation: ModerationSettings = Field(default_factory=ModerationSettings)
    questions: QuestionSettings = Field(default_factory=QuestionSettings)
    proposals: ProposalTerms = Field(default_factory=ProposalTerms)

    @model_validator(mode="after")
    def _reactions_once(self) -> "CommunitySettings":
        if len(set(self.reactions)) != len(self.reactions):
            raise ValueError("`reactions` names each reaction once")
        return self
