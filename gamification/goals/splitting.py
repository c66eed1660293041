"""Dividing a sum among participants, exact to the point: pure.

Source: the largest remainder method (Hamilton). Each gets the whole points of their part; the points that are left go one
each to the largest remainders. Equal remainders: the greater contribution first, then who contributed first, then the
smaller id.
"""

from collections.abc import Sequence
from heapq import nsmallest

from gamification.kit.records import record
from gamification.programmes.definitions import SplitBy


@record(frozen=True, slots=True)
class Part:
    """A participant: what they contributed, above 0, and the place of their first activity in the programme's order."""

    id: bytes
    weight: int
    first: int


def divide(amount: int, parts: Sequence[Part], by: SplitBy) -> dict[bytes, int]:
    """Each participant's share by id; together exactly the amount, but nothing where there is nobody."""
    if not parts:
        return {}
    whole = len(parts) if by is SplitBy.EVENLY else sum(part.weight for part in parts)
    shares: dict[bytes, int] = {}
    order: list[tuple[int, int, int, bytes]] = []
    for part in parts:
        share, remainder = divmod(amount * (1 if by is SplitBy.EVENLY else part.weight), whole)
        shares[part.id] = share
        order.append((-remainder, -part.weight, part.first, part.id))
    for *_, found in nsmallest(amount - sum(shares.values()), order):
        shares[found] += 1
    return shares
