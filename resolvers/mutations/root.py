"""Mutation: the fields of every noun."""

import strawberry

from resolvers.mutations.activity import ActivityMutations
from resolvers.mutations.backfills import BackfillMutations
from resolvers.mutations.badges import BadgeMutations
from resolvers.mutations.check_ins import CheckInMutations
from resolvers.mutations.comments import CommentMutations
from resolvers.mutations.coupons import CouponMutations
from resolvers.mutations.draws import DrawMutations
from resolvers.mutations.flash_sales import FlashSaleMutations
from resolvers.mutations.follows import FollowMutations
from resolvers.mutations.generosity import GenerosityMutations
from resolvers.mutations.holds import HoldMutations
from resolvers.mutations.leaderboards import LeaderboardMutations
from resolvers.mutations.ledger import LedgerMutations
from resolvers.mutations.members import MemberMutations
from resolvers.mutations.merging import MergeMutations
from resolvers.mutations.post_keeping import PostKeepingMutations
from resolvers.mutations.posts import PostMutations
from resolvers.mutations.privacy import PrivacyMutations
from resolvers.mutations.programme import ProgrammeMutations
from resolvers.mutations.referrals import ReferralMutations
from resolvers.mutations.rewards import RewardMutations
from resolvers.mutations.spaces import SpaceMutations
from resolvers.mutations.task_evidence import TaskEvidenceMutations
from resolvers.mutations.tasks import TaskMutations
from resolvers.mutations.tiers import TierMutations


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
    ReferralMutations,
    LeaderboardMutations,
    CheckInMutations,
    TierMutations,
    RewardMutations,
    CouponMutations,
    FlashSaleMutations,
    DrawMutations,
    SpaceMutations,
    PostMutations,
    PostKeepingMutations,
    CommentMutations,
    ProgrammeMutations,
):
    """The fields of every noun, together."""
