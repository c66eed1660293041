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

from api.callers.auth import Authenticator, bearer, issue_token
from api.callers.keysets import KeySet
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
    ids=["nothing", "one", "two", "three", "four", "no ascii", "dots", "deep", "long", "cut off"],
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


RSA_KEY = rsa.generate_private_key(65537, 2048)
RSA_PUBLIC = RSA_KEY.public_key()


def foundations() -> list[bytes]:
    """What a public key looks like to whoever takes it for a secret."""
    formats = serialization.PublicFormat
    encodings = serialization.Encoding
    return [
        RSA_PUBLIC.public_bytes(encodings.PEM, formats.SubjectPublicKeyInfo),
        RSA_PUBLIC.public_bytes(encodings.PEM, formats.SubjectPublicKeyInfo).strip(),
        RSA_PUBLIC.public_bytes(encodings.PEM, formats.PKCS1),
        RSA_PUBLIC.public_bytes(encodings.DER, formats.SubjectPublicKeyInfo),
        jwt.algorithms.RSAAlgorithm.to_jwk(RSA_PUBLIC).encode(),
        b"",
    ]


class Elsewhere(KeySet):
    """The keys of an identity provider, without a network; counts how often it was asked."""

    def __init__(self) -> None:
        super().__init__("https://issuer.example/jwks")
        self.asked = 0

    def _read(self) -> list[jwt.PyJWK]:
        self.asked += 1
        key = {**jwt.algorithms.RSAAlgorithm.to_jwk(RSA_PUBLIC, as_dict=True), "kid": "r"}
        return [jwt.PyJWK(key)]


@pytest.mark.parametrize("secret", [SECRET, None])
@pytest.mark.parametrize("header", [{}, {"kid": "r"}])
async def test_a_published_key_never_passes_for_a_secret(secret: str | None, header: dict[str, Any]) -> None:
    both = Authenticator(secret, Elsewhere())
    for foundation in foundations():
        for algorithm in ("HS256", "RS256", "hs256"):
            await refusal(signed(claims(), {"alg": algorithm, **header}, foundation), both)
    assert await subject(jwt.encode(claims(), RSA_KEY, "RS256", {"kid": "r"}), both) == "ada"


@pytest.mark.parametrize(
    "algorithm",
    ["nOnE", " none", "none\x00", "ＮＯＮＥ", ["HS256"], {"HS256": 1}, True, 0, "HS256 ", "hs256"],
)
async def test_no_other_spelling_of_an_algorithm_passes(algorithm: Any) -> None:
    await refusal(signed(claims(), {"alg": algorithm}))
    await refusal(signed(claims(), {"alg": algorithm}).rpartition(".")[0] + ".")


@pytest.mark.parametrize("algorithm", ["RS384", "PS256", "ES384", "EdDSA", "none"])
async def test_published_keys_sign_by_the_two_algorithms_only(algorithm: str) -> None:
    keys = Elsewhere()
    made = (
        jwt.encode(claims(), RSA_KEY, algorithm, {"kid": "r"})
        if algorithm in ("RS384", "PS256")
        else signed(claims(), {"alg": algorithm, "kid": "r"})
    )
    await refusal(made, Authenticator(None, keys))
    assert keys.asked == 0


@pytest.mark.parametrize("name", ["jku", "x5u", "jwk", "x5c"])
async def test_a_key_that_the_token_brings_along_is_not_used(name: str) -> None:
    other = rsa.generate_private_key(65537, 2048)
    brought: Any = "http://127.0.0.1:9/keys"
    if name in ("jwk", "x5c"):
        brought = jwt.algorithms.RSAAlgorithm.to_jwk(other.public_key(), as_dict=True)
    keys = Elsewhere()
    forged = jwt.encode(claims(), other, "RS256", {"kid": "r", name: brought})
    assert await refusal(forged, Authenticator(None, keys)) == "The token's signature is wrong."
    assert keys.asked == 1


@pytest.mark.parametrize(
    "kid",
    ["", "R", "r\x00", "../../dev/null", "' or 1=1 --", "r\nr", "x" * 5000, 7, True, ["r"], {"$ne": ""}],
    ids=lambda kid: str(kid)[:20],
)
async def test_a_key_is_found_by_its_own_name_only(kid: Any) -> None:
    header = {"alg": "RS256", "kid": kid}
    text = ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in (header, claims())
    )
    proof = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256).sign(text.encode(), RSA_KEY)
    made = f"{text}.{base64.urlsafe_b64encode(proof).decode().rstrip('=')}"
    await refusal(made, Authenticator(None, Elsewhere()))


async def test_what_a_token_calls_critical_must_be_known() -> None:
    await refusal(signed(claims(), {"alg": "HS256", "crit": ["made-up"], "made-up": True}))
    await refusal(signed(claims(), {"alg": "HS256", "crit": []}))


@pytest.mark.parametrize(("ahead_s", "passes"), [(3, True), (60, False)])
@pytest.mark.parametrize("name", ["nbf", "iat"])
async def test_a_clock_may_be_a_little_ahead(name: str, ahead_s: int, passes: bool) -> None:
    made = signed(claims(**{name: int(time.time()) + ahead_s}))
    if passes:
        assert await subject(made) == "ada"
    else:
        assert await refusal(made) == "The token is not valid yet."


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": str(4102444800)},
        {"exp": True},
        {"exp": [4102444800]},
        {"exp": {}},
        {"exp": -1},
        {"exp": 0},
        {"exp": -(10**400)},
        {"exp": 2**63},
        {"exp": 1e308},
        {"nbf": "soon"},
        {"nbf": float("nan")},
        {"iat": "yesterday"},
        {"sub": "a\x00b"},
        {"sub": "a\nb"},
        {"sub": "\ud800"},
        {"sub": True},
        {"sub": ["ada"]},
        {"sub": {"$ne": ""}},
        {"programme": "\ud800"},
        {"programme": "a b"},
        {"programme": "p:board}"},
        {"programme": "P"},
        {"programme": "x" * 65},
        {"programme": {"$gt": ""}},
        {"role": None},
        {"role": "member\x00"},
        {"role": " operator"},
        {"role": {"$in": ["operator"]}},
    ],
    ids=lambda changed: str(changed)[:50],
)
async def test_a_claim_that_lies_is_refused(changed: dict[str, Any]) -> None:
    stated = {**claims(), **changed}
    await refusal(signed(stated))


async def test_of_a_claim_stated_twice_the_last_counts() -> None:
    # As RFC 7519, section 4, has it; one that only the signer could have made.
    text = json.dumps(claims())[:-1] + ', "role": "operator", "role": "member"}'
    body = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    head = signed(claims()).partition(".")[0]
    mac = hmac.new(SECRET.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()
    made = f"{head}.{body}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
    assert (await Authenticator(SECRET, None).authenticate(made)).role is Role.MEMBER


@pytest.mark.parametrize("payload", [[], "text", 7, None, [{"sub": "ada"}]])
async def test_claims_must_be_an_object(payload: Any) -> None:
    await refusal(signed(payload))


@pytest.mark.parametrize(
    "change",
    [
        lambda made: made + "!",
        lambda made: made + "\n",
        lambda made: made + "=",
        lambda made: made + "é",
        lambda made: made.replace(".", ". ", 1),
        lambda made: made.replace(".", "..", 1),
        lambda made: "\ufeff" + made,
        lambda made: made + "." + made,
        lambda made: made + "\x00" * 50,
    ],
)
async def test_a_token_is_one_text_and_no_other(change: Any) -> None:
    authenticator = Authenticator(SECRET, None)
    made = signed(claims())
    await refusal(change(made), authenticator)
    assert await subject(made, authenticator) == "ada"
    await refusal(change(made), authenticator)


async def test_deep_and_long_claims_are_refused_quickly() -> None:
    deep = "[" * 3000 + "]" * 3000
    body = base64.urlsafe_b64encode(f'{{"sub": {deep}}}'.encode()).decode().rstrip("=")
    head = signed(claims()).partition(".")[0]
    mac = hmac.new(SECRET.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()
    await refusal(f"{head}.{body}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}")
    await refusal(signed({**claims(), "extra": "x" * 8192}))


class Checks(Authenticator):
    """Counts how often a signature was looked at."""

    count = 0

    async def _check(self, token: str) -> Any:
        self.count += 1
        return await super()._check(token)


@pytest.mark.parametrize(("lives_s", "kept_s"), [(3600, 300), (60, 60)])
async def test_a_passed_token_is_looked_at_again_in_time_and_never_kept_beyond_its_end(
    monkeypatch: pytest.MonkeyPatch, lives_s: int, kept_s: int
) -> None:
    began = time.time()
    authenticator = Checks(SECRET, None)
    made = signed(claims(exp=int(began) + lives_s))
    for passed_s, count in ((0, 1), (kept_s - 2, 1), (kept_s + 1, 2)):
        monkeypatch.setattr("api.callers.auth.time.time", lambda passed_s=passed_s: began + passed_s)
        await authenticator.authenticate(made)
        assert authenticator.count == count


async def test_tokens_of_other_parties_are_looked_at_each_time() -> None:
    authenticator = Checks(None, Elsewhere())
    made = jwt.encode(claims(), RSA_KEY, "RS256", {"kid": "r"})
    for count in (1, 2, 3):
        await authenticator.authenticate(made)
        assert authenticator.count == count


async def test_passed_tokens_are_remembered_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.callers.auth._CHECKED_MAX", 10)
    authenticator = Checks(SECRET, None)
    for number in range(50):
        await authenticator.authenticate(signed(claims(sub=f"member-{number}")))
    assert len(authenticator._checked) == 10


async def test_too_many_wrong_tokens_are_a_429_and_good_ones_pass(make_client: Any, token: Any) -> None:
    client = await make_client(wrong_tokens_per_minute=3)

    async def ask(made: str) -> int:
        sent = {"json": {"query": "{ __typename }"}, "headers": {"authorization": f"Bearer {made}"}}
        answer = await client.post("/graphql", **sent)
        if answer.status_code == 429:
            assert int(answer.headers["retry-after"]) >= 1
        return int(answer.status_code)

    forged = [await ask(signed(claims(sub=str(number)), secret=b"x" * 32)) for number in range(6)]
    assert set(forged) <= {401, 429}
    assert forged[-2:] == [429, 429]
    assert await ask(token(Role.MEMBER)) == 200
