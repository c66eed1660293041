"""What the merged account wrote is the survivor's, as it is: posts with their versions, comments, what rules said of them, and
what stands beside them. Gatherings that it hosts are hosted by the survivor."""

from collections.abc import Mapping

from community.comments.repository import COLLECTION as COMMENTS
from community.gatherings.repository import GATHERINGS
from community.merging.questions import QuestionMoving
from community.merging.repository import MergingRepository
from community.polls.repository import COLLECTION as POLLS
from community.posts.repository import COLLECTION as POSTS
from community.questions.repository import QuestionRepository
from community.screening.remembered import COLLECTION as REMEMBERED
from community.screening.repository import COLLECTION as SCREENINGS
from gamification.merging.steps import Pair, Step


def moving_texts(stored: MergingRepository, questions: QuestionRepository) -> Step:
    """Posts, comments, and questions with them."""
    asking = QuestionMoving(stored, questions)

    async def step(pair: Pair) -> Mapping[str, int]:
        merged, into, tx = pair.merged.id, pair.into.id, pair.work.tx
        own = await stored.rows(POSTS, {"author_id": merged}, tx, ["_id"])
        answered = await stored.rows(COMMENTS, {"author_id": merged}, tx, ["post_id", "parent_id"])
        concerned = await asking.before(pair, answered)
        await stored.reassign(POSTS, "author_id", merged, into, tx)
        await stored.versions(merged, into, tx)
        await stored.reassign(COMMENTS, "author_id", merged, into, tx)
        for name in (SCREENINGS, REMEMBERED, POLLS):
            await stored.reassign(name, "author_id", merged, into, tx)
        await stored.reassign(GATHERINGS, "host_id", merged, into, tx)
        await asking.after(pair, concerned)
        # Authors are none of the people of their own posts, and two of these people may be one.
        await stored.heat(sorted({row["_id"] for row in own} | {row["post_id"] for row in answered}), tx)
        return {"posts": len(own), "comments": len(answered)}

    return step
