"""Why something happened."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from gamification.activity.model import Activity as ActivityModel
from gamification.kit import causes
from gamification.ledger.model import Limit as LimitModel
from gamification.ledger.model import LimitKind as LimitKindModel
from gamification.members.service import may_see_private
from resolvers.context import Info
from resolvers.scalars import Long

if TYPE_CHECKING:
    from resolvers.types.activity import Activity

LimitKind = LimitKindModel
strawberry.enum(LimitKind, name="LimitKind", description="What kept an amount from being applied in full.")


@strawberry.type(description="A rule as it was when it took effect.")
class RuleVersion:
    key: str = strawberry.field(description="The rule's key in the programme file.")
    version: int = strawberry.field(description="Counts the changes to this rule, from 1.")
    programme_version: int | None = strawberry.field(description="The programme's version at that time.")


@strawberry.type(description="A task as it was when it was completed.")
class TaskVersion:
    key: str = strawberry.field(description="The task's key in the programme file.")
    version: int = strawberry.field(description="Counts the changes to this task, from 1.")


@strawberry.type(description="Who did it by hand.")
class Actor:
    role: str = strawberry.field(description="member, moderator, operator or service.")
    subject: str | None = strawberry.field(description="The token's subject; staff and services see it.")


@strawberry.type(description="What kept an amount from being applied in full.")
class Limit:
    kind: LimitKind = strawberry.field(description="Which limit.")
    shortfall: Long = strawberry.field(description="How much of the stated amount was not applied.")


@strawberry.type(
    description="Why something happened: the activity and rule, the task, or the person and reason."
)
class Cause:
    model: strawberry.Private[causes.Cause]
    limited_by: list[Limit] = strawberry.field(description="What kept the amount from being applied in full.")

    @strawberry.field(description="The activity that caused it; readable by its member, staff and services.")
    async def activity(
        self, info: Info
    ) -> Annotated["Activity", strawberry.lazy("resolvers.types.activity")] | None:
        from resolvers.types.activity import Activity

        found = await visible_activity(info, self.model.activity_id)
        return Activity.of(found) if found else None

    @strawberry.field(description="The rule that caused it, as it was.")
    def rule(self) -> RuleVersion | None:
        if self.model.rule is None or self.model.rule_version is None:
            return None
        return RuleVersion(
            key=self.model.rule,
            version=self.model.rule_version,
            programme_version=self.model.programme_version,
        )

    @strawberry.field(description="The rule's version alone.")
    def version(self) -> int | None:
        return self.model.rule_version or self.model.task_version

    @strawberry.field(description="The task whose completion caused it, as it was.")
    def task(self) -> TaskVersion | None:
        if self.model.task is None:
            return None
        return TaskVersion(key=self.model.task, version=self.model.task_version or 1)

    @strawberry.field(description="Who did it by hand.")
    def actor(self, info: Info) -> Actor | None:
        if self.model.actor is None:
            return None
        role, _, subject = self.model.actor.partition(":")
        shown = info.context.caller.role != "member" or info.context.caller.subject == subject
        return Actor(role=role, subject=subject if shown else None)

    @strawberry.field(description="The reason stated by whoever did it by hand, or by the system.")
    def reason(self) -> str | None:
        return self.model.reason


async def visible_activity(info: Info, activity_id: bytes | None) -> ActivityModel | None:
    """The activity, for those who may read its member's."""
    if activity_id is None:
        return None
    found = await info.context.loaders.activities.load(activity_id)
    if found is None:
        return None
    member = await info.context.loaders.members.load(found.member_id)
    return found if member is not None and may_see_private(info.context.caller, member) else None


def cause_of(cause: causes.Cause, limits: tuple[LimitModel, ...] = ()) -> Cause:
    """A domain cause with the limits that met it."""
    return Cause(
        model=cause, limited_by=[Limit(kind=limit.kind, shortfall=Long(limit.shortfall)) for limit in limits]
    )
