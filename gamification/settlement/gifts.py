"""Rewards of the catalogue that an activity's rules give: bounded by caps of the effect, and by the reward's stock."""

from datetime import datetime

from gamification.kit.causes import Cause
from gamification.kit.identifiers import derived_id
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue
from gamification.rewards.limits import Bound, budget_of_campaign, caps_of_rule
from gamification.rules.model import GiveReward
from gamification.settlement.issuing import give
from gamification.settlement.workspace import Workspace


def gift_id(activity_id: bytes, rule: str, index: int) -> bytes:
    """The id of the redemption that an effect of a rule gives for an activity: there can be one only."""
    return derived_id("rule reward", activity_id, rule, index)


def give_by_rule(
    space: Workspace,
    member: Member,
    activity_id: bytes,
    at: datetime,
    effect: GiveReward,
    ground: str,
    cause: Cause,
) -> bool:
    """Give the effect's reward for an activity at that instant, unless its caps have no room: whether they had. Where the
    stock has nothing left, that is noted and told. The shelf must be filled (`Needs.issues`, `Needs.tallies`)."""
    caps = caps_of_gift(space.catalogue, member.id, at, effect)
    if not all(bound.has_room(space.shelf.tally(bound)) for bound in caps):
        return False
    reward = space.catalogue.rewards[effect.reward]
    give(space, member, reward, gift_id(activity_id, effect.rule.key, effect.index), ground, cause, caps)
    return True


def caps_of_gift(catalogue: Catalogue, member_id: bytes, at: datetime, effect: GiveReward) -> list[Bound]:
    """What bounds how often the effect gives its reward, for what that member did at that instant."""
    budget = _budget(catalogue, effect)
    if not effect.caps:
        return budget
    zone, rule = catalogue.settings.time_zone, (effect.rule.key, effect.index)
    caps = caps_of_rule(catalogue.programme_id, effect.reward, rule, effect.caps, member_id, at, zone)
    return [*caps, *budget]


def _budget(catalogue: Catalogue, effect: GiveReward) -> list[Bound]:
    campaign = catalogue.campaigns.get(effect.campaign) if effect.campaign is not None else None
    if campaign is None:
        return []
    return budget_of_campaign(catalogue.programme_id, campaign, catalogue.rewards[effect.reward])
