"""Filing complaints, writing about them, answering them: each use case one transaction, told to the member through their feed."""

from collections.abc import Awaitable, Callable
from typing import Any

from community.acting import acting
from community.complaints import states
from community.complaints.model import About, Complaint, ComplaintState, Message, MessageKind, Rating
from community.complaints.repository import ComplaintRepository
from community.writing.limits import check_body
from gamification.kit.actors import Actor, Permission, Role
from gamification.kit.errors import Conflict, ErrorCode, NotFound
from gamification.kit.identifiers import new_id
from gamification.kit.spans import later, span
from gamification.members.feed import FeedKind
from gamification.members.model import Member
from gamification.programmes.catalogue import published
from gamification.programmes.definitions import ComplaintCategory
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit

TEXT_MAX = 5_000
RATING_TEXT_MAX = 1_000
OWED_MAX = 20
"""So many complaints of a member may wait for an answer."""
Change = Callable[[Unit, Complaint, str | None], Awaitable[Complaint]]
"""From a complaint to what becomes of it, by staff of that name, or by its member where it is None."""


class ComplaintService:
    """Members complain for themselves, services for any member; staff and services answer."""

    def __init__(self, settlement: SettlementService, repository: ComplaintRepository) -> None:
        self._settlement = settlement
        self._repository = repository

    # -- members

    async def file(
        self,
        actor: Actor,
        member_id: bytes | None,
        category: str,
        text: str,
        about: About | None,
        key: str,
    ) -> tuple[Complaint, bool]:
        """File a complaint; and whether the key had acted before. The caller has seen what it is about.

        Raises: Forbidden, NotFound, InvalidInput, Conflict (COMPLAINT_LIMIT), IdempotencyConflict.
        """
        text = check_body(text, "text", TEXT_MAX)

        async def body(work: Unit) -> dict[str, Any]:
            member = await acting(self._settlement, work, actor, member_id)
            found = work.space.catalogue.complaint_categories.get(category)
            if found is None or not published(found):
                raise NotFound("There is no such category.", path=["category"])
            await self._require_room(work, member, "category")
            now = work.space.now
            due = later(now, span(found.answer_within), work.space.catalogue.settings.time_zone)
            complaint = Complaint(
                id=new_id(),
                programme_id=actor.programme_id,
                member_id=member.id,
                category=category,
                text=text,
                about=about,
                state=ComplaintState.OPEN,
                version=1,
                filed_at=now,
                first_due_at=due,
                due_at=due,
            )
            await self._keep(work, complaint)
            return {"complaint": complaint.id}

        stated = [member_id, category, text, about and [about.kind, about.id]]
        return await self._once(actor, key, "fileComplaint", stated, body)

    async def reopen(
        self, actor: Actor, member_id: bytes | None, complaint_id: bytes, text: str, key: str
    ) -> tuple[Complaint, bool]:
        """Take one's complaint up again, with why. Raises: Forbidden, NotFound, InvalidInput, Conflict (COMPLAINT_STATE,
        COMPLAINT_LIMIT), IdempotencyConflict."""
        text = check_body(text, "text", TEXT_MAX)

        async def body(work: Unit) -> dict[str, Any]:
            complaint, member = await self._own(work, actor, member_id, complaint_id)
            catalogue, now = work.space.catalogue, work.space.now
            category = catalogue.complaint_categories.get(complaint.category)
            zone = catalogue.settings.time_zone
            stated = category or ComplaintCategory(key=complaint.category)
            changed = states.reopened(
                complaint,
                now,
                later(states.over_since(complaint), span(stated.reopen_within), zone),
                later(now, span(stated.answer_within), zone),
            )
            await self._require_room(work, member, "complaintId")
            await self._say(work, complaint, MessageKind.REOPENING, None, text)
            await self._keep(work, changed)
            return {"complaint": complaint_id}

        stated = [member_id, complaint_id, text]
        return await self._once(actor, key, "reopenComplaint", stated, body)

    async def rate(
        self, actor: Actor, member_id: bytes | None, complaint_id: bytes, score: int, text: str | None
    ) -> Complaint:
        """Say how content one is with the answer; the last time counts. Raises: Forbidden, NotFound, InvalidInput, Conflict
        (COMPLAINT_STATE)."""
        said = check_body(text, "text", RATING_TEXT_MAX) if text is not None else None

        async def body(work: Unit) -> Complaint:
            complaint, _ = await self._own(work, actor, member_id, complaint_id)
            changed = states.rated(complaint, Rating(score, said, work.space.now))
            await self._keep(work, changed)
            return changed

        return await self._settlement.run(actor.programme_id, body)

    # -- both

    async def write(
        self, actor: Actor, member_id: bytes | None, complaint_id: bytes, text: str, key: str
    ) -> tuple[Complaint, bool]:
        """Write about a complaint: its member to staff, or staff to its member. Raises: Forbidden, NotFound, InvalidInput,
        Conflict (COMPLAINT_STATE), IdempotencyConflict."""
        text = check_body(text, "text", TEXT_MAX)

        async def change(work: Unit, complaint: Complaint, by: str | None) -> Complaint:
            changed = states.written_to(complaint)
            await self._say(work, complaint, MessageKind.MESSAGE, by, text)
            return changed

        async def body(work: Unit) -> dict[str, Any]:
            await self._change(work, actor, member_id, complaint_id, change, says=True)
            return {"complaint": complaint_id}

        stated = [member_id, complaint_id, text]
        return await self._once(actor, key, "sendComplaintMessage", stated, body)

    async def close(
        self, actor: Actor, member_id: bytes | None, complaint_id: bytes, version: int
    ) -> Complaint:
        """Close a complaint: its member whenever they like, staff once it is answered. Again is the same as once. Raises:
        Forbidden, NotFound, Conflict (STALE_VERSION, COMPLAINT_STATE)."""

        async def change(work: Unit, complaint: Complaint, by: str | None) -> Complaint:
            if complaint.state is ComplaintState.CLOSED:
                return complaint
            states.require_version(complaint, version)
            return states.closed(complaint, work.space.now, by_member=by is None)

        async def body(work: Unit) -> Complaint:
            return await self._change(work, actor, member_id, complaint_id, change)

        return await self._settlement.run(actor.programme_id, body)

    # -- staff

    async def assign(self, actor: Actor, complaint_id: bytes, version: int, *, take: bool) -> Complaint:
        """Take a complaint into one's hands, or give it out of whosever. Raises: Forbidden, NotFound, Conflict (STALE_VERSION,
        COMPLAINT_STATE)."""
        actor.require(Permission.COMPLAINTS_HANDLE)

        async def change(_: Unit, complaint: Complaint, by: str | None) -> Complaint:
            states.require_version(complaint, version)
            return states.taken(complaint, by or "") if take else states.released(complaint)

        async def body(work: Unit) -> Complaint:
            return await self._change(work, actor, None, complaint_id, change)

        return await self._settlement.run(actor.programme_id, body)

    async def answer(
        self, actor: Actor, complaint_id: bytes, version: int, text: str, key: str
    ) -> tuple[Complaint, bool]:
        """Answer a complaint as it was read: where anything was written or done since, nothing is. Raises: Forbidden, NotFound,
        InvalidInput, Conflict (STALE_VERSION, COMPLAINT_STATE), IdempotencyConflict."""
        actor.require(Permission.COMPLAINTS_HANDLE)
        text = check_body(text, "text", TEXT_MAX)

        async def change(work: Unit, complaint: Complaint, by: str | None) -> Complaint:
            states.require_version(complaint, version)
            changed = states.answered(complaint, by or "", work.space.now)
            await self._say(work, complaint, MessageKind.ANSWER, by, text)
            return changed

        async def body(work: Unit) -> dict[str, Any]:
            await self._change(work, actor, None, complaint_id, change)
            return {"complaint": complaint_id}

        return await self._once(actor, key, "answerComplaint", [complaint_id, version, text], body)

    # -- within

    async def _once(
        self,
        actor: Actor,
        key: str,
        operation: str,
        stated: list[Any],
        body: Callable[[Unit], Awaitable[dict[str, Any]]],
    ) -> tuple[Complaint, bool]:
        result, replayed = await self._settlement.run_once(actor, key, operation, {"input": stated}, body)
        found = await self._repository.by_ids(actor.programme_id, [result["complaint"]])
        return found[result["complaint"]], replayed

    async def _change(
        self,
        work: Unit,
        actor: Actor,
        member_id: bytes | None,
        complaint_id: bytes,
        change: Change,
        *,
        says: bool = False,
    ) -> Complaint:
        """What becomes of a complaint, by its member or by staff; kept where it differs. `says`: something is written that
        changes no state, which its member is told of where it was staff."""
        if member_id is not None or actor.role is Role.MEMBER:
            complaint, _ = await self._own(work, actor, member_id, complaint_id)
            by = None
        else:
            actor.require(Permission.COMPLAINTS_HANDLE)
            complaint = await self._find(work, actor, complaint_id)
            by = f"{actor.role}:{actor.subject}"
        changed = await change(work, complaint, by)
        if changed != complaint:
            await self._keep(work, changed, is_message=says and by is not None)
        return changed

    async def _own(
        self, work: Unit, actor: Actor, member_id: bytes | None, complaint_id: bytes
    ) -> tuple[Complaint, Member]:
        """A complaint and its member, who acts. Raises: NotFound, also where it is another's; Forbidden."""
        member = await acting(self._settlement, work, actor, member_id)
        complaint = await self._find(work, actor, complaint_id)
        if complaint.member_id != member.id:
            raise _missing()
        return complaint, member

    async def _require_room(self, work: Unit, member: Member, path: str) -> None:
        """Raises: Conflict (COMPLAINT_LIMIT) where as many wait as may. Who files two at once is told of both, which
        conflicts."""
        if await self._repository.owed(member.id, work.tx) >= OWED_MAX:
            raise Conflict(
                f"At most {OWED_MAX} complaints wait for an answer.",
                code=ErrorCode.COMPLAINT_LIMIT,
                path=[path],
            )

    async def _find(self, work: Unit, actor: Actor, complaint_id: bytes) -> Complaint:
        """Raises: NotFound, also where its member is erased."""
        found = await self._repository.by_ids(actor.programme_id, [complaint_id], work.tx)
        if complaint_id not in found:
            raise _missing()
        complaint = found[complaint_id]
        members = await work.stores.members.by_ids(actor.programme_id, [complaint.member_id], work.tx)
        if complaint.member_id not in members or members[complaint.member_id].is_gone:
            raise _missing()
        return complaint

    async def _say(
        self, work: Unit, complaint: Complaint, kind: MessageKind, by: str | None, text: str
    ) -> None:
        message = Message(
            new_id(),
            complaint.programme_id,
            complaint.id,
            complaint.member_id,
            kind,
            by,
            text,
            work.space.now,
        )
        await self._repository.add_message(message, work.tx)

    async def _keep(self, work: Unit, complaint: Complaint, *, is_message: bool = False) -> None:
        """Keep it as it is now, and tell its member; `is_message`: staff wrote, and it is in the state that it was in."""
        await self._repository.save(complaint, work.tx)
        body: dict[str, Any] = {"complaint": complaint.id, "state": complaint.state.value}
        body |= {"version": complaint.version} if is_message else {}
        work.space.tell(complaint.member_id, FeedKind.COMPLAINT_CHANGED, body)


def _missing() -> NotFound:
    return NotFound("There is no such complaint.", path=["complaintId"])
