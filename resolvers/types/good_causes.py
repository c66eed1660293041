"""Good causes that points are given to."""

import strawberry

from gamification.programmes import definitions
from resolvers.context import Info
from resolvers.fields import batched, of_model
from resolvers.scalars import Long
from resolvers.types.ledger import Unit, unit_of
from resolvers.types.names import label, text


async def _raised(causes: "list[GoodCause]", info: Info) -> list[Long]:
    services, caller = info.context.services, info.context.caller
    found = await services.generosity.raised(caller.programme_id, [cause.model for cause in causes])
    return [Long(found[cause.model.key]) for cause in causes]


async def _units(causes: "list[GoodCause]", info: Info) -> list[Unit]:
    units = {key: await unit_of(info, key) for key in dict.fromkeys(cause.model.unit for cause in causes)}
    return [units[cause.model.unit] for cause in causes]


@strawberry.type(description="A good cause that members give points to.")
class GoodCause:
    model: strawberry.Private[definitions.GoodCause]
    key: str = of_model("key", description="Its key in the programme file.")
    name: str = strawberry.field(description="In the viewer's locale, else the programme's.")
    description: str | None = strawberry.field(description="In the viewer's locale, else the programme's.")
    unit: Unit = batched(_units, description="Whose points it takes.")
    cap: Long | None = of_model("cap", description="How much it takes in all; null: there is no end.")
    least: Long = of_model("least", description="How much it takes at a time, at least.")
    raised: Long = batched(_raised, description="How much was given so far, in the unit's smallest part.")


async def build_cause(info: Info, cause: definitions.GoodCause) -> GoodCause:
    """The GraphQL object of a cause's definition."""
    return GoodCause(
        model=cause, name=await label(info, cause), description=await text(info, cause.description)
    )
