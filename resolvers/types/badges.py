"""Badges and awards."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from gamification.badges import model as domain
from gamification.badges import rarity
from gamification.kit import causes
from gamification.members.service import may_see_private
from gamification.programmes import definitions
from resolvers.context import Info
from resolvers.relay import (
    After,
    Before,
    Connection,
    First,
    Last,
    Listing,
    Node,
    connect,
    encode_id,
    window,
)
from resolvers.scalars import Long
from resolvers.types.causes import Cause
from resolvers.types.names import label, text
from resolvers.types.tasks import DefinitionStatus

if TYPE_CHECKING:
    from resolvers.types.members import Member

BadgeRepeat = definitions.Repeat
strawberry.enum(
    BadgeRepeat, name="BadgeRepeat", description="Awarded ONCE a member, or once PER_KEY (such as a post)."
)
AWARDS = Listing("awards", (int, bytes))


@strawberry.type(description="A step of a badge.")
class BadgeLevel:
    level: int = strawberry.field(description="From 1.")
    name: str | None = strawberry.field(description="In the viewer's locale, else the programme's.")


@strawberry.type(description="How rare a badge is, as counted a few minutes ago at most.")
class BadgeRarity:
    model: strawberry.Private[rarity.Rarity]

    @strawberry.field(description="Members who hold it.")
    def holders(self) -> Long:
        return Long(self.model.holders)

    @strawberry.field(description="Members in all, without those who are banned.")
    def members(self) -> Long:
        return Long(self.model.members)

    @strawberry.field(description="Holders beside members, from 0 to 1.")
    def share(self) -> float:
        return self.model.share

    @strawberry.field(description="When it was counted; counted anew once that is 5 minutes ago.")
    def as_of(self) -> datetime:
        return self.model.as_of


@strawberry.type(description="An honour that members can earn.")
class Badge(Node):
    definition: strawberry.Private[definitions.Badge]
    key: str = strawberry.field(description="Its key in the programme file.")
    name: str = strawberry.field(description="In the viewer's locale, else the programme's.")
    description: str | None = strawberry.field(description="In the viewer's locale, else the programme's.")
    status: DefinitionStatus = strawberry.field(description="Whether it takes effect.")
    version: int = strawberry.field(description="Counts the changes to it, from 1.")
    repeat: BadgeRepeat = strawberry.field(description="How often a member can earn it.")
    levels: list[BadgeLevel] = strawberry.field(description="Its steps; empty where it has none.")
    is_secret: bool = strawberry.field(description="Whether members see nothing of it before they have it.")
    limit: Long | None = strawberry.field(
        description="How many are ever given, each with its number; null where there is no limit."
    )
    criteria: str | None = strawberry.field(description="How it is earned, in the viewer's locale.")
    image_url: str | None = strawberry.field(description="An https address of its picture.")

    @strawberry.field(
        description="How many numbers of a limited edition were given, revoked awards included: a number is never "
        "given again. Null where there is no limit."
    )
    async def issued(self, info: Info) -> Long | None:
        if self.limit is None:
            return None
        return Long(await info.context.loaders.editions.load(self.key) or 0)

    @strawberry.field(description="How rare it is among members; up to 5 minutes old.")
    async def rarity(self, info: Info) -> BadgeRarity:
        found = await info.context.loaders.rarities.load(self.key)
        assert found is not None  # noqa: S101 - every key asked for has one
        return BadgeRarity(model=found)

    @strawberry.field(
        description="Revoked awards, latest first, each with its cause; staff and services see them."
    )
    async def revocations(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection["BadgeAward"] | None:
        page = await info.context.services.badges.revoked_of_badge(
            info.context.caller, self.definition, window(first, after, last, before, of=AWARDS)
        )
        return connect(page, BadgeAward.of, AWARDS)

    @strawberry.field(description="Standing awards, newest first.")
    async def awards(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection["BadgeAward"]:
        page = await info.context.services.badges.of_badge(
            info.context.caller, self.definition, window(first, after, last, before, of=AWARDS)
        )
        return connect(page, BadgeAward.of, AWARDS)

    @strawberry.field(description="How many awards stand.")
    async def award_count(self, info: Info) -> Long:
        return Long(await info.context.loaders.award_counts.load(self.key) or 0)


@strawberry.type(description="A badge that a member holds, or held until it was revoked.")
class BadgeAward(Node):
    model: strawberry.Private[domain.BadgeAward]
    occurrence: str | None = strawberry.field(description="What it was awarded for, where the badge repeats.")
    level: int | None = strawberry.field(description="The highest level reached, where the badge has levels.")
    badge_version: int = strawberry.field(description="The badge's version that granted it.")
    awarded_at: datetime = strawberry.field(description="When what earned it happened.")
    revoked_at: datetime | None = strawberry.field(description="When it was taken away.")
    number: Long | None = strawberry.field(
        description="Its place in a limited edition, from 1, kept for good; null where there is no limit."
    )

    @strawberry.field(
        description="What earned it. Everyone sees the rule; the activity, the person and the reason are for the "
        "member, staff and services."
    )
    async def cause(self, info: Info) -> Cause:
        return await self._told(info, self.model.cause)

    @strawberry.field(description="Why it was taken away; null while it stands. Told as its cause is.")
    async def revocation(self, info: Info) -> Cause | None:
        return await self._told(info, self.model.revocation) if self.model.revocation else None

    @strawberry.field(description="Which badge.")
    async def badge(self, info: Info) -> Badge:
        catalogue = await info.context.catalogue()
        return await build_badge(info, catalogue.badges[self.model.badge])

    @strawberry.field(description="Who holds it; null for a member who is not visible to you.")
    async def member(
        self, info: Info
    ) -> Annotated["Member", strawberry.lazy("resolvers.types.members")] | None:
        from resolvers.types.members import Member

        found = await info.context.loaders.members.load(self.model.member_id)
        return Member.of(found) if found else None

    async def _told(self, info: Info, cause: causes.Cause) -> Cause:
        """A cause as far as this caller may know it."""
        member = await info.context.loaders.members.load(self.model.member_id)
        if member is None or not may_see_private(info.context.caller, member):
            cause = replace(cause, activity_id=None, actor=None, reason=None)
        return Cause(model=cause)

    @classmethod
    def of(cls, award: domain.BadgeAward) -> "BadgeAward":
        """The GraphQL object of a domain award."""
        return cls(
            model=award,
            id=encode_id("BadgeAward", award.id),
            occurrence=award.occurrence or None,
            level=award.level or None,
            badge_version=award.badge_version,
            awarded_at=award.awarded_at,
            revoked_at=award.revoked_at,
            number=None if award.number is None else Long(award.number),
        )


async def build_badge(info: Info, badge: definitions.Badge) -> Badge:
    """The GraphQL object of a badge's definition."""
    return Badge(
        definition=badge,
        id=encode_id("Badge", badge.key),
        key=badge.key,
        name=await label(info, badge),
        description=await text(info, badge.description),
        status=badge.status,
        version=badge.version,
        repeat=badge.repeat,
        levels=[BadgeLevel(level=level.level, name=await text(info, level.name)) for level in badge.levels],
        is_secret=badge.secret,
        limit=None if badge.limit is None else Long(badge.limit),
        criteria=await text(info, badge.criteria),
        image_url=badge.image_url,
    )


async def load_award(info: Info, raw: bytes) -> BadgeAward | None:
    """The award of that id: standing ones for everyone who sees the member, revoked ones for the member and staff."""
    found = await info.context.loaders.awards.load(raw)
    if found is None:
        return None
    member = await info.context.loaders.members.load(found.member_id)
    if member is None or not (found.stands or may_see_private(info.context.caller, member)):
        return None
    return BadgeAward.of(found)
