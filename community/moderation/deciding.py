"""Deciding on cases: each decision is one transaction with what it does, the reports that it judges, and the log."""

from collections.abc import Sequence
from datetime import datetime

from community.bells import Bells, post_key, queue_key
from community.contests.service import ContestService
from community.moderation.contents import Content, Contents
from community.moderation.model import DECISIONS, Case, CaseKind, CaseState, Decision
from community.moderation.repository import CaseRepository
from community.moderation.sanctioning import Sanctioning
from community.moderation.verdicts import Verdicts
from community.moderation.watching import acting_as, decided
from community.moderation.words import words
from community.oversight.model import Act, ActKind, AppealState, Statement, Subject, SubjectKind
from community.oversight.repository import StatementRepository
from community.oversight.service import Oversight, tell
from community.posts.model import PostState
from community.sanctions.model import SanctionKind
from community.spaces.access import may_act_on
from community.spaces.repository import SpaceMembershipRepository
from community.spaces.service import Viewer
from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import Conflict, DomainError, ErrorCode, Forbidden, InvalidInput, NotFound
from gamification.kit.records import evolve, record
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit

BULK_MAX = 100


@record(frozen=True, slots=True)
class NewSanction:
    """What is laid on the member with the decision; `until` None: for good, where the kind allows that."""

    kind: SanctionKind
    until: datetime | None = None


@record(frozen=True, slots=True)
class Ruling:
    """What a moderator decides. `reason`, or the programme's `template`: what the member reads. Of a post besides: `lock` it,
    or `move_to` another space; `sanction`: what is laid on its author."""

    decision: Decision
    reason: str | None = None
    template: str | None = None
    lock: bool = False
    move_to: str | None = None
    sanction: NewSanction | None = None


@record(frozen=True, slots=True)
class BulkResult:
    """What became of one case of many: the case as decided, or why it was not."""

    case_id: bytes
    case: Case | None
    error: DomainError | None


class DecisionService:
    """For staff, and on posts and comments for those who look after the space."""

    def __init__(
        self,
        settlement: SettlementService,
        contents: Contents,
        cases: CaseRepository,
        verdicts: Verdicts,
        sanctioning: Sanctioning,
        statements: StatementRepository,
        memberships: SpaceMembershipRepository,
        oversight: Oversight,
        bells: Bells,
        contests: ContestService,
    ) -> None:
        self._settlement = settlement
        self._contents = contents
        self._cases = cases
        self._verdicts = verdicts
        self._sanctioning = sanctioning
        self._statements = statements
        self._memberships = memberships
        self._oversight = oversight
        self._bells = bells
        self._contests = contests

    async def claim(self, actor: Actor, case_id: bytes, *, claimed: bool) -> Case:
        """Keep a case to oneself for a while, or no more. Raises: Forbidden, NotFound, Conflict (CASE_DECIDED,
        CASE_CLAIMED)."""

        async def body(work: Unit) -> Case:
            _, case, by = await self._seen(work, actor, case_id)
            _require_open(case)
            now = work.space.now
            if case.claimed_from(by, now):
                raise Conflict("Somebody else has it.", code=ErrorCode.CASE_CLAIMED, path=["caseId"])
            if not claimed and case.claimed_by is None:
                return case
            settings = work.space.catalogue.settings.community.moderation
            changed = evolve(
                case,
                claimed_by=by if claimed else None,
                claimed_until=now + settings.claim_for if claimed else None,
                acted_at=case.acted_at or now,
                version=case.version + 1,
            )
            await self._cases.save([changed], work.tx)
            kind = ActKind.CLAIMED if claimed else ActKind.RELEASED
            about = Act(kind, Subject(SubjectKind.CASE, case.id), None, case.space)
            await self._oversight.note(work, by, about)
            return changed

        case = await self._settlement.run(actor.programme_id, body)
        await self._bells.ring(queue_key(actor.programme_id))
        return case

    async def decide(self, actor: Actor, case_id: bytes, version: int, ruling: Ruling) -> Case:
        """Decide on a case as it was read, in that version.

        Raises: Forbidden, NotFound, InvalidInput, Conflict (STALE_VERSION, CASE_DECIDED, CASE_CLAIMED, OWN_DECISION).
        """

        async def body(work: Unit) -> Case:
            viewer, case, by = await self._seen(work, actor, case_id)
            _require_open(case)
            if case.version != version:
                raise Conflict(
                    f"This is version {case.version} by now, not {version}: read it again.",
                    code=ErrorCode.STALE_VERSION,
                    path=["version"],
                )
            if case.claimed_from(by, work.space.now):
                raise Conflict("Somebody else has it.", code=ErrorCode.CASE_CLAIMED, path=["caseId"])
            if ruling.decision not in DECISIONS[case.kind]:
                raise InvalidInput(f"A case of kind {case.kind} takes another decision.", path=["decision"])
            if case.by == by or viewer.is_member(case.member_id):
                raise Conflict("Somebody else decides on this.", code=ErrorCode.OWN_DECISION, path=["caseId"])
            said = await words(work, case.member_id, ruling.reason, ruling.template)
            version_after = await self._done(work, actor, viewer, case, by, ruling, said)
            found = decided(case, ruling.decision, by, said, work, version_after)
            await self._cases.save([found], work.tx)
            return found

        case = await self._settlement.run(actor.programme_id, body)
        if ruling.sanction is not None:
            await self._sanctioning.sweep_of(actor.programme_id, case.member_id)
        await self._bells.ring(queue_key(actor.programme_id), post_key(case.subject.id))
        return case

    async def decide_many(
        self, actor: Actor, cases: Sequence[tuple[bytes, int]], ruling: Ruling
    ) -> tuple[int, list[BulkResult]]:
        """Decide the same on many cases, each by itself: the number of the log's entry that they all belong to, and what
        became of each. Raises: Forbidden, InvalidInput."""
        actor.require(Permission.COMMUNITY_MODERATE)
        if not 0 < len(cases) <= BULK_MAX:
            raise InvalidInput(f"State 1 to {BULK_MAX} cases.", path=["cases"], limit=BULK_MAX)

        async def begun(work: Unit) -> int:
            details = {"cases": str(len(cases)), "decision": ruling.decision.value}
            about = Subject(SubjectKind.CASE, cases[0][0])
            act = Act(ActKind.BULK, about, None, None, ruling.reason, ruling.template, details)
            return (await self._oversight.note(work, await acting_as(work, actor), act))[0].number

        parent = await self._settlement.run(actor.programme_id, begun)
        results: list[BulkResult] = []
        with self._oversight.within(parent):
            for case_id, version in cases:
                try:
                    case = await self.decide(actor, case_id, version, ruling)
                    results.append(BulkResult(case_id, case, None))
                except DomainError as error:
                    results.append(BulkResult(case_id, None, error))
        return parent, results

    # -- within

    async def _seen(self, work: Unit, actor: Actor, case_id: bytes) -> tuple[Viewer, Case, str]:
        """Who acts, and a case that is there for them. Raises: Forbidden, NotFound."""
        viewer = await self._contents.viewer(work, actor)
        if not viewer.moderated and not actor.can(Permission.COMMUNITY_MODERATE):
            raise Forbidden("This is for those who look after a space.")
        case = (await self._cases.by_ids(actor.programme_id, [case_id], work.tx)).get(case_id)
        if case is None or not may_see(viewer, case):
            raise NotFound("There is no such case.", path=["caseId"])
        return viewer, case, await acting_as(work, actor)

    async def _done(
        self, work: Unit, actor: Actor, viewer: Viewer, case: Case, by: str, ruling: Ruling, said: str | None
    ) -> int | None:
        """Do what was decided; the version of the thing afterwards."""
        if case.kind is CaseKind.APPEAL:
            await self._appeal(work, actor, case, by, ruling, said)
            return None
        if case.kind is CaseKind.BAN:
            await self._sanctioning.confirm(work, by, case, ruling.decision is Decision.CONFIRM, said)
            return None
        return await self._content(work, actor, viewer, case, by, ruling, said)

    async def _content(
        self, work: Unit, actor: Actor, viewer: Viewer, case: Case, by: str, ruling: Ruling, said: str | None
    ) -> int:
        content = await self._contents.find(work, case.subject)
        await self._require_rank(work, viewer, content, ruling)
        # The case is decided before the thing changes, so that the change does not decide it once more.
        await self._cases.save([decided(case, ruling.decision, by, said, work, content.version)], work.tx)
        await self._verdicts.settle(work, case, ruling.decision)
        changed = False
        if ruling.decision is Decision.REMOVE:
            if content.state is not PostState.REMOVED:
                rule = next(iter(case.rules), None) or _most(case)
                await self._contents.take_down(work, actor, content, PostState.REMOVED, said, rule)
                changed = True
        else:
            changed = await self._contents.publish(work, actor, content)
        if not changed:
            kind = {Decision.KEEP: ActKind.KEPT, Decision.IGNORE: ActKind.IGNORED}.get(ruling.decision)
            if kind is not None:
                about = Act(kind, case.subject, case.member_id, content.post.space, said)
                await self._oversight.note(work, by, about)
        await self._beside(work, actor, viewer, content, ruling)
        if ruling.sanction is not None:
            actor.require(Permission.COMMUNITY_MODERATE)
            laid = ruling.sanction
            await self._sanctioning.lay(work, actor, by, case.member_id, laid.kind, laid.until, said)
        return (await self._contents.find(work, case.subject)).version

    async def _require_rank(self, work: Unit, viewer: Viewer, content: Content, ruling: Ruling) -> None:
        """Raises: Forbidden where a space's moderator would act against who has no lower role there."""
        if ruling.decision is not Decision.REMOVE and ruling.sanction is None and not ruling.lock:
            return
        space, programme_id = content.post.space, content.post.programme_id
        theirs = await self._memberships.find(programme_id, space, content.author_id, work.tx)
        if not may_act_on(viewer.rights[space], theirs):
            raise Forbidden("This takes a higher role in the space than theirs.")

    async def _beside(
        self, work: Unit, actor: Actor, viewer: Viewer, content: Content, ruling: Ruling
    ) -> None:
        """Lock and move the post."""
        if not ruling.lock and ruling.move_to is None:
            return
        if content.comment is not None:
            raise InvalidInput("Only a post is locked or moved.", path=["caseId"])
        post = (await self._contents.find(work, content.subject)).post
        after = evolve(post, locked=True) if ruling.lock else post
        if ruling.move_to is not None:
            target = viewer.rights.get(ruling.move_to)
            if target is None or not target.moderates:
                raise NotFound("There is no such space.", path=["moveTo"])
            if post.kind not in target.space.kinds:
                raise InvalidInput(f"That space takes no {post.kind}.", path=["moveTo"])
            after = evolve(after, space=ruling.move_to, pinned_at=None)
        await self._contents.keep_post(work, actor, post, after)

    async def _appeal(
        self, work: Unit, actor: Actor, case: Case, by: str, ruling: Ruling, said: str | None
    ) -> None:
        found = await self._statements.by_ids(case.programme_id, [case.subject.id], work.tx)
        statement = found[case.subject.id]
        assert statement.appeal is not None  # noqa: S101 - the case is the appeal's
        overturned = ruling.decision is Decision.OVERTURN
        appeal = evolve(
            statement.appeal,
            state=AppealState.OVERTURNED if overturned else AppealState.UPHELD,
            answered_at=work.space.now,
            answer=said,
        )
        answered = evolve(statement, appeal=appeal)
        await self._statements.save([answered], work.tx)
        kind = ActKind.APPEAL_OVERTURNED if overturned else ActKind.APPEAL_UPHELD
        await self._oversight.note(work, by, Act(kind, case.subject, case.member_id, case.space, said))
        if overturned:
            await self._take_back(work, actor, by, statement)
        await tell(work, answered)

    async def _take_back(self, work: Unit, actor: Actor, by: str, statement: Statement) -> None:
        """Undo what the statement was about."""
        if statement.kind is ActKind.DISQUALIFIED:
            contest = (statement.details or {})["contest"]
            await self._contests.readmit(work, by, contest, statement.subject.id, statement.at)
        elif statement.subject.kind in (SubjectKind.POST, SubjectKind.COMMENT):
            content = await self._contents.find(work, statement.subject)
            if content.state in (PostState.REMOVED, PostState.HIDDEN):
                await self._contents.publish(work, actor, content)
        if statement.sanction_id is not None:
            await self._sanctioning.end(work, by, statement.sanction_id, None)


def may_see(viewer: Viewer, case: Case) -> bool:
    """Whether a case is there for them: staff see all, who looks after a space those of what is written there."""
    if viewer.actor.can(Permission.COMMUNITY_MODERATE):
        return True
    return case.kind is CaseKind.CONTENT and case.space is not None and case.space in viewer.moderated


def _require_open(case: Case) -> None:
    if case.state is not CaseState.OPEN:
        raise Conflict("Somebody has decided on it.", code=ErrorCode.CASE_DECIDED, path=["caseId"])


def _most(case: Case) -> str | None:
    """What it was reported for most."""
    reasons = case.reasons or {}
    return max(reasons, key=lambda key: (reasons[key], key), default=None)
