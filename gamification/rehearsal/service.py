"""Asking for rehearsals, and reading what they found."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import Conflict, ErrorCode, InvalidInput, NotFound
from gamification.kit.identifiers import new_id
from gamification.kit.records import record
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.service import Stated
from gamification.rehearsal.model import DAYS_MAX, OPEN_MAX, Rehearsal, RehearsalOrder, Span
from gamification.rehearsal.rehearsing import OnProgress, Rehearser
from gamification.rehearsal.repository import RehearsalRepository
from gamification.rehearsal.result import Result
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit
from storage.mongo import Tx
from storage.paging import Page, Window


@record(frozen=True, slots=True)
class Draft:
    """What is rehearsed: a whole document, or else definitions, as (section, definition), that are put in the place of those of
    their keys, and drafts, as (section, key), that are published."""

    document: object | None = None
    definitions: tuple[Stated, ...] = ()
    publish: tuple[tuple[str, str], ...] = ()


class RehearsalService:
    """`startRehearsal`, `cancelRehearsal`, `rehearsal`, `rehearsals`: operators."""

    def __init__(
        self, settlement: SettlementService, rehearser: Rehearser, repository: RehearsalRepository
    ) -> None:
        self._settlement = settlement
        self._rehearser = rehearser
        self._repository = repository

    async def start(
        self, actor: Actor, draft: Draft, since: datetime, until: datetime, order: RehearsalOrder, key: str
    ) -> tuple[Rehearsal, bool]:
        """Ask for one; a worker plays it. And whether it had been asked for before.

        Raises: Forbidden, Problem, InvalidInput, NotFound, IdempotencyConflict, Conflict where too many wait.
        """
        actor.require(Permission.PROGRAMME_REHEARSE)
        span = span_of(since, until)

        async def body(work: Unit) -> dict[str, Any]:
            catalogue, changed = await self._drafted(actor, draft, work.tx)
            slot = await self._repository.free_slot(actor.programme_id, work.tx)
            if slot is None:
                raise Conflict(
                    f"{OPEN_MAX} rehearsals are not finished yet; wait for one, or cancel it.",
                    code=ErrorCode.CONFLICT,
                    limit=OPEN_MAX,
                )
            rehearsal = Rehearsal(
                id=new_id(),
                programme_id=actor.programme_id,
                version=work.space.catalogue.version,
                changes=tuple(changed),
                span=span,
                order=order,
                newest=await self._rehearser.history(actor.programme_id).newest(),
                asked_by=f"{actor.role}:{actor.subject}",
                asked_at=work.space.now,
            )
            await self._repository.add(rehearsal, catalogue, slot, work.tx)
            return {"rehearsal": rehearsal.id}

        payload = {
            "document": draft.document,
            "definitions": [list(one) for one in draft.definitions],
            "publish": [list(one) for one in draft.publish],
            "span": [span.since.isoformat(), span.until.isoformat()],
            "order": order.value,
        }
        result, replayed = await self._settlement.run_once(actor, key, "startRehearsal", payload, body)
        return await self._existing(actor, result["rehearsal"]), replayed

    async def cancel(self, actor: Actor, found: bytes) -> Rehearsal:
        """End one; one that is finished stays as it is. Raises: Forbidden, NotFound."""
        actor.require(Permission.PROGRAMME_REHEARSE)
        await self._existing(actor, found)
        await self._repository.cancel(actor.programme_id, found, self._settlement.now())
        return await self._existing(actor, found)

    async def find(self, actor: Actor, found: bytes) -> Rehearsal | None:
        """One of the programme's; None where there is none, or the actor may not see it."""
        if not actor.can(Permission.PROGRAMME_REHEARSE):
            return None
        return (await self._repository.by_ids(actor.programme_id, [found])).get(found)

    async def results(self, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Result]:
        """What those found that are done, by id. Raises: Forbidden."""
        actor.require(Permission.PROGRAMME_REHEARSE)
        return await self._repository.results(actor.programme_id, ids)

    async def page(self, actor: Actor, window: Window) -> Page[Rehearsal]:
        """The programme's, newest first. Raises: Forbidden."""
        actor.require(Permission.PROGRAMME_REHEARSE)
        return await self._repository.page(actor.programme_id, window)

    async def rehearse(
        self,
        actor: Actor,
        draft: Draft,
        span: Span,
        order: RehearsalOrder,
        on_progress: OnProgress | None = None,
    ) -> tuple[Catalogue, Result]:
        """Rehearse here and now, and keep nothing: the draft, and what was found. Raises: as `start`, LimitExceeded."""
        actor.require(Permission.PROGRAMME_REHEARSE)
        catalogue, _ = await self._drafted(actor, draft, None)
        newest = await self._rehearser.history(actor.programme_id).newest()
        return catalogue, await self._rehearser.rehearse(catalogue, span, order, newest, on_progress)

    async def _drafted(self, actor: Actor, draft: Draft, tx: Tx | None) -> tuple[Catalogue, Sequence[Any]]:
        applied = await self._settlement.programmes.draft(
            actor, draft.document, draft.definitions, draft.publish, tx
        )
        return applied.catalogue, applied.changes

    async def _existing(self, actor: Actor, found: bytes) -> Rehearsal:
        rehearsal = await self.find(actor, found)
        if rehearsal is None:
            raise NotFound("There is no such rehearsal; they are kept for some time only.", path=["id"])
        return rehearsal


def span_of(since: datetime, until: datetime) -> Span:
    """The time between them. Raises: InvalidInput where there is none, or too much."""
    if since.tzinfo is None or until.tzinfo is None:
        raise InvalidInput("from and to are instants, with a zone.", path=["from"])
    if until <= since:
        raise InvalidInput("to must be after from.", path=["to"])
    if until - since > timedelta(days=DAYS_MAX):
        raise InvalidInput(f"At most {DAYS_MAX} days are rehearsed.", path=["to"], limit=DAYS_MAX)
    return Span(since.astimezone(UTC), until.astimezone(UTC))
