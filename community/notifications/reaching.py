"""How members are reached: an email address that they confirm by a code, and browsers that they are pushed to."""

import hmac
import re
from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from community.notifications.choosing import own
from community.notifications.contacts import (
    ASKS_KEPT,
    Asked,
    Contact,
    ContactRepository,
    Subscription,
    subscription_id,
)
from community.notifications.deliveries import Delivery, DeliveryRepository, DeliveryState
from community.notifications.secrets import SecretRepository, code_of, new_salt
from community.outbound.urls import OutboundRules, UrlRefused, checked_url
from gamification.kit.actors import Actor
from gamification.kit.errors import Conflict, ErrorCode, InvalidInput
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.members.model import Member
from gamification.members.repository import MemberRepository
from gamification.members.service import MemberService
from gamification.programmes.definitions.notifications import Channel
from storage.mongo import Mongo, Tx

EMAIL_MAX = 254
CODE_LASTS = timedelta(minutes=30)
CODES_AN_HOUR = 3
CODES_A_DAY = 10
CODES_AN_ADDRESS = 3
"""So many members may wait at once to confirm the same address: nobody is flooded by way of others."""
TRIES_MAX = 5
BROWSERS_MAX = 20
ENDPOINT_MAX = 1_000
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]")
_P256DH_BYTES, _AUTH_BYTES = 65, 16


class ReachService:
    """Members do it for themselves alone."""

    def __init__(
        self,
        mongo: Mongo,
        contacts: ContactRepository,
        deliveries: DeliveryRepository,
        secrets: SecretRepository,
        members: MemberRepository,
        ways: Collection[Channel],
        rules: OutboundRules,
        now: Callable[[], datetime],
    ) -> None:
        self._mongo = mongo
        self._contacts = contacts
        self._deliveries = deliveries
        self._secrets = secrets
        self._members = members
        self._ways = frozenset(ways)
        self._rules = rules
        self._now = now

    # -- email

    async def ask(self, actor: Actor, stated: str) -> tuple[Member, Asked]:
        """Send a code to an address. The one that was confirmed goes on until the new one is. Raises: Forbidden, NotFound,
        InvalidInput, Conflict (CODE_LOCKED, UNAVAILABLE)."""
        email = checked_email(stated)
        if Channel.EMAIL not in self._ways:
            raise Conflict("This installation sends no emails.", code=ErrorCode.UNAVAILABLE, path=["email"])
        now, salt = self._now(), new_salt()

        async def body(tx: Tx) -> tuple[Member, Asked]:
            member = await self._own(actor, tx)
            contact = await self._contact(member, tx)
            asks = contact.asks_since(now - ASKS_KEPT)
            lately = contact.asks_since(now - timedelta(hours=1))
            others = await self._contacts.asked_of(actor.programme_id, email, now, tx)
            if contact.asked is not None and contact.asked.email == email and contact.asked.until > now:
                others -= 1
            if len(asks) >= CODES_A_DAY or len(lately) >= CODES_AN_HOUR or others >= CODES_AN_ADDRESS:
                raise Conflict(
                    "Too many codes were asked for; try again later.",
                    code=ErrorCode.CODE_LOCKED,
                    path=["email"],
                )
            asked = Asked(email, salt, now + CODE_LASTS)
            await self._contacts.save(evolve(contact, asked=asked, asks=(*asks, now)), tx)
            delivery = Delivery(
                id=derived_id("delivery of code", member.id, salt),
                programme_id=member.programme_id,
                member_id=member.id,
                channel=Channel.EMAIL,
                state=DeliveryState.QUEUED,
                at=now,
                due_at=now,
            )
            await self._deliveries.add([delivery], tx)
            return member, asked

        return await self._mongo.transaction(body)

    async def confirm(self, actor: Actor, code: str) -> Member:
        """Confirm the address by the code that was sent to it; again is the same as once. Raises: Forbidden, NotFound, Conflict
        (CODE_REFUSED, CODE_LOCKED)."""
        key = await self._secrets.key(actor.programme_id)
        now = self._now()

        async def body(tx: Tx) -> tuple[Member, bool]:
            member = await self._own(actor, tx)
            contact = await self._contact(member, tx)
            asked = contact.asked
            if asked is None or asked.until <= now:
                raise Conflict(
                    "There is no code to be stated, or not any more.",
                    code=ErrorCode.CODE_REFUSED,
                    path=["code"],
                )
            if asked.tries >= TRIES_MAX:
                raise Conflict("Ask for another code.", code=ErrorCode.CODE_LOCKED, path=["code"])
            right = code_of(key, member.id, asked.email, asked.salt)
            if not hmac.compare_digest(right.encode(), code.strip().encode()):
                tried = evolve(asked, tries=asked.tries + 1)
                await self._contacts.save(evolve(contact, asked=tried), tx)
                return member, False
            confirmed = evolve(contact, email=asked.email, confirmed_at=now, bounced=None, asked=None)
            await self._contacts.save(confirmed, tx)
            return member, True

        member, is_right = await self._mongo.transaction(body)
        if not is_right:
            raise Conflict("This is not the code.", code=ErrorCode.CODE_REFUSED, path=["code"])
        return member

    async def remove(self, actor: Actor, only: str | None = None) -> tuple[Member, bool]:
        """Forget the address, where it is `only` that; whether there was one. Raises: Forbidden, NotFound."""

        async def body(tx: Tx) -> tuple[Member, bool]:
            member = await self._own(actor, tx)
            contact = await self._contact(member, tx)
            asked = contact.asked.email if contact.asked is not None else None
            if only is not None and only not in (contact.email, asked):
                return member, False
            had = contact.email is not None or asked is not None
            kept = evolve(contact, email=None, confirmed_at=None, bounced=None, asked=None)
            await self._contacts.save(kept, tx)  # how often codes were asked for stays
            return member, had

        return await self._mongo.transaction(body)

    # -- push

    async def register(
        self, actor: Actor, endpoint: str, p256dh: str, auth: str, expires_at: datetime | None
    ) -> Member:
        """Push to a browser; again is the same as once, and whoever used that browser before is pushed to there no more. Raises:
        Forbidden, NotFound, InvalidInput, Conflict (UNAVAILABLE)."""
        if Channel.PUSH not in self._ways:
            raise Conflict("This installation pushes nothing.", code=ErrorCode.UNAVAILABLE, path=["endpoint"])
        address = self._endpoint(endpoint)
        _check_key(p256dh, _P256DH_BYTES, "p256dh")
        _check_key(auth, _AUTH_BYTES, "auth")
        now = self._now()

        async def body(tx: Tx) -> Member:
            member = await self._own(actor, tx)
            found = subscription_id(actor.programme_id, address)
            known = (await self._contacts.browsers([member.id], tx)).get(member.id, [])
            spare = [one.id for one in known if one.id != found]
            await self._contacts.delete_browsers(spare[: max(len(spare) - BROWSERS_MAX + 1, 0)], tx)
            subscription = Subscription(
                found, actor.programme_id, member.id, address, p256dh, auth, now, expires_at
            )
            await self._contacts.save_browser(subscription, tx)
            return member

        return await self._mongo.transaction(body)

    async def unregister(self, actor: Actor, endpoint: str) -> tuple[Member, bool]:
        """Push to a browser no more; whether it was. Raises: Forbidden, NotFound."""

        async def body(tx: Tx) -> tuple[Member, bool]:
            member = await self._own(actor, tx)
            found = await self._contacts.browser(subscription_id(actor.programme_id, endpoint), tx)
            if found is None or found.member_id != member.id:
                return member, False
            return member, bool(await self._contacts.delete_browsers([found.id], tx))

        return await self._mongo.transaction(body)

    # -- within

    def _endpoint(self, stated: str) -> str:
        if len(stated) > ENDPOINT_MAX:
            raise InvalidInput("This address is too long.", path=["endpoint"], limit=ENDPOINT_MAX)
        try:
            return checked_url(stated, self._rules)
        except UrlRefused as error:
            raise InvalidInput(str(error), path=["endpoint"]) from error

    async def _own(self, actor: Actor, tx: Tx) -> Member:
        member = await own(self._members, actor, tx)
        MemberService.refuse_banned(member)
        return member

    async def _contact(self, member: Member, tx: Tx) -> Contact:
        found = (await self._contacts.by_ids([member.id], tx)).get(member.id)
        return found or Contact(member.id, member.programme_id)


def checked_email(stated: str) -> str:
    """The address as it is used: a plain one, its domain in ASCII. Raises: InvalidInput."""
    local, at, domain = stated.strip().rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode().lower() if domain else ""
    except UnicodeError:
        ascii_domain = ""
    email = f"{local}@{ascii_domain}"
    if (
        not at
        or len(email) > EMAIL_MAX
        or len(local) > 64
        or _LOCAL.fullmatch(local) is None
        or _DOMAIN.fullmatch(ascii_domain) is None
    ):
        raise InvalidInput("This is no email address.", path=["email"], limit=EMAIL_MAX)
    return email


def _check_key(stated: str, length: int, name: str) -> None:
    """Raises: InvalidInput where it is not base64url of so many bytes."""
    try:
        if len(stated) <= 200 and len(urlsafe_b64decode(stated + "=" * (-len(stated) % 4))) == length:
            return
    except (NotBase64, ValueError):
        pass
    raise InvalidInput(f"{name} is {length} bytes in base64url.", path=[name], limit=length)
