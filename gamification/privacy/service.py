"""Erasing a member: what others see goes in one transaction, the rest in parts that a crash may come between."""

from collections.abc import Awaitable, Callable, Mapping

from gamification.kit.actors import Actor, Permission, Role
from gamification.kit.errors import InvalidInput, NotFound
from gamification.kit.records import evolve
from gamification.members.model import Member
from gamification.privacy.closing import (
    cancel_pending,
    close_accounts,
    close_redemptions,
    reject_referrals,
    release_holds,
    seal_transfers,
    withdraw_submissions,
)
from gamification.privacy.model import Erasure, new_pseudonym, tombstone
from gamification.privacy.plan import generic
from gamification.privacy.repository import ErasureRepository, done
from gamification.settlement.presence import show
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit

PARTS_AT_ONCE = 40
"""So many parts whoever asks for an erasure waits for; the worker does the rest."""
DOCUMENTS_A_PART = 500
_OPEN_READ = 20

Step = Callable[[Unit, Erasure, ErasureRepository], Awaitable[bytes | None]]
"""Does a part in an open transaction; the place to go on after, None once nothing is left."""


def _emptying(part: Callable[[ErasureRepository], Callable[..., Awaitable[int]]]) -> Step:
    """A step of parts that find by themselves what is left."""

    async def step(work: Unit, erasure: Erasure, stored: ErasureRepository) -> bytes | None:
        touched = await part(stored)(erasure, DOCUMENTS_A_PART, work.tx)
        return b"" if touched == DOCUMENTS_A_PART else None

    return step


async def _credentials(work: Unit, erasure: Erasure, stored: ErasureRepository) -> bytes | None:
    return await stored.credentials(erasure, erasure.place or None, DOCUMENTS_A_PART, work.tx)


async def _documents(work: Unit, erasure: Erasure, stored: ErasureRepository) -> bytes | None:
    """The collections of the plan that need no work of their own, as many as a part has room for; the place is the name
    of the one at hand."""
    treatments = generic()
    name: str | None = _at_or_first(treatments, (erasure.place or b"").decode())
    room = DOCUMENTS_A_PART
    while name is not None:
        touched = await stored.treat(name, treatments[name], erasure, room, work.tx)
        if touched == room:
            return name.encode()
        room -= touched
        name = _after(treatments, name)
    return None


def _at_or_first(names: Mapping[str, object], name: str) -> str:
    """That name; the first where it is none of them, as at the start or where another version had other names: a part
    that is done again does nothing."""
    return name if name in names else next(iter(names))


def _after(names: Mapping[str, object], name: str) -> str | None:
    """The name after that one; None after the last."""
    order = list(names)
    return next(iter(order[order.index(name) + 1 :]), None)


STEPS: dict[str, Step] = {
    "credentials": _credentials,
    "redemptions": close_redemptions,
    "submissions": withdraw_submissions,
    "holds": release_holds,
    "referrals": reject_referrals,
    "pending": cancel_pending,
    "accounts": close_accounts,
    "transfers": seal_transfers,
    "activities": _emptying(lambda stored: stored.activities),
    "documents": _documents,
    "follows": _emptying(lambda stored: stored.follows),
    "keys": _emptying(lambda stored: stored.keys),
    # Last, for what is settled is told to the member's feed.
    "feed": _emptying(lambda stored: stored.feed),
}


def steps_with(more: Mapping[str, Step]) -> dict[str, Step]:
    """All steps, in the order in which they are done."""
    before = list(STEPS).index("documents")
    own = list(STEPS.items())
    return dict([*own[:before], *more.items(), *own[before:]])


class ErasureService:
    """`eraseMember`, and the worker's part of it."""

    def __init__(
        self,
        settlement: SettlementService,
        repository: ErasureRepository,
        more: Mapping[str, Step] | None = None,
    ) -> None:
        """`more`: steps of those who build upon this domain, done before the documents that need no work of their own."""
        self._settlement = settlement
        self._repository = repository
        self.steps = steps_with(more or {})

    async def erase(self, actor: Actor, member_id: bytes | None, confirmed: str) -> tuple[Erasure, bool]:
        """Erase oneself, or by operators and services anyone; and whether that was done before. `confirmed` is the
        member's external id, stated to confirm. Of a banned member too.

        Raises: Forbidden, NotFound, InvalidInput.
        """

        async def body(work: Unit) -> tuple[Erasure, bool]:
            if member_id is None:
                known, member = await self._own(work, actor)
            else:
                known, member = await self._others(work, actor, member_id)
            if known is not None:
                return known, True
            assert member is not None  # noqa: S101 - else it was erased before
            if confirmed not in (member.external_id, *member.former):
                raise InvalidInput("This is not the member's external id.", path=["confirmExternalId"])
            return await self._begin(work, actor, member), False

        erasure, before = await self._settlement.run(actor.programme_id, body)
        return await self._go_on(erasure, PARTS_AT_ONCE), before

    async def find(self, actor: Actor, member_id: bytes) -> Erasure | None:
        """How far a member's erasure has come; None where there is none. Raises: Forbidden."""
        actor.require(Permission.MEMBERS_ERASE_ANY)
        return await self._repository.find(actor.programme_id, member_id)

    async def run_open(self) -> int:
        """Go on with what a crash or the asking has left; how many were completed. What one fails of does not keep the
        others waiting. Raises: what the first of those that failed did."""
        completed, failures = 0, list[Exception]()
        for erasure in await self._repository.open(_OPEN_READ):
            try:
                while (erasure := await self._go_on(erasure, PARTS_AT_ONCE)).done_at is None:
                    pass
                completed += 1
            except Exception as error:  # noqa: BLE001 - raised below
                failures.append(error)
        if failures:
            raise failures[0]
        return completed

    async def _own(self, work: Unit, actor: Actor) -> tuple[Erasure | None, Member | None]:
        actor.require(Permission.MEMBERS_ERASE_OWN)
        members = work.stores.members
        found = await members.by_external_ids(actor.programme_id, [actor.subject], work.tx)
        if actor.subject in found:
            return None, found[actor.subject]
        # Who asks again, as where the first answer was lost, is told the same.
        erased = await members.tombstones.find(actor.programme_id, [actor.subject], work.space.now, work.tx)
        if actor.subject not in erased:
            raise NotFound("There is no such member.", path=["memberId"])
        return await self._known(work, erased[actor.subject].member_id), None

    async def _others(
        self, work: Unit, actor: Actor, member_id: bytes
    ) -> tuple[Erasure | None, Member | None]:
        found = await work.stores.members.by_ids(actor.programme_id, [member_id], work.tx)
        member = found.get(member_id)
        own = member is not None and actor.is_member(member.external_id, member.former)
        actor.require(Permission.MEMBERS_ERASE_OWN if own else Permission.MEMBERS_ERASE_ANY)
        if member is None or member.merged_into is not None:
            raise NotFound("There is no such member.", path=["memberId"])
        return (await self._known(work, member_id), None) if member.erased_at else (None, member)

    async def _known(self, work: Unit, member_id: bytes) -> Erasure:
        found = await self._repository.find(work.space.catalogue.programme_id, member_id, work.tx)
        assert found is not None  # noqa: S101 - it is stored with the tombstone
        return found

    async def _begin(self, work: Unit, actor: Actor, member: Member) -> Erasure:
        """All that is seen of a member: they are on no board, and no token is theirs."""
        # What is left of accounts that were merged into this one goes too, by erasures of their own.
        for merged in await work.stores.members.merged_into(member.programme_id, [member.id], work.tx):
            await self._entomb(work, actor, merged)
        return await self._entomb(work, actor, member)

    async def _entomb(self, work: Unit, actor: Actor, member: Member) -> Erasure:
        now = work.space.now
        erasure = Erasure(
            member.id,
            member.programme_id,
            new_pseudonym(),
            "member" if actor.role is Role.MEMBER else f"{actor.role}:{actor.subject}",
            now,
            member.external_id,
            former=member.former,
        )
        await show(work, tombstone(member, erasure.pseudonym, now))
        tombstones = work.stores.members.tombstones
        await tombstones.add(member.programme_id, member.external_id, member.id, now, work.tx)
        await self._repository.put(erasure, work.tx)
        work.followup.touched.append(member.id)
        return erasure

    async def _go_on(self, erasure: Erasure, parts: int) -> Erasure:
        """Do up to so many parts, each in a transaction."""

        async def body(work: Unit) -> Erasure:
            current = await self._known(work, erasure.id)
            if current.done_at is not None:
                return current
            step = _at_or_first(self.steps, current.step)
            place = await self.steps[step](work, current, self._repository)
            if place is not None:
                changed = evolve(current, step=step, place=place)
            elif (following := _after(self.steps, step)) is not None:
                changed = evolve(current, step=following, place=None)
            else:
                changed = done(current, work.space.now)
            await self._repository.put(changed, work.tx)
            return changed

        for _ in range(parts):
            if erasure.done_at is not None:
                break
            erasure = await self._settlement.run(erasure.programme_id, body)
        return erasure
