"""Loaders: many keys, one read. Caching within a request only; on a socket rows would go stale."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar

from community.comments.model import Comment
from community.following.model import Reader
from community.gatherings.model import Gathering, Rsvp
from community.polls.reading import SeenPoll
from community.posts.model import Post
from community.proposals.reading import SeenProposal
from community.questions.model import Bounty, Question
from community.services import Services
from community.spaces.service import Viewer
from community.trust.model import Trust
from gamification.activity.model import Activity
from gamification.badges.model import BadgeAward
from gamification.badges.rarity import Rarity
from gamification.checkins.service import Standing
from gamification.flashsale.model import Reservation
from gamification.kit.actors import Actor
from gamification.ledger.holds import Hold
from gamification.ledger.model import Transfer
from gamification.ledger.service import Balance
from gamification.lottery.model import Entrant, Play, Round, Win
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue
from gamification.referrals.model import Referral
from gamification.rewards.model import Redemption
from gamification.tasks.model import Progress
from gamification.tasks.submissions import Submission
from gamification.tiers.model import TierChange
from gamification.tiers.service import TierStanding
from resolvers.fields import Many
from resolvers.loading import Loader

K = TypeVar("K", bound=bytes | str)
V = TypeVar("V")
_KEYS_A_READ = 1000


@dataclass(slots=True, eq=False)
class _Read(Generic[K, V]):
    """Keys that are read together, and what was found."""

    keys: list[K] = field(default_factory=list)
    found: dict[K, V] = field(default_factory=dict)
    task: "asyncio.Task[None]" = field(init=False)


class ById(Generic[K, V]):
    """Objects by key: whatever is asked before the read begins is one read, and a page of keys waits once. What was
    asked is remembered, if at all, until the loader is thrown away."""

    def __init__(self, read: Callable[[Sequence[K]], Awaitable[dict[K, V]]], *, cache: bool) -> None:
        self._read = read
        self._cache = cache
        self._asked: dict[K, _Read[K, V]] = {}
        self._open: _Read[K, V] | None = None

    async def load(self, key: K) -> V | None:
        """One; None where there is none."""
        return (await self.load_many((key,))).get(key)

    async def load_many(self, keys: Iterable[K]) -> dict[K, V]:
        """Those that there are."""
        reads = {key: self._asked.get(key) or self._ask(key) for key in keys}
        for read in set(reads.values()):
            # One caller's cancellation must not take the answer from the others.
            await asyncio.shield(read.task)
        return {key: read.found[key] for key, read in reads.items() if key in read.found}

    def hold(self, found: Mapping[K, V]) -> None:
        """Objects that were read otherwise, as they would be read here."""
        if self._cache and found:
            read = _Read[K, V](list(found), dict(found))
            read.task = asyncio.create_task(_nothing(), name="held")
            self._asked |= dict.fromkeys(found, read)

    def _ask(self, key: K) -> _Read[K, V]:
        read = self._open
        if read is None:
            read = self._open = _Read()
            read.task = asyncio.create_task(self._run(read), name="load")
        read.keys.append(key)
        self._asked[key] = read
        return read

    async def _run(self, read: _Read[K, V]) -> None:
        await asyncio.sleep(0)  # resolvers that take a step to get here are in time
        self._open = None
        if not self._cache:
            for key in read.keys:
                del self._asked[key]
        for start in range(0, len(read.keys), _KEYS_A_READ):
            read.found |= await self._read(read.keys[start : start + _KEYS_A_READ])


async def _nothing() -> None:
    """There is nothing left to read."""


class Loaders:
    """All of them act for one actor in one programme; what is missing or invisible is None."""

    def __init__(self, services: Services, actor: Actor | None, *, cache: bool) -> None:
        self._services = services
        self._actor = actor
        self._cache = cache
        self._batches: dict[Many, Loader[Any, Any]] = {}

    def forget(self) -> None:
        """Let go of what was loaded. Who holds a loader, and is held by it, is a ring that only the garbage collector undoes:
        with all objects of the answer in it."""
        for name in [one for one in self.__dict__ if not one.startswith("_")]:
            del self.__dict__[name]
        self._batches.clear()

    @cached_property
    def members(self) -> ById[bytes, Member]:
        """Members by id."""
        return self._by_id(self._services.members.by_ids)

    @cached_property
    def persons(self) -> ById[bytes, Member]:
        """Members by the ids that they have, or had as accounts that were merged."""
        return self._by_id(self._services.members.persons_by_ids)

    @cached_property
    def transfers(self) -> ById[bytes, Transfer]:
        """Transfers by id."""
        return self._by_id(self._services.ledger.transfers)

    @cached_property
    def holds(self) -> ById[bytes, Hold]:
        """Points set aside by id."""
        return self._by_id(self._services.holds.by_ids)

    @cached_property
    def activities(self) -> ById[bytes, Activity]:
        """Activities by id."""
        return self._by_id(self._services.activity.by_ids)

    @cached_property
    def awards(self) -> ById[bytes, BadgeAward]:
        """Awards by id, without those of badges that are hidden from the caller."""

        async def read(actor: Actor, ids: Sequence[bytes]) -> dict[bytes, BadgeAward]:
            hidden = await self.hidden_badges.load(actor.subject)
            return await self._services.badges.by_ids(actor, ids, hidden)

        return self._by_id(read)

    @cached_property
    def referrals(self) -> ById[bytes, Referral]:
        """Referrals by id."""
        return self._by_id(self._services.referrals.by_ids)

    @cached_property
    def progress(self) -> ById[bytes, Progress]:
        """Progress in tasks by id."""
        return self._by_id(self._services.tasks.by_ids)

    @cached_property
    def submissions(self) -> ById[bytes, Submission]:
        """What was handed in for tasks, by id."""
        return self._by_id(self._services.evidence_reading.by_ids)

    @cached_property
    def tier_changes(self) -> ById[bytes, TierChange]:
        """Changes of tiers by id."""
        return self._by_id(self._services.tiers.changes)

    @cached_property
    def tier_standings(self) -> Loader[Member, list[TierStanding]]:
        """Members' places on every ladder."""
        return Loader(load_fn=self._tier_standings, cache=self._cache, cache_key_fn=lambda member: member.id)

    @cached_property
    def redemptions(self) -> ById[bytes, Redemption]:
        """Redemptions by id."""
        return self._by_id(self._services.rewards.by_ids)

    @cached_property
    def draw_rounds(self) -> ById[bytes, Round]:
        """Rounds of draws by id."""
        return self._by_id(self._services.lottery.rounds_by_ids)

    @cached_property
    def draw_plays(self) -> ById[bytes, Play]:
        """Instant draws that were made, by id."""
        return self._by_id(self._services.lottery.plays_by_ids)

    @cached_property
    def draw_entries(self) -> ById[bytes, Entrant]:
        """Members' entries in scheduled rounds by id."""
        return self._by_id(self._services.lottery.entries_by_ids)

    @cached_property
    def draw_wins(self) -> ById[bytes, Win]:
        """Prizes won in draws by id."""
        return self._by_id(self._services.lottery.wins_by_ids)

    @cached_property
    def reservations(self) -> ById[bytes, Reservation]:
        """Reservations of flash sales by id."""
        return self._by_id(self._services.flash_sales.by_ids)

    @cached_property
    def award_counts(self) -> ById[str, int]:
        """How many awards of a badge stand, by its key."""
        return self._by_id(self._services.badges.counts)

    @cached_property
    def editions(self) -> ById[str, int]:
        """How many numbers of a limited badge were given, by its key; absent before the first."""
        return self._by_id(self._services.badges.issued)

    @cached_property
    def rarities(self) -> ById[str, Rarity]:
        """How rare a badge is, by its key."""
        return self._by_id(self._services.badges.rarities)

    @cached_property
    def readers(self) -> Loader[str, Reader | None]:
        """What the caller follows and has read."""
        return Loader(load_fn=self._readers, cache=self._cache)

    @cached_property
    def viewers(self) -> Loader[str, Viewer]:
        """The caller as one who looks at the community."""
        return Loader(load_fn=self._viewers, cache=self._cache)

    @cached_property
    def trusts(self) -> ById[bytes, Trust]:
        """How far members are trusted, by their id; absent is level 0."""

        async def read(_: Actor, ids: Sequence[bytes]) -> dict[bytes, Trust]:
            return await self._services.moderating.stores.trust.by_ids(ids)

        return self._by_id(read)

    @cached_property
    def posts(self) -> ById[bytes, Post]:
        """Posts by id."""

        async def read(actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Post]:
            viewer = await self.viewers.load(actor.subject)
            return await self._services.post_reading.by_ids(viewer, ids)

        return self._by_id(read)

    @cached_property
    def own_reactions(self) -> ById[bytes, dict[bytes, str]]:
        """The caller's reactions to a post and what is under it, by the post's id."""

        async def read(actor: Actor, ids: Sequence[bytes]) -> dict[bytes, dict[bytes, str]]:
            viewer = await self.viewers.load(actor.subject)
            return await self._services.reactions.of_viewer(viewer, ids)

        return self._by_id(read)

    @cached_property
    def comments(self) -> ById[bytes, Comment]:
        """Comments by id."""

        async def read(actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Comment]:
            viewer = await self.viewers.load(actor.subject)
            return await self._services.comment_reading.by_ids(viewer, ids)

        return self._by_id(read)

    @cached_property
    def questions(self) -> ById[bytes, Question]:
        """What is beside questions, by the id of a post that the caller has been shown."""

        async def read(actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Question]:
            viewer = await self.viewers.load(actor.subject)
            return await self._services.question_reading.by_ids(viewer, ids)

        return self._by_id(read)

    @cached_property
    def polls(self) -> ById[bytes, SeenPoll]:
        """What the caller sees of polls, by the id of a post that they have been shown."""

        async def read(actor: Actor, ids: Sequence[bytes]) -> dict[bytes, SeenPoll]:
            viewer = await self.viewers.load(actor.subject)
            return await self._services.poll_reading.by_ids(viewer, ids)

        return self._by_id(read)

    @cached_property
    def proposals(self) -> ById[bytes, SeenProposal]:
        """What the caller sees of proposals, by the id of a post that they have been shown."""

        async def read(actor: Actor, ids: Sequence[bytes]) -> dict[bytes, SeenProposal]:
            viewer = await self.viewers.load(actor.subject)
            return await self._services.proposal_reading.by_ids(viewer, ids)

        return self._by_id(read)

    @cached_property
    def bounties(self) -> ById[bytes, Bounty]:
        """Bounties by id."""

        async def read(actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Bounty]:
            viewer = await self.viewers.load(actor.subject)
            return await self._services.question_reading.bounties(viewer, ids)

        return self._by_id(read)

    @cached_property
    def gatherings(self) -> ById[bytes, Gathering]:
        """Gatherings by id."""

        async def read(actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Gathering]:
            viewer = await self.viewers.load(actor.subject)
            return await self._services.gathering_reading.by_ids(viewer, ids)

        return self._by_id(read)

    @cached_property
    def own_rsvps(self) -> ById[bytes, Rsvp]:
        """The caller's answers, by the gathering's id."""

        async def read(actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Rsvp]:
            viewer = await self.viewers.load(actor.subject)
            return await self._services.gathering_reading.own(viewer, ids)

        return self._by_id(read)

    @cached_property
    def hidden_badges(self) -> Loader[str, frozenset[str]]:
        """The keys of secret badges that the caller must not learn of."""
        return Loader(load_fn=self._hidden_badges, cache=self._cache)

    @cached_property
    def balances(self) -> Loader[Member, list[Balance]]:
        """What members hold."""
        return Loader(load_fn=self._balances, cache=self._cache, cache_key_fn=lambda member: member.id)

    @cached_property
    def check_ins(self) -> Loader[Member, list[Standing]]:
        """How members stand in check-ins."""
        return Loader(load_fn=self._check_ins, cache=self._cache, cache_key_fn=lambda member: member.id)

    @cached_property
    def catalogues(self) -> Loader[str, Catalogue]:
        """Definitions by programme."""
        return Loader(load_fn=self._catalogues, cache=self._cache)

    @cached_property
    def callers(self) -> Loader[str, Member | None]:
        """The member who calls, however often they are asked for."""
        return Loader(load_fn=self._callers, cache=self._cache)

    @cached_property
    def locales(self) -> Loader[str, str | None]:
        """The caller's locale."""
        return Loader(load_fn=self._locales, cache=self._cache)

    def batch(self, many: Many, info: Any) -> "Loader[Any, Any]":
        """The loader that gathers a batched field's objects; it never remembers any."""
        found = self._batches.get(many)
        if found is None:

            async def load(objects: list[Any]) -> list[Any]:
                return await many(objects, info)

            found = self._batches[many] = Loader(load_fn=load, cache=False)
        return found

    def _by_id(self, read: Callable[[Actor, Sequence[K]], Awaitable[dict[K, V]]]) -> ById[K, V]:
        async def load(keys: Sequence[K]) -> dict[K, V]:
            return await read(self._actor, keys) if self._actor else {}

        return ById(load, cache=self._cache)

    async def _balances(self, members: list[Member]) -> list[list[Balance]]:
        if self._actor is None:
            return [[] for _ in members]
        found = await self._services.ledger.balances(self._actor, members)
        return [found.get(member.id, []) for member in members]

    async def _check_ins(self, members: list[Member]) -> list[list[Standing]]:
        if self._actor is None:
            return [[] for _ in members]
        services = self._services
        found = await services.check_in_readings.standings(self._actor, members, services.now())
        return [found.get(member.id, []) for member in members]

    async def _tier_standings(self, members: list[Member]) -> list[list[TierStanding]]:
        if self._actor is None:
            return [[] for _ in members]
        found = await self._services.tiers.standings(self._actor, members)
        return [found.get(member.id, []) for member in members]

    async def _readers(self, subjects: list[str]) -> list[Reader | None]:
        found = await self._services.following.reader(await self.viewers.load(subjects[0]))
        return [found for _ in subjects]

    async def _viewers(self, subjects: list[str]) -> list[Viewer]:
        assert self._actor is not None  # noqa: S101 - nobody without a token asks as a viewer
        catalogue = await self.catalogues.load(self._actor.programme_id)
        found = await self._services.spaces.viewer_as(
            self._actor, await self.callers.load(self._actor.subject), catalogue=catalogue
        )
        return [found for _ in subjects]

    async def _catalogues(self, programme_ids: list[str]) -> list[Catalogue]:
        found = {key: await self._services.programmes.catalogue(key) for key in set(programme_ids)}
        return [found[key] for key in programme_ids]

    async def _hidden_badges(self, subjects: list[str]) -> list[frozenset[str]]:
        """What is hidden from the one who calls, however often it is asked for."""
        found = await self._services.badges.hidden(self._actor) if self._actor else frozenset[str]()
        return [found] * len(subjects)

    async def _locales(self, subjects: list[str]) -> list[str | None]:
        """The locale of the one who calls, however often they are asked for."""
        member = await self.callers.load(subjects[0])
        return [member.locale if member else None] * len(subjects)

    async def _callers(self, subjects: list[str]) -> list[Member | None]:
        member = await self._services.members.me(self._actor) if self._actor else None
        return [member] * len(subjects)
