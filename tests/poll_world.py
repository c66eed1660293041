"""Polls of members in a programme, for tests that go over all there is."""

from datetime import timedelta

from community.polls.model import PollKind, PollTerms
from community.posts.service import NewPost
from gamification.programmes.definitions import PostKind
from resolvers.relay import encode_id
from tests.support import ProgrammeUnderTest

_POLLS: dict[tuple[bytes, str], bytes] = {}
_NOTHING = bytes(12)


async def polled(club: ProgrammeUnderTest, name: str, by: str) -> None:
    """Let a member begin polls in the square: `open`, a ranked one that both have voted in, and a `draft`."""
    services, author = club.services, club.id_of(name)
    terms = PollTerms(PollKind.RANKED, 1, 3, club.clock.now + timedelta(days=300))
    for label in ("open", "draft"):
        new = NewPost("square", PostKind.POLL, "Which?", "Well?", draft=label == "draft")
        post, _ = await services.polls.create(
            club.service, author, new, ("Tea", "Cake", "Wine"), terms, f"poll-{label}-{name}"
        )
        _POLLS[author, label] = post.id
    for voter in (name, by):
        await services.polls.vote(club.service, club.id_of(voter), _POLLS[author, "open"], (1, 0))


def poll_gid(club: ProgrammeUnderTest, name: str, label: str = "open") -> str:
    """The global id of a poll's post that `polled` began: `open`, `draft`."""
    return encode_id("Post", _POLLS.get((club.id_of(name), label), _NOTHING))
