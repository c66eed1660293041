"""What is published of a round, as one document: pure. `checking.py` has how it is checked."""

from collections.abc import Sequence
from typing import Any

from gamification.lottery.drawing import Chance
from gamification.lottery.model import Entrant, Play, Round, Win
from gamification.lottery.odds import odds_from, table_of
from gamification.lottery.randomness import FORMAT, digest
from gamification.programmes.definitions import DrawKind


def entrant_code(programme: str, draw: str, round_key: str, member_id: bytes, salt: str) -> str:
    """The code under which a member is among a round's entrants. Who knows the salt can check whose it is; nobody else
    can tell."""
    lines = (FORMAT, "entrant", programme, draw, round_key, member_id.hex(), salt)
    return digest("".join(f"{line}\n" for line in lines).encode())


def chances(entrants: Sequence[Entrant]) -> list[Chance]:
    """Entrants as they are published."""
    return [Chance(one.code, one.chances) for one in entrants]


def scheduled_document(found: Round, entrants: Sequence[Entrant], wins: Sequence[Win]) -> dict[str, Any]:
    """A round of a scheduled draw, as far as it has come. What is not there yet is null."""
    is_drawn = found.seed is not None
    return {
        **_head(found),
        "entrants": [[one.code, one.chances] for one in entrants] if found.entrants_hash else None,
        "entrants_hash": found.entrants_hash,
        "closed_at": _time(found.closed_at),
        "beacon": found.beacon,
        "excluded": [list(pair) for pair in found.excluded] if is_drawn else None,
        "winners": [[win.prize, win.number, win.code] for win in wins] if is_drawn else None,
        "drawn_at": _time(found.drawn_at),
    }


def instant_document(found: Round, member_id: bytes, plays: Sequence[Play]) -> dict[str, Any]:
    """A day of an instant draw with one member's draws; the seed is null until it is revealed."""
    return {**_head(found), "member": member_id.hex(), "plays": [_play(found, play) for play in plays]}


def _play(found: Round, play: Play) -> dict[str, Any]:
    table = table_of(odds_from(found.odds or {}), play.gone, play.streak)
    assert table is not None  # noqa: S101 - something was drawn
    return {
        "nonce": play.nonce,
        "client_seed": play.client_seed,
        "streak": play.streak,
        "gone": list(play.gone),
        "guaranteed": play.guaranteed,
        "table": [[key, weight] for key, weight in table.rows],
        "prize": play.prize,
        "at": _time(play.at),
    }


def _head(found: Round) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "kind": DrawKind(found.kind).value,
        "programme": found.programme_id,
        "draw": found.draw,
        "round": found.key,
        "seed_hash": found.seed_hash,
        "committed_at": _time(found.committed_at),
        "odds": dict(found.odds) if found.odds is not None else None,
        "odds_hash": found.odds_hash,
        "opened_at": _time(found.opened_at),
        "seed": found.seed.hex() if found.seed is not None else None,
    }


def _time(at: Any) -> str | None:
    return None if at is None else at.isoformat()
