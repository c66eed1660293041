"""A contest of stories, for tests that go over all there is."""

from typing import Any

from community.posts.service import NewPost
from gamification.programmes.definitions import PostKind
from resolvers.relay import encode_id
from tests.support import ProgrammeUnderTest

FABLE: dict[str, Any] = {
    "key": "fable",
    "name": {"en": "Fables"},
    "description": {"en": "Tell one"},
    "space": "square",
    "entries_from": "2020-01-01T00:00:00Z",
    "entries_until": "2100-01-01T00:00:00Z",
    "votes_from": "2020-01-01T00:00:00Z",
    "votes_until": "2100-01-01T00:00:00Z",
    "entries": 3,
    "votes": 9,
    "counts_shown": True,
    "status": "published",
}
"""A contest that is open all the time."""
_STORIES: dict[tuple[bytes, str], bytes] = {}
_NOTHING = bytes(12)


async def contested(club: ProgrammeUnderTest, name: str, by: str, word: str = "") -> None:
    """Let there be the contest, and a member's stories: `entered`, for which another votes; `out`, which was put out; and
    `free`, which is in none."""
    services, author = club.services, club.id_of(name)
    catalogue = await services.programmes.catalogue(club.key)
    if FABLE["key"] not in catalogue.contests:
        await services.programmes.create(club.operator, "contests", FABLE)
    for label in ("entered", "out", "free"):
        new = NewPost("square", PostKind.STORY, "Once", "Upon a time")
        post, _ = await services.posts.create(club.service, author, new, f"story-{label}-{name}")
        _STORIES[author, label] = post.id
        if label != "free":
            await services.contests.enter(club.service, author, FABLE["key"], post.id, enters=True)
    entered, out = _STORIES[author, "entered"], _STORIES[author, "out"]
    await services.contests.vote(club.service, club.id_of(by), FABLE["key"], entered, votes=True)
    reason = f"{word} copied".strip()
    await services.contests.disqualify(club.moderator, FABLE["key"], out, reason, disqualified=True)


def story_gid(club: ProgrammeUnderTest, name: str, label: str = "entered") -> str:
    """The global id of a story that `contested` wrote: `entered`, `out`, `free`."""
    return encode_id("Post", _STORIES.get((club.id_of(name), label), _NOTHING))


def has_told(club: ProgrammeUnderTest, name: str) -> bool:
    """Whether `contested` was called for a member."""
    return (club.id_of(name), "entered") in _STORIES
