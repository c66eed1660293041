"""What members may see of their notifications now: asked before something is told, before it is sent, and whenever it is shown.

Who is blocked, banned, shadow-limited or gone is nobody that a member hears of, and what they can't read is not told.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from community.comments.access import sees_text
from community.comments.model import Comment
from community.comments.repository import CommentRepository
from community.gatherings.access import rights_on
from community.gatherings.model import Gathering
from community.gatherings.repository import GatheringRepository
from community.notifications.model import ACTORS_SHOWN, Notification
from community.notifications.repository import NotificationRepository
from community.notifications.values import Seen, is_of_many
from community.posts.access import may_read
from community.posts.model import Post, PostState
from community.posts.repository import PostRepository
from community.sanctions.repository import SanctionRepository
from community.spaces.service import SpaceService, Viewer
from gamification.kit.records import evolve, record
from gamification.members.model import Member, Standing
from gamification.members.repository import MemberRepository
from gamification.programmes.definitions.notifications import NotificationKind

VIEWERS_AT_ONCE = 100


@record(frozen=True, slots=True)
class Things:
    """What notifications are about and by whom, as it is now. `bad`: actors that nobody hears of."""

    posts: Mapping[bytes, Post]
    comments: Mapping[bytes, Comment]
    gatherings: Mapping[bytes, Gathering]
    actors: Mapping[bytes, Member]
    bad: frozenset[bytes]


def seen_by(
    viewer: Viewer, one: Notification, things: Things, unseen: int, actors: Sequence[bytes]
) -> Seen | None:
    """A notification for its member; None where they are not to see it. `unseen`: how many of it are by those whom they don't
    hear of; `actors` by whom it is, latest first."""
    post = things.posts.get(one.post_id) if one.post_id is not None else None
    comment = things.comments.get(one.comment_id) if one.comment_id is not None else None
    gathering = things.gatherings.get(one.facts["gathering"]) if "gathering" in one.facts else None
    if one.post_id is not None and (
        post is None or post.state is not PostState.PUBLISHED or not may_read(viewer, post)
    ):
        return None
    if "gathering" in one.facts and (gathering is None or rights_on(viewer, gathering) is None):
        return None
    heard = [found for found in actors if found not in viewer.hidden and found not in things.bad]
    count = one.count - unseen
    if one.comment_id is not None and not _reads(viewer, post, comment):
        is_heard = comment is not None and comment.author_id in heard
        # What others wrote beside it may be there still.
        if one.kind not in _BY_COMMENTS or one.count == 1 or (is_heard and count <= 1):
            return None
        if is_heard and comment is not None:
            count -= 1
            heard.remove(comment.author_id)
        comment = None
    count = max(count, 0)
    if is_of_many(one.kind) and (not count or not heard):
        return None
    known = {things.actors[found].id: things.actors[found] for found in heard if found in things.actors}
    return Seen(one, count, tuple(known.values())[:ACTORS_SHOWN], post, comment, gathering)


_BY_COMMENTS = frozenset(
    {NotificationKind.POST_COMMENTED, NotificationKind.QUESTION_ANSWERED, NotificationKind.COMMENT_REPLIED}
)


def _reads(viewer: Viewer, post: Post | None, comment: Comment | None) -> bool:
    return post is not None and comment is not None and comment.counts and sees_text(viewer, post, comment)


class Seeing:
    """Reads in bulk: a page of one inbox, or what a hundred members are told."""

    def __init__(
        self,
        notifications: NotificationRepository,
        members: MemberRepository,
        posts: PostRepository,
        comments: CommentRepository,
        gatherings: GatheringRepository,
        sanctions: SanctionRepository,
        spaces: SpaceService,
    ) -> None:
        self._notifications = notifications
        self._members = members
        self._posts = posts
        self._comments = comments
        self._gatherings = gatherings
        self._sanctions = sanctions
        self._spaces = spaces

    async def seen(
        self,
        programme_id: str,
        notifications: Sequence[Notification],
        members: Mapping[bytes, Member],
        *,
        stored: bool = True,
    ) -> dict[bytes, Seen]:
        """By id, what these members may see of what is theirs. Not `stored`: of what is not told yet."""
        notifications = [one for one in notifications if one.member_id in members]
        if not notifications:
            return {}
        things, viewers = await asyncio.gather(
            self._things(programme_id, notifications), self._viewers(notifications, members)
        )
        unseen = await self._unseen(notifications, viewers, things) if stored else {}
        found: dict[bytes, Seen] = {}
        for one in notifications:
            viewer = viewers.get(one.member_id)
            if viewer is None:
                found[one.id] = Seen(one, one.count, ())
                continue
            actors = await self._actors(one, viewer, things) if stored else one.actors
            missing = sorted(set(actors) - things.actors.keys() - things.bad)
            if missing:
                things = evolve(things, actors={**things.actors, **await self._people(programme_id, missing)})
            seen = seen_by(viewer, one, things, unseen.get(one.id, 0), actors)
            if seen is not None:
                found[one.id] = seen
        return found

    async def _things(self, programme_id: str, notifications: Sequence[Notification]) -> Things:
        posts, comments, gatherings, actors, limited = await asyncio.gather(
            self._posts.by_ids(programme_id, _ids(one.post_id for one in notifications)),
            self._comments.by_ids(programme_id, _ids(one.comment_id for one in notifications)),
            self._gatherings.by_ids(programme_id, _ids(one.facts.get("gathering") for one in notifications)),
            self._people(programme_id, _ids(actor for one in notifications for actor in one.actors)),
            self._sanctions.limited_among(
                programme_id, _ids(actor for one in notifications for actor in one.actors)
            ),
        )
        wanted = {actor for one in notifications for actor in one.actors}
        known = {
            key for key, one in actors.items() if not one.is_gone and one.standing is not Standing.BANNED
        }
        return Things(posts, comments, gatherings, actors, frozenset((wanted - known) | limited))

    async def _people(self, programme_id: str, ids: Sequence[bytes]) -> dict[bytes, Member]:
        """Members by these ids; who was merged into another is that one."""
        found = await self._members.by_ids(programme_id, ids) if ids else {}
        moved = {key: one.merged_into for key, one in found.items() if one.merged_into is not None}
        if moved:
            into = await self._members.by_ids(programme_id, _ids(moved.values()))
            found |= {key: into[target] for key, target in moved.items() if target in into}
        return found

    async def _viewers(
        self, notifications: Sequence[Notification], members: Mapping[bytes, Member]
    ) -> dict[bytes, Viewer]:
        """Of those who must be asked: what is of a member alone is theirs to see."""
        wanted = sorted({one.member_id for one in notifications if _takes_viewer(one)})
        found: dict[bytes, Viewer] = {}
        for start in range(0, len(wanted), VIEWERS_AT_ONCE):
            part = wanted[start : start + VIEWERS_AT_ONCE]
            viewers = await asyncio.gather(*(self._spaces.viewer_of(members[one]) for one in part))
            found |= dict(zip(part, viewers, strict=True))
        return found

    async def _unseen(
        self, notifications: Sequence[Notification], viewers: Mapping[bytes, Viewer], things: Things
    ) -> dict[bytes, int]:
        """How many of each are by those whom its member does not hear of."""
        found: dict[bytes, int] = {}
        by_member: dict[bytes, list[bytes]] = {}
        for one in notifications:
            if one.member_id in viewers and is_of_many(one.kind):
                by_member.setdefault(one.member_id, []).append(one.id)
        for member_id, ids in by_member.items():
            hidden = viewers[member_id].hidden | things.bad
            found |= await self._notifications.counted_of(ids, sorted(hidden))
        return found

    async def _actors(self, one: Notification, viewer: Viewer, things: Things) -> Sequence[bytes]:
        """The latest whom the member hears of, read again where too many of those at hand are none."""
        hidden = viewer.hidden | things.bad
        heard = [actor for actor in one.actors if actor not in hidden]
        if len(heard) == len(one.actors) or len(heard) >= ACTORS_SHOWN or one.count <= len(one.actors):
            return heard
        return await self._notifications.latest_actors(one.id, sorted(hidden), ACTORS_SHOWN)


def _takes_viewer(one: Notification) -> bool:
    return (
        bool(one.actors)
        or is_of_many(one.kind)
        or one.post_id is not None
        or one.comment_id is not None
        or "gathering" in one.facts
    )


def _ids(found: Iterable[Any]) -> list[bytes]:
    return sorted({one for one in found if one is not None})
