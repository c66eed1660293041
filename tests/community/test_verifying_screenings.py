"""What `verify` finds of screenings, what erasing leaves of them, and what the export has of them."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from community.posts.service import NewPost
from community.screening.model import Screened
from community.verification.service import VerificationService
from gamification.privacy.sections import ExportSection
from gamification.programmes.definitions import PostKind
from storage.mongo import Mongo
from storage.paging import Window
from tests.conftest import MakeProgramme
from tests.screening_world import SCREENED
from tests.support import ProgrammeUnderTest

Spoil = Callable[[Mongo, str], Awaitable[Any]]
COPY = "The very best watches for the lowest price of all"


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    """The screened community with Ann, of whose texts one was refused, one held, one flagged and one compared."""
    club = await programme(SCREENED)
    await club.join("ann")
    ann = club.member_actor("ann")

    async def write(body: str, space: str = "square") -> bytes:
        new = NewPost(space, PostKind.DISCUSSION, "Hello", body)
        post, _ = await club.services.posts.create(ann, None, new, body)
        await club.services.comments.create(club.service, club.id_of("ann"), post.id, None, body, body)
        return post.id

    with pytest.raises(Screened):
        await write("You jerk")
    await club.services.posts.create(
        ann, None, NewPost("square", PostKind.DISCUSSION, "Hello", "whatsapp"), "whatsapp"
    )
    await write("50 yuan")
    await club.services.posts.create(
        ann, None, NewPost("copying", PostKind.DISCUSSION, "Hello", COPY), "copy"
    )
    return club


async def differences(club: ProgrammeUnderTest) -> list[str]:
    return (await VerificationService(club.services).verify(club.key)).differences


async def test_all_is_as_it_should_be(club: ProgrammeUnderTest) -> None:
    report = await VerificationService(club.services).verify(club.key)

    assert report.differences == []
    assert report.counts["screenings"] == 4


def held(**fields: Any) -> Spoil:
    """Change what was held."""

    async def spoil(mongo: Mongo, key: str) -> None:
        await mongo.collection("screenings").update_one(
            {"programme_id": key, "verdict": "hold"}, {"$set": fields}
        )

    return spoil


async def _gone(mongo: Mongo, key: str) -> None:
    await mongo.collection("screenings").delete_one({"programme_id": key, "verdict": "hold"})


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (held(author_id=b"x" * 12), "its author is missing"),
        (held(target_id=b"x" * 12), "its post is missing"),
        (held(kind="comment"), "its comment is missing"),
        (held(verdict="flag"), "verdict"),
        (held(verdict="refuse"), "it is refuse"),
        (held(**{"findings.0.rule": "other"}), "there is no rule 'other'"),
        (_gone, "no rule held it"),
    ],
)
async def test_what_was_spoiled_is_found(
    club: ProgrammeUnderTest, mongo: Mongo, spoil: Spoil, says: str
) -> None:
    await spoil(mongo, club.key)

    assert any(says in sentence for sentence in await differences(club))


async def test_erasing_leaves_counts_and_no_words(club: ProgrammeUnderTest, mongo: Mongo) -> None:
    ann = club.id_of("ann")
    assert await mongo.collection("screened_texts").count_documents({"author_id": ann}) == 1
    await club.services.erasures.erase(club.member_actor("ann"), None, "ann")
    await club.services.erasures.run_open()

    left = await mongo.collection("screenings").find({"author_id": ann}).to_list(None)
    assert len(left) == 4
    assert not any(word in repr(left) for word in ("jerk", "whatsapp", "yuan"))
    assert await mongo.collection("screened_texts").count_documents({"author_id": ann}) == 0
    now = club.services.now()
    catalogue = await club.services.programmes.catalogue(club.key)
    found = await club.services.screening.statistics(
        club.moderator, catalogue, now - timedelta(days=1), now + timedelta(days=1)
    )
    assert {one.rule: one.held + one.refused + one.flagged for one in found if one.rule == "insults"} == {
        "insults": 1
    }
    assert await differences(club) == []


async def test_what_was_said_of_ones_texts_is_part_of_ones_export(club: ProgrammeUnderTest) -> None:
    page = await club.services.exports.page(
        club.member_actor("ann"), None, ExportSection.SCREENINGS, Window(100)
    )

    assert [row["verdict"] for row in page.rows] == ["flag", "flag", "hold", "refuse"]
