"""What is added up, and of whom. A cell is a period or a cohort; its counts have short names, since a document holds many.

`n` activities, `a` members who were active, `d` days on which each of them was, `j` joined, `p` purchases, `s` spend, `b` buyers,
`f` of them for the first time, `r` of them more than once, `k` active in the period before too, `kb` buyers in both; `t.<type>`
activities of a type. Of days: `w` and `m` members active in the 7 and 30 days that end with it. `st.<stage>` by how much a
stage of the lifecycle grew; `u.<unit>.<kind>.i`, `.o` and `.p` what came to accounts, went off them (below 0), and what changed
of what is pending. Of months: `g.<days>` purchase days by the days since the one before, `l.<ladder>.<tier>.h` by how much its
members grew, and `.a` how many of them were active. Of cohorts: `z` members, `c.<periods later>.a` and `.b` active and buying.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from gamification.insights.totals.periods import By, key_of
from gamification.kit.records import record
from gamification.programmes.catalogue import Catalogue, published
from gamification.programmes.definitions import Lifecycle
from gamification.tiers.qualification import lowest

COUNTED_BY = 1
"""Goes up when members are counted in another way: everything is then added up anew."""
NOBODY = "/"
"""The tier of those who hold none."""
Counts = dict[str, int]
Cells = dict[str, Counts]
"""Counts by cell."""


@record(frozen=True, slots=True)
class Terms:
    """By what members are counted. `ladders`: the tier of those who have nothing, by ladder."""

    time_zone: str
    lifecycle: Lifecycle
    by_purchase: bool
    ladders: Mapping[str, str]
    name: str
    """Tells these terms from others."""


def terms_of(catalogue: Catalogue) -> Terms:
    """The terms of a programme."""
    settings, document = catalogue.settings, catalogue.document
    types = [one for one in document.activity_types if published(one)]
    by_purchase = any(one.spend is not None for one in types)
    ladders = {}
    for ladder in document.ladders:
        if published(ladder):
            place = lowest(ladder)
            ladders[ladder.key] = ladder.tiers[place].key if place >= 0 else NOBODY
    spends = sorted((one.key, one.spend) for one in document.activity_types if one.spend)
    terms = (
        COUNTED_BY,
        settings.time_zone,
        settings.money.digits,
        spends,
        settings.segments.lifecycle.model_dump(),
        by_purchase,
        sorted(ladders.items()),
    )
    return Terms(settings.time_zone, settings.segments.lifecycle, by_purchase, ladders, repr(terms))


@record(frozen=True, slots=True)
class Subject:
    """What is counted of a member beside their days; days are ordinals. `joined`: None where the account was merged into another.
    `gone`: when they were erased. `tiers`: by ladder (day, tier from then on), in order."""

    joined: int | None
    gone: int | None = None
    tiers: Mapping[str, tuple[tuple[int, str], ...]] | None = None

    @property
    def changes(self) -> Mapping[str, tuple[tuple[int, str], ...]]:
        """Changes of tier by ladder."""
        return self.tiers or {}


@record(frozen=True, slots=True)
class Buys:
    """A member's purchase days: the first and the last, how many came after the first, and what those came to."""

    first: int
    last: int
    repeats: int
    spent: int


@record(frozen=True, slots=True)
class Card:
    """What of a member is counted in a generation of totals. `entries`: transfers of each account, by its id in hexadecimal."""

    member_id: bytes
    generation: int
    subject: Subject
    entries: Mapping[str, int]
    buys: Buys | None


@record(frozen=True, slots=True)
class Run:
    """A programme's totals: the generation that is read, by which terms and since when it is whole; and the one that is being
    made, as far as the member `place`. `stale`: something was not counted, since other terms go by now."""

    programme_id: str
    generation: int = 0
    terms: str | None = None
    made_at: datetime | None = None
    building: int | None = None
    building_terms: str | None = None
    place: bytes | None = None
    stale: bool = False

    def target(self, card: Card | None) -> int:
        """The generation in which a member is counted now."""
        if card is not None and card.generation in (self.generation, self.building) and card.generation:
            return card.generation
        return self.building or self.generation

    def terms_in(self, generation: int) -> str | None:
        """By which terms a generation counts."""
        return self.building_terms if generation == self.building else self.terms


def encoded(key: str) -> str:
    """A definition's key as a field's name: no definition's key has a slash."""
    return key.replace(".", "/")


def decoded(name: str) -> str:
    """The key again."""
    return name if name == NOBODY else name.replace("/", ".")


def cell_of(by: By, index: int) -> str:
    """A period's cell."""
    return f"{by.value}/{key_of(by, index)}"


def cohort_of(kind: str, by: By, index: int) -> str:
    """A cohort's cell; `kind` is J for those who joined in the period, P for those who first bought in it."""
    return f"{kind}{by.value}/{key_of(by, index)}"


def add_to(cells: Cells, more: Cells, sign: int = 1) -> None:
    """Add the second to the first, or take it away."""
    for cell, counts in more.items():
        into = cells.setdefault(cell, {})
        for name, count in counts.items():
            into[name] = into.get(name, 0) + sign * count


def settled(cells: Cells) -> Cells:
    """Without what is 0."""
    left = {cell: {n: c for n, c in counts.items() if c} for cell, counts in cells.items()}
    return {cell: counts for cell, counts in left.items() if counts}


def total(parts: Iterable[Mapping[str, int]], name: str) -> int:
    """The sum of one count."""
    return sum(one.get(name, 0) for one in parts)
