"""Members."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from gamification.kit.actors import Permission
from gamification.kit.errors import NotFound
from gamification.members import model as domain
from gamification.members.service import require_private
from resolvers.context import Info
from resolvers.fields import batched, of_model
from resolvers.relay import After, Before, Connection, First, Last, Listing, Node, connect, global_id, window
from resolvers.types.activity import Activity
from resolvers.types.annual_cards import CardFields
from resolvers.types.annual_reports import InsightFields
from resolvers.types.badges import AWARDS, BadgeAward
from resolvers.types.belonging import BelongingFields
from resolvers.types.check_ins import CheckInStanding
from resolvers.types.collections import CollectionProgress
from resolvers.types.customer_value import ValueFields
from resolvers.types.member_boards import BoardFields
from resolvers.types.member_draws import DrawFields
from resolvers.types.member_goals import GoalFields
from resolvers.types.member_moderation import ModerationFields
from resolvers.types.member_notifications import NotificationFields
from resolvers.types.member_points import PointFields
from resolvers.types.member_rewards import RewardFields
from resolvers.types.member_segments import SegmentFields
from resolvers.types.member_tiers import TierFields
from resolvers.types.merging import MergeFields
from resolvers.types.recommendations import RecommendationFields
from resolvers.types.referrals import Referral, referrals_of
from resolvers.types.task_evidence import TaskSubmission, submissions_of
from resolvers.types.task_picks import PickFields
from resolvers.types.tasks import TaskProgress
from resolvers.types.trust import TrustFields
from storage.paging import Page

MemberStanding = domain.Standing
strawberry.enum(
    MemberStanding,
    name="MemberStanding",
    description="ACTIVE; HIDDEN takes part but is on no board; BANNED neither acts nor is shown.",
)
PROGRESS = Listing("progress", (int, bytes))
FOLLOWS = Listing("follows", (datetime, bytes))
ACTIVITIES = Listing("activities", (int,))


@strawberry.input(description="Which progress to list.")
class TaskProgressFilter:
    task: str | None = strawberry.field(default=None, description="Only this task's key.")
    completed: bool | None = strawberry.field(default=None, description="Only what is, or is not, complete.")


@strawberry.type(description="A name by which another system knows a member.")
class Identity:
    provider: str = strawberry.field(description="The other system's key.")
    subject: str = strawberry.field(description="The member's name there.")


async def _showcases(members: list["Member"], info: Info) -> list[list[BadgeAward]]:
    """What members chose to show, as the caller may see it."""
    chosen = await info.context.services.badges.showcases(
        info.context.caller, [member.model for member in members]
    )
    awards = await info.context.loaders.awards.load_many(
        {found for awards in chosen.values() for found in awards}
    )
    return [
        [
            BadgeAward.of(awards[found])
            for found in chosen.get(member.model.id, ())
            if found in awards and awards[found].stands
        ]
        for member in members
    ]


async def _followed(members: list["Member"], info: Info) -> list[bool]:
    """Whether the caller follows them."""
    me = await info.context.services.members.me(info.context.caller)
    if me is None:
        return [False] * len(members)
    found = await info.context.services.follows.among(me, [member.model.id for member in members])
    return [member.model.id in found for member in members]


@strawberry.type(description="One person in the programme.")
class Member(
    Node,
    PointFields,
    TierFields,
    BoardFields,
    RewardFields,
    DrawFields,
    GoalFields,
    InsightFields,
    BelongingFields,
    CardFields,
    PickFields,
    MergeFields,
    ModerationFields,
    NotificationFields,
    TrustFields,
    SegmentFields,
    ValueFields,
    RecommendationFields,
):
    model: strawberry.Private[domain.Member]
    id: strawberry.ID = global_id("Member")
    display_name: str = of_model("display_name", description="The name others see.")
    avatar_url: str | None = of_model("avatar_url", description="An http or https address of a picture.")
    locale: str = of_model("locale", description="Such as `en` or `zh-Hans`.")
    time_zone: str = of_model("time_zone", description="An IANA zone such as `Asia/Shanghai`.")
    joined_at: datetime = of_model("joined_at", description="When they joined.")

    @strawberry.field(
        description="Since when they are erased, and this is a tombstone. Staff and services see it."
    )
    def erased_at(self, info: Info) -> datetime | None:
        require_private(info.context.caller, self.model)
        return self.model.erased_at

    @strawberry.field(description="The programme's own name for them. The member, staff and services see it.")
    def external_id(self, info: Info) -> str | None:
        require_private(info.context.caller, self.model)
        return self.model.external_id

    @strawberry.field(description="Names in other systems. The member, staff and services see them.")
    def identities(self, info: Info) -> list[Identity] | None:
        require_private(info.context.caller, self.model)
        return [Identity(provider=i.provider, subject=i.subject) for i in self.model.identities]

    @strawberry.field(
        description="What the programme's servers keep of them. The member, staff and services see it."
    )
    def attributes(self, info: Info) -> JSON | None:
        require_private(info.context.caller, self.model)
        return JSON(self.model.attributes)

    @strawberry.field(
        description="`1990-02-28`, or `02-28` without a year. The member, staff and services see it."
    )
    def birthday(self, info: Info) -> str | None:
        require_private(info.context.caller, self.model)
        return self.model.birthday

    @strawberry.field(description="What the programme calls them, in order. Staff and services see it.")
    def tags(self, info: Info) -> list[str] | None:
        info.context.caller.require(Permission.MEMBERS_READ_PRIVATE)
        return list(self.model.tags)

    @strawberry.field(description="Whether they may act and be shown. The member, staff and services see it.")
    def standing_status(self, info: Info) -> MemberStanding | None:
        require_private(info.context.caller, self.model)
        return self.model.standing

    @strawberry.field(
        description="Progress in tasks, latest change first. The member, staff and services see it."
    )
    async def task_progress(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            TaskProgressFilter | None, strawberry.argument(description="All of it when not given.")
        ] = None,
    ) -> Connection[TaskProgress] | None:
        require_private(info.context.caller, self.model)
        wanted = filter or TaskProgressFilter()
        page = await info.context.services.tasks.page(
            info.context.caller,
            self.model,
            window(first, after, last, before, of=PROGRESS),
            task=wanted.task,
            completed=wanted.completed,
        )
        return connect(page, TaskProgress.of, PROGRESS)

    @strawberry.field(
        description="Every published task with the present period's progress. The member, staff and services see them."
    )
    async def current_tasks(self, info: Info) -> list[TaskProgress] | None:
        require_private(info.context.caller, self.model)
        services = info.context.services
        found = await services.tasks.current(info.context.caller, self.model, services.now())
        return [TaskProgress.of(progress, task) for task, progress in found]

    @strawberry.field(
        description="What they handed in for tasks, newest first. The member, staff and services see it."
    )
    async def task_submissions(
        self,
        info: Info,
        task: Annotated[str | None, strawberry.argument(description="Only for this task's key.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[TaskSubmission] | None:
        require_private(info.context.caller, self.model)
        return await submissions_of(info, self.model, task, first, after, last, before)

    @strawberry.field(
        description="Their standing in every published check-in programme. The member, staff and services see it."
    )
    async def check_ins(
        self,
        info: Info,
        key: Annotated[str | None, strawberry.argument(description="Only this check-in's.")] = None,
    ) -> list[CheckInStanding] | None:
        require_private(info.context.caller, self.model)
        found = await info.context.loaders.check_ins.load(self.model)
        return [CheckInStanding.of(one) for one in found if key in (None, one.definition.key)]

    @strawberry.field(description="Awards, newest first; revoked ones for the member, staff and services.")
    async def badge_awards(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[BadgeAward]:
        page = await info.context.services.badges.of_member(
            info.context.caller,
            self.model,
            window(first, after, last, before, of=AWARDS),
            await info.context.hidden_badges(),
        )
        return connect(page, BadgeAward.of, AWARDS)

    showcase: list[BadgeAward] = batched(
        _showcases,
        description="The awards that they chose to show, in their order, at most 12; those that stand.",
    )

    @strawberry.field(
        description="Whom they brought, latest change first. The member, staff and services see it."
    )
    async def referrals(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Referral] | None:
        require_private(info.context.caller, self.model)
        return await referrals_of(info, self.model, first, after, last, before)

    @strawberry.field(
        description="How they were brought; null where nobody did. The member, staff and services see it."
    )
    async def referred_by(self, info: Info) -> Referral | None:
        require_private(info.context.caller, self.model)
        found = await info.context.services.referrals.of_referee(info.context.caller, self.model)
        return Referral.of(found) if found else None

    @strawberry.field(
        description="Every published collection of badges and how far they are with it. The member, staff and "
        "services see it."
    )
    async def collections(self, info: Info) -> list[CollectionProgress] | None:
        require_private(info.context.caller, self.model)
        found = await info.context.services.badges.collected(info.context.caller, self.model)
        return [
            CollectionProgress(model=state, definition=collection, held=held)
            for collection, held, state in found
        ]

    @strawberry.field(description="Recorded activity, newest first. The member, staff and services see it.")
    async def activities(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Activity] | None:
        require_private(info.context.caller, self.model)
        page = await info.context.services.activity.page(
            info.context.caller, self.model, window(first, after, last, before, of=ACTIVITIES)
        )
        return connect(page, Activity.of, ACTIVITIES)

    followed_by_me: bool = batched(
        _followed, description="Whether the caller follows them; false for staff and services."
    )

    @strawberry.field(description="Whom they follow, newest first. The member, staff and services see it.")
    async def following(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> "Connection[Member] | None":
        require_private(info.context.caller, self.model)
        follows = info.context.services.follows
        page = await follows.following(self.model, window(first, after, last, before, of=FOLLOWS))
        return await _connect_members(info, page)

    @strawberry.field(description="Who follows them, newest first. The member, staff and services see it.")
    async def followers(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> "Connection[Member] | None":
        require_private(info.context.caller, self.model)
        follows = info.context.services.follows
        page = await follows.followers(self.model, window(first, after, last, before, of=FOLLOWS))
        return await _connect_members(info, page)

    @classmethod
    def of(cls, member: domain.Member) -> "Member":
        """The GraphQL object of a domain member."""
        return cls(model=member)


async def _connect_members(info: Info, page: Page[bytes]) -> "Connection[Member]":
    """Those of a page of ids who are visible; a page may be shorter for it."""
    found = await info.context.loaders.members.load_many(page.rows)
    seen = [
        (found[one], position)
        for one, position in zip(page.rows, page.positions, strict=True)
        if one in found
    ]
    visible = Page([one for one, _ in seen], [at for _, at in seen], page.has_next, page.has_previous)
    return connect(visible, Member.of, FOLLOWS)


async def load_member(info: Info, raw: bytes) -> Member:
    """The member of that id. Raises: NotFound where they are missing or not visible."""
    found = await info.context.loaders.members.load(raw)
    if found is None:
        raise NotFound("There is no such member.")
    return Member.of(found)


async def mentioned(info: Info, mentions: Sequence[Sequence[bytes]]) -> list[list[Member]]:
    """The members of each of these, as far as they are visible; each once, whichever of their accounts was meant."""
    found = await info.context.loaders.persons.load_many({one for some in mentions for one in some})
    persons = [{found[one].id: found[one] for one in some if one in found} for some in mentions]
    return [[Member.of(one) for one in some.values()] for some in persons]
