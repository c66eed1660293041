"""How it is shown that somebody came: a code that changes, and a token of each member's own. Pure.

The code is a one-time password by time (RFC 6238, with SHA-256): all who look after a gathering see the same one, on a
screen in the room. The token is of one member and one gathering, to be scanned from their own screen.
"""

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

from gamification.kit.identifiers import NEW_ID_BYTES
from gamification.kit.records import record

STEP_SECONDS = 30
DIGITS = 6
DRIFT_STEPS = 1
"""So many steps before and after the present one pass: reading and typing take time, and clocks of servers differ."""
TOKEN_LASTS = timedelta(minutes=10)
GUESSES_MAX = 5
GUESSES_WITHIN = timedelta(minutes=10)
"""After so many wrong codes in so long a member's are looked at no more, until it is over."""
SECRET_BYTES = 32
_MAC_BYTES = 8
_TIME_BYTES = 4
_TOKEN_LENGTH = (NEW_ID_BYTES + _TIME_BYTES + _MAC_BYTES) * 4 // 3


@record(frozen=True, slots=True)
class Code:
    """A code, and until when it is the present one."""

    text: str
    until: datetime


def code_at(secret: bytes, at: datetime) -> Code:
    """The code of that moment."""
    step = _step(at)
    until = datetime.fromtimestamp((step + 1) * STEP_SECONDS, UTC)
    return Code(_code(secret, step), until)


def is_code(secret: bytes, text: str, at: datetime) -> bool:
    """Whether that is the code, or was or will be it a step ago or hence. Spaces in it are passed over."""
    stated = "".join(text.split()).encode()
    step = _step(at)
    steps = range(step - DRIFT_STEPS, step + DRIFT_STEPS + 1)
    # All of them are compared, so that the time taken tells nothing.
    same = [hmac.compare_digest(_code(secret, one).encode(), stated) for one in steps]
    return any(same)


def token_of(secret: bytes, member_id: bytes, at: datetime) -> tuple[str, datetime]:
    """A member's token from that moment on, and until when it is good."""
    until = datetime.fromtimestamp(int((at + TOKEN_LASTS).timestamp()), UTC)
    stated = member_id + int(until.timestamp()).to_bytes(_TIME_BYTES, "big")
    return base64.urlsafe_b64encode(stated + _mac(secret, stated)).decode(), until


def member_of_token(secret: bytes, token: str, at: datetime) -> bytes | None:
    """Whose token that is; None where it is none of this gathering's, or none any more."""
    try:
        raw = base64.b64decode(token.encode(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    stated, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    if len(token) != _TOKEN_LENGTH or not hmac.compare_digest(_mac(secret, stated), mac):
        return None
    until = int.from_bytes(stated[NEW_ID_BYTES:], "big")
    return stated[:NEW_ID_BYTES] if at.timestamp() < until else None


def may_guess(guesses: int, since: datetime | None, at: datetime) -> bool:
    """Whether a member's next code is looked at."""
    return guesses < GUESSES_MAX or since is None or at >= since + GUESSES_WITHIN


def guessed(guesses: int, since: datetime | None, at: datetime) -> tuple[int, datetime]:
    """How many wrong ones there are with one more, and since when they count."""
    if since is None or at >= since + GUESSES_WITHIN:
        return 1, at
    return guesses + 1, since


def _step(at: datetime) -> int:
    return int(at.timestamp()) // STEP_SECONDS


def _code(secret: bytes, step: int) -> str:
    digest = hmac.digest(secret, step.to_bytes(8, "big"), hashlib.sha256)
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def _mac(secret: bytes, stated: bytes) -> bytes:
    return hmac.digest(secret, b"token" + stated, hashlib.sha256)[:_MAC_BYTES]
