"""Members with a month of the belonging index and a link to their year, for tests."""

from datetime import timedelta

from community.belonging.indicators import readings_of
from community.belonging.model import MemberFacts, Possible, Scope, Snapshot
from community.belonging.repository import snapshot_id
from gamification.programmes.definitions import BelongingIndicator, BelongingSettings
from tests.support import ProgrammeUnderTest

_POSSIBLE = Possible(rewards=True, spaces=True, referrals=True, knowledge=False, badges=3)
_PERIOD = "2026-01"


async def belongs(club: ProgrammeUnderTest, *names: str) -> None:
    """Let there be both of these members."""
    services, settings = club.services, BelongingSettings()
    weights = {one: settings.weight(one) for one in BelongingIndicator}
    for name in names:
        member_id = club.id_of(name)
        key = member_id.hex()
        readings = readings_of(MemberFacts(active_days=2, badges=1), _POSSIBLE, settings)
        found = snapshot_id(club.key, _PERIOD, Scope.MEMBER, key)
        stated = (found, club.key, _PERIOD, Scope.MEMBER, key, 1, readings, weights, club.clock.now)
        await services.belonging._repository.save([Snapshot(*stated, member_id=member_id)])
        year = club.clock.now.year - 1
        await services.cards.share(club.service, member_id, year, None, None, timedelta(days=9))
