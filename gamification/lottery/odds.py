"""The odds of an instant draw, and what one draw gives: pure."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from gamification.kit.chance import below, words
from gamification.kit.records import record
from gamification.lottery.randomness import derive
from gamification.programmes.definitions import Draw, DrawExhausted

Row = tuple[str | None, int]
"""A prize's key, or None for nothing, and its weight."""


@record(frozen=True, slots=True)
class Odds:
    """What is committed to. `prizes`: (key, weight) in file order; `guaranteed_after` 0 is no guarantee."""

    prizes: tuple[tuple[str, int], ...]
    blank: int
    exhausted: DrawExhausted
    guaranteed_after: int = 0
    guaranteed: tuple[str, ...] = ()

    def counts(self, prize: str | None) -> bool:
        """Whether winning that ends a run of draws without a guaranteed prize."""
        return prize is not None and (not self.guaranteed or prize in self.guaranteed)


def odds_of(draw: Draw) -> Odds:
    """The odds that an instant draw's definition states."""
    guarantee = draw.guarantee
    return Odds(
        tuple((prize.key, prize.weight or 0) for prize in draw.prizes),
        draw.blank,
        draw.exhausted,
        guarantee.after if guarantee else 0,
        guarantee.prizes if guarantee else (),
    )


def odds_document(odds: Odds) -> dict[str, Any]:
    """As it is published and hashed."""
    document: dict[str, Any] = {
        "prizes": [[key, weight] for key, weight in odds.prizes],
        "blank": odds.blank,
        "exhausted": odds.exhausted.value,
    }
    if odds.guaranteed_after:
        document["guarantee"] = {"after": odds.guaranteed_after, "prizes": list(odds.guaranteed)}
    return document


def odds_from(document: Mapping[str, Any]) -> Odds:
    """The odds of a published document. Raises: KeyError, TypeError, ValueError where it is none."""
    guarantee = document.get("guarantee") or {"after": 0, "prizes": []}
    return Odds(
        tuple((str(key), _weight(weight)) for key, weight in document["prizes"]),
        _weight(document["blank"]),
        DrawExhausted(document["exhausted"]),
        int(guarantee["after"]),
        tuple(guarantee["prizes"]),
    )


@record(frozen=True, slots=True)
class Table:
    """The odds that draw. `guaranteed`: only what the guarantee names can be won."""

    rows: tuple[Row, ...]
    guaranteed: bool

    @property
    def total(self) -> int:
        """All weights."""
        return sum(weight for _, weight in self.rows)


def table_of(odds: Odds, gone: Collection[str], streak: int) -> Table | None:
    """The table for a member whose last `streak` draws won nothing guaranteed, when these prizes are `gone`; None where
    no prize is left. A guarantee that finds nothing left stays due."""
    left = [(key, weight) for key, weight in odds.prizes if key not in gone]
    if not left:
        return None
    if odds.guaranteed_after and streak + 1 >= odds.guaranteed_after:
        certain = [(key, weight) for key, weight in left if odds.counts(key)]
        if certain:
            return Table(tuple(certain), guaranteed=True)
    blank = odds.blank
    if odds.exhausted is DrawExhausted.BLANK:
        blank += sum(weight for key, weight in odds.prizes if key in gone)
    rows: list[Row] = [*left]
    if blank:
        rows.append((None, blank))
    return Table(tuple(rows), guaranteed=False)


@record(frozen=True, slots=True)
class PlayInputs:
    """What decides one draw beside the seed and the table. `nonce` counts the member's draws of the round from 1;
    `client_seed` is the member's own contribution, "" for none."""

    programme: str
    draw: str
    round: str
    odds_hash: str
    member: str
    nonce: int
    client_seed: str


def outcome(seed: bytes, inputs: PlayInputs, table: Table) -> str | None:
    """The key of the prize that is won, or None."""
    key = derive(
        seed,
        "instant",
        inputs.programme,
        inputs.draw,
        inputs.round,
        inputs.odds_hash,
        inputs.member,
        str(inputs.nonce),
        inputs.client_seed.encode().hex(),
    )
    return at(table.rows, below(words(key), table.total))


def at(rows: Sequence[Row], place: int) -> str | None:
    """Whose weight holds that place, from 0."""
    for prize, weight in rows:
        if place < weight:
            return prize
        place -= weight
    raise ValueError("the place is beyond the table")


def _weight(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("weights are whole numbers from 0")
    return value
