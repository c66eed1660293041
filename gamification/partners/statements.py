"""Months of an agreement: what was exchanged each way, by both sides' ledgers, and what is owed for it."""

from collections.abc import Callable
from datetime import datetime

from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import NotFound
from gamification.kit.periods import Cycle, period_at, period_of_key
from gamification.kit.records import evolve
from gamification.partners.agreements import month_after
from gamification.partners.model import Agreement, AgreementState, Line, Statement, statement_id
from gamification.partners.repository import PartnerRepository
from gamification.partners.terms import net_of, owed
from storage.mongo import Mongo, Tx
from storage.paging import Page, Window

_CLOSED_AT_ONCE = 50


class StatementService:
    """For operators and services of either side: sums, and nobody's ids."""

    def __init__(self, mongo: Mongo, repository: PartnerRepository, now: Callable[[], datetime]) -> None:
        self._mongo = mongo
        self._repository = repository
        self._now = now

    async def page(self, actor: Actor, agreement: Agreement, window: Window) -> Page[Statement]:
        """Closed months, the last first. Raises: Forbidden."""
        actor.require(Permission.PARTNERS_READ)
        return await self._repository.statements(actor.programme_id, agreement.id, window)

    async def find(self, actor: Actor, agreement_id: bytes | None, month: str) -> Statement | None:
        """A month of an agreement by its id; None where there is none. Raises: Forbidden, InvalidInput."""
        actor.require(Permission.PARTNERS_READ)
        agreement = (
            await self._repository.agreement(actor.programme_id, agreement_id) if agreement_id else None
        )
        if agreement is None:
            return None
        try:
            return await self.statement(actor, agreement, month)
        except NotFound:
            return None

    async def statement(self, actor: Actor, agreement: Agreement, month: str) -> Statement:
        """A month: as it was closed, else as it comes to by now. Raises: Forbidden, InvalidInput for what is no month, NotFound
        for one before the agreement, or to come."""
        actor.require(Permission.PARTNERS_READ)
        period = period_of_key(Cycle.MONTHLY, month, agreement.time_zone)
        stored = await self._repository.statement(actor.programme_id, agreement.id, month)
        if stored is not None:
            return stored
        begun = agreement.accepted_at
        if (
            begun is None
            or period.starts_at is None
            or period.ends_at is None
            or period.ends_at <= begun
            or period.starts_at > self._now()
        ):
            raise NotFound(f"There is no statement of {month}.", path=["month"])
        return await self.compute(agreement, month)

    async def compute(self, agreement: Agreement, month: str, tx: Tx | None = None) -> Statement:
        """A month from the ledgers of both sides."""
        assert agreement.partner_id is not None  # noqa: S101 - it was accepted
        sums = {
            programme_id: await self._repository.sums(agreement.id, programme_id, month, tx)
            for programme_id in (agreement.programme_id, agreement.partner_id)
        }
        lines = []
        for version, terms in enumerate(agreement.agreed, 1):
            for place, way in enumerate(terms.ways):
                source, target = agreement.programme(way.source), agreement.programme(way.source.other)
                count, members, taken = sums[source].get((version, place, True), (0, 0, 0))
                _, _, given = sums[target].get((version, place, False), (0, 0, 0))
                if count or given:
                    lines.append(
                        Line(
                            *(version, place, way.source, way.unit_from, way.unit_to),
                            *(count, members, taken, given, owed(way, given)),
                        )
                    )
        return Statement(
            statement_id(agreement.id, month),
            agreement.id,
            agreement.programme_id,
            agreement.partner_id,
            month,
            agreement.currency,
            tuple(lines),
            net_of(lines),
        )

    async def close_due(self) -> int:
        """Close every month that is over, once, however many were missed; how many. Of an agreement that ended the month in
        which it did is the last."""
        closed = 0
        while due := await self._repository.due(self._now(), _CLOSED_AT_ONCE):
            for agreement in due:
                closed += await self._close(agreement)
        return closed

    async def _close(self, seen: Agreement) -> int:
        now = self._now()

        async def body(tx: Tx) -> int:
            agreement = await self._repository.agreement(seen.programme_id, seen.id, tx)
            if agreement is None or agreement.next_month is None or agreement.due_at is None:
                return 0
            if agreement.due_at > now:
                return 0  # another process did it
            month = agreement.next_month
            await self._repository.add_statement(
                evolve(await self.compute(agreement, month, tx), closed_at=now), tx
            )
            following, due_at = month_after(month, agreement.time_zone)
            is_last = agreement.state is AgreementState.ENDED and (
                agreement.ended_at is None
                or period_at(Cycle.MONTHLY, agreement.ended_at, agreement.time_zone).key <= month
            )
            changed = evolve(
                agreement,
                next_month=None if is_last else following,
                due_at=None if is_last else due_at,
            )
            await self._repository.save_agreement(changed, tx)
            return 1

        return await self._mongo.transaction(body)
