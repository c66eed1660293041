"""How far a member is trusted."""

from datetime import datetime
from enum import StrEnum

from gamification.kit.records import record

LEVEL_MAX = 4


class Layer(StrEnum):
    """LEADER, ACTIVE, PERIPHERY: how much of the community's life hangs on a member, by what they did lately."""

    LEADER = "leader"
    ACTIVE = "active"
    PERIPHERY = "periphery"


@record(frozen=True, slots=True)
class Trust:
    """A member's level, 0 to LEVEL_MAX, since when, and their layer. `pinned`: staff set it, and it stays."""

    member_id: bytes
    programme_id: str
    level: int
    since: datetime
    pinned: bool = False
    layer: Layer = Layer.PERIPHERY
