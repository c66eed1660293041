"""All services of the loyalty domain, wired once: what `api/` builds and resolvers call."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gamification.activity import backfills as backfill_jobs
from gamification.activity import repository as activity_repository
from gamification.activity.approvals import ApprovalService
from gamification.activity.backfills import BackfillRepository, BackfillService
from gamification.activity.check_ins import CheckInService
from gamification.activity.daily import DailyReading
from gamification.activity.grouping import WAITING_MAX
from gamification.activity.recording import RecordingService
from gamification.activity.refunding import RefundService
from gamification.activity.repository import ActivityRepository
from gamification.activity.reversal import ReversalService
from gamification.activity.service import ActivityService
from gamification.badges import repository as badge_repository
from gamification.badges.repository import (
    AwardRepository,
    CollectionRepository,
    EditionRepository,
    ShowcaseRepository,
)
from gamification.badges.service import BadgeService, census_of
from gamification.campaigning import repository as campaign_member_repository
from gamification.campaigning.measuring import CHANNEL as CAMPAIGN_CHANNEL
from gamification.campaigning.measuring import CONSUMER as CAMPAIGNS
from gamification.campaigning.measuring import CampaignMeasuring
from gamification.campaigning.planning import CampaignPlanning
from gamification.campaigning.reaching import CampaignReaching
from gamification.campaigning.repository import CampaignMemberRepository
from gamification.campaigning.service import CampaignService
from gamification.campaigning.settling import CampaignSettling
from gamification.campaigns import repository as campaign_repository
from gamification.campaigns.repository import CampaignRunRepository
from gamification.checkins import repository as check_in_repository
from gamification.checkins.repository import CheckInRepository
from gamification.checkins.service import CheckInReadingService
from gamification.credentials import repository as credential_repository
from gamification.credentials.repository import CredentialRepository
from gamification.credentials.service import CredentialService, Issuing
from gamification.flashsale import admission as flash_admission
from gamification.flashsale import repository as flash_repository
from gamification.flashsale.admission import Admission
from gamification.flashsale.claiming import ClaimService as FlashClaimService
from gamification.flashsale.reconciling import SaleKeeper
from gamification.flashsale.repository import ReservationRepository
from gamification.flashsale.service import FlashSaleService
from gamification.goals import repository as goal_repository
from gamification.goals.repository import GoalRepository
from gamification.goals.service import GoalService
from gamification.insights.cards import repository as share_repository
from gamification.insights.cards.repository import ShareRepository
from gamification.insights.cards.service import CardService
from gamification.insights.exports.members import MemberExports
from gamification.insights.reports.reading import ReportService
from gamification.insights.service import InsightService
from gamification.insights.totals import repository as totals_repository
from gamification.insights.totals.keeping import TotalsKeeping
from gamification.insights.totals.repository import TotalsRepository
from gamification.insights.totals.subjects import SubjectReading
from gamification.insights.value import repository as model_repository
from gamification.insights.value.repository import ModelRepository
from gamification.insights.value.service import ValueService
from gamification.kit.identifiers import new_id
from gamification.leaderboards import repository as board_repository
from gamification.leaderboards.changes import BoardChanges
from gamification.leaderboards.closings import ClosingRepository
from gamification.leaderboards.projection import CHANNEL, Projection
from gamification.leaderboards.rankings import Rankings
from gamification.leaderboards.repository import RecordRepository
from gamification.leaderboards.service import LeaderboardService
from gamification.ledger import caps, holds, pending
from gamification.ledger import repository as ledger_repository
from gamification.ledger.caps import CapRepository
from gamification.ledger.holds import HoldRepository
from gamification.ledger.pending import PendingRepository
from gamification.ledger.reports import LedgerReports
from gamification.ledger.repository import LedgerRepository
from gamification.ledger.service import LedgerService
from gamification.lottery import repository as lottery_repository
from gamification.lottery.repository import LotteryRepository
from gamification.lottery.service import LotteryService
from gamification.members import feed, moved, tombstones
from gamification.members import follows as follow_repository
from gamification.members import repository as member_repository
from gamification.members.feed import FeedRepository
from gamification.members.follows import Follow, FollowRepository, FollowService
from gamification.members.repository import MemberRepository
from gamification.members.service import MemberService
from gamification.merging import repository as merge_repository
from gamification.merging.repository import MergeRepository
from gamification.merging.service import MergeService
from gamification.merging.steps import NOTHING_MORE
from gamification.merging.steps import Steps as MergingSteps
from gamification.partners import repository as partner_repository
from gamification.partners.joining import CONSUMER as PARTNERS
from gamification.partners.services import Partners, build_partners
from gamification.privacy import repository as erasure_repository
from gamification.privacy.exporting import ExportService
from gamification.privacy.leaving import leaving_step
from gamification.privacy.repository import ErasureRepository
from gamification.privacy.service import ErasureService, Step
from gamification.programmes import repository as programme_repository
from gamification.programmes.repository import ProgrammeRepository
from gamification.programmes.service import ProgrammeService
from gamification.referrals import repository as referral_repository
from gamification.referrals.repository import ReferralRepository
from gamification.referrals.service import ReferralService
from gamification.rehearsal import repository as rehearsal_repository
from gamification.rehearsal.keeping import RehearsalKeeping
from gamification.rehearsal.rehearsing import Rehearser
from gamification.rehearsal.repository import RehearsalRepository
from gamification.rehearsal.service import RehearsalService
from gamification.rewards import orders as coupon_orders
from gamification.rewards import repository as reward_repository
from gamification.rewards import wishes as reward_wishes
from gamification.rewards.orders import OrderRepository
from gamification.rewards.repository import RewardRepository
from gamification.rewards.service import RewardService
from gamification.rewards.wishes import WishRepository
from gamification.rollups import repository as month_repository
from gamification.rollups.repository import MonthRepository
from gamification.rollups.service import RollupService
from gamification.rules import repository as counter_repository
from gamification.rules.repository import CounterRepository
from gamification.segments import repository as segment_repository
from gamification.segments.consumer import CONSUMER as DAYS
from gamification.segments.consumer import DayKeeping
from gamification.segments.keeping import SegmentKeeping
from gamification.segments.knowing import Knowing, MoreFacts
from gamification.segments.repository import SegmentRepository
from gamification.segments.service import SegmentService
from gamification.settlement.attempts import AttemptsService
from gamification.settlement.check_in_terms import CheckInTermsService
from gamification.settlement.claims import ClaimService
from gamification.settlement.closing import ClosingService
from gamification.settlement.coupons import CouponService
from gamification.settlement.delivery import Delivery
from gamification.settlement.draws import DrawingService
from gamification.settlement.evidence import EvidenceService
from gamification.settlement.following import Following
from gamification.settlement.followup import Followup
from gamification.settlement.generosity import GenerosityService
from gamification.settlement.goal_keeping import CHANNEL as GOAL_CHANNEL
from gamification.settlement.goal_keeping import GoalKeeping
from gamification.settlement.holding import HoldService
from gamification.settlement.honours import HonourService
from gamification.settlement.moderation import ModerationService
from gamification.settlement.points import PointsService
from gamification.settlement.presence import PresenceService
from gamification.settlement.redemptions import RedemptionService
from gamification.settlement.referrals import ReferringService
from gamification.settlement.rounds import RoundService
from gamification.settlement.service import SettlementService
from gamification.settlement.tiers import TierKeeping
from gamification.settlement.unit import Stores
from gamification.tasks import evidence_repository, evidence_service
from gamification.tasks import repository as task_repository
from gamification.tasks.evidence_repository import SubmissionRepository
from gamification.tasks.evidence_service import EvidenceReading, QueueBell
from gamification.tasks.repository import ProgressRepository
from gamification.tasks.service import TaskService
from gamification.tiers import repository as tier_repository
from gamification.tiers.repository import TierRepository
from gamification.tiers.service import TierService
from storage import backlog
from storage.backlog import Backlog, Chore
from storage.doorbells import Doorbells
from storage.idempotency import IdempotencyKeys
from storage.mongo import Mongo, Tx
from storage.outbox import Outbox
from storage.redis import RedisStore

INDEXES = [
    programme_repository.INDEXES,
    member_repository.INDEXES,
    tombstones.INDEXES,
    moved.INDEXES,
    erasure_repository.INDEXES,
    merge_repository.INDEXES,
    follow_repository.INDEXES,
    feed.INDEXES,
    counter_repository.INDEXES,
    ledger_repository.INDEXES,
    caps.INDEXES,
    pending.INDEXES,
    holds.INDEXES,
    task_repository.INDEXES,
    evidence_repository.INDEXES,
    badge_repository.INDEXES,
    credential_repository.INDEXES,
    referral_repository.INDEXES,
    backfill_jobs.INDEXES,
    board_repository.INDEXES,
    tier_repository.INDEXES,
    activity_repository.INDEXES,
    check_in_repository.INDEXES,
    lottery_repository.INDEXES,
    reward_repository.INDEXES,
    reward_wishes.INDEXES,
    coupon_orders.INDEXES,
    flash_repository.INDEXES,
    goal_repository.INDEXES,
    backlog.INDEXES,
    month_repository.INDEXES,
    segment_repository.INDEXES,
    share_repository.INDEXES,
    rehearsal_repository.INDEXES,
    totals_repository.INDEXES,
    model_repository.INDEXES,
    campaign_repository.INDEXES,
    campaign_member_repository.INDEXES,
    partner_repository.INDEXES,
]
"""What the domain's repositories need in MongoDB."""


CONSUMERS = (DAYS, CAMPAIGNS, PARTNERS)
"""Who in this domain follows what was settled, by the names that they have in the backlog."""


def utc_now() -> datetime:
    """The present instant, to the millisecond that the database keeps."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


@dataclass(frozen=True, slots=True)
class Services:
    """One of each."""

    now: Callable[[], datetime]
    stores: Stores
    settlement: SettlementService
    programmes: ProgrammeService
    members: MemberService
    follows: FollowService
    ledger: LedgerService
    tasks: TaskService
    badges: BadgeService
    rewards: RewardService
    redemptions: RedemptionService
    coupons: CouponService
    flash_sales: FlashSaleService
    flash_claims: FlashClaimService
    sale_keeper: SaleKeeper
    reservations: ReservationRepository
    credentials: CredentialService
    referrals: ReferralService
    referring: ReferringService
    backfills: BackfillService
    leaderboards: LeaderboardService
    rankings: Rankings
    projection: Projection
    delivery: Delivery
    points: PointsService
    holds: HoldService
    generosity: GenerosityService
    claims: ClaimService
    evidence: EvidenceService
    evidence_reading: EvidenceReading
    approvals: ApprovalService
    honours: HonourService
    moderation: ModerationService
    presence: PresenceService
    erasures: ErasureService
    exports: ExportService
    merges: MergeService
    closing: ClosingService
    lottery: LotteryService
    rounds: RoundService
    drawing: DrawingService
    attempts: AttemptsService
    check_ins: CheckInService
    check_in_terms: CheckInTermsService
    check_in_readings: CheckInReadingService
    recording: RecordingService
    reversal: ReversalService
    refunds: RefundService
    activity: ActivityService
    activities: ActivityRepository
    tiers: TierService
    insights: InsightService
    cards: CardService
    totals: TotalsKeeping
    reports: ReportService
    values: ValueService
    member_exports: MemberExports
    tier_keeping: TierKeeping
    goals: GoalService
    goal_keeping: GoalKeeping
    campaigns: CampaignService
    campaign_planning: CampaignPlanning
    campaign_reaching: CampaignReaching
    campaign_measuring: CampaignMeasuring
    campaign_settling: CampaignSettling
    partners: Partners
    rollups: RollupService
    segments: SegmentService
    segment_keeping: SegmentKeeping
    rehearsals: RehearsalService
    rehearsal_keeping: RehearsalKeeping
    doorbells: Doorbells
    board_changes: BoardChanges
    followings: tuple[Following, ...]
    """Those who follow what was settled; a worker runs them."""


def build(
    mongo: Mongo,
    redis: RedisStore,
    now: Callable[[], datetime] = utc_now,
    *,
    definitions_fresh_s: float = 0.0,
    members_fresh_s: float = 0.0,
    intake_waiting_max: int = WAITING_MAX,
    issuing: Issuing | None = None,
    erasing: Mapping[str, Step] | None = None,
    merging: MergingSteps | None = None,
    channels: Sequence[str] = (),
    consumers: Sequence[str] = (),
    facts: Sequence[MoreFacts] = (),
) -> Services:
    """Wire the domain over these servers; opens no connection yet. Readers may see definitions that were changed
    by another process up to `definitions_fresh_s` seconds late, and members up to `members_fresh_s`. At most
    `intake_waiting_max` activities wait to be recorded. `erasing`: steps by which a member is erased from what builds upon
    this domain, `merging` those by which two accounts become one in it; `channels`: what else is listened to for changes; `consumers`: who else
    follows what was settled; `facts`: what else is known of members that conditions of segments may read."""
    stores = Stores(
        mongo=mongo,
        members=MemberRepository(mongo, members_fresh_s),
        feed=FeedRepository(mongo),
        counters=CounterRepository(mongo),
        ledger=LedgerRepository(mongo),
        caps=CapRepository(mongo),
        pendings=PendingRepository(mongo),
        holds=HoldRepository(mongo),
        progress=ProgressRepository(mongo),
        awards=AwardRepository(mongo),
        editions=EditionRepository(mongo),
        collections=CollectionRepository(mongo),
        referrals=ReferralRepository(mongo),
        records=RecordRepository(mongo),
        closings=ClosingRepository(mongo),
        tiers=TierRepository(mongo),
        outbox=Outbox(mongo),
        backlog=Backlog(mongo, [*CONSUMERS, *consumers]),
        idempotency=IdempotencyKeys(mongo),
        check_ins=CheckInRepository(mongo),
        lottery=LotteryRepository(mongo),
        rewards=RewardRepository(mongo),
        goals=GoalRepository(mongo),
        submissions=SubmissionRepository(mongo),
        campaigns=CampaignRunRepository(mongo),
    )
    programmes = ProgrammeService(mongo, ProgrammeRepository(mongo), now, definitions_fresh_s)

    async def note_profiles(programme_id: str, member_ids: Sequence[bytes], tx: Tx) -> None:
        body = Followup(profiles=list(member_ids)).body()
        await stores.backlog.append(Chore(new_id(), programme_id, body, now()), tx)

    async def note_follow(follow: Follow, tx: Tx) -> None:
        body = Followup(news=[("follow", follow.id)]).body()
        await stores.backlog.append(Chore(new_id(), follow.programme_id, body, now()), tx)

    members = MemberService(mongo, stores.members, programmes, now, note_profiles)
    badges = BadgeService(
        stores.awards,
        stores.editions,
        stores.collections,
        ShowcaseRepository(mongo),
        members,
        programmes,
        census_of(stores.awards, members, now),
    )
    rankings = Rankings(redis)
    projection = Projection(stores.records, rankings, redis, programmes)
    delivery = Delivery(stores.outbox, projection, redis, programmes, now)
    settlement = SettlementService(stores, programmes, delivery, now)
    rounds = RoundService(settlement)
    activities = ActivityRepository(mongo)
    activity = ActivityService(activities)
    ledger = LedgerService(stores.ledger, LedgerReports(mongo), programmes)
    tiers = TierService(stores.tiers, programmes, now)
    tasks = TaskService(stores.progress, programmes, members, tiers, now)
    admission, reservations = Admission(redis), ReservationRepository(mongo)
    flash_claims = FlashClaimService(settlement, members, admission, reservations)
    recording = RecordingService(settlement, activities, waiting_max=intake_waiting_max)
    reversal = ReversalService(settlement, activities, programmes)
    months, segments = MonthRepository(mongo), SegmentRepository(mongo)
    totals_stored = TotalsRepository(mongo)
    totals = TotalsKeeping(mongo, programmes, months, totals_stored, SubjectReading(mongo), now)
    rollups = RollupService(mongo, programmes, stores.members, DailyReading(mongo), months, now, totals)
    values = ValueService(programmes, totals_stored, months, ModelRepository(mongo), now)
    knowing = Knowing(stores.members, months, stores.tiers, (*facts, values.facts()))
    segment_keeping = SegmentKeeping(
        settlement, recording, programmes, stores.members, months, segments, knowing
    )
    noted = CampaignMemberRepository(mongo)
    campaign_reaching = CampaignReaching(settlement, recording, stores.members, noted, now)
    campaign_measuring = CampaignMeasuring(settlement, activities, noted, campaign_reaching, redis)
    rehearser, rehearsals = Rehearser(stores, programmes, activities), RehearsalRepository(mongo)
    segment_service = SegmentService(
        settlement, programmes, stores.members, segments, knowing, segment_keeping, now
    )
    partners = build_partners(mongo, settlement, recording, activities, now)
    bell = QueueBell(redis)
    doorbells = Doorbells(
        redis,
        [
            CHANNEL,
            feed.CHANNEL,
            flash_admission.CHANNEL,
            evidence_service.CHANNEL,
            GOAL_CHANNEL,
            CAMPAIGN_CHANNEL,
            *channels,
        ],
    )
    insights = InsightService(programmes, ledger, tiers, badges, tasks, activity, now)
    leaderboards = LeaderboardService(programmes, stores.records, stores.closings, rankings, projection)
    return Services(
        now=now,
        stores=stores,
        settlement=settlement,
        programmes=programmes,
        members=members,
        follows=FollowService(mongo, FollowRepository(mongo), stores.members, now, note_follow),
        ledger=ledger,
        tasks=tasks,
        badges=badges,
        referrals=ReferralService(stores.referrals, members, programmes),
        referring=ReferringService(settlement),
        backfills=BackfillService(settlement, activities, BackfillRepository(mongo)),
        credentials=CredentialService(CredentialRepository(mongo), badges, members, programmes, issuing, now),
        rewards=RewardService(stores.rewards, WishRepository(mongo), members, programmes, now),
        redemptions=RedemptionService(settlement),
        coupons=CouponService(settlement, OrderRepository(mongo)),
        flash_sales=FlashSaleService(admission, reservations, programmes, now),
        flash_claims=flash_claims,
        sale_keeper=SaleKeeper(programmes, admission, reservations, flash_claims),
        reservations=reservations,
        leaderboards=leaderboards,
        rankings=rankings,
        projection=projection,
        delivery=delivery,
        points=PointsService(settlement),
        holds=HoldService(settlement),
        generosity=GenerosityService(settlement),
        claims=ClaimService(settlement),
        evidence=EvidenceService(settlement, bell),
        evidence_reading=EvidenceReading(stores.submissions, tasks),
        approvals=ApprovalService(settlement, recording, reversal, activities, bell),
        honours=HonourService(settlement),
        moderation=ModerationService(settlement),
        presence=PresenceService(settlement),
        erasures=ErasureService(
            settlement, ErasureRepository(mongo), {**leaving_step(partners.leaving), **(erasing or {})}
        ),
        exports=ExportService(mongo, stores.members),
        merges=MergeService(
            settlement,
            MergeRepository(mongo),
            activities,
            reversal,
            merging or NOTHING_MORE,
            partners.leaving,
        ),
        closing=ClosingService(settlement),
        lottery=LotteryService(stores.lottery, programmes, now),
        rounds=rounds,
        drawing=DrawingService(settlement, rounds),
        attempts=AttemptsService(settlement),
        check_ins=CheckInService(settlement, recording, activities),
        check_in_terms=CheckInTermsService(settlement),
        check_in_readings=CheckInReadingService(stores.check_ins, programmes),
        recording=recording,
        reversal=reversal,
        refunds=RefundService(settlement, activities, programmes),
        activity=activity,
        activities=activities,
        tiers=tiers,
        insights=insights,
        cards=CardService(
            mongo,
            settlement,
            programmes,
            stores.members,
            insights,
            months,
            leaderboards,
            ShareRepository(mongo),
            now,
        ),
        totals=totals,
        reports=ReportService(programmes, totals_stored, stores.referrals, stores.backlog, DAYS, now),
        values=values,
        member_exports=MemberExports(programmes, stores.members, months, segment_service),
        tier_keeping=TierKeeping(settlement),
        goals=GoalService(stores.goals, programmes, members),
        goal_keeping=GoalKeeping(settlement, redis),
        doorbells=doorbells,
        board_changes=BoardChanges(doorbells),
        followings=(
            Following(stores.backlog, DAYS, DayKeeping(rollups, segment_keeping).handle, now),
            Following(stores.backlog, CAMPAIGNS, campaign_measuring.handle, now),
            Following(stores.backlog, PARTNERS, partners.following.handle, now),
        ),
        campaigns=CampaignService(mongo, programmes, stores.campaigns, noted, now),
        campaign_planning=CampaignPlanning(programmes, stores.members, months, now),
        campaign_reaching=campaign_reaching,
        campaign_measuring=campaign_measuring,
        campaign_settling=CampaignSettling(settlement, noted, now),
        partners=partners,
        rollups=rollups,
        segments=segment_service,
        segment_keeping=segment_keeping,
        rehearsals=RehearsalService(settlement, rehearser, rehearsals),
        rehearsal_keeping=RehearsalKeeping(mongo, rehearser, rehearsals, now),
    )
