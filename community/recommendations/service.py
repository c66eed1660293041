"""What members decide about their recommendations, and what operators learn of them."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import structlog

from community.acting import acting
from community.recommendations.learning import Learning, day_of
from community.recommendations.making import Making
from community.recommendations.model import DISMISSED_FOR, Choices, Dismissal, Kind, Outcome, Run
from community.recommendations.repository import RecommendationRepository
from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import InvalidInput
from gamification.kit.records import evolve
from gamification.members.model import Member
from gamification.members.repository import MemberRepository
from gamification.members.service import require_private
from gamification.programmes.service import ProgrammeService
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit

log = structlog.get_logger()
DISMISSED_MAX = 500
"""So many dismissals of a member are kept, the latest."""
ITEM_MAX = 200
_OUTCOME_DAYS_MAX = 366
_SETTLES = timedelta(seconds=10)
"""So long is waited for what else a member does before their candidates are made anew."""
_DUE_AT_ONCE = 500
_PAGE = 500


class RecommendationService:
    """Members for themselves, services for any member; figures for operators and services."""

    def __init__(
        self,
        settlement: SettlementService,
        repository: RecommendationRepository,
        programmes: ProgrammeService,
    ) -> None:
        self._settlement = settlement
        self._repository = repository
        self._programmes = programmes

    async def dismiss(
        self, actor: Actor, member_id: bytes | None, kind: Kind, item: str
    ) -> tuple[Member, Dismissal]:
        """Recommend it no more to the member for 90 days; again begins them anew. Raises: Forbidden, NotFound, InvalidInput."""
        if not 0 < len(item) <= ITEM_MAX:
            raise InvalidInput("There is nothing with this id.", path=["targetId"], limit=ITEM_MAX)

        async def body(work: Unit) -> tuple[Member, Dismissal]:
            member = await acting(self._settlement, work, actor, member_id)
            now = work.space.now
            known = await self._choices(work, member)
            again = any(one.kind is kind and one.item == item and now < one.until for one in known.dismissed)
            made = Dismissal(kind, item, now + DISMISSED_FOR)
            left = [
                one for one in known.dismissed if (one.kind, one.item) != (kind, item) and now < one.until
            ]
            await self._repository.save_choices(
                evolve(known, dismissed=(*left, made)[-DISMISSED_MAX:]), work.tx
            )
            waiting = await self._repository.waiting([member.id], work.tx)
            shown = [one for one in waiting.get(member.id, ()) if (one.kind, one.item) == (kind, item)]
            if shown and not again:
                counted = Outcome(shown[-1].at.date(), kind, shown[-1].code, dismissed=1)
                await self._repository.count(actor.programme_id, [counted], work.tx)
            return member, made

        return await self._settlement.run(actor.programme_id, body)

    async def personalise(self, actor: Actor, member_id: bytes | None, *, personalised: bool) -> Member:
        """Whether what the member does is looked at to recommend anything, to them and to others. Where it is not, what was kept of
        it goes at once. Raises: Forbidden, NotFound."""

        async def body(work: Unit) -> Member:
            member = await acting(self._settlement, work, actor, member_id)
            known = await self._choices(work, member)
            if known.personalised != personalised:
                await self._repository.save_choices(evolve(known, personalised=personalised), work.tx)
                if not personalised:
                    await self._repository.delete(member.id, work.tx)
            return member

        member = await self._settlement.run(actor.programme_id, body)
        if personalised:
            await self._repository.make_due(actor.programme_id, [member.id], self._settlement.now())
        return member

    async def is_personalised(self, actor: Actor, member: Member) -> bool:
        """Whether it is. Raises: Forbidden."""
        require_private(actor, member)
        known = (await self._repository.choices([member.id])).get(member.id)
        return known is None or known.personalised

    async def outcomes(self, actor: Actor, since: date, until: date) -> list[Outcome]:
        """What came of what was shown from the one day to the other, both included. Raises: Forbidden, InvalidInput."""
        actor.require(Permission.SEGMENTS_READ)
        if not timedelta() <= until - since <= timedelta(days=_OUTCOME_DAYS_MAX):
            raise InvalidInput(
                f"`until` is not before `since`, and {_OUTCOME_DAYS_MAX} days after it at most.",
                path=["until"],
                limit=_OUTCOME_DAYS_MAX,
            )
        return await self._repository.outcomes(actor.programme_id, since, until)

    async def run(self, actor: Actor) -> Run:
        """When was learnt last, and what was measured then. Raises: Forbidden."""
        actor.require(Permission.SEGMENTS_READ)
        return await self._repository.run(actor.programme_id)

    async def _choices(self, work: Unit, member: Member) -> Choices:
        known = await self._repository.choices([member.id], work.tx)
        return known.get(member.id) or Choices(member.id, member.programme_id)


class Recommending:
    """The worker's: everything once a day, and in between those members who did something."""

    def __init__(
        self,
        repository: RecommendationRepository,
        learning: Learning,
        making: Making,
        programmes: ProgrammeService,
        members: MemberRepository,
        now: Callable[[], datetime],
    ) -> None:
        self._repository = repository
        self._learning = learning
        self._making = making
        self._programmes = programmes
        self._members = members
        self._now = now

    async def run_daily(self, programme_id: str | None = None) -> int:
        """Learn from the programmes that were not learnt from today, and make all members' candidates anew; of how many. After a
        time without a worker it is done once, for today."""
        ids = [programme_id] if programme_id is not None else await self._programmes.keys()
        done = 0
        for found in ids:
            catalogue = await self._programmes.catalogue(found, fresh=True)
            now = self._now()
            today = day_of(catalogue, now)
            if not await self._repository.begin_run(found, today, now):
                continue
            measured = await self._learning.learn(catalogue)
            common = await self._making.common(catalogue, Run(found, measured=tuple(measured)))
            made = 0
            page: list[bytes] = []
            async for member in self._members.stream(found):
                page.append(member.id)
                if len(page) == _PAGE:
                    made += await self._making.make(common, page)
                    await self._repository.keep_run(found, self._now())
                    page = []
            made += await self._making.make(common, page)
            await self._repository.end_run(found, today, measured, self._now())
            log.info("recommendations.made", programme=found, members=made)
            done += made
        return done

    async def run_due(self, programme_id: str | None = None) -> int:
        """Make the candidates anew of members who did something since; of how many. What was learnt stays as of today's round."""
        before = self._now() - (_SETTLES if programme_id is None else timedelta())
        due = await self._repository.due(before, _DUE_AT_ONCE, programme_id)
        by_programme: dict[str, list[tuple[bytes, datetime]]] = {}
        for found, member_id, at in due:
            by_programme.setdefault(found, []).append((member_id, at))
        done = 0
        for found, some in by_programme.items():
            catalogue = await self._programmes.catalogue(found, fresh=True)
            common = await self._making.common(catalogue, await self._repository.run(found))
            done += await self._making.make(common, [member_id for member_id, _ in some])
            await self._repository.done(some)
        return done
