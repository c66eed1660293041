"""What members choose: by which ways they are told of what, when not, and whether emails come as one."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime

from community.notifications.contacts import Contact, ContactRepository, Subscription
from community.notifications.deliveries import DeliveryRepository
from community.notifications.hours import Digest, DigestCycle, QuietHours
from community.notifications.preferences import PreferenceRepository, Preferences
from community.notifications.secrets import SecretRepository, is_signed, stated_in
from gamification.kit.actors import Actor, Permission, Role
from gamification.kit.errors import Forbidden, InvalidInput, NotFound
from gamification.kit.records import evolve, record
from gamification.members.model import Member
from gamification.members.repository import MemberRepository
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions.notifications import (
    REQUIRED,
    Channel,
    NotificationKind,
    NotificationSettings,
)
from gamification.programmes.service import ProgrammeService
from storage.mongo import Mongo, Tx


@record(frozen=True, slots=True)
class Preference:
    """How it is for a kind and a way. `chosen_at`: since when the member wants it so; None where they did not choose. `required`: it
    can't be turned off."""

    kind: NotificationKind
    channel: Channel
    on: bool
    chosen_at: datetime | None
    required: bool


@record(frozen=True, slots=True)
class Chosen:
    """All that a member chose, and how they are reached."""

    preferences: Preferences
    terms: NotificationSettings
    contact: Contact | None
    browsers: Sequence[Subscription]

    def all(self) -> list[Preference]:
        """Of every kind and way."""
        found = []
        for kind in NotificationKind:
            for channel in Channel:
                choice = self.preferences.choices.get((kind, channel))
                found.append(
                    Preference(
                        kind,
                        channel,
                        self.preferences.is_on(self.terms, kind, channel),
                        choice.at if choice is not None else None,
                        kind in REQUIRED and channel is Channel.IN_APP,
                    )
                )
        return found

    @property
    def quiet(self) -> QuietHours | None:
        """The hours that go for them."""
        return self.preferences.quiet_hours(self.terms)


class ChoiceService:
    """Members choose for themselves alone."""

    def __init__(
        self,
        mongo: Mongo,
        preferences: PreferenceRepository,
        contacts: ContactRepository,
        deliveries: DeliveryRepository,
        secrets: SecretRepository,
        members: MemberRepository,
        programmes: ProgrammeService,
        ways: Collection[Channel],
        now: Callable[[], datetime],
    ) -> None:
        self._mongo = mongo
        self._preferences = preferences
        self._contacts = contacts
        self._deliveries = deliveries
        self._secrets = secrets
        self._members = members
        self._programmes = programmes
        self.ways = frozenset(ways)
        self._now = now

    async def of(self, actor: Actor, member: Member) -> Chosen:
        """A member's own. Raises: Forbidden."""
        if not actor.is_member(member.external_id, member.former):
            raise Forbidden("This is for the member alone.")
        return await self._chosen(member)

    async def choose(
        self, actor: Actor, wanted: Sequence[tuple[NotificationKind, Channel, bool]]
    ) -> tuple[Member, Chosen]:
        """Choose by which ways. Raises: Forbidden, NotFound, InvalidInput for what is required."""
        for number, (kind, channel, on) in enumerate(wanted):
            if not on and kind in REQUIRED and channel is Channel.IN_APP:
                raise InvalidInput(
                    f"{kind.name} always stands in the inbox.", path=["preferences", str(number)]
                )
        at = self._now()

        def change(before: Preferences, _: Member) -> Preferences:
            for kind, channel, on in wanted:
                before = before.with_choice(kind, channel, on=on, at=at)
            return before

        return await self._change(actor, change)

    async def be_quiet(
        self, actor: Actor, quiet: QuietHours | None, *, as_programme: bool = False
    ) -> tuple[Member, Chosen]:
        """Choose one's quiet hours, none at all, or what the programme says. Raises: Forbidden, NotFound, InvalidInput."""
        if quiet is not None and quiet.begins == quiet.ends:
            raise InvalidInput("Quiet hours begin and end at different times.", path=["ends"])

        def change(before: Preferences, _: Member) -> Preferences:
            return evolve(before, quiet=quiet, quiet_chosen=not as_programme)

        return await self._change(actor, change)

    async def digest(self, actor: Actor, digest: Digest) -> tuple[Member, Chosen]:
        """Choose whether emails come as one. What waits for a digest that will not be is sent by itself. Raises: Forbidden,
        NotFound, InvalidInput."""
        if not 0 <= digest.hour <= 23:
            raise InvalidInput("An hour is 0 to 23.", path=["hour"], limit=23)
        if not 1 <= digest.weekday <= 7:
            raise InvalidInput("A day of the week is 1 to 7.", path=["weekday"], limit=7)
        now = self._now()

        def change(before: Preferences, member: Member) -> Preferences:
            return before.with_digest(digest, now, member.time_zone)

        async def beside(member: Member, tx: Tx) -> None:
            if digest.cycle is DigestCycle.OFF:
                await self._deliveries.release(member.id, now, tx)

        return await self._change(actor, change, beside)

    async def link(self, token: str) -> tuple[Member, Catalogue, NotificationKind]:
        """Whose emails of what a link in one of them stops. Raises: NotFound."""
        wanted = stated_in(token)
        if wanted is not None:
            key = await self._secrets.key(wanted.programme_id)
            if is_signed(key, wanted, token):
                found = await self._members.by_ids(wanted.programme_id, [wanted.member_id])
                member = found.get(wanted.member_id)
                if member is not None and member.merged_into is not None:
                    into = await self._members.by_ids(wanted.programme_id, [member.merged_into])
                    member = into.get(member.merged_into)
                if member is not None and not member.is_gone:
                    return member, await self._programmes.catalogue(wanted.programme_id), wanted.kind
        raise NotFound("This link is not good any more.")

    async def unsubscribe(self, token: str) -> tuple[Member, Catalogue, NotificationKind]:
        """Send no more emails of that kind; again is the same as once. Raises: NotFound."""
        member, catalogue, kind = await self.link(token)
        at = self._now()

        async def body(tx: Tx) -> None:
            before = (await self._preferences.of(member.programme_id, [member.id], tx))[member.id]
            after = before.with_choice(kind, Channel.EMAIL, on=False, at=at)
            if after is not before:
                await self._preferences.save(after, tx)

        await self._mongo.transaction(body)
        return member, catalogue, kind

    # -- within

    async def _change(
        self,
        actor: Actor,
        change: Callable[[Preferences, Member], Preferences],
        beside: Callable[[Member, Tx], Awaitable[None]] | None = None,
    ) -> tuple[Member, Chosen]:
        async def body(tx: Tx) -> Member:
            member = await own(self._members, actor, tx)
            before = (await self._preferences.of(actor.programme_id, [member.id], tx))[member.id]
            await self._preferences.save(change(before, member), tx)
            if beside is not None:
                await beside(member, tx)
            return member

        member = await self._mongo.transaction(body)
        return member, await self._chosen(member)

    async def _chosen(self, member: Member) -> Chosen:
        preferences = await self._preferences.of(member.programme_id, [member.id])
        contacts = await self._contacts.by_ids([member.id])
        browsers = await self._contacts.browsers([member.id])
        catalogue = await self._programmes.catalogue(member.programme_id)
        terms = catalogue.settings.notifications
        return Chosen(preferences[member.id], terms, contacts.get(member.id), browsers.get(member.id, []))


async def own(members: MemberRepository, actor: Actor, tx: Tx) -> Member:
    """The member whose token it is. Raises: Forbidden, NotFound."""
    actor.require(Permission.COMMUNITY_TAKE_PART)
    found = await members.by_external_ids(actor.programme_id, [actor.subject], tx)
    member = found.get(actor.subject) if actor.role is Role.MEMBER else None
    if member is None or member.is_gone:
        raise NotFound("This token is no member's; join first.")
    return member
