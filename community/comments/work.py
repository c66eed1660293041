"""What every change of a comment goes through: who acts, the comment and its post as they are, its text, the counts above it,
and the activity that it is recorded as."""

from collections.abc import Awaitable, Callable, Sequence

from community.acting import kept_name
from community.comments.access import sees_text
from community.comments.model import Comment, CommentState
from community.comments.repository import CommentRepository
from community.comments.watching import CommentWatcher
from community.posts.access import may_read
from community.posts.model import NOTHING_WRITTEN, Post, TakenDown, Written
from community.posts.repository import PostRepository
from community.posts.work import PostWork
from community.recording import Acts
from community.screening.model import Text
from community.screening.service import ScreeningService
from community.spaces.service import Viewer
from community.writing.limits import check_body
from community.writing.markup import read_of
from gamification.kit.actors import Actor
from gamification.kit.errors import Conflict, ErrorCode, NotFound
from gamification.kit.records import evolve
from gamification.members.model import Member, Standing
from gamification.programmes.definitions import ScreenedKind
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit

ACT = "comment"
BODY_MAX = 5_000
Change = Callable[[Unit, Viewer, Post, Comment], Awaitable[Comment]]


class CommentWork:
    """The mechanics that use cases of comments share."""

    def __init__(
        self,
        settlement: SettlementService,
        repository: CommentRepository,
        post_store: PostRepository,
        posts: PostWork,
        acts: Acts,
        screening: ScreeningService,
        watchers: Sequence[CommentWatcher] = (),
    ) -> None:
        self._settlement = settlement
        self._repository = repository
        self._post_store = post_store
        self._posts = posts
        self._acts = acts
        self._screening = screening
        self._watchers = watchers

    async def change(
        self, actor: Actor, member_id: bytes | None, comment_id: bytes, change: Change
    ) -> Comment:
        """Run a change of a comment whose text the caller may read, and keep what becomes of it."""

        async def body(work: Unit) -> Comment:
            viewer = await self._posts.viewer(work, actor, member_id)
            found = await self._repository.by_ids(actor.programme_id, [comment_id], work.tx)
            comment = found.get(comment_id)
            post = None
            if comment is not None:
                posts = await self._post_store.by_ids(actor.programme_id, [comment.post_id], work.tx)
                post = posts.get(comment.post_id)
            if comment is None or post is None or not sees_text(viewer, post, comment):
                raise NotFound("There is no such comment.", path=["commentId"])
            changed = await change(work, viewer, post, comment)
            if changed != comment:
                await self.keep(work, actor, post, comment, changed)
            return changed

        async with self._screening.noting():
            return await self._settlement.run(actor.programme_id, body)

    async def keep(
        self, work: Unit, actor: Actor, post: Post, before: Comment | None, after: Comment
    ) -> None:
        """Store what became of a comment, and tell who keeps something beside it. Every change goes through here."""
        await self._repository.save([after], work.tx)
        for watcher in self._watchers:
            await watcher.comment_kept(work, actor, post, before, after)

    async def post(self, work: Unit, viewer: Viewer, post_id: bytes) -> Post:
        """The post that is answered. Raises: NotFound where it is not there for the viewer."""
        programme_id = work.space.catalogue.programme_id
        post = (await self._post_store.by_ids(programme_id, [post_id], work.tx)).get(post_id)
        if post is None or not may_read(viewer, post):
            raise NotFound("There is no such post.", path=["postId"])
        return post

    async def recorded(self, work: Unit, author: Member, post: Post, comment: Comment) -> Comment:
        """Record it as its author's activity, where others see it."""
        if author.standing is Standing.BANNED or comment.shadowed:
            return comment
        facts = {"space": post.space, "post": post.id.hex(), "own_post": post.author_id == comment.author_id}
        activity = await self._acts.record(work, author, ACT, comment.id, comment.publications, facts)
        return evolve(comment, activity_id=activity)

    async def take_down(
        self,
        work: Unit,
        actor: Actor,
        post: Post,
        comment: Comment,
        state: CommentState,
        reason: str | None,
        rule: str | None = None,
    ) -> Comment:
        """Put it into a state that others don't see, and take back what it earned."""
        if comment.state is CommentState.PUBLISHED:
            await self.count(work, post, comment, -1)
            if comment.activity_id is not None:
                why = reason or f"the comment was {state}"
                await self._acts.take_back(work, actor, comment.activity_id, why)
        waited = comment.state is CommentState.PENDING and state is CommentState.DELETED
        down = TakenDown(work.space.now, await kept_name(work, actor), reason, rule, waited)
        gone = evolve(comment, state=state, taken_down=down, activity_id=None, version=comment.version + 1)
        is_forgotten = state is CommentState.DELETED and not comment.publications
        return evolve(gone, written=NOTHING_WRITTEN) if is_forgotten else gone

    async def hold(self, work: Unit, actor: Actor, post: Post, comment: Comment) -> Comment:
        """Let a published comment wait for a moderator; what it earned is taken back until then."""
        await self.count(work, post, comment, -1)
        if comment.activity_id is not None:
            why = "the comment waits for a moderator"
            await self._acts.take_back(work, actor, comment.activity_id, why)
        return evolve(comment, state=CommentState.PENDING, activity_id=None)

    async def publish_again(
        self, work: Unit, author: Member, post: Post, comment: Comment, *, shadowed: bool = False
    ) -> Comment:
        """Publish what waited, or was taken down."""
        back = evolve(
            comment,
            state=CommentState.PUBLISHED,
            approved_at=comment.approved_at if comment.publications else work.space.now,
            taken_down=None,
            publications=comment.publications + 1,
            version=comment.version + 1 if comment.publications else comment.version,
            shadowed=shadowed,
        )
        await self.count(work, post, back, 1)
        return await self.recorded(work, author, post, back)

    async def count(self, work: Unit, post: Post, comment: Comment, by: int) -> None:
        """Move the counts of the post and of what the comment is under, where others see it."""
        if comment.shadowed:
            return
        await self._post_store.count_comments([post.id], by, work.tx)
        await self._repository.count_below(comment.ancestors, by, work.tx)

    async def written(self, work: Unit, body: str) -> Written:
        """The text checked and rendered."""
        return await self._posts.rendered(work, check_body(body, length_max=BODY_MAX))


def text_of(post: Post, comment: Comment) -> Text:
    """What of a comment is screened."""
    written = comment.written
    links = tuple(link.url for link in written.links)
    counts = (len(written.mentions), (), len(written.images))
    text = read_of(written.text, written.html)
    return Text(ScreenedKind.COMMENT, post.space, "", text, (), links, *counts)


def require_state(comment: Comment, *states: CommentState) -> None:
    """Raises: Conflict (COMMENT_STATE) where it is in none of these."""
    if comment.state not in states:
        raise Conflict(f"This comment is {comment.state}.", code=ErrorCode.COMMENT_STATE, path=["commentId"])
