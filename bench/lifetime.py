"""What the forecasts of docs/customer-value.md are worth on the CDNOW customers: prints the page's tables, and times fitting.

`python -m bench.lifetime [FOLDER]`, where FOLDER holds CDNOW_sample.txt and CDNOW_master.txt. The page's tables are between
comments that name them; `--write` puts them there, and a test compares them.
"""

import sys
import time
from datetime import date, datetime
from pathlib import Path

from gamification.insights.lifetime import gammagamma
from gamification.insights.lifetime.backtest import Backtest, backtest
from gamification.insights.lifetime.bgnbd import BgNbd
from gamification.insights.lifetime.bgnbd import fit as fit_transactions
from gamification.insights.lifetime.forecast import Terms, forecast
from gamification.insights.lifetime.gammagamma import GammaGamma
from gamification.insights.lifetime.history import History, book_of, history_of

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "../shared/data/cdnow"
PAGE = ROOT / "docs/customer-value.md"
CALIBRATED_UNTIL = date(1997, 9, 30)
WEEKS = 39
_EVERY = 6
"""Weeks between two rows of the table by week."""


def purchases_in(file: Path) -> dict[str, list[tuple[date, int]]]:
    """Customer to (day, cents): the first column, and the last three but the quantity, of either file."""
    found: dict[str, list[tuple[date, int]]] = {}
    for line in file.read_text().splitlines():
        columns = line.split()
        if columns and columns[0].isdigit():
            day = datetime.strptime(f"{columns[-3]}+0000", "%Y%m%d%z").date()
            found.setdefault(columns[0], []).append((day, round(float(columns[-1]) * 100)))
    return found


def histories_in(customers: dict[str, list[tuple[date, int]]]) -> list[History]:
    """All customers who had bought by the end of calibration."""
    found = (history_of(bought, CALIBRATED_UNTIL) for bought in customers.values())
    return [one for one in found if one is not None]


def tables(sample: Path) -> dict[str, str]:
    """The page's tables by name, of the one-tenth sample."""
    customers = purchases_in(sample)
    histories = histories_in(customers)
    result = backtest(customers, CALIBRATED_UNTIL, WEEKS)
    amounts = gammagamma.fit(histories)
    assert isinstance(result, Backtest)
    assert isinstance(amounts, GammaGamma)
    return {
        "parameters": _parameters(result.model, amounts),
        "by-repeats": _by_repeats(result),
        "by-week": _by_week(result),
        "quality": _quality(result),
        "customers": _customers(result.model, amounts, histories),
    }


def put(page: str, found: dict[str, str]) -> str:
    """The page with these tables between `<!-- NAME -->` and `<!-- /NAME -->`."""
    for name, table in found.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, _, rest = page.partition(begin)
        page = f"{before}{begin}\n{table}\n\n{end}{rest.partition(end)[2]}"
    return page


def _parameters(model: BgNbd, amounts: GammaGamma) -> str:
    return _table(
        ["", "Fitted here", "Published"],
        [
            ["r", f"{model.r:.3f}", "0.243"],
            ["alpha, weeks", f"{model.alpha:.3f}", "4.414"],
            ["a", f"{model.a:.3f}", "0.793"],
            ["b", f"{model.b:.3f}", "2.426"],
            ["log-likelihood", f"{model.log_likelihood:,.1f}", "-9,582.4"],
            ["p", f"{amounts.p:.2f}", "6.25"],
            ["q", f"{amounts.q:.2f}", "3.74"],
            ["gamma, dollars", f"{amounts.gamma / 100:.2f}", "15.44"],
        ],
    )


def _by_repeats(result: Backtest) -> str:
    last = result.by_repeats[-1].repeats
    return _table(
        ["Repeats in weeks 1-39", "Customers", "Actual in weeks 40-78", "Expected", "Going on as before"],
        [
            [
                f"{row.repeats} or more" if row.repeats == last else str(row.repeats),
                f"{row.customers:,}",
                f"{row.actual:.2f}",
                f"{row.expected:.2f}",
                f"{row.unchanged:.2f}",
            ]
            for row in result.by_repeats
        ],
    )


def _by_week(result: Backtest) -> str:
    return _table(
        ["Until week", "Actual", "Expected", "Off by"],
        [
            [
                str(row.week),
                f"{row.actual:,}",
                f"{row.expected:,.0f}",
                f"{(row.expected / row.actual - 1) * 100:+.1f} %",
            ]
            for row in result.by_week
            if row.week % _EVERY == 0 or row.week == WEEKS
        ],
    )


def _quality(result: Backtest) -> str:
    named = [
        ("BG/NBD", result.expected),
        ("Each goes on at their past rate", result.unchanged),
        ("All go on at the mean past rate", result.average),
    ]
    return _table(
        ["", "All transactions", "Off by", "Mean absolute error of a customer", "Root mean square"],
        [
            [
                name,
                f"{result.actual_total + one.total:,.0f} of {result.actual_total:,}",
                f"{one.total / result.actual_total * 100:+.1f} %",
                f"{one.mean_absolute:.2f}",
                f"{one.root_mean_square:.2f}",
            ]
            for name, one in named
        ],
    )


def _customers(model: BgNbd, amounts: GammaGamma, histories: list[History]) -> str:
    """Four of them, whose pasts differ in one respect at a time."""
    chosen = [
        History(2, 213, 272, 4468),
        History(2, 60, 272, 4468),
        History(8, 213, 272, 4 * 4468),
        History(0, 0, 272),
    ]
    found = forecast(model, amounts, chosen, Terms())
    return _table(
        ["Repeats", "Last one, weeks after the first", "Known for, weeks", "Alive", "Transactions", "Value"],
        [
            [
                str(past.repeats),
                f"{past.recency_days / 7:.1f}" if past.repeats else "none",
                f"{past.age_days / 7:.1f}",
                f"{one.alive * 100:.0f} %",
                f"{one.transactions:.2f}",
                f"${(one.value or 0) / 100:.2f}",
            ]
            for past, one in zip(chosen, found, strict=True)
        ],
    )


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _timed(folder: Path) -> None:
    histories = histories_in(purchases_in(folder / "CDNOW_master.txt"))
    fit_transactions(book_of(histories[:5_000]))  # imports what it needs
    began = time.perf_counter()
    model = fit_transactions(book_of(histories))
    amounts = gammagamma.fit(histories)
    fitted = time.perf_counter()
    assert isinstance(model, BgNbd)
    assert isinstance(amounts, GammaGamma)
    forecast(model, amounts, histories, Terms())
    print(
        f"{len(histories):,} customers: both fits {fitted - began:.2f} s, "
        f"forecasts {time.perf_counter() - fitted:.2f} s"
    )


def main(arguments: list[str]) -> None:
    folders = [Path(one) for one in arguments if one != "--write"]
    folder = folders[0] if folders else FOLDER
    found = tables(folder / "CDNOW_sample.txt")
    if "--write" in arguments:
        PAGE.write_text(put(PAGE.read_text(), found))
    else:
        print("\n\n".join(f"{name}\n{table}" for name, table in found.items()))
    _timed(folder)


if __name__ == "__main__":
    main(sys.argv[1:])
