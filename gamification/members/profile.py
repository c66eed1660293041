"""What a profile may hold: pure checks, each naming its field and limit."""

import re
from urllib.parse import urlsplit

from gamification.kit.errors import ErrorCode, InvalidInput
from gamification.kit.periods import zone
from gamification.members.model import Identity, NewMember, ProfileChange
from gamification.programmes.properties import check_json

NAME_LENGTH_MAX = 100
EXTERNAL_ID_LENGTH_MAX = 200
URL_LENGTH_MAX = 2000
IDENTITIES_MAX = 20
_LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def check_new(member: NewMember) -> None:
    """Raises: InvalidInput for the first field that cannot be taken."""
    check_text(member.external_id, "externalId", EXTERNAL_ID_LENGTH_MAX)
    check_change(
        ProfileChange(
            member.display_name,
            member.avatar_url,
            member.locale,
            member.time_zone,
            member.attributes,
            member.identities,
        )
    )


def check_change(change: ProfileChange) -> None:
    """Raises: InvalidInput for the first field that cannot be taken."""
    if change.display_name is not None:
        check_text(change.display_name, "displayName", NAME_LENGTH_MAX)
    if change.avatar_url:
        _check_url(change.avatar_url)
    if change.locale is not None and not _LOCALE.fullmatch(change.locale):
        raise InvalidInput(f"{change.locale!r} is not a locale such as `en` or `zh-Hans`.", path=["locale"])
    if change.time_zone is not None:
        zone(change.time_zone)
    if change.attributes is not None:
        check_json(change.attributes, "attributes")
    if change.identities is not None:
        _check_identities(change.identities)


def check_text(text: str, name: str, length_max: int) -> None:
    """Refuse empty or overlong text and control characters. Raises: InvalidInput."""
    if not text.strip():
        raise InvalidInput(f"{name} must not be empty.", path=[name])
    if len(text) > length_max:
        raise InvalidInput(
            f"{name} has {len(text)} characters; at most {length_max} are taken.",
            code=ErrorCode.TOO_LARGE,
            path=[name],
            limit=length_max,
        )
    if _CONTROL.search(text):
        raise InvalidInput(f"{name} must not hold control characters.", path=[name])


def _check_url(url: str) -> None:
    check_text(url, "avatarUrl", URL_LENGTH_MAX)
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise InvalidInput("avatarUrl must be an http or https address.", path=["avatarUrl"])


def _check_identities(identities: tuple[Identity, ...]) -> None:
    if len(identities) > IDENTITIES_MAX:
        raise InvalidInput(
            f"A member has at most {IDENTITIES_MAX} identities.", path=["identities"], limit=IDENTITIES_MAX
        )
    for identity in identities:
        check_text(identity.provider, "identities.provider", 100)
        check_text(identity.subject, "identities.subject", EXTERNAL_ID_LENGTH_MAX)
