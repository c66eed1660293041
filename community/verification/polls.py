"""Polls: each is beside a post with as many options, and counts the ballots that there are."""

from collections.abc import Mapping

from community.polls.counting import recounted
from community.polls.model import Poll
from community.services import Services
from gamification.kit.records import evolve
from gamification.members.model import Member
from gamification.programmes.definitions import PostKind
from gamification.verification.report import Report


async def check_polls(
    services: Services, programme_id: str, members: Mapping[bytes, Member], report: Report
) -> None:
    """Check every poll and ballot of a programme."""
    posts = {
        post.id: post async for post in services.kept.posts.stream(programme_id) if post.kind is PostKind.POLL
    }
    stored: dict[bytes, Poll] = {}
    counted: dict[bytes, Poll] = {}
    async for poll in services.kept.polls.stream(programme_id):
        report.count("polls")
        name = f"poll {poll.id.hex()}"
        post = posts.get(poll.id)
        if post is None:
            report.differs(f"{name}: its post is missing")
        elif post.options and len(post.options) != len(poll.votes):
            report.differs(f"{name}: it counts other options than its post has")
        none = (0,) * len(poll.votes)
        stored[poll.id] = poll
        counted[poll.id] = evolve(poll, votes=none, points=none, voters=0)
    for post in posts.values():
        if post.options and post.id not in stored:
            report.differs(f"poll {post.id.hex()}: it has options, but nothing counts its votes")
    async for ballot in services.kept.polls.stream_ballots(programme_id):
        report.count("ballots")
        if ballot.post_id not in counted or ballot.member_id not in members:
            report.differs(f"ballot {ballot.id.hex()}: its poll, or whose it is, is missing")
            continue
        poll = counted[ballot.post_id]
        if not all(0 <= one < len(poll.votes) for one in ballot.counted):
            report.differs(f"ballot {ballot.id.hex()}: it names an option that there is not")
            continue
        counted[ballot.post_id] = recounted(poll, (), ballot.counted)
    for found, poll in stored.items():
        computed = counted[found]
        report.compare(
            f"poll {found.hex()}",
            (poll.votes, poll.points, poll.voters),
            (computed.votes, computed.points, computed.voters),
        )
