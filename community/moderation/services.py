"""Moderation, wired."""

from dataclasses import dataclass

from community.bells import Bells
from community.comments.repository import CommentRepository
from community.comments.work import CommentWork
from community.contests.service import ContestService
from community.gatherings.leaving import Leaving
from community.moderation.appealing import AppealService
from community.moderation.contents import Contents
from community.moderation.deciding import DecisionService
from community.moderation.reading import ModerationReading
from community.moderation.reporting import ReportService
from community.moderation.repository import CaseRepository, ReportRepository
from community.moderation.sanctioning import Sanctioning
from community.moderation.shadow_repository import ShadowRepository
from community.moderation.shadowing import Shadowing
from community.moderation.standing import StandingService
from community.moderation.verdicts import Screened, Verdicts
from community.moderation.watching import ModerationWatcher
from community.oversight.repository import LogRepository, StatementRepository
from community.oversight.service import Oversight
from community.posts.repository import PostRepository
from community.posts.work import PostWork
from community.reactions.repository import ReactionRepository
from community.sanctions.repository import SanctionRepository
from community.spaces.repository import SpaceMembershipRepository
from community.trust.repository import TrustRepository
from gamification.settlement.moderation import ModerationService
from gamification.settlement.service import SettlementService
from storage.mongo import Mongo


@dataclass(frozen=True, slots=True)
class ModerationStores:
    """What moderation keeps."""

    cases: CaseRepository
    reports: ReportRepository
    log: LogRepository
    statements: StatementRepository
    sanctions: SanctionRepository
    trust: TrustRepository

    @classmethod
    def of(cls, mongo: Mongo) -> "ModerationStores":
        """One of each."""
        return cls(
            CaseRepository(mongo),
            ReportRepository(mongo),
            LogRepository(mongo),
            StatementRepository(mongo),
            SanctionRepository(mongo),
            TrustRepository(mongo),
        )


@dataclass(frozen=True, slots=True)
class Records:
    """What is there before posts are: they tell the watcher of their changes."""

    stores: ModerationStores
    oversight: Oversight
    verdicts: Verdicts
    watcher: ModerationWatcher


@dataclass(frozen=True, slots=True)
class Moderation:
    """One of each."""

    stores: ModerationStores
    oversight: Oversight
    reporting: ReportService
    deciding: DecisionService
    sanctioning: Sanctioning
    standing: StandingService
    appealing: AppealService
    reading: ModerationReading


def build_records(stores: ModerationStores, bells: Bells, screened: Screened) -> Records:
    """What keeps the log and hears of changes. `screened` learns whether what rules held was rightly so."""
    oversight = Oversight(stores.log, stores.statements)
    verdicts = Verdicts(stores.reports, screened)
    return Records(stores, oversight, verdicts, ModerationWatcher(oversight, stores.cases, verdicts, bells))


def build_moderation(
    mongo: Mongo,
    records: Records,
    settlement: SettlementService,
    by_hand: ModerationService,
    memberships: SpaceMembershipRepository,
    bells: Bells,
    leaving: Leaving,
    posts: tuple[PostRepository, PostWork],
    comments: tuple[CommentRepository, CommentWork],
    reactions: ReactionRepository,
    contests: ContestService,
) -> Moderation:
    """What moderators do, over posts and comments."""
    stores, oversight = records.stores, records.oversight
    contents = Contents(posts[0], comments[0], posts[1], comments[1])
    shadowing = Shadowing(
        settlement,
        stores.sanctions,
        ShadowRepository(mongo),
        posts[0],
        comments[0],
        reactions,
        posts[1],
        comments[1],
    )
    sanctioning = Sanctioning(
        settlement, stores.sanctions, stores.cases, shadowing, oversight, bells, leaving
    )
    return Moderation(
        stores,
        oversight,
        ReportService(settlement, contents, stores.cases, stores.reports, stores.trust, memberships, bells),
        DecisionService(
            settlement,
            contents,
            stores.cases,
            records.verdicts,
            sanctioning,
            stores.statements,
            memberships,
            oversight,
            bells,
            contests,
        ),
        sanctioning,
        StandingService(settlement, by_hand, sanctioning, oversight, leaving),
        AppealService(settlement, stores.statements, stores.cases, oversight, bells),
        ModerationReading(stores.cases, stores.reports, stores.log, stores.statements),
    )
