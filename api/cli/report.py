"""What a command says: its result on standard output, everything else on standard error, an exit code at the end."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import IntEnum
from typing import Any

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from api.settings import SettingsError
from gamification.kit.errors import DomainError


class Exit(IntEnum):
    """What exit codes mean."""

    OK = 0
    DIFFERENCES = 1
    BAD_INPUT = 2
    UNAVAILABLE = 3
    INTERRUPTED = 130


class BadInput(Exception):
    """A command can't work with what it was given; the message is one line."""


class Unavailable(Exception):
    """A server or a port can't be had; the message is one line that says what to do."""


class Report:
    """One command's voice. With `--json` its result is one object on standard output and nothing else is there."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.code = Exit.OK
        self._told = False
        self._out = Console(soft_wrap=True, highlight=False)
        self.err = Console(stderr=True, soft_wrap=True, highlight=False)

    def say(self, text: str) -> None:
        """A remark, on standard error."""
        self.err.print(text, markup=False)

    def show(self, shown: str | Table) -> None:
        """A part of the result for people; left out with `--json`."""
        if not self.as_json:
            self._out.print(shown, markup=False, soft_wrap=isinstance(shown, str))

    def result(self, document: Mapping[str, Any]) -> None:
        """The result for programs: printed with `--json` only, and once."""
        if self.as_json and not self._told:
            self._told = True
            typer.echo(orjson.dumps(document, option=orjson.OPT_NON_STR_KEYS).decode())

    def fail(self, exit_code: Exit, message: str, **details: Any) -> None:
        """Why the command failed: a line on standard error, and the object of `--json`."""
        self.code = exit_code
        self.say(f"starguild: {message}")
        self.result({"error": {"message": message, **details}})

    def progress(self) -> Progress:
        """A progress bar on standard error; use it as a context manager."""
        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self.err,
            transient=True,
        )


@contextmanager
def reporting(*, as_json: bool) -> Iterator[Report]:
    """Run a command's body; its expected failures become one line and an exit code."""
    report = Report(as_json=as_json)
    try:
        yield report
    except DomainError as error:
        _tell_refusal(report, error)
    except (BadInput, SettingsError) as error:
        report.fail(Exit.BAD_INPUT, str(error))
    except KeyboardInterrupt:
        report.fail(Exit.INTERRUPTED, "Interrupted.")
    except Exception as error:
        if not _is_unavailable(error):
            raise
        report.fail(Exit.UNAVAILABLE, str(error) or type(error).__name__)
    raise typer.Exit(report.code)


# What follows imports only when something has gone wrong: commands that need no server wait for no driver.


def _tell_refusal(report: Report, error: DomainError) -> None:
    from gamification.programmes.document import Problem

    if not isinstance(error, Problem):
        report.fail(Exit.BAD_INPUT, error.message, code=error.code.value, path=error.path)
        return
    problems = [{"place": place, "message": message} for place, message in error.problems]
    for place, message in error.problems:
        report.say(f"{place}: {message}")
    report.fail(Exit.BAD_INPUT, f"{len(problems)} problem(s); nothing was changed.", problems=problems)


def _is_unavailable(error: Exception) -> bool:
    from storage.embedded import EmbeddedServerError
    from storage.mongo import Contention, MongoUnavailable
    from storage.redis import RedisUnavailable
    from storage.startup import StorageUnusable

    stores = (EmbeddedServerError, StorageUnusable, MongoUnavailable, Contention, *RedisUnavailable)
    return isinstance(error, (Unavailable, *stores))


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    """A table; columns whose name begins with `#` hold numbers."""
    made = Table(title=title, title_justify="left")
    for column in columns:
        made.add_column(column.removeprefix("#"), justify="right" if column.startswith("#") else "left")
    for row in rows:
        made.add_row(*("" if cell is None else str(cell) for cell in row))
    return made
