"""Members."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from gamification.kit.actors import Permission
from gamification.kit.errors import Forbidden, InvalidInput, NotFound
from gamification.leaderboards.service import LeaderboardService
from gamification.members import model as domain
from gamification.members.service import may_see_private
from resolvers.context import Info
from resolvers.fields import of_model
from resolvers.relay import (
    After,
    Before,
    Connection,
    First,
    Last,
    Listing,
    Node,
    connect,
    global_id,
    window,
)
from resolvers.types.activity import Activity
from resolvers.types.badges import AWARDS, BadgeAward
from resolvers.types.leaderboards import LeaderboardEntry, find_period
from resolvers.types.ledger import Balance, Transfer
from resolvers.types.tasks import TaskProgress

MemberStanding = domain.Standing
strawberry.enum(
    MemberStanding,
    name="MemberStanding",
    description="ACTIVE; HIDDEN takes part but is on no board; BANNED neither acts nor is shown.",
)
TRANSFERS = Listing("transfers", (int, int))
PROGRESS = Listing("progress", (int, bytes))
ACTIVITIES = Listing("activities", (int,))


@strawberry.input(description="Which progress to list.")
class TaskProgressFilter:
    task: str | None = strawberry.field(default=None, description="Only this task's key.")
    completed: bool | None = strawberry.field(default=None, description="Only what is, or is not, complete.")


@strawberry.type(description="A name by which another system knows a member.")
class Identity:
    provider: str = strawberry.field(description="The other system's key.")
    subject: str = strawberry.field(description="The member's name there.")


@strawberry.type(description="One person in the programme.")
class Member(Node):
    model: strawberry.Private[domain.Member]
    id: strawberry.ID = global_id("Member")
    display_name: str = of_model("display_name", description="The name others see.")
    avatar_url: str | None = of_model("avatar_url", description="An http or https address of a picture.")
    locale: str = of_model("locale", description="Such as `en` or `zh-Hans`.")
    time_zone: str = of_model("time_zone", description="An IANA zone such as `Asia/Shanghai`.")
    joined_at: datetime = of_model("joined_at", description="When they joined.")

    @strawberry.field(description="The programme's own name for them. The member, staff and services see it.")
    def external_id(self, info: Info) -> str | None:
        self._private(info)
        return self.model.external_id

    @strawberry.field(description="Names in other systems. The member, staff and services see them.")
    def identities(self, info: Info) -> list[Identity] | None:
        self._private(info)
        return [Identity(provider=i.provider, subject=i.subject) for i in self.model.identities]

    @strawberry.field(
        description="What the programme's servers keep of them. The member, staff and services see it."
    )
    def attributes(self, info: Info) -> JSON | None:
        self._private(info)
        return JSON(self.model.attributes)

    @strawberry.field(description="Whether they may act and be shown. The member, staff and services see it.")
    def standing_status(self, info: Info) -> MemberStanding | None:
        self._private(info)
        return self.model.standing

    @strawberry.field(description="Every unit's balance. The member, staff and services see it.")
    async def balances(self, info: Info) -> list[Balance] | None:
        self._private(info)
        return [Balance.of(balance) for balance in await info.context.loaders.balances.load(self.model)]

    @strawberry.field(
        description="One unit's balance, now or as it was. The member, staff and services see it."
    )
    async def balance(
        self,
        info: Info,
        unit: Annotated[str, strawberry.argument(description="The unit's key.")],
        as_of: Annotated[datetime | None, strawberry.argument(description="A past instant.")] = None,
    ) -> Balance | None:
        self._private(info)
        if as_of is not None:
            catalogue = await info.context.catalogue()
            if unit not in catalogue.units:
                return None
            found = await info.context.services.ledger.balance_as_of(
                info.context.caller, self.model, unit, as_of
            )
            return Balance.of(found) if found else None
        balances = await info.context.loaders.balances.load(self.model)
        return next((Balance.of(balance) for balance in balances if balance.unit == unit), None)

    @strawberry.field(description="Transfers, newest first. The member, staff and services see them.")
    async def ledger(
        self,
        info: Info,
        unit: Annotated[str | None, strawberry.argument(description="Only this unit's key.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Transfer] | None:
        self._private(info)
        listing = TRANSFERS if unit is None else Listing(f"transfers of {unit}", (int,))
        page = await info.context.services.ledger.page(
            info.context.caller, self.model, unit, window(first, after, last, before, of=listing)
        )
        return connect(page, Transfer.of, listing)

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
        self._private(info)
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
        self._private(info)
        services = info.context.services
        found = await services.tasks.current(info.context.caller, self.model, services.now())
        return [TaskProgress.of(progress, task) for task, progress in found]

    @strawberry.field(description="Awards, newest first; revoked ones for the member, staff and services.")
    async def badge_awards(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[BadgeAward]:
        page = await info.context.services.badges.of_member(
            info.context.caller, self.model, window(first, after, last, before, of=AWARDS)
        )
        return connect(page, BadgeAward.of, AWARDS)

    @strawberry.field(description="Recorded activity, newest first. The member, staff and services see it.")
    async def activities(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Activity] | None:
        self._private(info)
        page = await info.context.services.activity.page(
            info.context.caller, self.model, window(first, after, last, before, of=ACTIVITIES)
        )
        return connect(page, Activity.of, ACTIVITIES)

    @strawberry.field(description="Their place on a board; null where they have none.")
    async def standing(
        self,
        info: Info,
        leaderboard: Annotated[str, strawberry.argument(description="The board's key.")],
        period: Annotated[
            str | None, strawberry.argument(description="Such as `2026-11`; else the present.")
        ] = None,
    ) -> LeaderboardEntry | None:
        boards: LeaderboardService = info.context.services.leaderboards
        board = await boards.board(info.context.caller, leaderboard, await info.context.catalogue())
        if board is None:
            raise InvalidInput(f"There is no leaderboard {leaderboard[:100]!r}.", path=["leaderboard"])
        found = await find_period(info, board, period, info.context.services.now())
        if found is None:
            return None
        entry = (await boards.page(board, found, 0, 0, self.model.id)).viewer
        return LeaderboardEntry.of(entry) if entry else None

    def _private(self, info: Info) -> None:
        if not may_see_private(info.context.caller, self.model):
            raise Forbidden(f"This is the member's own; it takes {Permission.MEMBERS_READ_PRIVATE}.")

    @classmethod
    def of(cls, member: domain.Member) -> "Member":
        """The GraphQL object of a domain member."""
        return cls(model=member)


async def load_member(info: Info, raw: bytes) -> Member:
    """The member of that id. Raises: NotFound where they are missing or not visible."""
    found = await info.context.loaders.members.load(raw)
    if found is None:
        raise NotFound("There is no such member.")
    return Member.of(found)
