"""Bringing together what is stored of members, for their segments to be told: so many members in so many reads."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from gamification.members.model import Member
from gamification.members.repository import MemberRepository
from gamification.programmes.catalogue import Catalogue, published
from gamification.rollups.repository import MonthRepository
from gamification.segments.facts import Known
from gamification.tiers.model import state_id
from gamification.tiers.repository import TierRepository
from storage.mongo import Tx

MoreFacts = Callable[[Catalogue, Sequence[bytes]], Awaitable[Mapping[bytes, Mapping[str, Any]]]]
"""What another domain knows of these members, by the names that conditions read it by; who it knows nothing of is absent."""


class Knowing:
    """Reads members with their days and tiers, and what `more` know of them."""

    def __init__(
        self,
        members: MemberRepository,
        months: MonthRepository,
        tiers: TierRepository,
        more: Sequence[MoreFacts] = (),
    ) -> None:
        self._members = members
        self._months = months
        self._tiers = tiers
        self._more = tuple(more)

    async def of_ids(
        self, catalogue: Catalogue, member_ids: Sequence[bytes], tx: Tx | None = None
    ) -> list[Known]:
        """What is known of those of these members who are there."""
        found = await self._members.by_ids(catalogue.programme_id, member_ids, tx)
        return await self.of(catalogue, [one for one in found.values() if not one.is_gone], tx)

    async def of(self, catalogue: Catalogue, members: Sequence[Member], tx: Tx | None = None) -> list[Known]:
        """What is known of these members, in their order."""
        ids = [member.id for member in members]
        months = await self._months.of_members(ids, tx)
        tiers = await self._held(catalogue, ids, tx)
        more: dict[bytes, dict[str, Any]] = {member_id: {} for member_id in ids}
        for source in self._more:
            for member_id, known in (await source(catalogue, ids)).items():
                more[member_id] |= known
        return [Known(member, months[member.id], tiers[member.id], more[member.id]) for member in members]

    async def _held(
        self, catalogue: Catalogue, member_ids: Sequence[bytes], tx: Tx | None
    ) -> dict[bytes, dict[str, str | None]]:
        ladders = [one.key for one in catalogue.document.ladders if published(one)]
        keys = {
            state_id(catalogue.programme_id, ladder, member_id): (member_id, ladder)
            for ladder in ladders
            for member_id in member_ids
        }
        held: dict[bytes, dict[str, str | None]] = {
            member_id: dict.fromkeys(ladders) for member_id in member_ids
        }
        if keys:
            for found, state in (await self._tiers.states(keys, tx)).items():
                member_id, ladder = keys[found]
                held[member_id][ladder] = state.tier
        return held
