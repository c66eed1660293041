"""`drawTicket`, `buyTickets`, `publishBeacon`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.errors import (
    ConflictError,
    IdempotencyConflictError,
    InsufficientPointsError,
    InvalidInputError,
    NotFoundError,
)
from resolvers.mutations.members import member_id
from resolvers.mutations.results import INPUT, RESULT
from resolvers.types.draw_results import DrawPlay
from resolvers.types.draws import DrawRound
from resolvers.types.ledger import Transfer


@strawberry.input(description="One draw.")
class DrawTicketInput:
    draw: str = strawberry.field(description="The key of an instant draw.")
    client_seed: str = strawberry.field(
        default="",
        description="Anything of the member's own choice, at most 64 characters: it is mixed in, so that nobody who "
        "chose the day's seed could know what is drawn.",
    )
    member_id: strawberry.ID | None = strawberry.field(
        default=None, description="For services: who draws; oneself when not given."
    )
    idempotency_key: str = strawberry.field(description="The same key with the same input acts once.")


@strawberry.input(description="Tickets to buy.")
class BuyTicketsInput:
    draw: str = strawberry.field(description="The draw's key.")
    count: int = strawberry.field(description="How many, 1 to 1000.")
    member_id: strawberry.ID | None = strawberry.field(
        default=None, description="For services: who buys; oneself when not given."
    )
    idempotency_key: str = strawberry.field(description="The same key with the same input acts once.")


@strawberry.input(description="The value of the public source that a round waits for.")
class PublishBeaconInput:
    draw: str = strawberry.field(description="The key of a scheduled draw.")
    round: str = strawberry.field(description="The round's key.")
    value: str = strawberry.field(
        description="What the source says, as anyone can read it there: 1 to 200 printable ASCII characters."
    )


@strawberry.type(description="It is drawn, and the prize given.")
class DrawTicketSuccess:
    play: DrawPlay = strawberry.field(description="What was drawn, and by what.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


@strawberry.type(description="The tickets are bought.")
class BuyTicketsSuccess:
    spent: Transfer = strawberry.field(description="What was paid.")
    tickets: Transfer = strawberry.field(description="The tickets that came, as points of their unit.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


@strawberry.type(description="The value is in, for good; the round is drawn next.")
class PublishBeaconSuccess:
    round: DrawRound = strawberry.field(description="As it is now.")


DrawTicketResult = Annotated[
    DrawTicketSuccess
    | InsufficientPointsError
    | ConflictError
    | NotFoundError
    | IdempotencyConflictError
    | InvalidInputError,
    strawberry.union("DrawTicketResult", description=RESULT),
]
BuyTicketsResult = Annotated[
    BuyTicketsSuccess
    | InsufficientPointsError
    | ConflictError
    | NotFoundError
    | IdempotencyConflictError
    | InvalidInputError,
    strawberry.union("BuyTicketsResult", description=RESULT),
]
PublishBeaconResult = Annotated[
    PublishBeaconSuccess | ConflictError | NotFoundError | InvalidInputError,
    strawberry.union("PublishBeaconResult", description=RESULT),
]


@strawberry.type
class DrawMutations:
    @strawberry.mutation(
        description="Draw once in an instant draw, with a ticket or a free draw: for oneself, or by a service for anyone."
    )
    async def draw_ticket(self, info: Info, input: Annotated[DrawTicketInput, INPUT]) -> DrawTicketResult:
        target = member_id(input.member_id) if input.member_id is not None else None
        play, replayed = await info.context.services.drawing.draw(
            info.context.caller, target, input.draw, input.client_seed, input.idempotency_key
        )
        return DrawTicketSuccess(play=DrawPlay(model=play), replayed=replayed)

    @strawberry.mutation(
        description="Buy a draw's tickets for points: for oneself, or by a service for anyone."
    )
    async def buy_tickets(self, info: Info, input: Annotated[BuyTicketsInput, INPUT]) -> BuyTicketsResult:
        caller = info.context.caller
        target = member_id(input.member_id) if input.member_id is not None else None
        spent, bought, replayed = await info.context.services.drawing.buy(
            caller, target, input.draw, input.count, input.idempotency_key
        )
        found = await info.context.services.stores.ledger.transfers(caller.programme_id, [spent, bought])
        return BuyTicketsSuccess(
            spent=Transfer.of(found[spent]), tickets=Transfer.of(found[bought]), replayed=replayed
        )

    @strawberry.mutation(
        description="State what the public source of a closed round said; for operators and services. The same value "
        "again changes nothing, another is refused."
    )
    async def publish_beacon(
        self, info: Info, input: Annotated[PublishBeaconInput, INPUT]
    ) -> PublishBeaconResult:
        found = await info.context.services.rounds.give_beacon(
            info.context.caller, input.draw, input.round, input.value
        )
        return PublishBeaconSuccess(round=DrawRound(model=found))
