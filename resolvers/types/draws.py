"""Draws, their rounds, and what is published of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from gamification.lottery import model as domain
from gamification.lottery.stock import gone_of
from gamification.programmes import definitions
from resolvers.context import Info
from resolvers.fields import batched, of_model
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
    global_id,
    window,
)
from resolvers.scalars import Long
from resolvers.types.names import label, text
from resolvers.types.tasks import DefinitionStatus, TaskReward, reward_of

DrawKind = definitions.DrawKind
strawberry.enum(
    DrawKind,
    name="DrawKind",
    description="INSTANT: drawn when a member asks. SCHEDULED: all tickets of a round at once, after its close.",
)
DrawExhausted = definitions.DrawExhausted
strawberry.enum(
    DrawExhausted,
    name="DrawExhausted",
    description="Where the weight of a prize goes that is gone: to winning nothing (BLANK), or away, so that the OTHERS' "
    "odds rise.",
)
DrawEntry = definitions.DrawEntry
strawberry.enum(
    DrawEntry, name="DrawEntry", description="Whether each ticket is a chance, or each member who has one."
)
DrawWins = definitions.DrawWins
strawberry.enum(
    DrawWins,
    name="DrawWins",
    description="ONCE: a member wins once in a round at most. EACH: every prize is drawn among all chances.",
)
DrawRoundState = domain.RoundState
strawberry.enum(
    DrawRoundState,
    name="DrawRoundState",
    description="COMMITTED: the seed's hash is public. OPEN: so are the odds, and fixed. CLOSING: entrants are being put "
    "down. CLOSED: their hash is public. DRAWN: winners and seed are, prizes are being given. REVEALED: all is done.",
)
ROUNDS = Listing("draw rounds", (datetime, bytes))
ENTRANTS = Listing("draw entrants", (str,))
WINNERS = Listing("draw winners", (int, bytes))


@strawberry.type(description="What a ticket of a draw is. (抽奖券)")
class DrawTicket:
    unit: str = strawberry.field(description="The key of the unit whose points are tickets.")
    amount: Long = strawberry.field(description="How many of its points one ticket takes.")
    price_unit: str | None = strawberry.field(
        description="The unit that buys tickets; null: they aren't sold."
    )
    price_amount: Long | None = strawberry.field(description="What one ticket costs, in that unit.")


@strawberry.type(description="How many free draws a day a tier, or a higher one, has.")
class DrawTierAllowance:
    ladder: str = strawberry.field(description="The ladder's key.")
    tier: str = strawberry.field(description="The tier's key.")
    free_daily: int = strawberry.field(description="Draws a day that take no ticket.")


@strawberry.type(description="Something that can be won.")
class DrawPrize:
    key: str = strawberry.field(description="Its key in the draw.")
    name: str = strawberry.field(description="In the viewer's locale, else the programme's.")
    description: str | None = strawberry.field(description="In the viewer's locale, else the programme's.")
    weight: Long | None = strawberry.field(
        description="Its share of the odds, of `Draw.totalWeight`; null in a scheduled draw."
    )
    stock: Long | None = strawberry.field(
        description="How many there are in all, or in each scheduled round; null: no bound."
    )
    daily: Long | None = strawberry.field(description="How many of them on one day; null: no bound.")
    issued: Long | None = strawberry.field(
        description="How many were won of an instant draw; null where that is not counted."
    )
    issued_today: Long | None = strawberry.field(description="The same, today.")
    is_available: bool = strawberry.field(description="Whether it could be won now: stock and budget last.")
    reward: list[TaskReward] = strawberry.field(
        description="What it gives at once; empty where it is handed over."
    )


async def _prizes(draws: list["Draw"], info: Info) -> list[list[DrawPrize]]:
    """The prizes of draws, with what was won of each."""
    issued = await info.context.services.lottery.issued(
        info.context.caller, [draw.definition for draw in draws]
    )
    given = [part for draw in draws for prize in draw.definition.prizes for part in prize.reward]
    hidden = await info.context.hidden_badges() if any(part.award for part in given) else frozenset[str]()
    found = []
    for draw in draws:
        whole, today = issued[draw.definition.key]
        gone = gone_of(draw.definition, whole, today)
        instant = draw.definition.kind is DrawKind.INSTANT
        found.append(
            [
                DrawPrize(
                    key=prize.key,
                    name=await text(info, prize.name) or prize.key,
                    description=await text(info, prize.description),
                    weight=_long(prize.weight),
                    stock=_long(prize.stock),
                    daily=_long(prize.daily),
                    issued=Long(whole.prizes.get(prize.key, 0)) if instant else None,
                    issued_today=Long(today.prizes.get(prize.key, 0)) if instant else None,
                    is_available=prize.key not in gone,
                    reward=[reward_of(part, hidden) for part in prize.reward],
                )
                for prize in draw.definition.prizes
            ]
        )
    return found


@strawberry.type(
    description="Something to win by chance, whose odds and results anyone can check: docs/lottery.md. (抽奖)"
)
class Draw(Node):
    definition: strawberry.Private[definitions.Draw]
    key: str = strawberry.field(description="Its key in the programme file.")
    name: str = strawberry.field(description="In the viewer's locale, else the programme's.")
    description: str | None = strawberry.field(description="In the viewer's locale, else the programme's.")
    status: DefinitionStatus = strawberry.field(description="Whether it takes effect.")
    version: int = strawberry.field(description="Counts the changes to it, from 1.")
    kind: DrawKind = strawberry.field(description="How it is drawn.")
    ticket: DrawTicket | None = strawberry.field(
        description="What a draw takes; null: there are free draws only."
    )
    blank_weight: Long = strawberry.field(description="The weight of winning nothing, in an instant draw.")
    total_weight: Long = strawberry.field(
        description="The weights of all prizes and of winning nothing, in an instant draw. A day goes by the odds of its "
        "morning: `round.odds`."
    )
    exhausted: DrawExhausted = strawberry.field(description="Where the weight of what is gone goes.")
    guaranteed_after: int | None = strawberry.field(
        description="So many draws in a row can't all win nothing guaranteed; null: no guarantee."
    )
    guaranteed_prizes: list[str] = strawberry.field(
        description="Keys of the prizes that the guarantee gives; all where empty."
    )
    free_daily: int = strawberry.field(description="Draws a member and day that take no ticket.")
    free_by_tier: list[DrawTierAllowance] = strawberry.field(
        description="The same for members of a tier, where that is more; at most 20."
    )
    tier: str | None = strawberry.field(
        description="The key of the tier that taking part asks for at least; null: none."
    )
    daily_limit: int | None = strawberry.field(description="Draws a member and day at most; null: no bound.")
    opens_at: datetime | None = strawberry.field(description="When an instant draw begins; null: at once.")
    closes_at: datetime | None = strawberry.field(description="When an instant draw ends; null: never.")
    entry: DrawEntry = strawberry.field(description="What a chance is, in a scheduled draw.")
    wins: DrawWins = strawberry.field(description="How often a member wins, in a scheduled round.")
    tickets_max: Long | None = strawberry.field(
        description="Tickets of a member that take part in a scheduled round at most; null: all."
    )
    beacon: str | None = strawberry.field(
        description="The public source whose value, unknown at the close, is mixed in; null: none."
    )
    prizes: list[DrawPrize] = batched(
        _prizes, description="In the order in which they are drawn, at most 100."
    )

    @strawberry.field(
        description="One round, or day (`2026-11-22`, by the programme's zone); without a key the one that is on. Null "
        "where nothing was committed to for it."
    )
    async def round(
        self, info: Info, key: Annotated[str | None, strawberry.argument(description="Its key.")] = None
    ) -> "DrawRound | None":
        service, caller = info.context.services.lottery, info.context.caller
        wanted = key if key is not None else await service.present_key(caller, self.definition)
        if wanted is None:
            return None
        found = await service.rounds_by_keys(caller, [(self.definition.key, wanted)])
        return next((DrawRound(model=one) for one in found.values()), None)

    @strawberry.field(description="All rounds or days that something was committed to for, the latest first.")
    async def rounds(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection["DrawRound"]:
        page = await info.context.services.lottery.rounds(
            info.context.caller, self.definition, window(first, after, last, before, of=ROUNDS)
        )
        return connect(page, lambda one: DrawRound(model=one), ROUNDS)


@strawberry.type(description="An entrant of a round, as published.")
class DrawEntrant:
    model: strawberry.Private[domain.Entrant]
    code: str = of_model("code", description="A hash that only its member can link to themselves.")

    @strawberry.field(description="How many chances they have.")
    def chances(self) -> Long:
        return Long(self.model.chances)


@strawberry.type(description="A winner of a round, as published.")
class DrawWinner:
    model: strawberry.Private[domain.Win]
    prize: str = of_model("prize", description="The prize's key.")
    code: str | None = of_model("code", description="The entrant's code.")

    @strawberry.field(description="Which one of its kind, from 1.")
    def number(self) -> Long | None:
        return _long(self.model.number)


@strawberry.type(description="An entrant who was picked and could not win any more.")
class DrawExclusion:
    code: str = strawberry.field(description="The entrant's code.")
    reason: str = strawberry.field(description="`banned` since the close, or `gone` from the programme.")


@strawberry.type(
    description="A round of a scheduled draw, or a day of an instant one, with all that is published."
)
class DrawRound(Node):
    model: strawberry.Private[domain.Round]
    id: strawberry.ID = global_id("DrawRound")
    key: str = of_model("key", description="Its key in the programme file, or the day.")
    state: DrawRoundState = of_model("state", description="How far it has come.")
    opens_at: datetime = of_model("opens_at", description="When its odds are fixed.")
    closes_at: datetime = of_model("closes_at", description="What is held, or drawn, until then is in it.")
    seed_hash: str = of_model(
        "seed_hash", description="SHA-256 of the seed, in hexadecimal digits: committed to beforehand."
    )
    committed_at: datetime = of_model("committed_at", description="When that was made public.")
    odds_hash: str | None = of_model("odds_hash", description="SHA-256 of `odds`; null before it opens.")
    opened_at: datetime | None = of_model("opened_at", description="When the odds were fixed.")
    entrants_hash: str | None = of_model(
        "entrants_hash", description="SHA-256 of a scheduled round's entrants; null before they are put down."
    )
    closed_at: datetime | None = of_model("closed_at", description="When the entrants were made public.")
    beacon: str | None = of_model(
        "beacon", description="The value of the public source; null before it is known."
    )
    drawn_at: datetime | None = of_model("drawn_at", description="When it was drawn.")
    revealed_at: datetime | None = of_model("revealed_at", description="When the seed was made public.")

    @strawberry.field(description="Of which draw.")
    async def draw(self, info: Info) -> Draw:
        return await build_draw(info, (await info.context.catalogue()).draws[self.model.draw])

    @strawberry.field(description="The odds by which it is drawn, as hashed; null before it opens.")
    def odds(self) -> JSON | None:
        return None if self.model.odds is None else JSON(dict(self.model.odds))

    @strawberry.field(description="The seed, in hexadecimal digits; null before it is revealed.")
    def seed(self) -> str | None:
        return None if self.model.seed is None else self.model.seed.hex()

    @strawberry.field(description="How many members are in a scheduled round.")
    def entrant_count(self) -> Long:
        return Long(self.model.entrants)

    @strawberry.field(description="How many chances they have in all.")
    def chance_count(self) -> Long:
        return Long(self.model.chances)

    @strawberry.field(description="How many prizes were won in a scheduled round.")
    def winner_count(self) -> Long:
        return Long(self.model.winners)

    @strawberry.field(description="Entrants who were picked and could not win any more.")
    def excluded(self) -> list[DrawExclusion]:
        return [DrawExclusion(code=code, reason=reason) for code, reason in self.model.excluded]

    @strawberry.field(
        description="The entrants in the order of their codes; none before the round is closed."
    )
    async def entrants(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[DrawEntrant]:
        wanted = window(first, after, last, before, of=ENTRANTS)
        page = await info.context.services.lottery.entrants(self.model, wanted)
        return connect(page, lambda one: DrawEntrant(model=one), ENTRANTS)

    @strawberry.field(description="The winners in the order of drawing; none before the round is drawn.")
    async def winners(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[DrawWinner]:
        wanted = window(first, after, last, before, of=WINNERS)
        page = await info.context.services.lottery.winners(self.model, wanted)
        return connect(page, lambda one: DrawWinner(model=one), WINNERS)

    @strawberry.field(
        description="The whole of it as one document: saved as a file, `starguild draw verify` computes it again. Of a "
        "scheduled round with up to 20,000 entrants; null for a day of an instant draw (see `Member.drawProof`)."
    )
    async def proof(self, info: Info) -> JSON | None:
        found = await info.context.services.lottery.proof(self.model)
        return None if found is None else JSON(found)


async def build_draw(info: Info, draw: definitions.Draw) -> Draw:
    """The GraphQL object of a draw's definition."""
    guarantee = draw.guarantee
    return Draw(
        definition=draw,
        id=encode_id("Draw", draw.key),
        key=draw.key,
        name=await label(info, draw),
        description=await text(info, draw.description),
        status=draw.status,
        version=draw.version,
        kind=draw.kind,
        ticket=_ticket(draw),
        blank_weight=Long(draw.blank),
        total_weight=Long(draw.blank + sum(prize.weight or 0 for prize in draw.prizes)),
        exhausted=draw.exhausted,
        guaranteed_after=guarantee.after if guarantee else None,
        guaranteed_prizes=list(guarantee.prizes) if guarantee else [],
        free_daily=draw.free_daily,
        free_by_tier=[
            DrawTierAllowance(ladder=one.ladder, tier=one.least, free_daily=one.free_daily)
            for one in draw.free_by_tier
        ],
        tier=draw.tier.least if draw.tier else None,
        daily_limit=draw.daily_limit,
        opens_at=draw.opens_at,
        closes_at=draw.closes_at,
        entry=draw.entry,
        wins=draw.wins,
        tickets_max=_long(draw.tickets_max),
        beacon=draw.beacon,
    )


def _ticket(draw: definitions.Draw) -> DrawTicket | None:
    ticket = draw.ticket
    if ticket is None:
        return None
    return DrawTicket(
        unit=ticket.unit,
        amount=Long(ticket.amount),
        price_unit=ticket.price.unit if ticket.price else None,
        price_amount=Long(ticket.price.amount) if ticket.price else None,
    )


def _long(value: int | None) -> Long | None:
    return None if value is None else Long(value)


async def load_round(info: Info, raw: bytes) -> DrawRound | None:
    """The round of that id, where the caller may see its draw."""
    found = await info.context.loaders.draw_rounds.load(raw)
    if found is None:
        return None
    draw = await info.context.services.lottery.draw(info.context.caller, found.draw)
    return DrawRound(model=found) if draw else None


async def rounds_of(info: Info, rows: Sequence[domain.Play | domain.Win | domain.Entrant]) -> list[DrawRound]:
    """The round of each."""
    found = await info.context.loaders.draw_rounds.load_many(row.round_id for row in rows)
    return [DrawRound(model=found[row.round_id]) for row in rows]
