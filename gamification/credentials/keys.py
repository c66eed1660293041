"""The keys that a programme signs with: Ed25519 in a JSON Web Key Set (RFC 7517, RFC 8037).

The first key that has its private part signs; all are published, so that what a retired key signed can still be checked.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

KEYS_MAX = 100


class KeysUnreadable(Exception):
    """A key set that can't be used; the message says why and holds no key."""


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """`signing` signs as `kid`; `published` are the public parts of all, by their key id."""

    kid: str
    signing: Ed25519PrivateKey
    published: Mapping[str, dict[str, str]]

    def sign(self, payload: Mapping[str, Any], key_url: str) -> str:
        """A compact JWS of the payload (RFC 7515); its header names the key and holds its public part."""
        headers = {"kid": key_url, "jwk": self.published[self.kid]}
        return jwt.encode(dict(payload), self.signing, algorithm="EdDSA", headers=headers)


class Keyring(Protocol):
    """Where programmes' keys are; each may have some."""

    def of(self, programme_id: str) -> Keys | None:
        """The programme's keys; None where it has none. Raises: KeysUnreadable."""


def read_keys(text: bytes) -> Keys:
    """The keys of a key set. Raises: KeysUnreadable."""
    published: dict[str, dict[str, str]] = {}
    signing: tuple[str, Ed25519PrivateKey] | None = None
    for key in _key_list(text):
        try:
            public = Ed25519PublicKey.from_public_bytes(_bytes(key["x"]))
            kid = thumbprint(key["x"])
            published[kid] = {
                "kty": "OKP",
                "crv": "Ed25519",
                "x": key["x"],
                "kid": kid,
                "use": "sig",
                "alg": "EdDSA",
            }
            if signing is None and "d" in key:
                private = Ed25519PrivateKey.from_private_bytes(_bytes(key["d"]))
                if private.public_key() != public:
                    raise KeysUnreadable(f"the private part of key {kid} is another key's")
                signing = (kid, private)
        except (KeyError, TypeError, ValueError) as error:
            raise KeysUnreadable(
                "each key must be of kty OKP, crv Ed25519, with x, and d where it signs"
            ) from error
    if signing is None:
        raise KeysUnreadable("no key has its private part (d)")
    return Keys(signing[0], signing[1], published)


def with_new_key(text: bytes | None) -> bytes:
    """The key set with a new key before those there were, which keep their public part only. Raises: KeysUnreadable."""
    private = Ed25519PrivateKey.generate()
    x = _text(private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
    d = _text(private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
    retired = [{k: v for k, v in key.items() if k != "d"} for key in _key_list(text)] if text else []
    keys = [{"kty": "OKP", "crv": "Ed25519", "x": x, "d": d, "kid": thumbprint(x)}, *retired]
    if len(keys) > KEYS_MAX:
        raise KeysUnreadable(f"there are {len(keys)} keys; at most {KEYS_MAX} are kept")
    return orjson.dumps({"keys": keys}, option=orjson.OPT_INDENT_2) + b"\n"


def thumbprint(x: str) -> str:
    """The key's id: its SHA-256 thumbprint. Source: RFC 7638, RFC 8037 appendix A.3."""
    canonical = orjson.dumps({"crv": "Ed25519", "kty": "OKP", "x": x})
    return _text(hashlib.sha256(canonical).digest())


def _key_list(text: bytes) -> list[dict[str, Any]]:
    try:
        keys = orjson.loads(text)["keys"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise KeysUnreadable("a JSON Web Key Set with `keys` is needed") from error
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        raise KeysUnreadable("a JSON Web Key Set with `keys` is needed")
    return keys


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
