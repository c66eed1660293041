"""Mutation: the fields of every noun."""

import strawberry

from resolvers.mutations.activity import ActivityMutations
from resolvers.mutations.annual_cards import AnnualCardMutations
from resolvers.mutations.attendance import AttendanceMutations
from resolvers.mutations.backfills import BackfillMutations
from resolvers.mutations.badges import BadgeMutations
from resolvers.mutations.campaigns import CampaignMutations
from resolvers.mutations.check_ins import CheckInMutations
from resolvers.mutations.comments import CommentMutations
from resolvers.mutations.complaints import ComplaintMutations
from resolvers.mutations.contests import ContestMutations
from resolvers.mutations.coupons import CouponMutations
from resolvers.mutations.draws import DrawMutations
from resolvers.mutations.flash_sales import FlashSaleMutations
from resolvers.mutations.follows import FollowMutations
from resolvers.mutations.gatherings import GatheringMutations
from resolvers.mutations.generosity import GenerosityMutations
from resolvers.mutations.holds import HoldMutations
from resolvers.mutations.leaderboards import LeaderboardMutations
from resolvers.mutations.ledger import LedgerMutations
from resolvers.mutations.members import MemberMutations
from resolvers.mutations.merging import MergeMutations
from resolvers.mutations.moderation import ModerationMutations
from resolvers.mutations.notification_settings import NotificationSettingsMutations
from resolvers.mutations.notifications import NotificationMutations
from resolvers.mutations.partners import PartnerMutations
from resolvers.mutations.polls import PollMutations
from resolvers.mutations.post_keeping import PostKeepingMutations
from resolvers.mutations.posts import PostMutations
from resolvers.mutations.privacy import PrivacyMutations
from resolvers.mutations.programme import ProgrammeMutations
from resolvers.mutations.proposals import ProposalMutations
from resolvers.mutations.questions import QuestionMutations
from resolvers.mutations.reading import ReadingMutations
from resolvers.mutations.recommendations import RecommendationMutations
from resolvers.mutations.referrals import ReferralMutations
from resolvers.mutations.rehearsals import RehearsalMutations
from resolvers.mutations.rewards import RewardMutations
from resolvers.mutations.sanctions import SanctionMutations
from resolvers.mutations.segments import SegmentMutations
from resolvers.mutations.spaces import SpaceMutations
from resolvers.mutations.surveys import SurveyMutations
from resolvers.mutations.task_evidence import TaskEvidenceMutations
from resolvers.mutations.tasks import TaskMutations
from resolvers.mutations.tiers import TierMutations
from resolvers.mutations.trust import TrustMutations
from resolvers.mutations.webhooks import WebhookMutations


@strawberry.type(description="Changes. Each is one transaction; its result says what changed, or why not.")
class Mutation(
    MemberMutations,
    MergeMutations,
    PrivacyMutations,
    FollowMutations,
    ActivityMutations,
    LedgerMutations,
    HoldMutations,
    GenerosityMutations,
    TaskMutations,
    TaskEvidenceMutations,
    BadgeMutations,
    BackfillMutations,
    PartnerMutations,
    ReferralMutations,
    RehearsalMutations,
    LeaderboardMutations,
    CheckInMutations,
    TierMutations,
    SegmentMutations,
    CampaignMutations,
    RewardMutations,
    CouponMutations,
    FlashSaleMutations,
    DrawMutations,
    SpaceMutations,
    SurveyMutations,
    ComplaintMutations,
    PostMutations,
    PostKeepingMutations,
    ModerationMutations,
    SanctionMutations,
    TrustMutations,
    CommentMutations,
    ReadingMutations,
    RecommendationMutations,
    NotificationMutations,
    NotificationSettingsMutations,
    GatheringMutations,
    AttendanceMutations,
    AnnualCardMutations,
    QuestionMutations,
    PollMutations,
    ProposalMutations,
    ContestMutations,
    WebhookMutations,
    ProgrammeMutations,
):
    """The fields of every noun, together."""
