"""The programme, its definitions and their changes."""

from enum import Enum

import strawberry
from strawberry.scalars import JSON

from gamification.programmes import changes
from gamification.programmes.definitions import Definition
from resolvers.relay import Node
from resolvers.types.ledger import Unit
from resolvers.types.tasks import DefinitionStatus


@strawberry.enum(description="What a definition defines.")
class DefinitionKind(Enum):
    UNIT = "units"
    BUDGET = "budgets"
    GOOD_CAUSE = "causes"
    ACTIVITY_TYPE = "activity_types"
    COUNTER = "counters"
    RULE = "rules"
    TASK = "tasks"
    GOAL = "goals"
    TASK_POOL = "task_pools"
    BADGE = "badges"
    COLLECTION = "collections"
    REFERRAL = "referrals"
    LEADERBOARD = "leaderboards"
    LADDER = "ladders"
    CHECK_IN = "check_ins"
    DRAW = "draws"
    REWARD = "rewards"
    FLASH_SALE = "flash_sales"
    SPACE = "spaces"
    CONTEST = "contests"
    SCREENING_RULE = "screening"
    SURVEY = "surveys"
    COMPLAINT_CATEGORY = "complaint_categories"
    SEGMENT = "segments"
    CAMPAIGN = "campaigns"


DefinitionChangeKind = changes.ChangeKind
strawberry.enum(DefinitionChangeKind, name="DefinitionChangeKind", description="What became of a definition.")


@strawberry.type(description="One definition that differs from before.")
class DefinitionChange:
    section: str = strawberry.field(description="The section of the programme file, or `programme`.")
    key: str = strawberry.field(description="The definition's key.")
    kind: DefinitionChangeKind = strawberry.field(description="What became of it.")
    version: int = strawberry.field(description="The definition's version now.")
    fields: list[str] = strawberry.field(description="The fields that changed.")


@strawberry.type(description="A definition as the programme file states it. For operators.")
class ProgrammeDefinition:
    kind: DefinitionKind = strawberry.field(description="What it defines.")
    key: str = strawberry.field(description="Its key.")
    status: DefinitionStatus = strawberry.field(description="Whether it takes effect.")
    version: int = strawberry.field(description="Counts the changes to it, from 1.")
    body: JSON = strawberry.field(description="All of it.")


@strawberry.type(description="A programme: what its file states.")
class Programme(Node):
    key: str = strawberry.field(description="Its key.")
    name: str = strawberry.field(description="In the viewer's locale, else its own.")
    locale: str = strawberry.field(description="The locale it falls back to.")
    time_zone: str = strawberry.field(description="The IANA zone by which its periods begin.")
    version: int = strawberry.field(description="Counts its versions, from 1.")
    units: list[Unit] = strawberry.field(description="Its kinds of points, in file order.")
    definitions: list[ProgrammeDefinition] | None = strawberry.field(
        description="Everything it defines, drafts too. Operators see it; null for others."
    )


def change_of(change: changes.Change) -> DefinitionChange:
    """The GraphQL object of a change."""
    return DefinitionChange(
        section=change.section,
        key=change.key,
        kind=change.kind,
        version=change.version,
        fields=list(change.fields),
    )


def definition_of(kind: DefinitionKind, definition: Definition) -> ProgrammeDefinition:
    """The GraphQL object of a definition."""
    return ProgrammeDefinition(
        kind=kind,
        key=definition.key,
        status=definition.status,
        version=definition.version,
        body=JSON(definition.model_dump(mode="json", exclude_defaults=True)),
    )
