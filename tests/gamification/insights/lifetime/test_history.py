"""From purchases to what the models need."""

import random
from datetime import date, timedelta

import pytest

from gamification.insights.lifetime.history import History, book_of, history_of

END = date(1997, 9, 30)


def test_the_first_customer_of_the_published_sample() -> None:
    """x = 2, t_x = 30.43 and T = 38.86 weeks in the paper's example."""
    bought = [
        (date(1997, 1, 1), 2933),
        (date(1997, 1, 18), 2973),
        (date(1997, 8, 2), 1496),
        (date(1997, 12, 12), 2648),
    ]
    found = history_of(bought, END)
    assert found == History(repeats=2, recency_days=213, age_days=272, spent=2973 + 1496)
    book = book_of([found])
    assert (round(float(book.recency_weeks[0]), 2), round(float(book.age_weeks[0]), 2)) == (30.43, 38.86)


def test_a_day_is_one_transaction_however_often_something_was_bought() -> None:
    day = date(1997, 2, 1)
    bought = [(day, 100), (day, 200), (day + timedelta(7), 300), (day + timedelta(7), 50)]
    assert history_of(bought, END) == History(1, 7, (END - day).days, 350)


def test_the_order_of_purchases_says_nothing() -> None:
    bought = [(END - timedelta(days), days) for days in range(0, 200, 9)]
    shuffled = random.Random(3).sample(bought, len(bought))
    assert history_of(shuffled, END) == history_of(bought, END)


def test_the_last_day_counts_and_what_is_later_does_not() -> None:
    bought = [(END - timedelta(10), 1), (END, 20), (END + timedelta(1), 300)]
    assert history_of(bought, END) == History(1, 10, 10, 20)
    assert history_of([(END + timedelta(1), 1)], END) is None
    assert history_of([], END) is None


def test_equal_customers_are_one_row() -> None:
    book = book_of([History(2, 10, 30, 5), History(0, 0, 30), History(2, 10, 30, 9)])
    assert book.repeats.tolist() == [0, 2]
    assert book.customers.tolist() == [1, 2]


@pytest.mark.parametrize(
    "impossible", [History(-1, 0, 5), History(1, 6, 5), History(3, 2, 5), History(0, 1, 5), History(1, -1, 5)]
)
def test_refuses_a_history_that_contradicts_itself(impossible: History) -> None:
    with pytest.raises(ValueError, match="no customer has"):
        book_of([impossible])
