"""Members read what was done against them, and appeal."""

from community.bells import Bells, queue_key
from community.moderation.model import Case, CaseKind, CaseState, Source, case_id
from community.moderation.repository import CaseRepository
from community.oversight.model import SYSTEM, Act, ActKind, Appeal, Statement, Subject, SubjectKind, name_of
from community.oversight.repository import StatementRepository
from community.oversight.service import Oversight
from gamification.kit.actors import Actor, Permission, Role
from gamification.kit.errors import Conflict, ErrorCode, NotFound
from gamification.kit.records import evolve
from gamification.members.model import Member
from gamification.members.profile import check_text
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit
from storage.paging import Page, Window

TEXT_MAX = 2_000


class AppealService:
    """A statement is its member's, and staff's to read; appealing is the member's, banned or not, and a service's for them."""

    def __init__(
        self,
        settlement: SettlementService,
        statements: StatementRepository,
        cases: CaseRepository,
        oversight: Oversight,
        bells: Bells,
    ) -> None:
        self._settlement = settlement
        self._statements = statements
        self._cases = cases
        self._oversight = oversight
        self._bells = bells

    async def appeal(self, actor: Actor, statement_id: bytes, text: str) -> Statement:
        """Object to a decision, once; the same again is the same as once. Raises: NotFound, InvalidInput, Conflict
        (APPEAL_CLOSED)."""
        check_text(text, "text", TEXT_MAX)

        async def body(work: Unit) -> Statement:
            statement = await self._own(work, actor, statement_id)
            if statement.appeal is not None and statement.appeal.text == text:
                return statement
            if statement.appeal is not None or work.space.now >= statement.appeal_until:
                raise Conflict(
                    "There is no appeal against this any more.",
                    code=ErrorCode.APPEAL_CLOSED,
                    path=["statementId"],
                )
            return await self._appealed(work, statement, text)

        statement = await self._settlement.run(actor.programme_id, body)
        await self._bells.ring(queue_key(actor.programme_id))
        return statement

    async def of_member(self, actor: Actor, member: Member, window: Window) -> Page[Statement]:
        """What a member was told, newest first; nothing to others."""
        if not actor.is_member(member.external_id, member.former) and not actor.can(
            Permission.COMMUNITY_READ_ANY
        ):
            return Page([], [], has_next=False, has_previous=False)
        return await self._statements.page(member.programme_id, {"member_id": member.id}, window)

    async def by_ids(self, actor: Actor, ids: list[bytes]) -> dict[bytes, Statement]:
        """Statements of this programme. The caller checks that the actor may read their member's."""
        return await self._statements.by_ids(actor.programme_id, ids)

    # -- within

    async def _own(self, work: Unit, actor: Actor, statement_id: bytes) -> Statement:
        found = (await self._statements.by_ids(actor.programme_id, [statement_id], work.tx)).get(statement_id)
        member = None
        if found is not None:
            members = await work.stores.members.by_ids(actor.programme_id, [found.member_id], work.tx)
            member = members.get(found.member_id)
        is_theirs = member is not None and actor.is_member(member.external_id, member.former)
        if found is None or not (is_theirs or actor.role is Role.SERVICE):
            raise NotFound("There is no such statement.", path=["statementId"])
        return found

    async def _appealed(self, work: Unit, statement: Statement, text: str) -> Statement:
        now = work.space.now
        due_at = now + work.space.catalogue.settings.community.moderation.appeal_answer_within
        appealed = evolve(statement, appeal=Appeal(now, text, due_at))
        await self._statements.save([appealed], work.tx)
        subject = Subject(SubjectKind.STATEMENT, statement.id)
        case = Case(
            id=case_id(statement.programme_id, subject),
            programme_id=statement.programme_id,
            kind=CaseKind.APPEAL,
            subject=subject,
            member_id=statement.member_id,
            space=statement.space,
            state=CaseState.OPEN,
            round=1,
            version=1,
            opened_at=now,
            sources=(Source.APPEAL,),
            by=statement.by if statement.by != SYSTEM else None,
            due_at=due_at,
        )
        await self._cases.save([case], work.tx)
        by = name_of(Actor(statement.programme_id, "", Role.MEMBER), statement.member_id)
        act = Act(ActKind.APPEALED, subject, statement.member_id, statement.space, text)
        await self._oversight.note(work, by, act)
        return appealed
