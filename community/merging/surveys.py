"""Answers to surveys. To one that is answered once the survivor's stays, and the other goes with what it counted for; but of an
anonymous one nothing leads to what somebody answered, so that both stay. What can be answered again and again was."""

from collections.abc import Mapping, Sequence

from community.merging.repository import MergingRepository
from community.surveys.model import Response
from community.surveys.repository import RESPONSES, SurveyRepository
from gamification.kit.records import evolve
from gamification.merging.steps import Pair, Step
from gamification.programmes.definitions import Survey


def united(kept: Sequence[Response], other: Sequence[Response], survey: Survey | None) -> list[Response]:
    """What stays of both's responses to one survey, numbered anew by when they were given."""
    once = survey is not None and survey.repeat is None and not survey.anonymous
    stay = [*kept, *(() if once and kept else other)]
    ordered = sorted(stay, key=lambda one: (one.at, one.id))
    return [evolve(one, number=number) for number, one in enumerate(ordered, start=1)]


def moving_responses(stored: MergingRepository, surveys: SurveyRepository) -> Step:
    """Those of the merged account. They keep their ids: nothing is found by them but by who has them."""

    async def step(pair: Pair) -> Mapping[str, int]:
        into, tx = pair.into, pair.work.tx
        given = await surveys.all_of(pair.merged.id, tx)
        known = await surveys.all_of(into.id, tx) if given else []
        moved: dict[bytes, bytes] = {}
        for key in sorted({one.survey for one in given}):
            kept = [one for one in known if one.survey == key]
            other = [evolve(one, member_id=into.id) for one in given if one.survey == key]
            after = united(kept, other, pair.work.space.catalogue.surveys.get(key))
            await surveys.save(after, tx)
            stay = {one.id for one in after}
            for one in other:
                if one.id not in stay:
                    moved[one.id] = kept[-1].id
                    await pair.take_back(one.activity_id)
        if moved:
            await stored.delete(RESPONSES, sorted(moved), tx)
            # Who asks with an idempotency key from before finds what stays.
            await pair.work.stores.members.moved.add(into.programme_id, moved, tx)
        return {}

    return step
