"""What is recommended to a member, and why."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from community.recommendations import model as domain
from community.recommendations import serving
from community.spaces.model import SpaceRights
from gamification.members import model as members
from resolvers.context import Info
from resolvers.fields import of_model
from resolvers.relay import encode_id
from resolvers.scalars import Long
from resolvers.types.rewards import Reward, build_reward
from resolvers.types.tasks import Task, build_task

if TYPE_CHECKING:
    from resolvers.types.campaigns import Campaign
    from resolvers.types.members import Member
    from resolvers.types.posts import Post
    from resolvers.types.spaces import Space

RecommendationKind = domain.Kind
strawberry.enum(RecommendationKind, name="RecommendationKind", description="What is recommended.")
RecommendationCode = domain.Code
strawberry.enum(
    RecommendationCode,
    name="RecommendationCode",
    description="Why. CLAIMABLE: done, and its reward waits. NEARLY_DONE, BEGUN, OPEN: tasks. TIER_WITHIN_REACH: what it gives "
    "helps to the next tier. WISHED: on the wish list. POINTS_LAPSE: it can be had for points that lapse within 30 days. "
    "AFFORDABLE: it can be had. IS_ON: a campaign. UNANSWERED: a question about what the member answers. SPACE_OF_TIER: for "
    "members of their tier. JOINABLE: a space. REQUESTABLE: a space that one asks to join. ALSO_CHOSEN: at least 5 members who "
    "chose what they chose chose it too. "
    "LIKE_YOU: popular with members of their stage and segments, POPULAR with all: at least 5 in the last 30 days. FRESH: "
    "published within 2 days. VARIETY: drawn, so that not the same is always shown.",
)
KINDS = {
    "Task": domain.Kind.TASK,
    "Reward": domain.Kind.REWARD,
    "Campaign": domain.Kind.CAMPAIGN,
    "Post": domain.Kind.POST,
    "Space": domain.Kind.SPACE,
    "Member": domain.Kind.MEMBER,
}
"""Kinds by the name of their type."""
_TYPES = {kind: name for name, kind in KINDS.items()}


@strawberry.type(description="Why something is recommended.")
class RecommendationReason:
    model: strawberry.Private[serving.Recommendation]
    code: RecommendationCode = of_model("code", description="For programs.")
    text: str = of_model(
        "text", description="In words, in English or Chinese by the caller's locale; true at this moment."
    )


@strawberry.type(
    description="Something that a member may like to do next: they may see it, have not done it and can afford it now. Exactly one "
    "of the things is not null, the one of its kind; null where the caller may not see it."
)
class Recommendation:
    model: strawberry.Private[serving.Recommendation]
    kind: RecommendationKind = of_model("kind", description="Which of the things it is.")
    score: float = of_model(
        "score",
        description="How much speaks for it, above 0: to compare with the others of this list alone. Lists are not in its order, as "
        "what is like its neighbours goes back.",
    )

    @strawberry.field(description="The id of the thing, by which it is dismissed.")
    def target_id(self) -> strawberry.ID:
        one = self.model
        raw = bytes.fromhex(one.item) if one.kind in (domain.Kind.POST, domain.Kind.MEMBER) else one.item
        return encode_id(_TYPES[one.kind], raw)

    @strawberry.field(description="Why.")
    def reason(self) -> RecommendationReason:
        return RecommendationReason(model=self.model)

    @strawberry.field(description="A task that they can go on with, or claim.")
    async def task(self, info: Info) -> Task | None:
        return await build_task(info, self.model.thing) if self.model.kind is domain.Kind.TASK else None

    @strawberry.field(description="A reward that they can redeem.")
    async def reward(self, info: Info) -> Reward | None:
        return await build_reward(info, self.model.thing) if self.model.kind is domain.Kind.REWARD else None

    @strawberry.field(description="A campaign that is on for them.")
    async def campaign(
        self, info: Info
    ) -> Annotated["Campaign", strawberry.lazy("resolvers.types.campaigns")] | None:
        from resolvers.queries.campaigns import campaign_of
        from resolvers.types.campaigns import build_campaign

        if self.model.kind is not domain.Kind.CAMPAIGN:
            return None
        found = await campaign_of(info, self.model.item)
        return await build_campaign(info, found) if found else None

    @strawberry.field(description="A post that they have had nothing to do with.")
    async def post(self, info: Info) -> Annotated["Post", strawberry.lazy("resolvers.types.posts")] | None:
        from resolvers.types.posts import load_post

        return await load_post(info, self.model.thing.id) if self.model.kind is domain.Kind.POST else None

    @strawberry.field(description="A space that they can join.")
    async def space(self, info: Info) -> Annotated["Space", strawberry.lazy("resolvers.types.spaces")] | None:
        from resolvers.types.spaces import build_space

        thing = self.model.thing
        if not isinstance(thing, SpaceRights):
            return None
        rights = (await info.context.viewer()).rights.get(thing.space.key)
        return await build_space(info, rights) if rights is not None else None

    @strawberry.field(description="A member to follow.")
    async def member(
        self, info: Info
    ) -> Annotated["Member", strawberry.lazy("resolvers.types.members")] | None:
        from resolvers.types.members import Member

        if self.model.kind is not domain.Kind.MEMBER:
            return None
        found = await info.context.loaders.members.load(self.model.thing.id)
        return Member.of(found) if found is not None else None


@strawberry.type(description="What came of what members were shown on a day, of one kind and for one reason.")
class RecommendationOutcome:
    model: strawberry.Private[domain.Outcome]
    day: date = of_model("day", description="In UTC.")
    kind: RecommendationKind = of_model("kind", description="What was recommended.")
    code: RecommendationCode = of_model("code", description="Why.")

    @strawberry.field(description="How much was shown: of each kind what a member sees first on a day.")
    def shown(self) -> Long:
        return Long(self.model.shown)

    @strawberry.field(description="How much of it was done within 7 days.")
    def done(self) -> Long:
        return Long(self.model.done)

    @strawberry.field(description="How much of it was dismissed.")
    def dismissed(self) -> Long:
        return Long(self.model.dismissed)


@strawberry.type(
    description="Leave last out: of so many members the last thing that they chose was taken away, and it was looked whether it is "
    "among the ten that they would have been recommended from all the rest."
)
class RecommendationMeasure:
    model: strawberry.Private[domain.Measured]
    kind: RecommendationKind = of_model("kind", description="Of what.")
    tests: int = of_model("tests", description="Of how many members, 2000 at most.")
    by_popularity: int = of_model("popularity", description="For how many it is, by popularity alone.")
    by_what_is_chosen_together: int = of_model(
        "cooccurrence", description="For how many it is, with what is chosen together."
    )
    is_personal: bool = of_model(
        "is_personal",
        description="Whether what is chosen together is used: unless 50 tests or more say that it does worse.",
    )

    @strawberry.field(description="How many pairs of a member and a thing were learnt from.")
    def interactions(self) -> Long:
        return Long(self.model.interactions)


@strawberry.type(description="The last time that was learnt what members like.")
class RecommendationRun:
    model: strawberry.Private[domain.Run]
    day: date | None = of_model("day", description="Of which day; null before the first.")
    done_at: datetime | None = of_model("done_at", description="When it was done.")

    @strawberry.field(description="How well it would have done, by kind.")
    def measures(self) -> list[RecommendationMeasure]:
        return [RecommendationMeasure(model=one) for one in self.model.measured]


@strawberry.type
class RecommendationFields:
    model: strawberry.Private[members.Member]

    @strawberry.field(
        description="What they may like to do next, what speaks most for first; made once a day and as they act, and looked at again "
        "now. The member, staff and services see it."
    )
    async def recommendations(
        self,
        info: Info,
        kinds: Annotated[
            list[RecommendationKind] | None,
            strawberry.argument(description="Only these; all when not given."),
        ] = None,
        first: Annotated[int, strawberry.argument(description="How many at most, 1 to 50.")] = 10,
    ) -> list[Recommendation] | None:
        found = await info.context.services.recommendations.serving.recommendations(
            info.context.caller, self.model, kinds, first, await info.context.locale()
        )
        return [Recommendation(model=one) for one in found]

    @strawberry.field(
        description="Whether what they do is looked at to recommend anything. The member, staff and services see it."
    )
    async def personalised(self, info: Info) -> bool | None:
        return await info.context.services.recommendations.service.is_personalised(
            info.context.caller, self.model
        )
