"""Which prizes of an instant draw are gone, and counting those that are won: pure."""

from gamification.kit.records import evolve
from gamification.lottery.model import Issued
from gamification.programmes.definitions import Draw, DrawPrize


def is_counted(draw: Draw, prize: DrawPrize) -> bool:
    """Whether there is a bound on how often it can be won."""
    bounds = (prize.stock, prize.daily, draw.budget, draw.daily_budget)
    return any(bound is not None for bound in bounds)


def gone_of(draw: Draw, whole: Issued, day: Issued) -> tuple[str, ...]:
    """The prizes that can't be won now, in file order: none left, none left today, or dearer than what is left of a
    budget."""
    return tuple(prize.key for prize in draw.prizes if _is_gone(draw, prize, whole, day))


def _is_gone(draw: Draw, prize: DrawPrize, whole: Issued, day: Issued) -> bool:
    bounds = (
        (prize.stock, whole.prizes.get(prize.key, 0) + 1),
        (prize.daily, day.prizes.get(prize.key, 0) + 1),
        (draw.budget, whole.cost + prize.cost),
        (draw.daily_budget, day.cost + prize.cost),
    )
    return any(bound is not None and wanted > bound for bound, wanted in bounds)


def issue(issued: Issued, prize: DrawPrize) -> Issued:
    """The counts with one more of that prize."""
    count = issued.prizes.get(prize.key, 0) + 1
    return evolve(issued, prizes={**issued.prizes, prize.key: count}, cost=issued.cost + prize.cost)
