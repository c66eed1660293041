"""Proposing, accepting, changing and ending agreements: each by an operator of their own side."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import blake2b

from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import Conflict, ErrorCode, InvalidInput, LimitExceeded, NotFound
from gamification.kit.identifiers import new_id
from gamification.kit.periods import Cycle, period_at, period_of_key, zone
from gamification.kit.records import evolve
from gamification.members.profile import check_text
from gamification.partners.model import Agreement, AgreementState, Side, Terms
from gamification.partners.repository import PartnerRepository
from gamification.partners.terms import CURRENCY, check_own, check_terms
from gamification.programmes.service import ProgrammeService
from storage.mongo import Mongo, Tx
from storage.paging import Page, Window

NAME_MAX = 100
OPEN_MAX = 50
"""So many agreements a programme has that have not ended."""
VERSIONS_MAX = 100
PROPOSAL_LASTS = timedelta(days=14)
SETTLES_AFTER = timedelta(hours=1)
"""So long after a month its statement is closed: what was begun in it is committed by then."""
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_CODE_LENGTH = 16


def new_code() -> str:
    """A code of 16 letters and digits that can't be mistaken for one another; 79 bits, so nobody guesses one."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LENGTH))


def digest_of(code: str) -> bytes:
    """What is stored of a code, however it was written."""
    plain = "".join(code.upper().replace("-", "").split())
    return blake2b(plain[: _CODE_LENGTH * 4].encode(), digest_size=32, person=b"partners").digest()


class AgreementService:
    """What either side may do. Of an agreement that is not theirs nobody learns that it is there."""

    def __init__(
        self,
        mongo: Mongo,
        programmes: ProgrammeService,
        repository: PartnerRepository,
        now: Callable[[], datetime],
    ) -> None:
        self._mongo = mongo
        self._programmes = programmes
        self._repository = repository
        self._now = now

    # -- reading

    async def agreement(self, actor: Actor, found: bytes) -> Agreement | None:
        """One by its id: for members only while it is active."""
        agreement = await self._repository.agreement(actor.programme_id, found)
        if agreement is None or agreement.id not in _visible(actor, [agreement]):
            return None
        return agreement

    async def side_of(self, actor: Actor, found: bytes) -> Side:
        """Which side the programme is of an agreement. Raises: Forbidden, NotFound."""
        actor.require(Permission.PARTNERS_MANAGE)
        agreement = await self._repository.agreement(actor.programme_id, found)
        side = agreement.side(actor.programme_id) if agreement is not None else None
        if side is None:
            raise NotFound("There is no such agreement.", path=["agreementId"])
        return side

    async def page(self, actor: Actor, window: Window) -> Page[Agreement]:
        """The programme's, the oldest first; members see the active ones."""
        staff = actor.can(Permission.PARTNERS_READ)
        states = [one.value for one in AgreementState] if staff else [AgreementState.ACTIVE.value]
        return await self._repository.agreements(actor.programme_id, window, states)

    async def proposal(self, actor: Actor, code: str) -> Agreement | None:
        """What a code proposes, to whoever was given it; None where it is none. Raises: Forbidden."""
        actor.require(Permission.PARTNERS_MANAGE)
        found = await self._repository.offered_by_code(digest_of(code))
        return found if found is not None and _is_open(found, self._now()) else None

    async def partner_name(self, agreement: Agreement, own: Side) -> dict[str, str]:
        """The name of the other side's programme, by locale; empty for the proposer of what nobody accepted yet."""
        other = agreement.partner_id if own is Side.FIRST else agreement.programme_id
        if other is None:
            return {}
        return dict((await self._programmes.catalogue(other)).settings.name or {})

    # -- changing

    async def propose(
        self, actor: Actor, name: str, time_zone: str, currency: str, terms: Terms
    ) -> tuple[Agreement, str]:
        """Offer an agreement to whoever is given the code, which is told here alone. Raises: Forbidden, InvalidInput,
        LimitExceeded."""
        actor.require(Permission.PARTNERS_MANAGE)
        check_text(name, "name", NAME_MAX)
        if not name.strip():
            raise InvalidInput("An agreement has a name.", path=["name"])
        try:
            zone(time_zone)
        except InvalidInput as error:
            raise InvalidInput(error.message, path=["timeZone"]) from error
        if not CURRENCY.fullmatch(currency):
            raise InvalidInput("A currency is an ISO 4217 code.", path=["currency"])
        check_terms(terms)
        now, code, found = self._now(), new_code(), new_id()

        async def body(tx: Tx) -> Agreement:
            check_own(terms, Side.FIRST, await self._programmes.catalogue(actor.programme_id, tx=tx))
            await self._check_room(actor.programme_id, tx)
            agreement = Agreement(
                found,
                actor.programme_id,
                name,
                time_zone,
                currency,
                now,
                code=digest_of(code),
                code_until=now + PROPOSAL_LASTS,
                offered=terms,
                offered_by=Side.FIRST,
            )
            await self._repository.save_agreement(agreement, tx)
            return agreement

        return await self._mongo.transaction(body), code

    async def accept(self, actor: Actor, code: str) -> Agreement:
        """Consent to what a code proposes; it is in force from then. Raises: Forbidden, NotFound, InvalidInput."""
        actor.require(Permission.PARTNERS_MANAGE)
        now = self._now()

        async def body(tx: Tx) -> Agreement:
            found = await self._repository.offered_by_code(digest_of(code), tx)
            if found is None or not _is_open(found, now):
                raise NotFound("There is no such proposal.", path=["code"])
            if found.programme_id == actor.programme_id:
                raise InvalidInput("Nobody agrees with themselves.", path=["code"])
            assert found.offered is not None  # noqa: S101 - a proposal has terms
            check_own(found.offered, Side.SECOND, await self._programmes.catalogue(actor.programme_id, tx=tx))
            await self._check_room(actor.programme_id, tx)
            month = period_at(Cycle.MONTHLY, now, found.time_zone)
            assert month.ends_at is not None  # noqa: S101 - months end
            accepted = evolve(
                found,
                partner_id=actor.programme_id,
                code=None,
                code_until=None,
                state=AgreementState.ACTIVE,
                agreed=(found.offered,),
                offered=None,
                offered_by=None,
                accepted_at=now,
                next_month=month.key,
                due_at=month.ends_at + SETTLES_AFTER,
            )
            await self._repository.save_agreement(accepted, tx)
            return accepted

        return await self._mongo.transaction(body)

    async def offer(self, actor: Actor, found: bytes, terms: Terms) -> Agreement:
        """Offer other terms; those in force stay so until the other side consents. Replaces what was offered before. Raises:
        Forbidden, NotFound, Conflict (AGREEMENT_STATE), InvalidInput."""
        actor.require(Permission.PARTNERS_MANAGE)
        check_terms(terms)

        async def body(tx: Tx) -> Agreement:
            agreement, side = await self._own(actor, found, tx)
            if agreement.state is not AgreementState.ACTIVE:
                raise Conflict("The agreement is not active.", code=ErrorCode.AGREEMENT_STATE)
            if agreement.version >= VERSIONS_MAX:
                raise LimitExceeded(f"At most {VERSIONS_MAX} versions.", limit=VERSIONS_MAX)
            check_own(terms, side, await self._programmes.catalogue(actor.programme_id, tx=tx))
            changed = evolve(agreement, offered=terms, offered_by=side)
            await self._repository.save_agreement(changed, tx)
            return changed

        return await self._mongo.transaction(body)

    async def consent(self, actor: Actor, found: bytes, terms: Terms) -> Agreement:
        """Consent to the terms that the other side offers, which are stated again: to what was seen, and to nothing else.

        Raises: Forbidden, NotFound, Conflict (AGREEMENT_STATE; TERMS_MOVED where others are offered by now), InvalidInput.
        """
        actor.require(Permission.PARTNERS_MANAGE)

        async def body(tx: Tx) -> Agreement:
            agreement, side = await self._own(actor, found, tx)
            offered = agreement.offered
            if (
                agreement.state is not AgreementState.ACTIVE
                or offered is None
                or agreement.offered_by is side
            ):
                raise Conflict("The other side offers no terms.", code=ErrorCode.AGREEMENT_STATE)
            if offered != terms:
                raise Conflict("Other terms are offered by now.", code=ErrorCode.TERMS_MOVED, path=["terms"])
            check_own(offered, side, await self._programmes.catalogue(actor.programme_id, tx=tx))
            changed = evolve(agreement, agreed=(*agreement.agreed, offered), offered=None, offered_by=None)
            await self._repository.save_agreement(changed, tx)
            return changed

        return await self._mongo.transaction(body)

    async def end(self, actor: Actor, found: bytes) -> Agreement:
        """End it, at once; again is the same as once. Months that are not closed yet will be. Raises: Forbidden, NotFound."""
        actor.require(Permission.PARTNERS_MANAGE)
        now = self._now()

        async def body(tx: Tx) -> Agreement:
            agreement, side = await self._own(actor, found, tx)
            if agreement.state is AgreementState.ENDED:
                return agreement
            changed = evolve(
                agreement,
                state=AgreementState.ENDED,
                ended_at=now,
                ended_by=side,
                offered=None,
                offered_by=None,
                code=None,
                code_until=None,
            )
            await self._repository.save_agreement(changed, tx)
            return changed

        return await self._mongo.transaction(body)

    async def _own(self, actor: Actor, found: bytes, tx: Tx) -> tuple[Agreement, Side]:
        agreement = await self._repository.agreement(actor.programme_id, found, tx)
        side = agreement.side(actor.programme_id) if agreement is not None else None
        if agreement is None or side is None:
            raise NotFound("There is no such agreement.", path=["agreementId"])
        return agreement, side

    async def _check_room(self, programme_id: str, tx: Tx) -> None:
        if await self._repository.open_count(programme_id, tx) >= OPEN_MAX:
            raise LimitExceeded(f"At most {OPEN_MAX} agreements are open.", limit=OPEN_MAX)


def month_after(month: str, time_zone: str) -> tuple[str, datetime]:
    """The next month's key, and when its statement is due."""
    ends_at = period_of_key(Cycle.MONTHLY, month, time_zone).ends_at
    assert ends_at is not None  # noqa: S101 - months end
    following = period_at(Cycle.MONTHLY, ends_at, time_zone)
    assert following.ends_at is not None  # noqa: S101 - months end
    return following.key, following.ends_at + SETTLES_AFTER


def _is_open(agreement: Agreement, now: datetime) -> bool:
    return (
        agreement.state is AgreementState.PROPOSED
        and agreement.code_until is not None
        and now < agreement.code_until
    )


def _visible(actor: Actor, found: list[Agreement]) -> set[bytes]:
    staff = actor.can(Permission.PARTNERS_READ)
    return {one.id for one in found if staff or one.state is AgreementState.ACTIVE}
