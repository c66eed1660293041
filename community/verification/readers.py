"""What members follow and keep, and how hot posts are: each is of a member and of something that there is, and each score is
that of its formula."""

from collections.abc import Mapping

from community.posts.heat import score_of
from community.posts.model import PostState
from community.reactions.model import TargetKind
from community.services import Services
from gamification.members.model import Member
from gamification.verification.report import Report


async def check_readers(
    services: Services, programme_id: str, members: Mapping[bytes, Member], report: Report
) -> None:
    """Check every followed post, bookmark, reader and score of a programme."""
    posts = set()
    async for post, hot in services.kept.heats.stream(programme_id):
        posts.add(post.id)
        if post.published_at is None:
            if post.state is PostState.PUBLISHED:
                report.differs(f"post {post.id.hex()}: it is published, and not since when")
            continue
        report.count("scores of hot posts")
        people = post.heat.people if post.heat is not None else 0
        report.compare(f"post {post.id.hex()} hot", hot, score_of(people, post.published_at))
    comments = {one.id async for one in services.kept.comments.stream(programme_id)}
    async for followed in services.kept.following.stream(programme_id):
        report.count("followed posts")
        if followed.member_id not in members or followed.post_id not in posts:
            report.differs(f"followed post {followed.id.hex()}: its member or its post is missing")
    async for reader in services.kept.following.stream_readers(programme_id):
        report.count("readers")
        if reader.member_id not in members:
            report.differs(f"reader {reader.member_id.hex()}: there is no such member")
    async for bookmark in services.kept.bookmarks.stream(programme_id):
        report.count("bookmarks")
        known = posts if bookmark.target.kind is TargetKind.POST else comments
        if bookmark.member_id not in members or bookmark.target.id not in known:
            report.differs(f"bookmark {bookmark.id.hex()}: its member, or what it is of, is missing")
