"""Making credentials for their holders, and showing everyone what it takes to check one."""

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gamification.badges.model import BadgeAward
from gamification.badges.service import BadgeService
from gamification.credentials import documents
from gamification.credentials.documents import Addresses
from gamification.credentials.keys import Keyring, Keys
from gamification.credentials.model import Credential, Signed
from gamification.credentials.repository import CredentialRepository
from gamification.credentials.status import LIST_BITS, encode, place
from gamification.kit.actors import Actor, system_actor
from gamification.kit.errors import DomainError, ErrorCode, NotFound
from gamification.members.service import MemberService
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import Status
from gamification.programmes.service import ProgrammeService

_ID_BYTES = 16


class Gone(DomainError):
    """The credential was revoked."""

    default_code = ErrorCode.NOT_FOUND


@dataclass(frozen=True, slots=True)
class Issuing:
    """What an installation needs to sign: its public address, without a slash at the end, and where keys are."""

    base_url: str
    keyring: Keyring


class CredentialService:
    """A credential is made when its holder asks for it: what a member has not taken out is published nowhere. What is
    published needs no token: profiles, keys, achievements, status lists, and credentials by their address."""

    def __init__(
        self,
        repository: CredentialRepository,
        badges: BadgeService,
        members: MemberService,
        programmes: ProgrammeService,
        issuing: Issuing | None,
        now: Callable[[], datetime],
    ) -> None:
        self._repository = repository
        self._badges = badges
        self._members = members
        self._programmes = programmes
        self._issuing = issuing
        self._now = now

    async def mine(self, actor: Actor, award_id: bytes) -> Signed | None:
        """The credential of an award that this member holds; the same at each asking, signed by the present key. None
        for what they do not hold. Raises: DomainError (UNAVAILABLE) where the installation signs none."""
        member = await self._members.me(actor)
        if member is None:
            return None
        self._members.refuse_banned(member)
        award = (await self._badges.by_ids(actor, [award_id])).get(award_id)
        if award is None or award.member_id != member.id or not award.stands:
            return None
        self._keys(actor.programme_id)  # before anything is written
        made = await self._made(award)
        return await self._signed(made, award)

    async def published(self, credential_id: bytes) -> Signed:
        """A credential by its address, for everyone who has that. Raises: NotFound, Gone once it is revoked."""
        made = await self._repository.by_id(credential_id)
        if made is None or self._issuing is None:
            raise NotFound("There is no such credential.")
        award = (await self._badges.by_ids(system_actor(made.programme_id), [made.award_id])).get(
            made.award_id
        )
        if award is None or not award.stands or award.withdrawals > made.withdrawals:
            raise Gone("This credential was revoked.")
        return await self._signed(made, award)

    async def profile(self, programme_id: str) -> dict[str, Any]:
        """The programme as an issuer. Raises: NotFound."""
        return documents.profile(self._addresses(programme_id), await self._catalogue(programme_id))

    async def keys(self, programme_id: str) -> dict[str, Any]:
        """The keys that the programme signs or signed with. Raises: NotFound."""
        await self._catalogue(programme_id)
        return documents.key_set(self._keys(programme_id).published)

    async def key(self, programme_id: str, kid: str) -> dict[str, str]:
        """One of them. Raises: NotFound."""
        await self._catalogue(programme_id)
        found = self._keys(programme_id).published.get(kid)
        if found is None:
            raise NotFound("There is no such key.")
        return found

    async def achievement(self, programme_id: str, badge_key: str, level: int) -> dict[str, Any]:
        """A badge, or one of its levels. Secret ones are shown nowhere but in credentials. Raises: NotFound."""
        catalogue = await self._catalogue(programme_id)
        badge = catalogue.badges.get(badge_key)
        known = badge is not None and (level == 0 or level in {one.level for one in badge.levels})
        if badge is None or not known or badge.status is Status.DRAFT or badge.secret:
            raise NotFound("There is no such achievement.")
        return documents.achievement_page(self._addresses(programme_id), catalogue, badge, level)

    async def status_list(self, programme_id: str, number: int) -> str:
        """A status list, signed: as it is now. Raises: NotFound where no credential is in it."""
        await self._catalogue(programme_id)
        keys, addresses = self._keys(programme_id), self._addresses(programme_id)
        first = number * LIST_BITS
        if number and not await self._repository.has_list(programme_id, first):
            raise NotFound("There is no such status list.")
        withdrawn = await self._badges.withdrawn(programme_id)
        made = await self._repository.of_awards(withdrawn, first, first + LIST_BITS - 1)
        revoked = [place(one.index)[1] for one in made if withdrawn[one.award_id] > one.withdrawals]
        ended = await self._repository.ended(programme_id, first, first + LIST_BITS - 1)
        revoked += [place(index)[1] for index in ended]
        payload = documents.status_list(addresses, number, encode(revoked), self._now())
        return keys.sign(payload, addresses.key(keys.kid))

    async def _made(self, award: BadgeAward) -> Credential:
        """The award's credential as it stands; made where there is none."""
        while True:
            found = await self._repository.of_award(award.id, award.withdrawals, award.level)
            if found is not None:
                return found
            fresh = Credential(
                id=os.urandom(_ID_BYTES),
                programme_id=award.programme_id,
                award_id=award.id,
                withdrawals=award.withdrawals,
                level=award.level,
                index=await self._repository.next_index(award.programme_id),
                salt=secrets.token_urlsafe(16),
                issued_at=self._now(),
            )
            if await self._repository.add(fresh):
                return fresh

    async def _signed(self, made: Credential, award: BadgeAward) -> Signed:
        catalogue = await self._catalogue(made.programme_id)
        addresses, keys = self._addresses(made.programme_id), self._keys(made.programme_id)
        actor = system_actor(made.programme_id)
        member = (await self._members.by_ids(actor, [award.member_id])).get(award.member_id)
        badge = catalogue.badges.get(award.badge)
        if member is None or badge is None:
            raise NotFound("There is no such credential.")
        if member.erased_at is not None:
            raise Gone("This credential was revoked.")
        shown = documents.credential(addresses, catalogue, badge, award, made, member.external_id)
        return Signed(
            made,
            addresses.credential(made.id),
            addresses.issuer,
            addresses.status(place(made.index)[0]),
            keys.sign(shown, addresses.key(keys.kid)),
        )

    async def _catalogue(self, programme_id: str) -> Catalogue:
        if self._issuing is None:
            raise NotFound("This installation signs no credentials.")
        return await self._programmes.catalogue(programme_id)

    def _addresses(self, programme_id: str) -> Addresses:
        if self._issuing is None:
            raise NotFound("This installation signs no credentials.")
        return Addresses(self._issuing.base_url, programme_id)

    def _keys(self, programme_id: str) -> Keys:
        keys = self._issuing.keyring.of(programme_id) if self._issuing else None
        if keys is None:
            raise DomainError(
                "This programme signs no credentials: its operator has made no key.",
                code=ErrorCode.UNAVAILABLE,
            )
        return keys
