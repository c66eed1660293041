"""What campaigns bring of each member: added up anew from activity whenever the member did something in the time measured.

What is written is what stands by then, never a difference, so that twice is as once.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from gamification.activity.daily import PLATFORM_SOURCES, money_of
from gamification.activity.model import Activity
from gamification.activity.repository import ActivityRepository
from gamification.campaigning.model import Brought, CampaignMember
from gamification.campaigning.reaching import CampaignReaching, new_member
from gamification.campaigning.repository import CampaignMemberRepository
from gamification.campaigns.joining import is_for, own_of
from gamification.campaigns.schedule import Occurrence, occurrence_of, occurrences_between
from gamification.kit.records import evolve
from gamification.ledger.model import Transfer
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import Campaign
from gamification.rewards.model import Redemption
from gamification.rules.multiplying import rule_of
from gamification.settlement.followup import Followup, followup_of
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit
from storage.backlog import Chore
from storage.redis import RedisStore

CONSUMER = "campaigns"
CHANNEL = "sg:campaigns"
"""Where it is published that what a campaign brings has changed."""
_AT_ONCE = 50


def campaign_bell(programme_id: str, campaign: str) -> str:
    """The doorbell of what a campaign brings."""
    return f"campaign|{programme_id}|{campaign}"


class CampaignMeasuring:
    """The consumer that keeps campaigns' figures."""

    def __init__(
        self,
        settlement: SettlementService,
        activities: ActivityRepository,
        repository: CampaignMemberRepository,
        reaching: CampaignReaching,
        redis: RedisStore,
    ) -> None:
        self._settlement = settlement
        self._activities = activities
        self._repository = repository
        self._reaching = reaching
        self._redis = redis

    async def handle(self, chores: Sequence[Chore]) -> None:
        """Follow what these transactions did, programme by programme."""
        by_programme: dict[str, list[Followup]] = defaultdict(list)
        for chore in chores:
            by_programme[chore.programme_id].append(followup_of(chore.body))
        for programme_id, followups in by_programme.items():
            catalogue = await self._settlement.programmes.catalogue(programme_id, fresh=True)
            if not catalogue.published_campaigns:
                continue
            looked_at = {one for followup in followups for one in (*followup.feeds, *followup.profiles)}
            await self._reaching.look_at(catalogue, sorted(looked_at))
            done = [(one.member_id, one.occurred_at) for followup in followups for one in followup.activities]
            heirs = {heir for followup in followups for heir in followup.moved.values()}
            await self.measure(catalogue, [*done, *await self._moved(catalogue, sorted(heirs))])

    async def _moved(self, catalogue: Catalogue, heirs: Sequence[bytes]) -> list[tuple[bytes, datetime]]:
        """When members did something, of whom others' activity was made, as far back as a campaign is measured."""
        now, found = self._settlement.now(), []
        since = min((one.schedule.starts_at for one in catalogue.published_campaigns), default=now)
        for heir in heirs:
            did = await self._activities.of_member_between(heir, since, now + timedelta(days=1))
            found += [(heir, one.occurred_at) for one in did]
        return found

    async def measure(self, catalogue: Catalogue, did: Iterable[tuple[bytes, datetime]]) -> None:
        """Add up anew what members who did something at these instants brought of the campaigns that are measured then."""
        instants: dict[bytes, set[datetime]] = defaultdict(set)
        for member_id, at in did:
            instants[member_id].add(at)
        members = sorted(instants)
        for start in range(0, len(members), _AT_ONCE):
            part = {one: instants[one] for one in members[start : start + _AT_ONCE]}

            async def body(work: Unit, part: Mapping[bytes, set[datetime]] = part) -> set[str]:
                return await self._measure(work, part)

            changed = await self._settlement.run(catalogue.programme_id, body)
            if changed:
                bells = [campaign_bell(catalogue.programme_id, key) for key in sorted(changed)]
                keys = [f"{bell}|0".encode() for bell in bells]
                await self._redis.publish(CHANNEL, keys)

    async def _measure(self, work: Unit, instants: Mapping[bytes, set[datetime]]) -> set[str]:
        catalogue, changed = work.space.catalogue, list[CampaignMember]()
        members = await work.stores.members.by_ids(catalogue.programme_id, sorted(instants), work.tx)
        for campaign in catalogue.published_campaigns:
            for member in members.values():
                for time in _times(catalogue, campaign, member, instants[member.id]):
                    noted = await self._measure_one(work, campaign, member, time)
                    changed += [noted] if noted is not None else []
        await self._repository.save(changed, work.tx)
        return {one.campaign for one in changed}

    async def _measure_one(
        self, work: Unit, campaign: Campaign, member: Member, time: Occurrence
    ) -> CampaignMember | None:
        catalogue = work.space.catalogue
        stored = await self._repository.of(
            catalogue.programme_id, campaign.key, time.key, [member.id], work.tx
        )
        known = stored.get(member.id)
        until = time.ends_at + campaign.measured_for
        # What they did before they came to it, it did not bring.
        since = max(known.noted_at, time.starts_at) if known and campaign.enumerates else time.starts_at
        did = await self._activities.of_member_between(member.id, since, until, work.tx)
        joined = [
            one
            for one in did
            if any(j.campaign == campaign.key and j.occurrence == time.key for j in one.campaigns)
        ]
        if known is None:
            if not joined and not is_for(campaign.audience, member):
                return None
            known = new_member(catalogue.programme_id, campaign, member.id, time.key, time.starts_at)
        brought = brought_by(catalogue, campaign, did, joined, *await self._given(work, member, joined))
        if brought == known.brought and member.id in stored:
            return None
        if member.id not in stored and brought == Brought() and campaign.experiment is None:
            return None  # of who did nothing that counts nothing need be kept
        return evolve(known, brought=brought)

    async def _given(
        self, work: Unit, member: Member, joined: Sequence[Activity]
    ) -> tuple[Mapping[bytes, Transfer], Sequence[Redemption]]:
        """The transfers of these activities by id, and the rewards that were given for them and stand."""
        ids = [found for one in joined for found in one.transfers]
        transfers = await work.stores.ledger.transfers(work.space.catalogue.programme_id, ids, work.tx)
        if not any(one.gives for one in joined):
            return transfers, ()
        grounds = {(member.id, f"activity:{one.id.hex()}") for one in joined if one.gives}
        given = await work.stores.rewards.given_on(grounds, work.tx)
        return transfers, [one for one in given if one.stands]


def brought_by(
    catalogue: Catalogue,
    campaign: Campaign,
    did: Sequence[Activity],
    joined: Sequence[Activity],
    transfers: Mapping[bytes, Transfer],
    given: Sequence[Redemption],
) -> Brought:
    """What a member's standing activity in the time measured comes to; `joined` is that for which the campaign was on."""
    measures = campaign.measures
    spends = {one.key: one.spend for one in catalogue.document.activity_types if one.spend}
    participates = set(measures.participates)
    took_part = [one for one in did if one.type in participates] if participates else _own(joined)
    converts = set(measures.converts) or spends.keys()
    paid = [(one, spends[one.type]) for one in did if one.type in spends]
    own = {rule.key for rule in catalogue.rules_of_campaigns.get(campaign.key, ())}
    beside = rule_of(campaign.key, "")
    points: Counter[str] = Counter()
    for activity in joined:
        for found in activity.transfers:
            transfer = transfers.get(found)
            rule = transfer.cause.rule or "" if transfer is not None else ""
            if transfer is not None and (rule in own or rule.startswith(beside)):
                points[transfer.unit] += max(
                    transfer.amount + transfer.pending - activity.taken.get(found, 0), 0
                )
    of_campaign = [one for one in given if one.cause.rule in own]
    return Brought(
        participations=len(took_part),
        conversions=sum(one.type in converts for one in did),
        spend=sum(money_of(catalogue, one.standing_properties.get(name)) for one, name in paid),
        points={unit: amount for unit, amount in sorted(points.items()) if amount},
        rewards=dict(sorted(Counter(one.reward for one in of_campaign).items())),
        cost=sum(one.cost or 0 for one in of_campaign),
    )


def _own(joined: Sequence[Activity]) -> list[Activity]:
    """What members did themselves."""
    return [one for one in joined if one.source not in PLATFORM_SOURCES]


def _times(
    catalogue: Catalogue, campaign: Campaign, member: Member, instants: Iterable[datetime]
) -> list[Occurrence]:
    """The times of the campaign in whose measure these instants fall, each once."""
    zone, own = catalogue.settings.time_zone, own_of(member)
    back = timedelta(days=campaign.schedule.lasts + 1) + campaign.measured_for
    found: dict[str, Occurrence] = {}
    for at in instants:
        if campaign.schedule.lasts and not campaign.schedule.starts_at <= at < (
            campaign.schedule.ends_at + campaign.measured_for
        ):
            continue
        once = occurrence_of(campaign.schedule, "once", zone, own)
        times = (
            [once]
            if once is not None
            else occurrences_between(campaign.schedule, at - back, at + timedelta(milliseconds=1), zone, own)
        )
        for time in times:
            if time.starts_at <= at < time.ends_at + campaign.measured_for:
                found[time.key] = time
    return list(found.values())
