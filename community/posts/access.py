"""Who may read a post, and who may change it: pure."""

from community.posts.model import Post, PostState
from community.spaces.model import SpaceRights
from community.spaces.service import Viewer
from gamification.kit.errors import Conflict, ErrorCode


def rights_on(viewer: Viewer, post: Post) -> SpaceRights | None:
    """What the viewer may do in the post's space; None where they don't read it."""
    rights = viewer.rights.get(post.space)
    return rights if rights is not None and rights.reads else None


def is_author(viewer: Viewer, post: Post) -> bool:
    """Whether they wrote it."""
    return viewer.is_member(post.author_id)


def may_read(viewer: Viewer, post: Post) -> bool:
    """Whether the post is there for them. A draft is its author's alone, staff or not; who looks after the space sees the
    rest of what is written there, whoever blocks whom."""
    rights = rights_on(viewer, post)
    if rights is None:
        return False
    if is_author(viewer, post):
        return True
    if rights.moderates:
        was_published = post.state.is_gone and post.publications > 0
        return was_published or post.state in (PostState.PUBLISHED, PostState.PENDING)
    return post.state is PostState.PUBLISHED and not post.shadowed and post.author_id not in viewer.hidden


def may_edit(viewer: Viewer, post: Post) -> bool:
    """Its author does, while they may write there; and who looks after the space, once it is published."""
    rights = rights_on(viewer, post)
    if rights is None:
        return False
    if is_author(viewer, post):
        return rights.writes
    return rights.moderates and post.state is PostState.PUBLISHED


def require_version(post: Post, version: int) -> None:
    """Raises: Conflict (STALE_VERSION) where somebody has changed it since it was read."""
    if post.version != version:
        raise Conflict(
            f"This is version {post.version} by now, not {version}: read it again.",
            code=ErrorCode.STALE_VERSION,
            path=["version"],
        )


def require_state(post: Post, *states: PostState) -> None:
    """Raises: Conflict (POST_STATE) where it is in none of these."""
    if post.state not in states:
        raise Conflict(f"This post is {post.state}.", code=ErrorCode.POST_STATE, path=["postId"])
