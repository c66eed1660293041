"""Bearer tokens: JWTs signed with the installation's secret (HS256), or by another party (RS256, ES256, JWKS).

The header's algorithm only chooses between the two kinds of key; each kind is checked with its own algorithms,
so a public key never passes for a secret, and `none` never passes.
"""

import re
import time
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from jwt.exceptions import InvalidSubjectError

from api.callers.keysets import KeySet
from gamification.kit.actors import Actor, Role
from gamification.kit.errors import Unauthenticated

SYMMETRIC_ALGORITHM = "HS256"
ASYMMETRIC_ALGORITHMS = ("RS256", "ES256")
LEEWAY = timedelta(seconds=5)
"""How far the clocks of who signs and who checks may be apart."""

CHECKED_FOR = timedelta(minutes=5)
"""How long a token that was signed with our own secret is taken without another look at its signature, though never
beyond its own end. Other parties' keys may be withdrawn at any time, so their tokens are checked each time."""

_CHECKED_MAX = 10_000
_TOKEN_LENGTH_MAX = 8192
_SUBJECT_LENGTH_MAX = 200
_CLAIMS = ("sub", "role", "programme", "exp")
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
"""Three parts in base64url and nothing besides: decoders pass over what is no base64, and then one signature would
stand for tokens without number."""
_PROGRAMME = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_NO_TEXT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


class Authenticator:
    """Checks tokens. Without a secret no HS256 token passes; without a key set nothing else does."""

    def __init__(
        self,
        secret: str | None,
        keys: KeySet | None,
        *,
        issuer: str | None = None,
        audience: str | None = None,
    ) -> None:
        self._secret = secret
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._checked: OrderedDict[str, tuple[Actor, float]] = OrderedDict()

    async def authenticate(self, token: str) -> Actor:
        """Whom the token speaks for. Raises: Unauthenticated with the reason, KeysUnavailable."""
        known = self._checked.get(token)
        now = time.time()
        if known is not None and now < known[1]:
            return known[0]
        actor, algorithm = await self._check(token)
        if algorithm != SYMMETRIC_ALGORITHM:
            return actor
        ends_at = actor.expires_at.timestamp() if actor.expires_at else now
        self._checked[token] = (actor, min(now + CHECKED_FOR.total_seconds(), ends_at))
        self._checked.move_to_end(token)
        if len(self._checked) > _CHECKED_MAX:
            self._checked.popitem(last=False)
        return actor

    async def _check(self, token: str) -> tuple[Actor, str]:
        """The actor, and the algorithm of the signature."""
        if len(token) > _TOKEN_LENGTH_MAX:
            raise Unauthenticated("The token is too long.")
        if not _COMPACT.fullmatch(token):
            raise Unauthenticated("The token can't be read.")
        try:
            header = jwt.get_unverified_header(token)
            key, algorithm = await self._key(header)
            claims = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                leeway=LEEWAY,
                issuer=self._issuer,
                audience=self._audience,
                options={"require": list(_CLAIMS)},
            )
        except jwt.PyJWTError as error:
            raise Unauthenticated(_reason(error)) from error
        except (ValueError, RecursionError) as error:
            raise Unauthenticated("The token can't be read.") from error
        return _actor(claims), algorithm

    async def _key(self, header: dict[str, Any]) -> tuple[Any, str]:
        """The key that must have signed, and the one algorithm it signs with."""
        algorithm = header.get("alg")
        if algorithm == SYMMETRIC_ALGORITHM and self._secret is not None:
            return self._secret, SYMMETRIC_ALGORITHM
        if algorithm in ASYMMETRIC_ALGORITHMS and self._keys is not None:
            found = await self._keys.find(header.get("kid"), str(algorithm))
            if found is None:
                raise Unauthenticated("The token is signed with an unknown key.")
            return found, str(algorithm)
        raise Unauthenticated("The token is signed with an algorithm that is not taken here.")


def bearer(header: str | None) -> str | None:
    """The token of an `Authorization` header; None without the header. Raises: Unauthenticated for another scheme."""
    if header is None:
        return None
    scheme, _, token = header.strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or " " in token:
        raise Unauthenticated("The Authorization header must be `Bearer` and a token.")
    return token


def issue_token(
    secret: str,
    *,
    role: Role,
    subject: str,
    programme: str,
    lifetime: timedelta,
    issuer: str | None = None,
    audience: str | None = None,
    now: datetime | None = None,
) -> str:
    """A token signed with the installation's secret. A member's `subject` is their external id."""
    issued_at = now or datetime.now(UTC)
    claims: dict[str, Any] = {
        "sub": subject,
        "role": role.value,
        "programme": programme,
        "iat": int(issued_at.timestamp()),
        "exp": int((issued_at + lifetime).timestamp()),
    }
    if issuer is not None:
        claims["iss"] = issuer
    if audience is not None:
        claims["aud"] = audience
    return jwt.encode(claims, secret, algorithm=SYMMETRIC_ALGORITHM)


def _actor(claims: dict[str, Any]) -> Actor:
    subject, role, programme = claims["sub"], claims["role"], claims["programme"]
    if not isinstance(subject, str) or not 0 < len(subject) <= _SUBJECT_LENGTH_MAX:
        raise Unauthenticated(f"The token's `sub` must be text of 1 to {_SUBJECT_LENGTH_MAX} characters.")
    if _NO_TEXT.search(subject):
        raise Unauthenticated("The token's `sub` must not hold control characters.")
    if not isinstance(programme, str) or not _PROGRAMME.fullmatch(programme):
        raise Unauthenticated("The token's `programme` must be a programme's key.")
    if role not in list(Role):
        raise Unauthenticated(f"The token's `role` must be one of {', '.join(Role)}.")
    if isinstance(claims["exp"], bool) or not isinstance(claims["exp"], int | float):
        raise Unauthenticated("The token's `exp` must be a number.")
    try:
        expires_at = datetime.fromtimestamp(int(claims["exp"]), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Unauthenticated("The token's `exp` lies too far ahead.") from error
    return Actor(programme_id=programme, subject=subject, role=Role(role), expires_at=expires_at)


_REASONS: tuple[tuple[type[jwt.PyJWTError], str], ...] = (
    (jwt.ExpiredSignatureError, "The token has expired."),
    (jwt.ImmatureSignatureError, "The token is not valid yet."),
    (jwt.InvalidIssuerError, "The token is from another issuer."),
    (jwt.InvalidAudienceError, "The token is for another audience."),
    (InvalidSubjectError, "The token's `sub` must be text."),
    (jwt.InvalidSignatureError, "The token's signature is wrong."),
)


def _reason(error: jwt.PyJWTError) -> str:
    """In our words: the library's quote what the token holds."""
    if isinstance(error, jwt.MissingRequiredClaimError):
        return f"The token has no `{error.claim}`."
    return next((text for kind, text in _REASONS if isinstance(error, kind)), "The token can't be read.")
