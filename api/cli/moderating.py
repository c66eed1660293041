"""`starguild moderation-log`."""

import json
from collections.abc import AsyncIterator
from typing import Any

import typer

from api.bootstrap import Backend
from api.cli.backends import with_backend
from api.cli.options import ProgrammeOption
from api.cli.report import reporting
from community.oversight.model import LogEntry


def moderation_log(programme: ProgrammeOption) -> None:
    """Print every act of moderation as a line of JSON, the first first, with the hashes that chain them."""
    with reporting(as_json=False) as report:
        with_backend(report, lambda backend: _print(backend, programme))


async def _print(backend: Backend, programme: str) -> None:
    await backend.services.programmes.catalogue(programme)
    entries: AsyncIterator[LogEntry] = backend.services.moderating.stores.log.stream(programme)
    async for entry in entries:
        typer.echo(json.dumps(plain(entry), ensure_ascii=False))


def plain(entry: LogEntry) -> dict[str, Any]:
    """An entry as JSON: bytes as hexadecimal digits, instants by ISO 8601."""
    act = entry.act
    return {
        "number": entry.number,
        "at": entry.at.isoformat(),
        "by": entry.by,
        "kind": act.kind.value,
        "subject": {"kind": act.subject.kind.value, "id": act.subject.id.hex()},
        "member": act.member_id.hex() if act.member_id is not None else None,
        "space": act.space,
        "reason": act.reason,
        "rule": act.rule,
        "details": dict(act.details or {}),
        "until": act.until.isoformat() if act.until is not None else None,
        "sanction": act.sanction_id.hex() if act.sanction_id is not None else None,
        "parent": act.parent,
        "salt": entry.salt.hex() if entry.salt is not None else None,
        "words": entry.words.hex() if entry.words is not None else None,
        "previous": entry.previous.hex(),
        "hash": entry.hash.hex(),
    }
