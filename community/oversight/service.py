"""Logging what moderators and rules do, within the transaction that does it, and telling members what is against them."""

import contextlib
import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextvars import ContextVar

from community.oversight.chain import entry_after
from community.oversight.model import SYSTEM, Act, LogEntry, Statement
from community.oversight.repository import LogRepository, StatementRepository
from gamification.kit.identifiers import new_id
from gamification.kit.records import evolve
from gamification.members.feed import FeedKind
from gamification.settlement.unit import Unit

_PARENT: ContextVar[int | None] = ContextVar("moderation_parent", default=None)
Hook = Callable[[Unit, str, Act], Awaitable[None]]


class Oversight:
    """The one way to the log."""

    def __init__(self, log: LogRepository, statements: StatementRepository) -> None:
        self._log = log
        self._statements = statements
        self._hooks: list[Hook] = []

    def then(self, hook: Hook) -> None:
        """Call `hook` in the same transaction with whatever is noted, and who did it."""
        self._hooks.append(hook)

    @staticmethod
    @contextlib.contextmanager
    def within(parent: int) -> Iterator[None]:
        """What is noted meanwhile belongs to the entry of that number."""
        token = _PARENT.set(parent)
        try:
            yield
        finally:
            _PARENT.reset(token)

    async def note(self, work: Unit, by: str, *acts: Act) -> tuple[LogEntry, ...]:
        """Log acts in this order. Whoever they are against gets a statement of the reasons, and is told in their feed."""
        programme_id = work.space.catalogue.programme_id
        number, previous = await self._log.head(programme_id, work.tx)
        entries: list[LogEntry] = []
        for act in acts:
            number += 1
            act = evolve(act, parent=_PARENT.get())
            salt = secrets.token_bytes(16) if act.reason is not None else None
            entry = entry_after(programme_id, number, previous, act, by, work.space.now, salt)
            previous = entry.hash
            entries.append(entry)
        await self._log.add(entries, work.tx)
        await self._tell(work, by, acts)
        for act in acts:
            for hook in self._hooks:
                await hook(work, by, act)
        return tuple(entries)

    async def _tell(self, work: Unit, by: str, acts: tuple[Act, ...]) -> None:
        settings = work.space.catalogue.settings.community.moderation
        now = work.space.now
        told = [
            Statement(
                id=new_id(),
                programme_id=work.space.catalogue.programme_id,
                member_id=act.member_id,
                kind=act.kind,
                subject=act.subject,
                space=act.space,
                reason=act.reason,
                rule=act.rule,
                automated=by == SYSTEM,
                by=by,
                at=now,
                appeal_until=now + settings.appeal_within,
                until=act.until,
                sanction_id=act.sanction_id,
                details=act.details,
            )
            for act in acts
            if act.member_id is not None and act.kind.is_adverse
        ]
        if told:
            await self._statements.save(told, work.tx)
            await tell(work, *told)


async def tell(work: Unit, *statements: Statement) -> None:
    """Tell members in their feeds how a statement stands now."""
    members = await work.stores.members.by_ids(
        work.space.catalogue.programme_id, [one.member_id for one in statements], work.tx
    )
    for one in statements:
        if one.member_id in members and not members[one.member_id].is_gone:
            work.space.tell(one.member_id, FeedKind.MODERATION, {"statement": one.id})
