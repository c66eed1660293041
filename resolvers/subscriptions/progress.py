"""`myProgress`: points, tasks and badges as they happen."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry

from gamification.kit.errors import NotFound
from gamification.members.model import Member
from resolvers.context import Info
from resolvers.scalars import Long
from resolvers.types.badges import BadgeAward
from resolvers.types.check_ins import CheckInStanding
from resolvers.types.ledger import Balance
from resolvers.types.progress import Message, ProgressMessage, ProgressSnapshot
from resolvers.types.progress_messages import build_message
from resolvers.types.tasks import TaskProgress
from resolvers.types.tiers import MemberTier
from storage.paging import Window

_RECHECK_S = 30.0
_SNAPSHOT_BADGES = 100


@strawberry.type
class ProgressSubscriptions:
    @strawberry.subscription(
        description="The member's own progress. First a snapshot of the present state; with `after`, then all that "
        "happened since that number, as far as it is kept (7 days); then everything as it happens, in order and "
        "without a gap."
    )
    async def my_progress(
        self,
        info: Info,
        after: Annotated[
            Long | None,
            strawberry.argument(description="The last sequence received before the connection was lost."),
        ] = None,
    ) -> AsyncGenerator[ProgressMessage, None]:
        member = await _member(info)
        services = info.context.services
        with services.doorbells.listening(f"{member.programme_id}|{member.id.hex()}") as bell:
            head = await services.members.head(member)
            yield await snapshot(info, member, head)
            number = min(max(after, 0), head) if after is not None else head
            while True:
                async for last, message in _since(info, member, number):
                    number = last
                    if message is not None:
                        yield message
                while True:
                    rung = await bell.wait(_RECHECK_S)
                    await _member(info)
                    if rung or await services.members.head(member) > number:
                        break


async def snapshot(info: Info, member: Member, head: int) -> ProgressSnapshot:
    """The member's present state, read after `head`, so that nothing beyond it is missing."""
    services, caller = info.context.services, info.context.caller
    balances, tasks, awards, check_ins, tiers = await asyncio.gather(
        services.ledger.balances(caller, [member]),
        services.tasks.current(caller, member, services.now()),
        services.badges.of_member(caller, member, Window(_SNAPSHOT_BADGES)),
        services.check_in_readings.standings(caller, [member], services.now()),
        services.tiers.standings(caller, [member]),
    )
    return ProgressSnapshot(
        sequence=Long(head),
        balances=[Balance.of(balance) for balance in balances.get(member.id, [])],
        tasks=[TaskProgress.of(progress, task) for task, progress in tasks],
        badges=[BadgeAward.of(award) for award in awards.rows if award.stands],
        tiers=[MemberTier.of(one) for one in tiers.get(member.id, [])],
        check_ins=[CheckInStanding.of(one) for one in check_ins.get(member.id, [])],
    )


async def _since(info: Info, member: Member, number: int) -> AsyncGenerator[tuple[int, Message | None], None]:
    """(number, message) of all that was told since."""
    while True:
        messages = await info.context.services.stores.feed.after(member.id, number)
        built = await asyncio.gather(*(build_message(info, message) for message in messages))
        for message, shown in zip(messages, built, strict=True):
            yield message.number, shown
        if not messages:
            return
        number = messages[-1].number


async def _member(info: Info) -> Member:
    """The member whose token this is. Raises: NotFound, Forbidden once they are banned."""
    member = await info.context.services.members.me(info.context.caller)
    if member is None:
        raise NotFound("This token is no member's; join first.")
    info.context.services.members.refuse_banned(member)
    return member
