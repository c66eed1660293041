"""A member's segments, and what conditions of segments see of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from gamification.members import model as members
from gamification.segments import model as domain
from gamification.segments.facts import SegmentFacts as Facts
from gamification.segments.lifecycle import Stage
from resolvers.context import Info
from resolvers.fields import batched, of_model
from resolvers.scalars import Long

if TYPE_CHECKING:
    from resolvers.types.segments import Segment

LifecycleStage = Stage
strawberry.enum(
    LifecycleStage,
    name="LifecycleStage",
    description="PROSPECT: nothing yet. NEW: the first purchase was lately. ACTIVE: the last one was. AT_RISK: the last one is a "
    "while ago. SILENT: it is long ago. RETURNED: they came back lately after a silence. How many days that is, the "
    "programme's settings say; where it knows no purchases, any activity counts.",
)


@strawberry.type(description="A member's being in a segment.")
class SegmentMembership:
    model: strawberry.Private[domain.SegmentMember]
    since: datetime = of_model("since", description="When they came to it, the last time.")

    @strawberry.field(description="Which; null where there is no such segment any more.")
    async def segment(
        self, info: Info
    ) -> Annotated["Segment", strawberry.lazy("resolvers.types.segments")] | None:
        from resolvers.types.segments import build_segment

        found = await info.context.services.segments.segment(info.context.caller, self.model.segment)
        return await build_segment(info, found) if found else None

    @strawberry.field(description="How often they came to it or left it.")
    def passages(self) -> Long:
        return Long(self.model.passages)


@strawberry.type(
    description="Recency, frequency and money of a member, 1 to 5 by quintiles; 0 where not scored."
)
class RfmScores:
    scores: strawberry.Private[Mapping[str, int]]

    @strawberry.field(description="By days since the last purchase: 5 are the latest.")
    def recency(self) -> int:
        return self.scores["r"]

    @strawberry.field(description="By purchases in the window.")
    def frequency(self) -> int:
        return self.scores["f"]

    @strawberry.field(description="By what was paid in the window.")
    def money(self) -> int:
        return self.scores["m"]


@strawberry.type(description="What conditions of segments see of a member today.")
class MemberFacts:
    model: strawberry.Private[Facts]
    lifecycle: LifecycleStage = of_model("stage", description="Where they stand with the programme.")
    days_since_purchase: int | None = of_model("since_purchase", description="Null where they never bought.")
    days_since_activity: int | None = of_model(
        "since_activity", description="Null where they never did anything."
    )

    @strawberry.field(description="Scored by the last sweep's quintiles.")
    def rfm(self) -> RfmScores:
        return RfmScores(scores=self.model.rfm)

    @strawberry.field(description="What they paid so far, in the currency's smallest part.")
    def lifetime_spend(self) -> Long:
        return Long(self.model.variables["lifetime"]["spend"])

    @strawberry.field(description="How many purchases they made so far.")
    def lifetime_purchases(self) -> Long:
        return Long(self.model.variables["lifetime"]["purchases"])


async def _facts(rows: "list[SegmentFields]", info: Info) -> list[MemberFacts]:
    found = await info.context.services.segments.facts(info.context.caller, [row.model for row in rows])
    return [MemberFacts(model=found[row.model.id]) for row in rows]


@strawberry.type
class SegmentFields:
    model: strawberry.Private[members.Member]

    @strawberry.field(description="The segments that they are in, by key. Operators and services see them.")
    async def segments(self, info: Info) -> list[SegmentMembership] | None:
        found = await info.context.services.segments.of_member(info.context.caller, self.model)
        return [SegmentMembership(model=one) for one in found]

    facts: MemberFacts | None = batched(
        _facts, description="What conditions of segments see of them today. Operators and services see it."
    )
