"""What texts may hold: pure checks, each naming its field and limit."""

import re
import unicodedata
from collections.abc import Sequence

from gamification.kit.errors import ErrorCode, InvalidInput
from gamification.members.profile import check_text

TITLE_MAX = 200
BODY_MAX = 20_000
TAGS_MAX = 5
TAG_MAX = 30
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
"""Control characters but a tab and the end of a line; halves of characters."""


def check_title(title: str) -> str:
    """A title without what stands around it. Raises: InvalidInput."""
    title = title.strip()
    check_text(title, "title", TITLE_MAX)
    return title


def check_body(body: str, name: str = "body", length_max: int = BODY_MAX) -> str:
    """A text of several lines, its line ends made alike. Raises: InvalidInput."""
    body = body.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    if not body.strip():
        raise InvalidInput(f"{name} must not be empty.", path=[name])
    if len(body) > length_max:
        raise InvalidInput(
            f"{name} has {len(body)} characters; at most {length_max} are taken.",
            code=ErrorCode.TOO_LARGE,
            path=[name],
            limit=length_max,
        )
    if CONTROL.search(body):
        raise InvalidInput(f"{name} must not hold control characters.", path=[name])
    return body


def check_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """Tags as they are kept: one spelling of each, whatever its width, case or spaces. Raises: InvalidInput."""
    kept = tuple(dict.fromkeys(normal_tag(tag) for tag in tags))
    if len(kept) > TAGS_MAX:
        raise InvalidInput(f"A post has at most {TAGS_MAX} tags.", path=["tags"], limit=TAGS_MAX)
    for tag in kept:
        check_text(tag, "tags", TAG_MAX)
    return kept


def normal_tag(tag: str) -> str:
    """The one spelling of a tag: `Ｌｉｖｅ  Music` and `live-music` are the same."""
    return "-".join(unicodedata.normalize("NFKC", tag).casefold().lstrip("#").split())
