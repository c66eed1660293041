"""Points multiplied by what a member's tiers say. Pure."""

from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from gamification.kit.errors import InvalidInput
from gamification.kit.numbers import exact_long
from gamification.programmes.definitions import Ladder, TierRounding

_ROUNDED = {TierRounding.DOWN: ROUND_FLOOR, TierRounding.UP: ROUND_CEILING}


def factor_of(held: Iterable[tuple[Ladder, str | None]], unit: str) -> tuple[Decimal, TierRounding]:
    """The product of what the tiers held on several ladders multiply the unit by, and how the first ladder that
    multiplies it rounds."""
    factor, rounding = Decimal(1), None
    for ladder, tier in held:
        index = ladder.index(tier)
        stated = ladder.tiers[index].multipliers.get(unit) if index >= 0 else None
        if stated is not None:
            factor *= stated
            rounding = rounding or ladder.rounding
    return factor, rounding or TierRounding.HALF_UP


def multiplied(amount: int, factor: Decimal, rounding: TierRounding) -> int:
    """A positive amount times the factor, rounded once at the end; others as they are.

    Raises: InvalidInput (NOT_EXACT) beyond what can be held.
    """
    if amount <= 0 or factor == 1:
        return amount
    product = amount * factor
    if rounding is TierRounding.HALF_UP:
        rounded = (product + Decimal("0.5")).to_integral_value(ROUND_FLOOR)
    else:
        rounded = product.to_integral_value(_ROUNDED[rounding])
    try:
        return exact_long(int(rounded), "amount")
    except InvalidInput as error:
        raise InvalidInput(
            error.message, code=error.code, path=["points", "amount"], limit=error.limit
        ) from error
