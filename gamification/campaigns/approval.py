"""What takes two, and which state a campaign is in: pure.

An approval is of a digest: of the campaign as it is stated, of the rules that are on with it, and of what the rewards cost that
they give. Whoever changes any of it after that has another campaign, which nobody has approved of.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

from gamification.campaigns.model import CampaignRun, CampaignState
from gamification.programmes.catalogue import Catalogue, published
from gamification.programmes.definitions import Campaign, Rule, Status

_INCIDENTAL = {"version", "status", "name", "description", "owner"}


def digest_of(catalogue: Catalogue, campaign: Campaign) -> str:
    """What of a campaign is approved of, as 64 hexadecimal digits."""
    rules = catalogue.rules_of_campaigns.get(campaign.key, ())
    costs = {key: catalogue.rewards[key].cost for key in sorted(_rewards(rules)) if key in catalogue.rewards}
    # Texts are part of it: what members are told is promised to them.
    stated = {
        "campaign": campaign.model_dump(mode="json", exclude=_INCIDENTAL),
        "rules": [rule.model_dump(mode="json", exclude={"version", "name", "description"}) for rule in rules],
        "costs": costs,
    }
    return sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()


def needs_approval(catalogue: Catalogue, campaign: Campaign) -> bool:
    """Whether it may give more than one of staff may decide on alone; what is bounded by nothing is more than that."""
    above = catalogue.settings.campaigns.approve_above
    if above is None:
        return False
    rules = catalogue.rules_of_campaigns.get(campaign.key, ())
    units = {effect.points.unit for rule in rules for effect in rule.effects if effect.points}
    units |= {one.unit for one in campaign.multiply}
    points = {one.unit: one.amount for one in campaign.budget.points}
    if above.points is not None and any(points.get(unit, above.points) >= above.points for unit in units):
        return True
    given = _rewards(rules)
    counts = {one.reward: one.count for one in campaign.budget.rewards}
    many = sum(counts.get(key, above.rewards or 0) for key in given)
    if above.rewards is not None and given and many >= above.rewards:
        return True
    return above.money is not None and bool(given) and _money(catalogue, campaign, given) >= above.money


def _money(catalogue: Catalogue, campaign: Campaign, given: Iterable[str]) -> float:
    """What its rewards may cost at most."""
    stated = campaign.budget.money
    counts = {one.reward: one.count for one in campaign.budget.rewards}
    total = 0.0
    for key in given:
        reward = catalogue.rewards.get(key)
        cost = reward.cost if reward is not None else None
        total += float("inf") if cost is None or key not in counts else cost * counts[key]
    return total if stated is None else min(float(stated), total)


def _rewards(rules: Iterable[Rule]) -> set[str]:
    return {effect.reward.reward for rule in rules for effect in rule.effects if effect.reward}


def is_cleared(catalogue: Catalogue, campaign: Campaign, run: CampaignRun) -> bool:
    """Whether nobody's approval is missing."""
    return not needs_approval(catalogue, campaign) or run.approved == digest_of(catalogue, campaign)


def takes_effect(catalogue: Catalogue, campaign: Campaign, run: CampaignRun) -> bool:
    """Whether it is on in its times."""
    return (
        published(campaign)
        and not run.paused
        and run.ended_at is None
        and is_cleared(catalogue, campaign, run)
    )


def state_of(catalogue: Catalogue, campaign: Campaign, run: CampaignRun, now: datetime) -> CampaignState:
    """How far it has come."""
    if run.settled_at is not None:
        return CampaignState.SETTLED
    ended = run.ended_at is not None or campaign.status is Status.ARCHIVED
    if ended or (campaign.status is Status.PUBLISHED and campaign.schedule.ends_at <= now):
        return CampaignState.ENDED
    if campaign.status is Status.DRAFT or not is_cleared(catalogue, campaign, run):
        waits = run.submitted is not None and run.submitted == digest_of(catalogue, campaign)
        return CampaignState.REVIEW if waits and run.approved != run.submitted else CampaignState.DRAFT
    if run.paused:
        return CampaignState.PAUSED
    return CampaignState.LIVE if campaign.schedule.starts_at <= now else CampaignState.SCHEDULED
