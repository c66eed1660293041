"""Playing the rehearsals that were asked for, one at a time a process. What a process leaves behind another begins anew: states are
in memory, and the same history gives the same result."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from gamification.kit.errors import DomainError
from gamification.kit.identifiers import new_id
from gamification.programmes.catalogue import Catalogue
from gamification.rehearsal.model import ATTEMPTS_MAX, KEPT_FOR, Rehearsal
from gamification.rehearsal.rehearsing import Rehearser
from gamification.rehearsal.repository import RehearsalRepository
from storage.mongo import Mongo, MongoUnavailable, TookTooLong, Tx

HEARD_SECONDS = 0.5
"""How often it is noted how far one is, and asked whether to go on."""
_FORGETTING = timedelta(minutes=10)
_FORGOTTEN_AT_ONCE = 100


class Stopped(Exception):
    """The rehearsal was cancelled, or another process plays it."""


class RehearsalKeeping:
    """What the worker does."""

    def __init__(
        self, mongo: Mongo, rehearser: Rehearser, repository: RehearsalRepository, now: Callable[[], datetime]
    ) -> None:
        self._mongo = mongo
        self._rehearser = rehearser
        self._repository = repository
        self._now = now
        self._forgot_at: datetime | None = None

    async def run_due(self) -> int:
        """Play what waits, then forget what is old; how many were played."""
        done = 0
        while await self._run_one():
            done += 1
        now = self._now()
        # Clocks are put back too.
        if self._forgot_at is None or abs(now - self._forgot_at) >= _FORGETTING:
            self._forgot_at = now
            while await self._repository.forget(now - KEPT_FOR, _FORGOTTEN_AT_ONCE):
                pass
        return done

    async def _run_one(self) -> bool:
        holder = new_id()
        claimed = await self._repository.claim(holder, self._now())
        if claimed is None:
            return False
        rehearsal, draft = claimed
        if rehearsal.attempts > ATTEMPTS_MAX:
            problem = f"It was begun {ATTEMPTS_MAX} times, and each time its process stopped."
            await self._repository.fail(rehearsal.id, holder, problem, self._now())
            return True
        try:
            await self._play(rehearsal, draft, holder)
        except Stopped:
            return True
        except DomainError as error:
            await self._repository.fail(rehearsal.id, holder, error.message, self._now())
        except (MongoUnavailable, TookTooLong):
            raise  # it is begun anew once that is over
        except Exception:
            await self._repository.fail(rehearsal.id, holder, "It could not be finished.", self._now())
            raise
        await self._repository.forget_oldest(rehearsal.programme_id)
        return True

    async def _play(self, rehearsal: Rehearsal, draft: Catalogue, holder: bytes) -> None:
        heard = 0.0

        async def on_progress(done: int, total: int) -> None:
            nonlocal heard
            at = time.monotonic()
            if done == 0 or at - heard >= HEARD_SECONDS:
                heard = at
                if not await self._repository.hear(rehearsal.id, holder, done, total, self._now()):
                    raise Stopped

        result = await self._rehearser.rehearse(
            draft, rehearsal.span, rehearsal.order, rehearsal.newest, on_progress
        )

        async def body(tx: Tx) -> None:
            await self._repository.finish(rehearsal.id, holder, result, self._now(), tx)

        await self._mongo.transaction(body)
