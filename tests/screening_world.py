"""A programme that screens texts, for tests: each rule is about a space of its own, so that tests meet one at a time."""

from typing import Any

from community.posts.service import NewPost
from gamification.programmes.definitions import PostKind
from gamification.settlement.unit import Unit
from resolvers.relay import encode_id
from tests.community_world import COMMUNITY
from tests.support import ProgrammeUnderTest

SCREENING: list[dict[str, Any]] = [
    {
        "key": "insults",
        "verdict": "refuse",
        "message": {"en": "Be kind.", "zh": "请友善。"},
        "words": {"listed": ["jerk", "笨蛋"]},
    },
    {
        "key": "contacts",
        "verdict": "hold",
        "message": {"en": "We look at contacts first."},
        "words": {"listed": ["加微信", "whatsapp"]},
    },
    {"key": "money", "verdict": "flag", "patterns": [r"\d+ ?(yuan|元)"]},
    {"key": "hosts", "verdict": "refuse", "links": {"forbidden": ["bad.example"]}},
    {"key": "links", "verdict": "hold", "links": {"most": 1, "allowed": ["own.example"]}, "texts": ["post"]},
    {"key": "crowds", "verdict": "flag", "mentions": {"most": 1}},
    {
        "key": "copies",
        "verdict": "hold",
        "duplicates": {"within": "P1D", "shortest": 20},
        "spaces": ["copying"],
    },
    {"key": "newcomers", "verdict": "hold", "first": {"texts": 2}, "spaces": ["nursery"]},
    {
        "key": "haste",
        "verdict": "refuse",
        "rate": {"most": 2, "within": "PT1H"},
        "spaces": ["hasty"],
        "when": "!has(member.attributes.trusted)",
    },
    {"key": "planned", "verdict": "refuse", "words": {"listed": ["next"]}, "status": "draft"},
]
SCREENED: dict[str, Any] = {
    **COMMUNITY,
    "programme": {
        **COMMUNITY["programme"],
        "community": {
            **COMMUNITY["programme"]["community"],
            "activities": {"post": "community.post", "comment": "community.comment"},
        },
    },
    "activity_types": [
        *COMMUNITY["activity_types"],
        {"key": "community.comment", "properties": {"type": "object"}},
    ],
    "rules": [
        *COMMUNITY["rules"],
        {
            "key": "answering",
            "on": ["community.comment"],
            "effects": [{"points": {"unit": "points", "amount": 1}}],
        },
    ],
    "spaces": [
        *COMMUNITY["spaces"],
        {"key": "copying"},
        {"key": "nursery"},
        {"key": "hasty"},
        {"key": "votes", "kinds": ["poll"]},
    ],
    "screening": SCREENING,
}
"""A post gives 10 points, a comment 1."""

WATCHED: list[dict[str, Any]] = [
    {
        "key": "watched",
        "verdict": "hold",
        "message": {"en": "A moderator looks first."},
        "words": {"listed": ["watchword"]},
    },
    {"key": "linked", "verdict": "flag", "links": {"forbidden": ["flagged.example"]}},
]
"""For worlds in which nobody means to be screened."""

_HELD: dict[tuple[bytes, str], bytes] = {}


async def screened(club: ProgrammeUnderTest, name: str, word: str = "") -> None:
    """Let a member write, where those rules go: a post and a comment that are held, each with the word, and a post that
    is flagged, and that a moderator let stand."""
    services, member = club.services, club.id_of(name)
    text = f"watchword {word}"
    held, _ = await services.posts.create(
        club.service, member, NewPost("square", PostKind.DISCUSSION, text, text), f"held-{name}"
    )
    link = "[A link](https://flagged.example/)"
    flagged, _ = await services.posts.create(
        club.service, member, NewPost("square", PostKind.DISCUSSION, "Hello", link), f"flagged-{name}"
    )
    comment, _ = await services.comments.create(
        club.service, member, flagged.id, None, text, f"held-comment-{name}"
    )

    async def decided(work: Unit) -> None:
        await services.screening.decided(work, flagged.id, upheld=False)

    await services.settlement.run(club.key, decided)
    said = await services.kept.screenings.of_targets(club.key, [held.id])
    _HELD[member, "Post"], _HELD[member, "Comment"] = held.id, comment.id
    _HELD[member, "Screening"] = said[held.id][0].id


def screened_gid(club: ProgrammeUnderTest, name: str, kind: str = "Screening") -> str:
    """The global id of what was held of a member by `screened`, as `Post` or `Comment`, or of what was said of the
    post."""
    return encode_id(kind, _HELD.get((club.id_of(name), kind), bytes(12)))


def has_been_screened(club: ProgrammeUnderTest, name: str) -> bool:
    """Whether `screened` was called for a member."""
    return (club.id_of(name), "Screening") in _HELD
