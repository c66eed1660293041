"""What becomes of links as a member is erased, and as two accounts of a programme become one."""

from gamification.partners.repository import PartnerRepository
from storage.mongo import Tx


class PartnerLeaving:
    """Within a transaction of who erases or merges."""

    def __init__(self, repository: PartnerRepository) -> None:
        self._repository = repository

    async def erase(self, programme_id: str, member_id: bytes, tx: Tx) -> None:
        """End a member's links, both halves, and their codes. What was exchanged stays, as the ledgers hang on it."""
        halves = await self._repository.links(programme_id, member_id, tx)
        await self._repository.drop_links([one.link for one in halves], tx)
        await self._repository.drop_codes(member_id, tx)

    async def merge(self, programme_id: str, from_id: bytes, into_id: bytes, tx: Tx) -> int:
        """Make links the survivor's; where both have one for an agreement, the survivor's stays and the other ends. How many
        were the merged account's."""
        halves = await self._repository.links(programme_id, from_id, tx)
        for half in halves:
            if await self._repository.link(half.agreement_id, programme_id, into_id, tx) is not None:
                await self._repository.drop_links([half.link], tx)
            else:
                await self._repository.rename_link(half, into_id, tx)
        await self._repository.drop_codes(from_id, tx)
        return len(halves)
