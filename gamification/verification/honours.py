"""Editions and collections against the awards that they count."""

from collections import defaultdict

from gamification.badges.model import award_id
from gamification.settlement.collecting import grounds_of
from gamification.settlement.unit import Stores
from gamification.verification.report import Report


async def check_honours(stores: Stores, programme_id: str, report: Report) -> None:
    """Numbers of an edition are given once each and without a gap; a completed collection's badges stand, and what it
    gave is there; nothing else stands on a collection."""
    numbers: dict[str, list[int]] = defaultdict(list)
    standing: set[bytes] = set()
    grounds: set[tuple[bytes, str]] = set()
    async for award in stores.awards.stream(programme_id):
        if award.number is not None:
            numbers[award.badge] += [award.number, *award.former_numbers]
        if award.stands:
            standing.add(award.id)
        grounds |= {(award.id, ground) for ground in award.grounds if ground.startswith("collection:")}
    editions = {edition.badge: edition.issued for edition in await stores.editions.of_programme(programme_id)}
    for badge in sorted(editions.keys() | numbers.keys()):
        report.count("editions")
        issued, given = editions.get(badge, 0), sorted(numbers.get(badge, []))
        if given != list(range(1, issued + 1)):
            report.differs(f"edition {badge} numbers: stored {issued}, computed {given[:20]}")
    async for state in stores.collections.stream(programme_id):
        report.count("collections")
        name = f"collection {state.collection} of {state.member_id.hex()}"
        parts = {award_id(programme_id, state.member_id, badge, "") for badge in state.badges}
        report.compare(f"{name} complete", state.is_complete, bool(parts) and parts <= standing)
        given_by = {found for found, ground in grounds if ground == grounds_of(state.id)}
        report.compare(f"{name} awards", given_by, set(state.awards))
        transfers = (
            await stores.ledger.transfers(programme_id, list(state.transfers)) if state.transfers else {}
        )
        report.compare(f"{name} transfers", len(transfers), len(state.transfers))
