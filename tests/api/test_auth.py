import base64
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from api.auth import Authenticator, bearer, issue_token
from gamification.kit.actors import Role
from gamification.kit.errors import Unauthenticated

SECRET = "a-secret-for-tests-of-32-bytes-or-more"


def claims(**changed: Any) -> dict[str, Any]:
    stated = {"sub": "ada", "role": "member", "programme": "p", "exp": int(time.time()) + 60, **changed}
    return {name: value for name, value in stated.items() if value is not None}


def signed(
    payload: dict[str, Any], header: dict[str, Any] | None = None, secret: bytes = SECRET.encode()
) -> str:
    """An HS256 token made by hand, as the library refuses to make the worst ones."""
    parts = [header or {"alg": "HS256", "typ": "JWT"}, payload]
    text = ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts
    )
    mac = hmac.new(secret, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


async def subject(token: str, authenticator: Authenticator | None = None) -> str:
    return (await (authenticator or Authenticator(SECRET, None)).authenticate(token)).subject


async def refusal(token: str, authenticator: Authenticator | None = None) -> str:
    with pytest.raises(Unauthenticated) as caught:
        await (authenticator or Authenticator(SECRET, None)).authenticate(token)
    return caught.value.message


@pytest.mark.parametrize("role", list(Role))
async def test_an_issued_token_names_its_actor(role: Role) -> None:
    made = issue_token(SECRET, role=role, subject="ada", programme="p", lifetime=timedelta(minutes=1))
    actor = await Authenticator(SECRET, None).authenticate(made)
    assert (actor.programme_id, actor.subject, actor.role) == ("p", "ada", role)
    assert actor.expires_at is not None
    assert timedelta(seconds=50) < actor.expires_at - datetime.now(UTC) <= timedelta(minutes=1)


async def test_an_expired_token_is_refused_after_a_small_leeway() -> None:
    assert await refusal(signed(claims(exp=int(time.time()) - 11))) == "The token has expired."
    assert await subject(signed(claims(exp=int(time.time()) - 2))) == "ada"


@pytest.mark.parametrize("name", ["sub", "role", "programme", "exp"])
async def test_every_claim_must_be_there(name: str) -> None:
    assert name in await refusal(signed(claims(**{name: None})))


@pytest.mark.parametrize(
    "changed",
    [
        {"role": "admin"},
        {"role": ["operator"]},
        {"role": "OPERATOR"},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 201},
        {"programme": ""},
        {"programme": ["p"]},
        {"exp": "soon"},
        {"exp": 10**30},
        {"exp": float("inf")},
        {"exp": float("nan")},
        {"nbf": 4102444800},
        {"iat": 4102444800},
        {"aud": "others"},
    ],
    ids=str,
)
async def test_a_claim_of_the_wrong_kind_is_refused(changed: dict[str, Any]) -> None:
    await refusal(signed(claims(**changed)))


async def test_a_forged_signature_is_refused() -> None:
    assert (
        await refusal(signed(claims(), secret=b"another secret of 32 bytes or so"))
        == "The token's signature is wrong."
    )


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "NONE", "", None, "HS384", "HS512", "RS256", "ES256", 7]
)
async def test_no_other_algorithm_passes(algorithm: Any) -> None:
    await refusal(signed(claims(), {"alg": algorithm, "typ": "JWT"}))


async def test_an_unsigned_token_is_refused() -> None:
    await refusal(jwt.encode(claims(), "", algorithm="none"))


async def test_a_public_key_never_passes_for_a_secret() -> None:
    public = rsa.generate_private_key(65537, 2048).public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    forged = signed(claims(), secret=pem)
    await refusal(forged)
    await refusal(forged, Authenticator(None, None))


@pytest.mark.parametrize(
    "token",
    ["", "a", "a.b", "a.b.c", "a.b.c.d", "ü.ü.ü", "." * 3, "[" * 4000, "x" * 8193, signed(claims())[:-2]],
)
async def test_what_is_no_token_is_refused(token: str) -> None:
    await refusal(token)


async def test_refusals_do_not_quote_the_token() -> None:
    message = await refusal(signed(claims(role="<secret-role>")))
    assert "secret-role" not in message


async def test_issuer_and_audience_are_checked_where_they_are_set() -> None:
    strict = Authenticator(SECRET, None, issuer="us", audience="starguild")
    assert await subject(signed(claims(iss="us", aud="starguild")), strict) == "ada"
    assert (
        await refusal(signed(claims(iss="them", aud="starguild")), strict)
        == "The token is from another issuer."
    )
    assert await refusal(signed(claims(iss="us", aud="x")), strict) == "The token is for another audience."
    assert "iss" in await refusal(signed(claims(aud="starguild")), strict)


@pytest.mark.parametrize(
    ("header", "found"),
    [(None, None), ("Bearer abc", "abc"), ("bearer abc", "abc"), ("BEARER   abc ", "abc")],
)
def test_reads_the_authorization_header(header: str | None, found: str | None) -> None:
    assert bearer(header) == found


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc", "abc", "Bearer a b"])
def test_another_authorization_is_refused(header: str) -> None:
    with pytest.raises(Unauthenticated):
        bearer(header)
