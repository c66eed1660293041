"""What customers are worth: of a programme, and of a member."""

from datetime import date, datetime
from typing import Annotated

import strawberry

from gamification.insights.lifetime.fitting import Refusal, Refused
from gamification.insights.value import model as domain
from gamification.kit.errors import InvalidInput
from gamification.members import model as members
from resolvers.context import Info
from resolvers.fields import batched, of_model
from resolvers.scalars import Long

ModelRefusal = Refusal
strawberry.enum(
    ModelRefusal,
    name="ModelRefusal",
    description="Why there is no model. TOO_FEW_CUSTOMERS, TOO_FEW_REPEATERS: too few who bought, or bought again. TOO_SHORT: nobody "
    "has been known for long enough. NOT_DETERMINED: many models would say the same of these customers.",
)
Days = Annotated[int, strawberry.argument(description="Within so many days from now, 1 to 3650.")]


@strawberry.type(description="Why there is no model.")
class RefusedModel:
    model: strawberry.Private[Refused]
    reason: ModelRefusal = of_model("reason", description="Why.")
    found: int = of_model("found", description="Of what the reason counts, customers or weeks: how many.")
    needed: int = of_model("needed", description="How many it takes.")


@strawberry.type(description="What the same models would have foretold of the last weeks, against what came.")
class ModelQuality:
    model: strawberry.Private[domain.FitQuality]
    weeks: int = of_model("weeks", description="How many weeks were foretold.")
    customers: int = of_model("customers", description="Of how many customers.")
    expected: float = of_model("expected", description="Purchase days that were foretold.")
    actual: int = of_model("actual", description="Purchase days that came.")
    mean_absolute_error: float = of_model(
        "mean_absolute", description="By how many purchase days a customer's forecast was off, on average."
    )


@strawberry.type(description="All customers of the programme, as the models were fitted.")
class CustomerBase:
    model: strawberry.Private[domain.Fit]
    day: date = of_model("day", description="As of which day; the models are fitted once a week.")
    fitted_at: datetime = of_model("fitted_at", description="When.")

    @strawberry.field(description="Why there is no model of purchases; null where there is one.")
    def refused(self) -> RefusedModel | None:
        return RefusedModel(model=self.model.refused) if self.model.refused else None

    @strawberry.field(
        description="Why there is no model of amounts; null where there is one, or none of purchases."
    )
    def amounts_refused(self) -> RefusedModel | None:
        return RefusedModel(model=self.model.amounts_refused) if self.model.amounts_refused else None

    @strawberry.field(description="Members who ever bought; null without a model.")
    def customers(self) -> Long | None:
        return Long(self.model.base.customers) if self.model.base else None

    @strawberry.field(
        description="How many of them have not left for good, by expectation; null without a model."
    )
    def alive(self) -> float | None:
        return self.model.base.alive if self.model.base else None

    @strawberry.field(
        description="Their purchase days in the next 52 weeks, by expectation; null without a model."
    )
    def expected_purchases(self) -> float | None:
        return self.model.base.transactions if self.model.base else None

    @strawberry.field(
        description="What those are worth today, in the currency's smallest part, a year's delay costing a tenth; null without a "
        "model of amounts."
    )
    def value(self) -> float | None:
        return self.model.base.value if self.model.base else None

    @strawberry.field(description="How good the models are; null where too little is known to tell.")
    def quality(self) -> ModelQuality | None:
        return ModelQuality(model=self.model.quality) if self.model.quality else None


@strawberry.type(description="What the models say of a customer today, by what they bought until now.")
class CustomerValue:
    model: strawberry.Private[domain.CustomerValue]
    fitted_at: datetime = of_model("fit.fitted_at", description="When the models were fitted.")
    probability_alive: float = of_model(
        "alive",
        description="How likely they have not left for good, 0 to 1. It is 1 for who bought once: the model has customers leave after "
        "a repeat only, so look at the expected purchases of those.",
    )
    value: float | None = of_model(
        "value",
        description="What they will buy in the next 52 weeks is worth that today, in the currency's smallest part, a year's delay "
        "costing a tenth; null without a model of amounts.",
    )

    @strawberry.field(description="On how many days they will buy, by expectation.")
    def expected_purchases(self, days: Days = 365) -> float:
        return self.model.transactions(_checked(days))

    @strawberry.field(
        description="What they will pay, by expectation, in the currency's smallest part; null without a model of amounts."
    )
    def expected_spend(self, days: Days = 365) -> float | None:
        return self.model.spend(_checked(days))


def _checked(days: int) -> int:
    if not 1 <= days <= domain.HORIZON_DAYS_MAX:
        raise InvalidInput(
            f"days is 1 to {domain.HORIZON_DAYS_MAX}.", path=["days"], limit=domain.HORIZON_DAYS_MAX
        )
    return days


async def _values(rows: "list[ValueFields]", info: Info) -> list[CustomerValue | None]:
    ids = [row.model.id for row in rows]
    found = await info.context.services.values.of_members(info.context.caller, ids)
    return [CustomerValue(model=found[one]) if one in found else None for one in ids]


@strawberry.type
class ValueFields:
    model: strawberry.Private[members.Member]

    customer_value: CustomerValue | None = batched(
        _values,
        description="What they will still bring; null where they never bought, or there is no model. Operators and services see it.",
    )
