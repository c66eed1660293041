"""What a profile may hold: pure checks, each naming its field and limit."""

import re
from datetime import date
from urllib.parse import urlsplit

from gamification.kit.errors import ErrorCode, InvalidInput
from gamification.kit.periods import zone
from gamification.members.model import Identity, NewMember, ProfileChange
from gamification.programmes.properties import check_json

NAME_LENGTH_MAX = 100
EXTERNAL_ID_LENGTH_MAX = 200
URL_LENGTH_MAX = 2000
IDENTITIES_MAX = 20
TAGS_MAX = 50
TAG_LENGTH_MAX = 50
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
            member.birthday,
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
    if change.birthday:
        check_birthday(change.birthday)
    if change.tags is not None:
        _check_tags(change.tags)


def check_birthday(birthday: str) -> None:
    """A day of the calendar, with its year or without. Raises: InvalidInput."""
    try:
        # A leap year, in which every day there is has its place.
        born = date.fromisoformat(birthday if len(birthday) > 5 else f"2000-{birthday}")
    except ValueError:
        born = None
    if born is None or len(birthday) not in (5, 10) or born.year < 1900:
        raise InvalidInput(
            f"{birthday[:20]!r} is no birthday such as `1990-02-28`, or `02-28` without a year.",
            path=["birthday"],
        )


def _check_tags(tags: tuple[str, ...]) -> None:
    if len(tags) > TAGS_MAX:
        raise InvalidInput(f"A member has at most {TAGS_MAX} tags.", path=["tags"], limit=TAGS_MAX)
    for tag in tags:
        check_text(tag, "tags", TAG_LENGTH_MAX)


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
