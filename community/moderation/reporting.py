"""Members report posts and comments; enough weight hides them until a moderator decides."""

from collections import Counter
from datetime import timedelta

from community.bells import Bells, post_key, queue_key
from community.comments.access import sees_text
from community.moderation.contents import Content, Contents
from community.moderation.model import CaseState, Report, Source, report_id
from community.moderation.opening import CaseOpening, opened
from community.moderation.repository import CaseRepository, ReportRepository
from community.moderation.scoring import may_reopen, score_of, weight_of
from community.oversight.model import Subject
from community.posts.access import may_read
from community.posts.model import PostState
from community.spaces.model import SpaceRole, SpaceState
from community.spaces.repository import SpaceMembershipRepository
from community.spaces.service import Viewer
from community.trust.repository import TrustRepository
from gamification.kit.actors import Actor, system_actor
from gamification.kit.errors import Conflict, ErrorCode, Forbidden, InvalidInput, LimitExceeded, NotFound
from gamification.kit.records import evolve
from gamification.members.profile import check_text
from gamification.programmes.definitions import ReportReason
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit

NOTE_MAX = 500
A_DAY_MAX = 50
"""So many reports a member makes in 24 hours at most."""


class ReportService:
    """Members report for themselves, services for any member."""

    def __init__(
        self,
        settlement: SettlementService,
        contents: Contents,
        cases: CaseRepository,
        reports: ReportRepository,
        trust: TrustRepository,
        memberships: SpaceMembershipRepository,
        bells: Bells,
    ) -> None:
        self._settlement = settlement
        self._contents = contents
        self._cases = cases
        self._opening = CaseOpening(cases)
        self._reports = reports
        self._trust = trust
        self._memberships = memberships
        self._bells = bells

    async def report(
        self, actor: Actor, member_id: bytes | None, subject: Subject, reason: str, note: str | None
    ) -> tuple[Report, bool]:
        """Say what is wrong with a thing; again is the same as once: the report, and whether it was there before.

        Raises: Forbidden, NotFound, InvalidInput, LimitExceeded, Conflict (ALREADY_REVIEWED, POST_STATE).
        """
        if note is not None:
            check_text(note, "note", NOTE_MAX)

        async def body(work: Unit) -> tuple[Report, bool, bool]:
            viewer = await self._contents.viewer(work, actor, member_id)
            if viewer.member is None:
                raise Forbidden("Reports are members'; state who reports.")
            content = await self._content(work, viewer, subject)
            stated = work.space.catalogue.settings.community.moderation.reason(reason)
            if stated is None:
                raise InvalidInput(f"There is no reason {reason[:100]!r}.", path=["reason"])
            return await self._reported(work, viewer, content, stated, note)

        report, known, hidden = await self._settlement.run(actor.programme_id, body)
        if not known:
            rung = [post_key(subject.id)] if hidden else []
            await self._bells.ring(queue_key(actor.programme_id), *rung)
        return report, known

    # -- within

    async def _content(self, work: Unit, viewer: Viewer, subject: Subject) -> Content:
        content = await self._contents.find(work, subject)
        seen = (
            sees_text(viewer, content.post, content.comment)
            if content.comment is not None
            else may_read(viewer, content.post)
        )
        if not seen:
            raise NotFound(f"There is no such {subject.kind}.", path=["targetId"])
        if viewer.is_member(content.author_id):
            raise InvalidInput("Nobody reports what they wrote; delete it.", path=["targetId"])
        if content.state not in (PostState.PUBLISHED, PostState.HIDDEN):
            raise Conflict(f"It is {content.state}.", code=ErrorCode.POST_STATE, path=["targetId"])
        return content

    async def _reported(
        self, work: Unit, viewer: Viewer, content: Content, reason: ReportReason, note: str | None
    ) -> tuple[Report, bool, bool]:
        """The report, whether it was there before, and whether it hid the thing."""
        assert viewer.member is not None  # noqa: S101 - only members report
        settings = work.space.catalogue.settings.community.moderation
        now, member = work.space.now, viewer.member
        known = await self._opening.find(work, content.subject)
        if known is not None and known.state is CaseState.DECIDED:
            before = await self._reports.find(report_id(known.id, known.round, member.id), work.tx)
            if not may_reopen(known, content.version, now, settings):
                if before is not None:
                    return before, True, False
                raise Conflict(
                    "A moderator has decided on it.", code=ErrorCode.ALREADY_REVIEWED, path=["targetId"]
                )
        author_id, space = content.author_id, content.post.space
        case = opened(work, known, content.subject, author_id, space, Source.REPORT)
        found = report_id(case.id, case.round, member.id)
        before = await self._reports.find(found, work.tx)
        if before is not None:
            return before, True, False
        since = now - timedelta(days=1)
        if await self._reports.since(member.id, since, work.tx) >= A_DAY_MAX:
            raise LimitExceeded(f"At most {A_DAY_MAX} reports in 24 hours.", limit=A_DAY_MAX)
        report = Report(
            found,
            case.programme_id,
            case.id,
            case.round,
            member.id,
            content.author_id,
            reason.key,
            note,
            now,
            *await self._weight(work, viewer, content, reason),
        )
        reports = [*await self._reports.of_round(case.id, case.round, work.tx), report]
        case = evolve(
            case,
            score=score_of(reports, settings.hide_at),
            reports=len(reports),
            reasons=dict(Counter(one.reason for one in reports)),
            version=case.version + 1,
        )
        hides = case.score >= settings.hide_at and not case.hidden and content.is_published
        if hides and not await self._is_kept_up(work, content):
            case = evolve(case, hidden=True)
        else:
            hides = False
        await self._reports.save([report], work.tx)
        await self._cases.save([case], work.tx)
        if hides:
            worst = max(case.reasons or {}, key=lambda key: ((case.reasons or {})[key], key))
            system = system_actor(case.programme_id)
            await self._contents.take_down(work, system, content, PostState.HIDDEN, None, worst)
        return report, False, hides

    async def _weight(
        self, work: Unit, viewer: Viewer, content: Content, reason: ReportReason
    ) -> tuple[int, float]:
        """The reporter's trust, and what their report weighs. Who looks after the space hides by one word; who is
        shadow-limited moves nothing."""
        assert viewer.member is not None  # noqa: S101 - only members report
        trust = await self._trust.level(viewer.member.id, work.tx)
        if viewer.limited:
            return trust, 0.0
        if viewer.rights[content.post.space].moderates:
            return 4, work.space.catalogue.settings.community.moderation.hide_at
        record = await self._reports.record(viewer.member.id, work.tx)
        return trust, weight_of(trust, record, reason.severity)

    async def _is_kept_up(self, work: Unit, content: Content) -> bool:
        """Whether its author looks after the space: members' reports hide nothing of theirs."""
        found = await self._memberships.find(
            content.post.programme_id, content.post.space, content.author_id, work.tx
        )
        active = found is not None and found.state is SpaceState.ACTIVE
        return active and found is not None and found.role is not SpaceRole.MEMBER
