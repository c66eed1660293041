"""Accounts that were merged."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from gamification.kit.actors import Permission
from gamification.members import model as members
from gamification.merging import model as domain
from resolvers.context import Info
from resolvers.errors import Error
from resolvers.fields import of_model
from resolvers.relay import encode_id
from resolvers.scalars import Long

if TYPE_CHECKING:
    from resolvers.types.members import Member

MergeBlock = domain.MergeBlock
strawberry.enum(
    MergeBlock,
    name="MergeBlock",
    description="What must be settled before two accounts can be merged. BANNED: one of them is. Of the one that is to go: "
    "OPEN_HOLDS, points set aside, as for an order under way; RESERVATIONS, a piece reserved in a flash sale; SUBMISSIONS, "
    "something handed in that no moderator has decided on; GOALS, it gave to a goal. CHECK_INS: both have days in one "
    "check-in programme. COMMUNITY: more than 100 activities would have to be taken back, as both reacted to the same things, or "
    "one to the other's. IDENTITIES: together they have more than 20. TOO_MUCH: it has more than 20,000 of something.",
)
MergeWarning = domain.MergeWarning
strawberry.enum(
    MergeWarning,
    name="MergeWarning",
    description="What merging does beside moving. SELF_REFERRAL, REFERRAL_CYCLE, REFERRED_TWICE: one was brought by the "
    "other, by whom the other has brought, or both were brought; that referral, or the later of two, is rejected, and what "
    "it gave both sides taken back. OPEN_ORDERS: orders that are not fulfilled become the other's. DRAW_ENTRIES: entries of "
    "rounds that are not drawn yet are lost. BOTH_ON_CLOSED_BOARDS: both have a place in standings that are final; that of "
    "the merged account is not shown any more.",
)


@strawberry.type(description="Points of one unit that were moved.")
class MergedPoints:
    model: strawberry.Private[domain.MovedPoints]
    unit: str = of_model("unit", description="The unit's key.")

    @strawberry.field(description="What could be spent, in the unit's smallest part; below zero a debt.")
    def active(self) -> Long:
        return Long(self.model.active)

    @strawberry.field(description="What was pending.")
    def pending(self) -> Long:
        return Long(self.model.pending)

    @strawberry.field(description="What earlier reversals could not take back.")
    def owed(self) -> Long:
        return Long(self.model.owed)

    @strawberry.field(description="What the member could spend of it right after.")
    def active_after(self) -> Long:
        return Long(self.model.active_after)

    @strawberry.field(description="What was pending right after.")
    def pending_after(self) -> Long:
        return Long(self.model.pending_after)


@strawberry.type(description="The member's tier on a ladder, once both were one.")
class MergedTier:
    ladder: str = strawberry.field(description="The ladder's key.")
    tier: str | None = strawberry.field(description="The tier's key; null for none.")


@strawberry.type(description="How many of what were moved.")
class MergedCounts:
    activities: int = strawberry.field(description="Activities.")
    awards: int = strawberry.field(description="Awards of badges, revoked ones too.")
    tasks: int = strawberry.field(description="Progress in tasks, one a period.")
    records: int = strawberry.field(description="Scores on boards, one a period.")
    referrals: int = strawberry.field(description="Members whom the merged account had brought.")
    redemptions: int = strawberry.field(description="Redemptions, coupons with them.")
    wishes: int = strawberry.field(description="Entries of the wish list.")
    follows: int = strawberry.field(description="Who follows whom, both ways.")
    posts: int = strawberry.field(description="Posts, drafts and what is gone too.")
    comments: int = strawberry.field(description="Comments, those that are gone too.")
    reactions: int = strawberry.field(description="Reactions, also those that were taken back.")


@strawberry.type(description="One account was merged into another member's. For staff and services.")
class MemberMerge:
    model: strawberry.Private[domain.Merge]
    at: datetime = of_model("at", description="When.")
    by: str = of_model("by", description="The role and subject of who did it.")
    reason: str | None = of_model("reason", description="Why; null of a preview, and of an erased member.")
    warnings: list[MergeWarning] = of_model("warnings", description="What came with it.")
    tasks_completed: list[str] = of_model(
        "completed", description="Keys of tasks that only both together have completed."
    )

    @strawberry.field(description="The id that the merged account had. `member` finds what is left of it.")
    def merged_id(self) -> strawberry.ID:
        return encode_id("Member", self.model.from_id)

    @strawberry.field(description="The member that is left, when it was merged.")
    async def into(
        self, info: Info
    ) -> Annotated["Member", strawberry.lazy("resolvers.types.members")] | None:
        from resolvers.types.members import Member

        found = await info.context.loaders.members.load(self.model.into_id)
        return Member.of(found) if found else None

    @strawberry.field(description="Points that were moved, by unit.")
    def points(self) -> list[MergedPoints]:
        return [MergedPoints(model=moved) for moved in self.model.points]

    @strawberry.field(description="The tiers that the member held right after, by ladder.")
    def tiers(self) -> list[MergedTier]:
        return [MergedTier(ladder=ladder, tier=tier) for ladder, tier in self.model.tiers.items()]

    @strawberry.field(description="How many of what were moved.")
    def counts(self) -> MergedCounts:
        # Merges of before there was a community say nothing of it.
        names = MergedCounts.__dataclass_fields__
        return MergedCounts(**{name: self.model.counts.get(name, 0) for name in names})

    @classmethod
    def of(cls, merge: domain.Merge) -> "MemberMerge":
        """The GraphQL object of a merge."""
        return cls(model=merge)


@strawberry.type(description="What merging two accounts would do now. Nothing is changed.")
class MergePreview:
    merge: MemberMerge | None = strawberry.field(description="As it would be; null where it can't be done.")
    blocks: list[MergeBlock] = strawberry.field(
        description="What must be settled first; empty where it can be done."
    )

    @classmethod
    def of(cls, preview: domain.Preview) -> "MergePreview":
        """The GraphQL object of a preview."""
        merge = MemberMerge.of(preview.merge) if preview.merge else None
        return cls(merge=merge, blocks=list(preview.blocks))


@strawberry.type(description="These accounts can't be merged as they are.")
class MergeBlockedError(Error):
    blocks: list[MergeBlock] = strawberry.field(description="What must be settled first.")

    @classmethod
    def of(cls, error: Any) -> Any:
        return cls(code=error.code, message=error.message, path=error.path, blocks=list(error.blocks))


class MergeBlockedHandler(strawberry.ExceptionHandler[domain.MergeBlocked, MergeBlockedError]):
    """What keeps accounts from being merged."""

    def handle(self, exception: domain.MergeBlocked, **_: Any) -> MergeBlockedError:
        shown: MergeBlockedError = MergeBlockedError.of(exception)
        return shown


@strawberry.type
class MergeFields:
    """What a member says of accounts that were merged; `Member` is one of these."""

    model: strawberry.Private[members.Member]

    @strawberry.field(
        description="The id of the member that this account was merged into: then nothing can be done as it. Null of all "
        "others. For staff and services."
    )
    def merged_into(self, info: Info) -> strawberry.ID | None:
        info.context.caller.require(Permission.MEMBERS_READ_PRIVATE)
        return encode_id("Member", self.model.merged_into) if self.model.merged_into else None

    @strawberry.field(
        description="External ids of accounts that were merged into this one: each finds this member, as a token's subject "
        "and in activity, too. For staff and services."
    )
    def former_external_ids(self, info: Info) -> list[str] | None:
        info.context.caller.require(Permission.MEMBERS_READ_PRIVATE)
        return list(self.model.former)

    @strawberry.field(description="What was merged into this account, in order. For staff and services.")
    async def merges(self, info: Info) -> list[MemberMerge] | None:
        found = await info.context.services.merges.of(info.context.caller, self.model)
        return [MemberMerge.of(merge) for merge in found]
