"""Campaigns that are on for the member, in which they have not taken part yet."""

import asyncio
from collections.abc import Mapping, Sequence

from community.recommendations.model import Code, Kind
from community.recommendations.sources import Offer, Person
from community.recommendations.wording import Reason
from community.spaces.service import as_member
from gamification.campaigning.repository import CampaignMemberRepository
from gamification.campaigning.service import CampaignService
from gamification.campaigns.joining import own_of
from gamification.campaigns.schedule import Occurrence, occurrence_at
from gamification.programmes.definitions import Campaign


class CampaignSource:
    """Of the programme's campaigns all are looked at. Whom one keeps out to compare with, to them it is not recommended either."""

    kind = Kind.CAMPAIGN

    def __init__(self, campaigns: CampaignService, members: CampaignMemberRepository) -> None:
        self._campaigns = campaigns
        self._members = members

    async def offers(self, person: Person, items: Sequence[str]) -> Mapping[str, Offer]:
        """Those that are on for the member now."""
        zone, own = person.catalogue.settings.time_zone, own_of(person.member)
        found = await self._campaigns.on_for(as_member(person.member), person.member)
        times = [(one, occurrence_at(one.schedule, person.now, zone, own)) for one in found]
        now_on = [(one, time) for one, time in times if time is not None]
        took_part = await asyncio.gather(*(self._took_part(person, one, time) for one, time in now_on))
        return {
            one.key: Offer(one, plain=Reason(Code.IS_ON, {"ends_at": time.ends_at}))
            for (one, time), did in zip(now_on, took_part, strict=True)
            if not did
        }

    async def names(self, person: Person, items: Sequence[str]) -> Mapping[str, str]:
        """Of those that are there for the member."""
        found = await self._campaigns.views(as_member(person.member), person.member)
        names = {one.definition.key: person.label(one.definition) for one in found}
        return {key: names[key] for key in items if key in names}

    async def _took_part(self, person: Person, campaign: Campaign, time: Occurrence) -> bool:
        noted = await self._members.of(
            person.catalogue.programme_id, campaign.key, time.key, [person.member.id]
        )
        return any(one.brought.participations for one in noted.values())
