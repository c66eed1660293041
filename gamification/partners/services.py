"""Everything of partners, wired once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gamification.activity.recording import RecordingService
from gamification.activity.repository import ActivityRepository
from gamification.partners.agreements import AgreementService
from gamification.partners.exchanging import ExchangeService
from gamification.partners.joining import PartnerFollowing
from gamification.partners.leaving import PartnerLeaving
from gamification.partners.linking import LinkingService
from gamification.partners.repository import PartnerRepository
from gamification.partners.statements import StatementService
from gamification.settlement.service import SettlementService
from storage.mongo import Mongo


@dataclass(frozen=True, slots=True)
class Partners:
    """One of each."""

    repository: PartnerRepository
    agreements: AgreementService
    linking: LinkingService
    exchanging: ExchangeService
    statements: StatementService
    following: PartnerFollowing
    leaving: PartnerLeaving


def build_partners(
    mongo: Mongo,
    settlement: SettlementService,
    recording: RecordingService,
    activities: ActivityRepository,
    now: Callable[[], datetime],
) -> Partners:
    """Wire them."""
    repository = PartnerRepository(mongo)
    return Partners(
        repository=repository,
        agreements=AgreementService(mongo, settlement.programmes, repository, now),
        linking=LinkingService(mongo, settlement, repository, now),
        exchanging=ExchangeService(settlement, repository),
        statements=StatementService(mongo, repository, now),
        following=PartnerFollowing(settlement.stores, activities, recording, repository),
        leaving=PartnerLeaving(repository),
    )
