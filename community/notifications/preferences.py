"""What a member has chosen: by which ways of what, when not, and whether as one. Pure, and `notification_settings`."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from community.notifications.hours import Digest, DigestCycle, QuietHours, next_digest
from gamification.kit.records import evolve, record
from gamification.programmes.definitions.notifications import (
    REQUIRED,
    Channel,
    NotificationKind,
    NotificationSettings,
)
from storage.mongo import ASCENDING, Document, Index, Mongo, ReplaceOne, Tx, find_by_ids, write

COLLECTION = "notification_settings"
INDEXES = {
    COLLECTION: [
        Index([("digest_due_at", ASCENDING)], partial={"digest_due_at": {"$exists": True}}),
        Index([("programme_id", ASCENDING)]),
    ]
}
Which = tuple[NotificationKind, Channel]


@record(frozen=True, slots=True)
class Choice:
    """What was chosen for a kind and a way, and when: of a campaign's emails, since when the member has asked for them."""

    on: bool
    at: datetime


@record(frozen=True, slots=True)
class Preferences:
    """A member's. `quiet`: their own hours, where they chose; `quiet_chosen` without hours: none at all. `digest_due_at`: when the
    next one is, `digest_last` the day or week of the last."""

    member_id: bytes
    programme_id: str
    choices: Mapping[Which, Choice]
    quiet: QuietHours | None = None
    quiet_chosen: bool = False
    digest: Digest = Digest()
    digest_due_at: datetime | None = None
    digest_last: str | None = None

    def is_on(self, terms: NotificationSettings, kind: NotificationKind, channel: Channel) -> bool:
        """Whether they are told of that by this way."""
        if kind in REQUIRED and channel is Channel.IN_APP:
            return True
        choice = self.choices.get((kind, channel))
        return choice.on if choice is not None else terms.is_on(kind, channel)

    def quiet_hours(self, terms: NotificationSettings) -> QuietHours | None:
        """When they are neither mailed nor pushed to."""
        if self.quiet_chosen:
            return self.quiet
        return QuietHours(terms.quiet.begins, terms.quiet.ends) if terms.quiet is not None else None

    def with_choice(
        self, kind: NotificationKind, channel: Channel, *, on: bool, at: datetime
    ) -> "Preferences":
        """The same with that chosen; what was chosen before keeps its time."""
        before = self.choices.get((kind, channel))
        if before is not None and before.on is on:
            return self
        return evolve(self, choices={**self.choices, (kind, channel): Choice(on, at)})

    def with_digest(self, digest: Digest, now: datetime, time_zone: str) -> "Preferences":
        """The same with emails as one, or not."""
        due_at = next_digest(now, digest, time_zone, self.digest_last)
        return evolve(self, digest=digest, digest_due_at=due_at)


def none_chosen(programme_id: str, member_id: bytes) -> Preferences:
    """Of who chose nothing."""
    return Preferences(member_id, programme_id, {})


class PreferenceRepository:
    """Preferences of all programmes, by member."""

    def __init__(self, mongo: Mongo) -> None:
        self._settings = mongo.collection(COLLECTION)

    async def of(
        self, programme_id: str, member_ids: list[bytes], tx: Tx | None = None
    ) -> dict[bytes, Preferences]:
        """Of each of these members."""
        rows = await find_by_ids(self._settings, member_ids, tx)
        return {
            key: _from(rows[key]) if key in rows else none_chosen(programme_id, key) for key in member_ids
        }

    async def save(self, preferences: Preferences, tx: Tx) -> None:
        """Keep them as they are now."""
        row = _to(preferences)
        await write(self._settings, [ReplaceOne({"_id": row["_id"]}, row, upsert=True)], tx)

    async def delete(self, member_id: bytes, tx: Tx) -> None:
        """Forget a member's."""
        await self._settings.delete_one({"_id": member_id}, session=tx.session)

    async def digests_due(
        self, now: datetime, limit: int, programme_id: str | None = None
    ) -> list[Preferences]:
        """Those of all programmes, or one, to whom a digest is due, the longest due first."""
        of = {"programme_id": programme_id} if programme_id is not None else {}
        rows = self._settings.find({"digest_due_at": {"$lte": now}, **of}).sort("digest_due_at", ASCENDING)
        return [_from(row) for row in await rows.limit(limit).to_list(None)]


def _to(one: Preferences) -> Document:
    document: Document = {
        "_id": one.member_id,
        "programme_id": one.programme_id,
        "choices": [
            {"kind": kind.value, "channel": channel.value, "on": choice.on, "at": choice.at}
            for (kind, channel), choice in one.choices.items()
        ],
        "quiet_chosen": one.quiet_chosen,
        "digest": {
            "cycle": one.digest.cycle.value,
            "hour": one.digest.hour,
            "weekday": one.digest.weekday,
        },
    }
    if one.quiet is not None:
        document["quiet"] = {"begins": one.quiet.begins.isoformat(), "ends": one.quiet.ends.isoformat()}
    for name in ("digest_due_at", "digest_last"):
        if (value := getattr(one, name)) is not None:
            document[name] = value
    return document


def _from(row: Document) -> Preferences:
    quiet: Mapping[str, Any] | None = row.get("quiet")
    digest = row["digest"]
    return Preferences(
        member_id=row["_id"],
        programme_id=row["programme_id"],
        choices={
            (NotificationKind(one["kind"]), Channel(one["channel"])): Choice(one["on"], one["at"])
            for one in row["choices"]
        },
        quiet=QuietHours(time.fromisoformat(quiet["begins"]), time.fromisoformat(quiet["ends"]))
        if quiet
        else None,
        quiet_chosen=row["quiet_chosen"],
        digest=Digest(DigestCycle(digest["cycle"]), digest["hour"], digest["weekday"]),
        digest_due_at=row.get("digest_due_at"),
        digest_last=row.get("digest_last"),
    )
