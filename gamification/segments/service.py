"""Reading segments, trying conditions, and the lists that staff keep."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import Conflict, InvalidInput, LimitExceeded, NotFound
from gamification.kit.periods import zone
from gamification.members.model import Member
from gamification.members.repository import MemberRepository
from gamification.programmes.catalogue import Catalogue, published
from gamification.programmes.definitions import Segment, Status
from gamification.programmes.expressions import ExpressionFailed
from gamification.programmes.segment_expressions import compile_segment
from gamification.programmes.service import ProgrammeService
from gamification.segments.facts import Judge, Known, SegmentFacts, Terms, facts_of
from gamification.segments.keeping import SegmentKeeping, passed, stranger
from gamification.segments.knowing import Knowing
from gamification.segments.model import Overlap, Preview, Run, SegmentMember
from gamification.segments.repository import SegmentRepository
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit
from storage.paging import Page, Window

LISTED_AT_ONCE = 1000
"""Members that one call puts into a list or takes out."""
SAMPLE_MAX = 50
LOOKED_AT_MAX = 20_000
"""Members that a preview looks at; of more, it looks at so many of them, drawn at random."""
_PAGE = 1000
_FAULTS_MAX = 5


class SegmentService:
    """Staff and services. What members are in says things of them that are not theirs to read."""

    def __init__(
        self,
        settlement: SettlementService,
        programmes: ProgrammeService,
        members: MemberRepository,
        repository: SegmentRepository,
        knowing: Knowing,
        keeping: SegmentKeeping,
        now: Callable[[], datetime],
    ) -> None:
        self._settlement = settlement
        self._programmes = programmes
        self._members = members
        self._repository = repository
        self._knowing = knowing
        self._keeping = keeping
        self._now = now

    async def segments(self, actor: Actor) -> list[Segment]:
        """Every visible segment, in file order; archived ones too. Raises: Forbidden."""
        actor.require(Permission.SEGMENTS_READ)
        catalogue = await self._programmes.catalogue(actor.programme_id)
        return [one for one in catalogue.document.segments if _visible(actor, one)]

    async def segment(self, actor: Actor, key: str) -> Segment | None:
        """One by its key; None where there is none for this actor. Raises: Forbidden."""
        actor.require(Permission.SEGMENTS_READ)
        found = (await self._programmes.catalogue(actor.programme_id)).segments.get(key)
        return found if found is not None and _visible(actor, found) else None

    async def size(self, actor: Actor, key: str) -> int:
        """How many members are in it. Raises: Forbidden."""
        actor.require(Permission.SEGMENTS_READ)
        return await self._repository.size(actor.programme_id, key)

    async def page(self, actor: Actor, key: str, window: Window) -> Page[SegmentMember]:
        """Who is in it, the last to come first. Raises: Forbidden."""
        actor.require(Permission.SEGMENTS_READ)
        return await self._repository.page(actor.programme_id, key, window)

    async def overlap(self, actor: Actor, first: str, second: str) -> Overlap:
        """How many are in both, and in one alone. Raises: Forbidden, NotFound."""
        for key in (first, second):
            if await self.segment(actor, key) is None:
                raise NotFound(f"There is no segment {key[:100]!r}.")
        if first == second:
            return Overlap(await self._repository.size(actor.programme_id, first), 0, 0)
        return await self._repository.overlap(actor.programme_id, first, second)

    async def run(self, actor: Actor) -> Run:
        """The last sweep. Raises: Forbidden."""
        actor.require(Permission.SEGMENTS_READ)
        return await self._repository.run(actor.programme_id)

    async def of_member(self, actor: Actor, member: Member) -> list[SegmentMember]:
        """What a member is in, by key. Raises: Forbidden."""
        actor.require(Permission.SEGMENTS_READ)
        found = await self._repository.of_member(actor.programme_id, member.id)
        return sorted((one for one in found if one.is_in), key=lambda one: one.segment)

    async def facts(self, actor: Actor, members: Sequence[Member]) -> dict[bytes, SegmentFacts]:
        """What conditions see of these members today, by member id. Raises: Forbidden."""
        actor.require(Permission.SEGMENTS_READ)
        catalogue = await self._programmes.catalogue(actor.programme_id)
        terms = await self._terms(catalogue)
        known = await self._knowing.of(catalogue, members)
        return {one.member.id: facts_of(terms, one) for one in known}

    async def preview(self, actor: Actor, when: str, sample: int) -> Preview:
        """What a condition comes to as of now, without anything being kept. Raises: Forbidden, InvalidInput."""
        actor.require(Permission.SEGMENTS_READ)
        if not 0 <= sample <= SAMPLE_MAX:
            raise InvalidInput(f"sample is 0 to {SAMPLE_MAX}.", path=["sample"], limit=SAMPLE_MAX)
        try:
            compile_segment(when)
        except InvalidInput as error:
            raise InvalidInput(error.message, path=["when"]) from error
        catalogue = await self._programmes.catalogue(actor.programme_id)
        terms, judge = await self._terms(catalogue), Judge()
        found = _Counted(when, sample)
        total = await self._members.count(actor.programme_id, _THERE)
        page: list[Member] = []
        async for member in self._members.some(actor.programme_id, LOOKED_AT_MAX, total):
            if not member.is_gone:
                page.append(member)
            if len(page) == _PAGE:
                found.count(terms, judge, await self._knowing.of(catalogue, page))
                page = []
        found.count(terms, judge, await self._knowing.of(catalogue, page))
        return found.told(total)

    async def put(
        self, actor: Actor, key: str, external_ids: Sequence[str], *, is_in: bool
    ) -> tuple[int, list[str]]:
        """Put members into a list, or take them out: how many it changed for, and the external ids of nobody. Again is the
        same as once. Raises: Forbidden, NotFound, Conflict for a segment that is kept up by itself, LimitExceeded."""
        actor.require(Permission.SEGMENTS_MANAGE)
        if len(external_ids) > LISTED_AT_ONCE:
            raise LimitExceeded(
                f"At most {LISTED_AT_ONCE} members at once.", path=["externalIds"], limit=LISTED_AT_ONCE
            )
        wanted = list(dict.fromkeys(external_ids))
        changed, unknown = 0, list[str]()
        for start in range(0, len(wanted), 100):
            part = wanted[start : start + 100]

            async def body(work: Unit, part: Sequence[str] = part) -> tuple[int, list[str]]:
                return await self._put(work, key, part, is_in=is_in)

            done, missing = await self._settlement.run(actor.programme_id, body)
            changed += done
            unknown += missing
        if not wanted:
            await self._listed(await self._programmes.catalogue(actor.programme_id), key)
        return changed, unknown

    async def _put(
        self, work: Unit, key: str, external_ids: Sequence[str], *, is_in: bool
    ) -> tuple[int, list[str]]:
        catalogue = work.space.catalogue
        await self._listed(catalogue, key)
        found = await self._members.by_external_ids(catalogue.programme_id, external_ids, work.tx)
        members = {one.id: one for one in found.values() if not one.is_gone}
        stored = await self._repository.of_members(catalogue.programme_id, [key], list(members), work.tx)
        today = work.space.now.astimezone(zone(catalogue.settings.time_zone)).date()
        changed = 0
        for member in members.values():
            before = stored.get((key, member.id)) or stranger(catalogue, key, member)
            if before.is_in == is_in:
                continue
            after = passed(before, work.space.now, today)
            await self._keeping.pass_through(work, member, after)
            await self._keeping.show(work, member, [after])
            changed += 1
        gone = {one.external_id for one in found.values() if one.is_gone}
        return changed, [name for name in external_ids if name not in found or name in gone]

    async def _listed(self, catalogue: Catalogue, key: str) -> None:
        segment = catalogue.segments.get(key)
        if segment is None or not published(segment):
            raise NotFound(f"There is no segment {key[:100]!r}.", path=["segment"])
        if segment.is_live:
            raise Conflict("This segment is kept up by its condition.", path=["segment"])

    async def _terms(self, catalogue: Catalogue) -> Terms:
        run = await self._repository.run(catalogue.programme_id)
        today = self._now().astimezone(zone(catalogue.settings.time_zone)).date()
        return Terms(catalogue, today, run.cuts)


_THERE = {"erased_at": None, "merged_into": None}


class _Counted:
    """What a condition comes to, as members are looked at."""

    def __init__(self, when: str, sample: int) -> None:
        self._when = when
        self._wanted = sample
        self._sample: list[bytes] = []
        self._faults: Counter[str] = Counter()
        self._looked_at = self._matching = self._undecided = 0

    def count(self, terms: Terms, judge: Judge, known: Sequence[Known]) -> None:
        for one in known:
            self._looked_at += 1
            judge.look_at(facts_of(terms, one))
            try:
                meets = judge.meets(self._when)
            except ExpressionFailed as error:
                self._undecided += 1
                self._faults[error.message] += 1
                continue
            if meets:
                self._matching += 1
                if len(self._sample) < self._wanted:
                    self._sample.append(one.member.id)

    def told(self, total: int) -> Preview:
        return Preview(
            looked_at=self._looked_at,
            matching=self._matching,
            undecided=self._undecided,
            sample=tuple(self._sample),
            is_exact=self._looked_at >= total,
            members=max(total, self._looked_at),
            faults=tuple(message for message, _ in self._faults.most_common(_FAULTS_MAX)),
        )


def _visible(actor: Actor, segment: Segment) -> bool:
    return segment.status is not Status.DRAFT or actor.can(Permission.PROGRAMME_READ_DRAFTS)
