"""The step of an erasure that ends what a member has with partners."""

from gamification.partners.leaving import PartnerLeaving
from gamification.privacy.model import Erasure
from gamification.privacy.repository import ErasureRepository
from gamification.privacy.service import Step
from gamification.settlement.unit import Unit


def leaving_step(leaving: PartnerLeaving) -> dict[str, Step]:
    """The step by its name."""

    async def step(work: Unit, erasure: Erasure, _: ErasureRepository) -> bytes | None:
        await leaving.erase(erasure.programme_id, erasure.id, work.tx)
        return None

    return {"partners": step}
