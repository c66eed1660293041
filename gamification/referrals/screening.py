"""Whether a code may be used, and what looks wrong about it: pure."""

import secrets
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from gamification.kit.identifiers import derived_id
from gamification.members.model import Member
from gamification.programmes.definitions import ReferralOffer
from gamification.referrals.model import (
    ReferralFlag,
    ReferralRefused,
    RefusalReason,
    Signals,
)

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_CODE_LENGTH = 8
_DOTS_MEAN_NOTHING = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}


@dataclass(frozen=True, slots=True)
class Sightings:
    """What is known as a code is used. `ancestors`: who brought the referrer, who brought them, and so on. Digests by
    kind: `of_referee` now, `of_referrer` ever. Counts are of other referrals: by this code within a day, by this device
    ever, by this network address within a day."""

    ancestors: Collection[bytes]
    of_referee: Mapping[str, Collection[bytes]]
    of_referrer: Mapping[str, Collection[bytes]]
    by_code: int
    by_device: int
    by_address: int


def new_code() -> str:
    """A code of 8 letters and digits that can't be mistaken for one another; 40 bits, so nobody guesses one."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LENGTH))


def normal_code(stated: str) -> str:
    """A code as it is stored: people write it in small letters and with blanks and hyphens."""
    return "".join(stated.upper().replace("-", "").split())


def normal_email(stated: str) -> str | None:
    """The mailbox that an address leads to: without a tag after `+`, and where dots mean nothing, without dots. None
    for what is no address."""
    local, at, domain = unicodedata.normalize("NFKC", stated).strip().casefold().rpartition("@")
    local = local.partition("+")[0]
    if not at or not local or "." not in domain:
        return None
    if domain in _DOTS_MEAN_NOTHING:
        local, domain = local.replace(".", ""), _DOTS_MEAN_NOTHING[domain]
    return f"{local}@{domain}"


def digests(programme_id: str, signals: Signals, member: Member) -> dict[str, set[bytes]]:
    """Digests of signals by kind, the member's e-mail identities among them."""
    emails = {signals.email or "", *(i.subject for i in member.identities if i.provider == "email")}
    stated: dict[str, Iterable[str | None]] = {
        "email": [normal_email(one) for one in emails],
        "device": [signals.device],
        "address": [signals.address],
    }
    return {
        kind: {derived_id("signal", programme_id, kind, value) for value in values if value}
        for kind, values in stated.items()
    }


def refuse(offer: ReferralOffer, referrer: Member, referee: Member, seen: Sightings, now: datetime) -> None:
    """Raises: ReferralRefused with the first reason why not."""
    if referrer.id == referee.id:
        raise ReferralRefused(RefusalReason.SELF, "This is your own code.")
    if now - referee.joined_at > offer.new_within:
        days = offer.new_within.days
        raise ReferralRefused(
            RefusalReason.ALREADY_MEMBER,
            f"You are a member already: a code is used within {days} days of joining.",
        )
    if referee.id in seen.ancestors:
        raise ReferralRefused(RefusalReason.CYCLE, "Its owner was invited by you, or through you.")
    for kind in ("email", "device"):
        if set(seen.of_referee.get(kind, ())) & set(seen.of_referrer.get(kind, ())):
            raise ReferralRefused(
                RefusalReason.ALIAS,
                "You and the code's owner seem to be one person: one does not invite oneself.",
            )


def flags(offer: ReferralOffer, seen: Sightings) -> tuple[ReferralFlag, ...]:
    """Why a person looks at it before anything is given."""
    found = {
        ReferralFlag.VELOCITY: seen.by_code >= offer.per_day,
        ReferralFlag.DEVICE: seen.by_device > 0,
        ReferralFlag.ADDRESS: seen.by_address >= offer.per_address,
        ReferralFlag.SHARED_ADDRESS: bool(
            set(seen.of_referee.get("address", ())) & set(seen.of_referrer.get("address", ()))
        ),
    }
    return tuple(flag for flag, holds in found.items() if holds)
