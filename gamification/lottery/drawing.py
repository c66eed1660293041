"""Who wins a round of a scheduled draw: pure."""

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any

from gamification.kit.chance import below, words
from gamification.kit.records import record
from gamification.lottery.randomness import derive, digest
from gamification.programmes.definitions import Draw, DrawEntry, DrawWins
from gamification.programmes.definitions.draws import WINNERS_MAX

PICKS_MAX = 1000
"""So often a slot is picked anew where the one picked can't win; then it is picked among those who can."""


@record(frozen=True, slots=True)
class Terms:
    """What is committed to. `prizes`: (key, how many) in the order in which they are drawn."""

    prizes: tuple[tuple[str, int], ...]
    entry: DrawEntry
    wins: DrawWins
    tickets_max: int | None
    beacon: str | None
    closes_at: str


@record(frozen=True, slots=True)
class Chance:
    """An entrant as published: a code that only they can link to themselves, and how many chances they have."""

    code: str
    chances: int


@record(frozen=True, slots=True)
class Won:
    """`number` counts the prizes of one kind from 1."""

    prize: str
    number: int
    code: str


def terms_of(draw: Draw, closes_at: str) -> Terms:
    """The terms that a scheduled draw's definition states for a round."""
    return Terms(
        tuple((prize.key, prize.stock or 0) for prize in draw.prizes),
        draw.entry,
        draw.wins,
        draw.tickets_max,
        draw.beacon,
        closes_at,
    )


def terms_document(terms: Terms) -> dict[str, Any]:
    """As it is published and hashed."""
    return {
        "prizes": [[key, count] for key, count in terms.prizes],
        "entry": terms.entry.value,
        "wins": terms.wins.value,
        "tickets_max": terms.tickets_max,
        "beacon": terms.beacon,
        "closes_at": terms.closes_at,
    }


def terms_from(document: Mapping[str, Any]) -> Terms:
    """The terms of a published document. Raises: KeyError, TypeError, ValueError where it is none."""
    prizes = tuple((str(key), int(count)) for key, count in document["prizes"])
    if any(count < 0 for _, count in prizes) or sum(count for _, count in prizes) > WINNERS_MAX:
        raise ValueError("there are too many prizes")
    return Terms(
        prizes,
        DrawEntry(document["entry"]),
        DrawWins(document["wins"]),
        document["tickets_max"],
        document["beacon"],
        str(document["closes_at"]),
    )


def chances_of(draw: Draw, held: int) -> tuple[int, int]:
    """(chances, points taken) of a member who holds so much of the ticket's unit at the close."""
    assert draw.ticket is not None  # noqa: S101 - a scheduled draw has one
    tickets = held // draw.ticket.amount
    if draw.tickets_max is not None:
        tickets = min(tickets, draw.tickets_max)
    if draw.entry is DrawEntry.PER_MEMBER:
        tickets = min(tickets, 1)
    return tickets, tickets * draw.ticket.amount


def entrants_digest(entrants: Sequence[Chance]) -> str:
    """The hash of a round's entrants: a line each, in the order of their codes."""
    return digest("".join(f"{one.code} {one.chances}\n" for one in entrants).encode())


@record(frozen=True, slots=True)
class RoundInputs:
    """What decides a round beside the seed, the terms and the entrants; `beacon` is "" where none is waited for."""

    programme: str
    draw: str
    round: str
    odds_hash: str
    entrants_hash: str
    beacon: str


def winners(
    seed: bytes,
    inputs: RoundInputs,
    terms: Terms,
    entrants: Sequence[Chance],
    excluded: Collection[str] = (),
) -> list[Won]:
    """Who wins what, in the order of drawing. Prizes stay where nobody is left who can win. `excluded`: the codes of
    entrants who can't."""
    ends = list(accumulate(one.chances for one in entrants))
    out = set(excluded)
    found: list[Won] = []
    for prize, number in _slots(terms):
        if len(out) >= len(entrants):
            break
        place = _pick(seed, inputs, prize, number, entrants, ends, out)
        if place is None:
            break
        found.append(Won(prize, number, entrants[place].code))
        if terms.wins is DrawWins.ONCE:
            out.add(entrants[place].code)
    return found


def _slots(terms: Terms) -> Iterator[tuple[str, int]]:
    for prize, count in terms.prizes:
        for number in range(1, count + 1):
            yield prize, number


def _pick(
    seed: bytes,
    inputs: RoundInputs,
    prize: str,
    number: int,
    entrants: Sequence[Chance],
    ends: Sequence[int],
    out: Collection[str],
) -> int | None:
    """The place of the entrant whose chance is picked for that prize. A stream of its own, so that whom one slot passes
    over moves no other."""
    if not ends or ends[-1] <= 0:
        return None
    parts = (inputs.programme, inputs.draw, inputs.round, inputs.odds_hash, inputs.entrants_hash)
    stream = words(derive(seed, "scheduled", *parts, inputs.beacon.encode().hex(), prize, str(number)))
    for _ in range(PICKS_MAX):
        place = bisect_right(ends, below(stream, ends[-1]))
        if entrants[place].code not in out:
            return place
    places = [place for place, one in enumerate(entrants) if one.code not in out and one.chances]
    if not places:
        return None
    left = list(accumulate(entrants[place].chances for place in places))
    return places[bisect_right(left, below(stream, left[-1]))]
