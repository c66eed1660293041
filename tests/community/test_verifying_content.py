"""What `verify` finds of threads, votes and what members keep: each kind of damage is done to an imported site that others went on
with, and is told."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from api.importing import run_import
from community.following.service import Topic
from community.reactions.model import Target, TargetKind
from community.verification.service import VerificationService
from gamification.importers.stackexchange import StackExchangeDump
from storage.mongo import Document, Mongo
from tests.community.test_importing import (
    COMMENTS,
    POSTS,
    PROGRAMME,
    USERS,
    VOTES,
    _unheard,
    bring,
    posts_of,
)
from tests.conftest import MakeProgramme
from tests.support import ProgrammeUnderTest

Spoil = Callable[[Mongo, str], Awaitable[Any]]
NONE = b"x" * 12


@pytest.fixture
async def site(programme: MakeProgramme, tmp_path: Path) -> ProgrammeUnderTest:
    """The imported site, where members have answered, reacted, followed and bookmarked since."""
    for name, rows in (("Users", USERS), ("Posts", POSTS), ("Comments", COMMENTS), ("Votes", VOTES)):
        (tmp_path / f"{name}.xml").write_text(f"<{name}>{rows}</{name}>", encoding="utf-8")
    community = {**PROGRAMME["programme"]["community"], "activities": {"liked": "liked", "comment": "said"}}
    kinds = [*PROGRAMME["activity_types"], {"key": "liked"}, {"key": "said"}]
    site = await programme({**PROGRAMME, "programme": {"community": community}, "activity_types": kinds})
    await run_import(site.services, StackExchangeDump(tmp_path), site.key, "stackexchange", _unheard)
    await bring(site, tmp_path)
    post = (await posts_of(site))[0]
    services = site.services
    known = await services.stores.members.by_external_ids(site.key, ["1", "3"])
    ada, cyd = known["1"].id, known["3"].id
    made, _ = await services.comments.create(site.service, cyd, post.id, None, "More", "c1")
    await services.comments.create(site.service, ada, post.id, made.id, "And more", "c2")
    await services.reactions.react(site.service, cyd, Target(TargetKind.POST, post.id), "upvote")
    await services.reactions.react(site.service, ada, Target(TargetKind.COMMENT, made.id), "upvote")
    for topic in (Topic(space="questions"), Topic(post_id=post.id)):
        await services.following.follow(site.service, cyd, topic)
    return site


async def differences(site: ProgrammeUnderTest) -> list[str]:
    return (await VerificationService(site.services).verify(site.key)).differences


def change(collection: str, where: Document | None = None, **update: Any) -> Spoil:
    """Change one document; `inc` adds to its fields, `unset` takes them out, the rest is set."""

    async def spoil(mongo: Mongo, key: str) -> None:
        stated = {
            f"${kind}": fields
            for kind, fields in (("inc", update.get("inc")), ("unset", update.get("unset")))
            if fields
        }
        fields = {name: value for name, value in update.items() if name not in ("inc", "unset")}
        stated |= {"$set": fields} if fields else {}
        done = await mongo.collection(collection).update_one({"programme_id": key, **(where or {})}, stated)
        assert done.modified_count == 1

    return spoil


def drop(collection: str, where: Document | None = None) -> Spoil:
    async def spoil(mongo: Mongo, key: str) -> None:
        done = await mongo.collection(collection).delete_one({"programme_id": key, **(where or {})})
        assert done.deleted_count == 1

    return spoil


def double(collection: str, **fields: Any) -> Spoil:
    """Put one more beside one."""

    async def spoil(mongo: Mongo, key: str) -> None:
        row = await mongo.collection(collection).find_one({"programme_id": key})
        assert row is not None
        await mongo.collection(collection).insert_one({**row, "_id": b"y" * len(row["_id"]), **fields})

    return spoil


TOP: Document = {"parent_id": None}
DEEP: Document = {"parent_id": {"$ne": None}}
ANSWERED: Document = {"comments": {"$gt": 0}}
LIKED: Document = {"reactions.upvote": {"$gt": 0}}


async def test_all_is_as_it_should_be(site: ProgrammeUnderTest) -> None:
    report = await VerificationService(site.services).verify(site.key)

    assert report.differences == []
    counted = ("posts", "comments", "imported votes", "reactions", "bookmarks", "followed posts", "readers")
    assert [report.counts[name] for name in counted] == [2, 7, 5, 2, 1, 1, 1]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (change("comments", TOP, post_id=NONE), "its post or its author is missing"),
        (change("comments", TOP, author_id=NONE), "its post or its author is missing"),
        (change("comments", DEEP, ancestors=[NONE], parent_id=NONE), "what it answers is missing"),
        (change("comments", DEEP, inc={"below": 1}), "below"),
        (change("comments", TOP, inc={"below": -1}), "below"),
        (change("comments", LIKED, inc={"reactions.upvote": 1}), "reactions to"),
        (change("comments", LIKED, inc={"reacted": -1}), "reacted"),
        (change("comments", {"activity_id": {"$ne": None}}, activity_id=None), "does not name it"),
        (change("comments", {"activity_id": {"$ne": None}}, activity_id=b"x" * 16), "does not stand"),
        (change("comments", {"activity_id": {"$ne": None}}, state="removed"), "but counts by"),
        (change("comments", {"activity_id": None}, state="removed"), "comments"),
        (drop("comments", TOP), "comments"),
        (double("comments"), "comments"),
        (change("posts", ANSWERED, inc={"comments": 1}), "comments"),
        (change("posts", LIKED, inc={"reactions.upvote": -1}), "reactions to"),
        (change("posts", LIKED, **{"reactions.other": 1}), "reactions to"),
        (change("posts", ANSWERED, published_at=None), "not since when"),
        (change("posts", ANSWERED, inc={"hot": 1}), "hot"),
        (change("posts", ANSWERED, unset={"search": 1}), "not found by the terms"),
        (change("posts", ANSWERED, **{"search.terms": [], "search.impacts": []}), "not found by the terms"),
        (change("posts", ANSWERED, author_id=NONE), "is missing"),
        (drop("posts", ANSWERED), "its post or its author is missing"),
        (drop("posts", ANSWERED), "it has versions, but is missing"),
        (drop("posts", ANSWERED), "what it is for is missing"),
        (drop("posts", ANSWERED), "its member, or what it is of, is missing"),
        (drop("post_revisions"), "text"),
        (change("imported_votes", target_id=NONE), "what it is for is missing"),
        (change("imported_votes", post_id=NONE), "what it is for is missing"),
        (change("imported_votes", key="other"), "reactions to"),
        (drop("imported_votes"), "reactions to"),
        (double("imported_votes"), "reactions to"),
        (change("reactions", target_id=NONE), "what it is to, or who gave it, is missing"),
        (change("reactions", member_id=NONE), "what it is to, or who gave it, is missing"),
        (change("reactions", key=None), "it is withdrawn, but counts by"),
        (drop("reactions"), "it counts a reaction that does not name it"),
        (drop("reactions"), "reactions to"),
        (double("reactions"), "reactions to"),
        (change("questions", {"answers": {"$gt": 0}}, inc={"answers": 1}), "answers"),
        (change("questions", {"accepted": {"$ne": None}}, **{"accepted.member_id": NONE}), "is missing"),
        (drop("questions"), "nothing is beside it"),
        (change("bookmarks", member_id=NONE), "its member, or what it is of, is missing"),
        (change("bookmarks", target_id=NONE), "its member, or what it is of, is missing"),
        (change("followed_posts", post_id=NONE), "its member or its post is missing"),
        (change("followed_posts", member_id=NONE), "its member or its post is missing"),
        (change("members", {"external_id": "3"}, names=[]), "not found by their name"),
    ],
)
async def test_what_was_spoiled_is_found(
    site: ProgrammeUnderTest, mongo: Mongo, spoil: Spoil, says: str
) -> None:
    await spoil(mongo, site.key)

    assert any(says in sentence for sentence in await differences(site))
