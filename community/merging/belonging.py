"""The index of an account that is no more: its months are nobody's, and the survivor's next one is of both."""

from collections.abc import Mapping

from community.belonging.repository import BelongingRepository
from gamification.merging.steps import Pair, Step


def ending_belonging(repository: BelongingRepository) -> Step:
    """Forget the merged account's months."""

    async def step(pair: Pair) -> Mapping[str, int]:
        await repository.forget(pair.into.programme_id, [pair.merged.id], pair.work.tx)
        return {}

    return step
