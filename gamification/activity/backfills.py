"""Backfills as stored, and running them: in steps, each a transaction that also notes how far it came."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from gamification.activity.backfilling import (
    SAMPLE_MAX,
    Backfill,
    BackfillStatus,
    Found,
    as_if_published,
    awarding,
    due_by,
)
from gamification.activity.model import Activity, DerivedAward
from gamification.activity.repository import ActivityRepository
from gamification.badges.awarding import Outcome
from gamification.badges.model import BY_RULES, award_id
from gamification.kit.actors import Actor, Permission
from gamification.kit.causes import Cause
from gamification.kit.errors import InvalidInput, NotFound
from gamification.kit.identifiers import derived_id, new_id
from gamification.members.facts import member_facts
from gamification.members.model import Member, Standing
from gamification.programmes.catalogue import Catalogue, published
from gamification.rules.ruleset import ruleset_of
from gamification.settlement.needs import NeedsFinder
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit
from storage.mongo import ASCENDING, DESCENDING, Document, Index, Mongo, Tx, find_by_ids, insert

BACKFILLS = "badge_backfills"
FOUND = "badge_backfill_found"
INDEXES = {
    BACKFILLS: [
        Index([("programme_id", ASCENDING), ("badge", ASCENDING), ("_id", DESCENDING)]),
        Index([("status", ASCENDING)], partial={"status": "running"}),
    ],
    FOUND: [Index([("backfill", ASCENDING)])],
}
STEP = 500
"""Activities of one transaction."""
_SHOWN = 20


class BackfillRepository:
    """`badge_backfills`: one document a job. `badge_backfill_found`: the awards that a preview counted, while it runs."""

    def __init__(self, mongo: Mongo) -> None:
        self._backfills = mongo.collection(BACKFILLS)
        self._found = mongo.collection(FOUND)

    async def by_id(self, found: bytes, tx: Tx | None = None) -> Backfill | None:
        """A job by id."""
        row = await self._backfills.find_one({"_id": found}, session=tx.session if tx else None)
        return _from(row) if row else None

    async def running(self) -> list[Backfill]:
        """The jobs that are not done, of every programme."""
        cursor = self._backfills.find({"status": "running"}).sort("_id", 1).limit(100)
        return [_from(row) for row in await cursor.to_list(None)]

    async def of_badge(self, programme_id: str, badge: str) -> list[Backfill]:
        """The latest jobs of a badge, newest first."""
        query = {"programme_id": programme_id, "badge": badge}
        cursor = self._backfills.find(query).sort("_id", -1).limit(_SHOWN)
        return [_from(row) for row in await cursor.to_list(None)]

    async def put(self, backfill: Backfill, tx: Tx) -> None:
        """Store a job as it is now."""
        await self._backfills.replace_one(
            {"_id": backfill.id}, _document(backfill), upsert=True, session=tx.session
        )

    async def new_of(self, backfill: Backfill, awards: Sequence[bytes], tx: Tx) -> set[bytes]:
        """Those of these awards that a preview has not counted yet; they are counted from now on."""
        ids = {derived_id("found", backfill.id, award): award for award in awards}
        known = await find_by_ids(self._found, list(ids), tx, projection=["_id"])
        fresh = {found: award for found, award in ids.items() if found not in known}
        rows = [{"_id": f, "backfill": backfill.id, "programme_id": backfill.programme_id} for f in fresh]
        await insert(self._found, rows, tx)
        return set(fresh.values())

    async def forget_found(self, backfill: Backfill) -> None:
        """Throw away what a finished preview counted by."""
        await self._found.delete_many({"backfill": backfill.id})


class BackfillService:
    """`backfillBadge`: operators. A preview changes nothing; a real one is silent: feeds say nothing of it."""

    def __init__(
        self, settlement: SettlementService, activities: ActivityRepository, repository: BackfillRepository
    ) -> None:
        self._settlement = settlement
        self._activities = activities
        self._repository = repository

    async def start(self, actor: Actor, badge: str, key: str, *, is_preview: bool) -> tuple[Backfill, bool]:
        """Begin; the worker does it. Raises: Forbidden, NotFound, InvalidInput, IdempotencyConflict."""
        actor.require(Permission.PROGRAMME_DEFINE)

        async def body(work: Unit) -> dict[str, Any]:
            catalogue = work.space.catalogue
            definition = catalogue.badges.get(badge)
            if definition is None:
                raise NotFound(f"There is no badge {badge!r}.", path=["badge"])
            if not is_preview and not published(definition):
                raise InvalidInput("Publish the badge first; a preview takes a draft.", path=["badge"])
            if not awarding(catalogue, badge, is_preview=is_preview):
                raise InvalidInput("No rule that takes effect awards this badge.", path=["badge"])
            backfill = Backfill(
                new_id(),
                actor.programme_id,
                badge,
                catalogue.version,
                is_preview,
                f"{actor.role}:{actor.subject}",
                work.space.now,
                await work.next_sequence(),
            )
            await self._repository.put(backfill, work.tx)
            return {"backfill": backfill.id}

        payload = {"badge": badge, "preview": is_preview}
        result, replayed = await self._settlement.run_once(actor, key, "backfillBadge", payload, body)
        found = await self._repository.by_id(result["backfill"])
        assert found is not None  # noqa: S101 - jobs are never deleted
        return found, replayed

    async def of_badge(self, actor: Actor, badge: str) -> list[Backfill]:
        """The latest jobs of a badge, newest first. Raises: Forbidden."""
        actor.require(Permission.PROGRAMME_DEFINE)
        return await self._repository.of_badge(actor.programme_id, badge)

    async def run(self) -> int:
        """Go on with every job that is not done, a step each; how many there were. Any number of processes may."""
        running = await self._repository.running()
        for backfill in running:
            done = await self._settlement.run(backfill.programme_id, self._step_of(backfill.id))
            if done is not None and done.is_preview and done.status is BackfillStatus.DONE:
                await self._repository.forget_found(done)
        return len(running)

    def _step_of(self, found: bytes) -> Any:
        async def body(work: Unit) -> Backfill | None:
            backfill = await self._repository.by_id(found, work.tx)
            if backfill is None or backfill.status is BackfillStatus.DONE:
                return None
            stepped = await self._step(work, backfill)
            await self._repository.put(stepped, work.tx)
            return stepped

        return body

    async def _step(self, work: Unit, backfill: Backfill) -> Backfill:
        catalogue = await self._settlement.programmes.catalogue(backfill.programme_id, backfill.version)
        rules = awarding(catalogue, backfill.badge, is_preview=backfill.is_preview)
        if backfill.is_preview:
            catalogue = as_if_published(catalogue, backfill.badge)
        types = sorted({kind for rule in rules for kind in rule.on})
        batch = await self._activities.between(
            backfill.programme_id, types, backfill.after, backfill.until, STEP, work.tx
        )
        members = await work.stores.members.by_ids(
            backfill.programme_id, sorted({one.member_id for one in batch}), work.tx
        )
        due: list[tuple[Activity, DerivedAward]] = []
        passed = 0
        for activity in batch:
            found = _due(
                catalogue, activity, members.get(activity.member_id), backfill, {r.key for r in rules}
            )
            if found is None:
                passed += 1
            else:
                due += found
        made = await (self._count if backfill.is_preview else self._award)(work, backfill, members, due)
        is_done = len(batch) < STEP
        return replace(
            backfill,
            after=batch[-1].sequence if batch else backfill.until,
            status=BackfillStatus.DONE if is_done else BackfillStatus.RUNNING,
            scanned=backfill.scanned + len(batch),
            passed=backfill.passed + passed,
            due=backfill.due + len(made),
            sample=(*backfill.sample, *made)[:SAMPLE_MAX],
            finished_at=work.space.now if is_done else None,
        )

    async def _count(
        self,
        work: Unit,
        backfill: Backfill,
        members: dict[bytes, Member],
        due: Sequence[tuple[Activity, DerivedAward]],
    ) -> list[Found]:
        """The awards that are not there, each counted once."""
        ids = [_award_id(backfill, activity, award) for activity, award in due]
        held = await work.stores.awards.by_ids(set(ids), work.tx)
        missing = [
            found for found in ids if found not in held or not (held[found].stands or held[found].barred)
        ]
        fresh = await self._repository.new_of(backfill, list(dict.fromkeys(missing)), work.tx)
        made: list[Found] = []
        for found, (activity, award) in zip(ids, due, strict=True):
            if found in fresh:
                fresh.discard(found)
                made.append(Found(activity.member_id, award.occurrence, award.level, activity.id))
        return made

    async def _award(
        self,
        work: Unit,
        backfill: Backfill,
        members: dict[bytes, Member],
        due: Sequence[tuple[Activity, DerivedAward]],
    ) -> list[Found]:
        """Award what is due, and note with each activity that it is."""
        space = work.space
        space.silent = True
        finder = NeedsFinder(space.catalogue)
        for activity, award in due:
            finder.add_award(members[activity.member_id], award.badge, award.occurrence)
        await work.load(finder.needs)
        space.begin(await work.next_sequence())
        noted: dict[bytes, Activity] = {}
        made: list[Found] = []
        for activity, award in due:
            cause = Cause(
                activity_id=activity.id,
                rule=award.rule,
                rule_version=award.rule_version,
                programme_version=backfill.version,
            )
            member = members[activity.member_id]
            _, outcome = space.award(
                member, award.badge, award.occurrence, BY_RULES, award.level, cause, activity.occurred_at
            )
            space.touched.add(member.id)
            so_far = noted.get(activity.id, activity)
            noted[activity.id] = replace(so_far, awards=(*so_far.awards, award))
            if outcome is Outcome.AWARDED:
                made.append(Found(member.id, award.occurrence, award.level, activity.id))
        await self._activities.replace(list(noted.values()), work.tx)
        return made


def _due(
    catalogue: Catalogue, activity: Activity, member: Member | None, backfill: Backfill, rules: set[str]
) -> list[tuple[Activity, DerivedAward]] | None:
    """What is due by an activity and not noted with it; None where that can't be told, or the member is banned."""
    if activity.reversal is not None:
        return []
    if member is None or member.standing is Standing.BANNED:
        return None
    if activity.member_facts is None and ruleset_of(catalogue).for_type(activity.type).uses_member:
        activity = replace(activity, member_facts=member_facts(member))
    found = due_by(catalogue, activity, backfill.badge, rules)
    if found is None:
        return None
    known = {(one.badge, one.occurrence, one.level) for one in activity.awards}
    return [(activity, one) for one in found if (one.badge, one.occurrence, one.level) not in known]


def _award_id(backfill: Backfill, activity: Activity, award: DerivedAward) -> bytes:
    return award_id(backfill.programme_id, activity.member_id, award.badge, award.occurrence)


def _document(backfill: Backfill) -> Document:
    return {
        "_id": backfill.id,
        "programme_id": backfill.programme_id,
        "badge": backfill.badge,
        "version": backfill.version,
        "is_preview": backfill.is_preview,
        "started_by": backfill.started_by,
        "started_at": backfill.started_at,
        "until": backfill.until,
        "after": backfill.after,
        "status": backfill.status.value,
        "scanned": backfill.scanned,
        "passed": backfill.passed,
        "due": backfill.due,
        "sample": [
            {"member": f.member_id, "occurrence": f.occurrence, "level": f.level, "activity": f.activity_id}
            for f in backfill.sample
        ],
        "finished_at": backfill.finished_at,
    }


def _from(row: Document) -> Backfill:
    return Backfill(
        id=row["_id"],
        programme_id=row["programme_id"],
        badge=row["badge"],
        version=row["version"],
        is_preview=row["is_preview"],
        started_by=row["started_by"],
        started_at=row["started_at"],
        until=row["until"],
        after=row["after"],
        status=BackfillStatus(row["status"]),
        scanned=row["scanned"],
        passed=row["passed"],
        due=row["due"],
        sample=tuple(Found(f["member"], f["occurrence"], f["level"], f["activity"]) for f in row["sample"]),
        finished_at=row["finished_at"],
    )
