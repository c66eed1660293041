"""How a member is reached: all browsers; the address and what was chosen where the survivor has none. The inbox stays the account's:
its numbers are, and what it told was told."""

from collections.abc import Mapping

from community.merging.repository import MergingRepository
from community.notifications.contacts import COLLECTION as CONTACTS
from community.notifications.contacts import SUBSCRIPTIONS
from community.notifications.preferences import COLLECTION as SETTINGS
from gamification.merging.steps import Pair, Step


def moving_reach(stored: MergingRepository) -> Step:
    """Browsers, address and preferences."""

    async def step(pair: Pair) -> Mapping[str, int]:
        merged, into, tx = pair.merged.id, pair.into.id, pair.work.tx
        await stored.reassign(SUBSCRIPTIONS, "member_id", merged, into, tx)
        for collection in (CONTACTS, SETTINGS):
            rows = {
                row["_id"]: row for row in await stored.rows(collection, {"_id": {"$in": [merged, into]}}, tx)
            }
            mine, theirs = rows.get(merged), rows.get(into)
            if mine is None:
                continue
            await stored.delete(collection, [merged], tx)
            if theirs is None or (collection == CONTACTS and "email" in mine and "email" not in theirs):
                await stored.delete(collection, [into], tx)
                await stored.insert(collection, [{**mine, "_id": into}], tx)
        return {}

    return step
