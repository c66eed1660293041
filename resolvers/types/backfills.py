"""Awarding a badge over activity that was recorded before."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from gamification.activity import backfilling as domain
from resolvers.context import Info
from resolvers.scalars import Long

if TYPE_CHECKING:
    from resolvers.types.members import Member

BackfillStatus = domain.BackfillStatus
strawberry.enum(
    BackfillStatus, name="BackfillStatus", description="RUNNING until all is looked at, then DONE."
)


@strawberry.type(description="An award that a backfill made, or in a preview would make.")
class BackfillFound:
    model: strawberry.Private[domain.Found]

    @strawberry.field(description="Whose it is; null for a member who is not visible to you.")
    async def member(
        self, info: Info
    ) -> Annotated["Member", strawberry.lazy("resolvers.types.members")] | None:
        from resolvers.types.members import Member

        found = await info.context.loaders.members.load(self.model.member_id)
        return Member.of(found) if found else None

    @strawberry.field(description="For what, where the badge repeats.")
    def occurrence(self) -> str | None:
        return self.model.occurrence or None

    @strawberry.field(description="Which level, where the badge has levels.")
    def level(self) -> int | None:
        return self.model.level or None


@strawberry.type(
    description="A rule-made badge awarded over activity that was recorded before. For operators."
)
class BadgeBackfill:
    model: strawberry.Private[domain.Backfill]

    @strawberry.field(description="The badge's key.")
    def badge(self) -> str:
        return self.model.badge

    @strawberry.field(description="Whether it only counts.")
    def preview(self) -> bool:
        return self.model.is_preview

    @strawberry.field(description="How far it is.")
    def status(self) -> BackfillStatus:
        return self.model.status

    @strawberry.field(description="Activities looked at so far.")
    def scanned(self) -> Long:
        return Long(self.model.scanned)

    @strawberry.field(
        description="Of these, how many could not be judged: a rule reads a counter that they never met, or can't be "
        "evaluated, or their member is banned."
    )
    def passed(self) -> Long:
        return Long(self.model.passed)

    @strawberry.field(
        description="Awards made so far; in a preview, that would be, whatever a limited edition allows."
    )
    def due(self) -> Long:
        return Long(self.model.due)

    @strawberry.field(description="The first of them, at most 10.")
    def sample(self) -> list[BackfillFound]:
        return [BackfillFound(model=found) for found in self.model.sample]

    @strawberry.field(description="When it was asked for.")
    def started_at(self) -> datetime:
        return self.model.started_at

    @strawberry.field(description="When all was looked at.")
    def finished_at(self) -> datetime | None:
        return self.model.finished_at
