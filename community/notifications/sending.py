"""Sending what is due, by email and push. Called by the worker of any process: each delivery is leased by one of them.

A process that dies after the mail server took an email and before that is noted sends it once more when its lease is over, under the same
Message-ID; of a push, the later one takes the earlier one's place.
"""

import asyncio
import re
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter

from community.notifications.caps import CampaignCaps
from community.notifications.composing import code_letter, digest_of, letter_of, push_of
from community.notifications.contacts import Contact, ContactRepository, Subscription
from community.notifications.deliveries import (
    ATTEMPTS_MAX,
    Delivery,
    DeliveryRepository,
    DeliveryState,
    Reason,
    pause_after,
)
from community.notifications.emails import Envelope, Letter, message_id, message_of
from community.notifications.model import Notification
from community.notifications.planning import quiet, refused
from community.notifications.preferences import PreferenceRepository, Preferences
from community.notifications.repository import NotificationRepository
from community.notifications.secrets import SecretRepository, Unsubscribing, code_of, link_token
from community.notifications.seeing import Seeing
from community.notifications.smtp import Mailer, MailPermanent, MailTemporary
from community.notifications.telling import reach_of
from community.notifications.values import Seen, programme_name
from community.notifications.webpush import Push, Pusher, PushGone, PushPermanent, PushTemporary
from gamification.kit.records import record
from gamification.members.model import Member, Standing
from gamification.members.repository import MemberRepository
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions.notifications import REQUIRED, Channel, NotificationKind
from gamification.programmes.service import ProgrammeService
from storage.mongo import MongoUnavailable, TookTooLong

log = structlog.get_logger()
DELIVERED = Counter(
    "starguild_notification_deliveries",
    "What became of emails and pushes that were due.",
    ["channel", "outcome"],
)
AT_ONCE = 8
_ROUND_MAX = 2_000
UNSUBSCRIBE = "/unsubscribe/"


@record(frozen=True, slots=True)
class Ways:
    """What this installation sends by, and at which address it is reached."""

    mailer: Mailer | None = None
    pusher: Pusher | None = None
    public_url: str | None = None

    @property
    def channels(self) -> frozenset[Channel]:
        """The ways that there are."""
        found = {Channel.EMAIL} if self.mailer is not None else set()
        return frozenset(found | ({Channel.PUSH} if self.pusher is not None else set()))


@record(frozen=True, slots=True)
class _To:
    """Whom a delivery is for."""

    member: Member
    catalogue: Catalogue
    preferences: Preferences
    contact: Contact | None


class _Over(Exception):
    """It is not to be sent."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class _Later(Exception):
    """It is to be sent then."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


class Sending:
    """Sends until nothing is due."""

    def __init__(
        self,
        deliveries: DeliveryRepository,
        notifications: NotificationRepository,
        preferences: PreferenceRepository,
        contacts: ContactRepository,
        secrets: SecretRepository,
        caps: CampaignCaps,
        members: MemberRepository,
        programmes: ProgrammeService,
        seeing: Seeing,
        ways: Ways,
        now: Callable[[], datetime],
    ) -> None:
        self._deliveries = deliveries
        self._notifications = notifications
        self._preferences = preferences
        self._contacts = contacts
        self._secrets = secrets
        self._caps = caps
        self._members = members
        self._programmes = programmes
        self._seeing = seeing
        self._ways = ways
        self._now = now

    async def run_due(self, programme_id: str | None = None) -> int:
        """Send what is due, of all programmes or one, some at once; how many were looked at. The scheduler calls it again."""
        if not self._ways.channels:
            return 0
        return sum(await asyncio.gather(*(self._run(programme_id) for _ in range(AT_ONCE))))

    async def _run(self, programme_id: str | None) -> int:
        done = 0
        while done < _ROUND_MAX // AT_ONCE:
            delivery = await self._deliveries.lease(self._now(), programme_id)
            if delivery is None:
                break
            await self._one(delivery)
            done += 1
        return done

    async def _one(self, delivery: Delivery) -> None:
        outcome = "retried"
        try:
            outcome = await self._outcome(delivery)
        finally:
            DELIVERED.labels(delivery.channel.value, outcome).inc()

    async def _outcome(self, delivery: Delivery) -> str:
        """Send one, and note what became of it."""
        try:
            said = await self._send(delivery)
        except _Over as over:
            state = DeliveryState.SUPPRESSED
            await self._deliveries.finish(delivery, state, self._now(), reason=over.reason)
            return state.value
        except _Later as later:
            await self._deliveries.postpone(delivery, later.until, reason=Reason.QUIET_HOURS, deferred=True)
            return DeliveryState.DEFERRED.value
        except MailPermanent as error:
            return await self._fail(
                delivery, Reason.BOUNCING if error.bounces else Reason.REFUSED, str(error)
            )
        except PushPermanent as error:
            return await self._fail(delivery, Reason.REFUSED, str(error))
        except MailTemporary as error:
            return await self._again(delivery, str(error))
        except PushTemporary as error:
            return await self._again(delivery, str(error), error.retry_after_s)
        except (MongoUnavailable, TookTooLong):
            raise
        except Exception as error:
            # One that can't be put together holds up no other.
            log.warning("notifications.failed", delivery=delivery.id.hex(), exc_info=error)
            return await self._again(delivery, type(error).__name__)
        await self._deliveries.finish(delivery, DeliveryState.SENT, self._now(), detail=said)
        return DeliveryState.SENT.value

    async def _fail(self, delivery: Delivery, reason: Reason, said: str) -> str:
        log.info(
            "notifications.refused",
            channel=delivery.channel.value,
            delivery=delivery.id.hex(),
            said=said[:200],
        )
        state = DeliveryState.FAILED
        await self._deliveries.finish(delivery, state, self._now(), reason=reason, detail=said)
        return state.value

    async def _again(self, delivery: Delivery, said: str, after_s: int | None = None) -> str:
        if delivery.attempts >= ATTEMPTS_MAX:
            return await self._fail(delivery, Reason.UNREACHABLE, said)
        log.info(
            "notifications.waits",
            channel=delivery.channel.value,
            delivery=delivery.id.hex(),
            attempts=delivery.attempts,
            said=said[:200],
        )
        pause = max(pause_after(delivery.attempts), timedelta(seconds=after_s or 0))
        await self._deliveries.postpone(delivery, self._now() + pause, reason=Reason.UNREACHABLE, detail=said)
        return "retried"

    async def _send(self, delivery: Delivery) -> str:
        to = await self._to(delivery)
        if delivery.kind is None and delivery.digest is None:
            return await self._send_code(delivery, to)
        if delivery.digest is not None:
            self._require_peace_over(to)
            return await self._send_digest(delivery, to)
        assert delivery.kind is not None  # noqa: S101 - what is neither a code nor a digest is of a notification
        browsers = (await self._contacts.browsers([to.member.id])).get(to.member.id, [])
        terms = to.catalogue.settings.notifications
        reach = reach_of(to.contact, browsers)
        refusal = refused(delivery.kind, delivery.channel, to.preferences, terms, reach)
        if refusal is not None:
            raise _Over(refusal)
        self._require_peace_over(to)
        seen = await self._seen(delivery, to)
        if delivery.kind is NotificationKind.CAMPAIGN and not await self._caps.take_one(
            to.member.programme_id,
            to.member.id,
            delivery.channel,
            delivery.id,
            terms.campaign_cap,
            self._now(),
        ):
            raise _Over(Reason.CAP)
        if delivery.channel is Channel.EMAIL:
            url = await self._unsubscribe_url(to.member, delivery.kind)
            return await self._mail(delivery, to, letter_of(seen, to.member, to.catalogue, url))
        return await self._push(delivery, to, seen)

    async def _to(self, delivery: Delivery) -> _To:
        found = await self._members.by_ids(delivery.programme_id, [delivery.member_id])
        member = found.get(delivery.member_id)
        if member is None or member.is_gone:
            raise _Over(Reason.MEMBER_GONE)
        if member.standing is Standing.BANNED and delivery.kind not in REQUIRED:
            raise _Over(Reason.MEMBER_GONE)
        catalogue = await self._programmes.catalogue(delivery.programme_id)
        preferences = await self._preferences.of(delivery.programme_id, [member.id])
        contacts = await self._contacts.by_ids([member.id])
        return _To(member, catalogue, preferences[member.id], contacts.get(member.id))

    def _require_peace_over(self, to: _To) -> None:
        terms = to.catalogue.settings.notifications
        until = quiet(to.preferences, terms, self._now(), to.member.time_zone)
        if until is not None:
            raise _Later(until)

    async def _seen(self, delivery: Delivery, to: _To) -> Seen:
        assert delivery.notification_id is not None  # noqa: S101 - of a notification
        found = await self._notifications.by_ids(delivery.programme_id, [delivery.notification_id])
        one = found.get(delivery.notification_id)
        if one is not None and _is_read(one):
            raise _Over(Reason.READ)
        shown = await self._seeing.seen(
            delivery.programme_id, [one] if one else [], {to.member.id: to.member}
        )
        if one is None or one.id not in shown:
            raise _Over(Reason.NOT_VISIBLE)
        return shown[one.id]

    # -- email

    async def _send_digest(self, delivery: Delivery, to: _To) -> str:
        held = await self._deliveries.in_digest(to.member.id, delivery.id)
        terms = to.catalogue.settings.notifications
        wanted = [
            one.notification_id
            for one in held
            if one.notification_id is not None
            and one.kind is not None
            and to.preferences.is_on(terms, one.kind, Channel.EMAIL)
        ]
        found = await self._notifications.by_ids(delivery.programme_id, wanted)
        fresh = [one for one in found.values() if not _is_read(one)]
        seen = await self._seeing.seen(delivery.programme_id, fresh, {to.member.id: to.member})
        if not seen:
            raise _Over(Reason.READ)
        ordered = sorted(seen.values(), key=lambda one: one.notification.at, reverse=True)
        kind = ordered[0].notification.kind
        url = await self._unsubscribe_url(to.member, kind) if len(ordered) == 1 else None
        return await self._mail(delivery, to, digest_of(ordered, to.member, to.catalogue, url))

    async def _send_code(self, delivery: Delivery, to: _To) -> str:
        asked = to.contact.asked if to.contact is not None else None
        if asked is None or asked.until <= self._now():
            raise _Over(Reason.NO_ADDRESS)
        key = await self._secrets.key(delivery.programme_id)
        code = code_of(key, to.member.id, asked.email, asked.salt)
        letter = code_letter(code, asked.until, to.member, to.catalogue)
        return await self._mail(delivery, to, letter, asked.email)

    async def _mail(self, delivery: Delivery, to: _To, letter: Letter, address: str | None = None) -> str:
        mailer, contact = self._ways.mailer, to.contact
        target = address or (contact.email if contact is not None else None)
        if mailer is None or target is None:
            raise _Over(Reason.NO_ADDRESS)
        if address is None and contact is not None and contact.bounced is not None:
            raise _Over(Reason.BOUNCING)
        envelope = Envelope(
            programme_name(to.catalogue, to.member.locale),
            mailer.from_address,
            target,
            message_id(delivery.id, mailer.from_address),
            delivery.at,
        )
        try:
            return _without(target, await mailer.send(message_of(letter, envelope), target))
        except MailTemporary as error:
            raise MailTemporary(_without(target, str(error))) from error
        except MailPermanent as error:
            said = _without(target, str(error))
            if error.bounces:
                await self._contacts.bounce(to.member.id, target, said)
            raise MailPermanent(said, bounces=error.bounces) from error

    async def _unsubscribe_url(self, member: Member, kind: NotificationKind) -> str | None:
        if self._ways.public_url is None:
            return None
        key = await self._secrets.key(member.programme_id)
        token = link_token(key, Unsubscribing(member.programme_id, member.id, kind))
        return f"{self._ways.public_url}{UNSUBSCRIBE}{token}"

    # -- push

    async def _push(self, delivery: Delivery, to: _To, seen: Seen) -> str:
        if self._ways.pusher is None:
            raise _Over(Reason.NO_ADDRESS)
        push = push_of(seen, to.member, to.catalogue)
        browsers = (await self._contacts.browsers([to.member.id])).get(to.member.id, [])
        found = await asyncio.gather(*(self._push_to(delivery, one, push) for one in browsers))
        said = [one for one in found if isinstance(one, str)]
        faults = [one for one in found if isinstance(one, PushTemporary | PushPermanent)]
        waits = next((one for one in faults if isinstance(one, PushTemporary)), None)
        if waits is not None:
            raise waits
        if said:
            return said[-1]
        if faults:
            raise faults[0]
        raise _Over(Reason.NO_ADDRESS)

    async def _push_to(
        self, delivery: Delivery, browser: Subscription, push: Push
    ) -> str | PushTemporary | PushPermanent | None:
        """What one browser's push service said, or why it did not take it; None for a browser that is gone."""
        if browser.id in delivery.done:
            return "done"
        assert self._ways.pusher is not None  # noqa: S101 - the caller has looked
        try:
            said = await self._ways.pusher.push(browser, push, self._now())
        except PushGone:
            await self._contacts.delete_browsers([browser.id])
            return None
        except (PushTemporary, PushPermanent) as error:
            return error
        await self._deliveries.note_done(delivery, browser.id)
        return said


def _without(address: str, said: str) -> str:
    """What the mail server said, without the address, which is nobody else's to read."""
    return re.sub(re.escape(address), "…", said, flags=re.IGNORECASE)


def _is_read(one: Notification) -> bool:
    """Whether its member knows it already."""
    return (one.read_at is not None or one.archived_at is not None) and one.kind not in REQUIRED
