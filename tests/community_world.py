"""A programme with a community, for tests: spaces of every access, and activities that posts are recorded as."""

from datetime import timedelta
from typing import Any

from community.following.service import Topic
from community.posts.service import NewPost, PostChange
from community.reactions.model import Target, TargetKind
from gamification.programmes.definitions import PostKind
from resolvers.relay import encode_id
from tests.support import ProgrammeUnderTest

COMMUNITY: dict[str, Any] = {
    "programme": {
        "name": {"en": "The club"},
        "community": {
            "image_hosts": ["img.example.org"],
            "reactions": ["like", "heart"],
            "activities": {"post": "community.post"},
        },
    },
    "units": [{"key": "points"}, {"key": "growth"}],
    "activity_types": [
        {
            "key": "community.post",
            "properties": {
                "type": "object",
                "properties": {"space": {"type": "string"}, "kind": {"type": "string"}},
            },
        },
        {
            "key": "study",
            "properties": {"type": "object", "properties": {"hours": {"type": "integer"}}},
        },
    ],
    "rules": [
        {
            "key": "writing",
            "on": ["community.post"],
            "effects": [{"points": {"unit": "points", "amount": 10}}],
        },
        {
            "key": "growing",
            "on": ["study"],
            "effects": [{"points": {"unit": "growth", "amount": "activity.hours"}}],
        },
    ],
    "ladders": [
        {
            "key": "club",
            "measures": [{"key": "growth", "unit": "growth"}],
            "tiers": [{"key": "basic"}, {"key": "gold", "requires": {"growth": 100}}],
        }
    ],
    "spaces": [
        {
            "key": "square",
            "name": {"en": "The square", "zh": "广场"},
            "description": {"en": "For everyone"},
            "rules": {"en": "Be *kind*."},
            "kinds": ["discussion", "question", "announcement"],
        },
        {"key": "makers", "access": "closed"},
        {"key": "circle", "access": "private"},
        {"key": "board", "access": "closed", "admission": "added", "kinds": ["announcement"]},
        {"key": "lounge", "tier": {"ladder": "club", "least": "gold"}},
        {"key": "shanghai", "when": "member.attributes.city == 'Shanghai'"},
        {"key": "attic", "status": "archived"},
        {"key": "next", "status": "draft"},
    ],
}
"""A post gives 10 points."""

_WROTE: dict[tuple[bytes, str], bytes] = {}
_NOTHING = bytes(12)


async def wrote(club: ProgrammeUnderTest, *names: str, word: str = "") -> None:
    """Let members be in the workshop and write in the square: what is published and edited, a draft, what is scheduled,
    what they deleted and what was removed. `word` stands in every text that is not for everyone."""
    services = club.services
    for name in names:
        member = club.id_of(name)
        await services.spaces.join(club.service, "workshop", member)
        body = "Hello [there](https://a.example/there) ![seen](https://img.example.org/seen.png)"
        stated: dict[str, dict[str, Any]] = {
            "published": {"title": "Hello", "body": body, "tags": ("greeting",)},
            "draft": {"title": f"{word} draft", "body": word or "x", "draft": True},
            "scheduled": {
                "title": word or "x",
                "body": word or "x",
                "publish_at": club.clock.now + timedelta(days=9),
            },
            "deleted": {"title": f"{word} deleted", "body": word or "x"},
            "removed": {"title": f"{word} removed", "body": word or "x"},
        }
        for label, fields in stated.items():
            new = NewPost("square", PostKind.DISCUSSION, **fields)
            post, _ = await services.posts.create(club.service, member, new, f"{label}-{name}")
            _WROTE[club.id_of(name), label] = post.id
        answered = _WROTE[club.id_of(name), "published"]
        for label, text in (
            ("comment", "A comment"),
            ("gone", f"{word} comment"),
            ("withdrawn", f"{word} withdrawn"),
        ):
            comment, _ = await services.comments.create(
                club.service, member, answered, None, text, f"{label}-{name}"
            )
            _WROTE[club.id_of(name), label] = comment.id
        found = _WROTE[club.id_of(name), "comment"]
        await services.comments.create(club.service, member, answered, found, "A reply", f"reply-{name}")
        await services.comments.edit(club.service, member, found, 1, "An edited comment")
        await services.comments.delete(club.service, member, _WROTE[club.id_of(name), "withdrawn"])
        await services.comments.remove(club.moderator, _WROTE[club.id_of(name), "gone"], f"{word} reason")
        edit = PostChange(title="Hello again", reason="Twice")
        await services.posts.edit(club.service, member, _WROTE[club.id_of(name), "published"], 1, edit)
        await services.posts.delete(club.service, member, _WROTE[club.id_of(name), "deleted"])
        await services.post_keeping.remove(
            club.moderator, _WROTE[club.id_of(name), "removed"], f"{word} reason"
        )


async def liked(club: ProgrammeUnderTest, by: str, name: str) -> None:
    """Let one member like what `wrote` wrote for another: the post, and its comment."""
    for kind, label in ((TargetKind.POST, "published"), (TargetKind.COMMENT, "comment")):
        target = Target(kind, _WROTE[club.id_of(name), label])
        await club.services.reactions.react(club.service, club.id_of(by), target, "like")


async def kept(club: ProgrammeUnderTest, name: str, of: str, word: str = "") -> None:
    """Let a member follow and keep what `wrote` wrote for another; `word` stands in what is theirs alone."""
    post = _WROTE[club.id_of(of), "published"]
    for topic in (Topic(space="square"), Topic(tag=f"{word}tag"), Topic(post_id=post)):
        await club.services.following.follow(club.service, club.id_of(name), topic)
    for kind, label in ((TargetKind.POST, "published"), (TargetKind.COMMENT, "comment")):
        target = Target(kind, _WROTE[club.id_of(of), label])
        await club.services.bookmarks.add(club.service, club.id_of(name), target, f"{word} note")


def comment_gid(club: ProgrammeUnderTest, name: str, label: str = "comment") -> str:
    """The global id of a comment that `wrote` wrote: `comment`, `gone`, which was removed, or
    `withdrawn`, which they deleted."""
    return encode_id("Comment", _WROTE.get((club.id_of(name), label), _NOTHING))


def post_gid(club: ProgrammeUnderTest, name: str, label: str = "published") -> str:
    """The global id of what `wrote` wrote: `published`, `draft`, `scheduled`, `deleted`, `removed`."""
    return encode_id("Post", _WROTE.get((club.id_of(name), label), _NOTHING))


def has_written(club: ProgrammeUnderTest, name: str) -> bool:
    """Whether `wrote` was called for a member."""
    return (club.id_of(name), "published") in _WROTE
