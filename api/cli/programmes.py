"""`starguild apply`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from api.bootstrap import Backend
from api.cli.backends import with_backend
from api.cli.options import JsonOption
from api.cli.report import reporting, table
from api.programme_files import read_programme
from gamification.kit.actors import Actor, Role
from gamification.programmes.parsing import parse
from gamification.programmes.service import Applied

OPERATOR = "command-line"
"""Whom the programme's versions name as their author."""


def apply(
    file: Annotated[Path, typer.Argument(help="A programme file (YAML).")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print what would change.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Create or update a programme from its file: all of it, or nothing where anything is wrong."""
    with reporting(as_json=as_json) as report:
        data = read_programme(file)
        # Before any server is started: most faults show without one.
        key = parse(data).programme.key
        applied = with_backend(report, lambda backend: apply_document(backend, data, key, dry_run=dry_run))
        if applied.changes:
            rows = [
                (change.section, change.key, change.kind, f"v{change.version}", ", ".join(change.fields))
                for change in applied.changes
            ]
            report.show(table(f"Programme {key}", ("Section", "Key", "Change", "Version", "Fields"), rows))
        report.show(_summary(key, applied))
        report.result(_document(key, applied))


async def apply_document(backend: Backend, data: dict[str, Any], key: str, *, dry_run: bool) -> Applied:
    """Apply a document as an operator of the programme that it names. Raises: Problem, InvalidInput."""
    operator = Actor(key, OPERATOR, Role.OPERATOR)
    return await backend.services.programmes.apply(operator, data, dry_run=dry_run)


def _summary(key: str, applied: Applied) -> str:
    if not applied.changes:
        return f"Nothing differs; programme {key} stays at version {applied.version}."
    count = len(applied.changes)
    if applied.dry_run:
        return (
            f"{count} change(s) would make version {applied.version} of programme {key}; nothing was written."
        )
    return f"{count} change(s) made version {applied.version} of programme {key}."


def _document(key: str, applied: Applied) -> dict[str, Any]:
    return {
        "programme": key,
        "version": applied.version,
        "dryRun": applied.dry_run,
        "changes": [
            {
                "section": change.section,
                "key": change.key,
                "change": change.kind,
                "version": change.version,
                "fields": list(change.fields),
            }
            for change in applied.changes
        ],
    }
