"""Who may read, write and change comments: pure."""

from community.comments.model import Comment
from community.posts.access import may_read, rights_on
from community.posts.model import Post, PostState
from community.spaces.service import Viewer
from gamification.kit.errors import Conflict, ErrorCode


def is_author(viewer: Viewer, comment: Comment) -> bool:
    """Whether they wrote it."""
    return viewer.is_member(comment.author_id)


def sees_text(viewer: Viewer, post: Post, comment: Comment) -> bool:
    """Whether they read what it says: of what is gone, its author and who looks after the space."""
    if not may_read(viewer, post):
        return False
    rights = rights_on(viewer, post)
    if is_author(viewer, comment) or (rights is not None and rights.moderates):
        return True
    return comment.counts and comment.author_id not in viewer.hidden


def sees(viewer: Viewer, post: Post, comment: Comment) -> bool:
    """Whether the comment is there for them: its text, or the place that it keeps."""
    if sees_text(viewer, post, comment):
        return True
    return may_read(viewer, post) and comment.below > 0


def require_open(viewer: Viewer, post: Post) -> None:
    """Raises: Conflict (POST_STATE, POST_LOCKED) where the post takes no answers."""
    if post.state is not PostState.PUBLISHED:
        raise Conflict(f"This post is {post.state}.", code=ErrorCode.POST_STATE, path=["postId"])
    if post.locked and not viewer.rights[post.space].moderates:
        raise Conflict("This post is locked.", code=ErrorCode.POST_LOCKED, path=["postId"])


def require_version(comment: Comment, version: int) -> None:
    """Raises: Conflict (STALE_VERSION) where somebody has changed it since it was read."""
    if comment.version != version:
        raise Conflict(
            f"This is version {comment.version} by now, not {version}: read it again.",
            code=ErrorCode.STALE_VERSION,
            path=["version"],
        )
