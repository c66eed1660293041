"""Everything of recommendations, wired once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from community.bookmarks.repository import BookmarkRepository
from community.comments.repository import CommentRepository
from community.following.repository import FollowingRepository
from community.posts.repository import PostRepository
from community.reactions.repository import ReactionRepository
from community.recommendations.campaigns import CampaignSource
from community.recommendations.following import CONSUMER, ActivityFollowing
from community.recommendations.learning import Groups, Learning
from community.recommendations.making import Making
from community.recommendations.people import PeopleSource
from community.recommendations.posts import PostSource
from community.recommendations.reading import InteractionReading
from community.recommendations.repository import RecommendationRepository
from community.recommendations.rewards import RewardSource
from community.recommendations.service import RecommendationService, Recommending
from community.recommendations.serving import Serving
from community.recommendations.sources import Source
from community.recommendations.spaces import SpaceSource
from community.recommendations.tasks import TaskSource
from community.sanctions.repository import SanctionRepository
from community.spaces.service import SpaceService
from gamification.campaigning.repository import CampaignMemberRepository
from gamification.members.follows import FollowRepository
from gamification.rewards.repository import RewardRepository
from gamification.rollups.repository import MonthRepository
from gamification.services import Services as Loyalty
from gamification.settlement.following import Following
from storage.mongo import Mongo


@dataclass(frozen=True, slots=True)
class Recommendations:
    """One of each; `following` is what a worker runs."""

    serving: Serving
    service: RecommendationService
    recommending: Recommending
    following: Following


@dataclass(frozen=True, slots=True)
class Contents:
    """What members write and do together."""

    posts: PostRepository
    comments: CommentRepository
    reactions: ReactionRepository
    following: FollowingRepository
    bookmarks: BookmarkRepository
    sanctions: SanctionRepository


def build_recommendations(
    mongo: Mongo,
    base: Loyalty,
    spaces: SpaceService,
    kept: Contents,
    now: Callable[[], datetime],
) -> Recommendations:
    """Wire it."""
    repository, reading = RecommendationRepository(mongo), InteractionReading(mongo)
    members, groups = base.stores.members, Groups(MonthRepository(mongo))
    follows = FollowRepository(mongo)
    sources: list[Source] = [
        TaskSource(base.tasks, base.tiers),
        RewardSource(base.rewards, RewardRepository(mongo), base.stores.ledger, base.tiers),
        PostSource(
            mongo, kept.posts, kept.reactions, kept.following, kept.bookmarks, kept.sanctions, members
        ),
        SpaceSource(),
        PeopleSource(members, follows, kept.sanctions),
        CampaignSource(base.campaigns, CampaignMemberRepository(mongo)),
    ]
    learning = Learning(repository, reading, members, kept.posts, kept.sanctions, groups, now)
    making = Making(mongo, repository, reading, members, kept.posts, spaces, groups, now)
    noting = ActivityFollowing(repository, kept.posts, kept.comments, kept.reactions, follows, now)
    return Recommendations(
        serving=Serving(repository, base.programmes, spaces, groups, sources, now),
        service=RecommendationService(base.settlement, repository, base.programmes),
        recommending=Recommending(repository, learning, making, base.programmes, members, now),
        following=Following(base.stores.backlog, CONSUMER, noting.handle, now),
    )
