"""Who follows whom: a member's friends on boards, and later whose posts they read."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime

from gamification.kit.actors import Actor, Permission, Role
from gamification.kit.errors import InvalidInput, LimitExceeded, NotFound
from gamification.kit.identifiers import derived_id
from gamification.kit.records import record
from gamification.members.model import Member
from gamification.members.repository import MemberRepository
from gamification.members.service import MemberService, may_see
from storage.mongo import ASCENDING, DESCENDING, Index, Mongo, Tx, find_by_ids
from storage.paging import Page, Window, find_page

COLLECTION = "follows"
COUNTS = "follow_counts"
FOLLOWED_MAX = 1000
"""So many members one can follow: a view of friends reads all of them at once."""
INDEXES = {
    COLLECTION: [
        Index([("follower", ASCENDING), ("at", DESCENDING), ("followed", DESCENDING)]),
        Index([("followed", ASCENDING), ("at", DESCENDING), ("follower", DESCENDING)]),
    ],
    COUNTS: [],
}


@record(frozen=True, slots=True)
class Follow:
    """One member follows another."""

    programme_id: str
    follower: bytes
    followed: bytes
    at: datetime

    @property
    def id(self) -> bytes:
        return follow_id(self.follower, self.followed)


def follow_id(follower: bytes, followed: bytes) -> bytes:
    """There can be one of a pair."""
    return derived_id("follow", follower, followed)


class FollowRepository:
    """`follows`, and in `follow_counts` how many each member follows, which two changes at once conflict on."""

    def __init__(self, mongo: Mongo) -> None:
        self._follows = mongo.collection(COLLECTION)
        self._counts = mongo.collection(COUNTS)

    async def count(self, follower: bytes, tx: Tx) -> int:
        """How many a member follows."""
        row = await self._counts.find_one({"_id": follower}, session=tx.session)
        return int(row["following"]) if row else 0

    async def add(self, follow: Follow, tx: Tx) -> bool:
        """Store it; False where it was there before."""
        if await self._follows.find_one({"_id": follow.id}, projection=["_id"], session=tx.session):
            return False
        await self._follows.insert_one(
            {
                "_id": follow.id,
                "programme_id": follow.programme_id,
                "follower": follow.follower,
                "followed": follow.followed,
                "at": follow.at,
            },
            session=tx.session,
        )
        await self._count(follow, 1, tx)
        return True

    async def remove(self, follow: Follow, tx: Tx) -> bool:
        """Forget it; False where there was none."""
        removed = await self._follows.delete_one({"_id": follow.id}, session=tx.session)
        if not removed.deleted_count:
            return False
        await self._count(follow, -1, tx)
        return True

    async def by_ids(self, ids: Sequence[bytes]) -> dict[bytes, Follow]:
        """Those that there are."""
        rows = await find_by_ids(self._follows, ids)
        return {
            key: Follow(row["programme_id"], row["follower"], row["followed"], row["at"])
            for key, row in rows.items()
        }

    async def followed_by(self, follower: bytes) -> list[bytes]:
        """Everyone a member follows: FOLLOWED_MAX at most, in no order."""
        rows = self._follows.find({"follower": follower}, projection=["followed"], batch_size=FOLLOWED_MAX)
        return [row["followed"] for row in await rows.to_list(None)]

    async def among(self, follower: bytes, members: Iterable[bytes]) -> set[bytes]:
        """Which of these a member follows."""
        ids = [follow_id(follower, one) for one in members]
        rows = self._follows.find({"_id": {"$in": ids}}, projection=["followed"])
        return {row["followed"] for row in await rows.to_list(None)}

    async def page(self, side: str, member_id: bytes, window: Window) -> Page[bytes]:
        """Ids of those whom a member follows (`follower`), or who follow them (`followed`), newest first."""
        other = "followed" if side == "follower" else "follower"
        page = await find_page(self._follows, {side: member_id}, [("at", -1), (other, -1)], window)
        return Page([row[other] for row in page.rows], page.positions, page.has_next, page.has_previous)

    async def _count(self, follow: Follow, by: int, tx: Tx) -> None:
        await self._counts.update_one(
            {"_id": follow.follower},
            {"$inc": {"following": by}, "$setOnInsert": {"programme_id": follow.programme_id}},
            upsert=True,
            session=tx.session,
        )


class FollowService:
    """Members follow for themselves; services for anyone."""

    def __init__(
        self,
        mongo: Mongo,
        repository: FollowRepository,
        members: MemberRepository,
        now: Callable[[], datetime],
        changed: Callable[[Follow, Tx], Awaitable[None]] | None = None,
    ) -> None:
        """`changed` is told, in the same transaction, that somebody follows another now, or does no more."""
        self._mongo = mongo
        self._repository = repository
        self._members = members
        self._now = now
        self._changed = changed

    async def follow(
        self, actor: Actor, follower_id: bytes | None, followed_id: bytes
    ) -> tuple[Member, bool]:
        """The member who is followed now, and whether they were not before. Raises: NotFound, Forbidden,
        InvalidInput for oneself, LimitExceeded beyond FOLLOWED_MAX."""
        at = self._now()

        async def body(tx: Tx) -> tuple[Member, bool]:
            follower, followed = await self._pair(actor, follower_id, followed_id, tx)
            count = await self._repository.count(follower.id, tx)
            follow = Follow(actor.programme_id, follower.id, followed.id, at)
            added = await self._repository.add(follow, tx)
            if added and count >= FOLLOWED_MAX:
                raise LimitExceeded(
                    f"A member follows at most {FOLLOWED_MAX}.", path=["memberId"], limit=FOLLOWED_MAX
                )
            if added and self._changed is not None:
                await self._changed(follow, tx)
            return followed, added

        return await self._mongo.transaction(body)

    async def unfollow(
        self, actor: Actor, follower_id: bytes | None, followed_id: bytes
    ) -> tuple[Member, bool]:
        """The member who is not followed any more, and whether they were before. Raises: NotFound, Forbidden."""

        async def body(tx: Tx) -> tuple[Member, bool]:
            follower, followed = await self._pair(actor, follower_id, followed_id, tx)
            follow = Follow(actor.programme_id, follower.id, followed.id, self._now())
            removed = await self._repository.remove(follow, tx)
            if removed and self._changed is not None:
                await self._changed(follow, tx)
            return followed, removed

        return await self._mongo.transaction(body)

    async def followed_by(self, member: Member) -> list[bytes]:
        """Ids of everyone a member follows, in no order."""
        return await self._repository.followed_by(member.id)

    async def among(self, member: Member, ids: Sequence[bytes]) -> set[bytes]:
        """Which of these a member follows."""
        return await self._repository.among(member.id, ids)

    async def following(self, member: Member, window: Window) -> Page[bytes]:
        """Ids of whom a member follows, newest first."""
        return await self._repository.page("follower", member.id, window)

    async def followers(self, member: Member, window: Window) -> Page[bytes]:
        """Ids of who follows a member, newest first."""
        return await self._repository.page("followed", member.id, window)

    async def _pair(
        self, actor: Actor, follower_id: bytes | None, followed_id: bytes, tx: Tx
    ) -> tuple[Member, Member]:
        if follower_id is not None:
            actor.require(Permission.FOLLOWS_CHANGE_ANY)
            follower = (await self._members.by_ids(actor.programme_id, [follower_id], tx)).get(follower_id)
        else:
            actor.require(Permission.FOLLOWS_CHANGE_OWN)
            own = await self._members.by_external_ids(actor.programme_id, [actor.subject], tx)
            follower = own.get(actor.subject) if actor.role is Role.MEMBER else None
        followed = (await self._members.by_ids(actor.programme_id, [followed_id], tx)).get(followed_id)
        if follower is None or follower.is_gone:
            raise NotFound("There is no such member.", path=["followerId"])
        if followed is None or followed.is_gone or not may_see(actor, followed):
            raise NotFound("There is no such member.", path=["memberId"])
        if follower.id == followed.id:
            raise InvalidInput("Nobody follows themselves.", path=["memberId"])
        if actor.is_member(follower.external_id, follower.former):
            MemberService.refuse_banned(follower)
        return follower, followed
