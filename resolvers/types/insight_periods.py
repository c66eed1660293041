"""What all reports for operators have: their periods, how far they can be believed, and charts."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any

import strawberry

from gamification.insights.charts.figures import Language
from gamification.insights.charts.model import WIDTH_MAX, WIDTH_MIN
from gamification.insights.reports import slots as domain
from gamification.insights.totals.periods import By
from gamification.kit.errors import InvalidInput
from resolvers.context import Info
from resolvers.fields import of_model
from resolvers.types.names import viewer_locale

InsightPeriodLength = By
strawberry.enum(
    InsightPeriodLength,
    name="InsightPeriodLength",
    description="How long a period of a report is, by the programme's zone. DAY; WEEK: Monday to Sunday; MONTH.",
)
ChartLanguage = Language
strawberry.enum(ChartLanguage, name="ChartLanguage", description="In which a chart's own words are.")

From = Annotated[
    date,
    strawberry.argument(
        name="from", description="The report begins with the period that holds this day; 1970-01-01 to today."
    ),
]
To = Annotated[
    date, strawberry.argument(description="It ends with the period that holds this day, or today.")
]
Length = Annotated[
    InsightPeriodLength,
    strawberry.argument(
        description="How long its periods are; it has at most 400 days, 270 weeks or 120 months."
    ),
]
Width = Annotated[int, strawberry.argument(description="In pixels, 240 to 4000.")]
InLanguage = Annotated[
    ChartLanguage | None,
    strawberry.argument(description="The viewer's when not given, as far as it is one of these."),
]


@strawberry.type(description="A period of a report.")
class InsightPeriod:
    model: strawberry.Private[domain.Slot]
    key: str = of_model("key", description="Such as `2026-11-22`, `2026-W47`, `2026-11`.")
    starts_on: date = of_model("starts_on", description="Its first day.")
    ends_on: date = of_model("ends_on", description="Its last day.")
    is_complete: bool = of_model(
        "is_complete",
        description="Whether it is over; of the present one there is what happened so far. Later on figures change by what is told "
        "late, refunded or taken back.",
    )


@strawberry.type(description="How far a report can be believed.")
class InsightStanding:
    model: strawberry.Private[domain.Made]
    as_of: datetime = of_model("as_of", description="What was recorded until then is in it.")
    since: date | None = of_model(
        "since", description="The first day of which anything is known; null where nothing is."
    )
    is_rebuilding: bool = of_model(
        "is_rebuilding",
        description="Whether everything is being added up anew, as after a change of the zone; until that is done figures stand as "
        "they were when it began.",
    )


def period(slot: domain.Slot) -> InsightPeriod:
    """The GraphQL object of a period."""
    return InsightPeriod(model=slot)


async def drawn(
    info: Info, draw: Callable[..., str], report: Any, width: int, language: Language | None, **stated: Any
) -> str:
    """A report as SVG. Raises: InvalidInput."""
    if not WIDTH_MIN <= width <= WIDTH_MAX:
        raise InvalidInput(f"width is {WIDTH_MIN} to {WIDTH_MAX}.", path=["width"], limit=WIDTH_MAX)
    if language is None:
        locale, _ = await viewer_locale(info)
        language = Language.ZH if locale.lower().startswith("zh") else Language.EN
    return draw(report, language, width, **stated)
