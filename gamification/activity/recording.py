"""Recording a batch: each activity once, all of them in one transaction, a bad one without harm to its neighbours."""

import copy
from collections.abc import Sequence

from gamification.activity.derivation import facts_of, member_facts, settle
from gamification.activity.intake import accept
from gamification.activity.model import (
    BATCH_MAX,
    Activity,
    ActivityOutcome,
    ActivityStatus,
    NewActivity,
    activity_id,
)
from gamification.activity.repository import ActivityRepository
from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import DomainError, ErrorCode, InvalidInput, LimitExceeded
from gamification.kit.records import evolve, record
from gamification.members.model import Member, Standing
from gamification.rules.engine import counter_ids, evaluate
from gamification.rules.model import Evaluation
from gamification.rules.ruleset import RuleSet, ruleset_of
from gamification.settlement.needs import NeedsFinder
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit


@record(frozen=True, slots=True)
class _Candidate:
    """An activity that passed the checks, with its place in the batch and its member."""

    index: int
    activity: Activity
    member: Member


class RecordingService:
    """`recordActivities`, `POST /events` and the importers."""

    def __init__(self, settlement: SettlementService, repository: ActivityRepository) -> None:
        self._settlement = settlement
        self._repository = repository

    async def record(
        self, actor: Actor, batch: Sequence[NewActivity], *, historic: bool = False
    ) -> list[ActivityOutcome]:
        """One outcome for each, in order. `historic` waives the programme's lateness: importers only.

        Raises: Forbidden, LimitExceeded.
        """
        actor.require(Permission.ACTIVITY_RECORD)
        if len(batch) > BATCH_MAX:
            raise LimitExceeded(
                f"A batch has {len(batch)} activities; at most {BATCH_MAX} are taken.",
                path=["activities"],
                limit=BATCH_MAX,
            )
        if not batch:
            return []

        async def body(work: Unit) -> list[ActivityOutcome]:
            return await self._record(work, batch, historic=historic)

        return await self._settlement.run(actor.programme_id, body)

    async def _record(
        self, work: Unit, batch: Sequence[NewActivity], *, historic: bool
    ) -> list[ActivityOutcome]:
        outcomes: dict[int, ActivityOutcome] = {}
        candidates = await self._candidates(work, batch, outcomes, historic=historic)
        if candidates:
            await self._settle(work, candidates, outcomes)
        return [_with_twin(outcomes[index], batch, outcomes) for index in range(len(batch))]

    async def _candidates(
        self,
        work: Unit,
        batch: Sequence[NewActivity],
        outcomes: dict[int, ActivityOutcome],
        *,
        historic: bool,
    ) -> list[_Candidate]:
        """Those that can be evaluated; the outcomes of the others are filled in."""
        space = work.space
        accepted: dict[int, NewActivity] = {}
        for index, new in enumerate(batch):
            try:
                accepted[index] = accept(new, space.catalogue, space.now, historic=historic)
            except DomainError as error:
                outcomes[index] = _rejected(index, error)
        programme_id = space.catalogue.programme_id
        ids = {index: activity_id(programme_id, new.source, new.source_id) for index, new in accepted.items()}
        known = await self._repository.by_ids(programme_id, set(ids.values()), work.tx)
        members = await work.stores.members.by_external_ids(
            programme_id, {new.member_external_id for new in accepted.values()}, work.tx
        )
        fresh: dict[bytes, tuple[int, NewActivity, Member]] = {}
        for index, new in accepted.items():
            if ids[index] in known or ids[index] in fresh:
                outcomes[index] = ActivityOutcome(index, ActivityStatus.DUPLICATE, known.get(ids[index]))
                continue
            member = members.get(new.member_external_id)
            if member is None or member.standing is Standing.BANNED:
                outcomes[index] = _rejected(index, _no_member(new, member))
                continue
            fresh[ids[index]] = (index, new, member)
        if not fresh:
            return []
        sequence = await work.next_sequence(len(fresh))
        ruleset = ruleset_of(space.catalogue)
        return [
            _Candidate(index, _activity(found, new, member, sequence + offset, work, ruleset), member)
            for offset, (found, (index, new, member)) in enumerate(fresh.items())
        ]

    async def _settle(
        self, work: Unit, candidates: list[_Candidate], outcomes: dict[int, ActivityOutcome]
    ) -> None:
        """Evaluate all to learn what they touch, load that, then settle one by one in order."""
        space = work.space
        ruleset = ruleset_of(space.catalogue)
        wanted = {found for c in candidates for found in counter_ids(ruleset, facts_of(c.activity))}
        stored = await work.stores.counters.values(sorted(wanted), work.tx)
        evaluated = _evaluate(ruleset, candidates, dict(stored), outcomes)
        finder = NeedsFinder(space.catalogue)
        for candidate, evaluation in evaluated:
            finder.add_effects(candidate.member, candidate.activity.occurred_at, evaluation.effects)
        await work.load(finder.needs)
        await work.load_unlocked(finder.needs)
        values = dict(stored)
        keys: dict[bytes, str] = {}
        settled: list[Activity] = []
        for position, (candidate, evaluation) in enumerate(evaluated):
            mark = space.mark()
            space.begin(candidate.activity.sequence)
            try:
                activity = settle(space, candidate.member, candidate.activity, evaluation)
            except DomainError as error:
                space.undo_to(mark)
                outcomes[candidate.index] = _rejected(candidate.index, error)
                # What comes after was evaluated as if this one counted: evaluate the rest anew without it.
                rest = [later for later, _ in evaluated[position + 1 :]]
                await self._settle_rest(work, ruleset, rest, values, keys, settled, outcomes)
                break
            _count(evaluation, values, keys)
            settled.append(activity)
            outcomes[candidate.index] = ActivityOutcome(candidate.index, ActivityStatus.RECORDED, activity)
        await self._repository.add(settled, work.tx)
        await work.stores.counters.save(
            space.catalogue.programme_id, {i: (key, values[i]) for i, key in keys.items()}, stored, work.tx
        )

    async def _settle_rest(
        self,
        work: Unit,
        ruleset: RuleSet,
        rest: list[_Candidate],
        values: dict[bytes, int],
        keys: dict[bytes, str],
        settled: list[Activity],
        outcomes: dict[int, ActivityOutcome],
    ) -> None:
        """The slow way, one at a time: after an activity turned out impossible to settle."""
        space = work.space
        for candidate in rest:
            mark = space.mark()
            space.begin(candidate.activity.sequence)
            try:
                evaluation = evaluate(ruleset, facts_of(candidate.activity), values)
                finder = NeedsFinder(space.catalogue)
                finder.add_effects(candidate.member, candidate.activity.occurred_at, evaluation.effects)
                await work.load(finder.needs)
                await work.load_unlocked(finder.needs)
                activity = settle(space, candidate.member, candidate.activity, evaluation)
            except DomainError as error:
                space.undo_to(mark)
                outcomes[candidate.index] = _rejected(candidate.index, error)
                continue
            _count(evaluation, values, keys)
            settled.append(activity)
            outcomes[candidate.index] = ActivityOutcome(candidate.index, ActivityStatus.RECORDED, activity)


def _with_twin(
    outcome: ActivityOutcome, batch: Sequence[NewActivity], outcomes: dict[int, ActivityOutcome]
) -> ActivityOutcome:
    """A repeat within the batch shares the fate of the first mention that was tried: its activity or its error."""
    if outcome.status is not ActivityStatus.DUPLICATE or outcome.activity is not None:
        return outcome
    name = (batch[outcome.index].source, batch[outcome.index].source_id)
    before = [
        outcomes[index]
        for index, new in enumerate(batch[: outcome.index])
        if (new.source, new.source_id) == name
    ]
    recorded = next((first for first in before if first.activity is not None), None)
    if recorded is not None:
        return evolve(outcome, activity=recorded.activity)
    error = copy.copy(before[-1].error)
    assert error is not None  # noqa: S101 - what was neither recorded nor known was rejected
    return _rejected(outcome.index, error, (error.path or [])[2:])


def _evaluate(
    ruleset: RuleSet,
    candidates: Sequence[_Candidate],
    values: dict[bytes, int],
    outcomes: dict[int, ActivityOutcome],
) -> list[tuple[_Candidate, Evaluation]]:
    """Evaluate in order, each with the counters as those before left them; one that fails counts for nothing."""
    evaluated: list[tuple[_Candidate, Evaluation]] = []
    for candidate in candidates:
        try:
            evaluation = evaluate(ruleset, facts_of(candidate.activity), values)
        except DomainError as error:
            outcomes[candidate.index] = _rejected(candidate.index, error)
            continue
        _count(evaluation, values, {})
        evaluated.append((candidate, evaluation))
    return evaluated


def _count(evaluation: Evaluation, values: dict[bytes, int], keys: dict[bytes, str]) -> None:
    for use in evaluation.counters:
        values[use.id] = use.value
        keys[use.id] = use.key


def _activity(
    found: bytes, new: NewActivity, member: Member, sequence: int, work: Unit, ruleset: RuleSet
) -> Activity:
    return Activity(
        id=found,
        programme_id=member.programme_id,
        type=new.type,
        source=new.source,
        source_id=new.source_id,
        member_id=member.id,
        occurred_at=new.occurred_at,
        recorded_at=work.space.now,
        subject=new.subject,
        properties=new.properties,
        sequence=sequence,
        programme_version=work.space.catalogue.version,
        member_facts=member_facts(member) if ruleset.for_type(new.type).uses_member else None,
    )


def _no_member(new: NewActivity, member: Member | None) -> InvalidInput:
    if member is None:
        message = f"There is no member {new.member_external_id[:100]!r}."
        return InvalidInput(message, code=ErrorCode.UNKNOWN_MEMBER, path=["memberExternalId"])
    return InvalidInput("This member is banned.", code=ErrorCode.MEMBER_BANNED, path=["memberExternalId"])


def _rejected(index: int, error: DomainError, path: list[str] | None = None) -> ActivityOutcome:
    error.path = ["activities", str(index), *((error.path or []) if path is None else path)]
    return ActivityOutcome(index, ActivityStatus.REJECTED, error=error)
