"""`starguild moderation-log`: whoever has the lines can follow the chain without this code."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from api.cli.moderating import plain
from community.oversight.chain import GENESIS, entry_after
from community.oversight.model import Act, ActKind, LogEntry, Subject, SubjectKind


def written() -> list[LogEntry]:
    """Two acts, one with words and an end."""
    at = datetime(2026, 5, 1, 12, 30, 0, 250_000, tzinfo=UTC)
    acts = [
        Act(
            ActKind.MUTE,
            Subject(SubjectKind.SANCTION, b"\x01"),
            b"\x02",
            None,
            "够了",
            None,
            None,
            at,
            b"\x01",
        ),
        Act(ActKind.BULK, Subject(SubjectKind.CASE, b"\x03"), None, details={"cases": "2"}),
    ]
    entries: list[LogEntry] = []
    previous = GENESIS
    for number, act in enumerate(acts, 1):
        salt = b"\x07" * 16 if act.reason else None
        entries.append(entry_after("club", number, previous, act, "moderator:kim", at, salt))
        previous = entries[-1].hash
    return entries


def followed(line: dict[str, Any], programme: str) -> str:
    """The hash of an entry, made from its line as docs/moderation.md says."""

    def milliseconds(at: str | None) -> int | None:
        return round(datetime.fromisoformat(at).timestamp() * 1000) if at else None

    form = {
        "at": milliseconds(line["at"]),
        "by": line["by"],
        "details": line["details"],
        "kind": line["kind"],
        "member": line["member"],
        "number": line["number"],
        "parent": line["parent"],
        "previous": line["previous"],
        "programme": programme,
        "rule": line["rule"],
        "sanction": line["sanction"],
        "space": line["space"],
        "subject": [line["subject"]["kind"], line["subject"]["id"]],
        "until": milliseconds(line["until"]),
        "words": line["words"],
    }
    text = json.dumps(form, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_lines_hold_all_that_the_chain_is_made_of() -> None:
    lines = [json.loads(json.dumps(plain(entry))) for entry in written()]

    assert lines[0]["previous"] == "00" * 32
    assert lines[1]["previous"] == lines[0]["hash"]
    assert [followed(line, "club") for line in lines] == [line["hash"] for line in lines]
    words = hashlib.sha256(bytes.fromhex(lines[0]["salt"]) + lines[0]["reason"].encode()).hexdigest()
    assert words == lines[0]["words"]
    assert (lines[1]["reason"], lines[1]["words"]) == (None, None)
