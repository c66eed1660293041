"""What the screening rules said, against what it was said of."""

from collections.abc import Mapping

from community.comments.model import Comment, CommentState
from community.posts.model import Post, PostState
from community.screening.model import Screening
from community.services import Services
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import ScreenedKind, ScreeningVerdict
from gamification.verification.report import Report


async def check_screenings(
    services: Services, catalogue: Catalogue, members: Mapping[bytes, Member], report: Report
) -> None:
    """Each is of a member, by rules that there are, and of a post or comment that there is unless it was refused; its verdict is
    its findings' heaviest. What waits for a moderator was held."""
    posts = {post.id: post async for post in services.kept.posts.stream(catalogue.programme_id)}
    comments = {one.id: one async for one in services.kept.comments.stream(catalogue.programme_id)}
    rules = {rule.key for rule in catalogue.document.screening}
    held: set[bytes] = set()
    async for screening in services.kept.screenings.stream(catalogue.programme_id):
        report.count("screenings")
        name = f"screening {screening.id.hex()}"
        if screening.author_id not in members:
            report.differs(f"{name}: its author is missing")
        for finding in screening.findings:
            if finding.rule not in rules:
                report.differs(f"{name}: there is no rule {finding.rule!r}")
        _check_target(screening, posts if screening.kind is ScreenedKind.POST else comments, name, report)
        heaviest = max((one.verdict for one in screening.findings), key=lambda one: one.weight, default=None)
        report.compare(f"{name} verdict", screening.verdict, heaviest)
        if screening.verdict is ScreeningVerdict.HOLD and screening.target_id is not None:
            held.add(screening.target_id)
    waiting = [post.id for post in posts.values() if post.state is PostState.PENDING]
    waiting += [one.id for one in comments.values() if one.state is CommentState.PENDING]
    for target in waiting:
        if target not in held:
            report.differs(f"{target.hex()}: it waits for a moderator, but no rule held it")


def _check_target(
    screening: Screening, known: Mapping[bytes, Post] | Mapping[bytes, Comment], name: str, report: Report
) -> None:
    target_id = screening.target_id
    if (target_id is None) is not (screening.verdict is ScreeningVerdict.REFUSE):
        report.differs(
            f"{name}: it is {screening.verdict}, and names a {screening.kind}: {target_id is not None}"
        )
    target = known.get(target_id) if target_id is not None else None
    if target_id is not None and target is None:
        report.differs(f"{name}: its {screening.kind} is missing")
    if target is not None and target.author_id != screening.author_id:
        report.differs(f"{name}: its {screening.kind} is another member's")
