"""One version of a programme, ready to be looked things up in."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from gamification.programmes.definitions import (
    ActivityType,
    Badge,
    Counter,
    Definition,
    Leaderboard,
    Rule,
    Settings,
    Status,
    Task,
    Unit,
)
from gamification.programmes.document import Document
from gamification.programmes.properties import Properties

D = TypeVar("D", bound=Definition)


@dataclass(frozen=True, eq=False)
class Catalogue:
    """The definitions of `programme_id` as of `version`; every lookup is by key, in file order.

    It holds drafts and archived definitions too: what was granted by one must stay readable. What takes
    effect goes through `published`.
    """

    programme_id: str
    version: int
    document: Document
    _properties: dict[str, Properties] = field(default_factory=dict, repr=False)

    @property
    def settings(self) -> Settings:
        return self.document.programme

    @cached_property
    def units(self) -> dict[str, Unit]:
        return _by_key(self.document.units)

    @cached_property
    def activity_types(self) -> dict[str, ActivityType]:
        return _by_key(self.document.activity_types)

    @cached_property
    def counters(self) -> dict[str, Counter]:
        return _by_key(self.document.counters)

    @cached_property
    def rules(self) -> dict[str, Rule]:
        return _by_key(self.document.rules)

    @cached_property
    def tasks(self) -> dict[str, Task]:
        return _by_key(self.document.tasks)

    @cached_property
    def badges(self) -> dict[str, Badge]:
        return _by_key(self.document.badges)

    @cached_property
    def leaderboards(self) -> dict[str, Leaderboard]:
        return _by_key(self.document.leaderboards)

    def properties_of(self, type_key: str) -> Properties:
        """The compiled schema of an activity type."""
        found = self._properties.get(type_key)
        if found is None:
            found = self._properties[type_key] = Properties(self.activity_types[type_key].properties)
        return found


def published(definition: Definition | None) -> bool:
    """Whether a definition is there and takes effect."""
    return definition is not None and definition.status is Status.PUBLISHED


def _by_key(definitions: tuple[D, ...]) -> dict[str, D]:
    return {definition.key: definition for definition in definitions}
