"""Recording batches: each activity once, a bad one without harm to its neighbours, callers in shared transactions."""

import copy
from collections.abc import Callable, Iterable, Sequence

from gamification.activity.derivation import facts_of, settle
from gamification.activity.grouping import GROUP_MAX, WAITING_MAX, Grouping
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
from gamification.activity.waiting import Submission
from gamification.campaigns.joining import Runs, joined_at
from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import Conflict, DomainError, ErrorCode, InvalidInput, LimitExceeded
from gamification.kit.records import evolve, record
from gamification.members.facts import member_facts
from gamification.members.model import Member, Standing
from gamification.programmes.catalogue import Catalogue, published
from gamification.programmes.definitions import CounterScope
from gamification.rules.engine import counter_ids, evaluate
from gamification.rules.model import Evaluation, Facts
from gamification.rules.ruleset import RuleSet, ruleset_of
from gamification.settlement.followup import Fate
from gamification.settlement.needs import NeedsFinder
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit


@record(frozen=True, slots=True)
class _Candidate:
    """An activity that passed the checks, with its place in the batch and its member."""

    index: int
    activity: Activity
    member: Member
    facts: Facts


class RecordingService:
    """`recordActivities`, `POST /events` and the importers."""

    def __init__(
        self, settlement: SettlementService, repository: ActivityRepository, *, waiting_max: int = WAITING_MAX
    ) -> None:
        self._settlement = settlement
        self._repository = repository
        self._grouping = Grouping(self._record_group, waiting_max=waiting_max)

    async def record(
        self, actor: Actor, batch: Sequence[NewActivity], *, historic: bool = False
    ) -> list[ActivityOutcome]:
        """One outcome for each, in order. `historic` waives the programme's lateness: importers only.

        Activities of one member are settled in order. A large batch may be settled in parts, by member, each in a
        transaction of its own; where one fails the others may be recorded, and sending all again is safe.

        Raises: Forbidden, LimitExceeded, NotFound, Contention.
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
        catalogue = await self._settlement.programmes.catalogue(actor.programme_id)
        counts_subjects = _counts_subjects(catalogue)
        budgets = _budgets_of(catalogue)
        shares = counts_subjects or any(budgets(kind) for kind in {new.type for new in batch})
        parts = [range(len(batch))] if shares else parts_of(batch)
        answers = await self._grouping.submit(
            actor.programme_id,
            f"{actor.role}:{actor.subject}",
            [[batch[index] for index in part] for part in parts],
            historic=historic,
            counts_subjects=counts_subjects,
            budgets=budgets,
        )
        told = {
            index: _told(outcome, index)
            for part, outcomes in zip(parts, answers, strict=True)
            for index, outcome in zip(part, outcomes, strict=True)
        }
        return [told[index] for index in range(len(batch))]

    async def record_within(self, work: Unit, new: NewActivity) -> Activity:
        """Record one activity in a transaction that is open already, whatever the programme's lateness.

        Raises: the error for which it can't be taken, Conflict where it was recorded before.
        """
        outcomes: dict[int, ActivityOutcome] = {}
        candidates = await self._candidates(work, [(new, True)], outcomes)
        if candidates:
            await self._settle(work, candidates, outcomes)
        outcome = outcomes[0]
        if outcome.error is not None:
            raise outcome.error
        if outcome.activity is None or outcome.status is not ActivityStatus.RECORDED:
            raise Conflict("This activity was recorded before.", path=["sourceId"])
        return outcome.activity

    async def _record_group(
        self, programme_id: str, group: Sequence[Submission], patience_s: float | None
    ) -> list[list[ActivityOutcome]]:
        """Record what several callers handed in, in one transaction."""

        async def body(work: Unit) -> list[list[ActivityOutcome]]:
            return await self._record(work, group)

        return await self._settlement.run(programme_id, body, patience_s=patience_s)

    async def _record(self, work: Unit, group: Sequence[Submission]) -> list[list[ActivityOutcome]]:
        stated = [(new, submission.historic) for submission in group for new in submission.batch]
        outcomes: dict[int, ActivityOutcome] = {}
        candidates = await self._candidates(work, stated, outcomes)
        if candidates:
            await self._settle(work, candidates, outcomes)
        answers: list[list[ActivityOutcome]] = []
        start = 0
        for submission in group:
            end = start + len(submission.batch)
            answers.append(_with_twins(submission.batch, [outcomes[index] for index in range(start, end)]))
            start = end
        return answers

    async def _candidates(
        self,
        work: Unit,
        stated: Sequence[tuple[NewActivity, bool]],
        outcomes: dict[int, ActivityOutcome],
    ) -> list[_Candidate]:
        """Those that can be evaluated; the outcomes of the others are filled in."""
        space = work.space
        accepted: dict[int, NewActivity] = {}
        for index, (new, historic) in enumerate(stated):
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
        runs = await self._campaign_runs(work, ruleset, (new.type for _, new, _ in fresh.values()))
        candidates = []
        for offset, (found, (index, new, member)) in enumerate(fresh.items()):
            activity = _activity(found, new, member, sequence + offset, work, ruleset, runs)
            candidates.append(_Candidate(index, activity, member, facts_of(activity)))
        return candidates

    async def _campaign_runs(self, work: Unit, ruleset: RuleSet, types: Iterable[str]) -> Runs:
        """What is decided on the campaigns that it makes a difference to whether they are on."""
        keys = {key for type_key in set(types) for key in ruleset.for_type(type_key).campaigns}
        if not keys:
            return {}
        return await work.stores.campaigns.of(work.space.catalogue.programme_id, sorted(keys), work.tx)

    async def _settle(
        self, work: Unit, candidates: list[_Candidate], outcomes: dict[int, ActivityOutcome]
    ) -> None:
        """Evaluate all to learn what they touch, load that, then settle one by one in order."""
        space = work.space
        ruleset = ruleset_of(space.catalogue)
        wanted = {found for c in candidates for found in counter_ids(ruleset, c.facts)}
        stored = await work.stores.counters.values(sorted(wanted), work.tx)
        evaluated = _evaluate(ruleset, candidates, dict(stored), outcomes)
        finder = NeedsFinder(space.catalogue)
        for candidate, evaluation in evaluated:
            _add_needs(finder, candidate, evaluation)
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
        for activity in settled:
            work.followup.note(Fate.RECORDED, activity.id, activity.member_id, activity.occurred_at)
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
                evaluation = evaluate(ruleset, candidate.facts, values)
                finder = NeedsFinder(space.catalogue)
                _add_needs(finder, candidate, evaluation)
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


def parts_of(batch: Sequence[NewActivity]) -> Sequence[Sequence[int]]:
    """The places of a batch that are settled together. All of a member's are in one part, in order; a small batch is
    one part, and so is one that names an activity twice; while one part computes, another's database works."""
    count = -(-len(batch) // GROUP_MAX)
    if count < 2 or len({(new.source, new.source_id) for new in batch}) < len(batch):
        return [range(len(batch))]
    parts: list[list[int]] = [[] for _ in range(count)]
    part_of: dict[str, list[int]] = {}
    for index, new in enumerate(batch):
        part = part_of.get(new.member_external_id)
        if part is None:
            part = part_of[new.member_external_id] = min(parts, key=len)
        part.append(index)
    return [part for part in parts if part]


def _counts_subjects(catalogue: Catalogue) -> bool:
    """Whether activities of different members may feed or read one counter."""
    return any(
        published(counter) and counter.per is CounterScope.SUBJECT for counter in catalogue.document.counters
    )


def _budgets_of(catalogue: Catalogue) -> Callable[[str], frozenset[str]]:
    """What activities of a type use up together, whosever they are."""
    shares = catalogue.document.budgets or catalogue.document.rewards
    return ruleset_of(catalogue).shared_budgets if shares else _no_budgets


def _no_budgets(_: str) -> frozenset[str]:
    return frozenset()


def _told(outcome: ActivityOutcome, index: int) -> ActivityOutcome:
    """The outcome with its place in the caller's own batch."""
    if outcome.error is not None:
        outcome.error.path = ["activities", str(index), *(outcome.error.path or [])]
    return evolve(outcome, index=index)


def _with_twins(batch: Sequence[NewActivity], outcomes: list[ActivityOutcome]) -> list[ActivityOutcome]:
    """A repeat within a batch shares the fate of the first mention that was tried: its activity or its error."""
    tried: dict[tuple[str, str], ActivityOutcome] = {}
    told: list[ActivityOutcome] = []
    for new, outcome in zip(batch, outcomes, strict=True):
        name = (new.source, new.source_id)
        if outcome.status is ActivityStatus.DUPLICATE and outcome.activity is None:
            outcome = evolve(tried[name], index=outcome.index, error=copy.copy(tried[name].error))
            if outcome.activity is not None:
                outcome = evolve(outcome, status=ActivityStatus.DUPLICATE)
        if tried.get(name) is None or tried[name].activity is None:
            tried[name] = outcome
        told.append(outcome)
    return told


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
            evaluation = evaluate(ruleset, candidate.facts, values)
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
    found: bytes,
    new: NewActivity,
    member: Member,
    sequence: int,
    work: Unit,
    ruleset: RuleSet,
    runs: Runs,
) -> Activity:
    met = ruleset.for_type(new.type)
    asked = met.campaigns
    if asked and new.type == work.space.catalogue.settings.campaigns.reached:
        asked &= {str(new.properties.get("campaign"))}  # that another one begins is no matter of its rules
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
        member_facts=member_facts(member) if met.uses_member else None,
        approved=new.approved,
        campaigns=joined_at(work.space.catalogue, runs, member, new.occurred_at, asked) if asked else (),
    )


def _add_needs(finder: NeedsFinder, candidate: _Candidate, evaluation: Evaluation) -> None:
    activity = candidate.activity
    finder.add_effects(candidate.member, activity.occurred_at, evaluation.effects, activity.subject)
    finder.add_counted(candidate.member, evaluation.counters)


def _no_member(new: NewActivity, member: Member | None) -> InvalidInput:
    if member is None:
        message = f"There is no member {new.member_external_id[:100]!r}."
        return InvalidInput(message, code=ErrorCode.UNKNOWN_MEMBER, path=["memberExternalId"])
    return InvalidInput("This member is banned.", code=ErrorCode.MEMBER_BANNED, path=["memberExternalId"])


def _rejected(index: int, error: DomainError) -> ActivityOutcome:
    return ActivityOutcome(index, ActivityStatus.REJECTED, error=error)
