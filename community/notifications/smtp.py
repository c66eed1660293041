"""Handing emails to a mail server. One connection an email; what the server says decides whether it is tried again."""

from email.message import EmailMessage
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from gamification.kit.records import record

TIMEOUT_S = 30.0
_MAILBOX_FULL = 552


class StartTls(StrEnum):
    """Whether a connection that begins in the clear goes on encrypted: it must, it may, or it does not."""

    REQUIRED = "required"
    OPPORTUNISTIC = "opportunistic"
    OFF = "off"


@record(frozen=True, slots=True)
class SmtpTerms:
    """The mail server. `implicit_tls`: encrypted from the first byte. `ca_file`: the only authorities whose certificates are
    taken, in place of the system's."""

    host: str
    port: int
    from_address: str
    user: str | None = None
    password: str | None = None
    implicit_tls: bool = False
    starttls: StartTls = StartTls.REQUIRED
    ca_file: str | None = None


class MailTemporary(Exception):
    """It was not taken now, and may be later."""


class MailPermanent(Exception):
    """It never will be taken. `bounces`: because of the address."""

    def __init__(self, said: str, *, bounces: bool = False) -> None:
        super().__init__(said)
        self.bounces = bounces


class Mailer(Protocol):
    """Sends emails."""

    @property
    def from_address(self) -> str:
        """What they are from."""

    async def send(self, message: EmailMessage, to_address: str) -> str:
        """Send one; what the server said. Raises: MailTemporary, MailPermanent."""


class SmtpMailer:
    """By SMTP."""

    def __init__(self, terms: SmtpTerms, timeout_s: float = TIMEOUT_S) -> None:
        self._terms = terms
        self._timeout_s = timeout_s

    @property
    def from_address(self) -> str:
        """The installation's."""
        return self._terms.from_address

    async def send(self, message: EmailMessage, to_address: str) -> str:
        """Send one."""
        import aiosmtplib

        terms = self._terms
        client = aiosmtplib.SMTP(
            hostname=terms.host,
            port=terms.port,
            username=terms.user,
            password=terms.password,
            use_tls=terms.implicit_tls,
            start_tls=_STARTTLS[terms.starttls] if not terms.implicit_tls else False,
            timeout=self._timeout_s,
            tls_context=_context(terms),
        )
        try:
            async with client:
                _, said = await client.sendmail(terms.from_address, [to_address], message.as_bytes())
                return str(said)
        except aiosmtplib.SMTPRecipientsRefused as error:
            refused = error.recipients[0]
            raise _of_code(refused.code, refused.message, about_address=True) from error
        except aiosmtplib.SMTPDataError as error:
            raise _of_code(error.code, error.message) from error
        except aiosmtplib.SMTPResponseException as error:
            # Of the connection, the name, or who sends: an operator can mend that, and then it goes out.
            raise MailTemporary(f"{error.code} {error.message}") from error
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise MailTemporary(f"{type(error).__name__}: {error}") from error


_STARTTLS = {StartTls.REQUIRED: True, StartTls.OPPORTUNISTIC: None, StartTls.OFF: False}


def terms_of(
    url: str, from_address: str, starttls: StartTls = StartTls.REQUIRED, ca_file: str | None = None
) -> SmtpTerms:
    """The server of `smtp://user:password@host:port` or `smtps://`; ports are 587 and 465 where none is stated. Raises:
    ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("must be smtp://user:password@host:port, or smtps://")
    implicit = parts.scheme == "smtps"
    return SmtpTerms(
        parts.hostname,
        parts.port or (465 if implicit else 587),
        from_address,
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
        implicit,
        starttls,
        ca_file,
    )


def _context(terms: SmtpTerms) -> Any:
    import ssl

    return ssl.create_default_context(cafile=terms.ca_file) if terms.ca_file else None


def _of_code(code: int, said: str, *, about_address: bool = False) -> Exception:
    text = f"{code} {said}"
    if 400 <= code < 500:
        return MailTemporary(text)
    return MailPermanent(text, bounces=about_address and code != _MAILBOX_FULL)
