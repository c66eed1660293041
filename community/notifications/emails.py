"""Emails: what stands in one, and how it is put together. Pure.

Nothing that members or programmes state can make a header of its own: line breaks and other control characters are taken out of what
goes into one, and the library encodes the rest (RFC 2047).
"""

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from html import escape

from gamification.kit.records import record


class _Policy(EmailPolicy):
    """Leaves links whole: the library would break long words of a header up into encoded ones, which is no link any more."""

    def fold(self, name: str, value: str) -> str:
        if name.lower() in _WHOLE:
            return f"{name}: {value}{self.linesep}"
        folded: str = super().fold(name, value)
        return folded

    def fold_binary(self, name: str, value: str) -> bytes:
        return self.fold(name, value).encode("ascii", "surrogateescape")


_WHOLE = frozenset({"list-unsubscribe", "message-id"})
_POLICY = _Policy(linesep="\r\n", max_line_length=76, cte_type="7bit")
_SUBJECT_MAX = 200
_NAME_MAX = 80


@record(frozen=True, slots=True)
class Entry:
    """One piece of news in an email."""

    title: str
    body: str


@record(frozen=True, slots=True)
class Letter:
    """What an email says. `why` it was sent; `open_url`: where to read more; `unsubscribe_url` stops its kind at once (RFC 8058)."""

    subject: str
    greeting: str
    entries: Sequence[Entry]
    locale: str
    why: str = ""
    open_text: str = ""
    open_url: str | None = None
    unsubscribe_text: str = ""
    unsubscribe_url: str | None = None


@record(frozen=True, slots=True)
class Envelope:
    """From whom to whom, and by which name it is known: the same when it is sent again."""

    from_name: str
    from_address: str
    to_address: str
    message_id: str
    at: datetime


def in_header(text: str, most: int = _SUBJECT_MAX) -> str:
    """A text that may stand in a header: one line, without control characters."""
    plain = "".join(
        " " if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp", "Cs") else char for char in text
    )
    return " ".join(plain.split())[:most]


def message_of(letter: Letter, envelope: Envelope) -> EmailMessage:
    """The email: as plain text and as HTML."""
    message = EmailMessage(policy=_POLICY)
    local, _, domain = envelope.from_address.rpartition("@")
    message["From"] = Address(in_header(envelope.from_name, _NAME_MAX), local, domain)
    message["To"] = Address("", *_parts(envelope.to_address))
    message["Subject"] = in_header(letter.subject)
    message["Date"] = format_datetime(envelope.at)
    message["Message-ID"] = envelope.message_id
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if letter.unsubscribe_url is not None:
        message["List-Unsubscribe"] = f"<{letter.unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["Content-Language"] = letter.locale
    message.set_content(text_of(letter), cte="base64")
    message.add_alternative(html_of(letter), subtype="html", cte="base64")
    return message


def message_id(delivery_id: bytes, from_address: str) -> str:
    """The name of an email: it comes of the delivery's id alone."""
    return f"<{delivery_id.hex()}@{from_address.rpartition('@')[2]}>"


def text_of(letter: Letter) -> str:
    """As plain text."""
    parts = [letter.greeting]
    parts += [f"{one.title}\n{one.body}".strip() for one in letter.entries]
    if letter.open_url is not None:
        parts.append(f"{letter.open_text} {letter.open_url}")
    foot = [letter.why] if letter.why else []
    if letter.unsubscribe_url is not None:
        foot.append(f"{letter.unsubscribe_text} {letter.unsubscribe_url}")
    if foot:
        parts.append("-- \n" + "\n".join(foot))
    return "\n\n".join(part for part in parts if part) + "\n"


def html_of(letter: Letter) -> str:
    """As HTML: every text of others is escaped, and nothing is loaded from anywhere."""
    entries = "".join(
        f"<h2 style='font-size:16px;margin:24px 0 4px'>{escape(one.title)}</h2>"
        + "".join(f"<p style='margin:0 0 8px'>{escape(line)}</p>" for line in one.body.splitlines() if line)
        for one in letter.entries
    )
    more = ""
    if letter.open_url is not None:
        url = escape(letter.open_url, quote=True)
        more = f"<p>{escape(letter.open_text)} <a href='{url}'>{url}</a></p>"
    foot = f"<p>{escape(letter.why)}</p>" if letter.why else ""
    if letter.unsubscribe_url is not None:
        url = escape(letter.unsubscribe_url, quote=True)
        foot += f"<p>{escape(letter.unsubscribe_text)} <a href='{url}'>{url}</a></p>"
    return (
        f"<!doctype html><html lang='{escape(letter.locale, quote=True)}'><head><meta charset='utf-8'>"
        f"<title>{escape(in_header(letter.subject))}</title></head>"
        "<body style='font-family:sans-serif;font-size:15px;color:#222;max-width:600px;margin:0 auto;padding:16px'>"
        f"<p>{escape(letter.greeting)}</p>{entries}{more}"
        f"<div style='color:#666;font-size:12px;border-top:1px solid #ddd;margin-top:24px'>{foot}</div></body></html>\n"
    )


def _parts(address: str) -> tuple[str, str]:
    local, _, domain = address.rpartition("@")
    return local, domain
