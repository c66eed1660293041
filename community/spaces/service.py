"""Spaces as callers see them; joining, leaving, being let in, put out and given a role."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from community.oversight.model import name_of
from community.sanctions.model import Sanction, SanctionKind, on_of
from community.spaces.access import may_act_on, may_give, rights_in, state_on_joining
from community.spaces.model import (
    NOTHING_AROUND,
    SpaceMembership,
    SpaceRights,
    SpaceRole,
    SpaceState,
    membership_id,
)
from community.spaces.repository import SpaceMembershipRepository
from gamification.kit.actors import Actor, Permission, Role
from gamification.kit.errors import Conflict, ErrorCode, Forbidden, NotFound
from gamification.kit.records import evolve, record
from gamification.members.facts import member_facts
from gamification.members.model import Member
from gamification.members.profile import check_text
from gamification.members.repository import MemberRepository
from gamification.members.service import MemberService, may_see
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import Space, SpaceAccess, Status
from gamification.programmes.gating import Tiers, lets_in
from gamification.programmes.service import ProgrammeService
from gamification.tiers.service import TierService
from storage.mongo import Mongo, Tx
from storage.paging import Page, Window

_REASON_MAX = 500
_EMPTY: Page[SpaceMembership] = Page([], [], has_next=False, has_previous=False)


@record(frozen=True, slots=True)
class Viewer:
    """Who looks at the community: the member that the caller is, if any, and by key what they may do in each space that
    is there for them, in file order. `hidden`: members with whom they share a block; `limited`: what they write is for
    themselves alone; `muted`: the mute that goes on; `trust`: their level."""

    actor: Actor
    member: Member | None
    rights: Mapping[str, SpaceRights]
    hidden: frozenset[bytes] = frozenset()
    limited: bool = False
    muted: Sanction | None = None
    trust: int = 0

    @property
    def readable(self) -> tuple[str, ...]:
        """The keys of the spaces whose posts they may read."""
        return tuple(key for key, one in self.rights.items() if one.reads)

    def is_member(self, member_id: bytes) -> bool:
        """Whether they are that member."""
        return self.member is not None and self.member.id == member_id

    def require_voice(self) -> None:
        """Raises: Conflict (MUTED) where they may not write."""
        if self.muted is not None:
            until = f" until {self.muted.until.isoformat()}" if self.muted.until is not None else ""
            raise Conflict(f"You are muted{until}.", code=ErrorCode.MUTED)

    @property
    def moderated(self) -> tuple[str, ...]:
        """The keys of the spaces that they look after."""
        return tuple(key for key, one in self.rights.items() if one.moderates)


class Places(Protocol):
    """What a member has in a space as long as they are there, as places at gatherings."""

    async def leave(self, programme_id: str, member_id: bytes, tx: Tx, space: str) -> None:
        """Let them have it no more."""


class SpaceService:
    """Members act for themselves, services for any member; who looks after a space, on those in it."""

    def __init__(
        self,
        mongo: Mongo,
        repository: SpaceMembershipRepository,
        members: MemberService,
        profiles: MemberRepository,
        programmes: ProgrammeService,
        tiers: TierService,
        now: Callable[[], datetime],
        places: Places,
    ) -> None:
        self._mongo = mongo
        self._places = places
        self._repository = repository
        self._members = members
        self._profiles = profiles
        self._programmes = programmes
        self._tiers = tiers
        self._now = now

    async def viewer(self, actor: Actor) -> Viewer:
        """The caller as one who looks at the community."""
        return await self.viewer_as(actor, await self._members.me(actor))

    async def viewer_as(
        self,
        actor: Actor,
        member: Member | None,
        tx: Tx | None = None,
        catalogue: Catalogue | None = None,
    ) -> Viewer:
        """The same for a caller who acts as that member: themselves, or a service for anyone; by these definitions, where
        they are at hand."""
        if catalogue is None:
            catalogue = await self._programmes.catalogue(actor.programme_id, tx=tx)
        around = NOTHING_AROUND
        if member is not None and catalogue.document.spaces:
            around = await self._repository.around(actor.programme_id, member.id, tx)
        now = self._now()
        muted = on_of(around.sanctions, SanctionKind.MUTE, now)
        tiers = await self._tiers_of(member, catalogue)
        facts = member_facts(member) if member is not None else {}
        found: dict[str, SpaceRights] = {}
        for space in catalogue.document.spaces:
            is_let_in = not space.is_gated or (member is not None and lets_in(catalogue, space, facts, tiers))
            membership = around.memberships.get(space.key)
            rights = rights_in(
                space, actor, member, membership, is_let_in=is_let_in, is_muted=muted is not None
            )
            if rights is not None:
                found[space.key] = rights
        limited = on_of(around.sanctions, SanctionKind.SHADOW_LIMIT, now) is not None
        return Viewer(actor, member, found, around.blocks, limited, muted, around.trust)

    async def viewer_of(self, member: Member, tx: Tx | None = None) -> Viewer:
        """That member as one who looks, whoever acts for them."""
        return await self.viewer_as(as_member(member), member, tx)

    async def counts(self, actor: Actor, spaces: Iterable[str]) -> dict[str, int]:
        """How many are in each of these spaces."""
        return await self._repository.counts(actor.programme_id, spaces)

    async def members_of(
        self, viewer: Viewer, space: str, state: SpaceState, roles: Sequence[SpaceRole], window: Window
    ) -> Page[SpaceMembership]:
        """Who is in a space, latest first: for who reads it. Who waits or is barred: for who looks after it."""
        rights = viewer.rights.get(space)
        if rights is None or not (rights.moderates or (rights.reads and state is SpaceState.ACTIVE)):
            return _EMPTY
        return await self._repository.page(viewer.actor.programme_id, space, state, roles, window)

    async def outranks(self, viewer: Viewer, space: str, member_id: bytes, tx: Tx) -> bool:
        """Whether who looks after a space may act on that member there: staff on everyone, others on who has a lower role."""
        theirs = await self._repository.find(viewer.actor.programme_id, space, member_id, tx)
        return may_act_on(viewer.rights[space], theirs)

    async def join(
        self, actor: Actor, space: str, member_id: bytes | None
    ) -> tuple[SpaceMembership, SpaceRights]:
        """Be in the space, or wait to be let in; again is the same as once.

        Raises: NotFound, Forbidden, Conflict (SPACE_NOT_OPEN, SPACE_BARRED).
        """

        async def body(tx: Tx) -> SpaceMembership:
            member = await self._acting(actor, member_id, tx)
            rights = await self._rights(member, space, tx)
            known = rights.membership
            if known is not None and known.state is SpaceState.BARRED:
                raise Conflict("You were put out of this space.", code=ErrorCode.SPACE_BARRED, path=["space"])
            if known is not None:
                return known
            state = state_on_joining(rights.space)
            if state is None or rights.space.status is not Status.PUBLISHED:
                raise Conflict(
                    "Nobody joins this space by themselves.", code=ErrorCode.SPACE_NOT_OPEN, path=["space"]
                )
            found = self._new(actor.programme_id, space, member, state)
            await self._repository.save([found], tx)
            return found

        return await self._changed(actor, space, member_id, await self._mongo.transaction(body))

    async def leave(self, actor: Actor, space: str, member_id: bytes | None) -> SpaceRights:
        """Be in it no more, or wait no more; a bar stays. Raises: NotFound, Forbidden."""

        async def body(tx: Tx) -> None:
            member = await self._acting(actor, member_id, tx)
            rights = await self._rights(member, space, tx)
            known = rights.membership
            if known is not None and known.state is not SpaceState.BARRED:
                await self._repository.delete(known, tx)
                await self._out(rights.space, member, tx)

        await self._mongo.transaction(body)
        return (await self._viewer_for(actor, member_id)).rights[space]

    async def admit(self, actor: Actor, space: str, member_id: bytes) -> SpaceMembership:
        """Let in who waits, add who does not, and lift a bar. Raises: NotFound, Forbidden."""

        async def body(tx: Tx) -> SpaceMembership:
            rights, member, known = await self._looked_after(actor, space, member_id, tx)
            if known is not None and known.state is SpaceState.ACTIVE:
                return known
            found = evolve(
                self._new(actor.programme_id, space, member, SpaceState.ACTIVE), by=_by(actor, rights)
            )
            await self._repository.save([found], tx)
            return found

        return await self._mongo.transaction(body)

    async def put_out(
        self, actor: Actor, space: str, member_id: bytes, *, bar: bool, reason: str | None
    ) -> SpaceMembership | None:
        """Put a member out of a space, or refuse who waits; with `bar` they can't come back by themselves. Who is barred stays so.
        What is left of their membership. Raises: NotFound, Forbidden where they have no lower role, InvalidInput."""
        if reason is not None:
            check_text(reason, "reason", _REASON_MAX)

        async def body(tx: Tx) -> SpaceMembership | None:
            rights, member, known = await self._looked_after(actor, space, member_id, tx)
            if not may_act_on(rights, known) or rights.membership == known is not None:
                raise Forbidden("This takes a higher role in the space than theirs.")
            if bar:
                barred = evolve(
                    self._new(actor.programme_id, space, member, SpaceState.BARRED),
                    by=_by(actor, rights),
                    reason=reason,
                )
                await self._repository.save([barred], tx)
                await self._places.leave(actor.programme_id, member_id, tx, space)
                return barred
            if known is not None and known.state is SpaceState.BARRED:
                return known
            if known is not None:
                await self._repository.delete(known, tx)
                await self._out(rights.space, member, tx)
            return None

        return await self._mongo.transaction(body)

    async def set_role(self, actor: Actor, space: str, member_id: bytes, role: SpaceRole) -> SpaceMembership:
        """Give a member a role in the space; who was not in it, is. Raises: NotFound, Forbidden."""

        async def body(tx: Tx) -> SpaceMembership:
            rights, member, known = await self._looked_after(actor, space, member_id, tx)
            if not may_give(rights, role) or not may_act_on(rights, known):
                raise Forbidden("This takes a higher role in the space.")
            if known is not None and (known.state, known.role) == (SpaceState.ACTIVE, role):
                return known
            found = evolve(
                self._new(actor.programme_id, space, member, SpaceState.ACTIVE),
                role=role,
                by=_by(actor, rights),
            )
            await self._repository.save([found], tx)
            return found

        return await self._mongo.transaction(body)

    # -- within

    def _new(self, programme_id: str, space: str, member: Member, state: SpaceState) -> SpaceMembership:
        found = membership_id(programme_id, space, member.id)
        return SpaceMembership(found, programme_id, space, member.id, SpaceRole.MEMBER, state, self._now())

    async def _out(self, space: Space, member: Member, tx: Tx) -> None:
        """A member is in the space no more; what all read, they go on reading."""
        if space.access is SpaceAccess.PRIVATE:
            await self._places.leave(member.programme_id, member.id, tx, space.key)

    async def _tiers_of(self, member: Member | None, catalogue: Catalogue) -> Tiers:
        """Read where a space asks for a tier, else nothing."""
        if member is None or not any(space.tier for space in catalogue.document.spaces):
            return {}
        return await self._tiers.held(catalogue, member)

    async def _acting(self, actor: Actor, member_id: bytes | None, tx: Tx) -> Member:
        """The member who acts: the caller, or whom a service names. Raises: NotFound, Forbidden."""
        if member_id is not None:
            actor.require(Permission.COMMUNITY_ACT_AS)
            found = (await self._profiles.by_ids(actor.programme_id, [member_id], tx)).get(member_id)
        else:
            actor.require(Permission.COMMUNITY_TAKE_PART)
            own = await self._profiles.by_external_ids(actor.programme_id, [actor.subject], tx)
            found = own.get(actor.subject) if actor.role is Role.MEMBER else None
        if found is None or found.is_gone:
            raise NotFound("There is no such member.", path=["memberId"])
        MemberService.refuse_banned(found)
        return found

    async def _rights(self, member: Member, space: str, tx: Tx) -> SpaceRights:
        """The member's own rights in a space, whoever acts for them. Raises: NotFound."""
        rights = (await self.viewer_of(member, tx)).rights.get(space)
        if rights is None:
            raise NotFound("There is no such space.", path=["space"])
        return rights

    async def _looked_after(
        self, actor: Actor, space: str, member_id: bytes, tx: Tx
    ) -> tuple[SpaceRights, Member, SpaceMembership | None]:
        """The caller's rights in a space that they look after, and the member it is about. Raises: NotFound, Forbidden."""
        caller: Member | None = None
        if actor.role is Role.MEMBER:
            caller = await self._acting(actor, None, tx)
        rights = (await self.viewer_as(actor, caller, tx)).rights.get(space)
        if rights is None:
            raise NotFound("There is no such space.", path=["space"])
        if not rights.moderates:
            raise Forbidden("This is for those who look after the space.")
        member = (await self._profiles.by_ids(actor.programme_id, [member_id], tx)).get(member_id)
        if member is None or member.is_gone or not may_see(actor, member):
            raise NotFound("There is no such member.", path=["memberId"])
        return rights, member, await self._repository.find(actor.programme_id, space, member_id, tx)

    async def _viewer_for(self, actor: Actor, member_id: bytes | None) -> Viewer:
        if member_id is None:
            return await self.viewer(actor)
        member = (await self._profiles.by_ids(actor.programme_id, [member_id]))[member_id]
        return await self.viewer_of(member)

    async def _changed(
        self, actor: Actor, space: str, member_id: bytes | None, membership: SpaceMembership
    ) -> tuple[SpaceMembership, SpaceRights]:
        return membership, (await self._viewer_for(actor, member_id)).rights[space]


def as_member(member: Member) -> Actor:
    """The member themselves as the one who acts: what goes for them goes for a service that acts for them."""
    return Actor(member.programme_id, member.external_id, Role.MEMBER)


def spaces_of(viewer: Viewer) -> list[Space]:
    """The spaces that are there for who looks, in file order."""
    return [rights.space for rights in viewer.rights.values()]


def _by(actor: Actor, rights: SpaceRights) -> str:
    """Who did that: a member, who looks after the space by being in it, by their id, which says nothing once erased."""
    own = rights.membership
    return name_of(actor, own.member_id if own is not None else None)
