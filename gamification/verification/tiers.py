"""Every member's tier from what the ledger and activity say, and from the tier's own history."""

from collections.abc import AsyncIterator

from gamification.programmes.catalogue import Catalogue, published
from gamification.programmes.definitions import Ladder
from gamification.services import Services
from gamification.tiers.assessment import Terms, assess
from gamification.tiers.measuring import day_of, folded
from gamification.tiers.model import TierChange, TierState
from gamification.verification.report import Report

_TOGETHER = 500


async def check_tiers(services: Services, catalogue: Catalogue, report: Report) -> None:
    """The measures of each day must be what transfers and standing activity add up to, the tier what they mean by the
    present definition, and the history whole, up to that tier."""
    if not catalogue.document.ladders:
        return
    store, programme_id = services.stores.tiers, catalogue.programme_id
    newest: dict[tuple[bytes, str], tuple[int, TierChange]] = {}
    async for change in store.stream_changes(programme_id):
        report.count("tier changes")
        key = (change.member_id, change.ladder)
        count, last = newest.get(key, (0, change))
        newest[key] = (count + 1, change if change.number >= last.number else last)
    for ladder in catalogue.document.ladders:
        rounds = await store.rounds(programme_id, ladder.key) if ladder.pyramid else {}
        terms = Terms(ladder, catalogue.settings.time_zone, catalogue.version, rounds)
        async for states in _together(store.stream(programme_id, ladder.key)):
            for state in states:
                report.count("tiers")
                _check_history(state, newest.pop((state.member_id, ladder.key), None), report)
            if published(ladder):
                await _check_measures(services, terms, states, report)
                for state in states:
                    _check_tier(terms, state, report)
    ended = set[bytes]()
    if newest:  # of an account that was merged only the history is left
        found = await services.stores.members.by_ids(programme_id, sorted({one for one, _ in newest}))
        ended = {one.id for one in found.values() if one.merged_into is not None}
    for member_id, ladder_key in newest:
        if member_id in ended:
            continue
        report.differs(f"tier {ladder_key} of {member_id.hex()}: it has a history, but no state")


async def _check_measures(services: Services, terms: Terms, states: list[TierState], report: Report) -> None:
    ladder = terms.ladder
    computed = await services.stores.tiers.measured(
        states[0].programme_id,
        ladder,
        [measure.key for measure in ladder.measures],
        [state.member_id for state in states],
        terms.time_zone,
    )
    for state in states:
        if any(measure.key not in state.days for measure in ladder.measures):
            continue  # a measure came since; it is added up when the member is looked at
        today = day_of(state.assessed_at, terms.time_zone)
        report.compare(
            f"{_name(ladder, state)} measures",
            folded(ladder, state.days, today),
            folded(ladder, computed[state.member_id], today),
        )


def _check_tier(terms: Terms, state: TierState, report: Report) -> None:
    """Assessing again, as of when that was done last, must find nothing to change."""
    awaited = state.until is not None and state.until <= state.assessed_at
    if state.version != terms.ladder.version or awaited:
        return
    again = assess(terms, state, state.assessed_at).state
    report.compare(_name(terms.ladder, state), (state.tier, state.until), (again.tier, again.until))


def _check_history(state: TierState, known: tuple[int, TierChange] | None, report: Report) -> None:
    count, last = known or (0, None)
    name = f"tier {state.ladder} of {state.member_id.hex()}"
    report.compare(f"{name} changes", state.changes, count)
    if last is not None:
        report.compare(f"{name} history", (last.number, last.after), (count, state.tier))


def _name(ladder: Ladder, state: TierState) -> str:
    return f"tier {ladder.key} of {state.member_id.hex()}"


async def _together(states: AsyncIterator[TierState]) -> AsyncIterator[list[TierState]]:
    found: list[TierState] = []
    async for state in states:
        found.append(state)
        if len(found) == _TOGETHER:
            yield found
            found = []
    if found:
        yield found
