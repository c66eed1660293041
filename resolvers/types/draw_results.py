"""What a member has of draws: draws made, entries, wins, and how many draws are left."""

from datetime import datetime
from typing import Any

import strawberry

from gamification.lottery import model as domain
from gamification.lottery.odds import odds_from, table_of
from gamification.members.service import may_see_private
from gamification.programmes import definitions
from resolvers.context import Info
from resolvers.fields import batched, of_model
from resolvers.relay import Listing, Node, global_id
from resolvers.scalars import Long
from resolvers.types.badges import BadgeAward
from resolvers.types.draws import Draw, DrawRound, build_draw, rounds_of
from resolvers.types.ledger import Transfer
from resolvers.types.names import text

PLAYS = Listing("draw plays", (int, bytes))
ENTRIES = Listing("draw entries", (int, bytes))
WINS = Listing("draw wins", (int, bytes))


async def _rounds(rows: list[Any], info: Info) -> list[DrawRound]:
    return await rounds_of(info, [row.model for row in rows])


async def _tables(plays: list["DrawPlay"], info: Info) -> list[list["DrawOdds"]]:
    rounds = await rounds_of(info, [play.model for play in plays])
    found = []
    for play, of_round in zip(plays, rounds, strict=True):
        table = table_of(odds_from(of_round.model.odds or {}), play.model.gone, play.model.streak)
        found.append(
            [DrawOdds(prize=key, weight=Long(weight)) for key, weight in table.rows] if table else []
        )
    return found


@strawberry.type(description="One line of the odds by which something was drawn.")
class DrawOdds:
    prize: str | None = strawberry.field(description="The prize's key; null is winning nothing.")
    weight: Long = strawberry.field(description="Its share of the sum of all lines.")


@strawberry.type(description="One draw of an instant draw, with all that decided it.")
class DrawPlay(Node):
    model: strawberry.Private[domain.Play]
    id: strawberry.ID = global_id("DrawPlay")
    nonce: int = of_model("nonce", description="Counts the member's draws of the day, from 1.")
    client_seed: str = of_model("client_seed", description="The member's own contribution; may be empty.")
    is_guaranteed: bool = of_model("guaranteed", description="Whether the guarantee was due.")
    streak: int = of_model("streak", description="How many draws before it in a row won nothing guaranteed.")
    prize: str | None = of_model("prize", description="The key of the prize that was won; null: nothing.")
    at: datetime = of_model("at", description="When.")
    round: DrawRound = batched(_rounds, description="Of which day; its seed is revealed once it is over.")
    odds: list[DrawOdds] = batched(
        _tables, description="The odds that drew: those of the day less what was gone, in order."
    )

    @strawberry.field(description="Of which draw.")
    async def draw(self, info: Info) -> Draw:
        return await build_draw(info, (await info.context.catalogue()).draws[self.model.draw])

    @strawberry.field(description="Keys of the prizes that there were none of at that moment.")
    def gone(self) -> list[str]:
        return list(self.model.gone)

    @strawberry.field(description="The prize's name, in the viewer's locale, else the programme's.")
    async def prize_name(self, info: Info) -> str | None:
        return await _prize_name(info, self.model.draw, self.model.prize)

    @strawberry.field(description="What took the ticket; null for a free draw.")
    async def transfer(self, info: Info) -> Transfer | None:
        if self.model.transfer is None:
            return None
        found = await info.context.loaders.transfers.load(self.model.transfer)
        return Transfer.of(found) if found else None


@strawberry.type(description="A member's part in a scheduled round.")
class DrawParticipation(Node):
    model: strawberry.Private[domain.Entrant]
    id: strawberry.ID = global_id("DrawParticipation")
    code: str = of_model("code", description="The code under which they are among the entrants.")
    salt: str = of_model(
        "salt",
        description="What the code is made with, beside the round and the member's id; for them alone.",
    )
    at: datetime = of_model("at", description="When they were put down.")
    round: DrawRound = batched(_rounds, description="Which round.")

    @strawberry.field(description="How many chances they have.")
    def chances(self) -> Long:
        return Long(self.model.chances)

    @strawberry.field(description="What took the tickets.")
    async def transfer(self, info: Info) -> Transfer | None:
        found = await info.context.loaders.transfers.load(self.model.transfer)
        return Transfer.of(found) if found else None


@strawberry.type(description="A prize that was won.")
class DrawWin(Node):
    model: strawberry.Private[domain.Win]
    id: strawberry.ID = global_id("DrawWin")
    prize: str = of_model("prize", description="The prize's key.")
    code: str | None = of_model("code", description="The entrant's code, in a scheduled round.")
    at: datetime = of_model("at", description="When it was drawn.")
    given_at: datetime | None = of_model(
        "given_at", description="When it was given; null: it is about to be."
    )
    round: DrawRound = batched(_rounds, description="In which round, or on which day.")

    @strawberry.field(description="In which draw.")
    async def draw(self, info: Info) -> Draw:
        return await build_draw(info, (await info.context.catalogue()).draws[self.model.draw])

    @strawberry.field(description="The prize's name, in the viewer's locale, else the programme's.")
    async def prize_name(self, info: Info) -> str:
        return await _prize_name(info, self.model.draw, self.model.prize) or self.model.prize

    @strawberry.field(description="Which one of its kind, from 1; null where they are not counted.")
    def number(self) -> Long | None:
        return None if self.model.number is None else Long(self.model.number)

    @strawberry.field(description="The points that it gave, at most 10.")
    async def transfers(self, info: Info) -> list[Transfer]:
        found = await info.context.loaders.transfers.load_many(self.model.transfers)
        return [Transfer.of(found[one]) for one in self.model.transfers if one in found]

    @strawberry.field(description="The badges that it gave, at most 10.")
    async def awards(self, info: Info) -> list[BadgeAward]:
        found = await info.context.loaders.awards.load_many(self.model.awards)
        return [BadgeAward.of(found[one]) for one in self.model.awards if one in found]


@strawberry.type(description="What a member can do in a draw now.")
class DrawStanding:
    definition: strawberry.Private[definitions.Draw]
    tickets: Long = strawberry.field(description="Tickets that they hold. (抽奖券)")
    free_left: int = strawberry.field(description="Draws that take no ticket, left today.")
    drawn_today: int = strawberry.field(description="How often they drew today.")
    left_today: int | None = strawberry.field(
        description="How often they may still draw today; null: no bound but tickets."
    )
    plays: Long = strawberry.field(description="How often they drew in all.")
    wins: Long = strawberry.field(description="How often that won something.")
    guaranteed_in: int | None = strawberry.field(
        description="In how many draws at the latest something guaranteed is won; null: no guarantee."
    )

    @strawberry.field(description="In which draw.")
    async def draw(self, info: Info) -> Draw:
        return await build_draw(info, self.definition)


def standing_of(
    draw: definitions.Draw, standing: domain.Standing | None, today: str, held: int, free_daily: int
) -> DrawStanding:
    """The GraphQL object of a member's standing, who holds so much of the ticket's unit and has so many free draws a
    day."""
    played = standing.played_in(today) if standing else 0
    guarantee = draw.guarantee
    return DrawStanding(
        definition=draw,
        tickets=Long(max(held, 0) // draw.ticket.amount if draw.ticket else 0),
        free_left=max(free_daily - played, 0),
        drawn_today=played,
        left_today=None if draw.daily_limit is None else max(draw.daily_limit - played, 0),
        plays=Long(standing.plays if standing else 0),
        wins=Long(standing.wins if standing else 0),
        guaranteed_in=max(guarantee.after - (standing.streak if standing else 0), 1) if guarantee else None,
    )


async def _prize_name(info: Info, draw: str, prize: str | None) -> str | None:
    if prize is None:
        return None
    definition = (await info.context.catalogue()).draws[draw]
    known = next((one for one in definition.prizes if one.key == prize), None)
    return (await text(info, known.name) if known else None) or prize


async def load_play(info: Info, raw: bytes) -> DrawPlay | None:
    """The draw of that id, for those who may read its member's."""
    found = await info.context.loaders.draw_plays.load(raw)
    return DrawPlay(model=found) if found and await _is_theirs(info, found.member_id) else None


async def load_win(info: Info, raw: bytes) -> DrawWin | None:
    """The win of that id, as `load_play`."""
    found = await info.context.loaders.draw_wins.load(raw)
    return DrawWin(model=found) if found and await _is_theirs(info, found.member_id) else None


async def load_participation(info: Info, raw: bytes) -> DrawParticipation | None:
    """The entry of that id, as `load_play`."""
    found = await info.context.loaders.draw_entries.load(raw)
    return DrawParticipation(model=found) if found and await _is_theirs(info, found.member_id) else None


async def _is_theirs(info: Info, member_id: bytes) -> bool:
    member = await info.context.loaders.members.load(member_id)
    return member is not None and may_see_private(info.context.caller, member)
