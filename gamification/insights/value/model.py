"""The models of a programme, how good they are, and what they say of a member."""

from datetime import date, datetime

from gamification.insights.lifetime.bgnbd import BgNbd, alive_probability, expected_if_alive
from gamification.insights.lifetime.fitting import Refused
from gamification.insights.lifetime.forecast import Terms, forecast
from gamification.insights.lifetime.gammagamma import GammaGamma, expected_amount
from gamification.insights.lifetime.history import DAYS_A_WEEK, Book, History
from gamification.insights.totals.model import Buys
from gamification.kit.records import record

HORIZON_DAYS_MAX = 3650
YEAR = Terms()
"""Fifty-two weeks, a later year's money worth a tenth less, all of an amount counted."""


@record(frozen=True, slots=True)
class FitQuality:
    """The same models fitted on the time until `weeks` ago, held against what came then: transactions of the `customers` looked at,
    as foretold and as they were, and by how many a customer's was off on average."""

    weeks: int
    customers: int
    expected: float
    actual: int
    mean_absolute: float


@record(frozen=True, slots=True)
class CustomerBase:
    """All customers, as of when the models were fitted: how many of them are alive, what they will buy in the next 52 weeks, and
    what that is worth by `YEAR`, in the currency's smallest part; None without a model of amounts."""

    customers: int
    alive: float
    transactions: float
    value: float | None


@record(frozen=True, slots=True)
class Fit:
    """The models of a programme as of a day. `refused`: why there is none of purchases; `amounts_refused`: or none of amounts."""

    programme_id: str
    day: date
    fitted_at: datetime
    purchases: BgNbd | None
    amounts: GammaGamma | None
    refused: Refused | None
    amounts_refused: Refused | None
    base: CustomerBase | None
    quality: FitQuality | None


@record(frozen=True, slots=True)
class CustomerValue:
    """What the models say of a customer today."""

    fit: Fit
    history: History

    @property
    def alive(self) -> float:
        """The probability that they have not left for good; 1 for who bought once."""
        model = self._model
        return float(alive_probability(model, _book(self.history))[0])

    def transactions(self, days: int) -> float:
        """On how many days they will buy, within so many days from now; 0.0 or more."""
        book = _book(self.history)
        expected = expected_if_alive(self._model, book.repeats, book.age_weeks, days / DAYS_A_WEEK)
        return self.alive * float(expected[0])

    def spend(self, days: int) -> float | None:
        """What they will pay then, in the currency's smallest part; None without a model of amounts."""
        return self.transactions(days) * self._amount if self.fit.amounts is not None else None

    @property
    def value(self) -> float | None:
        """What the next 52 weeks are worth today, by `YEAR`; None without a model of amounts."""
        return forecast(self._model, self.fit.amounts, [self.history], YEAR)[0].value

    @property
    def _model(self) -> BgNbd:
        assert self.fit.purchases is not None  # noqa: S101 - else nothing is said of anybody
        return self.fit.purchases

    @property
    def _amount(self) -> float:
        import numpy as np

        assert self.fit.amounts is not None  # noqa: S101 - the caller has asked
        spent = max(self.history.spent, 0)
        repeats = float(self.history.repeats if spent else 0)
        return float(expected_amount(self.fit.amounts, np.array([repeats]), np.array([float(spent)]))[0])


def history_on(buys: Buys, day: int) -> History:
    """A customer as the models see them on a day, as an ordinal."""
    return History(
        repeats=buys.repeats,
        recency_days=buys.last - buys.first,
        age_days=max(day, buys.last) - buys.first,
        spent=buys.spent,
    )


def _book(history: History) -> Book:
    import numpy as np

    return Book(
        np.array([float(history.repeats)]),
        np.array([history.recency_days / DAYS_A_WEEK]),
        np.array([history.age_days / DAYS_A_WEEK]),
        np.ones(1),
    )
