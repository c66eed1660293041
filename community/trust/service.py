"""Trust levels and layers: recomputed every day, set by staff, and what they unlock."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from community.oversight.model import Act, ActKind, Subject, SubjectKind, name_of
from community.oversight.service import Oversight
from community.trust.behaviour import BehaviourReading
from community.trust.levels import assessed
from community.trust.model import LEVEL_MAX, Layer, Trust
from community.trust.repository import TrustRepository
from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import InvalidInput, NotFound
from gamification.kit.records import evolve
from gamification.members.model import Member
from gamification.members.profile import check_text
from gamification.members.repository import MemberRepository
from gamification.programmes.definitions import TrustSettings
from gamification.programmes.service import ProgrammeService
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit

_PAGE = 500
_REASON_MAX = 500
EVERY = timedelta(days=1)


class TrustService:
    """The worker's; staff set levels by hand."""

    def __init__(
        self,
        settlement: SettlementService,
        programmes: ProgrammeService,
        members: MemberRepository,
        repository: TrustRepository,
        behaviour: BehaviourReading,
        oversight: Oversight,
    ) -> None:
        self._settlement = settlement
        self._programmes = programmes
        self._members = members
        self._repository = repository
        self._behaviour = behaviour
        self._oversight = oversight

    async def set_level(self, actor: Actor, member_id: bytes, level: int | None, reason: str) -> Trust:
        """Set a member's level, which then stays; None lets it be computed again. Raises: Forbidden, NotFound,
        InvalidInput."""
        actor.require(Permission.COMMUNITY_MODERATE)
        check_text(reason, "reason", _REASON_MAX)
        if level is not None and not 0 <= level <= LEVEL_MAX:
            raise InvalidInput(f"A level is 0 to {LEVEL_MAX}.", path=["level"], limit=LEVEL_MAX)

        async def body(work: Unit) -> Trust:
            found = (await work.stores.members.by_ids(actor.programme_id, [member_id], work.tx)).get(
                member_id
            )
            if found is None or found.is_gone:
                raise NotFound("There is no such member.", path=["memberId"])
            now = work.space.now
            stored = await self._repository.by_ids([member_id], work.tx)
            known = stored.get(member_id) or new_trust(found, now)
            after = evolve(known, pinned=level is not None)
            if level is not None and level != known.level:
                after = evolve(after, level=level, since=now)
            if after == known:
                return known
            await self._repository.save([after], work.tx)
            details = {"level": "computed" if level is None else str(level)}
            about = Subject(SubjectKind.MEMBER, member_id)
            act = Act(ActKind.TRUST_SET, about, member_id, None, reason, None, details)
            await self._oversight.note(work, name_of(actor), act)
            return after

        return await self._settlement.run(actor.programme_id, body)

    async def of(self, members: Sequence[Member]) -> dict[bytes, Trust]:
        """How far each of these is trusted; who is not known has level 0."""
        found = await self._repository.by_ids([member.id for member in members])
        return {member.id: found.get(member.id) or new_trust(member, member.joined_at) for member in members}

    async def layers(self, actor: Actor) -> dict[Layer, int]:
        """How many belong to each layer, of those who ever wrote. Raises: Forbidden."""
        actor.require(Permission.COMMUNITY_READ_ANY)
        return await self._repository.layers(actor.programme_id)

    async def run_due(self) -> int:
        """Assess the members of programmes for which that was not done in the last day; how many programmes. The scheduler
        calls it."""
        now = self._settlement.now()
        done = 0
        for programme_id in await self._programmes.keys("spaces"):
            catalogue = await self._programmes.catalogue(programme_id)
            if catalogue.settings.community.trust is None:
                continue
            if await self._repository.begin_run(programme_id, now, now - EVERY):
                await self.assess(programme_id, now)
                await self._repository.end_run(programme_id, now)
                done += 1
        return done

    async def assess(self, programme_id: str, now: datetime | None = None) -> Counter[int]:
        """Assess every member of a programme now, some at a time; how many have which level."""
        catalogue = await self._programmes.catalogue(programme_id)
        settings = catalogue.settings.community.trust
        levels: Counter[int] = Counter()
        if settings is None:
            return levels
        at = now or self._settlement.now()
        page: list[Member] = []
        async for member in self._members.stream(programme_id):
            if not member.is_gone:
                page.append(member)
            if len(page) == _PAGE:
                levels += await self._assess(page, settings, at)
                page = []
        if page:
            levels += await self._assess(page, settings, at)
        return levels

    async def _assess(
        self, members: Sequence[Member], settings: TrustSettings, now: datetime
    ) -> Counter[int]:
        behaviour = await self._behaviour.of(members, settings, now)
        programme_id = members[0].programme_id

        async def body(work: Unit) -> Counter[int]:
            known = await self._repository.by_ids([member.id for member in members], work.tx)
            changed: list[Trust] = []
            levels: Counter[int] = Counter()
            for member in members:
                before = known.get(member.id)
                start = before or new_trust(member, now)
                after = assessed(settings, start, behaviour[member.id], now)
                levels[after.level] += 1
                # Who never wrote has no document: level 0, in the periphery.
                if after != start or (before is None and behaviour[member.id].texts):
                    changed.append(after)
            await self._repository.save(changed, work.tx)
            return levels

        return await self._settlement.run(programme_id, body)


def new_trust(member: Member, now: datetime) -> Trust:
    """What goes for who is not known yet."""
    return Trust(member.id, member.programme_id, 0, now)
