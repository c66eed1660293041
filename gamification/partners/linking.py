"""A member's two accounts are linked by themselves: one asks for a code, the other states it."""

from collections.abc import Callable
from datetime import datetime, timedelta

from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import Conflict, ErrorCode, NotFound
from gamification.kit.identifiers import new_id
from gamification.members.model import Member
from gamification.partners.agreements import digest_of, new_code
from gamification.partners.model import Agreement, AgreementState, Link, LinkCode, link_id
from gamification.partners.repository import PartnerRepository
from gamification.settlement.service import SettlementService
from storage.mongo import Mongo, Tx

CODE_LASTS = timedelta(minutes=15)


class LinkingService:
    """Members for themselves, services for anyone of theirs. Nothing says who the other account is."""

    def __init__(
        self,
        mongo: Mongo,
        settlement: SettlementService,
        repository: PartnerRepository,
        now: Callable[[], datetime],
    ) -> None:
        self._mongo = mongo
        self._settlement = settlement
        self._repository = repository
        self._now = now

    async def links(self, actor: Actor, member_id: bytes | None) -> list[Link]:
        """A member's links that stand. Raises: Forbidden, NotFound."""

        async def body(tx: Tx) -> list[Link]:
            member = await self._member(actor, member_id, tx)
            return await self._repository.links(actor.programme_id, member.id, tx)

        return await self._mongo.transaction(body)

    async def begin(
        self, actor: Actor, member_id: bytes | None, agreement_id: bytes, *, shares: bool
    ) -> tuple[str, datetime]:
        """A code to be stated at the partner's, and until when it works. One given before ends. Raises: Forbidden, NotFound,
        Conflict (LINK_STATE) where there is a link."""
        code, until = new_code(), self._now() + CODE_LASTS

        async def body(tx: Tx) -> None:
            member = await self._member(actor, member_id, tx)
            await self._active(actor.programme_id, agreement_id, tx)
            await self._check_free(agreement_id, actor.programme_id, member.id, tx)
            stated = LinkCode(digest_of(code), actor.programme_id, agreement_id, member.id, until, shares)
            await self._repository.put_code(stated, tx)

        await self._mongo.transaction(body)
        return code, until

    async def complete(self, actor: Actor, member_id: bytes | None, code: str, *, shares: bool) -> Link:
        """Link with the account that the code was given to. It works once. Raises: Forbidden, NotFound for whatever is no
        code of a partner of this programme, Conflict (LINK_STATE) where there is a link."""
        now, link = self._now(), new_id()
        missing = NotFound("There is no such code.", path=["code"])

        async def body(tx: Tx) -> Link:
            member = await self._member(actor, member_id, tx)
            stated = await self._repository.take_code(digest_of(code), tx)
            if stated is None or stated.until <= now or stated.programme_id == actor.programme_id:
                raise missing
            agreement = await self._repository.agreement(actor.programme_id, stated.agreement_id, tx)
            if agreement is None or agreement.state is not AgreementState.ACTIVE:
                raise missing
            others = await self._settlement.stores.members.by_ids(stated.programme_id, [stated.member_id], tx)
            if stated.member_id not in others or others[stated.member_id].is_gone:
                raise missing
            for programme_id, one in (
                (actor.programme_id, member.id),
                (stated.programme_id, stated.member_id),
            ):
                await self._check_free(agreement.id, programme_id, one, tx)
            halves = [
                Link(
                    link_id(agreement.id, programme_id, one), programme_id, agreement.id, one, link, now, both
                )
                for programme_id, one, both in (
                    (actor.programme_id, member.id, shares),
                    (stated.programme_id, stated.member_id, stated.shares),
                )
            ]
            await self._repository.add_links(halves, tx)
            return halves[0]

        return await self._mongo.transaction(body)

    async def unlink(self, actor: Actor, member_id: bytes | None, agreement_id: bytes) -> None:
        """End a link, for both accounts and at once. Raises: Forbidden, NotFound."""

        async def body(tx: Tx) -> None:
            member = await self._member(actor, member_id, tx)
            half = await self._repository.link(agreement_id, actor.programme_id, member.id, tx)
            if half is None:
                raise NotFound("There is no such link.", path=["agreementId"])
            await self._repository.drop_links([half.link], tx)

        await self._mongo.transaction(body)

    async def _member(self, actor: Actor, member_id: bytes | None, tx: Tx) -> Member:
        member = await self._settlement.member(actor, member_id, tx)
        own = actor.is_member(member.external_id, member.former)
        actor.require(Permission.PARTNERS_OWN if own else Permission.PARTNERS_ANY)
        return member

    async def _active(self, programme_id: str, agreement_id: bytes, tx: Tx) -> Agreement:
        found = await self._repository.agreement(programme_id, agreement_id, tx)
        if found is None or found.state is not AgreementState.ACTIVE:
            raise NotFound("There is no such agreement.", path=["agreementId"])
        return found

    async def _check_free(self, agreement_id: bytes, programme_id: str, member_id: bytes, tx: Tx) -> None:
        if await self._repository.link(agreement_id, programme_id, member_id, tx) is not None:
            raise Conflict("There is a link already.", code=ErrorCode.LINK_STATE)
