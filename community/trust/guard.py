"""What a member's trust lets them write, and how much."""

from datetime import datetime, timedelta

from community.trust.model import Trust
from community.trust.repository import TrustRepository
from gamification.kit.errors import Conflict, ErrorCode
from gamification.programmes.definitions import TrustSettings
from gamification.settlement.unit import Unit
from storage.mongo import Mongo, Tx

_DAY = timedelta(days=1)


class TrustGuard:
    """Looks at each text before it is stored."""

    def __init__(self, mongo: Mongo, repository: TrustRepository) -> None:
        self._texts = (mongo.collection("posts"), mongo.collection("comments"))
        self._repository = repository

    async def check_amount(
        self, work: Unit, settings: TrustSettings, member_id: bytes, level: int, text_id: bytes
    ) -> None:
        """Count a text that a member publishes now, whatever becomes of it; the same one again is the same as once. Raises:
        Conflict (POSTING_LIMIT) where they published as much as they may in 24 hours."""
        limit = settings.limit_of(level)
        if limit is None:
            return
        now = work.space.now
        # What is counted is written as well: two texts at once would else both be the last. What was begun earlier, as
        # drafts, is known by that alone; what was written while there was no limit, by when it was begun.
        known = await self._repository.written(member_id, work.tx)
        others = [one for one in known if one["at"] > now - _DAY and one["id"] != text_id]
        begun = await self._begun(member_id, now - _DAY, limit, work.tx)
        if len({one["id"] for one in others} | (begun - {text_id})) >= limit:
            raise Conflict(
                f"At level {level} one writes {limit} posts and comments in 24 hours.",
                code=ErrorCode.POSTING_LIMIT,
                limit=limit,
            )
        new = Trust(member_id, work.space.catalogue.programme_id, 0, now)
        await self._repository.keep_written(new, [*others, {"id": text_id, "at": now}], work.tx)

    async def _begun(self, member_id: bytes, since: datetime, limit: int, tx: Tx) -> set[bytes]:
        """Texts that were begun since then and are no drafts; more than the limit are not looked for."""
        query = {
            "author_id": member_id,
            "created_at": {"$gt": since},
            "state": {"$nin": ["draft", "scheduled"]},
        }
        found: set[bytes] = set()
        for texts in self._texts:
            rows = texts.find(query, ["_id"], session=tx.session).limit(limit + 1)
            found |= {row["_id"] for row in await rows.to_list(None)}
        return found


def require_powers(settings: TrustSettings, level: int, *, links: int, images: int, mentions: int) -> None:
    """Raises: Conflict (TRUST_TOO_LOW) where a text has what their level does not let them write."""
    powers = settings.powers
    for name, count, least in (
        ("links", links, powers.links),
        ("pictures", images, powers.images),
        ("mentions", mentions, powers.mentions),
    ):
        if count and level < least:
            raise Conflict(
                f"Writing {name} takes level {least}; this is level {level}.",
                code=ErrorCode.TRUST_TOO_LOW,
                path=["body"],
                limit=least,
            )
