"""The whole programme as one document, and what can be wrong with one."""

from typing import Annotated

from pydantic import Field

from gamification.kit.errors import InvalidInput
from gamification.programmes.definitions import (
    ActivityType,
    Badge,
    Budget,
    Campaign,
    CatalogueReward,
    CheckIn,
    Collection,
    ComplaintCategory,
    Contest,
    Counter,
    Definition,
    Draw,
    FlashSale,
    Goal,
    GoodCause,
    Ladder,
    Leaderboard,
    Model,
    ReferralOffer,
    Rule,
    ScreeningRule,
    Segment,
    Settings,
    Space,
    Survey,
    Task,
    TaskPool,
    Unit,
)

SECTIONS: dict[str, type[Definition]] = {
    "units": Unit,
    "budgets": Budget,
    "causes": GoodCause,
    "activity_types": ActivityType,
    "counters": Counter,
    "rules": Rule,
    "tasks": Task,
    "task_pools": TaskPool,
    "goals": Goal,
    "badges": Badge,
    "collections": Collection,
    "referrals": ReferralOffer,
    "leaderboards": Leaderboard,
    "ladders": Ladder,
    "check_ins": CheckIn,
    "draws": Draw,
    "rewards": CatalogueReward,
    "flash_sales": FlashSale,
    "spaces": Space,
    "contests": Contest,
    "screening": ScreeningRule,
    "surveys": Survey,
    "complaint_categories": ComplaintCategory,
    "segments": Segment,
    "campaigns": Campaign,
}
"""The document's lists of definitions, by their name in the file."""

_DEFINITIONS_MAX = 2000
_UNITS_MAX = 50
_CAUSES_MAX = 100
_CHECK_INS_MAX = 50
_LADDERS_MAX = 10
_DRAWS_MAX = 200
_POOLS_MAX = 50
_GOALS_MAX = 200
_SPACES_MAX = 500
_CONTESTS_MAX = 200
_SCREENING_MAX = 200
_SURVEYS_MAX = 500
_COMPLAINT_CATEGORIES_MAX = 100
_SEGMENTS_MAX = 200
_CAMPAIGNS_MAX = 500


class Document(Model):
    """A programme file. Order within a section is kept: rules are evaluated in it."""

    programme: Settings
    units: Annotated[tuple[Unit, ...], Field(max_length=_UNITS_MAX)] = ()
    budgets: Annotated[tuple[Budget, ...], Field(max_length=_DEFINITIONS_MAX)] = ()
    causes: Annotated[tuple[GoodCause, ...], Field(max_length=_CAUSES_MAX)] = ()
    activity_types: Annotated[tuple[ActivityType, ...], Field(max_length=_DEFINITIONS_MAX)] = ()
    counters: Annotated[tuple[Counter, ...], Field(max_length=_DEFINITIONS_MAX)] = ()
    rules: Annotated[tuple[Rule, ...], Field(max_length=_DEFINITIONS_MAX)] = ()
    tasks: Annotated[tuple[Task, ...], Field(max_length=_DEFINITIONS_MAX)] = ()
    goals: Annotated[tuple[Goal, ...], Field(max_length=_GOALS_MAX)] = ()
    task_pools: Annotated[tuple[TaskPool, ...], Field(max_length=_POOLS_MAX)] = ()
    badges: Annotated[tuple[Badge, ...], Field(max_length=_DEFINITIONS_MAX)] = ()
    collections: Annotated[tuple[Collection, ...], Field(max_length=_DEFINITIONS_MAX)] = ()
    referrals: Annotated[tuple[ReferralOffer, ...], Field(max_length=_DEFINITIONS_MAX)] = ()
    leaderboards: Annotated[tuple[Leaderboard, ...], Field(max_length=_DEFINITIONS_MAX)] = ()
    ladders: Annotated[tuple[Ladder, ...], Field(max_length=_LADDERS_MAX)] = ()
    check_ins: Annotated[tuple[CheckIn, ...], Field(max_length=_CHECK_INS_MAX)] = ()
    draws: Annotated[tuple[Draw, ...], Field(max_length=_DRAWS_MAX)] = ()
    rewards: Annotated[tuple[CatalogueReward, ...], Field(max_length=_DEFINITIONS_MAX)] = ()
    flash_sales: Annotated[tuple[FlashSale, ...], Field(max_length=_DEFINITIONS_MAX)] = ()
    spaces: Annotated[tuple[Space, ...], Field(max_length=_SPACES_MAX)] = ()
    contests: Annotated[tuple[Contest, ...], Field(max_length=_CONTESTS_MAX)] = ()
    screening: Annotated[tuple[ScreeningRule, ...], Field(max_length=_SCREENING_MAX)] = ()
    surveys: Annotated[tuple[Survey, ...], Field(max_length=_SURVEYS_MAX)] = ()
    complaint_categories: Annotated[
        tuple[ComplaintCategory, ...], Field(max_length=_COMPLAINT_CATEGORIES_MAX)
    ] = ()
    segments: Annotated[tuple[Segment, ...], Field(max_length=_SEGMENTS_MAX)] = ()
    campaigns: Annotated[tuple[Campaign, ...], Field(max_length=_CAMPAIGNS_MAX)] = ()

    def section(self, name: str) -> tuple[Definition, ...]:
        """The definitions of one section, in file order."""
        definitions: tuple[Definition, ...] = getattr(self, name)
        return definitions


def section_limit(name: str) -> int:
    """How many definitions a section may hold."""
    return {
        "units": _UNITS_MAX,
        "causes": _CAUSES_MAX,
        "check_ins": _CHECK_INS_MAX,
        "draws": _DRAWS_MAX,
        "goals": _GOALS_MAX,
        "task_pools": _POOLS_MAX,
        "spaces": _SPACES_MAX,
        "contests": _CONTESTS_MAX,
        "screening": _SCREENING_MAX,
        "surveys": _SURVEYS_MAX,
        "complaint_categories": _COMPLAINT_CATEGORIES_MAX,
        "segments": _SEGMENTS_MAX,
        "campaigns": _CAMPAIGNS_MAX,
    }.get(name, _DEFINITIONS_MAX)


class Problem(InvalidInput):
    """Every fault found in a document at once: `problems` holds (place, message) pairs, `path` the first place."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        place, message = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{place}: {message}{more}", path=place.split("."))
        self.problems = problems
