"""All services of the loyalty domain, wired once: what `api/` builds and resolvers call."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from gamification.activity import repository as activity_repository
from gamification.activity.grouping import WAITING_MAX
from gamification.activity.recording import RecordingService
from gamification.activity.repository import ActivityRepository
from gamification.activity.reversal import ReversalService
from gamification.activity.service import ActivityService
from gamification.badges import repository as badge_repository
from gamification.badges.repository import AwardRepository
from gamification.badges.service import BadgeService
from gamification.leaderboards import repository as board_repository
from gamification.leaderboards.changes import BoardChanges
from gamification.leaderboards.projection import CHANNEL, Projection
from gamification.leaderboards.rankings import Rankings
from gamification.leaderboards.repository import RecordRepository
from gamification.leaderboards.service import LeaderboardService
from gamification.ledger import repository as ledger_repository
from gamification.ledger.repository import LedgerRepository
from gamification.ledger.service import LedgerService
from gamification.members import feed
from gamification.members import repository as member_repository
from gamification.members.feed import FeedRepository
from gamification.members.repository import MemberRepository
from gamification.members.service import MemberService
from gamification.programmes import repository as programme_repository
from gamification.programmes.repository import ProgrammeRepository
from gamification.programmes.service import ProgrammeService
from gamification.rules import repository as counter_repository
from gamification.rules.repository import CounterRepository
from gamification.settlement.claims import ClaimService
from gamification.settlement.delivery import Delivery
from gamification.settlement.honours import HonourService
from gamification.settlement.moderation import ModerationService
from gamification.settlement.points import PointsService
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Stores
from gamification.tasks import repository as task_repository
from gamification.tasks.repository import ProgressRepository
from gamification.tasks.service import TaskService
from storage.doorbells import Doorbells
from storage.idempotency import IdempotencyKeys
from storage.mongo import Mongo
from storage.outbox import Outbox
from storage.redis import RedisStore

INDEXES = [
    programme_repository.INDEXES,
    member_repository.INDEXES,
    feed.INDEXES,
    counter_repository.INDEXES,
    ledger_repository.INDEXES,
    task_repository.INDEXES,
    badge_repository.INDEXES,
    board_repository.INDEXES,
    activity_repository.INDEXES,
]
"""What the domain's repositories need in MongoDB."""


def utc_now() -> datetime:
    """The present instant, to the millisecond that the database keeps."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


@dataclass(frozen=True, slots=True)
class Services:
    """One of each."""

    now: Callable[[], datetime]
    stores: Stores
    programmes: ProgrammeService
    members: MemberService
    ledger: LedgerService
    tasks: TaskService
    badges: BadgeService
    leaderboards: LeaderboardService
    rankings: Rankings
    projection: Projection
    delivery: Delivery
    points: PointsService
    claims: ClaimService
    honours: HonourService
    moderation: ModerationService
    recording: RecordingService
    reversal: ReversalService
    activity: ActivityService
    activities: ActivityRepository
    doorbells: Doorbells
    board_changes: BoardChanges


def build(
    mongo: Mongo,
    redis: RedisStore,
    now: Callable[[], datetime] = utc_now,
    *,
    definitions_fresh_s: float = 0.0,
    members_fresh_s: float = 0.0,
    intake_waiting_max: int = WAITING_MAX,
) -> Services:
    """Wire the domain over these servers; opens no connection yet. Readers may see definitions that were changed
    by another process up to `definitions_fresh_s` seconds late, and members up to `members_fresh_s`. At most
    `intake_waiting_max` activities wait to be recorded."""
    stores = Stores(
        mongo=mongo,
        members=MemberRepository(mongo, members_fresh_s),
        feed=FeedRepository(mongo),
        counters=CounterRepository(mongo),
        ledger=LedgerRepository(mongo),
        progress=ProgressRepository(mongo),
        awards=AwardRepository(mongo),
        records=RecordRepository(mongo),
        outbox=Outbox(mongo),
        idempotency=IdempotencyKeys(mongo),
    )
    programmes = ProgrammeService(mongo, ProgrammeRepository(mongo), now, definitions_fresh_s)
    rankings = Rankings(redis)
    projection = Projection(stores.records, rankings, redis, programmes)
    delivery = Delivery(stores.outbox, projection, redis, programmes, now)
    settlement = SettlementService(stores, programmes, delivery, now)
    activities = ActivityRepository(mongo)
    doorbells = Doorbells(redis, [CHANNEL, feed.CHANNEL])
    return Services(
        now=now,
        stores=stores,
        programmes=programmes,
        members=MemberService(mongo, stores.members, programmes, now),
        ledger=LedgerService(stores.ledger, programmes),
        tasks=TaskService(stores.progress, programmes),
        badges=BadgeService(stores.awards, programmes),
        leaderboards=LeaderboardService(programmes, stores.records, rankings, projection),
        rankings=rankings,
        projection=projection,
        delivery=delivery,
        points=PointsService(settlement),
        claims=ClaimService(settlement),
        honours=HonourService(settlement),
        moderation=ModerationService(settlement),
        recording=RecordingService(settlement, activities, waiting_max=intake_waiting_max),
        reversal=ReversalService(settlement, activities, programmes),
        activity=ActivityService(activities),
        activities=activities,
        doorbells=doorbells,
        board_changes=BoardChanges(doorbells),
    )
