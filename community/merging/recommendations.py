"""What one does not want to be recommended: by both together. What either did not want looked at is not looked at."""

from collections.abc import Mapping

from community.merging.repository import MergingRepository
from community.recommendations.model import Choices
from community.recommendations.repository import CHOICES, COLLECTION, DUE, RecommendationRepository
from community.recommendations.service import DISMISSED_MAX
from gamification.kit.records import evolve
from gamification.merging.steps import Pair, Step


def united(kept: Choices, other: Choices) -> Choices:
    """Both as one member's."""
    dismissed = {(one.kind, one.item): one for one in other.dismissed}
    for one in kept.dismissed:
        known = dismissed.get((one.kind, one.item))
        dismissed[one.kind, one.item] = one if known is None or one.until >= known.until else known
    latest = sorted(dismissed.values(), key=lambda one: one.until)[-DISMISSED_MAX:]
    return evolve(kept, personalised=kept.personalised and other.personalised, dismissed=tuple(latest))


def moving_recommendations(stored: MergingRepository, recommendations: RecommendationRepository) -> Step:
    """Candidates are made anew of what both did; what waited to be seen done is not waited for."""

    async def step(pair: Pair) -> Mapping[str, int]:
        merged, into, tx = pair.merged.id, pair.into.id, pair.work.tx
        known = await recommendations.choices([merged, into], tx)
        if merged in known:
            kept = known.get(into) or Choices(into, pair.into.programme_id)
            await recommendations.save_choices(united(kept, known[merged]), tx)
            await stored.delete(CHOICES, [merged], tx)
            if not known[merged].personalised:
                await recommendations.delete(into, tx)
        await stored.delete(COLLECTION, [merged], tx)
        await stored.delete(DUE, [merged], tx)
        return {}

    return step
