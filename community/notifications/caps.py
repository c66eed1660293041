"""`campaign_sends`: what campaigns sent a member lately by each way, all of them together: {_id, programme_id, member_id, channel,
sent: [{id, at}]}. One document a member and way, so that two who send at once meet."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from gamification.kit.identifiers import derived_id
from gamification.programmes.definitions.notifications import CampaignCap, Channel
from storage.mongo import ASCENDING, Index, Mongo, ReplaceOne, Tx, find_by_ids, write

COLLECTION = "campaign_sends"
KEPT = timedelta(days=91)
INDEXES = {
    COLLECTION: [
        Index([("member_id", ASCENDING)]),
        Index([("programme_id", ASCENDING)]),
        Index([("at", ASCENDING)], expire_after_s=int(KEPT.total_seconds())),
    ]
}


class CampaignCaps:
    """Counts what is sent, before it is."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._sends = mongo.collection(COLLECTION)

    async def take(
        self,
        programme_id: str,
        sends: Mapping[bytes, bytes],
        channel: Channel,
        cap: CampaignCap,
        now: datetime,
        tx: Tx,
    ) -> set[bytes]:
        """Which of these members may be sent one more, which is counted: by member, the id of what is to be sent. The same again is
        counted once."""
        ids = {derived_id("campaign_sends", one, channel.value): one for one in sends}
        rows = await find_by_ids(self._sends, sorted(ids), tx)
        since, let = now - cap.window, set()
        models = []
        for found, member_id in ids.items():
            send_id = sends[member_id]
            sent = [one for one in (rows[found]["sent"] if found in rows else ()) if one["at"] > since]
            if any(one["id"] == send_id for one in sent):
                let.add(member_id)
            elif len(sent) < cap.count:
                let.add(member_id)
                row = {
                    "_id": found,
                    "programme_id": programme_id,
                    "member_id": member_id,
                    "channel": channel.value,
                    "sent": [*sent, {"id": send_id, "at": now}],
                    "at": now,
                }
                models.append(ReplaceOne({"_id": found}, row, upsert=True))
        await write(self._sends, models, tx)
        return let

    async def take_one(
        self,
        programme_id: str,
        member_id: bytes,
        channel: Channel,
        send_id: bytes,
        cap: CampaignCap,
        now: datetime,
    ) -> bool:
        """The same for one member, in a transaction of its own."""

        async def body(tx: Tx) -> bool:
            return bool(await self.take(programme_id, {member_id: send_id}, channel, cap, now, tx))

        return await self._mongo.transaction(body)
