"""A merge is one transaction: what would be too much for one is refused, and everything is found by an index."""

import pytest

from community.merging.steps import BOUNDED
from community.posts.service import NewPost
from community.reactions.model import Target, TargetKind
from gamification.kit.identifiers import new_id
from gamification.merging import model, service
from gamification.merging.model import MergeBlock, MergeBlocked
from gamification.merging.plan import PLAN, Merging
from gamification.programmes.definitions import PostKind
from storage.mongo import Mongo
from tests.conftest import MakeProgramme
from tests.merge_world import merge, sound
from tests.support import ProgrammeUnderTest
from tests.town_world import NAMES, TOWN

FOUND = (
    *BOUNDED,
    ("questions", "asker_id"),
    ("polls", "author_id"),
    ("proposals", "author_id"),
    ("calendar_feeds", "member_id"),
    ("contest_entries", "post_id"),
)


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    club = await programme(TOWN)
    for name in NAMES:
        await club.join(name)
    return club


async def liked(club: ProgrammeUnderTest, times: int) -> None:
    """Let Ann and Bob like the same posts."""
    for number in range(times):
        new = NewPost("square", PostKind.DISCUSSION, "T", "B")
        post, _ = await club.services.posts.create(club.service, club.id_of("cyd"), new, f"{number}")
        for name in ("ann", "bob"):
            target = Target(TargetKind.POST, post.id)
            await club.services.reactions.react(club.service, club.id_of(name), target, "like")


async def test_more_than_can_be_taken_back_is_refused_and_leaves_everything(
    club: ProgrammeUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "TAKEN_BACK_MAX", 2)
    await liked(club, 3)
    before = await club.balance("cyd", "points")

    with pytest.raises(MergeBlocked) as caught:
        await merge(club, "ann", "bob")
    assert caught.value.blocks == (MergeBlock.COMMUNITY,)
    preview = await club.services.merges.preview(club.operator, club.id_of("ann"), club.id_of("bob"))
    assert (preview.merge, preview.blocks) == (None, (MergeBlock.COMMUNITY,))
    assert await club.balance("cyd", "points") == before
    await sound(club)

    monkeypatch.setattr(service, "TAKEN_BACK_MAX", 3)
    await merge(club, "ann", "bob")
    await sound(club)


async def test_more_than_can_be_moved_is_refused(
    club: ProgrammeUnderTest, mongo: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "DOCUMENTS_MAX", 2)
    monkeypatch.setattr("gamification.merging.repository.DOCUMENTS_MAX", 2)
    assert model.DOCUMENTS_MAX > 2
    rows = [
        {"_id": new_id(), "programme_id": club.key, "blocker": club.id_of("ann"), "blocked": new_id()}
        for _ in range(3)
    ]
    await mongo.collection("blocks").insert_many(rows)

    with pytest.raises(MergeBlocked) as caught:
        await merge(club, "ann", "bob")
    assert caught.value.blocks == (MergeBlock.TOO_MUCH,)
    await merge(club, "bob", "ann")


@pytest.mark.parametrize(("collection", "field"), FOUND)
async def test_what_an_account_has_is_found_by_an_index(mongo: Mongo, collection: str, field: str) -> None:
    plan = await mongo.collection(collection).find({field: new_id()}).explain()
    assert "COLLSCAN" not in repr(plan["queryPlanner"]["winningPlan"])
    assert PLAN[collection] is Merging.MOVED
