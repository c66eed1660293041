"""The real data that recommendations are measured on: what somebody chose, and when."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from bench.lifetime import FOLDER as CDNOW
from gamification.importers.dump import milliseconds, optional_whole, rows, whole

QUANTUM = Path(__file__).parent.parent / "../shared/data/quantumcomputing"
_FAVOURITE = 5
_QUESTION, _ANSWER = 1, 2
BOUGHT_LEAST = 5
"""Of a price that fewer customers paid nothing can be learnt."""

Chosen = Mapping[bytes, list[tuple[datetime, str]]]


def prices(folder: Path = CDNOW) -> Chosen:
    """By customer, what one piece cost in each purchase, in cents. The data name no products: the price stands for one."""
    found: dict[bytes, list[tuple[datetime, str]]] = {}
    for line in (folder / "CDNOW_master.txt").read_text().splitlines():
        columns = line.split()
        if not columns or not columns[0].isdigit():
            continue
        pieces, dollars = int(columns[2]), float(columns[3])
        if pieces <= 0 or dollars <= 0:
            continue
        at = datetime.strptime(columns[1], "%Y%m%d").replace(tzinfo=UTC)
        found.setdefault(columns[0].encode(), []).append((at, str(round(dollars / pieces * 100))))
    bought: dict[str, set[bytes]] = {}
    for customer, purchases in found.items():
        for _, item in purchases:
            bought.setdefault(item, set()).add(customer)
    kept = {item for item, customers in bought.items() if len(customers) >= BOUGHT_LEAST}
    return _ordered({customer: [one for one in some if one[1] in kept] for customer, some in found.items()})


def votes(folder: Path = QUANTUM, *, taken_part: bool) -> tuple[Chosen, dict[str, datetime]]:
    """By user, the questions that they marked as a favourite, the only votes that the dump has voters of; with `taken_part` also
    those that they answered or commented on, or an answer to. Not their own. And when each question was asked."""
    posts = {whole(row, "Id"): row for row in rows(folder / "Posts.xml")}

    def question(post: int) -> int | None:
        row = posts.get(post)
        kind = whole(row, "PostTypeId") if row is not None else None
        if row is None or kind not in (_QUESTION, _ANSWER):
            return None
        return post if kind == _QUESTION else optional_whole(row, "ParentId")

    acts: list[tuple[int | None, int | None, int]] = []
    for row in rows(folder / "Votes.xml"):
        if whole(row, "VoteTypeId") == _FAVOURITE:
            asked = question(whole(row, "PostId"))
            acts.append((optional_whole(row, "UserId"), asked, milliseconds(row, "CreationDate")))
    if taken_part:
        for found, row in posts.items():
            if whole(row, "PostTypeId") == _ANSWER:
                asked, by = question(found), optional_whole(row, "OwnerUserId")
                acts.append((by, asked, milliseconds(row, "CreationDate")))
        for row in rows(folder / "Comments.xml"):
            asked, by = question(whole(row, "PostId")), optional_whole(row, "UserId")
            acts.append((by, asked, milliseconds(row, "CreationDate")))
    chosen: dict[bytes, list[tuple[datetime, str]]] = {}
    for by, asked, at in acts:
        if by is None or asked is None or optional_whole(posts[asked], "OwnerUserId") == by:
            continue
        chosen.setdefault(str(by).encode(), []).append((_instant(at), str(asked)))
    created = {
        str(found): _instant(milliseconds(row, "CreationDate"))
        for found, row in posts.items()
        if whole(row, "PostTypeId") == _QUESTION
    }
    return _ordered(chosen), created


def items_of(chosen: Chosen) -> dict[bytes, list[str]]:
    """By member, each item once, in the order of the first times."""
    return {one: list(dict.fromkeys(item for _, item in some)) for one, some in chosen.items() if some}


def _ordered(chosen: Mapping[bytes, list[tuple[datetime, str]]]) -> Chosen:
    return {one: sorted(some) for one, some in chosen.items() if some}


def _instant(found: int) -> datetime:
    return datetime.fromtimestamp(found / 1000, UTC)
