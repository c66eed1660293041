"""Spaces that the member may join and is not in."""

from collections.abc import Mapping, Sequence

from community.recommendations.model import Code, Kind
from community.recommendations.sources import Offer, Person
from community.recommendations.wording import Reason
from community.spaces.access import state_on_joining
from community.spaces.model import SpaceRights, SpaceState
from gamification.programmes.definitions import Status


class SpaceSource:
    """Of the programme's spaces all are looked at: those that are there for the member."""

    kind = Kind.SPACE

    async def offers(self, person: Person, items: Sequence[str]) -> Mapping[str, Offer]:
        """Those that one joins, or asks to be let in to; not where the member is, waits or was put out."""
        return {
            key: _offer(person, rights)
            for key, rights in person.viewer.rights.items()
            if rights.space.status is Status.PUBLISHED
            and rights.membership is None
            and state_on_joining(rights.space) is not None
        }

    async def names(self, person: Person, items: Sequence[str]) -> Mapping[str, str]:
        """Of those that are there for the member."""
        rights = person.viewer.rights
        return {key: person.label(rights[key].space) for key in items if key in rights}


def _offer(person: Person, rights: SpaceRights) -> Offer:
    space = rights.space
    at_once = state_on_joining(space) is SpaceState.ACTIVE
    plain = Reason(Code.JOINABLE if at_once else Code.REQUESTABLE, {})
    ladder = person.catalogue.ladders.get(space.tier.ladder) if space.tier is not None else None
    if space.tier is None or ladder is None:
        return Offer(rights, plain=plain)
    tier = next(one for one in ladder.tiers if one.key == space.tier.least)
    return Offer(rights, Reason(Code.SPACE_OF_TIER, {"tier": person.tier_label(tier)}), 0.5, plain)
