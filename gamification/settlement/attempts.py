"""More attempts for a member on a board that counts them."""

from typing import Any

from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import Conflict, ErrorCode, InvalidInput, NotFound
from gamification.kit.records import evolve
from gamification.leaderboards.model import Attempts, record_id
from gamification.leaderboards.scoring import attempts_of, is_closed, period_for, period_named
from gamification.members.profile import check_text
from gamification.programmes.catalogue import Catalogue, published
from gamification.programmes.definitions import Leaderboard
from gamification.settlement.needs import Needs
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit

GRANT_MAX = 1000


class AttemptsService:
    """`grantAttempts`: staff and services."""

    def __init__(self, settlement: SettlementService) -> None:
        self._settlement = settlement

    async def grant(
        self,
        actor: Actor,
        member_id: bytes,
        board_key: str,
        period: str | None,
        count: int,
        reason: str,
        key: str,
    ) -> tuple[Attempts, bool]:
        """Let a member try so many times more in a period, the present one where none is named; what they then had,
        and whether this was a replay. Raises: NotFound, InvalidInput, Conflict, IdempotencyConflict."""
        actor.require(Permission.ATTEMPTS_GRANT)
        check_text(reason, "reason", 500)
        if not 1 <= count <= GRANT_MAX:
            raise InvalidInput(f"attempts must be 1 to {GRANT_MAX}.", path=["attempts"], limit=GRANT_MAX)

        async def body(work: Unit) -> dict[str, Any]:
            space, catalogue = work.space, work.space.catalogue
            board = _counting(catalogue, board_key)
            if period is None:
                found = period_for(catalogue.programme_id, board, space.now, catalogue.settings.time_zone)
            else:
                found = period_named(catalogue.programme_id, board, period, catalogue.settings.time_zone)
            if found is None:
                raise NotFound("The board has no such period.", path=["period"])
            if is_closed(board, found, space.now):
                raise Conflict("The period is closed.", code=ErrorCode.CONFLICT, path=["period"])
            member = await self._settlement.member(actor, member_id, work.tx)
            await work.load(
                Needs(records={record_id(catalogue.programme_id, board.key, found.key, member.id)})
            )
            space.begin(await work.next_sequence())
            record = space.record(member, board.key, found.key)
            changed = evolve(record, granted=record.granted + count, version=space.sequence)
            space.put_record(changed)
            space.periods[found.id] = found
            had = attempts_of(board, changed)
            return {"used": had.used, "granted": had.granted, "allowed": had.allowed}

        payload = {"input": [member_id, board_key, period, count, reason]}
        result, replayed = await self._settlement.run_once(actor, key, "grantAttempts", payload, body)
        return Attempts(result["used"], result["granted"], result["allowed"]), replayed


def _counting(catalogue: Catalogue, key: str) -> Leaderboard:
    board = catalogue.leaderboards.get(key)
    if board is None or not published(board):
        raise NotFound(f"There is no leaderboard {key[:100]!r}.", path=["leaderboard"])
    if board.attempts is None:
        raise InvalidInput(f"The board {key!r} does not count attempts.", path=["leaderboard"])
    return board
