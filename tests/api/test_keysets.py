import asyncio
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from api.callers.auth import Authenticator
from api.callers.keysets import KeySet, KeysUnavailable
from gamification.kit.actors import Role
from gamification.kit.errors import Unauthenticated

RSA_KEY = rsa.generate_private_key(65537, 2048)
OTHER_RSA_KEY = rsa.generate_private_key(65537, 2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


class Publisher:
    """A server that publishes keys, and counts how often it was asked."""

    def __init__(self) -> None:
        self.keys: list[dict[str, Any]] = []
        self.asked = 0
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked += 1
                self.send_response(outer.status)
                self.end_headers()
                self.wfile.write(json.dumps({"keys": outer.keys}).encode())

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/jwks"


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    made = Publisher()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


class Time:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def public(key: Any, kid: str | None, **more: Any) -> dict[str, Any]:
    algorithm = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    found: dict[str, Any] = algorithm.to_jwk(key.public_key(), as_dict=True)
    return {**found, **({"kid": kid} if kid else {}), **more}


def token(key: Any, kid: str | None, algorithm: str = "RS256", **changed: Any) -> str:
    claims = {"sub": "ada", "role": "service", "programme": "p", "exp": int(time.time()) + 60, **changed}
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid} if kid else None)


@pytest.mark.parametrize(("key", "algorithm"), [(RSA_KEY, "RS256"), (EC_KEY, "ES256")])
async def test_takes_tokens_of_published_keys(publisher: Publisher, key: Any, algorithm: str) -> None:
    publisher.keys = [public(RSA_KEY, "r"), public(EC_KEY, "e")]
    authenticator = Authenticator(None, KeySet(publisher.url))
    kid = "r" if algorithm == "RS256" else "e"
    for _ in range(3):
        assert (await authenticator.authenticate(token(key, kid, algorithm))).role is Role.SERVICE
    assert publisher.asked == 1


async def test_a_token_may_name_no_key_where_one_fits(publisher: Publisher) -> None:
    publisher.keys = [public(RSA_KEY, None), public(EC_KEY, "e")]
    await Authenticator(None, KeySet(publisher.url)).authenticate(token(RSA_KEY, None))
    publisher.keys = [public(RSA_KEY, "a"), public(OTHER_RSA_KEY, "b")]
    with pytest.raises(Unauthenticated):
        await Authenticator(None, KeySet(publisher.url)).authenticate(token(RSA_KEY, None))


async def test_a_new_key_is_found_and_an_old_one_refused_after_a_rotation(publisher: Publisher) -> None:
    at = Time()
    publisher.keys = [public(RSA_KEY, "old")]
    authenticator = Authenticator(None, KeySet(publisher.url, refetch_seconds=10, clock=at))
    assert (await authenticator.authenticate(token(RSA_KEY, "old"))).subject == "ada"
    publisher.keys = [public(OTHER_RSA_KEY, "new")]
    at.now += 11
    assert (await authenticator.authenticate(token(OTHER_RSA_KEY, "new"))).subject == "ada"
    with pytest.raises(Unauthenticated, match="unknown key"):
        await authenticator.authenticate(token(RSA_KEY, "old"))


async def test_unknown_keys_make_it_ask_no_more_often_than_stated(publisher: Publisher) -> None:
    at = Time()
    publisher.keys = [public(RSA_KEY, "r")]
    authenticator = Authenticator(None, KeySet(publisher.url, refetch_seconds=10, clock=at))
    await authenticator.authenticate(token(RSA_KEY, "r"))
    for number in range(20):
        with pytest.raises(Unauthenticated):
            await authenticator.authenticate(token(OTHER_RSA_KEY, f"made-up-{number}"))
    assert publisher.asked == 1
    at.now += 11
    for number in range(20):
        with pytest.raises(Unauthenticated):
            await authenticator.authenticate(token(OTHER_RSA_KEY, f"made-up-{number}"))
    assert publisher.asked == 2


async def test_many_at_once_ask_once(publisher: Publisher) -> None:
    publisher.keys = [public(RSA_KEY, "r")]
    authenticator = Authenticator(None, KeySet(publisher.url))
    await asyncio.gather(*(authenticator.authenticate(token(RSA_KEY, "r")) for _ in range(20)))
    assert publisher.asked == 1


async def test_known_keys_stay_good_while_the_publisher_is_away(publisher: Publisher) -> None:
    at = Time()
    publisher.keys = [public(RSA_KEY, "r")]
    authenticator = Authenticator(None, KeySet(publisher.url, clock=at))
    await authenticator.authenticate(token(RSA_KEY, "r"))
    publisher.status = 500
    at.now += 3600
    assert (await authenticator.authenticate(token(RSA_KEY, "r"))).subject == "ada"


async def test_keys_are_renewed_beside_the_requests(publisher: Publisher) -> None:
    at = Time()
    publisher.keys = [public(RSA_KEY, "r")]
    authenticator = Authenticator(None, KeySet(publisher.url, max_age_seconds=300, clock=at))
    await authenticator.authenticate(token(RSA_KEY, "r"))
    publisher.keys = [public(OTHER_RSA_KEY, "s")]
    at.now += 301
    await authenticator.authenticate(token(RSA_KEY, "r"))
    for _ in range(500):
        try:
            await authenticator.authenticate(token(OTHER_RSA_KEY, "s"))
            break
        except Unauthenticated:
            await asyncio.sleep(0.01)
    with pytest.raises(Unauthenticated):
        await authenticator.authenticate(token(RSA_KEY, "r"))
    assert publisher.asked == 2


async def test_without_any_keys_it_says_that_it_cannot_tell(publisher: Publisher) -> None:
    publisher.status = 503
    with pytest.raises(KeysUnavailable):
        await Authenticator(None, KeySet(publisher.url)).authenticate(token(RSA_KEY, "r"))


@pytest.mark.parametrize(
    "keys",
    [
        [{"kty": "oct", "kid": "r", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"}],
        [public(RSA_KEY, "r", use="enc")],
        [public(RSA_KEY, "r", alg="RS512")],
    ],
    ids=["oct", "enc", "other algorithm"],
)
async def test_keys_of_another_kind_are_not_used(publisher: Publisher, keys: list[dict[str, Any]]) -> None:
    publisher.keys = [*keys, public(EC_KEY, "e")]
    with pytest.raises(Unauthenticated):
        await Authenticator(None, KeySet(publisher.url)).authenticate(token(RSA_KEY, "r"))


async def test_a_secret_and_keys_side_by_side_stay_apart(publisher: Publisher) -> None:
    secret = "a-secret-for-tests-of-32-bytes-or-more"
    publisher.keys = [public(RSA_KEY, "r")]
    authenticator = Authenticator(secret, KeySet(publisher.url))
    assert (await authenticator.authenticate(token(secret, None, "HS256"))).subject == "ada"
    assert (await authenticator.authenticate(token(RSA_KEY, "r"))).subject == "ada"
    with pytest.raises(Unauthenticated):
        await authenticator.authenticate(token("x" * 40, "r", "HS256"))
