"""What members brought of campaigns against their standing activity."""

from gamification.activity.repository import ActivityRepository
from gamification.campaigning.measuring import brought_by
from gamification.campaigning.model import ArmTotals, CampaignMember
from gamification.campaigning.repository import CampaignMemberRepository
from gamification.campaigning.totals import Place, changed, nothing
from gamification.campaigns.joining import own_of
from gamification.campaigns.schedule import occurrence_of
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue
from gamification.settlement.unit import Stores
from gamification.verification.report import Report
from storage.mongo import Mongo


async def check_campaigns(
    mongo: Mongo, stores: Stores, catalogue: Catalogue, members: dict[bytes, Member], report: Report
) -> None:
    """Every member that was noted in a campaign of the present definitions."""
    repository, activities = CampaignMemberRepository(mongo), ActivityRepository(mongo)
    sums: dict[Place, ArmTotals] = {}
    async for noted in repository.stream(catalogue.programme_id):
        report.count("campaign members")
        sums |= changed(sums, [(None, noted)])
        campaign = catalogue.campaigns.get(noted.campaign)
        member = members.get(noted.member_id)
        name = f"campaign {noted.campaign} {noted.occurrence} of {noted.member_id.hex()}"
        if campaign is None:
            report.differs(f"{name}: there is no such campaign")
        elif member is not None and not member.is_gone:
            await _check_one(stores, activities, catalogue, member, noted, name, report)
    stored = {place: one async for place, one in repository.stream_totals(catalogue.programme_id)}
    for place in sorted(sums.keys() | stored.keys()):
        nobody = nothing(place[2])
        report.compare(
            f"totals of campaign {place[0]} {place[1]} {place[2]}",
            stored.get(place, nobody),
            sums.get(place, nobody),
        )


async def _check_one(
    stores: Stores,
    activities: ActivityRepository,
    catalogue: Catalogue,
    member: Member,
    noted: CampaignMember,
    name: str,
    report: Report,
) -> None:
    campaign = catalogue.campaigns[noted.campaign]
    time = occurrence_of(campaign.schedule, noted.occurrence, catalogue.settings.time_zone, own_of(member))
    if time is None:
        return  # the schedule, or their own day, is another by now
    since = max(noted.noted_at, time.starts_at) if campaign.enumerates else time.starts_at
    did = await activities.of_member_between(member.id, since, time.ends_at + campaign.measured_for)
    joined = [
        one
        for one in did
        if any((j.campaign, j.occurrence) == (campaign.key, time.key) for j in one.campaigns)
    ]
    ids = [found for one in joined for found in one.transfers]
    transfers = await stores.ledger.transfers(catalogue.programme_id, ids)
    given = await stores.rewards.given_on({(member.id, f"activity:{one.id.hex()}") for one in joined})
    standing = [one for one in given if one.stands]
    report.compare(name, noted.brought, brought_by(catalogue, campaign, did, joined, transfers, standing))
