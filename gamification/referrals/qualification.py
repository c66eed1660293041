"""What qualifying, taking it back and a person's decision make of a referral: pure."""

from collections.abc import Iterable

from gamification.kit.records import evolve
from gamification.referrals.model import Qualifying, Referral, ReferralFlag, ReferralStatus

_OPEN = (ReferralStatus.PENDING, ReferralStatus.REVERSED)


def first_of(referral: Referral, found: Iterable[Qualifying]) -> Qualifying | None:
    """The first activity that qualifies it: of its offer, since the code was used and before the window ended."""
    fitting = [
        one
        for one in found
        if one.offer == referral.offer and referral.used_at <= one.at <= referral.expires_at
    ]
    return min(fitting, key=lambda one: one.at, default=None)


def qualified(referral: Referral, by: Qualifying, *, referrer_banned: bool) -> Referral:
    """As it is once qualified: held where a person must look first, else to be rewarded."""
    if referral.status not in _OPEN:
        return referral
    flags = referral.flags
    if referrer_banned and ReferralFlag.REFERRER_BANNED not in flags:
        flags = (*flags, ReferralFlag.REFERRER_BANNED)
    held = (flags and not referral.cleared) or referrer_banned
    status = ReferralStatus.HELD if held else ReferralStatus.REWARDED
    return evolve(referral, status=status, flags=flags, at=by.at, cause=by.cause)


def ended(referral: Referral) -> Referral:
    """As it is where one of the two is erased: nobody is rewarded for it any more."""
    return evolve(referral, status=ReferralStatus.REJECTED, cleared=False, reason=None)


def unqualified(referral: Referral) -> Referral:
    """As it is once nothing qualifies it any more."""
    if referral.status is ReferralStatus.HELD:
        return evolve(referral, status=ReferralStatus.PENDING, at=None, cause=None)
    if referral.status is ReferralStatus.REWARDED:
        return evolve(referral, status=ReferralStatus.REVERSED, at=None, cause=None)
    return referral
