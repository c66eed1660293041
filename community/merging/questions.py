"""Questions: who asked is the survivor. What the one answered to the other is an answer to oneself now: it counts as none, and
where it was accepted it stays so, but counts for nothing, as if one had accepted one's own."""

from collections.abc import Sequence

from community.merging.repository import MergingRepository
from community.questions.repository import COLLECTION as QUESTIONS
from community.questions.repository import QuestionRepository
from gamification.kit.records import evolve, record
from gamification.merging.steps import Pair
from storage.mongo import Document


@record(frozen=True, slots=True)
class Concerned:
    """Questions by id: those that `accepted` an answer of the merged account, and those of the one `between` whose answers are
    the other's."""

    accepted: frozenset[bytes]
    between: frozenset[bytes]


class QuestionMoving:
    """What there is to do around moving comments."""

    def __init__(self, stored: MergingRepository, questions: QuestionRepository) -> None:
        self._stored = stored
        self._questions = questions

    async def before(self, pair: Pair, comments: Sequence[Document]) -> Concerned:
        """Whom it concerns; `comments` are the merged account's: {_id, post_id, parent_id}."""
        answers = [row for row in comments if row["parent_id"] is None]
        accepted = await self._questions.accepting([row["_id"] for row in answers], pair.work.tx)
        asked = await self._questions.all_by(pair.merged.id, pair.work.tx)
        between = await self._stored.answers_under(asked, pair.into.id, pair.work.tx)
        answered = sorted({row["post_id"] for row in answers})
        found = await self._questions.by_ids(answered, pair.work.tx)
        between |= {key for key, one in found.items() if one.asker_id == pair.into.id}
        return Concerned(frozenset(one.id for one in accepted), frozenset(between))

    async def after(self, pair: Pair, concerned: Concerned) -> None:
        """Bring them in line, once comments are the survivor's."""
        into, tx = pair.into.id, pair.work.tx
        await self._stored.reassign(QUESTIONS, "asker_id", pair.merged.id, into, tx)
        found = await self._questions.by_ids(sorted(concerned.accepted | concerned.between), tx)
        for question in found.values():
            kept = question.accepted
            if kept is not None and question.id in concerned.accepted:
                kept = evolve(kept, member_id=into)
            if kept is not None and question.asker_id == into == kept.member_id:
                await pair.take_back(kept.activity_id)
                kept = evolve(kept, activity_id=None)
            question = evolve(question, accepted=kept)
            if question.id in concerned.between:
                answers, first = await self._questions.answers_of(question.id, into, tx)
                question = evolve(question, answers=answers, first=first)
            await self._questions.save(question, tx)
