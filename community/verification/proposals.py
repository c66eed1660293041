"""Proposals: each is beside a post, counts its supporters, and is as far as they have brought it."""

from collections import Counter
from collections.abc import Mapping

from community.proposals.model import ProposalState
from community.services import Services
from gamification.members.model import Member
from gamification.programmes.definitions import PostKind
from gamification.verification.report import Report


async def check_proposals(
    services: Services, programme_id: str, members: Mapping[bytes, Member], report: Report
) -> None:
    """Check every proposal and support of a programme."""
    posts = {
        post.id: post
        async for post in services.kept.posts.stream(programme_id)
        if post.kind is PostKind.PROPOSAL
    }
    supported: Counter[bytes] = Counter()
    of_posts: set[bytes] = set()
    async for one in services.kept.proposals.stream_supports(programme_id):
        report.count("proposal supports")
        of_posts.add(one.post_id)
        supported[one.post_id] += one.counts
        if one.member_id not in members:
            report.differs(f"support {one.id.hex()}: whose it is, is missing")
    async for proposal in services.kept.proposals.stream(programme_id):
        report.count("proposals")
        of_posts.discard(proposal.id)
        name = f"proposal {proposal.id.hex()}"
        post = posts.pop(proposal.id, None)
        if post is None:
            report.differs(f"{name}: its post is missing")
            continue
        report.compare(f"{name} support", proposal.support, supported[proposal.id])
        report.compare(f"{name} stands", proposal.stands, post.counts)
        report.compare(f"{name} space", proposal.space, post.space)
        report.compare(f"{name} marks", post.marks, (proposal.state.value,))
        if proposal.answers:
            report.compare(f"{name} state", proposal.state, proposal.answers[-1].state)
        elif proposal.state not in (ProposalState.GATHERING, ProposalState.REACHED):
            report.differs(f"{name}: it is {proposal.state}, but was never answered")
        if (proposal.state is ProposalState.REACHED) > (proposal.due_at is not None):
            report.differs(f"{name}: it is reached, but no answer is due")
    for post in posts.values():
        if post.counts:
            report.differs(f"proposal {post.id.hex()}: it is published, but nothing is beside it")
    for found in of_posts:
        report.differs(f"proposal {found.hex()}: it is supported, but missing")
