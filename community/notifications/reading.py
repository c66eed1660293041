"""A member's inbox: for themselves alone."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from community.notifications.model import Head, Notification
from community.notifications.repository import NotificationRepository
from community.notifications.seeing import Seeing
from community.notifications.values import Seen, words_of
from gamification.kit.actors import Actor, Permission, Role
from gamification.kit.errors import Forbidden, InvalidInput, NotFound
from gamification.kit.numbers import LONG_MAX
from gamification.kit.records import record
from gamification.members.model import Member
from gamification.members.repository import MemberRepository
from gamification.programmes.definitions.notifications import NotificationKind
from gamification.programmes.service import ProgrammeService
from storage.mongo import Mongo, Tx
from storage.paging import Page, Window

UNREAD_COUNTED = 100
"""More than so many unread ones are counted as so many: of each it is asked whether it may be seen still."""
IDS_MAX = 100


@record(frozen=True, slots=True)
class Shown:
    """A notification as its member sees it, in words."""

    seen: Seen
    title: str
    body: str

    @property
    def notification(self) -> Notification:
        """What is shown."""
        return self.seen.notification

    @property
    def id(self) -> bytes:
        """The notification's."""
        return self.seen.notification.id


@record(frozen=True, slots=True)
class InboxFilter:
    """Which notifications: all that are not archived, or of these kinds, the unread ones, the archived ones."""

    kinds: tuple[NotificationKind, ...] = ()
    unread: bool = False
    archived: bool = False

    def query(self) -> dict[str, Any]:
        """As the database is asked."""
        query: dict[str, Any] = {"archived_at": {"$exists": self.archived}}
        if self.kinds:
            query["kind"] = {"$in": [one.value for one in self.kinds]}
        if self.unread:
            query["read_at"] = {"$exists": False}
            if not self.archived:
                query["unread"] = True
        return query


class InboxService:
    """What is another's is not there."""

    def __init__(
        self,
        mongo: Mongo,
        notifications: NotificationRepository,
        members: MemberRepository,
        programmes: ProgrammeService,
        seeing: Seeing,
        now: Callable[[], datetime],
    ) -> None:
        self._mongo = mongo
        self._notifications = notifications
        self._members = members
        self._programmes = programmes
        self._seeing = seeing
        self._now = now

    async def page(self, actor: Actor, member: Member, wanted: InboxFilter, window: Window) -> Page[Shown]:
        """Notifications, latest first; a page may be shorter for what may not be seen any more. Raises: Forbidden."""
        _require_own(actor, member)
        page = await self._notifications.page(member.id, wanted.query(), window)
        shown = await self._shown(member, page.rows)
        kept = [
            (shown[one.id], position)
            for one, position in zip(page.rows, page.positions, strict=True)
            if one.id in shown
        ]
        return Page([one for one, _ in kept], [at for _, at in kept], page.has_next, page.has_previous)

    async def by_ids(self, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Shown]:
        """The caller's own by id."""
        member = await self._me(actor)
        if member is None:
            return {}
        found = await self._notifications.by_ids(actor.programme_id, ids)
        own = [one for one in found.values() if one.member_id == member.id and one.last is not None]
        return await self._shown(member, own)

    async def head(self, member: Member) -> Head:
        """Where their inbox ends."""
        return (await self._notifications.heads([member.id])).get(member.id, Head())

    async def unread(self, actor: Actor, member: Member, after: int = 0) -> int:
        """How many are unread, of the latest UNREAD_COUNTED; those after a number. Raises: Forbidden."""
        _require_own(actor, member)
        latest = await self._notifications.unread(member.id, UNREAD_COUNTED, after)
        seen = await self._seeing.seen(member.programme_id, latest, {member.id: member})
        return len(seen)

    async def since(self, member: Member, number: int, limit: int) -> list[tuple[int, Shown | None]]:
        """What has come after that number, oldest first; None where it may not be seen."""
        items = await self._notifications.after(member.id, number, limit)
        found = await self._notifications.by_ids(
            member.programme_id, sorted({one.notification_id for one in items})
        )
        shown = await self._shown(member, [one for one in found.values() if one.archived_at is None])
        return [(one.number or 0, None if one.void else shown.get(one.notification_id)) for one in items]

    async def mark_read(
        self, actor: Actor, *, ids: Sequence[bytes] = (), up_to: int | None = None, read: bool = True
    ) -> Member:
        """Note as read, or unread, those of these ids, or all up to a number. Raises: Forbidden, NotFound, InvalidInput."""
        return await self._mark(actor, ids, up_to, read=read)

    async def archive(self, actor: Actor, ids: Sequence[bytes], *, archived: bool) -> Member:
        """Put away, or take out again. Raises: Forbidden, NotFound, InvalidInput."""
        return await self._mark(actor, ids, None, archived=archived)

    async def see(self, actor: Actor, up_to: int) -> Member:
        """Note that the inbox was looked through up to a number. Raises: Forbidden, NotFound, InvalidInput."""
        number = _number(up_to)

        async def body(tx: Tx) -> Member:
            member = await self._acting(actor, tx)
            head = (await self._notifications.heads([member.id], tx)).get(member.id)
            if head is not None:
                await self._notifications.see(actor.programme_id, member.id, min(number, head.number), tx)
            return member

        return await self._mongo.transaction(body)

    # -- within

    async def _mark(
        self,
        actor: Actor,
        ids: Sequence[bytes],
        up_to: int | None,
        *,
        read: bool | None = None,
        archived: bool | None = None,
    ) -> Member:
        if (up_to is None) == (not ids):
            raise InvalidInput("State which: ids, or up to which number.", path=["ids"])
        if len(ids) > IDS_MAX:
            raise InvalidInput(f"At most {IDS_MAX} at once.", path=["ids"], limit=IDS_MAX)
        which: Mapping[str, Any] = {"_id": {"$in": list(ids)}}
        if up_to is not None:
            which = {"last": {"$lte": _number(up_to)}}
        at = self._now()

        async def body(tx: Tx) -> Member:
            member = await self._acting(actor, tx)
            if ids:
                found = await self._notifications.by_ids(actor.programme_id, list(ids), tx)
                if any(found[one].member_id != member.id if one in found else True for one in ids):
                    raise NotFound("There is no such notification.", path=["ids"])
            await self._notifications.mark(
                actor.programme_id, member.id, which, read=read, archived=archived, at=at, tx=tx
            )
            return member

        return await self._mongo.transaction(body)

    async def _shown(self, member: Member, notifications: Sequence[Notification]) -> dict[bytes, Shown]:
        if not notifications:
            return {}
        seen = await self._seeing.seen(member.programme_id, notifications, {member.id: member})
        catalogue = await self._programmes.catalogue(member.programme_id)
        return {
            key: Shown(one, *words_of(one, member, catalogue, member.locale)) for key, one in seen.items()
        }

    async def _me(self, actor: Actor, tx: Tx | None = None) -> Member | None:
        if actor.role is not Role.MEMBER:
            return None
        found = await self._members.by_external_ids(actor.programme_id, [actor.subject], tx)
        member = found.get(actor.subject)
        return member if member is not None and not member.is_gone else None

    async def _acting(self, actor: Actor, tx: Tx) -> Member:
        actor.require(Permission.COMMUNITY_TAKE_PART)
        member = await self._me(actor, tx)
        if member is None:
            raise NotFound("This token is no member's; join first.")
        return member


def _require_own(actor: Actor, member: Member) -> None:
    """Raises: Forbidden where it is another's."""
    if not actor.is_member(member.external_id, member.former):
        raise Forbidden("This is for the member alone.")


def _number(stated: int) -> int:
    if not 0 <= stated <= LONG_MAX:
        raise InvalidInput("A number in the inbox is 0 or more.", path=["upTo"])
    return stated
