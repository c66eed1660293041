"""What `verify` finds amiss of proposals and contests."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from community.posts.service import NewPost
from community.verification.service import VerificationService
from gamification.programmes.definitions import PostKind
from storage.mongo import Mongo
from tests.conftest import MakeProgramme
from tests.resolvers.test_contests import BEGINS, day, document
from tests.support import ProgrammeUnderTest

Spoil = Callable[[Mongo, dict[str, bytes]], Awaitable[Any]]
World = tuple[ProgrammeUnderTest, dict[str, bytes]]


@pytest.fixture
async def world(programme: MakeProgramme) -> World:
    """Ann's story won a contest with Bob's vote; her proposal has his support."""
    stated = document()
    stated["spaces"][0] = {"key": "tales", "kinds": ["story", "proposal"], "proposals": {"support": 1}}
    club = await programme(stated)
    club.clock.now = BEGINS
    for name in ("ann", "bob"):
        await club.join(name)
    services, ann, bob = club.services, club.id_of("ann"), club.id_of("bob")
    ids: dict[str, bytes] = {}
    for kind in (PostKind.STORY, PostKind.PROPOSAL):
        post, _ = await services.posts.create(club.service, ann, NewPost("tales", kind, "T", "B"), kind.value)
        ids[kind.value] = post.id
    await services.proposals.support(club.service, bob, ids["proposal"], supports=True)
    await services.contests.enter(club.service, ann, "spring", ids["story"], enters=True)
    club.clock.now = day(4)
    await services.contests.vote(club.service, bob, "spring", ids["story"], votes=True)
    club.clock.now = day(10) + timedelta(seconds=1)
    while await services.contest_finishing.finish_due():
        pass
    return club, ids


def _set(collection: str, by: str, of: str, **fields: Any) -> Spoil:
    async def spoil(mongo: Mongo, ids: dict[str, bytes]) -> None:
        await mongo.collection(collection).update_many({by: ids[of]}, {"$set": fields})

    return spoil


def _gone(collection: str, by: str, of: str) -> Spoil:
    async def spoil(mongo: Mongo, ids: dict[str, bytes]) -> None:
        await mongo.collection(collection).delete_many({by: ids[of]})

    return spoil


async def test_all_is_as_it_should_be(world: World) -> None:
    club, _ = world
    report = await VerificationService(club.services).verify(club.key)

    assert report.differences == []
    named = ("proposals", "proposal supports", "contests", "contest entries", "contest ballots")
    assert [report.counts[name] for name in named] == [1] * 5


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_set("proposals", "_id", "proposal", support=2), "support"),
        (_set("proposals", "_id", "proposal", stands=False), "stands"),
        (_set("proposals", "_id", "proposal", space="makers"), "space"),
        (_set("proposals", "_id", "proposal", state="done"), "never answered"),
        (_set("proposals", "_id", "proposal", due_at=None), "no answer is due"),
        (_set("posts", "_id", "proposal", marks=["done"]), "marks"),
        (_set("proposal_supports", "post_id", "proposal", counts=False), "support"),
        (_gone("proposals", "_id", "proposal"), "nothing is beside it"),
        (_gone("proposals", "_id", "proposal"), "supported, but missing"),
        (_set("contest_entries", "post_id", "story", votes=2), "votes"),
        (_set("contest_entries", "post_id", "story", seen=False), "seen"),
        (_set("contest_entries", "post_id", "story", rank=2), "rank"),
        (_set("contest_entries", "post_id", "story", given_at=None), "was not given"),
        (_set("contest_entries", "post_id", "story", rank=None), "did not win"),
        (_gone("contest_entries", "post_id", "story"), "which is not in it"),
        (_gone("posts", "_id", "story"), "its post is missing"),
    ],
)
async def test_what_is_amiss_is_found(world: World, mongo: Mongo, spoil: Spoil, says: str) -> None:
    club, ids = world
    await spoil(mongo, ids)

    found = (await VerificationService(club.services).verify(club.key)).differences

    assert any(says in one for one in found), found
