"""Every streak from its days, every card and freeze from its entries."""

from collections.abc import Sequence
from datetime import date

from gamification.checkins.days import DAY
from gamification.checkins.model import COUNTS, CheckInDay, CheckInState, DayState, ItemEntry
from gamification.checkins.streak import Judged, judge, rebuilt
from gamification.programmes.definitions import CheckInItem
from gamification.services import Services
from gamification.verification.replay import Expected
from gamification.verification.report import Report


async def check_check_ins(services: Services, programme_id: str, expected: Expected, report: Report) -> None:
    """Compare what is stored of every standing with what its days and entries amount to; the scores that days gave join
    the expected ones."""
    stores = services.stores
    async for state in stores.check_ins.stream(programme_id):
        days = await stores.check_ins.days_of(state.member_id, state.check_in)
        items = await stores.check_ins.items_of(state.member_id, state.check_in)
        check_standing(state, days, items, report)
        await _check_grounds(services, programme_id, state, days, report)
        for day in days:
            for score in day.scores:
                key = (state.member_id, score.board, score.period)
                expected.scores[key].append((day.reward_sequence, score))


def check_standing(
    state: CheckInState, days: Sequence[CheckInDay], items: Sequence[ItemEntry], report: Report
) -> None:
    """One standing: the streak is that of its days, and what is held is the sum of its entries."""
    report.count("check-in standings")
    report.count("check-in days", len(days))
    name = _name(state)
    ledger = state.ledger
    today = ledger.closed + DAY if ledger.closed is not None else date.min
    judged = judge(rebuilt(ledger, days, items), today)
    report.compare(f"{name} streak", state.run, judged.run)
    kept = judge(ledger, today)
    report.compare(f"{name} streak by its latest days", kept.run, judged.run)
    for day in days:
        became = judged.states.get(day.day)
        counts = became in COUNTS or day.state in COUNTS or DayState.FROZEN in (became, day.state)
        if counts:
            report.compare(f"{name} {day.day}", day.state, became)
            report.compare(f"{name} {day.day} position", day.position, judged.positions.get(day.day, 0))
    _check_missing(name, days, judged, report)
    _check_items(name, state, items, report)


def _check_missing(name: str, days: Sequence[CheckInDay], judged: Judged, report: Report) -> None:
    stored = {day.day for day in days}
    for day, became in judged.states.items():
        if became is not DayState.PAUSED and day not in stored:
            report.differs(f"{name} {day}: {became} by the days before it, but not stored")


def _check_items(name: str, state: CheckInState, items: Sequence[ItemEntry], report: Report) -> None:
    report.count("check-in items", len(items))
    report.compare(f"{name} entries", [entry.entry for entry in items], list(range(1, state.entries + 1)))
    cards = 0
    for entry in items:
        if entry.item is CheckInItem.MAKE_UP_CARD:
            cards += entry.count
            report.compare(f"{name} cards after entry {entry.entry}", entry.held, cards)
    report.compare(f"{name} make-up cards", state.make_up_cards, cards)
    if cards < 0:
        report.differs(f"{name}: {cards} make-up cards")


async def _check_grounds(
    services: Services, programme_id: str, state: CheckInState, days: Sequence[CheckInDay], report: Report
) -> None:
    """Each checked-in day has an activity that stands, and what it gave is in the ledger."""
    ids = [day.activity_id for day in days if day.activity_id is not None]
    activities = await services.activities.by_ids(programme_id, ids)
    given = [transfer for day in days for transfer in day.transfers]
    transfers = await services.stores.ledger.transfers(programme_id, given) if given else {}
    for day in days:
        name = f"{_name(state)} {day.day}"
        if day.state is DayState.CHECKED_IN:
            activity = activities.get(day.activity_id or b"")
            if activity is None or activity.reversal is not None:
                report.differs(f"{name}: no activity stands for it")
        for transfer in day.transfers:
            if transfer not in transfers:
                report.differs(f"{name}: transfer {transfer.hex()} is missing")


def _name(state: CheckInState) -> str:
    return f"check-in {state.check_in} of {state.member_id.hex()}"
