"""What campaigns tell: in words of their own, to whom they name, each once.

`announcements`: {_id, programme_id, campaign, digest, made_at}: of a key the content is one. Who is left out, such as those whom an
experiment holds out, is not told by any way, and nothing is kept of them.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

import orjson

from community.notifications.model import Notice
from community.notifications.telling import Telling
from gamification.kit.errors import IdempotencyConflict, InvalidInput
from gamification.kit.identifiers import derived_id
from gamification.kit.messages import LENGTH_MAX, MessageInvalid, parse
from gamification.programmes.definitions.notifications import Channel, NotificationKind, placeholders_of
from storage.mongo import ASCENDING, Index, Mongo

COLLECTION = "announcements"
INDEXES = {COLLECTION: [Index([("programme_id", ASCENDING), ("made_at", ASCENDING)])]}
KEY_MAX = 200
Content = Mapping[str, Mapping[str, str]]
"""`title` and `body`, each by locale."""


class AnnouncingService:
    """For campaigns and whoever else announces; not for callers of the API."""

    def __init__(self, mongo: Mongo, telling: Telling, now: Callable[[], datetime]) -> None:
        self._announcements = mongo.collection(COLLECTION)
        self._telling = telling
        self._now = now

    async def announce(
        self,
        programme_id: str,
        campaign: str,
        key: str,
        member_ids: Sequence[bytes],
        content: Content,
        channels: Collection[Channel] = tuple(Channel),
        held_out: Callable[[bytes], bool] | Collection[bytes] = (),
    ) -> int:
        """Tell these members; how many were not told before. The same key may come again, for the same and for other members: each is
        told once. Nobody of `held_out` is told, nor kept of.

        Raises: InvalidInput for texts that can't be read; IdempotencyConflict where the key was of another campaign or content.
        """
        if not 0 < len(key) <= KEY_MAX:
            raise InvalidInput(f"A key has 1 to {KEY_MAX} characters.", path=["key"], limit=KEY_MAX)
        check_content(content)
        await self._require_same(programme_id, campaign, key, content)
        is_out = held_out if callable(held_out) else frozenset(held_out).__contains__
        at = self._now()
        notices = [
            Notice(
                id=derived_id("notice", "announcement", programme_id, key, member_id),
                programme_id=programme_id,
                member_id=member_id,
                kind=NotificationKind.CAMPAIGN,
                at=at,
                facts={
                    "content": {part: dict(texts) for part, texts in content.items()},
                    "campaign": campaign,
                },
                channels=frozenset(channels),
                campaign=campaign,
            )
            for member_id in dict.fromkeys(member_ids)
            if not is_out(member_id)
        ]
        return await self._telling.tell(programme_id, notices)

    async def _require_same(self, programme_id: str, campaign: str, key: str, content: Content) -> None:
        digest = hashlib.sha256(orjson.dumps([campaign, content], option=orjson.OPT_SORT_KEYS)).digest()
        row = await self._announcements.find_one_and_update(
            {"_id": derived_id("announcement", programme_id, key)},
            {
                "$setOnInsert": {
                    "programme_id": programme_id,
                    "campaign": campaign,
                    "digest": digest,
                    "made_at": self._now(),
                }
            },
            upsert=True,
            return_document=True,
        )
        if row["digest"] != digest:
            raise IdempotencyConflict("This key was of another announcement.", path=["key"])


def check_content(content: Content) -> None:
    """Raises: InvalidInput, with the place, where there is no title, or a text can't be read."""
    if not content.get("title"):
        raise InvalidInput("An announcement has a title.", path=["title"])
    known = placeholders_of(NotificationKind.CAMPAIGN)
    for part, texts in content.items():
        if part not in ("title", "body"):
            raise InvalidInput(f"There is no {part}.", path=[part])
        for locale, text in texts.items():
            if len(text) > LENGTH_MAX:
                raise InvalidInput("This text is too long.", path=[part, locale], limit=LENGTH_MAX)
            try:
                faults = parse(text).faults(known)
            except MessageInvalid as error:
                faults = [str(error)]
            if faults:
                raise InvalidInput(faults[0], path=[part, locale])
