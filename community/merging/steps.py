"""All that merging two accounts does in the community, in its order; `gamification/merging/plan.py` says it by collection."""

from community.belonging.repository import BelongingRepository
from community.blocks.repository import BlockRepository
from community.bookmarks.repository import BookmarkRepository
from community.contests.repository import ContestRepository
from community.following.repository import FollowingRepository
from community.gatherings.repository import GatheringRepository, RsvpRepository
from community.merging.ballots import moving_ballots, moving_supports
from community.merging.belonging import ending_belonging
from community.merging.contests import moving_contests
from community.merging.following import moving_following
from community.merging.gatherings import moving_feeds, moving_rsvps
from community.merging.moderation import moving_blocks, moving_records, moving_sanctions
from community.merging.notifications import moving_reach
from community.merging.reactions import moving_reactions
from community.merging.recommendations import moving_recommendations
from community.merging.repository import MergingRepository
from community.merging.spaces import moving_memberships
from community.merging.surveys import moving_responses
from community.merging.trust import moving_trust
from community.merging.writing import moving_texts
from community.polls.repository import PollRepository
from community.proposals.repository import ProposalRepository
from community.questions.repository import QuestionRepository
from community.reactions.repository import ReactionRepository
from community.recommendations.repository import RecommendationRepository
from community.sanctions.repository import SanctionRepository
from community.spaces.repository import SpaceMembershipRepository
from community.surveys.repository import SurveyRepository
from community.trust.behaviour import BehaviourReading
from community.trust.repository import TrustRepository
from gamification.members.follows import FollowRepository
from gamification.merging.steps import Steps
from storage.mongo import Mongo

_BY_MEMBER = (
    *("reactions", "space_memberships", "followed_posts", "bookmarks", "gathering_rsvps", "ballots"),
    *("proposal_supports", "contest_entries", "contest_ballots", "survey_responses", "complaints"),
    *("complaint_messages", "sanctions", "moderation_cases", "moderation_statements"),
)
_BY_AUTHOR = ("posts", "post_revisions", "comments", "reactions", "screenings", "screened_texts")
BOUNDED = (
    *((name, "member_id") for name in _BY_MEMBER),
    *((name, "author_id") for name in _BY_AUTHOR),
    ("push_subscriptions", "member_id"),
    *(("gatherings", "host_id"), ("blocks", "blocker"), ("blocks", "blocked")),
)


def merging_steps(mongo: Mongo) -> Steps:
    """What the community does."""
    stored = MergingRepository(mongo)
    return Steps(
        BOUNDED,
        (
            moving_texts(stored, QuestionRepository(mongo)),
            moving_reactions(stored, ReactionRepository(mongo)),
            moving_ballots(stored, PollRepository(mongo)),
            moving_supports(stored, ProposalRepository(mongo)),
            moving_contests(stored, ContestRepository(mongo)),
            moving_rsvps(stored, GatheringRepository(mongo), RsvpRepository(mongo)),
            moving_feeds(stored),
            moving_memberships(stored, SpaceMembershipRepository(mongo)),
            moving_following(stored, FollowingRepository(mongo), BookmarkRepository(mongo)),
            moving_responses(stored, SurveyRepository(mongo)),
            moving_records(stored),
            moving_blocks(stored, BlockRepository(mongo), FollowRepository(mongo)),
            moving_sanctions(stored, SanctionRepository(mongo)),
            moving_trust(stored, TrustRepository(mongo), BehaviourReading(mongo)),
            moving_reach(stored),
            moving_recommendations(stored, RecommendationRepository(mongo)),
            ending_belonging(BelongingRepository(mongo)),
        ),
    )
