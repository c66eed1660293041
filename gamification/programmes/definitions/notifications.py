"""What members are told of: which kinds there are, by which ways, in which words, how often and when not."""

from collections.abc import Iterator, Mapping
from datetime import time, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from gamification.kit.messages import LENGTH_MAX, MessageInvalid, ValueKind, parse
from gamification.programmes.definitions.base import Model

_TEXT, _NUMBER, _INSTANT = ValueKind.TEXT, ValueKind.NUMBER, ValueKind.INSTANT


class NotificationKind(StrEnum):
    """What a notification tells. The first ones are of the loyalty domain's feed, then those of the community."""

    TASK_COMPLETED = "task_completed"
    TASK_CLAIM_ENDING = "task_claim_ending"
    TASK_CLAIM_LAPSED = "task_claim_lapsed"
    TASK_SUBMISSION = "task_submission"
    BADGE_AWARDED = "badge_awarded"
    BADGE_REVOKED = "badge_revoked"
    COLLECTION_COMPLETED = "collection_completed"
    REFERRAL_CHANGED = "referral_changed"
    PRIZE_WON = "prize_won"
    DRAW_WON = "draw_won"
    REDEMPTION_CHANGED = "redemption_changed"
    REWARD_EXPIRING = "reward_expiring"
    TIER_CHANGED = "tier_changed"
    TIER_NOTICE = "tier_notice"
    GOAL_REACHED = "goal_reached"
    ACCOUNT_MERGED = "account_merged"
    COMPLAINT_CHANGED = "complaint_changed"
    MODERATION = "moderation"
    REPORT_DECIDED = "report_decided"
    GATHERING_NOTICE = "gathering_notice"
    ANSWER_ACCEPTED = "answer_accepted"
    BOUNTY_SETTLED = "bounty_settled"
    PROPOSAL_CHANGED = "proposal_changed"
    CONTEST_WON = "contest_won"
    POST_COMMENTED = "post_commented"
    QUESTION_ANSWERED = "question_answered"
    COMMENT_REPLIED = "comment_replied"
    MENTIONED = "mentioned"
    REACTED = "reacted"
    FOLLOWED = "followed"
    ANNOUNCEMENT = "announcement"
    CAMPAIGN = "campaign"


class Channel(StrEnum):
    """By which way a member is told."""

    IN_APP = "in_app"
    EMAIL = "email"
    PUSH = "push"


REQUIRED = frozenset(
    {NotificationKind.MODERATION, NotificationKind.ACCOUNT_MERGED, NotificationKind.COMPLAINT_CHANGED}
)
"""What a member can't do without in the inbox."""
BY_EMAIL = frozenset(
    {
        *REQUIRED,
        NotificationKind.TASK_CLAIM_ENDING,
        NotificationKind.PRIZE_WON,
        NotificationKind.DRAW_WON,
        NotificationKind.REDEMPTION_CHANGED,
        NotificationKind.REWARD_EXPIRING,
        NotificationKind.TIER_CHANGED,
        NotificationKind.TIER_NOTICE,
        NotificationKind.GATHERING_NOTICE,
        NotificationKind.CONTEST_WON,
        NotificationKind.MENTIONED,
        NotificationKind.QUESTION_ANSWERED,
        NotificationKind.ANNOUNCEMENT,
    }
)
"""What is sent by email where nobody says otherwise. A campaign never is: that takes the member's word."""
NOT_PUSHED = frozenset(
    {NotificationKind.TASK_CLAIM_LAPSED, NotificationKind.BADGE_REVOKED, NotificationKind.REFERRAL_CHANGED}
)
"""What is not pushed where nobody says otherwise."""

_BY_OTHERS = {"actor": _TEXT, "count": _NUMBER, "others": _NUMBER}
_ON_POST = {**_BY_OTHERS, "post": _TEXT, "excerpt": _TEXT}
COMMON: Mapping[str, ValueKind] = {"member": _TEXT, "programme": _TEXT, "at": _INSTANT}
PLACEHOLDERS: Mapping[NotificationKind, Mapping[str, ValueKind]] = {
    NotificationKind.TASK_COMPLETED: {"task": _TEXT},
    NotificationKind.TASK_CLAIM_ENDING: {"task": _TEXT, "until": _INSTANT},
    NotificationKind.TASK_CLAIM_LAPSED: {"task": _TEXT, "until": _INSTANT},
    NotificationKind.TASK_SUBMISSION: {"task": _TEXT, "state": _TEXT},
    NotificationKind.BADGE_AWARDED: {"badge": _TEXT},
    NotificationKind.BADGE_REVOKED: {"badge": _TEXT},
    NotificationKind.COLLECTION_COMPLETED: {"collection": _TEXT},
    NotificationKind.REFERRAL_CHANGED: {"state": _TEXT},
    NotificationKind.PRIZE_WON: {"board": _TEXT, "rank": _NUMBER, "size": _NUMBER},
    NotificationKind.DRAW_WON: {"draw": _TEXT},
    NotificationKind.REDEMPTION_CHANGED: {"reward": _TEXT, "state": _TEXT},
    NotificationKind.REWARD_EXPIRING: {"reward": _TEXT, "until": _INSTANT},
    NotificationKind.TIER_CHANGED: {"ladder": _TEXT, "tier": _TEXT, "direction": _TEXT},
    NotificationKind.TIER_NOTICE: {"ladder": _TEXT, "tier": _TEXT, "after": _TEXT, "until": _INSTANT},
    NotificationKind.GOAL_REACHED: {"goal": _TEXT},
    NotificationKind.ACCOUNT_MERGED: {},
    NotificationKind.COMPLAINT_CHANGED: {"state": _TEXT},
    NotificationKind.MODERATION: {"state": _TEXT},
    NotificationKind.REPORT_DECIDED: {"state": _TEXT},
    NotificationKind.GATHERING_NOTICE: {"gathering": _TEXT, "notice": _TEXT, "starts": _INSTANT},
    NotificationKind.ANSWER_ACCEPTED: {"post": _TEXT},
    NotificationKind.BOUNTY_SETTLED: {},
    NotificationKind.PROPOSAL_CHANGED: {"post": _TEXT, "state": _TEXT},
    NotificationKind.CONTEST_WON: {"contest": _TEXT, "post": _TEXT, "rank": _NUMBER},
    NotificationKind.POST_COMMENTED: _ON_POST,
    NotificationKind.QUESTION_ANSWERED: _ON_POST,
    NotificationKind.COMMENT_REPLIED: _ON_POST,
    NotificationKind.MENTIONED: {"actor": _TEXT, "post": _TEXT, "excerpt": _TEXT},
    NotificationKind.REACTED: {**_BY_OTHERS, "post": _TEXT, "to": _TEXT},
    NotificationKind.FOLLOWED: _BY_OTHERS,
    NotificationKind.ANNOUNCEMENT: {"actor": _TEXT, "post": _TEXT, "space": _TEXT, "excerpt": _TEXT},
    NotificationKind.CAMPAIGN: {},
}
"""What stands in for the placeholders of a kind's texts, beside COMMON."""


def placeholders_of(kind: NotificationKind) -> dict[str, ValueKind]:
    """Every placeholder of a kind."""
    return {**COMMON, **PLACEHOLDERS[kind]}


_Locale = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
Texts = Annotated[
    dict[_Locale, Annotated[str, StringConstraints(min_length=1, max_length=LENGTH_MAX)]],
    Field(max_length=20),
]
"""A message by locale; `gamification/kit/messages.py` has what may stand in one."""


class ChannelTerms(Model):
    """One way. `on`: whether members are told by it who did not choose; None as it is anyway. Texts instead of the kind's."""

    on: bool | None = None
    title: Texts = Field(default_factory=dict)
    body: Texts = Field(default_factory=dict)


class KindTerms(Model):
    """One kind: its texts instead of those that come with Starguild, and by which ways it is told."""

    title: Texts = Field(default_factory=dict)
    body: Texts = Field(default_factory=dict)
    channels: dict[Channel, ChannelTerms] = Field(default_factory=dict)


class CampaignCap(Model):
    """At most so many notifications of campaigns, of all of them together, in any time as long as the window, by each way."""

    count: Annotated[int, Field(strict=True, ge=1, le=100)] = 3
    window: Annotated[timedelta, Field(ge=timedelta(hours=1), le=timedelta(days=90))] = timedelta(days=7)


def _whole_minutes(at: time) -> time:
    if at.second or at.microsecond or at.tzinfo is not None:
        raise ValueError("a time of day is whole minutes, such as 22:00, in the member's zone")
    return at


LocalTime = Annotated[time, AfterValidator(_whole_minutes)]


class QuietTerms(Model):
    """When nobody is mailed or pushed to who did not choose: from one time of day to another, which may be the next day's."""

    begins: LocalTime
    ends: LocalTime

    @model_validator(mode="after")
    def _differ(self) -> "QuietTerms":
        if self.begins == self.ends:
            raise ValueError("`begins` and `ends` differ")
        return self


class NotificationSettings(Model):
    """What goes for all notifications. `app_url`: where members read them, in emails and on push."""

    kinds: dict[NotificationKind, KindTerms] = Field(default_factory=dict)
    campaign_cap: CampaignCap = Field(default_factory=CampaignCap)
    quiet: QuietTerms | None = None
    app_url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$", max_length=500)] | None = None

    @model_validator(mode="after")
    def _required_stay(self) -> "NotificationSettings":
        for kind, terms in self.kinds.items():
            in_app = terms.channels.get(Channel.IN_APP)
            if kind in REQUIRED and in_app is not None and in_app.on is False:
                raise ValueError(f"{kind} always stands in the inbox")
            email = terms.channels.get(Channel.EMAIL)
            if kind is NotificationKind.CAMPAIGN and email is not None and email.on:
                raise ValueError("campaigns are mailed to nobody who did not ask for it")
        return self

    def is_on(self, kind: NotificationKind, channel: Channel) -> bool:
        """Whether members are told who did not choose."""
        terms = self.kinds.get(kind)
        stated = terms.channels.get(channel) if terms is not None else None
        if stated is not None and stated.on is not None:
            return stated.on
        if channel is Channel.EMAIL:
            return kind in BY_EMAIL
        return channel is Channel.IN_APP or kind not in NOT_PUSHED

    def texts(self, kind: NotificationKind, channel: Channel, part: str) -> Mapping[str, str]:
        """The programme's own title or body (`part`), by locale; empty where it has none."""
        terms = self.kinds.get(kind)
        if terms is None:
            return {}
        own = terms.channels.get(channel)
        stated: Mapping[str, str] = (getattr(own, part) if own is not None else None) or getattr(terms, part)
        return stated


def faults_of(settings: NotificationSettings) -> Iterator[tuple[str, str]]:
    """What texts can't be taken: the place within the settings, and why."""
    for kind, terms in settings.kinds.items():
        known = placeholders_of(kind)
        stated: list[tuple[str, KindTerms | ChannelTerms]] = [(kind.value, terms)]
        stated += [(f"{kind}.channels.{way}", one) for way, one in terms.channels.items()]
        for place, one in stated:
            for part, texts in (("title", one.title), ("body", one.body)):
                for locale, text in texts.items():
                    for fault in text_faults(text, known):
                        yield f"kinds.{place}.{part}.{locale}", fault


def text_faults(text: str, known: Mapping[str, ValueKind]) -> list[str]:
    """What is wrong with a message whose placeholders are these."""
    try:
        return parse(text).faults(known)
    except MessageInvalid as error:
        return [str(error)]
