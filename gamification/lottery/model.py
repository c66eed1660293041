"""Rounds, entrants, plays and wins, and the counts they are kept by."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Any

from gamification.kit.identifiers import derived_id
from gamification.kit.records import record
from gamification.programmes.definitions import DrawKind


class RoundState(StrEnum):
    """COMMITTED: the hash of the seed is public. OPEN: so are the odds, which are fixed. CLOSING: the entrants are being
    put down. CLOSED: their hash is public. DRAWN: the winners and the seed are, and prizes are being given. REVEALED: all
    is done. A round of an instant draw is a day, and goes from OPEN to REVEALED."""

    COMMITTED = "committed"
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"
    DRAWN = "drawn"
    REVEALED = "revealed"


class Exclusion(StrEnum):
    """Why an entrant who was picked can't win: BANNED since the close, or GONE from the programme."""

    BANNED = "banned"
    GONE = "gone"


@record(frozen=True, slots=True)
class Round:
    """One round of a scheduled draw, or one day of an instant one.

    From `opened_at` on it goes by the draw as it was in `programme_version`: `odds` are what is published of it, hashed
    as `odds_hash`. `joined`, `last` say how far putting down the entrants has come: up to that member, in the order in
    which they joined. `seed` is there once it is revealed.
    """

    id: bytes
    programme_id: str
    draw: str
    key: str
    kind: DrawKind
    state: RoundState
    opens_at: datetime
    closes_at: datetime
    seed_hash: str
    committed_at: datetime
    programme_version: int | None = None
    odds: Mapping[str, Any] | None = None
    odds_hash: str | None = None
    opened_at: datetime | None = None
    joined: datetime | None = None
    last: bytes | None = None
    entrants: int = 0
    chances: int = 0
    entrants_hash: str | None = None
    closed_at: datetime | None = None
    beacon: str | None = None
    beacon_by: str | None = None
    excluded: tuple[tuple[str, str], ...] = ()
    winners: int = 0
    given: int = 0
    drawn_at: datetime | None = None
    seed: bytes | None = None
    revealed_at: datetime | None = None


def round_id(programme_id: str, draw: str, key: str) -> bytes:
    """The id of a draw's round."""
    return derived_id("draw_round", programme_id, draw, key)


@record(frozen=True, slots=True)
class Entrant:
    """A member in a round. `code` is what is published: the hash of the round, the member and the `salt`, which only the
    member is shown. `transfer` is the one that took the tickets."""

    id: bytes
    programme_id: str
    round_id: bytes
    draw: str
    round: str
    member_id: bytes
    code: str
    salt: str
    chances: int
    transfer: bytes
    at: datetime
    sequence: int


def entrant_id(of_round: bytes, member_id: bytes) -> bytes:
    """The id of a member's entry in a round: there can be one."""
    return derived_id("draw_entrant", of_round, member_id)


@record(frozen=True, slots=True)
class Play:
    """One draw of an instant draw. `nonce` counts the member's of the round from 1, `streak` those before it in a row
    that won nothing guaranteed. `gone`: the prizes that there were none of; `prize`: what was won, or None. `transfer`:
    the one that took the ticket, None for a free draw."""

    id: bytes
    programme_id: str
    round_id: bytes
    draw: str
    round: str
    member_id: bytes
    nonce: int
    client_seed: str
    streak: int
    gone: tuple[str, ...]
    guaranteed: bool
    prize: str | None
    transfer: bytes | None
    at: datetime
    sequence: int


def play_id(of_round: bytes, member_id: bytes, nonce: int) -> bytes:
    """The id of a member's so-manieth draw of a round."""
    return derived_id("draw_play", of_round, member_id, nonce)


@record(frozen=True, slots=True)
class Win:
    """A prize won, in an instant draw by `play`, in a scheduled one by the entrant of that `code`. `number` counts the
    prizes of its kind where they are counted: of `stock` in all and the `day_number`-th of `daily`, as it was then.
    `cost` is what it took of the budget. `given_at`, `transfers`, `awards`: what it gave, as applied; `forfeited` where
    there was nobody left to give it to."""

    id: bytes
    programme_id: str
    round_id: bytes
    draw: str
    round: str
    member_id: bytes
    prize: str
    at: datetime
    sequence: int
    place: int = 0
    play: bytes | None = None
    code: str | None = None
    number: int | None = None
    stock: int | None = None
    day_number: int | None = None
    daily: int | None = None
    cost: int = 0
    given_at: datetime | None = None
    forfeited: bool = False
    transfers: tuple[bytes, ...] = ()
    awards: tuple[bytes, ...] = ()


def win_id(of_round: bytes, *parts: bytes | str | int) -> bytes:
    """The id of a win: of a play, or of a prize and its number."""
    return derived_id("draw_win", of_round, *parts)


@record(frozen=True, slots=True)
class Issued:
    """How many of each prize were won, and what they cost: of a whole instant draw, or of one of its days."""

    id: bytes
    programme_id: str
    draw: str
    round: str | None
    prizes: Mapping[str, int] = field(default_factory=dict)
    cost: int = 0


def issued_id(programme_id: str, draw: str, key: str | None) -> bytes:
    """The id of a draw's counts, or of one of its days'."""
    return derived_id("draw_issued", programme_id, draw, key or "")


@record(frozen=True, slots=True)
class Standing:
    """One member in one instant draw: how often they drew in all, and on that day; `streak` as in `Play`."""

    id: bytes
    programme_id: str
    draw: str
    member_id: bytes
    round: str = ""
    played: int = 0
    plays: int = 0
    wins: int = 0
    streak: int = 0

    def played_in(self, key: str) -> int:
        """How often they drew on that day."""
        return self.played if self.round == key else 0


def standing_id(programme_id: str, draw: str, member_id: bytes) -> bytes:
    """The id of a member's standing in a draw."""
    return derived_id("draw_standing", programme_id, draw, member_id)
