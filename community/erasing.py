"""What erasing a member does in the community where counts hang on it; `gamification/privacy/plan.py` has the rest."""

from collections.abc import Mapping

from community.contests.forgetting import forget_entries
from community.moderation.forgetting import close_cases, empty_statements
from community.moderation.verdicts import Verdicts
from community.questions.forgetting import forget_answers, forget_asker
from community.stores import CommunityStores
from gamification.privacy.model import Erasure
from gamification.privacy.repository import ErasureRepository
from gamification.privacy.service import Step
from gamification.settlement.unit import Unit

COMMENTS_A_PART = 100


def erasing_steps(kept: CommunityStores) -> Mapping[str, Step]:
    """The community's steps."""
    posts, comments, questions, contests = kept.posts, kept.comments, kept.questions, kept.contests
    cases, reports, statements = kept.moderation.cases, kept.moderation.reports, kept.moderation.statements

    async def empty_comments(work: Unit, erasure: Erasure, _: ErasureRepository) -> bytes | None:
        """Empty a part of what the member answered; what it was under counts those no more that it counted."""
        found = await comments.to_empty(erasure.id, COMMENTS_A_PART, work.tx)
        counted = [one for one in found if one.counts]
        await posts.count_comments([one.post_id for one in counted], -1, work.tx)
        await comments.count_below([above for one in counted for above in one.ancestors], -1, work.tx)
        await comments.empty([one.id for one in found], work.tx)
        await forget_answers(questions, work, found)
        return b"" if len(found) == COMMENTS_A_PART else None

    async def close_questions(work: Unit, erasure: Erasure, _: ErasureRepository) -> bytes | None:
        """Close what the member asked; what is offered for answers comes back."""
        return b"" if await forget_asker(questions, work, erasure.id) else None

    async def leave_contests(work: Unit, erasure: Erasure, _: ErasureRepository) -> bytes | None:
        """Let the member's stories take part in no contest any more."""
        await forget_entries(contests, work, erasure.id)
        return None

    async def close_reported(work: Unit, erasure: Erasure, _: ErasureRepository) -> bytes | None:
        """Close what moderators would still have to decide about the member."""
        more = await close_cases(cases, Verdicts(reports), work, erasure.id)
        more |= await empty_statements(statements, work, erasure.id)
        await reports.empty_about(erasure.id, work.tx)
        return b"" if more else None

    return {
        "comments": empty_comments,
        "questions": close_questions,
        "contests": leave_contests,
        "cases": close_reported,
    }
