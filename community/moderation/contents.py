"""Posts and comments as what moderation acts on, whichever they are."""

from community.comments.model import Comment, CommentState
from community.comments.repository import CommentRepository
from community.comments.work import CommentWork
from community.oversight.model import Subject, SubjectKind
from community.posts.model import Post, PostState
from community.posts.repository import PostRepository
from community.posts.work import PostWork
from community.spaces.service import Viewer
from gamification.kit.actors import Actor
from gamification.kit.errors import NotFound
from gamification.kit.records import evolve, record
from gamification.settlement.unit import Unit

_PUBLISHED_AGAIN = (PostState.PENDING, PostState.HIDDEN, PostState.REMOVED)


@record(frozen=True, slots=True)
class Content:
    """A post, or a comment and the post that it hangs under."""

    subject: Subject
    post: Post
    comment: Comment | None = None

    @property
    def author_id(self) -> bytes:
        return self.comment.author_id if self.comment is not None else self.post.author_id

    @property
    def version(self) -> int:
        return self.comment.version if self.comment is not None else self.post.version

    @property
    def state(self) -> PostState:
        """How it stands; the states of comments are among those of posts."""
        return PostState(self.comment.state.value) if self.comment is not None else self.post.state

    @property
    def is_published(self) -> bool:
        return self.state is PostState.PUBLISHED


class Contents:
    """Loads what there is, and takes it down or publishes it, within a transaction."""

    def __init__(
        self,
        post_store: PostRepository,
        comment_store: CommentRepository,
        posts: PostWork,
        comments: CommentWork,
    ) -> None:
        self._post_store = post_store
        self._comment_store = comment_store
        self._posts = posts
        self._comments = comments

    async def find(self, work: Unit, subject: Subject) -> Content:
        """Raises: NotFound."""
        programme_id = work.space.catalogue.programme_id
        comment: Comment | None = None
        post_id = subject.id
        if subject.kind is SubjectKind.COMMENT:
            found = await self._comment_store.by_ids(programme_id, [subject.id], work.tx)
            comment = found.get(subject.id)
            post_id = comment.post_id if comment is not None else b""
        posts = await self._post_store.by_ids(programme_id, [post_id], work.tx) if post_id else {}
        if post_id not in posts:
            raise NotFound(f"There is no such {subject.kind}.", path=["targetId"])
        return Content(subject, posts[post_id], comment)

    async def viewer(self, work: Unit, actor: Actor, member_id: bytes | None = None) -> Viewer:
        """Who acts, who may be muted. Raises: Forbidden, NotFound."""
        return await self._posts.viewer(work, actor, member_id)

    async def take_down(
        self,
        work: Unit,
        actor: Actor,
        content: Content,
        state: PostState,
        reason: str | None,
        rule: str | None,
    ) -> None:
        """Put it into a state that others don't see, and take back what it earned."""
        post, comment = content.post, content.comment
        if comment is not None:
            gone = CommentState(state.value)
            taken = await self._comments.take_down(work, actor, post, comment, gone, reason, rule)
            await self._comments.keep(work, actor, post, comment, taken)
        else:
            changed = await self._posts.take_down(work, actor, post, state, reason, rule)
            await self._posts.keep(work, actor, post, changed)

    async def publish(self, work: Unit, actor: Actor, content: Content) -> bool:
        """Publish what waits, or was hidden or removed; False where it is none of that. Raises: NotFound where its author
        is gone."""
        post, comment = content.post, content.comment
        if content.state not in _PUBLISHED_AGAIN:
            await self._wait_no_more(work, actor, post, comment)
            return False
        author = await self._posts.member(work, post.programme_id, content.author_id)
        if comment is not None:
            back = await self._comments.publish_again(work, author, post, comment, shadowed=comment.shadowed)
            await self._comments.keep(work, actor, post, comment, back)
        else:
            shown = await self._posts.publish_now(
                work, author, evolve(post, taken_down=None), shadowed=post.shadowed
            )
            await self._posts.keep(work, actor, post, shown)
        return True

    async def _wait_no_more(self, work: Unit, actor: Actor, post: Post, comment: Comment | None) -> None:
        """Let what its author took down while it waited be published once they restore it."""
        down = (comment or post).taken_down
        if down is None or not down.waited:
            return
        seen = evolve(down, waited=False)
        if comment is not None:
            await self._comments.keep(work, actor, post, comment, evolve(comment, taken_down=seen))
        else:
            await self._posts.keep(work, actor, post, evolve(post, taken_down=seen))

    async def keep_post(self, work: Unit, actor: Actor, before: Post, after: Post) -> None:
        """Keep what became of a post."""
        await self._posts.keep(work, actor, before, after)
