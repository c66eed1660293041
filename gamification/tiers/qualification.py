"""Which tier a member's figures qualify for. Pure."""

from collections.abc import Mapping
from decimal import ROUND_FLOOR, Decimal

from gamification.programmes.definitions import Ladder, Match

Figures = Mapping[str, int]
Needed = Mapping[str, int]
"""By measure, how much at least."""


def alternatives(ladder: Ladder, index: int, cutoffs: Figures | None) -> tuple[Needed, ...]:
    """What qualifies for the tier at that place: any of these, each in full; none where nothing does, as before a
    pyramid's first review. `cutoffs` are the pyramid's, by tier."""
    tier = ladder.tiers[index]
    if ladder.matrix is not None:
        return _cells(ladder, index)
    if ladder.pyramid is not None:
        if tier.share_percent is None:
            return ({},)
        found = (cutoffs or {}).get(tier.key)
        return () if found is None else ({ladder.pyramid: found},)
    if tier.match is Match.ANY and tier.requires:
        return tuple({measure: least} for measure, least in tier.requires.items())
    return (tier.requires,)


def qualified(ladder: Ladder, figures: Figures, cutoffs: Figures | None = None) -> int:
    """The place of the highest tier that these figures qualify for; −1 for none."""
    for index in reversed(range(len(ladder.tiers))):
        for needed in alternatives(ladder, index, cutoffs):
            if all(figures.get(measure, 0) >= least for measure, least in needed.items()):
                return index
    return -1


def lowest(ladder: Ladder) -> int:
    """The place of the tier of those who have nothing; −1 for none."""
    return qualified(ladder, {})


def cutoffs_of(ladder: Ladder, histogram: Mapping[int, int], population: int) -> dict[str, int]:
    """The least figure of each tier of a pyramid, from how many members have which figure.

    Shares are of the whole population, counted from the top and rounded down to whole members; who ties with the last
    within a share is within. Nobody gets there by nothing: a figure is at least 1. A tier whose share is less than one
    member, or which too few have anything for, has none but by ties with a higher one.
    """
    places = iter(sorted(((figure, n) for figure, n in histogram.items() if figure > 0), reverse=True))
    found: dict[str, int] = {}
    percent, within = Decimal(0), 0
    least: int | None = None
    for tier in reversed(ladder.tiers):
        if tier.share_percent is None:
            continue
        percent += tier.share_percent
        share = int((population * percent / 100).to_integral_value(ROUND_FLOOR))
        while within < share:
            figure, count = next(places, (0, 0))
            if not figure:
                break
            least, within = figure, within + count
        if least is not None:
            found[tier.key] = least
    return found


def _cells(ladder: Ladder, index: int) -> tuple[Needed, ...]:
    """The corners of the matrix from which on the tier, or a higher one, is given."""
    matrix = ladder.matrix
    assert matrix is not None  # noqa: S101 - the caller knows
    found: list[Needed] = []
    narrowest = len(matrix.columns.bands)
    for row, cells in enumerate(matrix.cells):
        column = next((place for place, cell in enumerate(cells) if ladder.index(cell) >= index), len(cells))
        if column < narrowest:
            narrowest = column
            needed: dict[str, int] = {}
            for axis, band in ((matrix.rows, row), (matrix.columns, column)):
                if axis.bands[band]:
                    needed[axis.measure] = max(axis.bands[band], needed.get(axis.measure, 0))
            found.append(needed)
    return tuple(found)
