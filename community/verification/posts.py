"""Posts against their versions, and against the activities that they are recorded as."""

from community.posts.model import Post, PostState, Revision
from community.posts.repository import PostRepository
from community.posts.work import ACT
from community.recording import source_of
from gamification.activity.repository import ActivityRepository
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue
from gamification.verification.report import Report


async def check_posts(
    posts: PostRepository,
    activities: ActivityRepository,
    catalogue: Catalogue,
    members: dict[bytes, Member],
    report: Report,
) -> None:
    """Each post is of a member and in a space that there are, reads as its last version does, and where it is published
    it is what the activity that it names says. What is not published counts nowhere."""
    programme_id = catalogue.programme_id
    last: dict[bytes, Revision] = {}
    async for revision in posts.stream_revisions(programme_id):
        known = last.get(revision.post_id)
        if known is None or known.version < revision.version:
            last[revision.post_id] = revision
    standing = {
        activity.id: activity.member_id
        async for activity in activities.of_source(programme_id, source_of(ACT))
        if activity.reversal is None
    }
    async for post in posts.stream(programme_id):
        report.count("posts")
        name = f"post {post.id.hex()}"
        author = members.get(post.author_id)
        if post.space not in catalogue.spaces:
            report.differs(f"{name}: it is in the space {post.space!r}, which there is not")
        if author is None:
            report.differs(f"{name}: its author {post.author_id.hex()} is missing")
        if author is not None and author.erased_at is None:
            _check_text(post, last.get(post.id), name, report)
        recorded_for = standing.pop(post.activity_id, None) if post.activity_id is not None else None
        if post.activity_id is not None and recorded_for is None:
            report.differs(f"{name}: its activity {post.activity_id.hex()} does not stand")
        if post.activity_id is not None and post.state is not PostState.PUBLISHED:
            report.differs(f"{name}: it is {post.state}, but counts by {post.activity_id.hex()}")
        last.pop(post.id, None)
    for post_id in last:
        report.differs(f"post {post_id.hex()}: it has versions, but is missing")
    for found, member_id in standing.items():
        member = members.get(member_id)
        if member is not None and member.erased_at is None:
            report.differs(f"activity {found.hex()}: it counts a post that does not name it")


def _check_text(post: Post, last: Revision | None, name: str, report: Report) -> None:
    if not post.publications:
        if last is not None:
            report.differs(f"{name}: it was never published, but has versions")
        return
    written = post.written
    kept = (last.title, last.body, last.tags) if last is not None else None
    report.compare(f"{name} text", (written.title, written.body, written.tags), kept)
