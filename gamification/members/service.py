"""Joining, profiles, looking members up."""

import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from enum import StrEnum

from gamification.kit.actors import Actor, Permission, Role
from gamification.kit.errors import Conflict, ErrorCode, Forbidden, NotFound
from gamification.kit.identifiers import new_id
from gamification.members.model import (
    ANONYMOUS,
    Identity,
    Member,
    NewMember,
    ProfileChange,
    Standing,
    is_alias,
    shown_as,
    zones_after,
)
from gamification.members.profile import check_change, check_new
from gamification.members.repository import MemberRepository
from gamification.programmes.service import ProgrammeService
from storage.mongo import Contention, Mongo, Tx
from storage.paging import Page, Window

Noted = Callable[[str, Sequence[bytes], Tx], Awaitable[None]]
"""Is told, in the same transaction, which members of a programme joined or have another profile."""


class MemberOrder(StrEnum):
    """How lists of members are ordered; the id breaks ties."""

    JOINED_AT = "joined_at"
    DISPLAY_NAME = "display_name"


@dataclasses.dataclass(frozen=True, slots=True)
class MemberFilter:
    """Which members a list shows. `display_name_prefix` is case-sensitive, so that an index answers."""

    standing: Standing | None = None
    display_name_prefix: str | None = None


class MemberService:
    """Use cases on members. Lookups return None for what is missing and what this actor may not see alike, and may be
    as old as the repository's cache says; what a use case decides by is read anew."""

    def __init__(
        self,
        mongo: Mongo,
        repository: MemberRepository,
        programmes: ProgrammeService,
        now: Callable[[], datetime],
        noted: Noted | None = None,
    ) -> None:
        self._noted = noted
        self._mongo = mongo
        self._repository = repository
        self._programmes = programmes
        self._now = now

    async def join(self, actor: Actor, new: NewMember) -> tuple[Member, bool]:
        """The member, and whether they joined just now; joining again changes nothing.

        A member joins as themselves; a service may join anyone. Raises: Forbidden, InvalidInput, Conflict.
        """
        if not actor.is_member(new.external_id):
            actor.require(Permission.MEMBERS_JOIN_ANY)
        else:
            actor.require(Permission.MEMBERS_JOIN_SELF)
            new = dataclasses.replace(new, joined_at=None, attributes={}, identities=())
        joined = await self.ensure(actor, [new])
        if joined:
            return joined[0], True
        found = await self._repository.by_external_ids(actor.programme_id, [new.external_id])
        return found[new.external_id], False

    async def ensure(self, actor: Actor, members: Sequence[NewMember]) -> list[Member]:
        """Let those join who have not; the ones who just did, in the order given. Importers call this."""
        first: dict[str, NewMember] = {}
        for new in members:
            check_new(new)
            first.setdefault(new.external_id, new)
        settings = (await self._programmes.catalogue(actor.programme_id)).settings
        now = self._now()
        fresh = [
            Member(
                id=new_id(),
                programme_id=actor.programme_id,
                external_id=new.external_id,
                display_name=new.display_name or new.external_id[:100],
                joined_at=new.joined_at or now,
                locale=new.locale or settings.locale,
                time_zone=new.time_zone or settings.time_zone,
                avatar_url=new.avatar_url or None,
                attributes=new.attributes,
                identities=new.identities,
                birthday=new.birthday or None,
            )
            for new in first.values()
        ]

        async def body(tx: Tx) -> list[Member]:
            known = await self._repository.by_external_ids(
                actor.programme_id, [member.external_id for member in fresh], tx
            )
            missing = [member for member in fresh if member.external_id not in known]
            names = [member.external_id for member in missing]
            refused = await self._repository.tombstones.find(actor.programme_id, names, now, tx)
            for erased in refused.values():
                raise Conflict(
                    f"This external id was erased; nobody joins by it until {erased.until:%Y-%m-%d}.",
                    path=["externalId"],
                )
            await self._repository.add(missing, tx)
            await self._note(actor.programme_id, [one.id for one in missing], tx)
            return missing

        await self._refuse_taken_identity(fresh)
        try:
            return await self._mongo.transaction(body)
        except Contention:
            await self._refuse_taken_identity(fresh)
            raise

    async def update_profile(self, actor: Actor, member_id: bytes | None, change: ProfileChange) -> Member:
        """Change a profile: one's own, or by staff and services anyone's. Raises: NotFound, InvalidInput."""
        check_change(change)
        target = await self._required(actor, member_id)
        own = actor.is_member(target.external_id, target.former)
        actor.require(Permission.MEMBERS_UPDATE_OWN if own else Permission.MEMBERS_UPDATE_ANY)
        if own:
            self.refuse_banned(target)
            if (change.identities, change.attributes, change.tags) != (None, None, None):
                raise Forbidden("Identities, attributes and tags are set by the programme's own servers.")
            self._refuse_moved_birthday(target, change)

        now = self._now()

        async def body(tx: Tx) -> Member:
            current = (await self._repository.by_ids(actor.programme_id, [target.id], tx))[target.id]
            stated = {
                field.name: value
                for field in dataclasses.fields(change)
                if (value := getattr(change, field.name)) is not None
            }
            for name in ("avatar_url", "birthday"):
                if stated.get(name) == "":
                    stated[name] = None
            if change.tags is not None:
                stated["tags"] = tuple(dict.fromkeys(change.tags))
            if own:
                self._refuse_moved_birthday(current, change)
            if change.time_zone is not None:
                stated["past_zones"] = zones_after(current, change.time_zone, now)
            changed = dataclasses.replace(current, **stated)
            await self._repository.replace(changed, tx)
            await self._note(actor.programme_id, [changed.id], tx)
            return changed

        await self._refuse_taken_identity([dataclasses.replace(target, identities=change.identities or ())])
        try:
            return await self._mongo.transaction(body)
        except Contention:
            if change.identities:
                await self._refuse_taken_identity([dataclasses.replace(target, identities=change.identities)])
            raise

    async def _note(self, programme_id: str, member_ids: Sequence[bytes], tx: Tx) -> None:
        if self._noted is not None and member_ids:
            await self._noted(programme_id, member_ids, tx)

    async def link(self, actor: Actor, member_id: bytes, identity: Identity) -> tuple[Member, bool]:
        """Make a name in another system the member's; whether it was not before. Raises: Forbidden, NotFound,
        InvalidInput, Conflict (IDENTITY_TAKEN)."""
        return await self._change_identity(actor, member_id, identity, links=True)

    async def unlink(self, actor: Actor, member_id: bytes, identity: Identity) -> tuple[Member, bool]:
        """Make a name in another system nobody's; whether it was the member's before. Raises: Forbidden, NotFound."""
        return await self._change_identity(actor, member_id, identity, links=False)

    async def _change_identity(
        self, actor: Actor, member_id: bytes, identity: Identity, *, links: bool
    ) -> tuple[Member, bool]:
        actor.require(Permission.MEMBERS_UPDATE_ANY)

        async def body(tx: Tx) -> tuple[Member, bool]:
            found = await self._repository.by_ids(actor.programme_id, [member_id], tx)
            member = found.get(member_id)
            if member is None or member.is_gone:
                raise NotFound("There is no such member.", path=["memberId"])
            if (identity in member.identities) == links:
                return member, False
            kept = tuple(one for one in member.identities if one != identity)
            changed = dataclasses.replace(member, identities=(*kept, identity) if links else kept)
            check_change(ProfileChange(identities=changed.identities))
            await self._repository.replace(changed, tx)
            return changed, True

        await self._required(actor, member_id)
        if links:
            await self._refuse_linked(actor, member_id, identity)
        try:
            return await self._mongo.transaction(body)
        except Contention:
            if links:
                await self._refuse_linked(actor, member_id, identity)
            raise

    async def _refuse_linked(self, actor: Actor, member_id: bytes, identity: Identity) -> None:
        owner = await self._repository.by_identity(actor.programme_id, identity)
        if owner is not None and owner.id != member_id:
            raise Conflict(
                f"{identity.provider}:{identity.subject} belongs to another member.",
                code=ErrorCode.IDENTITY_TAKEN,
                path=["identity"],
            )

    async def me(self, actor: Actor) -> Member | None:
        """The member this token speaks for; None for staff, services and those who have not joined."""
        return await self.by_external_id(actor, actor.subject) if actor.role is Role.MEMBER else None

    def held_me(self, actor: Actor) -> Member | None:
        """What `me` would say, where nothing must be read for it; else None."""
        if actor.role is not Role.MEMBER:
            return None
        return self._repository.cache.held_by_external_id(actor.programme_id, actor.subject)

    async def by_external_id(self, actor: Actor, external_id: str) -> Member | None:
        """A member by the caller's own name for them. Members may look up themselves only."""
        if not actor.can(Permission.MEMBERS_READ_PRIVATE) and not actor.is_member(external_id):
            return None
        cache = self._repository.cache
        held = cache.held_by_external_id(actor.programme_id, external_id)
        if held is not None:
            return held
        read_at = cache.now()
        found = await self._repository.by_external_ids(actor.programme_id, [external_id])
        cache.hold(read_at, found.values())
        return found.get(external_id)

    async def by_identity(self, actor: Actor, identity: Identity) -> Member | None:
        """A member by an external identity: staff and services."""
        if not actor.can(Permission.MEMBERS_READ_PRIVATE):
            return None
        return await self._repository.by_identity(actor.programme_id, identity)

    async def by_ids(self, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Member]:
        """Members by id, as this actor may see them: banned ones are seen by staff, services and themselves."""
        found = await self._repository.cache.by_ids(actor.programme_id, ids)
        return _visible(actor, found)

    async def persons_by_ids(self, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Member]:
        """Members by the ids that they have or had: for what stays with an account that was merged, whoever it is now."""
        found = await self._repository.cache.by_ids(actor.programme_id, ids)
        heirs = {key: one.merged_into for key, one in found.items() if one.merged_into is not None}
        if heirs:
            survivors = await self._repository.cache.by_ids(actor.programme_id, sorted(set(heirs.values())))
            found = {**found, **{key: survivors[heir] for key, heir in heirs.items()}}
        return _visible(actor, found)

    async def ranked_by_ids(self, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Member]:
        """Members that a board shows, by id. For the moments until a ban has reached the board that is whoever is
        on it: the board decides who is shown there, and a page must not fall apart over one of them. Pseudonyms are
        members of whom nothing else is known."""
        aliases = [one for one in ids if is_alias(one)]
        if not aliases:
            return await self._repository.cache.by_ids(actor.programme_id, ids)
        profiles = [one for one in ids if not is_alias(one)]
        found = await self._repository.cache.by_ids(actor.programme_id, profiles) if profiles else {}
        shown = await self._repository.aliases.by_ids(actor.programme_id, aliases)
        gone = {one: shown_as(actor.programme_id, one, ANONYMOUS) for one in aliases if one not in shown}
        return {**found, **shown, **gone}

    def held_by_ids(self, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Member] | None:
        """What `by_ids` would say, where nothing must be read for it; else None."""
        found = self._repository.cache.held(actor.programme_id, ids)
        return None if found is None else _visible(actor, found)

    def held_ranked_by_ids(self, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Member] | None:
        """What `ranked_by_ids` would say, where nothing must be read for it; else None."""
        aliases = [one for one in ids if is_alias(one)]
        if not aliases:
            return self._repository.cache.held(actor.programme_id, ids)
        profiles = [one for one in ids if not is_alias(one)]
        found = self._repository.cache.held(actor.programme_id, profiles)
        shown = self._repository.aliases.held(actor.programme_id, aliases)
        return None if found is None or shown is None else {**found, **shown}

    async def page(
        self, actor: Actor, wanted: MemberFilter, order: MemberOrder, *, descending: bool, window: Window
    ) -> Page[Member]:
        """A page of members: for staff and services. Raises: Forbidden."""
        actor.require(Permission.MEMBERS_READ_PRIVATE)
        direction = -1 if descending else 1
        return await self._repository.page(
            actor.programme_id, _query(wanted), [(order.value, direction), ("_id", direction)], window
        )

    async def count(self, actor: Actor, wanted: MemberFilter) -> int:
        """How many members a list has in all."""
        actor.require(Permission.MEMBERS_READ_PRIVATE)
        return await self._repository.count(actor.programme_id, _query(wanted))

    async def size(self, programme_id: str) -> int:
        """How many members a programme has, without those who are banned: for what is counted of all of them."""
        return await self._repository.count(programme_id, {"standing": {"$ne": Standing.BANNED.value}})

    async def head(self, member: Member) -> int:
        """The number of the newest message in the member's feed."""
        return await self._repository.head(member.id)

    @staticmethod
    def refuse_banned(member: Member) -> None:
        """Raises: Forbidden for a banned member, NotFound for one who was erased."""
        if member.is_gone:
            raise NotFound("There is no such member.", path=["memberId"])
        if member.standing is Standing.BANNED:
            raise Forbidden("This member is banned.")

    @staticmethod
    def _refuse_moved_birthday(member: Member, change: ProfileChange) -> None:
        # What is given for birthdays would else be had every day.
        if change.birthday is not None and member.birthday not in (None, change.birthday):
            raise Conflict("A birthday is stated once; staff can change it.", path=["birthday"])

    async def _required(self, actor: Actor, member_id: bytes | None) -> Member:
        """As stored now, for what is about to be decided by it."""
        if member_id is not None:
            member = (await self._repository.by_ids(actor.programme_id, [member_id])).get(member_id)
        elif actor.role is Role.MEMBER:
            found = await self._repository.by_external_ids(actor.programme_id, [actor.subject])
            member = found.get(actor.subject)
        else:
            member = None
        if member is None or member.is_gone or not may_see(actor, member):
            raise NotFound("There is no such member.", path=["memberId"])
        return member

    async def _refuse_taken_identity(self, members: Sequence[Member]) -> None:
        stated: dict[Identity, str] = {}
        for member in members:
            for identity in member.identities:
                owner = await self._repository.by_identity(member.programme_id, identity)
                known = owner.external_id if owner else stated.setdefault(identity, member.external_id)
                if known != member.external_id:
                    raise Conflict(
                        f"{identity.provider}:{identity.subject} belongs to another member.",
                        path=["identities"],
                    )


def may_see(actor: Actor, member: Member) -> bool:
    """Can this actor see that the member exists? Everyone sees who is not banned."""
    return (
        member.standing is not Standing.BANNED
        or actor.can(Permission.MEMBERS_READ_PRIVATE)
        or _is_own(actor, member)
    )


def _is_own(actor: Actor, member: Member) -> bool:
    """Is this the actor's? What is left of an account that was merged is nobody's own."""
    return member.merged_into is None and actor.is_member(member.external_id, member.former)


def _visible(actor: Actor, found: dict[bytes, Member]) -> dict[bytes, Member]:
    return {member_id: member for member_id, member in found.items() if may_see(actor, member)}


def may_see_private(actor: Actor, member: Member) -> bool:
    """Can this actor read what is the member's own: balances, progress, external id? Of a pseudonym nobody can."""
    if is_alias(member.id):
        return False
    return actor.can(Permission.MEMBERS_READ_PRIVATE) or _is_own(actor, member)


def require_private(actor: Actor, member: Member | None) -> None:
    """Raises: Forbidden for who may not read what is the member's own, or where there is no such member."""
    if member is None or not may_see_private(actor, member):
        raise Forbidden(f"This is the member's own; it takes {Permission.MEMBERS_READ_PRIVATE}.")


def _query(wanted: MemberFilter) -> dict[str, object]:
    query: dict[str, object] = {}
    if wanted.standing is not None:
        query["standing"] = wanted.standing.value
    if wanted.display_name_prefix:
        prefix = wanted.display_name_prefix
        query["display_name"] = {"$gte": prefix, "$lt": prefix + "\U0010ffff"}
    return query
