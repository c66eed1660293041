"""The table of a run, and whether it passed."""

from collections import defaultdict
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from conformance.checks import Level, Outcome, Status


def show(console: Console, outcomes: Sequence[Outcome]) -> None:
    """Every check that did not pass, then the counts of each suite."""
    for outcome in outcomes:
        if outcome.status is not Status.PASSED:
            style = "red" if outcome.status is Status.FAILED else "yellow"
            console.print(
                f"{outcome.status.upper()}  {outcome.level}  {outcome.suite}: {outcome.name}\n      {outcome.detail}",
                style=style,
                markup=False,
                highlight=False,
            )
    console.print(_table(outcomes))


def _table(outcomes: Sequence[Outcome]) -> Table:
    table = Table(title="Conformance")
    table.add_column("suite")
    for level in Level:
        table.add_column(f"{level} passed", justify="right")
    for column in ("failed", "skipped", "seconds"):
        table.add_column(column, justify="right")
    suites: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        suites[outcome.suite].append(outcome)
    for name, found in [*suites.items(), ("all", list(outcomes))]:
        table.add_row(
            name,
            *(_passed(found, level) for level in Level),
            str(sum(outcome.status is Status.FAILED for outcome in found)),
            str(sum(outcome.status is Status.SKIPPED for outcome in found)),
            f"{sum(outcome.seconds for outcome in found):.0f}",
            style="bold" if name == "all" else None,
        )
    return table


def _passed(outcomes: Sequence[Outcome], level: Level) -> str:
    of_level = [outcome for outcome in outcomes if outcome.level is level]
    if not of_level:
        return ""
    return f"{sum(outcome.status is Status.PASSED for outcome in of_level)}/{len(of_level)}"


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """1 where a MUST failed, or nothing was checked at all."""
    failed = any(outcome.level is Level.MUST and outcome.status is Status.FAILED for outcome in outcomes)
    return int(failed or not outcomes)
