"""What the models need of a customer: how often, how lately, how long known. Pure.

Source: Fader, Hardie and Lee (2005), "Counting Your Customers" the Easy Way: An Alternative to the Pareto/NBD Model,
Marketing Science 24(2), 275–284. As there, a transaction is a day on which something was bought, the first one is where the
customer begins and is not counted, and the age runs to the last day of the calibration period.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING

from gamification.kit.records import record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DAYS_A_WEEK = 7


@record(frozen=True, slots=True)
class History:
    """A customer from the first purchase to a last day.

    `repeats`: later days with a purchase. `recency_days`: from the first to the last of all. `age_days`: from the first to the
    end. `spent`: what the repeats came to, in the currency's smallest unit.
    """

    repeats: int
    recency_days: int
    age_days: int
    spent: int = 0


@record(frozen=True, slots=True)
class Book:
    """Customers, those who are equal for the model told once. Columns of one length.

    `repeats` (x), `recency_weeks` (t_x) and `age_weeks` (T) are distinct triples in ascending order; `customers` says how many
    have each.
    """

    repeats: "NDArray[np.float64]"
    recency_weeks: "NDArray[np.float64]"
    age_weeks: "NDArray[np.float64]"
    customers: "NDArray[np.float64]"


def history_of(purchases: Iterable[tuple[date, int]], until: date) -> History | None:
    """A customer's purchases as (day in the programme's zone, amount in the smallest unit), in any order, up to and with
    `until`; None for who had bought nothing by then."""
    spent: dict[date, int] = {}
    for day, amount in purchases:
        if day <= until:
            spent[day] = spent.get(day, 0) + amount
    if not spent:
        return None
    first = min(spent)
    return History(
        repeats=len(spent) - 1,
        recency_days=(max(spent) - first).days,
        age_days=(until - first).days,
        spent=sum(spent.values()) - spent[first],
    )


def book_of(histories: Sequence[History]) -> Book:
    """The book of these customers. Raises: ValueError where a history contradicts itself."""
    import numpy as np

    counts = Counter((one.repeats, one.recency_days, one.age_days) for one in histories)
    rows = sorted(counts)
    for repeats, recency, age in rows:
        if repeats < 0 or not 0 <= recency <= age or recency < repeats or (not repeats and recency):
            raise ValueError(f"no customer has {repeats} repeats after {recency} of {age} days")
    columns = np.array(rows, dtype=np.float64).reshape(-1, 3).T
    return Book(
        repeats=columns[0],
        recency_weeks=columns[1] / DAYS_A_WEEK,
        age_weeks=columns[2] / DAYS_A_WEEK,
        customers=np.array([counts[row] for row in rows], dtype=np.float64),
    )
