"""Secrets that must be read again, such as those that sign: encrypted with the installation's key where it has one.

Without a key they are kept as they are, and whoever reads the database reads them.
"""

import hashlib
import os
from collections.abc import Sequence

_PLAIN, _SEALED = b"\x00", b"\x01"
_NONCE_BYTES = 12
_NAME_BYTES = 4


class Unreadable(Exception):
    """It was sealed with a key that is not stated any more, or is not what was sealed."""


class Sealer:
    """Seals with the first of the keys and opens with any. Source: AES-256-GCM, NIST SP 800-38D."""

    def __init__(self, keys: Sequence[str] = ()) -> None:
        self._keys = [
            hashlib.blake2b(key.encode(), digest_size=32, person=b"sg-sealing").digest() for key in keys
        ]

    @property
    def has_key(self) -> bool:
        """Whether what is sealed now can't be read from the database alone."""
        return bool(self._keys)

    def seal(self, secret: str, about: bytes) -> bytes:
        """The secret, to be kept with what it is about, and to be opened as that one's alone."""
        if not self._keys:
            return _PLAIN + secret.encode()
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        key, nonce = self._keys[0], os.urandom(_NONCE_BYTES)
        return _SEALED + _name(key) + nonce + AESGCM(key).encrypt(nonce, secret.encode(), about)

    def open(self, sealed: bytes, about: bytes) -> str:
        """What was sealed. Raises: Unreadable."""
        if sealed[:1] == _PLAIN:
            return sealed[1:].decode()
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        name, rest = sealed[1 : 1 + _NAME_BYTES], sealed[1 + _NAME_BYTES :]
        for key in self._keys:
            if _name(key) == name:
                try:
                    return AESGCM(key).decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], about).decode()
                except InvalidTag as error:
                    raise Unreadable("It was changed, or is about something else.") from error
        raise Unreadable("The key that it was sealed with is not stated.")


def _name(key: bytes) -> bytes:
    return hashlib.blake2b(key, digest_size=_NAME_BYTES, person=b"sg-key-name").digest()
