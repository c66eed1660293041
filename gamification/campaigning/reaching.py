"""Going through a campaign's audience as it begins: each member is noted once a time, and who is not kept out is told, and that is
recorded for rules.

Campaigns begin by the clock. Until when a campaign's times were looked at is kept, so that after a time without a worker each
that was missed is made up for, once: what is given then is given all the same, and told only while it is still on.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from gamification.activity.model import NewActivity
from gamification.activity.recording import RecordingService
from gamification.campaigning.model import (
    SOURCE,
    CampaignMember,
    Going,
    Stage,
    campaign_member_id,
)
from gamification.campaigning.repository import CampaignMemberRepository
from gamification.campaigns.approval import takes_effect
from gamification.campaigns.joining import is_for, own_of, variant_of
from gamification.campaigns.model import new_run
from gamification.campaigns.schedule import Occurrence, month_days, occurrence_at, occurrences_between
from gamification.kit.errors import DomainError
from gamification.kit.records import evolve
from gamification.members.feed import FeedKind
from gamification.members.model import Member, Standing
from gamification.members.repository import MemberRepository
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import Campaign, CampaignRepeat
from gamification.settlement.followup import Announcement
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit

log = structlog.get_logger()
MEMBERS_A_PART = 50
_PAGE = 500
_ZONES_APART = timedelta(hours=15)
"""Farther than any zone's midnight is from UTC's."""
_TICK = timedelta(milliseconds=1)
_STEP = timedelta(hours=1)
"""How often the times of campaigns that go by members are looked at: of all members at once, but for their own days."""


class CampaignReaching:
    """The worker's."""

    def __init__(
        self,
        settlement: SettlementService,
        recording: RecordingService,
        members: MemberRepository,
        repository: CampaignMemberRepository,
        now: Callable[[], datetime],
    ) -> None:
        self._settlement = settlement
        self._recording = recording
        self._members = members
        self._repository = repository
        self._now = now

    async def run_due(self, programme_id: str | None = None) -> int:
        """Go through the audiences of what begins; how many members were noted."""
        programmes = self._settlement.programmes
        ids = [programme_id] if programme_id is not None else await programmes.keys("campaigns")
        done = 0
        for found in ids:
            catalogue = await programmes.catalogue(found, fresh=True)
            for campaign in catalogue.published_campaigns:
                if campaign.enumerates and await self._is_on(catalogue, campaign):
                    done += await self._run(catalogue, campaign)
        return done

    async def look_at(self, catalogue: Catalogue, member_ids: Sequence[bytes]) -> int:
        """Note these members where they came to be of an audience, or to have their day, while a campaign is on."""
        now, done = self._now(), 0
        for campaign in catalogue.published_campaigns:
            is_near = campaign.schedule.starts_at <= now < campaign.schedule.ends_at
            if not campaign.enumerates or not is_near or not await self._is_on(catalogue, campaign):
                continue
            found = await self._members.by_ids(catalogue.programme_id, member_ids)
            for member in found.values():
                time = occurrence_at(campaign.schedule, now, catalogue.settings.time_zone, own_of(member))
                if time is not None:
                    done += await self._note(catalogue, campaign, {member.id: time}, Stage.STARTS, came=now)
        return done

    async def _is_on(self, catalogue: Catalogue, campaign: Campaign) -> bool:
        runs = await self._settlement.stores.campaigns.of(catalogue.programme_id, [campaign.key])
        run = runs.get(campaign.key) or new_run(catalogue.programme_id, campaign.key)
        return takes_effect(catalogue, campaign, run)

    async def _run(self, catalogue: Catalogue, campaign: Campaign) -> int:
        now, schedule = self._now(), campaign.schedule
        before = timedelta(days=campaign.warm_up_days)
        begun = await self._repository.clock(catalogue.programme_id, campaign.key)
        since = begun if begun is not None else _first(campaign, now)
        if now < schedule.starts_at - before - _ZONES_APART:
            if begun is None:  # so that it is known later that it was looked at before it began
                await self._repository.set_clock(catalogue.programme_id, campaign.key, now)
            return 0
        if since >= now:
            return 0
        # After the last look, up to and including now.
        since, until = since + _TICK, now + _TICK
        if schedule.is_by_member:
            if begun is not None and now - since < _STEP and not schedule.is_personal:
                return 0
            done = await self._by_member(catalogue, campaign, since, until)
        else:
            came = now if begun is None else None
            done = await self._by_programme(catalogue, campaign, since, until, came)
        await self._repository.set_clock(catalogue.programme_id, campaign.key, now)
        return done

    async def _by_programme(
        self,
        catalogue: Catalogue,
        campaign: Campaign,
        since: datetime,
        until: datetime,
        came: datetime | None,
    ) -> int:
        """Every time that begins for all at once."""
        zone, before = catalogue.settings.time_zone, timedelta(days=campaign.warm_up_days)
        done = 0
        if before:
            for time in occurrences_between(campaign.schedule, since + before, until + before, zone):
                if until <= time.starts_at:
                    done += await self._go_through(catalogue, campaign, time, Stage.WARM_UP)
        for time in occurrences_between(campaign.schedule, since, until, zone):
            done += await self._go_through(catalogue, campaign, time, Stage.STARTS, came)
        return done

    async def _go_through(
        self,
        catalogue: Catalogue,
        campaign: Campaign,
        time: Occurrence,
        stage: Stage,
        came: datetime | None = None,
    ) -> int:
        """Note everybody of the audience, in parts; each part says how far it came, so that it is gone on with after a crash."""
        programme_id, done = catalogue.programme_id, 0
        going = await self._repository.going(programme_id, campaign.key, time.key, stage)
        while not going.is_done:
            ids = await self._page(programme_id, going.after)
            chosen = await self._chosen(catalogue, campaign, ids)
            for start in range(0, len(chosen), MEMBERS_A_PART):
                part = chosen[start : start + MEMBERS_A_PART]
                done += await self._note(catalogue, campaign, dict.fromkeys(part, time), stage, came)
            going = evolve(going, after=ids[-1] if ids else going.after, is_done=len(ids) < _PAGE)
            await self._keep(programme_id, going)
        return done

    async def _by_member(
        self, catalogue: Catalogue, campaign: Campaign, since: datetime, until: datetime
    ) -> int:
        """Every time that begins for some by their own calendar."""
        zone, before, done = catalogue.settings.time_zone, timedelta(days=campaign.warm_up_days), 0
        after: bytes | None = None
        while True:
            ids = await self._candidates(catalogue.programme_id, campaign, since, until + before, after)
            found = await self._members.by_ids(catalogue.programme_id, ids)
            for stage, ahead in ((Stage.WARM_UP, before), (Stage.STARTS, timedelta())):
                if stage is Stage.WARM_UP and not before:
                    continue
                for member in found.values():
                    own = own_of(member)
                    for time in occurrences_between(
                        campaign.schedule, since + ahead, until + ahead, zone, own
                    ):
                        if stage is Stage.STARTS or until <= time.starts_at:
                            done += await self._note(catalogue, campaign, {member.id: time}, stage)
            if len(ids) < _PAGE:
                return done
            after = ids[-1]

    async def _candidates(
        self, programme_id: str, campaign: Campaign, since: datetime, until: datetime, after: bytes | None
    ) -> list[bytes]:
        """Members after that one whose time may begin then, in the order of their ids."""
        if not campaign.schedule.is_personal:
            return await self._page(programme_id, after)
        day, last = (since - _ZONES_APART).date(), (until + _ZONES_APART).date()
        days = set[str]()
        while day <= last and len(days) < 366:
            days.update(month_days(day))
            day += timedelta(days=1)
        field = "birth_day" if campaign.schedule.repeat is CampaignRepeat.BIRTHDAY else "join_day"
        return await self._members.ids_on_days(programme_id, field, sorted(days), after, _PAGE)

    async def _page(self, programme_id: str, after: bytes | None) -> list[bytes]:
        return await self._settlement.stores.mongo.transaction(
            lambda tx: self._members.ids_after(programme_id, after, _PAGE, tx)
        )

    async def _chosen(self, catalogue: Catalogue, campaign: Campaign, ids: Sequence[bytes]) -> list[bytes]:
        """Those of these members who are of the audience; it is decided again when they are noted."""
        found = await self._members.by_ids(catalogue.programme_id, ids)
        return [one for one in ids if one in found and _takes_part(campaign, found[one])]

    async def _keep(self, programme_id: str, going: Going) -> None:
        mongo = self._settlement.stores.mongo
        await mongo.transaction(lambda tx: self._repository.save_going(going, tx))

    async def _note(
        self,
        catalogue: Catalogue,
        campaign: Campaign,
        times: dict[bytes, Occurrence],
        stage: Stage,
        came: datetime | None = None,
    ) -> int:
        """Note these members, where they are of the audience and were not yet; how many. `came`: when they came to it, where that
        is not as it began: what they did before is not measured."""

        async def body(work: Unit) -> int:
            stated = work.space.catalogue.campaigns[campaign.key]
            runs = await work.stores.campaigns.of(catalogue.programme_id, [campaign.key], work.tx)
            run = runs.get(campaign.key) or new_run(catalogue.programme_id, campaign.key)
            if not takes_effect(work.space.catalogue, stated, run):
                return 0
            members = await self._members.by_ids(catalogue.programme_id, list(times), work.tx)
            noted = []
            for member in members.values():
                if _takes_part(stated, member):
                    found = await self._note_one(work, stated, member, times[member.id], stage, came)
                    noted += [found] if found is not None else []
            await self._repository.save(noted, work.tx)
            return len(noted)

        return await self._settlement.run(catalogue.programme_id, body)

    async def _note_one(
        self,
        work: Unit,
        campaign: Campaign,
        member: Member,
        time: Occurrence,
        stage: Stage,
        came: datetime | None,
    ) -> CampaignMember | None:
        if time.ends_at <= member.joined_at:
            return None  # it was on before they were there
        programme_id = work.space.catalogue.programme_id
        stored = await self._repository.of(programme_id, campaign.key, time.key, [member.id], work.tx)
        known = stored.get(member.id) or new_member(
            programme_id, campaign, member.id, time.key, came or time.starts_at
        )
        if stage in known.stages or (known.is_held_out and member.id in stored):
            return None
        if known.is_held_out:
            return known
        told = evolve(known, stages=(*known.stages, stage))
        text = campaign.texts.warm_up if stage is Stage.WARM_UP else campaign.texts.starts
        if text is not None and work.space.now < time.ends_at:
            tell(work, campaign, told, stage)
        if stage is Stage.STARTS and campaign.reaches:
            await self._record(work, campaign, member, told, time)
        return told

    async def _record(
        self, work: Unit, campaign: Campaign, member: Member, noted: CampaignMember, time: Occurrence
    ) -> None:
        """Record that it begins for them, as of when it did, so that its rules are on: who came to its audience later, as of now."""
        recorded_as = work.space.catalogue.settings.campaigns.reached
        if recorded_as is None:
            return
        late = work.space.now >= time.ends_at
        try:
            await self._recording.record_within(
                work,
                NewActivity(
                    type=recorded_as,
                    source=SOURCE,
                    source_id=f"{campaign.key}:{time.key}:{member.id.hex()}",
                    member_external_id=member.external_id,
                    occurred_at=time.starts_at if late else max(time.starts_at, work.space.now),
                    subject=f"campaign:{campaign.key}",
                    properties={
                        "campaign": campaign.key,
                        "occurrence": time.key,
                        "variant": noted.variant,
                    },
                ),
            )
        except DomainError as error:
            log.warning("campaigns.not_recorded", campaign=campaign.key, error=error.message)


def _first(campaign: Campaign, now: datetime) -> datetime:
    """From when on a campaign's times are looked at that were never looked at: what is on now is not missed, and what was over
    before it was published is not given after the fact."""
    begins = campaign.schedule.starts_at - timedelta(days=campaign.warm_up_days) - _TICK
    if campaign.schedule.repeat is CampaignRepeat.ONCE:
        return begins
    return max(begins, now - timedelta(days=campaign.schedule.lasts))


def tell(work: Unit, campaign: Campaign, member: CampaignMember, stage: Stage) -> None:
    """Put it in the member's feed, and have it announced to them where it says anything."""
    text = {Stage.WARM_UP: campaign.texts.warm_up, Stage.STARTS: campaign.texts.starts}.get(
        stage, campaign.texts.after
    )
    if text is not None:
        # With the version: whoever changes the words begins another announcement.
        key = f"{campaign.key}/{campaign.version}/{member.occurrence}/{stage.value}"
        work.followup.announcements.append(
            Announcement(
                key, campaign.key, (member.member_id,), text.title, text.body, tuple(campaign.channels)
            )
        )
    work.space.tell(
        member.member_id,
        FeedKind.CAMPAIGN,
        {"campaign": campaign.key, "occurrence": member.occurrence, "stage": stage.value},
    )


def new_member(
    programme_id: str, campaign: Campaign, member_id: bytes, occurrence: str, now: datetime
) -> CampaignMember:
    """A member of the audience of whom nothing is known yet."""
    return CampaignMember(
        campaign_member_id(programme_id, campaign.key, occurrence, member_id),
        programme_id,
        campaign.key,
        occurrence,
        member_id,
        variant_of(programme_id, campaign, member_id),
        now,
    )


def _takes_part(campaign: Campaign, member: Member) -> bool:
    return not member.is_gone and member.standing is not Standing.BANNED and is_for(campaign.audience, member)
