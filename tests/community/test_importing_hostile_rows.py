"""Dumps that were made to harm, or came to harm: what can't be kept is left out and counted, and its neighbours come in whole."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.importing import import_content, run_import
from community.importing.markdown import from_html
from community.verification.service import VerificationService
from gamification.importers.model import SourceUnreadable
from gamification.importers.stackexchange import MALFORMED, StackExchangeDump
from gamification.importers.threads import FUTURE, SCORE_MAX, TEXT_MAX, TOO_LONG, ThreadReader
from storage.mongo import Mongo
from tests.community.test_importing import COMMENTS, POSTS, PROGRAMME, USERS, VOTES, everything
from tests.conftest import MakeProgramme

DAY = "2018-03-12T15:00:00.000"
Write = Callable[..., Path]


def question(number: object = 50, at: str = DAY, body: str = "x", more: str = "") -> str:
    return f'<row Id="{number}" PostTypeId="1" CreationDate="{at}" OwnerUserId="1" Title="T" Body="{body}" {more}/>'


def comment(score: object = 0, text: str = "x") -> str:
    return f'<row Id="60" PostId="10" Score="{score}" Text="{text}" CreationDate="{DAY}" UserId="3" />'


def vote(number: object = 60, kind: int = 2, at: str = DAY, more: str = "") -> str:
    return f'<row Id="{number}" PostId="10" VoteTypeId="{kind}" CreationDate="{at}" {more}/>'


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write the dump with something more at the end of a file, or another file in place of one."""

    def written(name: str, more: str = "", *, whole: str | None = None) -> Path:
        parts = {"Users": USERS, "Posts": POSTS, "Comments": COMMENTS, "Votes": VOTES}
        for part, content in parts.items():
            added = content + more if part == name else content
            text = whole if whole is not None and part == name else f"<{part}>{added}</{part}>"
            (tmp_path / f"{part}.xml").write_text(text, encoding="utf-8")
        return tmp_path

    return written


async def brought(programme: MakeProgramme, folder: Path) -> tuple[dict[str, int], dict[str, Any]]:
    """What came in, and what was left out by file and reason; `verify` finds no difference."""
    site = await programme(PROGRAMME)
    await run_import(site.services, StackExchangeDump(folder), site.key, "stackexchange", _unheard)
    content = await import_content(site.services, ThreadReader(folder), site.key, "questions", _unheard)
    assert (await VerificationService(site.services).verify(site.key)).differences == []
    return content.done.as_dict(), content.source.as_dict()["skipped"]


def _unheard(what: str, done: int, total: int | None) -> None:
    """Nobody listens."""


@pytest.mark.parametrize(
    ("file", "row", "reason"),
    [
        ("Posts", question(2**70), MALFORMED),
        ("Posts", question("9" * 5000), MALFORMED),
        ("Posts", question(at="1960-03-12T15:00:00"), MALFORMED),
        ("Posts", question(at="0001-01-01T00:00:00+14:00"), MALFORMED),
        ("Posts", question(at="9999-12-31T23:59:59-14:00"), MALFORMED),
        ("Posts", question(at="9998-12-31T23:59:59.999"), FUTURE),
        ("Posts", question(body="word " * (TEXT_MAX // 4)), TOO_LONG),
        (
            "Posts",
            f'<row Id="51" PostTypeId="2" ParentId="51" CreationDate="{DAY}" OwnerUserId="1" Body="x" />',
            MALFORMED,
        ),
        ("Comments", comment(score=SCORE_MAX + 1), MALFORMED),
        ("Comments", comment(text="word " * (TEXT_MAX // 4)), TOO_LONG),
        ("Votes", vote(2**70), MALFORMED),
        ("Votes", vote(kind=5, more=f'UserId="{2**70}"'), MALFORMED),
        ("Votes", vote(at="1900-03-12T00:00:00"), MALFORMED),
        ("Votes", vote(at="9998-03-12T00:00:00"), FUTURE),
    ],
    ids=lambda value: value[:60] if isinstance(value, str) else None,
)
async def test_a_row_that_can_not_be_kept_is_left_out_and_counted(
    programme: MakeProgramme, write: Write, file: str, row: str, reason: str
) -> None:
    done, skipped = await brought(programme, write(file, row))

    assert skipped[f"{file}.xml"][reason] == 1
    assert (done["questions"], done["answers"], done["comments"], done["votes"]) == (2, 2, 3, 5)


@pytest.mark.parametrize(
    "row",
    [
        question(-5),
        question(body="&lt;div&gt;" * 5000 + "x"),
        question(body="&lt;ul&gt;&lt;li&gt;" * 500 + "x"),
        question(body="&amp;#xD800; &amp;#0; x"),
        question(more='LastEditDate="never" '),
        question(more='LastEditDate="2010-01-01T00:00:00" LastEditorUserId="many" '),
        question(more='AcceptedAnswerId="12" '),
        question(more=f'Tags="&lt;{"a" * 500}&gt;&lt; &gt;&lt;!!!&gt;" '),
    ],
    ids=lambda value: value[:90],
)
async def test_a_row_that_is_odd_comes_in(programme: MakeProgramme, write: Write, row: str) -> None:
    done, _ = await brought(programme, write("Posts", row))

    assert (done["questions"], done["accepted"], done["votes"]) == (3, 1, 5)


@pytest.mark.parametrize("file", ["Posts", "Comments", "Votes"])
@pytest.mark.parametrize(
    "whole",
    [
        "<{0}>{1}",
        "<{0}>{1}<row Id=</{0}>",
        "",
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><{0}>{1}<row Text="&b;" /></{0}>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd"><{0}>{1}</{0}>',
    ],
    ids=["cut off", "broken", "empty", "entity bomb", "external"],
)
async def test_a_file_that_is_no_dump_is_refused_before_anything_is_written(
    programme: MakeProgramme, write: Write, mongo: Mongo, file: str, whole: str
) -> None:
    site = await programme(PROGRAMME)
    rows = {"Posts": POSTS, "Comments": COMMENTS, "Votes": VOTES}[file]
    reader = ThreadReader(write(file, whole=whole.format(file, rows)))
    with pytest.raises(SourceUnreadable, match=f"{file}.xml"):
        await import_content(site.services, reader, site.key, "questions", _unheard)

    assert not any((await everything(mongo, site)).values())


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ("<div>" * 5000 + "a *b* &lt;c&gt;", r"a \*b\* \<c\>"),
        ("<b>" * 5000 + "x<script>y()</script>", "x"),
    ],
)
def test_of_what_is_nested_too_deep_the_words_are_left(html: str, said: str) -> None:
    assert from_html(html) == said
