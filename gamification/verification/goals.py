"""Goals: contributions against standing activity, sums against contributions, and what was paid against all of it."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from gamification.activity.model import Activity
from gamification.goals.counting import counted_in
from gamification.goals.model import UNCOUNTED, GoalContribution, Payment, Run, RunState, new_run
from gamification.goals.splitting import divide
from gamification.ledger.model import Transfer, TransferKind
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import Goal, GoalMilestone, GoalPays
from gamification.programmes.service import ProgrammeService
from gamification.rules.model import Contribute, ResolvedEffect
from gamification.settlement.unit import Stores
from gamification.verification.report import Report

Contributed = tuple[bytes, str, str, str | None]
"""Member, goal, period and team."""
_ENTRIES_A_READ = 1_000_000


def compare_contributed(
    name: str, activity: Activity, then: Catalogue, effects: Sequence[ResolvedEffect], report: Report
) -> None:
    """What an activity contributed must be what its rules say. The member's team may have changed since, so of goals with
    teams the place is taken as recorded."""
    computed = [
        (one.rule.key, one.rule.version, one.goal, one.by) for one in effects if isinstance(one, Contribute)
    ]
    stored = [(one.rule, one.rule_version, one.goal, one.by) for one in activity.contributed]
    report.compare(f"{name} contributions", sorted(stored), sorted(computed))
    for one in activity.contributed:
        goal = then.goals[one.goal]
        if goal.group is None or one.period != UNCOUNTED:
            at, zone = activity.occurred_at, then.settings.time_zone
            bare = goal.model_copy(update={"group": None})
            period, _ = counted_in(then.programme_id, bare, at, activity.recorded_at, zone, {})
            report.compare(f"{name} counts for {goal.key}", one.period, period)


async def check_goals(
    stores: Stores,
    programmes: ProgrammeService,
    catalogue: Catalogue,
    expected: Mapping[Contributed, int],
    report: Report,
) -> None:
    """All contributions, sums and payments of a programme."""
    seen: set[Contributed] = set()
    for run in await _runs(stores, catalogue.programme_id):
        goal = catalogue.goals[run.goal]
        found = [one async for one in stores.goals.stream_contributions(catalogue.programme_id, [run.id])]
        report.count("goal contributions", len(found))
        for one in found:
            key = (one.member_id, one.goal, one.period, one.team)
            seen.add(key)
            report.compare(f"{_name(run)} of {one.member_id.hex()}", one.value, expected.get(key, 0))
        await _check_sums(stores, run, goal, found, report)
        await _check_paid(stores, programmes, run, goal, found, report)
    for member_id, goal_key, period, _ in (key for key in expected if expected[key] and key not in seen):
        report.differs(f"goal {goal_key} {period}: the contribution of {member_id.hex()} is missing")


async def _runs(stores: Stores, programme_id: str) -> list[Run]:
    """All runs, those too whose first entries were not added up yet."""
    runs = {run.id: run for run in await stores.goals.all_runs(programme_id)}
    for found in await stores.goals.waiting(programme_id):
        if found not in runs:
            (entry,) = await stores.goals.entries(programme_id, found, 1)
            runs[found] = new_run(entry.period)
    return list(runs.values())


async def _check_sums(
    stores: Stores, run: Run, goal: Goal, found: Sequence[GoalContribution], report: Report
) -> None:
    report.count("goal sums")
    entries = await stores.goals.entries(run.programme_id, run.id, _ENTRIES_A_READ)
    stored = (
        run.total + sum(one.by for one in entries),
        run.contributors + sum(one.contributors for one in entries),
        run.participants + sum(one.participants for one in entries),
    )
    values = [one.value for one in found]
    computed = sum(values), sum(value > 0 for value in values), sum(value >= goal.least for value in values)
    report.compare(f"{_name(run)} sums", stored, computed)


async def _check_paid(
    stores: Stores,
    programmes: ProgrammeService,
    run: Run,
    goal: Goal,
    found: Sequence[GoalContribution],
    report: Report,
) -> None:
    stages: dict[str, GoalMilestone] = {}
    for one in run.reached:
        then = await programmes.catalogue(run.programme_id, one.programme_version)
        stages[one.milestone] = next(
            stage for stage in then.goals[run.goal].stages if stage.key == one.milestone
        )
        if one.value < one.threshold:
            report.differs(f"{_name(run)}: {one.milestone} was reached at {one.value} of {one.threshold}")
        if (
            run.state is not RunState.OPEN
            and goal.pays is GoalPays.CLOSE
            and (run.final or 0) < one.threshold
        ):
            report.differs(f"{_name(run)}: {one.milestone} is paid, but not reached at the close")
    shares = await _shares(stores, run, stages, report)
    named = [transfer for one in found for payment in one.payments for transfer in payment.transfers]
    transfers = await stores.ledger.transfers(run.programme_id, named) if named else {}
    report.count("goal payments", sum(len(one.payments) for one in found))
    for transfer_id, times in Counter(named).items():
        report.compare(f"{_name(run)} times that {transfer_id.hex()} was paid", times, 1)
        if transfer_id not in transfers:
            report.differs(f"{_name(run)}: payment {transfer_id.hex()} is not in the ledger")
    for contribution in found:
        _check_contribution(run, goal, contribution, stages, shares, transfers, report)


async def _shares(
    stores: Stores, run: Run, stages: Mapping[str, GoalMilestone], report: Report
) -> dict[str, dict[bytes, int]]:
    """What each gets of what is split, computed anew; together exactly the sum."""
    if run.state not in (RunState.CLOSING, RunState.CLOSED):
        return {}
    shares: dict[str, dict[bytes, int]] = defaultdict(dict)
    parts = await stores.goals.parts(run.id)
    for key, stage in stages.items():
        if stage.split is not None:
            shares[key] = divide(stage.split.amount, parts, stage.split.by)
            if parts:
                name = f"{_name(run)} split of {key}"
                report.compare(name, sum(shares[key].values()), stage.split.amount)
    return shares


def _check_contribution(
    run: Run,
    goal: Goal,
    one: GoalContribution,
    stages: Mapping[str, GoalMilestone],
    shares: Mapping[str, Mapping[bytes, int]],
    transfers: Mapping[bytes, Transfer],
    report: Report,
) -> None:
    name = f"{_name(run)} of {one.member_id.hex()}"
    standing = [payment for payment in one.payments if payment.stands]
    if standing and one.value < goal.least:
        report.differs(f"{name}: paid, with {one.value} of the least {goal.least}")
    kinds = Counter((payment.milestone, payment.share is not None) for payment in standing)
    for (milestone, _), times in kinds.items():
        report.compare(f"{name} times that {milestone} is paid", times, 1)
    for payment in one.payments:
        if payment.milestone not in stages:
            report.differs(f"{name}: paid for {payment.milestone}, which was not reached")
        elif payment.share is not None:
            computed = shares.get(payment.milestone, {}).get(one.id)
            report.compare(f"{name} share of {payment.milestone}", payment.share, computed)
            _check_share(name, payment, transfers, report)


def _check_share(name: str, payment: Payment, transfers: Mapping[bytes, Transfer], report: Report) -> None:
    """The ledger has exactly the share, or less where a cap of the unit says so."""
    paid = [transfers[one] for one in payment.transfers if one in transfers]
    applied = sum(one.pending if one.kind is TransferKind.PENDING else one.amount for one in paid)
    if not any(one.limited_by for one in paid):
        report.compare(f"{name} paid for {payment.milestone}", applied, payment.share)


def _name(run: Run) -> str:
    return " ".join(filter(None, ("goal", run.goal, run.period, run.team)))
