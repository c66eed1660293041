"""Drawing a round and giving its prizes. Winners and seed are stored together, before any prize is given; then prizes are
given some at a time, each marked in the transaction that gives it."""

from gamification.kit.records import evolve
from gamification.lottery.drawing import Chance, RoundInputs, Won, terms_from, winners
from gamification.lottery.model import Entrant, Exclusion, Round, RoundState, Win, win_id
from gamification.lottery.published import chances
from gamification.members.feed import FeedKind
from gamification.members.model import Standing
from gamification.programmes.definitions import Draw
from gamification.settlement.prizes import cause_in, give_prize
from gamification.settlement.unit import Unit


async def draw_round(work: Unit, found: Round, draw: Draw) -> Round:
    """Draw the winners and reveal the seed. Entrants who are picked and may not win any more are excluded, by name of
    their code, and their slots drawn on."""
    lottery, space = work.stores.lottery, work.space
    entrants = await lottery.entrants(found.id, work.tx)
    by_code = {one.code: one for one in entrants}
    seed = await lottery.seed(found.id, work.tx)
    excluded: dict[str, str] = {}
    while True:
        drawn = _draw(found, seed, chances(entrants), excluded)
        fresh = await _excluded(work, found, [by_code[won.code] for won in drawn])
        if not fresh.keys() - excluded.keys():
            break
        excluded |= fresh
    sequence = await work.next_sequence(max(len(drawn), 1))
    wins = [
        Win(
            win_id(found.id, won.prize, won.number),
            found.programme_id,
            found.id,
            found.draw,
            found.key,
            by_code[won.code].member_id,
            won.prize,
            space.now,
            sequence + place,
            place=place,
            code=won.code,
            number=won.number,
            stock=draw.prize(won.prize).stock,
            cost=draw.prize(won.prize).cost,
        )
        for place, won in enumerate(drawn)
    ]
    await lottery.add_wins(wins, work.tx)
    changed = evolve(
        found,
        state=RoundState.DRAWN,
        seed=seed,
        excluded=tuple(sorted(excluded.items())),
        winners=len(wins),
        drawn_at=space.now,
        revealed_at=space.now,
    )
    await lottery.save_round(changed, work.tx)
    return changed


async def give_part(work: Unit, found: Round, draw: Draw, winners_a_part: int) -> Round:
    """Give the next prizes; after the last of them the round is done."""
    lottery, space = work.stores.lottery, work.space
    wins = await lottery.next_wins(found.id, winners_a_part, work.tx)
    if wins:
        ids = sorted({win.member_id for win in wins})
        members = await work.stores.members.by_ids(found.programme_id, ids, work.tx)
        sequence = await work.next_sequence(len(wins))
        given: list[Win] = []
        for offset, win in enumerate(wins):
            space.begin(sequence + offset)
            member = members.get(win.member_id)
            if member is None or member.is_gone:
                given.append(evolve(win, given_at=space.now, forfeited=True))
                continue
            occurrence = f"{win.draw}:{win.round}:{win.prize}:{win.number}"
            cause = cause_in(found, win.prize)
            given.append(await give_prize(work, member, win, draw, cause, occurrence))
            space.tell(member.id, FeedKind.DRAW_WON, {"win": win.id})
        await lottery.save_wins(given, work.tx)
    if len(wins) == winners_a_part:
        # Meets whoever gives the same part at the same time.
        changed = evolve(found, given=found.given + len(wins))
    else:
        changed = evolve(found, state=RoundState.REVEALED, given=found.given + len(wins))
    await lottery.save_round(changed, work.tx)
    return changed


def _draw(found: Round, seed: bytes, entrants: list[Chance], excluded: dict[str, str]) -> list[Won]:
    inputs = RoundInputs(
        found.programme_id,
        found.draw,
        found.key,
        found.odds_hash or "",
        found.entrants_hash or "",
        found.beacon or "",
    )
    return winners(seed, inputs, terms_from(found.odds or {}), entrants, excluded)


async def _excluded(work: Unit, found: Round, picked: list[Entrant]) -> dict[str, str]:
    """Those of the entrants picked who may not win, and why."""
    ids = sorted({one.member_id for one in picked})
    members = await work.stores.members.by_ids(found.programme_id, ids, work.tx)
    out: dict[str, str] = {}
    for one in picked:
        member = members.get(one.member_id)
        if member is None or member.is_gone:
            out[one.code] = Exclusion.GONE.value
        elif member.standing is Standing.BANNED:
            out[one.code] = Exclusion.BANNED.value
    return out
