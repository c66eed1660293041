"""What conditions of segments may read of a member's part in the community."""

from collections.abc import Mapping, Sequence
from typing import Any

from community.trust.model import Layer
from community.trust.repository import TrustRepository
from gamification.programmes.catalogue import Catalogue
from gamification.segments.knowing import MoreFacts


def trust_facts(repository: TrustRepository) -> MoreFacts:
    """Members' `layer`, as text, and `trust`, 0 to 4; who never wrote is of the periphery, and has 0."""

    async def of(_: Catalogue, member_ids: Sequence[bytes]) -> Mapping[bytes, Mapping[str, Any]]:
        known = await repository.by_ids(member_ids)
        return {
            member_id: {
                "layer": (known[member_id].layer if member_id in known else Layer.PERIPHERY).value,
                "trust": known[member_id].level if member_id in known else 0,
            }
            for member_id in member_ids
        }

    return of
