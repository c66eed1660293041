"""From notifications to an email or a push message, in the member's words: pure."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

import orjson

from community.notifications.emails import Entry, Letter
from community.notifications.texts import EMAIL, in_locale
from community.notifications.values import Seen, programme_name, shown, words_of
from community.notifications.webpush import PAYLOAD_MAX_BYTES, Push
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions.notifications import Channel

_BODY_MAX = 1_000


def letter_of(seen: Seen, member: Member, catalogue: Catalogue, unsubscribe_url: str | None) -> Letter:
    """The email of one notification."""
    title, body = words_of(seen, member, catalogue, member.locale, Channel.EMAIL)
    return _letter(title, [Entry(title, body)], member, catalogue, unsubscribe_url)


def digest_of(
    seen: Sequence[Seen], member: Member, catalogue: Catalogue, unsubscribe_url: str | None
) -> Letter:
    """The email of many, latest first."""
    entries = [Entry(*words_of(one, member, catalogue, member.locale, Channel.EMAIL)) for one in seen]
    subject = _said("digest", member, catalogue, count=len(entries))
    return _letter(subject, entries, member, catalogue, unsubscribe_url)


def code_letter(code: str, until: datetime, member: Member, catalogue: Catalogue) -> Letter:
    """The email that an address is confirmed by."""
    subject = _said("code", member, catalogue, code=code)
    body = _said("code_body", member, catalogue, code=code, until=until)
    return Letter(
        subject,
        _said("greeting", member, catalogue),
        [Entry(subject, body)],
        in_locale({key: key for key in EMAIL}, member.locale),
    )


def push_of(seen: Seen, member: Member, catalogue: Catalogue) -> Push:
    """The push message of one: JSON that a service worker shows."""
    one = seen.notification
    title, body = words_of(seen, member, catalogue, member.locale, Channel.PUSH)
    digest = urlsafe_b64encode(hashlib.sha256(one.id).digest()[:24]).decode()
    stated = {"title": title, "body": body, "kind": one.kind.name, "tag": digest}
    if (url := open_url(catalogue, one.id)) is not None:
        stated["url"] = url
    payload = orjson.dumps(stated)
    while len(payload) > PAYLOAD_MAX_BYTES:
        longest = max(("title", "body"), key=lambda name: len(stated[name]))
        stated[longest] = stated[longest][: max(len(stated[longest]) * 3 // 4, 1)].rstrip() + "…"
        payload = orjson.dumps(stated)
    return Push(payload, digest)


def open_url(catalogue: Catalogue, notification_id: bytes | None = None) -> str | None:
    """Where the member reads it."""
    url = catalogue.settings.notifications.app_url
    if url is None or notification_id is None:
        return url
    return f"{url}{'&' if '?' in url else '?'}notification={quote(notification_id.hex())}"


def _letter(
    subject: str,
    entries: Sequence[Entry],
    member: Member,
    catalogue: Catalogue,
    unsubscribe_url: str | None,
) -> Letter:
    return Letter(
        subject=subject,
        greeting=_said("greeting", member, catalogue),
        entries=[Entry(one.title, one.body[:_BODY_MAX]) for one in entries],
        locale=in_locale({key: key for key in EMAIL}, member.locale),
        why=_said("why", member, catalogue),
        open_text=_said("open", member, catalogue),
        open_url=open_url(catalogue),
        unsubscribe_text=_said("unsubscribe", member, catalogue),
        unsubscribe_url=unsubscribe_url,
    )


def _said(name: str, member: Member, catalogue: Catalogue, **values: object) -> str:
    return said(name, member.locale, member.time_zone, catalogue, member=member.display_name, **values)


def said(name: str, locale: str, time_zone: str, catalogue: Catalogue, **values: object) -> str:
    """One of the texts of emails."""
    texts = EMAIL[in_locale({key: key for key in EMAIL}, locale)]
    known = {"programme": programme_name(catalogue, locale), **values}
    return shown(texts[name], known, locale, time_zone)
