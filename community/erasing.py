"""What erasing a member does in the community where counts hang on it; `gamification/privacy/plan.py` has the rest."""

from collections.abc import Mapping

from community.comments.repository import CommentRepository
from community.posts.repository import PostRepository
from gamification.privacy.model import Erasure
from gamification.privacy.repository import ErasureRepository
from gamification.privacy.service import Step
from gamification.settlement.unit import Unit

COMMENTS_A_PART = 100


def erasing_steps(posts: PostRepository, comments: CommentRepository) -> Mapping[str, Step]:
    """The community's steps."""

    async def empty_comments(work: Unit, erasure: Erasure, _: ErasureRepository) -> bytes | None:
        """Empty a part of what the member answered; what it was under counts those no more that it counted."""
        found = await comments.to_empty(erasure.id, COMMENTS_A_PART, work.tx)
        counted = [one for one in found if one.counts]
        await posts.count_comments([one.post_id for one in counted], -1, work.tx)
        await comments.count_below([above for one in counted for above in one.ancestors], -1, work.tx)
        await comments.empty([one.id for one in found], work.tx)
        return b"" if len(found) == COMMENTS_A_PART else None

    return {"comments": empty_comments}
