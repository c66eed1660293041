"""Opening cases: one a thing, again and again."""

from community.moderation.model import Case, CaseKind, CaseState, Source, case_id
from community.moderation.repository import CaseRepository
from community.oversight.model import Subject, SubjectKind
from community.screening.model import Screening
from gamification.kit.records import evolve
from gamification.settlement.unit import Unit


class CaseOpening:
    """Finds the case of a thing, and opens it."""

    def __init__(self, cases: CaseRepository) -> None:
        self._cases = cases

    async def find(self, work: Unit, subject: Subject) -> Case | None:
        """The case of a thing, open or decided."""
        programme_id = work.space.catalogue.programme_id
        found = case_id(programme_id, subject)
        return (await self._cases.by_ids(programme_id, [found], work.tx)).get(found)

    async def screened(self, work: Unit, screening: Screening) -> None:
        """Put what rules held or flagged before moderators, in the transaction that writes it."""
        if screening.target_id is None:
            return
        subject = Subject(SubjectKind(screening.kind.value), screening.target_id)
        known = await self.find(work, subject)
        case = opened(work, known, subject, screening.author_id, screening.space, Source.SCREENING)
        rules = dict.fromkeys([*case.rules, *(one.rule for one in screening.findings)])
        await self._cases.save([evolve(case, rules=tuple(rules), version=case.version + 1)], work.tx)


def opened(
    work: Unit, known: Case | None, subject: Subject, author_id: bytes, space: str, source: Source
) -> Case:
    """The case, open: a new one, the one that waits, or that one again, in another round."""
    if known is not None and known.state is CaseState.OPEN:
        return evolve(known, sources=tuple(dict.fromkeys([*known.sources, source])), space=space)
    programme_id = work.space.catalogue.programme_id
    return Case(
        id=case_id(programme_id, subject),
        programme_id=programme_id,
        kind=CaseKind.CONTENT,
        subject=subject,
        member_id=author_id,
        space=space,
        state=CaseState.OPEN,
        round=known.round + 1 if known is not None else 1,
        version=known.version if known is not None else 0,
        opened_at=work.space.now,
        sources=(source,),
    )
