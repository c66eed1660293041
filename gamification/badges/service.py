"""Reading badges, awards and collections, and choosing what to show. What changes awards is in `settlement/`."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Collection as Some
from datetime import datetime
from typing import Any

from gamification.badges.model import BadgeAward, CollectionState, award_id, collection_id
from gamification.badges.rarity import Censuses, Rarity
from gamification.badges.repository import (
    AwardRepository,
    CollectionRepository,
    EditionRepository,
    ShowcaseRepository,
)
from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import InvalidInput, NotFound
from gamification.members.model import Member
from gamification.members.service import MemberService, may_see_private
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import Badge, Collection, Definition, Status
from gamification.programmes.service import ProgrammeService
from storage.paging import Page, Window

SHOWCASE_MAX = 12
NOTHING: frozenset[str] = frozenset()


class BadgeService:
    """Badges and standing awards are open to everyone signed in; revoked awards to the member and staff.

    A secret badge is seen by those who may award it and by members who have it, or had it. What is `hidden` from a
    caller is asked once (`hidden`) and passed on; the methods leave it out.
    """

    def __init__(
        self,
        repository: AwardRepository,
        editions: EditionRepository,
        collections: CollectionRepository,
        showcases: ShowcaseRepository,
        members: MemberService,
        programmes: ProgrammeService,
        censuses: Censuses,
    ) -> None:
        self._repository = repository
        self._editions = editions
        self._collections = collections
        self._showcases = showcases
        self._members = members
        self._programmes = programmes
        self._censuses = censuses

    async def hidden(self, actor: Actor) -> frozenset[str]:
        """The keys of the secret badges that this actor must not learn of."""
        if actor.can(Permission.BADGES_AWARD):
            return NOTHING
        catalogue = await self._programmes.catalogue(actor.programme_id)
        secret = catalogue.secret_badges
        if not secret:
            return NOTHING
        member = await self._members.me(actor)
        known = await self._repository.known_of(member.id, sorted(secret)) if member else set()
        return secret - known

    async def badge(self, actor: Actor, key: str, hidden: Some[str] = NOTHING) -> Badge | None:
        """A badge by key."""
        found = (await self._programmes.catalogue(actor.programme_id)).badges.get(key)
        return found if found is not None and key not in hidden and _visible(actor, found) else None

    async def badges(self, actor: Actor, hidden: Some[str] = NOTHING) -> list[Badge]:
        """Every visible badge, in file order."""
        catalogue = await self._programmes.catalogue(actor.programme_id)
        return [b for b in catalogue.document.badges if b.key not in hidden and _visible(actor, b)]

    async def of_member(
        self, actor: Actor, member: Member, window: Window, hidden: Some[str] = NOTHING
    ) -> Page[BadgeAward]:
        """A member's awards, newest first; revoked ones only for those who may see what is private."""
        query: dict[str, Any] = {"member_id": member.id}
        if not may_see_private(actor, member):
            query["revoked_at"] = None
        if hidden:
            query["badge"] = {"$nin": sorted(hidden)}
        return await self._repository.page(actor.programme_id, query, window)

    async def awarded_between(
        self, actor: Actor, member: Member, since: datetime, until: datetime, limit: int
    ) -> tuple[int, list[BadgeAward]]:
        """How many standing awards of a member were earned from the one instant to before the other, and the first so
        many. None for those who may not see what is the member's own."""
        if not may_see_private(actor, member):
            return 0, []
        return await self._repository.awarded_between(member.id, since, until, limit)

    async def of_badge(self, actor: Actor, badge: Badge, window: Window) -> Page[BadgeAward]:
        """Standing awards of a badge, newest first."""
        return await self._repository.page(
            actor.programme_id, {"badge": badge.key, "revoked_at": None}, window
        )

    async def revoked_of_badge(self, actor: Actor, badge: Badge, window: Window) -> Page[BadgeAward]:
        """Revoked awards of a badge, each with its cause: for staff and services. Raises: Forbidden."""
        actor.require(Permission.MEMBERS_READ_PRIVATE)
        query = {"badge": badge.key, "revoked_at": {"$ne": None}}
        return await self._repository.page(actor.programme_id, query, window)

    async def counts(self, actor: Actor, badges: Sequence[str]) -> dict[str, int]:
        """How many awards of each badge stand."""
        return await self._repository.counts(actor.programme_id, badges)

    async def issued(self, actor: Actor, badges: Sequence[str]) -> dict[str, int]:
        """How many numbers of each limited edition were given."""
        found = await self._editions.of_programme(actor.programme_id)
        return {edition.badge: edition.issued for edition in found if edition.badge in set(badges)}

    async def rarities(self, actor: Actor, badges: Sequence[str]) -> dict[str, Rarity]:
        """How rare each badge is, as of a few minutes ago at most."""
        census = await self._censuses.of(actor.programme_id)
        return {key: Rarity(census.holders.get(key, 0), census.members, census.as_of) for key in badges}

    async def by_ids(
        self, actor: Actor, ids: Sequence[bytes], hidden: Some[str] = NOTHING
    ) -> dict[bytes, BadgeAward]:
        """Awards by id, of this programme; one that an edition was too small for never was any."""
        found = await self._repository.by_ids(ids)
        return {
            key: award
            for key, award in found.items()
            if award.programme_id == actor.programme_id and not award.missed and award.badge not in hidden
        }

    async def withdrawn(self, programme_id: str) -> dict[bytes, int]:
        """The awards of which something was taken back, with how often: for what is published of them."""
        return await self._repository.withdrawn(programme_id)

    # -- collections

    async def collection(self, actor: Actor, key: str) -> Collection | None:
        """A collection by key."""
        found = (await self._programmes.catalogue(actor.programme_id)).collections.get(key)
        return found if found is not None and _visible(actor, found) else None

    async def collections(self, actor: Actor) -> list[Collection]:
        """Every visible collection, in file order."""
        catalogue = await self._programmes.catalogue(actor.programme_id)
        return [found for found in catalogue.document.collections if _visible(actor, found)]

    async def collected(
        self, actor: Actor, member: Member
    ) -> list[tuple[Collection, int, CollectionState | None]]:
        """Every published collection with how many of its badges the member holds, and its completion."""
        if not may_see_private(actor, member):
            return []
        catalogue = await self._programmes.catalogue(actor.programme_id)
        wanted = [c for c in catalogue.document.collections if c.status is Status.PUBLISHED]
        awards = await self._repository.by_ids(
            {_award(catalogue, member, badge) for collection in wanted for badge in collection.badges}
        )
        states = await self._collections.of_members([member.id]) if wanted else {}
        return [
            (
                collection,
                sum(_stands(awards, _award(catalogue, member, badge)) for badge in collection.badges),
                states.get(collection_id(catalogue.programme_id, member.id, collection.key)),
            )
            for collection in wanted
        ]

    # -- showcases

    async def showcases(self, actor: Actor, members: Sequence[Member]) -> dict[bytes, list[bytes]]:
        """Ids of the awards that members chose to show, in their order. The caller shows those that stand."""
        return await self._showcases.of_members([member.id for member in members])

    async def choose(self, actor: Actor, awards: Sequence[bytes]) -> Member:
        """Show these awards of one's own, in this order; the last choice stands. Raises: NotFound, InvalidInput."""
        member = await self._members.me(actor)
        if member is None:
            raise NotFound("This token is no member's; join first.", path=["awards"])
        self._members.refuse_banned(member)
        if len(awards) > SHOWCASE_MAX:
            raise InvalidInput(
                f"At most {SHOWCASE_MAX} awards are shown.", path=["awards"], limit=SHOWCASE_MAX
            )
        if len(set(awards)) != len(awards):
            raise InvalidInput("Each award is shown once.", path=["awards"])
        found = await self._repository.by_ids(awards)
        for index, wanted in enumerate(awards):
            award = found.get(wanted)
            if award is None or award.member_id != member.id or not award.stands:
                raise InvalidInput("This is no award that you hold.", path=["awards", str(index)])
        await self._showcases.save(actor.programme_id, member.id, awards)
        return member


def census_of(awards: AwardRepository, members: MemberService, now: Callable[[], datetime]) -> Censuses:
    """Censuses counted in the database."""

    async def count(programme_id: str) -> tuple[Mapping[str, int], int]:
        return await awards.holders(programme_id), await members.size(programme_id)

    return Censuses(count, now)


def _award(catalogue: Catalogue, member: Member, badge: str) -> bytes:
    return award_id(catalogue.programme_id, member.id, badge, "")


def _stands(awards: Mapping[bytes, BadgeAward], found: bytes) -> bool:
    award = awards.get(found)
    return award is not None and award.stands


def _visible(actor: Actor, definition: Definition) -> bool:
    return definition.status is not Status.DRAFT or actor.can(Permission.PROGRAMME_READ_DRAFTS)
