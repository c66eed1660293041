"""Putting what was held into one email: once for each day or week of a member, at their hour. What was missed while nothing ran comes as
one, when it runs again."""

from collections.abc import Callable
from datetime import datetime

from community.notifications.deliveries import Delivery, DeliveryRepository, DeliveryState, digest_id
from community.notifications.hours import digest_key, next_digest
from community.notifications.preferences import PreferenceRepository, Preferences
from gamification.kit.records import evolve
from gamification.members.repository import MemberRepository
from gamification.programmes.definitions.notifications import Channel
from storage.mongo import Mongo, Tx

ENTRIES_MAX = 100
"""More wait for the next one."""


class Digesting:
    """Called by the scheduler."""

    def __init__(
        self,
        mongo: Mongo,
        preferences: PreferenceRepository,
        deliveries: DeliveryRepository,
        members: MemberRepository,
        now: Callable[[], datetime],
    ) -> None:
        self._mongo = mongo
        self._preferences = preferences
        self._deliveries = deliveries
        self._members = members
        self._now = now

    async def run_due(self, programme_id: str | None = None, limit: int = 200) -> int:
        """Make the digests that are due, of all programmes or one; how many members were looked at."""
        now = self._now()
        due = await self._preferences.digests_due(now, limit, programme_id)
        for one in due:
            await self._make(one, now)
        return len(due)

    async def _make(self, due: Preferences, now: datetime) -> None:
        async def body(tx: Tx) -> None:
            before = (await self._preferences.of(due.programme_id, [due.member_id], tx))[due.member_id]
            found = await self._members.by_ids(due.programme_id, [due.member_id], tx)
            member = found.get(due.member_id)
            if before.digest_due_at is None or before.digest_due_at > now:
                return  # another worker was first
            if member is None or member.is_gone:
                await self._preferences.save(evolve(before, digest_due_at=None), tx)
                return
            zone = member.time_zone
            key = digest_key(before.digest_due_at, before.digest, zone)
            held = await self._deliveries.held(due.member_id, ENTRIES_MAX, tx)
            is_new = bool(held) and key != before.digest_last
            if is_new:
                made = digest_id(due.member_id, key)
                await self._deliveries.add(
                    [
                        Delivery(
                            id=made,
                            programme_id=due.programme_id,
                            member_id=due.member_id,
                            channel=Channel.EMAIL,
                            state=DeliveryState.QUEUED,
                            at=now,
                            digest=key,
                            due_at=now,
                        )
                    ],
                    tx,
                )
                await self._deliveries.put_in(made, held, tx)
            last = key if is_new else before.digest_last
            after = next_digest(now, before.digest, zone, key)
            await self._preferences.save(evolve(before, digest_due_at=after, digest_last=last), tx)

        await self._mongo.transaction(body)
