"""`starguild draw`."""

from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from api.cli.backends import with_backend
from api.cli.options import JsonOption, ProgrammeOption
from api.cli.report import BadInput, Exit, Report, reporting
from gamification.lottery.checking import NotADrawFile, Verdict, check_document

_FILE_BYTES_MAX = 1024 * 1024 * 1024


def verify(
    file: Annotated[Path, typer.Argument(help="A published draw (JSON).")],
    seed_hash: Annotated[
        str | None, typer.Option("--seed-hash", help="The seed's hash, as it was published before the draw.")
    ] = None,
    odds_hash: Annotated[
        str | None, typer.Option("--odds-hash", help="The odds' hash, as it was published before the draw.")
    ] = None,
    entrants_hash: Annotated[
        str | None,
        typer.Option("--entrants-hash", help="The entrants' hash, as it was published before the draw."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compute a published draw again, with nothing but its file, and name whatever is wrong (exit 1).

    Needs no server. The hashes that were published before tell whether the file is the one that they promised.
    """
    with reporting(as_json=as_json) as report:
        published = {"seed_hash": seed_hash, "odds_hash": odds_hash, "entrants_hash": entrants_hash}
        stated = {name: value for name, value in published.items() if value is not None}
        document = _read(file)
        try:
            verdict = check_document(document, stated)
        except NotADrawFile as error:
            raise BadInput(f"{file}: {error}") from error
        _tell(report, document, verdict)
        if not stated:
            report.say(
                "Compare its hashes with those published before: --seed-hash, --odds-hash, --entrants-hash."
            )


def export(
    draw: Annotated[str, typer.Argument(help="The key of a scheduled draw.")],
    round_key: Annotated[str, typer.Argument(metavar="ROUND", help="The round's key.")],
    programme: ProgrammeOption,
) -> None:
    """Print a round as it is published, however many entrants it has, as JSON on standard output."""
    with reporting(as_json=False) as report:
        found = with_backend(
            report, lambda backend: backend.services.lottery.export(programme, draw, round_key)
        )
        typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())


def _read(file: Path) -> Any:
    try:
        if file.stat().st_size > _FILE_BYTES_MAX:
            raise BadInput(f"{file} is larger than 1 GiB")
        return orjson.loads(file.read_bytes())
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror or error}") from error
    except orjson.JSONDecodeError as error:
        raise BadInput(f"{file} is no JSON: {error}") from error


def _tell(report: Report, document: dict[str, Any], verdict: Verdict) -> None:
    report.show(f"Draw {document['draw']}, round {document['round']} of programme {document['programme']}")
    wrong = {part for part, _ in verdict.wrong}
    for part in verdict.checked:
        report.show(f"{part}: {'WRONG' if part in wrong else 'as stated'}")
    for part in verdict.open:
        report.show(f"{part}: can't be checked")
    for part, sentence in verdict.wrong:
        report.show(f"{part}: {sentence}")
    report.show(
        "Everything that could be checked is as stated." if verdict.ok else "The draw is not as stated."
    )
    report.result(
        {
            "ok": verdict.ok,
            "checked": verdict.checked,
            "open": verdict.open,
            "wrong": [{"part": part, "message": sentence} for part, sentence in verdict.wrong],
        }
    )
    if not verdict.ok:
        report.code = Exit.DIFFERENCES
