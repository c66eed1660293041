"""What `verify` finds amiss of polls."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from community.polls.model import PollKind, PollTerms
from community.posts.service import NewPost
from community.verification.service import VerificationService
from gamification.programmes.definitions import PostKind
from storage.mongo import Mongo
from tests.community_world import COMMUNITY
from tests.conftest import MakeProgramme
from tests.support import ProgrammeUnderTest

Spoil = Callable[[Mongo, bytes], Awaitable[Any]]


@pytest.fixture
async def polled(programme: MakeProgramme) -> tuple[ProgrammeUnderTest, bytes]:
    """Ann's ranked poll, in which Bob has voted."""
    club = await programme({**COMMUNITY, "spaces": [{"key": "square", "kinds": ["poll"]}]})
    for name in ("ann", "bob"):
        await club.join(name)
    new = NewPost("square", PostKind.POLL, "Which?", "So?")
    terms = PollTerms(PollKind.RANKED, 1, 2)
    polls = club.services.polls
    post, _ = await polls.create(club.service, club.id_of("ann"), new, ("Tea", "Cake"), terms, "p")
    await polls.vote(club.service, club.id_of("bob"), post.id, (1, 0))
    return club, post.id


def _set(collection: str, by: str, **fields: Any) -> Spoil:
    async def spoil(mongo: Mongo, post: bytes) -> None:
        await mongo.collection(collection).update_one({by: post}, {"$set": fields})

    return spoil


def _gone(collection: str) -> Spoil:
    async def spoil(mongo: Mongo, post: bytes) -> None:
        await mongo.collection(collection).delete_one({"_id": post})

    return spoil


async def test_all_is_as_it_should_be(polled: tuple[ProgrammeUnderTest, bytes]) -> None:
    club, _ = polled
    report = await VerificationService(club.services).verify(club.key)

    assert report.differences == []
    assert (report.counts["polls"], report.counts["ballots"]) == (1, 1)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_set("polls", "_id", voters=2), "poll "),
        (_set("polls", "_id", votes=[1, 2]), "poll "),
        (_set("polls", "_id", points=[2, 1]), "poll "),
        (_set("posts", "_id", options=["Tea"]), "other options"),
        (_set("ballots", "post_id", counted=[0]), "poll "),
        (_set("ballots", "post_id", counted=[7]), "an option that there is not"),
        (_set("ballots", "post_id", member_id=b"x"), "is missing"),
        (_gone("polls"), "nothing counts its votes"),
        (_gone("posts"), "its post is missing"),
    ],
)
async def test_what_is_amiss_is_found(
    polled: tuple[ProgrammeUnderTest, bytes], mongo: Mongo, spoil: Spoil, says: str
) -> None:
    club, post = polled
    await spoil(mongo, post)

    found = (await VerificationService(club.services).verify(club.key)).differences

    assert any(says in one for one in found), found
