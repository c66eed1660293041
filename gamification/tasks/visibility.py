"""For whom a task is there: pure. What is not, makes no progress visible, counts nothing and gives nothing."""

from collections.abc import Mapping
from typing import Any

from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import Task
from gamification.programmes.gating import Tiers, lets_in


def is_visible(catalogue: Catalogue, task: Task, facts: Mapping[str, Any], tiers: Tiers) -> bool:
    """Whether a member with these facts and tiers sees the task: all its gates let them in, its own and those of its
    pools."""
    return all(lets_in(catalogue, gate, facts, tiers) for gate in catalogue.task_gates.get(task.key, ()))
