"""What a member's trust lets them write, and how much."""

from datetime import timedelta

from gamification.kit.errors import Conflict, ErrorCode
from gamification.programmes.definitions import TrustSettings
from gamification.settlement.unit import Unit
from storage.mongo import Mongo

_DAY = timedelta(days=1)


class TrustGuard:
    """Looks at each text before it is stored."""

    def __init__(self, mongo: Mongo) -> None:
        self._texts = (mongo.collection("posts"), mongo.collection("comments"))

    async def check_amount(
        self, work: Unit, settings: TrustSettings, member_id: bytes, level: int, but: bytes
    ) -> None:
        """Raises: Conflict (POSTING_LIMIT) where they wrote as much as they may in 24 hours, whatever became of it;
        what has the id `but` is not counted."""
        limit = settings.limit_of(level)
        if limit is None:
            return
        written = 0
        for texts in self._texts:
            since = {"$gt": work.space.now - _DAY}
            query = {"author_id": member_id, "created_at": since, "_id": {"$ne": but}}
            written += await texts.count_documents(query, limit=limit or 1, session=work.tx.session)
        if written >= limit:
            raise Conflict(
                f"At level {level} one writes {limit} posts and comments in 24 hours.",
                code=ErrorCode.POSTING_LIMIT,
                limit=limit,
            )


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
