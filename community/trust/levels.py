"""Which level and layer a member's behaviour comes to: pure. `docs/trust.md` says so to operators."""

from datetime import datetime
from math import ceil

from community.trust.model import Layer, Trust
from gamification.kit.records import evolve, record
from gamification.programmes.definitions import Layers, TrustRequirement, TrustSettings


@record(frozen=True, slots=True)
class Behaviour:
    """What a member did. Within the window: on how many `days` they wrote, how many `texts` of theirs stand, how many
    different people reacted to them, how many texts moderators took down. `lately`, `likers_lately`: in the time of the
    layers. `joined_days`: since joining."""

    joined_days: int
    days: int = 0
    texts: int = 0
    likers: int = 0
    removed: int = 0
    lately: int = 0
    likers_lately: int = 0


def level_of(settings: TrustSettings, behaviour: Behaviour) -> int:
    """The highest level all of whose requirements, and of those below it, are met."""
    level = 0
    for requirement in settings.levels:
        if not _meets(requirement, behaviour, 100):
            break
        level += 1
    return level


def kept_level(settings: TrustSettings, behaviour: Behaviour, level: int) -> int:
    """The highest level up to that one that they may keep: of what it takes, `keep` percent suffice."""
    while level > 0:
        stated = settings.levels[:level]
        # A level that nobody reaches by themselves was set by hand: it is kept as long as it is pinned.
        if len(stated) == level and all(_meets(one, behaviour, settings.keep) for one in stated):
            return level
        level -= 1
    return 0


def layer_of(layers: Layers, behaviour: Behaviour) -> Layer:
    """Leader, active, or periphery."""
    if behaviour.lately >= layers.leader and behaviour.likers_lately >= layers.likers:
        return Layer.LEADER
    return Layer.ACTIVE if behaviour.lately >= layers.active else Layer.PERIPHERY


def assessed(settings: TrustSettings, known: Trust, behaviour: Behaviour, now: datetime) -> Trust:
    """How far they are trusted now. They rise at once, and fall only once they have had the level for a while and lack more
    than a little of what it takes; what staff set stays."""
    trust = evolve(known, layer=layer_of(settings.layers, behaviour))
    if known.pinned:
        return trust
    earned = level_of(settings, behaviour)
    if earned > known.level:
        return evolve(trust, level=earned, since=now)
    if earned < known.level and now >= known.since + settings.held:
        kept = max(earned, kept_level(settings, behaviour, known.level))
        return evolve(trust, level=kept, since=now) if kept < known.level else trust
    return trust


def _meets(requirement: TrustRequirement, behaviour: Behaviour, percent: int) -> bool:
    asked = (
        (behaviour.days, requirement.days),
        (behaviour.texts, requirement.texts),
        (behaviour.likers, requirement.likers),
    )
    enough = all(has >= ceil(least * percent / 100) for has, least in asked)
    clean = requirement.removed is None or behaviour.removed <= requirement.removed
    return enough and clean and behaviour.joined_days >= requirement.joined
