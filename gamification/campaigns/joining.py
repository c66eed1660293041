"""Which campaigns are on for a member at an instant: pure."""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import lru_cache

from gamification.campaigns.approval import takes_effect
from gamification.campaigns.model import CampaignRun, new_run
from gamification.campaigns.schedule import Own, occurrence_at
from gamification.experiments.assignment import BUCKETS, HOLDOUT, Allocation, Arm, allocate, assigned
from gamification.members.facts import member_facts
from gamification.members.model import Member, Standing
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import Audience, Campaign, CampaignExperiment
from gamification.programmes.gating import meets
from gamification.rules.model import Joined

NO_VARIANT = ""
Runs = Mapping[str, CampaignRun]
"""What is decided on campaigns, by key; of those that are absent nothing is."""


def own_of(member: Member) -> Own:
    """What a campaign that goes by members must know of this one."""
    return Own(member.time_zone, member.birthday, member.joined_at)


def is_for_everyone(audience: Audience) -> bool:
    """Whether nobody is kept out."""
    return audience == Audience()


def is_for(audience: Audience, member: Member) -> bool:
    """Whether a member is of the audience."""
    segments = set(member.segments)
    if audience.segments and not segments.intersection(audience.segments):
        return False
    if segments.intersection(audience.not_in):
        return False
    return meets(audience.when, member_facts(member)) if audience.when is not None else True


def variant_of(programme_id: str, campaign: Campaign, member_id: bytes) -> str:
    """How a member is treated in the campaign's experiment: HOLDOUT, a variant's key, or NO_VARIANT where all are alike."""
    if campaign.experiment is None:
        return NO_VARIANT
    found = assigned(_allocation(campaign.experiment), f"{programme_id}/{campaign.key}", member_id)
    return found if found is not None else NO_VARIANT


def joined_at(
    catalogue: Catalogue, runs: Runs, member: Member, at: datetime, only: Collection[str]
) -> tuple[Joined, ...]:
    """Those of the campaigns with these keys that are on for the member at that instant, in file order; not those that keep
    them out."""
    if member.standing is Standing.BANNED or member.is_gone:
        return ()
    found = []
    for campaign in catalogue.published_campaigns:
        if campaign.key not in only:
            continue
        run = runs.get(campaign.key) or new_run(catalogue.programme_id, campaign.key)
        time = occurrence_at(campaign.schedule, at, catalogue.settings.time_zone, own_of(member))
        if time is None or not takes_effect(catalogue, campaign, run):
            continue
        variant = variant_of(catalogue.programme_id, campaign, member.id)
        if variant != HOLDOUT and is_for(campaign.audience, member):
            found.append(Joined(campaign.key, time.key, variant))
    return tuple(found)


@lru_cache(maxsize=256)
def _allocation(experiment: CampaignExperiment) -> Allocation:
    percent = BUCKETS // 100
    arms = [Arm(HOLDOUT, experiment.hold_out * percent)] if experiment.hold_out else []
    return allocate([*arms, *(Arm(one.key, one.percent * percent) for one in experiment.variants)])
