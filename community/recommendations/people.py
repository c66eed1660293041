"""Members to follow. Nobody is recommended who does not want to be on boards by their own name, or is limited, banned or gone."""

import asyncio
from collections.abc import Mapping, Sequence

from community.recommendations.model import Kind
from community.recommendations.sources import Offer, Person
from community.sanctions.repository import SanctionRepository
from gamification.members.follows import FollowRepository
from gamification.members.model import BoardPresence, Member, Standing
from gamification.members.repository import MemberRepository


class PeopleSource:
    """Of whom was stored for the member, or is popular."""

    kind = Kind.MEMBER

    def __init__(
        self, members: MemberRepository, follows: FollowRepository, sanctions: SanctionRepository
    ) -> None:
        self._members = members
        self._follows = follows
        self._sanctions = sanctions

    async def offers(self, person: Person, items: Sequence[str]) -> Mapping[str, Offer]:
        """Those whom the member does not follow, and shares no block with."""
        ids = [raw for one in items if (raw := _raw(one)) is not None and raw != person.member.id]
        if not ids:
            return {}
        found, followed, limited = await asyncio.gather(
            self._members.by_ids(person.catalogue.programme_id, ids),
            self._follows.among(person.member.id, ids),
            self._sanctions.limited_among(person.catalogue.programme_id, ids),
        )
        left_out = followed | limited | person.viewer.hidden
        return {key.hex(): Offer(one) for key, one in found.items() if key not in left_out and is_shown(one)}

    async def names(self, person: Person, items: Sequence[str]) -> Mapping[str, str]:
        """Of those whom the member may see."""
        ids = [raw for one in items if (raw := _raw(one)) is not None]
        found = await self._members.by_ids(person.catalogue.programme_id, ids)
        hidden = person.viewer.hidden
        return {
            key.hex(): one.display_name for key, one in found.items() if key not in hidden and is_shown(one)
        }


def is_shown(member: Member) -> bool:
    """Whether they may be recommended to others."""
    return (
        not member.is_gone and member.standing is Standing.ACTIVE and member.presence is BoardPresence.NAMED
    )


def _raw(item: str) -> bytes | None:
    try:
        return bytes.fromhex(item)
    except ValueError:
        return None
