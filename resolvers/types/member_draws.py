"""A member's draws, tickets and wins: fields of `Member`."""

from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from gamification.kit.actors import Actor
from gamification.members.model import Member
from gamification.members.service import require_private
from gamification.programmes.definitions import Status
from gamification.settlement.gates import free_draws
from resolvers.context import Info
from resolvers.relay import After, Before, Connection, First, Last, connect, window
from resolvers.types.draw_results import (
    ENTRIES,
    PLAYS,
    WINS,
    DrawParticipation,
    DrawPlay,
    DrawStanding,
    DrawWin,
    standing_of,
)


@strawberry.type
class DrawFields:
    model: strawberry.Private[Member]

    @strawberry.field(
        description="Every published draw with the member's tickets and what is left today, at most 200. The member, "
        "staff and services see it."
    )
    async def draws(self, info: Info) -> list[DrawStanding] | None:
        caller, service = _private(info, self.model), info.context.services.lottery
        draws = [one for one in await service.draws(caller) if one.status is Status.PUBLISHED]
        if not draws:
            return []
        standings = await service.standings(caller, self.model, draws)
        today = await service.today(caller)
        balances = await info.context.loaders.balances.load(self.model)
        held = {balance.unit: balance.active for balance in balances}
        gated = any(one.free_by_tier for one in draws)
        tiers = await info.context.loaders.tier_standings.load(self.model) if gated else []
        tier_of = {found.ladder.key: found.state.tier for found in tiers}
        catalogue = await info.context.catalogue()
        return [
            standing_of(
                one,
                standings.get(one.key),
                today,
                held.get(one.ticket.unit, 0) if one.ticket else 0,
                free_draws(catalogue, one, tier_of),
            )
            for one in draws
        ]

    @strawberry.field(
        description="Instant draws they made, newest first. The member, staff and services see them."
    )
    async def draw_plays(
        self,
        info: Info,
        draw: Annotated[str | None, strawberry.argument(description="Only this draw's key.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[DrawPlay] | None:
        wanted = window(first, after, last, before, of=PLAYS)
        page = await info.context.services.lottery.plays(_private(info, self.model), self.model, draw, wanted)
        return connect(page, lambda play: DrawPlay(model=play), PLAYS)

    @strawberry.field(
        description="Scheduled rounds they are in, newest first. The member, staff and services see them."
    )
    async def draw_entries(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[DrawParticipation] | None:
        wanted = window(first, after, last, before, of=ENTRIES)
        page = await info.context.services.lottery.entries(_private(info, self.model), self.model, wanted)
        return connect(page, lambda one: DrawParticipation(model=one), ENTRIES)

    @strawberry.field(
        description="What they won in draws, newest first. The member, staff and services see it."
    )
    async def draw_wins(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[DrawWin] | None:
        wanted = window(first, after, last, before, of=WINS)
        page = await info.context.services.lottery.wins(_private(info, self.model), self.model, wanted)
        return connect(page, lambda win: DrawWin(model=win), WINS)

    @strawberry.field(
        description="Their draws of a day as one document: saved as a file, `starguild draw verify` computes them again "
        "once the seed is revealed. Null where there are none. The member, staff and services see it."
    )
    async def draw_proof(
        self,
        info: Info,
        draw: Annotated[str, strawberry.argument(description="The key of an instant draw.")],
        day: Annotated[
            str, strawberry.argument(description="Such as `2026-11-22`, by the programme's zone.")
        ],
    ) -> JSON | None:
        caller, service = _private(info, self.model), info.context.services.lottery
        if await service.draw(caller, draw) is None:
            return None
        found = (await service.rounds_by_keys(caller, [(draw, day)])).get((draw, day))
        document = await service.proof_of_day(caller, self.model, found) if found else None
        return None if document is None else JSON(document)


def _private(info: Info, member: Member) -> Actor:
    """The caller, who may see what is the member's own. Raises: Forbidden."""
    require_private(info.context.caller, member)
    return info.context.caller
