"""Query: the fields of every noun."""

import strawberry

from resolvers.queries.activity import ActivityQueries
from resolvers.queries.backfills import BackfillQueries
from resolvers.queries.badges import BadgeQueries
from resolvers.queries.belonging import BelongingQueries
from resolvers.queries.campaigns import CampaignQueries
from resolvers.queries.check_ins import CheckInQueries
from resolvers.queries.complaints import ComplaintQueries
from resolvers.queries.contests import ContestQueries
from resolvers.queries.credentials import CredentialQueries
from resolvers.queries.draws import DrawQueries
from resolvers.queries.feeds import FeedQueries
from resolvers.queries.flash_sales import FlashSaleQueries
from resolvers.queries.gatherings import GatheringQueries
from resolvers.queries.goals import GoalQueries
from resolvers.queries.good_causes import GoodCauseQueries
from resolvers.queries.insights import InsightQueries
from resolvers.queries.leaderboards import LeaderboardQueries
from resolvers.queries.ledger import LedgerQueries
from resolvers.queries.members import MemberQueries
from resolvers.queries.merging import MergeQueries
from resolvers.queries.moderation import ModerationQueries
from resolvers.queries.nodes import NodeQueries
from resolvers.queries.notifications import NotificationQueries
from resolvers.queries.partners import PartnerQueries
from resolvers.queries.posts import PostQueries
from resolvers.queries.privacy import PrivacyQueries
from resolvers.queries.programme import ProgrammeQueries
from resolvers.queries.proposals import ProposalQueries
from resolvers.queries.questions import QuestionQueries
from resolvers.queries.recommendations import RecommendationQueries
from resolvers.queries.referrals import ReferralQueries
from resolvers.queries.rehearsals import RehearsalQueries
from resolvers.queries.rewards import RewardQueries
from resolvers.queries.screening import ScreeningQueries
from resolvers.queries.search import SearchQueries
from resolvers.queries.segments import SegmentQueries
from resolvers.queries.spaces import SpaceQueries
from resolvers.queries.surveys import SurveyQueries
from resolvers.queries.task_evidence import TaskEvidenceQueries
from resolvers.queries.task_picks import TaskPickQueries
from resolvers.queries.tasks import TaskQueries
from resolvers.queries.tiers import TierQueries
from resolvers.queries.webhooks import WebhookQueries


@strawberry.type(description="Reads. All of them need a bearer token; the programme is the token's.")
class Query(
    NodeQueries,
    ProgrammeQueries,
    MemberQueries,
    MergeQueries,
    PrivacyQueries,
    LeaderboardQueries,
    TaskQueries,
    GoalQueries,
    TaskPickQueries,
    TaskEvidenceQueries,
    BadgeQueries,
    CredentialQueries,
    BackfillQueries,
    PartnerQueries,
    ReferralQueries,
    RehearsalQueries,
    CheckInQueries,
    ActivityQueries,
    LedgerQueries,
    GoodCauseQueries,
    RewardQueries,
    FlashSaleQueries,
    DrawQueries,
    TierQueries,
    SegmentQueries,
    InsightQueries,
    BelongingQueries,
    RecommendationQueries,
    CampaignQueries,
    SpaceQueries,
    SurveyQueries,
    ComplaintQueries,
    ScreeningQueries,
    ModerationQueries,
    PostQueries,
    NotificationQueries,
    SearchQueries,
    FeedQueries,
    GatheringQueries,
    QuestionQueries,
    ProposalQueries,
    ContestQueries,
    WebhookQueries,
):
    """The fields of every noun, together."""
