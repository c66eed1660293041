"""`starguild screen`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.options import JsonOption
from api.cli.report import BadInput, Exit, reporting, table
from api.programme_files import read_programme
from community.screening.model import Finding, Judgement, Text
from community.screening.screen import ReadyRule, look_into
from community.writing.markup import Markup, read_of
from gamification.programmes.definitions import ScreenedKind, ScreeningRule, Status
from gamification.programmes.document import Document
from gamification.programmes.parsing import parse

_SHOWN = 60


def screen(
    file: Annotated[Path, typer.Argument(help="A programme file (YAML).")],
    texts: Annotated[
        typer.FileText,
        typer.Argument(help="Texts in Markdown, one a line; - is standard input.", encoding="utf-8"),
    ],
    space: Annotated[
        str | None, typer.Option("--space", help="As if written there; the first space without.")
    ] = None,
    comments: Annotated[bool, typer.Option("--comments", help="As comments, not as posts.")] = False,
    drafts: Annotated[bool, typer.Option("--drafts", help="By rules whose status is draft, too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Try the screening rules of a programme file on texts; needs no server. Exit code 1 where a rule minds one of them.

    Rules that ask for an author, or for what was written before, are not tried, and named.
    """
    with reporting(as_json=as_json) as report:
        document = parse(read_programme(file))
        kind = ScreenedKind.COMMENT if comments else ScreenedKind.POST
        where = _space_of(document, space)
        tried = (Status.PUBLISHED, Status.DRAFT) if drafts else (Status.PUBLISHED,)
        rules = [one for one in document.screening if one.status in tried and one.is_about(kind, where)]
        untried = [one.key for one in rules if not _is_of_text(one)]
        ready = [ReadyRule.of(one) for one in rules if _is_of_text(one)]
        markup = Markup(document.programme.community.image_hosts, lambda name: name.encode() or None)
        rows, found = [], []
        for number, line in enumerate(texts, 1):
            if not line.strip():
                continue
            judged = Judgement(tuple(look_into(_text_of(markup, kind, where, line), ready)))
            found.append(_outcome(number, judged))
            if judged.verdict is not None:
                report.code = Exit.DIFFERENCES
                minded = "; ".join(_said(finding) for finding in judged.findings)
                rows.append((str(number), judged.verdict.value, minded, line.strip()[:_SHOWN]))
        report.show(
            table(f"Texts that rules of {file.name} mind", ("#Line", "Verdict", "Rules", "Text"), rows)
        )
        report.show(f"{len(rows)} of {len(found)} texts are minded by one of {len(ready)} rules.")
        if untried:
            report.show(f"Not tried, as they ask for more than a text: {', '.join(untried)}.")
        report.result(
            {"space": where, "tried": [one.rule.key for one in ready], "untried": untried, "texts": found}
        )


def _space_of(document: Document, stated: str | None) -> str:
    keys = [one.key for one in document.spaces]
    if not keys or (stated is not None and stated not in keys):
        raise BadInput(f"The file has no space {stated!r}" if stated else "The file has no spaces")
    return stated or keys[0]


def _is_of_text(rule: ScreeningRule) -> bool:
    return not (rule.duplicates or rule.first or rule.rate or rule.when)


def _text_of(markup: Markup, kind: ScreenedKind, space: str, line: str) -> Text:
    shown = markup.render(line)
    text = read_of(shown.text, shown.html)
    return Text(kind, space, "", text, (), tuple(one.url for one in shown.links), len(shown.mentions))


def _outcome(number: int, judged: Judgement) -> dict[str, Any]:
    findings = [
        {
            "rule": one.rule,
            "verdict": one.verdict.value,
            "words": [spot.words for spot in one.spots],
            "found": one.found,
            "limit": one.limit,
            "hosts": list(one.hosts),
        }
        for one in judged.findings
    ]
    return {"line": number, "verdict": judged.verdict and judged.verdict.value, "findings": findings}


def _said(finding: Finding) -> str:
    words = ", ".join(spot.words for spot in finding.spots) or ", ".join(finding.hosts)
    return f"{finding.rule} ({words or finding.found})"
