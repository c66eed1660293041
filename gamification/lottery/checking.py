"""Checking a published document with nothing but itself: pure. The same that `docs/lottery.md` tells anyone to do."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from gamification.lottery.drawing import Chance, RoundInputs, Won, entrants_digest, terms_from, winners
from gamification.lottery.odds import Odds, PlayInputs, odds_from, outcome, table_of
from gamification.lottery.randomness import FORMAT, SEED_BYTES, canonical, digest

HASHES = ("seed_hash", "odds_hash", "entrants_hash")
"""What was published before, and can be compared with what a document says."""
_TOLD_MAX = 20


class NotADrawFile(Exception):
    """The document is none of these; the message says why."""


@dataclass(slots=True)
class Verdict:
    """`wrong`: (part, sentence) pairs; `checked`: the parts that were looked at, `open` those that can't be yet."""

    wrong: list[tuple[str, str]] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.wrong

    def check(self, part: str, faults: Iterable[str]) -> bool:
        """Look at a part; whether it is in order."""
        found = list(faults)
        self.checked.append(part)
        self.wrong += [(part, fault) for fault in found[:_TOLD_MAX]]
        if len(found) > _TOLD_MAX:
            self.wrong.append((part, f"and {len(found) - _TOLD_MAX} more"))
        return not found


def check_document(document: Any, published: Mapping[str, str] | None = None) -> Verdict:
    """Compute a published document again. `published`: hashes as they were made known before, by name.

    Raises: NotADrawFile.
    """
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise NotADrawFile(f"it is no draw of the format {FORMAT}")
    verdict = Verdict()
    for name, stated in (published or {}).items():
        verdict.check(name, _differs(document.get(name), stated.lower(), "what was published before"))
    try:
        if document["kind"] == "scheduled":
            _scheduled(document, verdict)
        elif document["kind"] == "instant":
            _instant(document, verdict)
        else:
            raise NotADrawFile(f"its kind is {document['kind']!r}")
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise NotADrawFile(f"a part is missing or not what it should be ({error!r})") from error
    return verdict


def _commitment(document: Mapping[str, Any], verdict: Verdict) -> bytes | None:
    """The seed, where it is there and what was committed to; the odds are looked at as well."""
    odds_hold = False
    if document["odds"] is None:
        verdict.open.append("odds")
    else:
        odds_hold = verdict.check(
            "odds", _differs(digest(canonical(document["odds"])), document["odds_hash"])
        )
    if document["seed"] is None:
        verdict.open.append("seed")
        return None
    seed = bytes.fromhex(document["seed"])
    holds = verdict.check("seed", _seed_faults(seed, document["seed_hash"]))
    return seed if holds and odds_hold else None


def _seed_faults(seed: bytes, stated: str) -> Iterator[str]:
    if len(seed) != SEED_BYTES:
        yield f"it has {len(seed)} bytes, not {SEED_BYTES}"
    yield from _differs(digest(seed), stated)


def _scheduled(document: Mapping[str, Any], verdict: Verdict) -> None:
    seed = _commitment(document, verdict)
    if document["entrants"] is None:
        verdict.open += ["entrants", "winners"]
        return
    entrants = [Chance(code, count) for code, count in document["entrants"]]
    entrants_hold = verdict.check("entrants", _entrants_faults(entrants, document["entrants_hash"]))
    if document["winners"] is None or seed is None or not entrants_hold:
        verdict.open.append("winners")
        return
    terms = terms_from(document["odds"])
    excluded = [code for code, _ in document["excluded"]]
    known = {one.code for one in entrants}
    strangers = [f"{code} is no entrant" for code in excluded if code not in known]
    holds = verdict.check("excluded", strangers)
    if not verdict.check("beacon", _beacon_faults(terms.beacon, document["beacon"])) or not holds:
        verdict.open.append("winners")
        return
    inputs = RoundInputs(
        document["programme"],
        document["draw"],
        document["round"],
        document["odds_hash"],
        document["entrants_hash"],
        document["beacon"] or "",
    )
    drawn = winners(seed, inputs, terms, entrants, excluded)
    stated = [Won(prize, number, code) for prize, number, code in document["winners"]]
    verdict.check("winners", _winner_faults(drawn, stated))


def _entrants_faults(entrants: list[Chance], stated: str) -> Iterator[str]:
    codes = [one.code for one in entrants]
    if codes != sorted(set(codes)):
        yield "they are not in the order of their codes, each once"
    for one in entrants:
        if type(one.chances) is not int or one.chances < 1:
            yield f"{one.code} has {one.chances!r} chances"
    yield from _differs(entrants_digest(entrants), stated)


def _beacon_faults(source: str | None, value: str | None) -> Iterator[str]:
    if (source is None) != (value is None):
        yield "there is a value exactly where a source was announced"


def _winner_faults(drawn: list[Won], stated: list[Won]) -> Iterator[str]:
    for place, (one, other) in enumerate(zip_longest(drawn, stated), start=1):
        if one != other:
            yield f"place {place}: the file says {_told(other)}, the draw gives {_told(one)}"


def _told(won: Won | None) -> str:
    return "nobody" if won is None else f"{won.prize} number {won.number} to {won.code}"


def _instant(document: Mapping[str, Any], verdict: Verdict) -> None:
    seed = _commitment(document, verdict)
    plays = document["plays"]
    if document["odds"] is None:
        return
    odds = odds_from(document["odds"])
    verdict.check("plays", _order_faults(odds, plays))
    verdict.check("tables", _table_faults(odds, plays))
    if seed is None:
        verdict.open.append("prizes")
        return
    verdict.check("prizes", _prize_faults(seed, odds, document, plays))


def _order_faults(odds: Odds, plays: list[dict[str, Any]]) -> Iterator[str]:
    """Counted from 1 without a gap, each run going on where the one before left it."""
    streak: int | None = None
    for nonce, play in enumerate(plays, start=1):
        if play["nonce"] != nonce:
            yield f"after {nonce - 1} comes {play['nonce']}"
        if streak is not None and play["streak"] != streak:
            yield f"draw {nonce}: {play['streak']} draws before it won nothing, it says; {streak} did"
        streak = 0 if odds.counts(play["prize"]) else play["streak"] + 1


def _table_faults(odds: Odds, plays: list[dict[str, Any]]) -> Iterator[str]:
    for play in plays:
        table = table_of(odds, play["gone"], play["streak"])
        stated = [[key, weight] for key, weight in play["table"]]
        computed = [[key, weight] for key, weight in table.rows] if table else []
        if stated != computed or (table is not None and table.guaranteed != play["guaranteed"]):
            yield f"draw {play['nonce']}: the odds are not those committed to, less what was gone"


def _prize_faults(
    seed: bytes, odds: Odds, document: Mapping[str, Any], plays: list[dict[str, Any]]
) -> Iterator[str]:
    for play in plays:
        table = table_of(odds, play["gone"], play["streak"])
        if table is None:
            yield f"draw {play['nonce']}: nothing was left to be drawn"
            continue
        inputs = PlayInputs(
            document["programme"],
            document["draw"],
            document["round"],
            document["odds_hash"],
            document["member"],
            play["nonce"],
            play["client_seed"],
        )
        drawn = outcome(seed, inputs, table)
        if drawn != play["prize"]:
            yield f"draw {play['nonce']}: the file says {play['prize']!r}, the draw gives {drawn!r}"


def _differs(computed: object, stated: object, of: str = "what is stated") -> list[str]:
    return [] if computed == stated else [f"{computed} is not {stated}, {of}"]
