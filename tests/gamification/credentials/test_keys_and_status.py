"""Key sets, status lists and the hash of an identity: the pure parts."""

import base64
import gzip
import hashlib

import jwt
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamification.credentials.documents import identity_hash
from gamification.credentials.keys import KeysUnreadable, read_keys, thumbprint, with_new_key
from gamification.credentials.status import LIST_BITS, encode, place


def test_a_new_key_signs_and_the_old_ones_are_published() -> None:
    first = with_new_key(None)
    second = with_new_key(first)

    one, two = read_keys(first), read_keys(second)

    assert one.kid != two.kid
    assert list(two.published) == [two.kid, one.kid]
    assert all("d" not in key for key in two.published.values())
    assert [("d" in key) for key in orjson.loads(second)["keys"]] == [True, False]


def test_a_signature_is_checked_by_the_published_key() -> None:
    keys = read_keys(with_new_key(None))

    token = keys.sign({"iss": "i"}, "https://k.example/1")

    assert jwt.get_unverified_header(token) == {
        "alg": "EdDSA",
        "typ": "JWT",
        "kid": "https://k.example/1",
        "jwk": keys.published[keys.kid],
    }
    public = jwt.PyJWK(keys.published[keys.kid])
    assert jwt.decode(token, public, algorithms=["EdDSA"]) == {"iss": "i"}
    (others,) = read_keys(with_new_key(None)).published.values()
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, jwt.PyJWK(others), algorithms=["EdDSA"])


def test_the_key_id_is_the_thumbprint_of_the_standard() -> None:
    # Source: RFC 8037, appendix A.3.
    assert (
        thumbprint("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
        == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    )


GOOD = orjson.loads(with_new_key(None))["keys"][0]
OTHER = orjson.loads(with_new_key(None))["keys"][0]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{}",
        b"[]",
        b'{"keys": 1}',
        b'{"keys": []}',
        b'{"keys": [1]}',
        orjson.dumps({"keys": [{k: v for k, v in GOOD.items() if k != "d"}]}),
        orjson.dumps({"keys": [{**GOOD, "x": "short"}]}),
        orjson.dumps({"keys": [{**GOOD, "x": 3}]}),
        orjson.dumps({"keys": [{**GOOD, "d": OTHER["d"]}]}),
    ],
    ids=[
        "nothing",
        "no keys",
        "a list",
        "a number",
        "none",
        "no key",
        "no secret",
        "short",
        "no text",
        "another's",
    ],
)
def test_a_key_set_that_can_not_sign_is_refused(text: bytes) -> None:
    with pytest.raises(KeysUnreadable) as caught:
        read_keys(text)

    assert str(GOOD["d"]) not in str(caught.value)


@given(st.sets(st.integers(0, LIST_BITS - 1), max_size=50))
def test_exactly_the_bits_of_what_is_revoked_are_set_from_the_left(revoked: set[int]) -> None:
    text = encode(revoked)

    assert text.startswith("u")
    assert "=" not in text
    bits = gzip.decompress(base64.urlsafe_b64decode(text[1:] + "=" * (-len(text[1:]) % 4)))
    assert len(bits) == 16 * 1024
    number = int.from_bytes(bits, "big")
    assert number == sum(1 << (LIST_BITS - 1 - found) for found in revoked)
    assert encode(revoked) == text


def test_an_index_has_one_place() -> None:
    assert [place(i) for i in (0, LIST_BITS - 1, LIST_BITS)] == [(0, 0), (0, LIST_BITS - 1), (1, 0)]


def test_an_identity_is_hashed_with_its_salt_after_it() -> None:
    assert (
        identity_hash("a@example.org", "salt") == "sha256$" + hashlib.sha256(b"a@example.orgsalt").hexdigest()
    )
    assert identity_hash("a", "1") != identity_hash("a", "2")
