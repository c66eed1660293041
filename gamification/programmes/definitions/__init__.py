"""The definitions of a programme, exactly as its file and the operators' mutations state them: a module a noun.

Source: `docs/programme-file.md` describes the format for operators. Unknown fields are refused, so a typing
slip never passes for a default.
"""

from gamification.programmes.definitions.activity import ActivityType, Counter, CounterScope
from gamification.programmes.definitions.badges import Badge, Level, Repeat
from gamification.programmes.definitions.base import (
    Amount,
    Definition,
    Expression,
    FixedAmount,
    Key,
    Model,
    Name,
    Status,
    TimeZone,
    localised,
)
from gamification.programmes.definitions.leaderboards import (
    BoardCycle,
    Leaderboard,
    Operator,
    Order,
    Season,
    Ties,
)
from gamification.programmes.definitions.rewards import Reward, RewardBadge, RewardPoints, RewardScore
from gamification.programmes.definitions.rules import (
    AdvanceEffect,
    AwardEffect,
    Effect,
    PointsEffect,
    Rule,
    ScoreEffect,
)
from gamification.programmes.definitions.settings import Settings
from gamification.programmes.definitions.tasks import Claim, Measure, Task, TaskCycle, TaskZone
from gamification.programmes.definitions.units import Unit

__all__ = [
    "ActivityType",
    "AdvanceEffect",
    "Amount",
    "AwardEffect",
    "Badge",
    "BoardCycle",
    "Claim",
    "Counter",
    "CounterScope",
    "Definition",
    "Effect",
    "Expression",
    "FixedAmount",
    "Key",
    "Leaderboard",
    "Level",
    "Measure",
    "Model",
    "Name",
    "Operator",
    "Order",
    "PointsEffect",
    "Repeat",
    "Reward",
    "RewardBadge",
    "RewardPoints",
    "RewardScore",
    "Rule",
    "ScoreEffect",
    "Season",
    "Settings",
    "Status",
    "Task",
    "TaskCycle",
    "TaskZone",
    "Ties",
    "TimeZone",
    "Unit",
    "localised",
]
