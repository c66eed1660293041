"""What `verify` finds in the community, and what erasing leaves of it."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from community.verification.service import VerificationService
from gamification.privacy.sections import ExportSection
from storage.mongo import Mongo
from storage.paging import Window
from tests.community_world import COMMUNITY, wrote
from tests.conftest import MakeProgramme
from tests.support import ProgrammeUnderTest

Spoil = Callable[[Mongo, dict[str, Any]], Awaitable[Any]]


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    """The community with Ann and Bob, who wrote a post of each state."""
    club = await programme({**COMMUNITY, "spaces": [*COMMUNITY["spaces"], {"key": "workshop"}]})
    for name in ("ann", "bob"):
        await club.join(name, display_name=name.title())
    await wrote(club, "ann", "bob", word="secret")
    return club


async def differences(club: ProgrammeUnderTest) -> list[str]:
    return (await VerificationService(club.services).verify(club.key)).differences


async def published(mongo: Mongo, club: ProgrammeUnderTest) -> dict[str, Any]:
    """Ann's published post as it is stored."""
    found = await mongo.collection("posts").find_one(
        {"programme_id": club.key, "author_id": club.id_of("ann"), "state": "published"}
    )
    assert found is not None
    return found


async def _set(mongo: Mongo, post: dict[str, Any], **fields: Any) -> None:
    await mongo.collection("posts").update_one({"_id": post["_id"]}, {"$set": fields})


async def test_all_is_as_it_should_be(club: ProgrammeUnderTest) -> None:
    report = await VerificationService(club.services).verify(club.key)

    assert report.differences == []
    assert (report.counts["posts"], report.counts["space memberships"]) == (10, 2)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda mongo, post: _set(mongo, post, space="nowhere"), "which there is not"),
        (lambda mongo, post: _set(mongo, post, author_id=b"x" * 12), "is missing"),
        (lambda mongo, post: _set(mongo, post, **{"written.body": "other"}), "text"),
        (lambda mongo, post: _set(mongo, post, activity_id=b"x" * 16), "does not stand"),
        (lambda mongo, post: _set(mongo, post, activity_id=None), "does not name it"),
        (lambda mongo, post: _set(mongo, post, state="removed"), "but counts by"),
        (lambda mongo, post: mongo.collection("posts").delete_one({"_id": post["_id"]}), "has versions"),
        (
            lambda mongo, post: mongo.collection("space_memberships").update_many(
                {"member_id": post["author_id"]}, {"$set": {"space": "nowhere"}}
            ),
            "space membership",
        ),
    ],
)
async def test_what_was_spoiled_is_found(
    club: ProgrammeUnderTest, mongo: Mongo, spoil: Spoil, says: str
) -> None:
    await spoil(mongo, await published(mongo, club))

    assert any(says in sentence for sentence in await differences(club))


async def test_erasing_leaves_no_word_and_all_adds_up(club: ProgrammeUnderTest, mongo: Mongo) -> None:
    ann = club.id_of("ann")
    await club.services.erasures.erase(club.member_actor("ann"), None, "ann")
    await club.services.erasures.run_open()

    for name in ("posts", "post_revisions"):
        left = await mongo.collection(name).find({"author_id": ann}).to_list(None)
        assert left, "the places stay"
        assert "ecret" not in repr(left)
        assert "Hello" not in repr(left)
    assert await mongo.collection("space_memberships").count_documents({"member_id": ann}) == 0
    assert await differences(club) == []
    viewer = await club.services.spaces.viewer(club.member_actor("bob"))
    posts = [post async for post in club.services.kept.posts.stream(club.key) if post.author_id == ann]
    assert await club.services.post_reading.by_ids(viewer, [post.id for post in posts]) == {}


@pytest.mark.parametrize(
    ("section", "count"),
    [(ExportSection.POSTS, 5), (ExportSection.POST_VERSIONS, 4), (ExportSection.SPACES, 1)],
)
async def test_what_one_wrote_is_part_of_ones_export(
    club: ProgrammeUnderTest, section: ExportSection, count: int
) -> None:
    page = await club.services.exports.page(club.member_actor("ann"), None, section, Window(100))

    assert len(page.rows) == count
    if section is ExportSection.POSTS:
        assert {row["state"] for row in page.rows} == {
            "published",
            "draft",
            "scheduled",
            "deleted",
            "removed",
        }
