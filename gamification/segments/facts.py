"""Whether members meet the conditions of segments: pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import cel

from gamification.kit.periods import zone
from gamification.kit.records import record
from gamification.members.facts import member_facts
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue, published
from gamification.programmes.definitions import Lifecycle, Segment
from gamification.programmes.expressions import FUNCTIONS, ExpressionFailed
from gamification.programmes.segment_expressions import compile_segment
from gamification.rollups.history import History
from gamification.rollups.model import MemberMonth
from gamification.segments.lifecycle import Stage, stage_of
from gamification.segments.model import Cuts
from gamification.segments.scoring import measures, scores

NEVER = 100_000
"""Days since what never was."""


@record(frozen=True, slots=True)
class Known:
    """What is stored of a member: their days, the tiers they hold by ladder, and what else is known by name."""

    member: Member
    months: Sequence[MemberMonth]
    tiers: Mapping[str, str | None]
    more: Mapping[str, Any]


@record(frozen=True, slots=True)
class SegmentFacts:
    """A member as conditions see them on a day."""

    history: History
    stage: Stage
    rfm: Mapping[str, int]
    since_purchase: int | None
    since_activity: int | None
    variables: Mapping[str, Any]


class Terms:
    """What goes for all members of a programme on a day: how they are scored, and by what their stage goes."""

    def __init__(self, catalogue: Catalogue, today: date, cuts: Cuts | None) -> None:
        self.today = today
        self.cuts = cuts
        self.window = catalogue.settings.segments.rfm
        self.lifecycle: Lifecycle = catalogue.settings.segments.lifecycle
        self.zone = zone(catalogue.settings.time_zone)
        types = [one for one in catalogue.document.activity_types if published(one)]
        self.by_purchase = any(one.spend is not None for one in types)


def facts_of(terms: Terms, known: Known) -> SegmentFacts:
    """What is so of a member."""
    history = History(known.months, terms.today)
    stage = stage_of(history, terms.lifecycle, by_purchase=terms.by_purchase)
    rfm = scores(terms.cuts, measures(history, terms.window))
    bought, did = history.since_purchase(), history.since_activity()
    joined = known.member.joined_at.astimezone(terms.zone).date()
    variables = {
        **known.more,
        "member": member_facts(known.member),
        "tiers": {ladder: tier or "" for ladder, tier in known.tiers.items()},
        "rfm": dict(rfm),
        "lifecycle": stage.value,
        "lifetime": {
            "spend": sum(day.spend for day in history.days),
            "purchases": sum(day.purchases for day in history.days),
            "activities": sum(day.activities for day in history.days),
            "days": len(history.days),
        },
        "since_purchase": NEVER if bought is None else bought,
        "since_activity": NEVER if did is None else did,
        "since_join": max(0, (terms.today - joined).days),
    }
    return SegmentFacts(history, stage, rfm, bought, did, variables)


class Judge:
    """Evaluates conditions on one member after the other; it is used by one task at a time."""

    def __init__(self) -> None:
        self._history: History | None = None
        self._functions: dict[str, Callable[..., Any]] = {
            **FUNCTIONS,
            "spend": lambda days: self._of().spend(days),
            "purchases": lambda days: self._of().purchases(days),
            "activities": lambda days: self._of().activities(days),
            "active_days": lambda days: self._of().active_days(days),
            "count": lambda type_key, days: self._of().count(type_key, days),
        }
        self._contexts: dict[frozenset[str], cel.Context] = {}
        self._context = cel.Context(variables={}, functions=self._functions)

    def _of(self) -> History:
        assert self._history is not None  # noqa: S101 - set before anything is evaluated
        return self._history

    def look_at(self, facts: SegmentFacts) -> None:
        """What is asked next is of this member."""
        self._history = facts.history
        # One for each set of names: what is known of one member and not of the next must not be taken for the next's.
        names = frozenset(facts.variables)
        if names not in self._contexts:
            self._contexts[names] = cel.Context(variables={}, functions=self._functions)
        self._context = self._contexts[names]
        for name, value in facts.variables.items():
            self._context.add_variable(name, value)

    def meets(self, when: str) -> bool:
        """Whether the member meets the condition. Raises: ExpressionFailed where that can't be told, as where something is
        not known of them."""
        return compile_segment(when).holds(self._context, "when")

    def segments(self, segments: Sequence[Segment]) -> list[str]:
        """The keys of those that the member is in; in those of which it can't be told they are not."""
        found = []
        for segment in segments:
            try:
                if segment.when is not None and self.meets(segment.when):
                    found.append(segment.key)
            except ExpressionFailed:
                continue
        return found
