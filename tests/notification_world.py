"""Notifications, for tests: what waits is told at once, of one programme alone."""

from datetime import timedelta
from typing import Any

from community.notifications.contacts import Asked, Contact, Subscription, subscription_id
from community.notifications.deliveries import delivery_id
from community.notifications.hours import Digest, DigestCycle
from community.notifications.model import notification_id
from community.notifications.secrets import code_of
from community.notifications.watching import CONSUMER
from gamification.kit.actors import Actor
from gamification.kit.identifiers import derived_id
from gamification.programmes.definitions.notifications import Channel, NotificationKind
from resolvers.relay import encode_id
from storage.backlog import Chore
from tests.resolvers.harness import GraphQL
from tests.support import ProgrammeUnderTest

INBOX = "sequence kind title body count readAt actors { displayName }"


async def waiting(club: ProgrammeUnderTest) -> list[Chore]:
    """What the backlog has for who tells members, of this programme."""
    backlog = club.services.stores.backlog
    rows = backlog._chores.find({"programme_id": club.key, "waiting.consumer": CONSUMER}).sort(
        "created_at", 1
    )
    return [
        Chore(row["_id"], row["programme_id"], row["body"], row["created_at"])
        for row in await rows.to_list(None)
    ]


async def told(club: ProgrammeUnderTest, *, times: int = 1) -> int:
    """Tell members of all that happened, so often; how many transactions that was of."""
    following = club.services.notifications.following
    chores = await waiting(club)
    for _ in range(times):
        await following._handle(chores)
    await club.services.stores.backlog.done(CONSUMER, chores)
    return len(chores)


async def inbox(graphql: GraphQL, actor: Actor, what: str = INBOX, **wanted: Any) -> list[dict[str, Any]]:
    """A member's notifications, latest first."""
    document = f"""query ($filter: NotificationFilter) {{ me {{ notifications(first: 100, filter: $filter) {{
        nodes {{ id {what} }} }} }} }}"""
    found = await graphql.read(actor, document, {"filter": wanted} if wanted else {})
    nodes: list[dict[str, Any]] = found["me"]["notifications"]["nodes"]
    return nodes


async def titles(graphql: GraphQL, actor: Actor, **wanted: Any) -> list[str]:
    """Their titles."""
    return [one["title"] for one in await inbox(graphql, actor, "title", **wanted)]


async def unread(graphql: GraphQL, actor: Actor) -> tuple[int, int]:
    """How many are unread, and unseen."""
    found = await graphql.read(actor, "{ me { unreadNotifications unseenNotifications } }")
    return found["me"]["unreadNotifications"], found["me"]["unseenNotifications"]


P256DH = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
"""A browser's keys, of the example in RFC 8291."""
_NOTIFIED: set[bytes] = set()


def has_been_notified(club: ProgrammeUnderTest, name: str) -> bool:
    """Whether `notified` has told them something."""
    return club.id_of(name) in _NOTIFIED


async def notified(club: ProgrammeUnderTest, *names: str, word: str = "x") -> None:
    """Let members be told something, have an address, another that waits to be confirmed, a browser, and have chosen. `word` stands in
    every text."""
    notifications = club.services.notifications
    for name in names:
        member, now = club.members[name], club.clock.now
        content = {"title": {"en": f"{word} news"}, "body": {"en": f"{word} more"}}
        await notifications.announcing.announce(club.key, "spring", f"news {name}", [member.id], content)
        asked = Asked(f"{word}.new@mail.example", bytes(16), now + timedelta(minutes=30))
        contact = Contact(member.id, club.key, f"{word}@mail.example", now, None, asked, (now,))
        endpoint = f"https://push.example/{word}/{name}"
        found = subscription_id(club.key, endpoint)
        browser = Subscription(found, club.key, member.id, endpoint, P256DH, AUTH, now)

        async def body(tx: Any, contact: Contact = contact, browser: Subscription = browser) -> None:
            reach = notifications.reach
            await reach._contacts.save(contact, tx)
            await reach._contacts.save_browser(browser, tx)

        await club.services.stores.mongo.transaction(body)
        actor = club.member_actor(name)
        await notifications.choices.choose(actor, [(NotificationKind.REACTED, Channel.EMAIL, True)])
        await notifications.choices.digest(actor, Digest(DigestCycle.WEEKLY))
        _NOTIFIED.add(member.id)


async def email_code(club: ProgrammeUnderTest, name: str, word: str = "x") -> str:
    """The code that confirms the address that waits for it."""
    key = await club.services.notifications.reach._secrets.key(club.key)
    return code_of(key, club.id_of(name), f"{word}.new@mail.example", bytes(16))


def notification_gid(club: ProgrammeUnderTest, name: str) -> str:
    """The global id of what `notified` told them."""
    return encode_id("Notification", notification_id(_notice(club, name)))


def delivery_gid(club: ProgrammeUnderTest, name: str) -> str:
    """The global id of what became of it by email."""
    return encode_id("NotificationDelivery", delivery_id(_notice(club, name), Channel.EMAIL))


def _notice(club: ProgrammeUnderTest, name: str) -> bytes:
    return derived_id("notice", "announcement", club.key, f"news {name}", club.id_of(name))
