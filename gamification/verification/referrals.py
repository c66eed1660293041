"""Referrals against the activity that qualifies them, what they gave, and each other."""

from collections import Counter

from gamification.referrals.model import Given, ReferralStatus, referrer_id
from gamification.settlement.unit import Stores
from gamification.verification.replay import Expected
from gamification.verification.report import Report

_QUALIFIED = (ReferralStatus.HELD, ReferralStatus.REWARDED)
_OPEN = (ReferralStatus.PENDING, ReferralStatus.REVERSED)


async def check_referrals(stores: Stores, programme_id: str, expected: Expected, report: Report) -> None:
    """What stands as qualified has an activity for it, and nothing else has; only what is rewarded gave something, and
    that is there; referrers' counts and milestones follow from their referrals; nobody brought themselves, through
    however many others."""
    brought: dict[bytes, bytes] = {}
    rewarded: Counter[bytes] = Counter()
    async for one in stores.referrals.stream(programme_id):
        report.count("referrals")
        name = f"referral {one.offer} of {one.referee_id.hex()}"
        brought[one.referee_id] = one.referrer_id
        instants = expected.qualified.get((one.referee_id, one.offer), [])
        is_due = any(one.used_at <= at <= one.expires_at for at in instants)
        if one.status in _QUALIFIED or one.status in _OPEN:
            report.compare(f"{name} qualified", one.status in _QUALIFIED, is_due)
        if one.status is ReferralStatus.REWARDED:
            rewarded[referrer_id(programme_id, one.offer, one.referrer_id)] += 1
        else:
            report.compare(f"{name} gave", (one.to_referrer, one.to_referee), (Given(), Given()))
        for member_id, given in ((one.referrer_id, one.to_referrer), (one.referee_id, one.to_referee)):
            await _check_given(
                stores, programme_id, member_id, given, one.reward_sequence, name, expected, report
            )
    async for referrer in stores.referrals.stream_referrers(programme_id):
        name = f"referrer {referrer.code}"
        report.compare(f"{name} rewarded", referrer.rewarded, rewarded.get(referrer.id, 0))
        for reached in referrer.milestones:
            standing = f"{name} milestone {reached.count} stands"
            if reached.stands or reached.given != Given():
                report.compare(standing, reached.stands, referrer.rewarded >= reached.count)
            given = reached.given
            await _check_given(
                stores, programme_id, referrer.member_id, given, reached.sequence, name, expected, report
            )
    for member_id in _in_circles(brought):
        report.differs(f"member {member_id.hex()} was brought by themselves, directly or through others")


async def _check_given(
    stores: Stores,
    programme_id: str,
    member_id: bytes,
    given: Given,
    sequence: int,
    name: str,
    expected: Expected,
    report: Report,
) -> None:
    """Its transfers are there; its scores join the expected ones."""
    if given.transfers:
        found = await stores.ledger.transfers(programme_id, list(given.transfers))
        report.compare(f"{name} transfers", len(found), len(given.transfers))
    for score in given.scores:
        expected.scores[(member_id, score.board, score.period)].append((sequence, score))


def _in_circles(brought: dict[bytes, bytes]) -> list[bytes]:
    """Members whose chain of referrers leads back to them."""
    good: set[bytes] = set()
    found: list[bytes] = []
    for start in brought:
        path: dict[bytes, None] = {}
        member_id = start
        while member_id in brought and member_id not in good and member_id not in path:
            path[member_id] = None
            member_id = brought[member_id]
        if member_id in path:
            found.append(member_id)
        good.update(path)
    return found
