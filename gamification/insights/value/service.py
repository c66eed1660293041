"""The worker's weekly fit, what it says of members, and what segments may read of it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import structlog

from gamification.insights.lifetime.backtest import Purchases
from gamification.insights.totals.counting import days_of
from gamification.insights.totals.model import terms_of
from gamification.insights.totals.repository import TotalsRepository
from gamification.insights.value.fitting import fitted
from gamification.insights.value.model import CustomerValue, Fit, history_on
from gamification.insights.value.repository import ModelRepository
from gamification.kit.actors import Actor, Permission
from gamification.kit.periods import zone
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.service import ProgrammeService
from gamification.rollups.repository import MonthRepository
from gamification.segments.knowing import MoreFacts

log = structlog.get_logger()
TESTED_MAX = 20_000
"""Customers by whom the quality of a fit is told; of more, so many drawn at random."""
_PAGE = 1000


class ValueService:
    """For operators and services: what members are thought to be worth is not theirs to read."""

    def __init__(
        self,
        programmes: ProgrammeService,
        totals: TotalsRepository,
        months: MonthRepository,
        models: ModelRepository,
        now: Callable[[], datetime],
    ) -> None:
        self._programmes = programmes
        self._totals = totals
        self._months = months
        self._models = models
        self._now = now

    async def fit(self, actor: Actor) -> Fit | None:
        """The models as they were last fitted; None before that. Raises: Forbidden."""
        actor.require(Permission.INSIGHTS_READ)
        return await self._models.find(actor.programme_id)

    async def of_members(self, actor: Actor, member_ids: Sequence[bytes]) -> dict[bytes, CustomerValue]:
        """What the models say of these members; of who never bought, and where there is no model, nothing. Raises: Forbidden."""
        actor.require(Permission.INSIGHTS_READ)
        return await self._of(await self._programmes.catalogue(actor.programme_id), member_ids)

    def facts(self) -> MoreFacts:
        """Members' `churn_risk`, 0 to 1: how likely they have left for good; of whom nothing is known it is not there."""

        async def of(catalogue: Catalogue, member_ids: Sequence[bytes]) -> Mapping[bytes, Mapping[str, Any]]:
            found = await self._of(catalogue, member_ids)
            return {member_id: {"churn_risk": 1.0 - one.alive} for member_id, one in found.items()}

        return of

    async def _of(self, catalogue: Catalogue, member_ids: Sequence[bytes]) -> dict[bytes, CustomerValue]:
        fit = await self._models.find(catalogue.programme_id)
        if fit is None or fit.purchases is None:
            return {}
        today = self._today(catalogue).toordinal()
        cards = await self._totals.cards(member_ids)
        return {
            member_id: CustomerValue(fit, history_on(card.buys, today))
            for member_id, card in cards.items()
            if card.buys is not None
        }

    async def fit_due(self, programme_id: str | None = None) -> int:
        """Fit the models of programmes in which a week has passed since, or other things are purchases now; how many."""
        ids = [programme_id] if programme_id is not None else await self._programmes.keys()
        done = 0
        for found in ids:
            catalogue = await self._programmes.catalogue(found, fresh=True)
            terms, run = terms_of(catalogue), await self._totals.run(found)
            is_made = run is not None and run.generation and run.terms == terms.name and not run.building
            if not terms.by_purchase or not is_made:
                continue
            day = self._today(catalogue)
            if await self._models.begin(found, terms.name, day, self._now()):
                fit = await self._fitted(found, day)
                await self._models.keep(fit, terms.name)
                reason = fit.refused.reason.value if fit.refused else None
                customers = fit.base.customers if fit.base else 0
                log.info("insights.fitted", programme=found, customers=customers, refused=reason)
                done += 1
        return done

    async def _fitted(self, programme_id: str, day: date) -> Fit:
        today = day.toordinal()
        histories = [
            history_on(buys, today)
            async for _, buys in self._totals.stream_buys(programme_id)
            if buys.first <= today
        ]
        # In an order of their own, so that the same customers give the same model.
        histories.sort(key=lambda one: (one.age_days, one.repeats, one.recency_days, one.spent))
        sample: dict[str, Purchases] = {}
        chosen = await self._totals.some_buyers(programme_id, TESTED_MAX)
        for start in range(0, len(chosen), _PAGE):
            months = await self._months.of_members(chosen[start : start + _PAGE])
            for member_id, found in months.items():
                bought = [(one.day, one.spend) for one in days_of(found) if one.purchases and one.day <= day]
                if bought:
                    sample[member_id.hex()] = bought
        return await asyncio.to_thread(fitted, programme_id, day, self._now(), histories, sample)

    def _today(self, catalogue: Catalogue) -> date:
        return self._now().astimezone(zone(catalogue.settings.time_zone)).date()
