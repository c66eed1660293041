"""A credential that was made of an award."""

from datetime import datetime

from gamification.kit.records import record


@record(frozen=True, slots=True)
class Credential:
    """`id` is 16 random bytes: its address tells nothing of the award. `index` is its place in the programme's status
    lists, for good. `withdrawals` and `level` are the award's as of making: once more was withdrawn, it is revoked.
    `salt` makes the hash of the holder's name one of its own."""

    id: bytes
    programme_id: str
    award_id: bytes
    withdrawals: int
    level: int
    index: int
    salt: str
    issued_at: datetime


@record(frozen=True, slots=True)
class Signed:
    """A credential as handed out: a compact JWS, and where it is found."""

    credential: Credential
    url: str
    issuer_url: str
    status_url: str
    jwt: str
