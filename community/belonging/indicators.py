"""The twelve indicators of a member: from what is known of a month to a value from 0 to 100, or None. Pure.

Source: `docs/belonging.md` has every formula.
"""

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean

from community.belonging.model import UNKNOWN, MemberFacts, Possible, Reading, Tone
from gamification.programmes.definitions import BelongingIndicator, BelongingSettings

_PROMOTES_FROM, _DETRACTS_TO = 9, 6
MENTION_WEIGHT = 2
"""How much a text counts that mentions the brand; others count 1."""


def reached(count: int, target: int) -> float:
    """How much of a target that is, in percent; 100 at most."""
    return min(100.0, 100.0 * count / target)


def promoter(answer: int) -> float:
    """An answer from 0 to 10 as a value whose mean over many is (net promoter score + 100) / 2."""
    return 100.0 if answer >= _PROMOTES_FROM else 0.0 if answer <= _DETRACTS_TO else 50.0


def step(answer: int, least: int, most: int) -> float:
    """A step of a scale, in percent of the way from the lowest to the highest."""
    return 100.0 * (min(max(answer, least), most) - least) / (most - least)


def answered(answers: Sequence[float]) -> Reading:
    """What was answered to all questions that tell one thing."""
    return Reading(fmean(answers), len(answers)) if answers else UNKNOWN


def sentiment(tones: Sequence[Tone]) -> Reading:
    """The mean tone; texts that mention the brand count more."""
    if not tones:
        return UNKNOWN
    weights = [MENTION_WEIGHT if one.mentions else 1 for one in tones]
    total = sum(one.tone * weight for one, weight in zip(tones, weights, strict=True))
    return Reading(50.0 * (1.0 + total / sum(weights)), len(tones))


def returned(facts: MemberFacts) -> Reading:
    """Of who was silent: whether they came back."""
    return Reading(100.0 if facts.came_back else 0.0, 1) if facts.was_silent else UNKNOWN


def _counted(count: int, target: int, *, possible: bool = True) -> Reading:
    return Reading(reached(count, target), count) if possible else UNKNOWN


def _badges(facts: MemberFacts, possible: Possible, settings: BelongingSettings) -> Reading:
    if not possible.badges:
        return UNKNOWN
    share = 100.0 * facts.badges / possible.badges
    return Reading(min(100.0, 100.0 * share / settings.targets.badges), facts.badges)


_Reader = Callable[[MemberFacts, Possible, BelongingSettings], Reading]
_I = BelongingIndicator
READERS: Mapping[BelongingIndicator, _Reader] = {
    _I.PARTICIPATION: lambda f, p, s: _counted(f.active_days, s.targets.active_days),
    _I.REDEMPTION: lambda f, p, s: _counted(f.redemptions, s.targets.redemptions, possible=p.rewards),
    _I.INTERACTION: lambda f, p, s: _counted(f.interactions, s.targets.interactions, possible=p.spaces),
    _I.REFERRAL: lambda f, p, s: _counted(f.referrals, s.targets.referrals, possible=p.referrals),
    _I.NPS: lambda f, p, s: answered(f.nps),
    _I.SENTIMENT: lambda f, p, s: sentiment(f.tones),
    _I.RETURN: lambda f, p, s: returned(f),
    _I.SATISFACTION: lambda f, p, s: answered(f.satisfaction),
    _I.PERCEIVED_VALUE: lambda f, p, s: answered(f.perceived_value),
    _I.BADGES: _badges,
    _I.KNOWLEDGE: lambda f, p, s: _counted(f.knowledge, s.targets.knowledge, possible=p.knowledge),
    _I.AWARENESS: lambda f, p, s: answered(f.awareness),
}


def readings_of(
    facts: MemberFacts, possible: Possible, settings: BelongingSettings
) -> dict[BelongingIndicator, Reading]:
    """All twelve, in their order."""
    return {one: READERS[one](facts, possible, settings) for one in BelongingIndicator}
