"""Draws: every seed against its hash, every outcome computed again, stock and budgets against what was won."""

from collections import Counter, defaultdict

from gamification.kit.records import evolve
from gamification.lottery.checking import check_document
from gamification.lottery.model import Issued, Play, Round, RoundState, Standing, Win, issued_id, standing_id
from gamification.lottery.odds import PlayInputs, odds_from, outcome, table_of
from gamification.lottery.published import scheduled_document
from gamification.lottery.randomness import canonical, digest
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import DrawKind
from gamification.programmes.service import ProgrammeService
from gamification.settlement.unit import Stores
from gamification.verification.report import Report

_ENTRANTS_A_READ = 5_000
_AWAITED = frozenset({RoundState.COMMITTED, RoundState.OPEN, RoundState.CLOSING})


async def check_draws(
    stores: Stores, programmes: ProgrammeService, catalogue: Catalogue, report: Report
) -> None:
    """All rounds, plays and wins of a programme; one that never had draws costs one read."""
    programme_id = catalogue.programme_id
    rounds = {one.id: one async for one in stores.lottery.stream_rounds(programme_id)}
    if not rounds:
        return
    wins = [win async for win in stores.lottery.stream_wins(programme_id)]
    by_round = defaultdict(list)
    for win in wins:
        by_round[win.round_id].append(win)
    for one in rounds.values():
        await _check_round(stores, one, by_round[one.id], report)
    await _check_plays(stores, rounds, wins, report)
    await _check_given(stores, rounds, wins, report)
    await _check_issued(stores, programmes, rounds, wins, report)


async def _check_round(stores: Stores, found: Round, wins: list[Win], report: Report) -> None:
    report.count("draw rounds")
    name = _name(found)
    seed = await stores.lottery.seed(found.id)
    report.compare(f"{name} seed's hash", found.seed_hash, digest(seed))
    if found.odds is not None:
        report.compare(f"{name} odds' hash", found.odds_hash, digest(canonical(found.odds)))
    is_out = found.state in (RoundState.DRAWN, RoundState.REVEALED)
    report.compare(f"{name} seed is revealed", found.seed, seed if is_out else None)
    if found.kind is DrawKind.INSTANT:
        return
    entrants = await stores.lottery.entrants(found.id)
    report.count("draw entrants", len(entrants))
    report.compare(f"{name} entrants", found.entrants, len(entrants))
    report.compare(f"{name} chances", found.chances, sum(one.chances for one in entrants))
    for start in range(0, len(entrants), _ENTRANTS_A_READ):
        part = entrants[start : start + _ENTRANTS_A_READ]
        taken = await stores.ledger.transfers(found.programme_id, [one.transfer for one in part])
        for one in part:
            transfer = taken.get(one.transfer)
            paid = transfer is not None and transfer.member_id == one.member_id and transfer.amount < 0
            if not paid:
                report.differs(f"{name}: no ticket was taken for the entrant {one.code}")
    if found.state in _AWAITED:
        return
    wins = sorted(wins, key=lambda win: win.place)
    report.compare(f"{name} winners", found.winners, len(wins))
    for part_name, fault in check_document(scheduled_document(found, entrants, wins)).wrong:
        report.differs(f"{name} {part_name}: {fault}")
    owners = {one.code: one.member_id for one in entrants}
    for win in wins:
        report.compare(f"{name} {win.prize} {win.number} goes to", win.member_id, owners.get(win.code or ""))


async def _check_plays(stores: Stores, rounds: dict[bytes, Round], wins: list[Win], report: Report) -> None:
    """Each outcome anew, each member's draws without a gap, and the standings that they add up to."""
    seeds: dict[bytes, bytes] = {}
    standings: dict[bytes, Standing] = {}
    won = {win.play: win for win in wins if win.play is not None}
    programme_id = next(iter(rounds.values())).programme_id
    async for play in stores.lottery.stream_plays(programme_id):
        report.count("draws")
        day = rounds[play.round_id]
        if day.id not in seeds:
            seeds[day.id] = await stores.lottery.seed(day.id)
        found = standing_id(play.programme_id, play.draw, play.member_id)
        before = standings.get(found) or Standing(found, play.programme_id, play.draw, play.member_id)
        _check_play(play, day, seeds[day.id], before, report)
        win = won.pop(play.id, None)
        name = f"{_name(day)} draw {play.nonce} of {play.member_id.hex()}"
        report.compare(f"{name} gave", win.prize if win else None, play.prize)
        counts = odds_from(day.odds or {}).counts(play.prize)
        standings[found] = evolve(
            before,
            round=play.round,
            played=play.nonce,
            plays=before.plays + 1,
            wins=before.wins + (play.prize is not None),
            streak=0 if counts else before.streak + 1,
        )
    for win in won.values():
        report.differs(
            f"{_name(rounds[win.round_id])}: the prize {win.prize} {win.id.hex()} belongs to no draw"
        )
    async for stored in stores.lottery.stream_standings(programme_id):
        report.compare(
            f"draw standing {stored.draw} of {stored.member_id.hex()}", stored, standings.pop(stored.id, None)
        )
    for missing in standings.values():
        report.differs(f"draw standing {missing.draw} of {missing.member_id.hex()} is missing")


def _check_play(play: Play, day: Round, seed: bytes, before: Standing, report: Report) -> None:
    name = f"{_name(day)} draw {play.nonce} of {play.member_id.hex()}"
    report.compare(f"{name} number", play.nonce, before.played_in(play.round) + 1)
    report.compare(f"{name} streak", play.streak, before.streak)
    table = table_of(odds_from(day.odds or {}), play.gone, play.streak)
    if table is None:
        report.differs(f"{name}: nothing was left to be drawn")
        return
    inputs = PlayInputs(
        day.programme_id,
        day.draw,
        day.key,
        day.odds_hash or "",
        play.member_id.hex(),
        play.nonce,
        play.client_seed,
    )
    report.compare(f"{name} guaranteed", play.guaranteed, table.guaranteed)
    report.compare(f"{name} prize", play.prize, outcome(seed, inputs, table))


async def _check_given(stores: Stores, rounds: dict[bytes, Round], wins: list[Win], report: Report) -> None:
    """Prizes are given once rounds are done, each transfer is in the ledger and named once."""
    named = Counter(transfer for win in wins for transfer in win.transfers)
    report.count("draw prizes", len(wins))
    for win in wins:
        is_done = rounds[win.round_id].kind is DrawKind.INSTANT or (
            rounds[win.round_id].state is RoundState.REVEALED
        )
        if is_done and win.given_at is None:
            report.differs(f"{_name(rounds[win.round_id])}: {win.prize} {win.number} was not given")
    ids = list(named)
    for start in range(0, len(ids), _ENTRANTS_A_READ):
        part = ids[start : start + _ENTRANTS_A_READ]
        known = await stores.ledger.transfers(wins[0].programme_id, part)
        for transfer in part:
            if transfer not in known or named[transfer] > 1:
                report.differs(f"draw prize {transfer.hex()} is not in the ledger once")


async def _check_issued(
    stores: Stores, programmes: ProgrammeService, rounds: dict[bytes, Round], wins: list[Win], report: Report
) -> None:
    """Counts against the wins that they count, and those against stock and budgets as they were then."""
    expected: dict[bytes, Issued] = {}
    numbers: dict[tuple[str, str], list[int]] = defaultdict(list)
    for win in wins:
        name = f"{_name(rounds[win.round_id])} {win.prize} {win.number}"
        if (win.stock is not None and (win.number or 0) > win.stock) or (
            win.daily is not None and (win.day_number or 0) > win.daily
        ):
            report.differs(f"{name}: more were given than there were")
        if win.play is None or win.number is None:
            continue
        numbers[win.draw, win.prize].append(win.number)
        for key in (None, win.round):
            found = issued_id(win.programme_id, win.draw, key)
            before = expected.get(found) or Issued(found, win.programme_id, win.draw, key)
            count = before.prizes.get(win.prize, 0) + 1
            expected[found] = evolve(
                before, prizes={**before.prizes, win.prize: count}, cost=before.cost + win.cost
            )
    for (draw, prize), given in numbers.items():
        report.compare(f"draw {draw} numbers of {prize}", sorted(given), list(range(1, len(given) + 1)))
    programme_id = next(iter(rounds.values())).programme_id
    stored = {one.id: one for one in await stores.lottery.all_issued(programme_id)}
    for found in stored.keys() | expected.keys():
        one, computed = stored.get(found), expected.get(found)
        which = one or computed
        assert which is not None  # noqa: S101 - it is one of both
        name = f"draw {which.draw} {which.round or 'in all'}"
        report.compare(
            f"{name} issued", dict(one.prizes) if one else {}, dict(computed.prizes) if computed else {}
        )
        report.compare(f"{name} cost", one.cost if one else 0, computed.cost if computed else 0)
    await _check_budgets(programmes, rounds, expected, report)


async def _check_budgets(
    programmes: ProgrammeService, rounds: dict[bytes, Round], issued: dict[bytes, Issued], report: Report
) -> None:
    """No day cost more than its budget; and in all, not more than the largest budget that there was."""
    largest: dict[str, int | None] = {}
    for day in rounds.values():
        if day.kind is not DrawKind.INSTANT or day.programme_version is None:
            continue
        draw = (await programmes.catalogue(day.programme_id, day.programme_version)).draws[day.draw]
        spent = issued.get(issued_id(day.programme_id, day.draw, day.key))
        if spent is not None and draw.daily_budget is not None and spent.cost > draw.daily_budget:
            report.differs(f"{_name(day)} cost {spent.cost}, its budget was {draw.daily_budget}")
        known = largest.get(day.draw, 0)
        largest[day.draw] = None if known is None or draw.budget is None else max(known, draw.budget)
    for one in issued.values():
        bound = largest.get(one.draw)
        if one.round is None and bound is not None and one.cost > bound:
            report.differs(f"draw {one.draw} cost {one.cost}, its budget was {bound}")


def _name(found: Round) -> str:
    return f"draw {found.draw} {found.key}"
