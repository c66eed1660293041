"""Rewards of the catalogue that an activity's rules give: bounded by caps of the effect, and by the reward's stock."""

from datetime import datetime

from gamification.kit.causes import Cause
from gamification.kit.identifiers import derived_id
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue
from gamification.rewards.limits import Bound, caps_of_rule
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
    if any(space.shelf.tally(bound).taken >= bound.limit for bound in caps):
        return False
    reward = space.catalogue.rewards[effect.reward]
    give(space, member, reward, gift_id(activity_id, effect.rule.key, effect.index), ground, cause, caps)
    return True


def caps_of_gift(catalogue: Catalogue, member_id: bytes, at: datetime, effect: GiveReward) -> list[Bound]:
    """What bounds how often the effect gives its reward, for what that member did at that instant."""
    if not effect.caps:
        return []
    zone, rule = catalogue.settings.time_zone, (effect.rule.key, effect.index)
    return caps_of_rule(catalogue.programme_id, effect.reward, rule, effect.caps, member_id, at, zone)
