"""Learning from what all members of a programme do, once a day: what is popular with whom, and what is chosen together."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

import structlog

from community.posts.repository import PostRepository
from community.recommendations.cooccurrence import BASKET_MAX, neighbours_of
from community.recommendations.evaluation import measure
from community.recommendations.model import Kind, Measured, Popular
from community.recommendations.popularity import LIST_MAX, Tally, freshness
from community.recommendations.reading import InteractionReading
from community.recommendations.repository import RecommendationRepository
from community.sanctions.repository import SanctionRepository
from gamification.kit.periods import zone
from gamification.members.model import Member, Standing
from gamification.members.repository import MemberRepository
from gamification.programmes.catalogue import Catalogue
from gamification.rollups.history import History
from gamification.rollups.repository import MonthRepository
from gamification.segments.facts import Terms
from gamification.segments.lifecycle import stage_of

log = structlog.get_logger()
ALL = "all"
_PAGE = 500
NEW_POSTS = timedelta(days=14)
_NEW_POSTS_MAX = 2000
_POSTS_MAX = 5000
Baskets = dict[Kind, dict[bytes, list[str]]]


def stage_group(stage: str) -> str:
    """The group of members in a stage of their life with the programme."""
    return f"stage:{stage}"


def segment_group(segment: str) -> str:
    """The group of members in a segment."""
    return f"segment:{segment}"


def space_group(space: str) -> str:
    """Not a group of members: what is in a space, of posts."""
    return f"space:{space}"


class Groups:
    """Tells in which groups members are, that what is popular is told of."""

    def __init__(self, months: MonthRepository) -> None:
        self._months = months

    async def of(
        self, catalogue: Catalogue, members: Sequence[Member], now: datetime
    ) -> dict[bytes, list[str]]:
        """By member: their stage, then their segments."""
        today = now.astimezone(zone(catalogue.settings.time_zone)).date()
        terms = Terms(catalogue, today, None)
        months = await self._months.of_members([one.id for one in members])
        found = {}
        for one in members:
            stage = stage_of(History(months[one.id], today), terms.lifecycle, by_purchase=terms.by_purchase)
            found[one.id] = [stage_group(stage.value), *(segment_group(key) for key in one.segments)]
        return found


class Learning:
    """The worker's."""

    def __init__(
        self,
        repository: RecommendationRepository,
        reading: InteractionReading,
        members: MemberRepository,
        posts: PostRepository,
        sanctions: SanctionRepository,
        groups: Groups,
        now: Callable[[], datetime],
    ) -> None:
        self._repository = repository
        self._reading = reading
        self._members = members
        self._posts = posts
        self._sanctions = sanctions
        self._groups = groups
        self._now = now

    async def learn(self, catalogue: Catalogue) -> list[Measured]:
        """Learn anew from everybody, and forget what was learnt before; what was measured on the way. Who is banned or limited is
        not learnt from; of who wants no personal recommendations nothing is, but for how popular things are."""
        programme_id, now = catalogue.programme_id, self._now()
        tallies: dict[tuple[Kind, str], Tally] = {}
        baskets: Baskets = {kind: {} for kind in Kind}
        page: list[Member] = []
        async for member in self._members.stream(programme_id):
            if not member.is_gone and member.standing is not Standing.BANNED:
                page.append(member)
            if len(page) == _PAGE:
                await self._look_at(catalogue, page, now, tallies, baskets)
                await self._repository.keep_run(programme_id, self._now())
                page = []
        if page:
            await self._look_at(catalogue, page, now, tallies, baskets)
        await self._credit_new(programme_id, now, tallies)
        measured = []
        for kind, chosen in baskets.items():
            # Off the loop: it is all arithmetic, and a programme may have millions of choices.
            told = await asyncio.to_thread(measure, kind, chosen)
            near = await asyncio.to_thread(neighbours_of, list(chosen.values()), told.prior)
            measured.append(told)
            await self._repository.save_models(programme_id, kind, near, now)
            lists = {group: tally.most() for (of, group), tally in tallies.items() if of is kind}
            if kind is Kind.POST and ALL in lists:
                lists |= await self._by_space(programme_id, tallies[kind, ALL])
            await self._repository.save_lists(programme_id, kind, lists, now)
            await self._repository.keep_run(programme_id, self._now())
        await self._repository.forget_before(programme_id, now)
        return measured

    async def _look_at(
        self,
        catalogue: Catalogue,
        members: Sequence[Member],
        now: datetime,
        tallies: dict[tuple[Kind, str], Tally],
        baskets: Baskets,
    ) -> None:
        ids = [one.id for one in members]
        limited = await self._sanctions.limited_among(catalogue.programme_id, ids)
        found = await self._reading.of(catalogue.programme_id, ids, now)
        choices = await self._repository.choices(ids)
        groups = await self._groups.of(catalogue, members, now)
        for member_id in ids:
            if member_id in limited:
                continue
            known = choices.get(member_id)
            for kind, some in found[member_id].items():
                personal = known is None or known.personalised
                for group in [ALL, *(groups[member_id] if personal else ())]:
                    tallies.setdefault((kind, group), Tally(kind, now)).add(some)
                if personal:
                    baskets[kind][member_id] = [one.item for one in some[-BASKET_MAX:]]

    async def _credit_new(
        self, programme_id: str, now: datetime, tallies: dict[tuple[Kind, str], Tally]
    ) -> None:
        posts = await self._posts.published_since(programme_id, now - NEW_POSTS, _NEW_POSTS_MAX)
        worth = {
            one.id.hex(): freshness(one.published_at, now)
            for one in posts
            if one.published_at is not None and one.counts
        }
        if worth:
            tallies.setdefault((Kind.POST, ALL), Tally(Kind.POST, now)).credit(worth)

    async def _by_space(self, programme_id: str, tally: Tally) -> dict[str, list[Popular]]:
        """The most liked of each space: a member who reads few finds enough in these."""
        best = tally.most(_POSTS_MAX)
        found: dict[str, list[Popular]] = {}
        for start in range(0, len(best), _PAGE):
            part = best[start : start + _PAGE]
            posts = await self._posts.by_ids(programme_id, [bytes.fromhex(one.item) for one in part])
            for one in part:
                post = posts.get(bytes.fromhex(one.item))
                if post is None or not post.counts:
                    continue
                some = found.setdefault(space_group(post.space), [])
                if len(some) < LIST_MAX:
                    some.append(one)
        return found


def day_of(catalogue: Catalogue, now: datetime) -> date:
    """The programme's own day."""
    return now.astimezone(zone(catalogue.settings.time_zone)).date()
