"""What `verify` finds amiss of questions and bounties."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from community.posts.service import NewPost
from community.verification.service import VerificationService
from gamification.programmes.definitions import PostKind
from storage.mongo import Mongo
from tests.conftest import MakeProgramme
from tests.resolvers.test_questions import document
from tests.support import ProgrammeUnderTest

Spoil = Callable[[Mongo, bytes], Awaitable[Any]]


@pytest.fixture
async def asked(programme: MakeProgramme) -> tuple[ProgrammeUnderTest, bytes]:
    """Ann's question, whose bounty Bob got."""
    club = await programme(document())
    for name in ("ann", "bob"):
        await club.join(name)
    await club.do("paid", "ann")
    services, ann, bob = club.services, club.id_of("ann"), club.id_of("bob")
    new = NewPost("square", PostKind.QUESTION, "How?", "So?")
    post, _ = await services.posts.create(club.service, ann, new, "q")
    await services.bounties.offer(club.service, ann, post.id, 50, None, "b")
    answer, _ = await services.comments.create(club.service, bob, post.id, None, "So", "a")
    await services.questions.accept(club.service, ann, answer.id)
    club.clock.advance(timedelta(days=8))
    await services.bounties.settle_due()
    return club, post.id


async def differences(club: ProgrammeUnderTest) -> list[str]:
    return (await VerificationService(club.services).verify(club.key)).differences


def _question(**fields: Any) -> Spoil:
    async def spoil(mongo: Mongo, post: bytes) -> None:
        await mongo.collection("questions").update_one({"_id": post}, {"$set": fields})

    return spoil


def _bounty(**fields: Any) -> Spoil:
    async def spoil(mongo: Mongo, post: bytes) -> None:
        await mongo.collection("bounties").update_one({"post_id": post}, {"$set": fields})

    return spoil


async def _forget(mongo: Mongo, post: bytes) -> None:
    await mongo.collection("questions").delete_one({"_id": post})


async def _unmark(mongo: Mongo, post: bytes) -> None:
    await mongo.collection("posts").update_one({"_id": post}, {"$set": {"marks": ["unanswered"]}})


async def _answered(mongo: Mongo, post: bytes) -> None:
    await mongo.collection("comments").update_one({"post_id": post}, {"$set": {"state": "deleted"}})


async def test_all_is_as_it_should_be(asked: tuple[ProgrammeUnderTest, bytes]) -> None:
    club, _ = asked
    report = await VerificationService(club.services).verify(club.key)

    assert report.differences == []
    assert (report.counts["questions"], report.counts["bounties"]) == (1, 1)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_question(answers=2), "answers"),
        (_question(stands=False), "stands"),
        (_question(space="makers"), "space"),
        (_question(first={"comment_id": b"x", "at": None}), "first answer"),
        (_question(**{"accepted.stands": False}), "accepted stands"),
        (_question(**{"accepted.comment_id": b"x"}), "its answer is missing"),
        (_question(**{"accepted.activity_id": b"x" * 16}), "does not stand"),
        (_question(**{"accepted.activity_id": None}), "does not name it"),
        (_question(has_bounty=True), "is offered"),
        (_forget, "nothing is beside it"),
        (_forget, "its question is missing"),
        (_unmark, "marks"),
        (_answered, "accepted stands"),
        (_bounty(amount=51), "hold"),
        (_bounty(payments=[]), "paid"),
        (_bounty(state="returned"), "payments"),
        (_bounty(hold_id=b"x" * 16), "its hold is missing"),
        (_bounty(**{"payments.0.member_id": b"x"}), "payment"),
    ],
)
async def test_what_is_amiss_is_found(
    asked: tuple[ProgrammeUnderTest, bytes], mongo: Mongo, spoil: Spoil, says: str
) -> None:
    club, post = asked
    await spoil(mongo, post)

    found = await differences(club)

    assert any(says in one for one in found), found
