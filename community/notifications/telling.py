"""Telling members: each happening is numbered in the inbox of its member, put to those that it is told with, and to be sent by
email and push as they chose; all in one transaction."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from community.bells import Bells
from community.notifications.caps import CampaignCaps
from community.notifications.contacts import Contact, ContactRepository, Subscription
from community.notifications.deliveries import Delivery, DeliveryRepository
from community.notifications.model import (
    ACTORS_KEPT,
    GROUP_MAX,
    Item,
    Notice,
    Notification,
    notification_id,
)
from community.notifications.planning import Reach, planned, stands_in_inbox
from community.notifications.preferences import PreferenceRepository, Preferences
from community.notifications.repository import NotificationRepository
from community.notifications.seeing import Seeing
from gamification.kit.records import evolve
from gamification.members.model import Member, Standing
from gamification.members.repository import MemberRepository
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions.notifications import REQUIRED, Channel
from gamification.programmes.service import ProgrammeService
from storage.mongo import Mongo, Tx

NOTICES_A_PART = 100
Key = tuple[bytes, str]


def inbox_key(member_id: bytes) -> str:
    """What rings when a member's inbox has changed."""
    return f"inbox|{member_id.hex()}"


@dataclass(slots=True)
class _Part:
    """What one transaction keeps."""

    heads: dict[bytes, int]
    groups: dict[Key, Notification]
    acted: set[tuple[bytes, bytes]] = field(default_factory=set)
    notifications: dict[bytes, Notification] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    moved: set[bytes] = field(default_factory=set)


class Telling:
    """Twice is the same as once: what happened has one id."""

    def __init__(
        self,
        mongo: Mongo,
        notifications: NotificationRepository,
        deliveries: DeliveryRepository,
        preferences: PreferenceRepository,
        contacts: ContactRepository,
        members: MemberRepository,
        programmes: ProgrammeService,
        seeing: Seeing,
        caps: CampaignCaps,
        bells: Bells,
        ways: Collection[Channel],
        now: Callable[[], datetime],
    ) -> None:
        self._mongo = mongo
        self._notifications = notifications
        self._deliveries = deliveries
        self._preferences = preferences
        self._contacts = contacts
        self._members = members
        self._programmes = programmes
        self._seeing = seeing
        self._caps = caps
        self._bells = bells
        self._ways = frozenset(ways)
        self._now = now

    async def tell(self, programme_id: str, notices: Sequence[Notice]) -> int:
        """Tell members of these, as far as they may see them; how many are new."""
        told = 0
        unique = list({one.id: one for one in notices}.values())
        for start in range(0, len(unique), NOTICES_A_PART):
            told += await self._tell_part(programme_id, unique[start : start + NOTICES_A_PART])
        return told

    async def void(self, item_ids: Sequence[bytes], *, is_void: bool = True) -> None:
        """Note that these are not so any more, or again."""
        for found in item_ids:

            async def body(tx: Tx, found: bytes = found) -> None:
                await self._notifications.void(found, tx, is_void=is_void)

            await self._mongo.transaction(body)

    async def _tell_part(self, programme_id: str, notices: Sequence[Notice]) -> int:
        members = await self._members.by_ids(programme_id, sorted({one.member_id for one in notices}))
        fit = [one for one in notices if one.member_id in members and _hears(members[one.member_id], one)]
        as_told = [_begun(one) for one in fit]
        seen = await self._seeing.seen(programme_id, as_told, members, stored=False)
        fit = [one for one, shown in zip(fit, as_told, strict=True) if shown.id in seen]
        if not fit:
            return 0
        catalogue = await self._programmes.catalogue(programme_id)
        now = self._now()

        async def body(tx: Tx) -> tuple[int, set[bytes]]:
            return await self._keep(catalogue, fit, members, now, tx)

        count, moved = await self._mongo.transaction(body)
        await self._bells.ring(*(inbox_key(one) for one in sorted(moved)))
        return count

    async def _keep(
        self,
        catalogue: Catalogue,
        notices: Sequence[Notice],
        members: Mapping[bytes, Member],
        now: datetime,
        tx: Tx,
    ) -> tuple[int, set[bytes]]:
        known = await self._notifications.known([one.id for one in notices], tx)
        for again in known:
            await self._notifications.void(again, tx, is_void=False)
        fresh = [one for one in notices if one.id not in known]
        if not fresh:
            return 0, set()
        ids = sorted({one.member_id for one in fresh})
        programme_id = catalogue.programme_id
        preferences = await self._preferences.of(programme_id, ids, tx)
        reaches = await self._reaches(ids, tx)
        part = _Part(
            {key: head.number for key, head in (await self._notifications.heads(ids, tx)).items()},
            await self._notifications.open_groups(
                [(one.member_id, one.group) for one in fresh if one.group is not None], tx
            ),
        )
        part.acted = await self._notifications.acted(
            [
                (part.groups[(one.member_id, one.group)].id, one.actor_id)
                for one in fresh
                if one.group is not None
                and one.actor_id is not None
                and (one.member_id, one.group) in part.groups
            ],
            tx,
        )
        capped = await self._capped(catalogue, fresh, now, tx)
        for notice in fresh:
            member = members[notice.member_id]
            if notice.id in capped:
                notice = evolve(notice, channels=(notice.channels or frozenset(Channel)) - {Channel.IN_APP})
            self._put(part, notice, member, preferences[member.id], catalogue, reaches[member.id], now)
        heads = {key: part.heads[key] for key in part.moved}
        await self._notifications.save(programme_id, list(part.notifications.values()), part.items, heads, tx)
        await self._deliveries.add(part.deliveries, tx)
        return len(fresh), part.moved

    def _put(
        self,
        part: _Part,
        notice: Notice,
        member: Member,
        preferences: Preferences,
        catalogue: Catalogue,
        reach: Reach,
        now: datetime,
    ) -> None:
        """Number one, and put it to what it is told with, or begin that."""
        terms = catalogue.settings.notifications
        number = None
        if stands_in_inbox(notice, preferences, terms):
            number = part.heads.get(member.id, 0) + 1
            part.heads[member.id] = number
            part.moved.add(member.id)
        key = (member.id, notice.group) if notice.group is not None else None
        group = part.groups.get(key) if key is not None else None
        if group is not None and group.count >= GROUP_MAX:
            part.notifications[group.id] = evolve(group, key=None)
            group = None
        if group is None:
            group = evolve(_begun(notice), first=number, last=number)
            part.deliveries += planned(
                notice, group.id, preferences, terms, reach, self._ways, now, member.time_zone
            )
        else:
            is_new = (group.id, notice.actor_id) not in part.acted
            group = _with(group, notice, number, is_new=is_new)
        if notice.actor_id is not None:
            part.acted.add((group.id, notice.actor_id))
        if key is not None:
            part.groups[key] = group
        part.notifications[group.id] = group
        part.items.append(
            Item(
                notice.id,
                notice.programme_id,
                member.id,
                group.id,
                number,
                notice.actor_id,
                notice.at,
                notice.comment_id,
            )
        )

    async def _capped(
        self, catalogue: Catalogue, notices: Sequence[Notice], now: datetime, tx: Tx
    ) -> set[bytes]:
        """Those of campaigns that come into no inbox, as so many did lately."""
        cap = catalogue.settings.notifications.campaign_cap
        over: set[bytes] = set()
        for notice in notices:
            if notice.campaign is None or (
                notice.channels is not None and Channel.IN_APP not in notice.channels
            ):
                continue
            sends = {notice.member_id: notice.id}
            if not await self._caps.take(catalogue.programme_id, sends, Channel.IN_APP, cap, now, tx):
                over.add(notice.id)
        return over

    async def _reaches(self, member_ids: Sequence[bytes], tx: Tx) -> dict[bytes, Reach]:
        contacts: Mapping[bytes, Contact] = {}
        browsers: Mapping[bytes, list[Subscription]] = {}
        if Channel.EMAIL in self._ways:
            contacts = await self._contacts.by_ids(member_ids, tx)
        if Channel.PUSH in self._ways:
            browsers = await self._contacts.browsers(member_ids, tx)
        return {one: reach_of(contacts.get(one), browsers.get(one, ())) for one in member_ids}


def reach_of(contact: Contact | None, browsers: Collection[Subscription]) -> Reach:
    """How a member is reached."""
    return Reach(
        contact is not None and contact.email is not None,
        contact is not None and contact.bounced is not None,
        len(browsers),
    )


def _hears(member: Member, notice: Notice) -> bool:
    """Whether they are told anything: who is banned, of what is decided about them alone."""
    if member.is_gone or notice.actor_id == member.id:
        return False
    return member.standing is not Standing.BANNED or notice.kind in REQUIRED


def _begun(notice: Notice) -> Notification:
    """The notification that it begins."""
    return Notification(
        id=notification_id(notice.id),
        programme_id=notice.programme_id,
        member_id=notice.member_id,
        kind=notice.kind,
        first=None,
        last=None,
        count=1,
        actors=(notice.actor_id,) if notice.actor_id is not None else (),
        begun_at=notice.at,
        at=notice.at,
        facts=dict(notice.facts or {}),
        key=notice.group,
        post_id=notice.post_id,
        comment_id=notice.comment_id,
        campaign=notice.campaign,
    )


def _with(group: Notification, notice: Notice, number: int | None, *, is_new: bool) -> Notification:
    """The same with one more."""
    actors = group.actors
    if notice.actor_id is not None:
        actors = (notice.actor_id, *(one for one in actors if one != notice.actor_id))[:ACTORS_KEPT]
    return evolve(
        group,
        first=group.first if group.first is not None else number,
        last=number if number is not None else group.last,
        count=group.count + (1 if is_new else 0),
        actors=actors,
        at=max(group.at, notice.at),
        facts=dict(notice.facts or {}),
        comment_id=notice.comment_id,
    )
