"""Keeping goals: what members contributed is added up, milestones are found reached, and what they give is given.

The worker alone writes what members share. Each step is one transaction that says how far it has come, so it can be killed
anywhere, run in as many processes as there are, and come late: what there is to do stays the same.
"""

from collections.abc import Awaitable, Callable, Sequence

import structlog

from gamification.goals.counting import add_up, reach, value_of
from gamification.goals.model import GoalPeriod, Run, RunState, new_run
from gamification.goals.splitting import divide
from gamification.kit.records import evolve
from gamification.programmes.catalogue import Catalogue, published
from gamification.programmes.definitions import Goal, GoalPays
from gamification.settlement.closing import SURELY_SETTLED
from gamification.settlement.goal_paying import Terms, pay_part
from gamification.settlement.goals import period_in
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit
from storage.mongo import Contention
from storage.redis import RedisStore, RedisUnavailable

log = structlog.get_logger()
CHANNEL = "sg:goals"
"""Where it is published that a run has changed."""
ENTRIES_A_PART = 2000
MEMBERS_A_PART = 250
_PATIENCE_S = 1.0
_FROZEN = frozenset({RunState.FREEZING, RunState.CLOSING})


class GoalKeeping:
    """Called by the scheduler, in as many processes as there are."""

    def __init__(
        self, settlement: SettlementService, redis: RedisStore, members_a_part: int = MEMBERS_A_PART
    ) -> None:
        self._settlement = settlement
        self._redis = redis
        self._goals = settlement.stores.goals
        self._members_a_part = members_a_part

    async def run_due(self) -> int:
        """Do all that is due, of all programmes; in how many steps."""
        keys = await self._settlement.programmes.keys("goals")
        return sum([await self.run_in(key) for key in keys])

    async def run_in(self, programme_id: str) -> int:
        """Do all that is due of a programme; in how many steps."""
        catalogue = await self._settlement.programmes.catalogue(programme_id)
        if not catalogue.document.goals:
            return 0
        steps = 0
        for run_id in await self._goals.waiting(programme_id):
            steps += await self.add_up(programme_id, run_id)
        for goal in catalogue.document.goals:
            if published(goal):
                steps += await self._keep(programme_id, goal)
        return steps

    async def add_up(self, programme_id: str, run_id: bytes) -> int:
        """Add what transactions left to a run, and find what it reaches; in how many steps."""

        async def body(work: Unit) -> tuple[Run | None, bool]:
            entries = await self._goals.entries(programme_id, run_id, ENTRIES_A_PART, work.tx)
            stored = (await self._goals.runs([run_id], work.tx)).get(run_id)
            if not entries and (stored is None or stored.version == self._version(work, stored)):
                return None, True
            goal = work.space.catalogue.goals[entries[0].period.goal if stored is None else stored.goal]
            run = stored or new_run(entries[0].period)
            run = _bounded(work, goal, evolve(run, revision=run.revision + 1, version=goal.version))
            run = add_up(run, entries)
            if entries and run.turn and run.state is RunState.OPEN:
                run = evolve(run, unpaid=True)
            if published(goal):
                run = reach(goal, run, work.space.now, work.space.catalogue.version)
            await self._goals.forget_entries(entries, work.tx)
            await self._goals.save_run(run, work.tx)
            return run, len(entries) < ENTRIES_A_PART

        steps = 0
        while True:
            run, done = await self._settlement.run(programme_id, body)
            if run is not None:
                steps += 1
                await self._tell(run)
            if done:
                return steps

    @staticmethod
    def _version(work: Unit, run: Run) -> int:
        return work.space.catalogue.goals[run.goal].version

    async def _keep(self, programme_id: str, goal: Goal) -> int:
        """What is due of one goal's runs, beside adding up."""
        steps = 0
        for run_id in await self._goals.of_other_versions(programme_id, goal.key, goal.version):
            steps += await self.add_up(programme_id, run_id)
        if goal.settles_after is not None:
            ended_by = self._settlement.now() - goal.settles_after - SURELY_SETTLED
            for run_id in await self._goals.ended(programme_id, goal.key, ended_by):
                steps += await self._close(programme_id, run_id)
        for run_id in await self._goals.unpaid(programme_id, goal.key):
            steps += await self._pay(programme_id, run_id)
        return steps

    async def _close(self, programme_id: str, run_id: bytes) -> int:
        """Decide what was reached for good, and begin to give it."""
        steps = await self.add_up(programme_id, run_id)

        async def body(work: Unit) -> Run | None:
            run = (await self._goals.runs([run_id], work.tx))[run_id]
            goal = work.space.catalogue.goals[run.goal]
            closing = goal.closing(run.ends_at)
            is_due = closing is not None and closing + SURELY_SETTLED <= work.space.now
            if run.state is not RunState.OPEN or not published(goal) or not is_due:
                return None
            run = reach(goal, run, work.space.now, work.space.catalogue.version, closing=True)
            splits = any(one.stage.split for one in await self._terms(run))
            run = evolve(
                run,
                state=RunState.FREEZING if splits else RunState.CLOSING,
                turn=run.turn + 1,
                unpaid=True,
                final=value_of(goal, run),
                revision=run.revision + 1,
            )
            await self._goals.save_run(run, work.tx)
            return run

        closed = await self._settlement.run(programme_id, body)
        if closed is not None:
            await self._tell(closed)
        return steps + (closed is not None)

    async def _pay(self, programme_id: str, run_id: bytes) -> int:
        """Give what is due to all of a run, and take it on to the next state; in how many steps."""
        steps, size = 0, self._members_a_part
        shares: dict[str, dict[bytes, int]] | None = None
        while True:
            run = (await self._goals.runs([run_id])).get(run_id)
            if run is None or not run.unpaid:
                return steps
            terms = await self._terms(run)
            if run.state is RunState.CLOSING and shares is None:
                shares = await self._shares(run_id, terms)
            given = [Terms(one.reached, one.stage, (shares or {}).get(one.stage.key, {})) for one in terms]
            try:
                done = await self._settlement.run(
                    programme_id, self._part(run, given, size), patience_s=_PATIENCE_S
                )
            except Contention:
                if size == 1:
                    return steps  # the next turn goes on
                size = max(1, size // 4)  # they are busy: fewer of them meet others less often
                continue
            steps += 1
            size = min(self._members_a_part, size * 2)
            if done:
                return steps

    def _part(self, seen: Run, terms: Sequence[Terms], size: int) -> Callable[[Unit], Awaitable[bool]]:
        """The next part of those who are looked at; whether that is all for now."""

        async def body(work: Unit) -> bool:
            run = (await self._goals.runs([seen.id], work.tx))[seen.id]
            goal = work.space.catalogue.goals[run.goal]
            if (run.state, run.turn) != (seen.state, seen.turn) or not run.unpaid:
                return False  # another process has taken it on
            if not published(goal):
                return True
            payable = [one for one in terms if goal.pays is GoalPays.REACHED or run.state in _FROZEN]
            if not await pay_part(work, run, goal, payable, size):
                return False
            changed = _next(work, run)
            await self._goals.save_run(changed, work.tx)
            return not changed.unpaid

        return body

    async def _terms(self, run: Run) -> list[Terms]:
        """What the milestones that were reached give, each as it was stated then."""
        found = []
        for one in run.reached:
            catalogue: Catalogue = await self._settlement.programmes.catalogue(
                run.programme_id, one.programme_version
            )
            stages = {stage.key: stage for stage in catalogue.goals[run.goal].stages}
            found.append(Terms(one, stages[one.milestone]))
        return found

    async def _shares(self, run_id: bytes, terms: Sequence[Terms]) -> dict[str, dict[bytes, int]]:
        """Who gets how much of what is split, by milestone: from what was put down when the run was frozen."""
        parts = await self._goals.parts(run_id) if any(one.stage.split for one in terms) else []
        return {
            one.stage.key: divide(one.stage.split.amount, parts, one.stage.split.by)
            for one in terms
            if one.stage.split is not None
        }

    async def _tell(self, run: Run) -> None:
        period = GoalPeriod(run.programme_id, run.goal, run.period, run.team, run.starts_at, run.ends_at)
        try:
            await self._redis.publish(CHANNEL, [f"{period.doorbell}|{run.revision}".encode()])
        except RedisUnavailable as error:
            log.warning("goal.not_told", goal=run.goal, error=str(error) or type(error).__name__)


def _bounded(work: Unit, goal: Goal, run: Run) -> Run:
    """The run with the bounds that the definition states now, until it is closed."""
    if run.state is not RunState.OPEN:
        return run
    period = period_in(work.space, goal, run.period, run.team)
    return evolve(run, starts_at=period.starts_at, ends_at=period.ends_at)


def _next(work: Unit, run: Run) -> Run:
    """The run once everyone was looked at."""
    revision = run.revision + 1
    if run.state is RunState.FREEZING:
        return evolve(run, state=RunState.CLOSING, turn=run.turn + 1, revision=revision)
    if run.state is RunState.CLOSING:
        return evolve(run, state=RunState.CLOSED, unpaid=False, closed_at=work.space.now, revision=revision)
    return evolve(run, unpaid=False, revision=revision)
