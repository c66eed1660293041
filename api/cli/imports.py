"""`starguild import`."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from api.bootstrap import Backend
from api.cli.backends import with_backend
from api.cli.comparing import comparison_document, comparison_of, comparison_tables
from api.cli.options import JsonOption, ProgrammeOption
from api.cli.report import Exit, Report, reporting, table
from api.importing import Content, Imported, Source, import_content, run_import
from gamification.importers.comparison import Comparison, read_published
from gamification.importers.purchases import PurchaseFile
from gamification.importers.stackexchange import StackExchangeDump
from gamification.importers.threads import ThreadReader


def stackexchange(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a site's data dump.")],
    programme: ProgrammeOption,
    compare: Annotated[
        bool, typer.Option("--compare", help="Print the outcome beside what the site itself published.")
    ] = False,
    content: Annotated[
        bool,
        typer.Option("--content", help="Also bring what was written: questions, answers, comments, votes."),
    ] = False,
    space: Annotated[
        str, typer.Option("--space", help="Where that is to stand: a space that takes questions.")
    ] = "questions",
    as_json: JsonOption = False,
) -> None:
    """Import a Stack Exchange data dump; the programme is made from programmes/stackexchange.yaml where missing."""
    with reporting(as_json=as_json) as report:
        # Read before the import, so that a missing file is told at once.
        published = read_published(directory) if compare else None

        async def afterwards(backend: Backend) -> tuple[Content | None, Comparison | None]:
            written = None
            if content:
                written = await _content(report, backend, ThreadReader(directory), programme, space)
            if published is None:
                return written, None
            return written, await comparison_of(backend.services, programme, published)

        done, (written, compared) = _import(
            report, StackExchangeDump(directory), programme, "stackexchange", afterwards
        )
        document = done.as_dict()
        if written is not None:
            report.show(_content_table(space, written))
            document["content"] = written.as_dict()
        if compared is not None:
            for shown in comparison_tables(compared):
                report.show(shown)
            document["comparison"] = comparison_document(compared)
        report.result({"programme": programme, **document})


def purchases(
    file: Annotated[Path, typer.Argument(help="A purchase file: customer, date, number, dollars.")],
    programme: ProgrammeOption,
    as_json: JsonOption = False,
) -> None:
    """Import a file of purchases; the programme is made from programmes/purchases.yaml where missing."""
    with reporting(as_json=as_json) as report:

        async def afterwards(_: Backend) -> None:
            return None

        done, _ = _import(report, PurchaseFile(file), programme, "purchases", afterwards)
        report.result({"programme": programme, **done.as_dict()})


def _import(
    report: Report,
    source: Source,
    programme: str,
    template: str,
    afterwards: Callable[[Backend], Awaitable[Any]],
) -> tuple[Imported, Any]:
    """Import, show what was done, and look at the outcome while the servers are up."""

    async def work(backend: Backend) -> tuple[Imported, Any]:
        with report.progress() as bar:
            tasks = {name: bar.add_task(name, total=None) for name in ("Members", "Activity")}
            done = await run_import(
                backend.services,
                source,
                programme,
                template,
                lambda name, count, total: bar.update(tasks[name], completed=count, total=total),
            )
        return done, await afterwards(backend)

    done, looked_at = with_backend(report, work)
    report.show(_table(programme, done))
    for reason in done.reasons:
        report.show(f"rejected: {reason}")
    counts = done.as_dict()
    if counts["rejected"]:
        report.code = Exit.DIFFERENCES
    return done, looked_at


async def _content(
    report: Report, backend: Backend, source: ThreadReader, programme: str, space: str
) -> Content:
    with report.progress() as bar:
        task = bar.add_task("Threads", total=None)
        return await import_content(
            backend.services,
            source,
            programme,
            space,
            lambda _, count, total: bar.update(task, completed=count, total=total),
        )


def _content_table(space: str, written: Content) -> Table:
    rows: list[tuple[str, object]] = [
        *written.done.as_dict().items(),
        *((f"  {file}: {reason}", count) for (file, reason), count in sorted(written.source.skipped.items())),
    ]
    return table(f"Content in the space {space}", ("What", "#Count"), rows)


def _table(programme: str, done: Imported) -> Table:
    counts = done.as_dict()
    rows: list[tuple[str, object]] = [
        ("members", counts["members"]),
        ("  of these joined now", counts["joined"]),
        *((name, counts[name]) for name in ("recorded", "duplicates", "rejected", "skipped")),
        *((f"  {file}: {reason}", count) for (file, reason), count in sorted(done.source.skipped.items())),
    ]
    return table(f"Imported into programme {programme}", ("What", "#Count"), rows)
