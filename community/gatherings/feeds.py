"""`calendar_feeds`: the secret addresses at which members' calendars read what they go to: {_id, programme_id, member_id,
digest, made_at}. Of a token its digest alone is kept."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from community.gatherings.access import rights_on, sees_address
from community.gatherings.calendar import Entry, calendar_of
from community.gatherings.model import Rsvp, RsvpState, rsvp_id
from community.gatherings.repository import GatheringRepository, RsvpRepository
from community.spaces.service import SpaceService, Viewer, as_member
from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import NotFound
from gamification.kit.identifiers import derived_id
from gamification.members.model import Member, Standing
from gamification.members.repository import MemberRepository
from gamification.settlement.service import SettlementService
from storage.mongo import ASCENDING, Index, Mongo, ReplaceOne, Tx, write
from storage.paging import Window

COLLECTION = "calendar_feeds"
INDEXES = {
    COLLECTION: [
        Index([("digest", ASCENDING)], unique=True),
        Index([("member_id", ASCENDING)]),
        Index([("programme_id", ASCENDING)]),
    ]
}
TOKEN_BYTES = 32
PAST_SHOWN = timedelta(days=90)
"""What has ended longer ago is left out of a feed."""
ENTRIES_MAX = 500
_NAME = "Gatherings"


class CalendarFeeds:
    """A member's own: made, made anew and revoked by themselves, and read by whoever has the address."""

    def __init__(
        self,
        mongo: Mongo,
        settlement: SettlementService,
        members: MemberRepository,
        gatherings: GatheringRepository,
        rsvps: RsvpRepository,
        spaces: SpaceService,
        now: Callable[[], datetime],
    ) -> None:
        self._mongo = mongo
        self._feeds = mongo.collection(COLLECTION)
        self._settlement = settlement
        self._members = members
        self._gatherings = gatherings
        self._rsvps = rsvps
        self._spaces = spaces
        self._now = now

    async def create(self, actor: Actor, member_id: bytes | None) -> str:
        """The token of a member's feed, in place of any that they had. It is told once. Raises: Forbidden, NotFound."""
        token = secrets.token_urlsafe(TOKEN_BYTES)

        async def body(tx: Tx) -> None:
            member = await self._own(actor, member_id, tx)
            row = {
                "_id": _id(member.id),
                "programme_id": actor.programme_id,
                "member_id": member.id,
                "digest": _digest(token),
                "made_at": self._now(),
            }
            await write(self._feeds, [ReplaceOne({"_id": row["_id"]}, row, upsert=True)], tx)

        await self._mongo.transaction(body)
        return token

    async def revoke(self, actor: Actor, member_id: bytes | None) -> bool:
        """Let a member's feed be read by nobody any more; whether there was one. Raises: Forbidden, NotFound."""

        async def body(tx: Tx) -> bool:
            member = await self._own(actor, member_id, tx)
            found = await self._feeds.delete_one({"_id": _id(member.id)}, session=tx.session)
            return bool(found.deleted_count)

        return await self._mongo.transaction(body)

    async def since(self, member_id: bytes) -> datetime | None:
        """Since when a member has the feed that they have; None for who has none. The caller checks who asks."""
        row = await self._feeds.find_one({"_id": _id(member_id)}, ["made_at"])
        made_at: datetime | None = row["made_at"] if row else None
        return made_at

    async def feed(self, token: str) -> str:
        """The calendar of whose token that is: what they go to, or wait for. Raises: NotFound."""
        viewer = await self._viewer(token)
        assert viewer.member is not None  # noqa: S101 - a feed is a member's
        answers: list[Rsvp] = []
        for state in (RsvpState.GOING, RsvpState.WAITING):
            page = await self._rsvps.of_member(viewer.member.id, state, Window(ENTRIES_MAX))
            answers += page.rows
        own = {one.gathering_id: one for one in answers}
        found = await self._gatherings.by_ids(viewer.actor.programme_id, list(own))
        since = self._now() - PAST_SHOWN
        shown = [
            one for one in found.values() if rights_on(viewer, one) is not None and one.times.ends_at > since
        ]
        shown.sort(key=lambda one: (one.times.starts_at, one.id))
        entries = [
            Entry(one, own[one.id].state is RsvpState.GOING, sees_address(viewer, one, own[one.id]))
            for one in shown[-ENTRIES_MAX:]
        ]
        return calendar_of(entries, _NAME)

    async def single(self, token: str, gathering_id: bytes) -> str:
        """One gathering that is there for whose token that is. Raises: NotFound."""
        return await self.calendar(await self._viewer(token), gathering_id)

    async def calendar(self, viewer: Viewer, gathering_id: bytes) -> str:
        """One gathering as the viewer may see it. Raises: NotFound."""
        programme_id = viewer.actor.programme_id
        gathering = (await self._gatherings.by_ids(programme_id, [gathering_id])).get(gathering_id)
        if gathering is None or rights_on(viewer, gathering) is None:
            raise NotFound("There is no such gathering.")
        own = None
        if viewer.member is not None:
            found = rsvp_id(gathering.id, viewer.member.id)
            own = (await self._rsvps.by_ids([found])).get(found)
        waits = own is not None and own.state is RsvpState.WAITING
        return calendar_of([Entry(gathering, not waits, sees_address(viewer, gathering, own))])

    async def _own(self, actor: Actor, member_id: bytes | None, tx: Tx) -> Member:
        own = member_id is None
        actor.require(Permission.COMMUNITY_TAKE_PART if own else Permission.COMMUNITY_ACT_AS)
        return await self._settlement.member(actor, member_id, tx)

    async def _viewer(self, token: str) -> Viewer:
        row = await self._feeds.find_one({"digest": _digest(token)}, ["programme_id", "member_id"])
        if row is not None:
            found = await self._members.by_ids(row["programme_id"], [row["member_id"]])
            member = found.get(row["member_id"])
            if member is not None and not member.is_gone and member.standing is not Standing.BANNED:
                return await self._spaces.viewer_as(as_member(member), member)
        raise NotFound("There is no such calendar.")


def _id(member_id: bytes) -> bytes:
    return derived_id("calendar_feed", member_id)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
