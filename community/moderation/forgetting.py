"""What erasing a member leaves of the cases about them: no words, and nothing that waits."""

from community.moderation.model import CaseState, Decided, Decision
from community.moderation.repository import CaseRepository
from community.moderation.verdicts import Verdicts
from community.oversight.model import SYSTEM
from community.oversight.repository import StatementRepository
from gamification.kit.records import evolve
from gamification.settlement.unit import Unit

_PART = 100


async def empty_statements(statements: StatementRepository, work: Unit, member_id: bytes) -> bool:
    """Take the words out of some of what they were told; whether there may be more."""
    programme_id = work.space.catalogue.programme_id
    found = await statements.with_words(programme_id, member_id, _PART, work.tx)
    emptied = [
        evolve(
            one,
            reason=None,
            appeal=evolve(one.appeal, text="", answer=None) if one.appeal is not None else None,
        )
        for one in found
    ]
    await statements.save(emptied, work.tx)
    return len(found) == _PART


async def close_cases(cases: CaseRepository, verdicts: Verdicts, work: Unit, member_id: bytes) -> bool:
    """Close some of those about them; whether there may be more. Who reported them was neither right nor wrong."""
    found = await cases.with_words(work.space.catalogue.programme_id, member_id, _PART, work.tx)
    for case in found:
        if case.state is CaseState.OPEN:
            await verdicts.settle(work, case, Decision.IGNORE)
    closed = [
        evolve(
            case,
            state=CaseState.DECIDED,
            version=case.version + 1,
            hidden=False,
            claimed_by=None,
            claimed_until=None,
            decided=Decided(Decision.IGNORE, work.space.now, SYSTEM, None)
            if case.decided is None or case.state is CaseState.OPEN
            else evolve(case.decided, reason=None),
        )
        for case in found
    ]
    await cases.save(closed, work.tx)
    return len(found) == _PART
