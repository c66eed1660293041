"""What all members of one variant brought together: kept beside them by difference, so that a report reads a document for each
variant of a time, however many members there are. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping

from gamification.campaigning.model import ArmTotals, CampaignMember
from gamification.kit.identifiers import derived_id

Place = tuple[str, str, str]
"""Of what totals are: campaign, occurrence, variant."""
Change = tuple[CampaignMember | None, CampaignMember | None]
"""One member before and after: None where they were, or are, not noted."""


def place_of(member: CampaignMember) -> Place:
    """To which totals a member counts."""
    return member.campaign, member.occurrence, member.variant


def totals_id(programme_id: str, place: Place) -> bytes:
    """The id of these totals."""
    return derived_id("campaign-totals", programme_id, *place)


def nothing(variant: str) -> ArmTotals:
    """Totals of nobody."""
    return ArmTotals(variant, 0, 0, 0, 0, 0, 0, 0, {}, {}, 0)


def changed(totals: Mapping[Place, ArmTotals], changes: Iterable[Change]) -> dict[Place, ArmTotals]:
    """The totals of all places that the changes touch, as they are after them; places that are not among `totals` have nobody yet."""
    found: dict[Place, ArmTotals] = {}
    for before, after in changes:
        for member, sign in ((before, -1), (after, 1)):
            if member is not None:
                place = place_of(member)
                known = found.get(place) or totals.get(place) or nothing(member.variant)
                found[place] = _plus(known, _of_one(member), sign)
    return found


def together(variant: str, parts: Iterable[ArmTotals]) -> ArmTotals:
    """One variant's totals over several times: each counts a member anew."""
    found = nothing(variant)
    for one in parts:
        found = _plus(found, one, 1)
    return found


def _of_one(member: CampaignMember) -> ArmTotals:
    brought = member.brought
    return ArmTotals(
        member.variant,
        1,
        int(bool(member.stages)),
        int(brought.participations > 0),
        int(brought.conversions > 0),
        brought.spend,
        brought.spend**2,
        brought.spend**3,
        brought.points,
        brought.rewards,
        brought.cost,
    )


def _plus(one: ArmTotals, other: ArmTotals, sign: int) -> ArmTotals:
    return ArmTotals(
        one.variant,
        one.members + sign * other.members,
        one.reached + sign * other.reached,
        one.participants + sign * other.participants,
        one.converters + sign * other.converters,
        one.spend + sign * other.spend,
        one.squares + sign * other.squares,
        one.cubes + sign * other.cubes,
        _sum(one.points, other.points, sign),
        _sum(one.rewards, other.rewards, sign),
        one.cost + sign * other.cost,
    )


def _sum(one: Mapping[str, int], other: Mapping[str, int], sign: int) -> dict[str, int]:
    found = Counter(one)
    for key, count in other.items():
        found[key] += sign * count
    return {key: count for key, count in sorted(found.items()) if count}
