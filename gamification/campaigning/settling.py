"""What follows a campaign's end: those who took part are told and asked, and once its measuring is over its report is final."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from gamification.campaigning.model import CampaignMember, Going, Stage
from gamification.campaigning.reaching import tell
from gamification.campaigning.repository import CampaignMemberRepository
from gamification.campaigns.model import CampaignAct, Step, new_run
from gamification.campaigns.schedule import Occurrence, occurrences_between
from gamification.kit.records import evolve
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import Campaign
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit

log = structlog.get_logger()
_AT_ONCE = 100
_KEPT_OPEN = timedelta(days=1)
"""Longer than a backlog is late: by then what belongs to the time measured has been added up."""
_BY = "service:system"


class CampaignSettling:
    """The worker's."""

    def __init__(
        self,
        settlement: SettlementService,
        repository: CampaignMemberRepository,
        now: Callable[[], datetime],
    ) -> None:
        self._settlement = settlement
        self._repository = repository
        self._now = now

    async def run_due(self, programme_id: str | None = None) -> int:
        """Tell, ask and settle what is due; how many members were told and campaigns settled."""
        programmes = self._settlement.programmes
        ids = [programme_id] if programme_id is not None else await programmes.keys("campaigns")
        done = 0
        for found in ids:
            catalogue = await programmes.catalogue(found, fresh=True)
            for campaign in catalogue.published_campaigns:
                if campaign.texts.after is not None or campaign.survey is not None:
                    done += await self._tell(catalogue, campaign)
                done += await self._settle(catalogue, campaign)
        return done

    async def _tell(self, catalogue: Catalogue, campaign: Campaign) -> int:
        """Tell those who took part in a time that is over; not of one that was over long ago."""
        now, zone, done = self._now(), catalogue.settings.time_zone, 0
        if campaign.schedule.is_by_member or not await self._goes_on(catalogue, campaign):
            return 0
        longest = timedelta(days=campaign.schedule.lasts + 8)
        once = campaign.schedule.starts_at if not campaign.schedule.days else now - longest
        for time in occurrences_between(campaign.schedule, once, now, zone):
            if time.ends_at <= now < time.ends_at + timedelta(days=7):
                done += await self._go_through(catalogue, campaign, time)
        return done

    async def _go_through(self, catalogue: Catalogue, campaign: Campaign, time: Occurrence) -> int:
        programme_id, done = catalogue.programme_id, 0
        going = await self._repository.going(programme_id, campaign.key, time.key, Stage.AFTER)
        while not going.is_done:

            async def body(work: Unit, before: Going = going) -> tuple[list[CampaignMember], int]:
                at = before.after
                found = await self._repository.after(
                    programme_id, campaign.key, time.key, at, _AT_ONCE, work.tx
                )
                told = [one for one in found if one.brought.participations and Stage.AFTER not in one.stages]
                for one in told:
                    tell(work, campaign, one, Stage.AFTER)
                kept = [evolve(one, stages=(*one.stages, Stage.AFTER)) for one in told]
                await self._repository.save(kept, work.tx)
                after = found[-1].id if found else at
                is_done = len(found) < _AT_ONCE
                await self._repository.save_going(evolve(before, after=after, is_done=is_done), work.tx)
                return found, len(told)

            found, count = await self._settlement.run(programme_id, body)
            done += count
            going = evolve(going, after=found[-1].id if found else going.after, is_done=len(found) < _AT_ONCE)
        return done

    async def _goes_on(self, catalogue: Catalogue, campaign: Campaign) -> bool:
        runs = await self._settlement.stores.campaigns.of(catalogue.programme_id, [campaign.key])
        run = runs.get(campaign.key)
        return run is None or run.settled_at is None

    async def _settle(self, catalogue: Catalogue, campaign: Campaign) -> int:
        """Say that a campaign's report is final, once nothing that is measured can come any more, but for late activity."""

        async def body(work: Unit) -> int:
            stored = await work.stores.campaigns.of(catalogue.programme_id, [campaign.key], work.tx)
            run = stored.get(campaign.key) or new_run(catalogue.programme_id, campaign.key)
            if run.settled_at is not None:
                return 0
            step = Step(CampaignAct.SETTLED, _BY, work.space.now)
            settled = evolve(
                run, settled_at=work.space.now, steps=(*run.steps, step), version=run.version + 1
            )
            await work.stores.campaigns.save(settled, work.tx)
            log.info("campaigns.settled", programme=catalogue.programme_id, campaign=campaign.key)
            return 1

        runs = await self._settlement.stores.campaigns.of(catalogue.programme_id, [campaign.key])
        run = runs.get(campaign.key)
        if run is not None and run.settled_at is not None:
            return 0
        ended = run.ended_at if run is not None and run.ended_at is not None else campaign.schedule.ends_at
        if self._now() < ended + campaign.measured_for + _KEPT_OPEN:
            return 0
        return await self._settlement.run(catalogue.programme_id, body)
