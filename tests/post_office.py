"""A mail server and a push service on this machine, for tests: what they are sent, and what they answer."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class PostOffice:
    """Notes every email. `rcpt` and `data` are what it answers in turn; afterwards it takes everything."""

    port: int = 0
    rcpt: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    got: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    to: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_RCPT(  # noqa: N802 - as the library names it
        self, _: Any, __: Any, envelope: Any, address: str, ___: Any
    ) -> str:
        """A recipient is named."""
        if self.rcpt:
            answer = self.rcpt.pop(0)
            if not answer.startswith("250"):
                return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - as the library names it
        """An email has come."""
        if self.data:
            answer = self.data.pop(0)
            if not answer.startswith("250"):
                return answer
        self.raw.append(envelope.original_content)
        message = message_from_bytes(envelope.original_content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.got.append(message)
        self.to.append(envelope.rcpt_tos[0])
        self.encrypted.append(session.ssl is not None)
        self.arrived.set()
        return "250 Taken"

    def authenticate(self, _: Any, __: Any, ___: Any, ____: str, stated: Any) -> AuthResult:
        """A user has given a password."""
        self.users.append(stated.login.decode())
        return AuthResult(success=stated.password == b"s3cret p@ss")

    async def until(self, subject: str, timeout_s: float = 60.0) -> None:
        """Wait for an email of that subject."""
        async with asyncio.timeout(timeout_s):
            while subject not in self.subjects:
                self.arrived.clear()
                await self.arrived.wait()

    @property
    def subjects(self) -> list[str]:
        """Of the emails that came."""
        return [str(one["Subject"]) for one in self.got]


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    """A part of an email."""
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


@asynccontextmanager
async def post_office(
    tls: ssl.SSLContext | None = None, *, with_login: bool = False
) -> AsyncIterator[PostOffice]:
    """A running one; with `tls` it demands STARTTLS, and with `with_login` a password."""
    office = PostOffice()

    def protocol() -> SMTP:
        return SMTP(
            office,
            hostname="localhost",
            tls_context=tls,
            require_starttls=tls is not None,
            authenticator=office.authenticate if with_login else None,
            auth_required=with_login,
        )

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        server.close()
        await server.wait_closed()


def certificate(
    folder: Path, host: str = "127.0.0.1", valid: timedelta = timedelta(days=1)
) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS for an address, and the file of the authority that it is checked by. `valid`: from now on, or until when ago."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + valid)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    ca, private = folder / "ca.pem", folder / "key.pem"
    ca.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(ca, private)
    return context, ca
