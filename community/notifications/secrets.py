"""`notification_secrets`: each programme's key, made once and never shown. Links to unsubscribe are signed with it, and the codes that
confirm addresses come of it."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64

from gamification.kit.records import record
from gamification.programmes.definitions.notifications import NotificationKind
from storage.mongo import Index, Mongo

COLLECTION = "notification_secrets"
INDEXES: dict[str, list[Index]] = {COLLECTION: []}
KEY_BYTES = 32
CODE_DIGITS = 6
_MAC_BYTES = 16
_MEMBER_BYTES = 12


@record(frozen=True, slots=True)
class Unsubscribing:
    """What a link is for: a member's emails of a kind."""

    programme_id: str
    member_id: bytes
    kind: NotificationKind


class SecretRepository:
    """The same key for all processes, whichever makes it first."""

    def __init__(self, mongo: Mongo) -> None:
        self._secrets = mongo.collection(COLLECTION)
        self._keys: dict[str, bytes] = {}

    async def key(self, programme_id: str) -> bytes:
        """The programme's."""
        held = self._keys.get(programme_id)
        if held is None:
            row = await self._secrets.find_one_and_update(
                {"_id": programme_id},
                {"$setOnInsert": {"key": secrets.token_bytes(KEY_BYTES), "programme_id": programme_id}},
                upsert=True,
                return_document=True,
            )
            held = self._keys[programme_id] = bytes(row["key"])
        return held


def link_token(key: bytes, wanted: Unsubscribing) -> str:
    """What stands in the link."""
    body = b"|".join(
        [wanted.programme_id.encode(), wanted.member_id.hex().encode(), wanted.kind.value.encode()]
    )
    return urlsafe_b64encode(_mac(key, b"unsubscribe", body) + body).decode().rstrip("=")


def stated_in(token: str) -> Unsubscribing | None:
    """What a link says it is for, before that is checked by the programme's key; None for what is no link."""
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        programme_id, member, kind = raw[_MAC_BYTES:].decode().split("|")
        member_id = bytes.fromhex(member)
        if len(member_id) != _MEMBER_BYTES:
            return None
        return Unsubscribing(programme_id, member_id, NotificationKind(kind))
    except (NotBase64, ValueError):
        return None


def is_signed(key: bytes, wanted: Unsubscribing, token: str) -> bool:
    """Whether the programme made that link."""
    return hmac.compare_digest(link_token(key, wanted), token)


def code_of(key: bytes, member_id: bytes, email: str, salt: bytes) -> str:
    """The digits that confirm an address, known to who can read it."""
    raw = _mac(key, b"code", member_id + b"|" + email.encode() + b"|" + salt)
    return f"{int.from_bytes(raw[:8], 'big') % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


def new_salt() -> bytes:
    """Of one code."""
    return secrets.token_bytes(16)


def _mac(key: bytes, purpose: bytes, body: bytes) -> bytes:
    return hmac.new(key, purpose + b"\0" + body, hashlib.sha256).digest()[:_MAC_BYTES]
