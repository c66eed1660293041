"""Exchanges with partners against both ledgers, caps against exchanges, closed months against what they come to now."""

from collections import Counter

from gamification.kit.periods import period_at
from gamification.partners.model import Agreement, Exchanged, use_id
from gamification.services import Services
from gamification.verification.report import Report
from storage.paging import Window

_ALL = 10_000


async def check_partners(services: Services, programme_id: str, report: Report) -> None:
    """Check all agreements of a programme, as far as this side is concerned and by both sides' books."""
    for agreement in await services.partners.repository.all_of(programme_id):
        if agreement.partner_id is None:
            continue
        halves = await services.partners.repository.exchanges_of(programme_id, agreement.id)
        await _check_halves(services, agreement, programme_id, halves, report)
        await _check_uses(services, agreement, programme_id, halves, report)
        await _check_statements(services, agreement, programme_id, report)


async def _check_halves(
    services: Services, agreement: Agreement, programme_id: str, halves: list[Exchanged], report: Report
) -> None:
    transfers = await services.stores.ledger.transfers(programme_id, [one.id for one in halves])
    for half in halves:
        report.count("partner exchanges")
        name = f"exchange {half.exchange.hex()}"
        transfer = transfers.get(half.id)
        moved = transfer.amount + transfer.pending if transfer is not None else None
        report.compare(f"{name} in the ledger", half.amount, abs(moved) if moved is not None else None)
        cause = transfer.cause.agreement if transfer is not None else None
        report.compare(f"{name} agreement", agreement.id, cause)
        other = await services.partners.repository.other_half(half)
        if other is None:
            report.compare(f"{name} other half", None, half.exchange)
            continue
        way = agreement.agreed[half.version - 1].ways[half.way]
        taken, given = (half, other) if half.taken else (other, half)
        most = taken.amount * way.give // way.take
        report.compare(f"{name} given at its rate", given.amount, min(given.amount, most))


async def _check_uses(
    services: Services, agreement: Agreement, programme_id: str, halves: list[Exchanged], report: Report
) -> None:
    expected: Counter[bytes] = Counter()
    for half in halves:
        way = agreement.agreed[half.version - 1].ways[half.way]
        if half.taken:
            period = period_at(way.cycle, half.at, agreement.time_zone).key
            for whose, most in ((half.member_id, way.per_member), (None, way.in_all)):
                if most is not None:
                    expected[use_id(agreement.id, way, period, whose)] += half.amount
    stored = await services.partners.repository.uses_of(programme_id, agreement.id)
    for found in expected.keys() | stored.keys():
        report.compare(
            f"exchanged of cap {found.hex()}", stored[found].used if found in stored else 0, expected[found]
        )


async def _check_statements(
    services: Services, agreement: Agreement, programme_id: str, report: Report
) -> None:
    page = await services.partners.repository.statements(programme_id, agreement.id, Window(_ALL))
    for stored in page.rows:
        report.count("partner statements")
        now = await services.partners.statements.compute(agreement, stored.month)
        name = f"statement {stored.month} of {agreement.id.hex()}"
        report.compare(f"{name} lines", stored.lines, now.lines)
        report.compare(f"{name} net", stored.net, now.net)
