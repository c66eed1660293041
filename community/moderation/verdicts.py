"""What a decision says of the reports, and of the rules, that led to it."""

from typing import Protocol

from community.moderation.model import VERDICTS, Case, Decision, Verdict
from community.moderation.repository import ReportRepository
from gamification.kit.records import evolve
from gamification.settlement.unit import Unit


class Screened(Protocol):
    """Learns whether what rules held or flagged was rightly so."""

    async def __call__(self, work: Unit, target_id: bytes, *, upheld: bool) -> None:
        """A moderator has decided on it."""


class Verdicts:
    """Judges reports with their case, once."""

    def __init__(self, reports: ReportRepository, screened: Screened | None = None) -> None:
        self._reports = reports
        self._screened = screened

    async def overturned(self, work: Unit, case: Case) -> None:
        """What was removed is there again: the rules that led to it were wrong."""
        if (
            self._screened is not None
            and case.decided is not None
            and case.decided.decision is Decision.REMOVE
        ):
            await self._screened(work, case.subject.id, upheld=False)

    async def settle(self, work: Unit, case: Case, decision: Decision) -> None:
        """Judge the reports of the case's round, and count it for those who reported."""
        verdict = VERDICTS.get(decision)
        if verdict is None:
            return
        open_ones = [
            one for one in await self._reports.of_round(case.id, case.round, work.tx) if one.verdict is None
        ]
        await self._reports.save([evolve(one, verdict=verdict) for one in open_ones], work.tx)
        work.followup.news += [("report", one.id) for one in open_ones]
        judged = [(one.reporter_id, verdict) for one in open_ones]
        await self._reports.judge(case.programme_id, judged, work.tx)
        if self._screened is not None and verdict is not Verdict.IGNORED:
            await self._screened(work, case.subject.id, upheld=verdict is Verdict.AGREED)
