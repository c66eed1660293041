"""`starguild import segment` and `starguild rebuild days`."""

from collections.abc import Iterator
from typing import Annotated, TextIO

import typer

from api.bootstrap import Backend
from api.cli.backends import with_backend
from api.cli.options import JsonOption, ProgrammeOption
from api.cli.report import Exit, reporting, table
from gamification.kit.actors import system_actor
from gamification.segments.service import LISTED_AT_ONCE

_UNKNOWN_SHOWN = 20


def segment(
    key: Annotated[str, typer.Argument(help="A segment without a condition.")],
    file: Annotated[
        typer.FileText,
        typer.Argument(help="External ids, one a line; - is standard input.", encoding="utf-8"),
    ],
    programme: ProgrammeOption,
    remove: Annotated[bool, typer.Option("--remove", help="Take them out of it.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Put the members of a list into a segment that staff keep. Exit code 1 where one of them is nobody; again is as once."""
    with reporting(as_json=as_json) as report:

        async def put(backend: Backend) -> tuple[int, int, list[str]]:
            actor, segments = system_actor(programme), backend.services.segments
            read, changed, unknown = 0, 0, list[str]()
            for part in _parts(file):
                done, missing = await segments.put(actor, key, part, is_in=not remove)
                read, changed = read + len(part), changed + done
                unknown += missing
            return read, changed, unknown

        read, changed, unknown = with_backend(report, put)
        rows = [("read", read), ("changed", changed), ("unknown", len(unknown))]
        report.show(table(f"Segment {key} of programme {programme}", ("What", "#Members"), rows))
        for name in unknown[:_UNKNOWN_SHOWN]:
            report.show(f"There is no member {name!r}.")
        report.result(
            {"programme": programme, "segment": key, "read": read, "changed": changed, "unknown": unknown}
        )
        if unknown:
            report.code = Exit.DIFFERENCES


def rebuild_days(programme: ProgrammeOption, as_json: JsonOption = False) -> None:
    """Add up anew what every member did by day, from activity."""
    with reporting(as_json=as_json) as report:

        async def rebuild(backend: Backend) -> int:
            catalogue = await backend.services.programmes.catalogue(programme)
            return await backend.services.rollups.rebuild(catalogue)

        done = with_backend(report, rebuild)
        report.show(table(f"Added up in programme {programme}", ("What", "#Count"), [("members", done)]))
        report.result({"programme": programme, "members": done})


def _parts(lines: TextIO) -> Iterator[list[str]]:
    part: list[str] = []
    for line in lines:
        name = line.strip().removeprefix("\ufeff")
        if name:
            part.append(name)
        if len(part) == LISTED_AT_ONCE:
            yield part
            part = []
    if part:
        yield part
