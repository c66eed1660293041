"""Complaints, for tests."""

from typing import Any

from resolvers.relay import encode_id
from tests.support import ProgrammeUnderTest

CATEGORIES: list[dict[str, Any]] = [
    {
        "key": "delivery",
        "name": {"en": "Delivery", "zh": "配送"},
        "description": {"en": "What came late"},
        "answer_within": "P2D",
    },
    {"key": "staff", "answer_within": "PT4H", "reopen_within": "P3D"},
    {"key": "old", "status": "archived"},
]
_FILED: dict[bytes, bytes] = {}


async def complained(club: ProgrammeUnderTest, *names: str, word: str = "x") -> None:
    """Let members complain, be answered, take it up again, be answered again and say how content they are."""
    complaints = club.services.complaints
    for name in names:
        member = club.id_of(name)
        filed, _ = await complaints.file(
            club.service, member, "delivery", f"{word} late", None, f"file-{name}"
        )
        await complaints.write(club.service, member, filed.id, f"{word} more", f"more-{name}")
        await complaints.answer(club.moderator, filed.id, 2, f"{word} sorry", f"answer-{name}")
        await complaints.reopen(club.service, member, filed.id, f"{word} again", f"reopen-{name}")
        await complaints.answer(club.moderator, filed.id, 4, f"{word} sorry again", f"again-{name}")
        await complaints.rate(club.service, member, filed.id, 4, f"{word} well")
        await complaints.close(club.moderator, None, filed.id, 6)
        _FILED[member] = filed.id
        owed, _ = await complaints.file(
            club.service, member, "delivery", f"{word} still late", None, f"owed-{name}"
        )
        await complaints.assign(club.moderator, owed.id, 1, take=True)
        _FILED[member + b"owed"] = owed.id
        heard, _ = await complaints.file(
            club.service, member, "delivery", f"{word} early", None, f"heard-{name}"
        )
        await complaints.answer(club.moderator, heard.id, 1, f"{word} glad", f"glad-{name}")
        _FILED[member + b"answered"] = heard.id


def complaint_gid(club: ProgrammeUnderTest, name: str, label: str = "") -> str:
    """The global id of a complaint that `complained` filed: the one that is closed, or `owed` or `answered`, both of
    version 2."""
    return encode_id("Complaint", _FILED.get(club.id_of(name) + label.encode(), bytes(12)))


async def complained_once(club: ProgrammeUnderTest, name: str) -> None:
    """Let a member complain, unless `complained` did."""
    if club.id_of(name) not in _FILED:
        await complained(club, name)
