"""Draws' values to documents and back: every field by its name, those that are not stated left out."""

from dataclasses import fields
from enum import Enum
from typing import Any, TypeVar

from gamification.lottery.model import Entrant, Issued, Play, Round, RoundState, Standing, Win
from gamification.programmes.definitions import DrawKind
from storage.mongo import Document

T = TypeVar("T")


def round_document(made: Round) -> Document:
    document = _document(made)
    document["excluded"] = [list(pair) for pair in made.excluded]
    if made.state is not RoundState.REVEALED:
        document["open"] = True
    return document


def round_from(row: Document) -> Round:
    stated = _stated(row, Round)
    stated |= {"kind": DrawKind(row["kind"]), "state": RoundState(row["state"])}
    stated["excluded"] = tuple((code, why) for code, why in row.get("excluded", ()))
    return Round(**stated)


def entrant_document(one: Entrant) -> Document:
    return _document(one)


def entrant_from(row: Document) -> Entrant:
    return Entrant(**_stated(row, Entrant))


def play_document(play: Play) -> Document:
    return _document(play) | {"gone": list(play.gone), "prize": play.prize}


def play_from(row: Document) -> Play:
    return Play(**{"transfer": None} | _stated(row, Play) | {"gone": tuple(row["gone"])})


def win_document(win: Win) -> Document:
    document = _document(win)
    return document | {
        "given_at": win.given_at,
        "transfers": list(win.transfers),
        "awards": list(win.awards),
    }


def win_from(row: Document) -> Win:
    return Win(**_stated(row, Win) | {"transfers": tuple(row["transfers"]), "awards": tuple(row["awards"])})


def issued_document(issued: Issued) -> Document:
    counts = [[prize, count] for prize, count in issued.prizes.items()]  # a key may hold dots
    return _document(issued) | {"round": issued.round, "prizes": counts}


def issued_from(row: Document) -> Issued:
    return Issued(**_stated(row, Issued) | {"prizes": {key: int(count) for key, count in row["prizes"]}})


def standing_document(standing: Standing) -> Document:
    return _document(standing)


def standing_from(row: Document) -> Standing:
    return Standing(**_stated(row, Standing))


def _document(value: Any) -> Document:
    found: Document = {}
    for field in fields(value):
        stated = getattr(value, field.name)
        if stated is not None:
            found["_id" if field.name == "id" else field.name] = (
                stated.value if isinstance(stated, Enum) else stated
            )
    return found


def _stated(row: Document, kind: Any) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    return {"id": row["_id"], **{name: _plain(value) for name, value in row.items() if name in names}}


def _plain(value: Any) -> Any:
    """Without the driver's own kind of whole number, which is not what is hashed and published."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value
