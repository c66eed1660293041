"""Comments and reactions: each hangs where it should, counts above are what they add up to, and what counts as activity
stands."""

from collections import Counter
from collections.abc import Mapping

from community.comments.model import Comment, CommentState
from community.comments.work import ACT as COMMENTED
from community.posts.model import Post, PostState
from community.reactions.model import TargetKind
from community.reactions.service import ACT as LIKED
from community.recording import source_of
from community.services import Services
from gamification.members.model import Member
from gamification.verification.report import Report


async def check_answers(
    services: Services, programme_id: str, members: Mapping[bytes, Member], report: Report
) -> None:
    """Check every comment and reaction of a programme."""
    posts = {post.id: post async for post in services.kept.posts.stream(programme_id)}
    comments = {one.id: one async for one in services.kept.comments.stream(programme_id)}
    await _check_comments(services, programme_id, posts, comments, members, report)
    await _check_reactions(services, programme_id, posts, comments, members, report)


async def _check_comments(
    services: Services,
    programme_id: str,
    posts: Mapping[bytes, Post],
    comments: Mapping[bytes, Comment],
    members: Mapping[bytes, Member],
    report: Report,
) -> None:
    standing = await _standing(services, programme_id, COMMENTED)
    under: Counter[bytes] = Counter()
    for comment in comments.values():
        report.count("comments")
        name = f"comment {comment.id.hex()}"
        if comment.post_id not in posts or comment.author_id not in members:
            report.differs(f"{name}: its post or its author is missing")
        _check_thread(comment, comments, name, report)
        if comment.counts:
            under.update((comment.post_id, *comment.ancestors))
        elif comment.state is not CommentState.PUBLISHED and comment.activity_id is not None:
            report.differs(f"{name}: it is {comment.state}, but counts by {comment.activity_id.hex()}")
        if comment.activity_id is not None and standing.pop(comment.activity_id, None) is None:
            report.differs(f"{name}: its activity {comment.activity_id.hex()} does not stand")
    for post in posts.values():
        report.compare(f"post {post.id.hex()} comments", post.comments, under[post.id])
    for comment in comments.values():
        report.compare(f"comment {comment.id.hex()} below", comment.below, under[comment.id])
    _check_left(standing, members, "a comment", report)


def _check_thread(comment: Comment, comments: Mapping[bytes, Comment], name: str, report: Report) -> None:
    if comment.parent_id is None:
        return
    parent = comments.get(comment.parent_id)
    if parent is None or parent.post_id != comment.post_id or parent.ancestors != comment.ancestors[:-1]:
        report.differs(f"{name}: what it answers is missing, or elsewhere")


async def _check_reactions(
    services: Services,
    programme_id: str,
    posts: Mapping[bytes, Post],
    comments: Mapping[bytes, Comment],
    members: Mapping[bytes, Member],
    report: Report,
) -> None:
    standing = await _standing(services, programme_id, LIKED)
    given: dict[bytes, Counter[str]] = {}
    async for one in services.kept.reactions.stream(programme_id):
        report.count("reactions")
        name = f"reaction {one.id.hex()}"
        known = posts if one.target.kind is TargetKind.POST else comments
        if one.target.id not in known or one.member_id not in members:
            report.differs(f"{name}: what it is to, or who gave it, is missing")
        if one.counted is not None:
            given.setdefault(one.target.id, Counter())[one.counted] += 1
        elif one.key is None and one.activity_id is not None:
            report.differs(f"{name}: it is withdrawn, but counts by {one.activity_id.hex()}")
        if one.activity_id is not None and not one.marked and _is_gone(known.get(one.target.id), members):
            report.differs(f"{name}: what it is to is gone, but it counts by {one.activity_id.hex()}")
        if one.activity_id is not None and standing.pop(one.activity_id, None) is None:
            author = members.get(one.author_id)
            if author is not None and author.erased_at is None:
                report.differs(f"{name}: its activity {one.activity_id.hex()} does not stand")
    async for vote in services.kept.imported_votes.stream(programme_id):
        report.count("imported votes")
        known = posts if vote.target.kind is TargetKind.POST else comments
        if vote.target.id not in known or vote.post_id not in posts:
            report.differs(f"imported vote {vote.id.hex()}: what it is for is missing")
        given.setdefault(vote.target.id, Counter())[vote.key] += 1
    targets: list[Post | Comment] = [*posts.values(), *comments.values()]
    for target in targets:
        stored = {key: count for key, count in (target.reactions or {}).items() if count}
        computed = given.get(target.id, Counter())
        report.compare(f"reactions to {target.id.hex()}", stored, dict(computed))
        if isinstance(target, Comment):
            report.compare(f"comment {target.id.hex()} reacted", target.reacted, computed.total())
    _check_left(standing, members, "a reaction", report)


def _is_gone(target: Post | Comment | None, members: Mapping[bytes, Member]) -> bool:
    """Whether what is reacted to was taken down, and its author was not erased, of whom nothing is counted."""
    if target is None or target.state in (PostState.PUBLISHED, CommentState.PUBLISHED):
        return False
    author = members.get(target.author_id)
    return author is not None and author.erased_at is None


async def _standing(services: Services, programme_id: str, act: str) -> dict[bytes, bytes]:
    """The members of the activities of an act that stand, by the activity's id."""
    activities = services.activities.of_source(programme_id, source_of(act))
    return {one.id: one.member_id async for one in activities if one.reversal is None}


def _check_left(
    standing: Mapping[bytes, bytes], members: Mapping[bytes, Member], what: str, report: Report
) -> None:
    for found, member_id in standing.items():
        member = members.get(member_id)
        if member is not None and member.erased_at is None:
            report.differs(f"activity {found.hex()}: it counts {what} that does not name it")
