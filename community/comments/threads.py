"""Where a comment hangs: pure."""

from community.comments.model import Comment


def ancestors_of(parent: Comment | None, depth_max: int) -> tuple[bytes, ...]:
    """The ancestors of an answer to that comment, or to the post. Answers below `depth_max` stand beside what they answer,
    so that a thread goes on as deep as it may."""
    if parent is None:
        return ()
    return (*parent.ancestors, parent.id)[: depth_max - 1]
