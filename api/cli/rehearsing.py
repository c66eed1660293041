"""`starguild rehearse`."""

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any

import typer

from api.bootstrap import Backend
from api.cli.backends import with_backend
from api.cli.options import JsonOption, ProgrammeOption
from api.cli.report import BadInput, Exit, Report, reporting, table
from api.programme_files import read_programme
from gamification.kit.actors import Actor, Role
from gamification.kit.periods import zone
from gamification.members.model import Member
from gamification.rehearsal.model import RehearsalOrder
from gamification.rehearsal.result import Result, result_document
from gamification.rehearsal.service import Draft, span_of

_DAYS_SHOWN = 31


def rehearse(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A programme file: the draft, whole.")],
    programme: ProgrammeOption,
    since: Annotated[str, typer.Option("--from", metavar="DAY", help="The first day, such as 2026-01-01.")],
    until: Annotated[
        str, typer.Option("--to", metavar="DAY", help="The day before which it ends, at most 400 days later.")
    ],
    order: Annotated[
        RehearsalOrder,
        typer.Option(
            help="Play activity as it happened, or in the order and at the time in which it was recorded."
        ),
    ] = RehearsalOrder.HAPPENED,
    as_json: JsonOption = False,
) -> None:
    """Play recorded activity by a programme file that is not applied: what it would give, to whom, at what cost, beside what
    happened. Days are the programme's. Nothing is written."""
    with reporting(as_json=as_json) as report:
        days = (_day(since, "--from"), _day(until, "--to"))
        document = read_programme(file)
        result, names = with_backend(report, lambda b: _rehearse(b, report, document, programme, days, order))
        _show(report, result, names)
        report.result(_plain(result, names) | {"programme": programme})
        if result.failed:
            report.code = Exit.DIFFERENCES


def _day(text: str, name: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{name} is a day such as 2026-01-01, not {text!r}") from None


async def _rehearse(
    backend: Backend,
    report: Report,
    document: dict[str, Any],
    programme: str,
    days: tuple[date, date],
    order: RehearsalOrder,
) -> tuple[Result, dict[bytes, str]]:
    services = backend.services
    catalogue = await services.programmes.catalogue(programme)
    here = zone(catalogue.settings.time_zone)
    span = span_of(*(datetime.combine(day, time(), here).astimezone(UTC) for day in days))
    actor = Actor(programme, "command line", Role.OPERATOR)
    with report.progress() as bar:
        task = bar.add_task("Activity", total=None)

        async def on_progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        _, result = await services.rehearsals.rehearse(actor, Draft(document), span, order, on_progress)
    shown = {place.member_id for board in result.boards for place in board.winners}
    shown |= {one.member_id for one in (*result.gainers, *result.losers)}
    members: dict[bytes, Member] = await services.stores.members.by_ids(programme, sorted(shown))
    return result, {found: member.external_id for found, member in members.items()}


def _plain(value: Any, names: dict[bytes, str]) -> Any:
    """As JSON holds it: members by their external ids, other ids in hexadecimal."""
    if isinstance(value, Result):
        value = result_document(value)
    if isinstance(value, dict):
        return {name: _plain(part, names) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part, names) for part in value]
    return names.get(value, value.hex()) if isinstance(value, bytes) else value


def _show(report: Report, result: Result, names: dict[bytes, str]) -> None:
    what = f"{result.activities} activities of {result.members} members"
    report.show(
        f"Rehearsed {what}, after {result.before} before; {result.changed} members would have other points."
    )
    columns = ("Unit", "#Given", "#Taken", "#Was given", "#Was taken", "#Difference")
    report.show(table("Points", columns, [(*_unit(one), _difference(one)) for one in result.units]))
    if result.rewards:
        rows = [(r.reward, r.given, r.was_given, r.failed, r.cost, r.was_cost) for r in result.rewards]
        report.show(
            table("Rewards", ("Reward", "#Given", "#Was", "#Out of stock", "#Cost", "#Cost was"), rows)
        )
        report.show(f"Cost {result.cost}, was {result.was_cost}; {result.uncosted} rewards state no cost.")
    counts = [("badge", *_count(one)) for one in result.badges] + [
        ("task", *_count(one)) for one in result.tasks
    ]
    counts += [
        (one.ladder, f"{one.before or '-'} to {one.after or '-'}", one.count, one.was) for one in result.tiers
    ]
    if counts:
        report.show(table("Badges, tasks, tiers", ("What", "Which", "#Count", "#Was"), counts))
    newest = result.days[-_DAYS_SHOWN:]
    days = [(day.day, *_unit(one), _difference(one)) for day in newest for one in day.units]
    report.show(table(f"The last {len(newest)} days", ("Day", *columns), days))
    for board in result.boards[-3:]:
        winners = [(one.rank, names.get(one.member_id), one.score, one.was) for one in board.winners]
        report.show(table(f"{board.board} {board.period}", ("#Rank", "Member", "#Score", "#Was"), winners))
    for title, found in (("Gain most", result.gainers), ("Lose most", result.losers)):
        if found:
            members = [(names.get(one.member_id), one.unit, one.points, one.was) for one in found]
            report.show(table(title, ("Member", "Unit", "#Points", "#Was"), members))
    idle = [one.rule for one in result.rules if not one.activities]
    report.show(f"Rules that never fired: {', '.join(idle) or 'none'}.")
    for failure in result.failures:
        report.show(f"{failure.source} {failure.source_id}: {failure.message}")
    report.show(f"{result.failed} activities could not be taken.")


def _unit(one: Any) -> tuple[object, ...]:
    return one.unit, one.given, one.taken, one.was_given, one.was_taken


def _difference(one: Any) -> int:
    return int(one.given + one.taken - one.was_given - one.was_taken)


def _count(one: Any) -> tuple[object, ...]:
    return one.key, one.count, one.was
