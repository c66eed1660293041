"""How the shared connection is opened: users, databases, protocols, unix sockets, TLS."""

import asyncio
import ssl
import uuid
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from storage.embedded import Endpoints
from storage.redis import RedisStore, RedisUnavailable
from tests.storage.relay import Relay, opened


@pytest.fixture
def key() -> str:
    return f"mux:{uuid.uuid4().hex}"


@pytest.mark.parametrize("protocol", [2, 3])
async def test_signs_in_selects_its_database_and_says_its_name(
    endpoints: Endpoints, redis_store: RedisStore, protocol: int
) -> None:
    user = f"u{uuid.uuid4().hex[:8]}"
    await redis_store.execute("ACL", "SETUSER", user, "on", ">secret", "~*", "+@all")
    at = endpoints.redis_url.removeprefix("redis://").partition("/")[0]
    tail = f"{at}/3?protocol={protocol}"
    try:
        async with opened(f"redis://{user}:secret@{tail}&client_name=boards") as store:
            found = (await store.execute("CLIENT", "INFO")).decode().split()
            assert {f"user={user}", "db=3", "name=boards", f"resp={protocol}"} <= set(found)
        async with opened(f"redis://{user}:wrong@{tail}") as store:
            with pytest.raises(RedisUnavailable):
                await store.execute("PING")
            assert not await store.is_alive()
    finally:
        await redis_store.execute("ACL", "DELUSER", user)


async def test_speaks_through_a_unix_socket(endpoints: Endpoints, tmp_path: Path, key: str) -> None:
    async with (
        Relay(endpoints.redis_url).running(path=tmp_path / "r.sock") as relay,
        opened(f"{relay.url}?db=2") as store,
    ):
        await store.execute("SET", key, "x")
        assert await store.execute("GET", key) == b"x"
        assert "db=2" in (await store.execute("CLIENT", "INFO")).decode().split()


async def test_speaks_tls_and_refuses_a_certificate_it_does_not_know(
    endpoints: Endpoints, tmp_path: Path
) -> None:
    certificate = _certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    async with Relay(endpoints.redis_url).running(tls=tls) as relay:
        async with opened(f"{relay.url}?ssl_ca_certs={certificate}") as store:
            assert await asyncio.gather(*(store.execute("ECHO", n) for n in range(50))) == [
                str(n).encode() for n in range(50)
            ]
        async with opened(relay.url) as store:
            with pytest.raises(RedisUnavailable):
                await store.execute("PING")


def _certificate(folder: Path) -> Path:
    """A certificate of localhost that signs itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "localhost.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


async def test_who_comes_in_the_moment_the_connection_opens_does_not_ask_for_ever(
    endpoints: Endpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(endpoints.redis_url) as store:
        line = store._multiplexer
        original, asked = line._open, 0
        late = line._send_one(b"*1\r\n$4\r\nPING\r\n")

        def come() -> None:
            with suppress(StopIteration):
                late.send(None)

        async def open_slowly() -> Any:
            found = await original()
            # The task has ended by then, and whoever waits for its end has not heard of it.
            asyncio.get_running_loop().call_soon(come)
            return found

        async def counted(mine: Any) -> Any:
            nonlocal asked
            asked += 1
            assert asked < 10, "it spins"
            return await ready(mine)

        ready = line._ready
        monkeypatch.setattr(line, "_open", open_slowly)
        monkeypatch.setattr(line, "_ready", counted)
        assert await store.execute("PING")
        late.close()
        assert asked == 2
