"""What is followed, read and kept: by both together, each once and within the limits, in which the survivor's goes first and
then what is latest. What either has read is read."""

from collections.abc import Mapping
from datetime import datetime

from community.bookmarks.model import Bookmark, bookmark_id
from community.bookmarks.repository import COLLECTION as BOOKMARKS
from community.bookmarks.repository import BookmarkRepository
from community.bookmarks.service import BOOKMARKS_MAX
from community.following.model import FollowedPost, Reader
from community.following.repository import POSTS, READERS, FollowingRepository
from community.following.service import POSTS_MAX, TOPICS_MAX
from community.merging.repository import MergingRepository
from gamification.kit.records import evolve
from gamification.merging.steps import Pair, Step

Since = Mapping[str, datetime]


def united(kept: Reader, other: Reader) -> Reader:
    """Both as one reader."""
    read = dict(kept.read)
    for key, at in other.read.items():
        read[key] = max(at, read.get(key, at))
    return evolve(
        kept, spaces=_followed(kept.spaces, other.spaces), tags=_followed(kept.tags, other.tags), read=read
    )


def _followed(kept: Since, other: Since) -> dict[str, datetime]:
    """Latest last."""
    room = max(TOPICS_MAX - len(kept), 0)
    fresh = sorted(((at, key) for key, at in other.items() if key not in kept), reverse=True)[:room]
    both = {**kept, **{key: at for at, key in fresh}}
    return dict(sorted(both.items(), key=lambda one: one[1]))


def moving_following(
    stored: MergingRepository, following: FollowingRepository, bookmarks: BookmarkRepository
) -> Step:
    """Spaces, tags, posts and bookmarks."""

    async def step(pair: Pair) -> Mapping[str, int]:
        await _reader(pair)
        await _posts(pair)
        await _bookmarks(pair)
        return {}

    async def _reader(pair: Pair) -> None:
        merged, into, tx = pair.merged.id, pair.into.id, pair.work.tx
        other = await following.reader(merged, tx)
        if other is None:
            return
        kept = await following.reader(into, tx)
        after = united(kept, other) if kept is not None else evolve(other, member_id=into)
        await following.save_reader(after, tx)
        await stored.delete(READERS, [merged], tx)

    async def _posts(pair: Pair) -> None:
        into, tx = pair.into.id, pair.work.tx
        mine = await following.posts_of(pair.merged.id, tx)
        known = {one.post_id: one for one in await following.posts_of(into, tx)} if mine else {}
        room = POSTS_MAX - len(known)
        for one in mine:
            kept, after = known.get(one.post_id), evolve(one, member_id=into)
            if kept is not None:
                after = _both(kept, one)
            elif room <= 0:
                continue
            else:
                room -= 1
            await following.save_post(after, tx)
        await stored.delete(POSTS, [one.id for one in mine], tx)

    async def _bookmarks(pair: Pair) -> None:
        into, tx = pair.into.id, pair.work.tx
        mine = await bookmarks.all_of(pair.merged.id, tx)
        moved = {bookmark_id(into, one.target): one for one in mine}
        known = await bookmarks.by_ids(sorted(moved), tx)
        room = max(BOOKMARKS_MAX - await bookmarks.count(into, tx), 0) if moved else 0
        fresh = [evolve(one, id=key, member_id=into) for key, one in moved.items() if key not in known]
        noted = [
            evolve(kept, note=moved[key].note)
            for key, kept in known.items()
            if kept.note is None and moved[key].note is not None
        ]
        saved: list[Bookmark] = [*fresh[:room], *noted]
        await bookmarks.save_all(saved, tx)
        await stored.delete(BOOKMARKS, [one.id for one in mine], tx)

    return step


def _both(kept: FollowedPost, other: FollowedPost) -> FollowedPost:
    return evolve(kept, at=min(kept.at, other.at), read_at=max(kept.read_at, other.read_at))
