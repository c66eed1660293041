"""Every repository that community services share, made once, and what all of them need in MongoDB."""

from dataclasses import dataclass

from community.belonging import repository as belonging_repository
from community.blocks import repository as block_repository
from community.blocks.repository import BlockRepository
from community.bookmarks import repository as bookmark_repository
from community.bookmarks.repository import BookmarkRepository
from community.comments import repository as comment_repository
from community.comments.repository import CommentRepository
from community.complaints import repository as complaint_repository
from community.complaints.repository import ComplaintRepository
from community.contests import repository as contest_repository
from community.contests.repository import ContestRepository
from community.feeds.repository import HeatRepository
from community.following import repository as following_repository
from community.following.repository import FollowingRepository
from community.gatherings import feeds as calendar_feeds
from community.gatherings import repository as gathering_repository
from community.gatherings.repository import GatheringRepository, RsvpRepository
from community.importing import repository as imported_vote_repository
from community.importing.repository import ImportedVoteRepository
from community.moderation import repository as moderation_repository
from community.moderation.services import ModerationStores
from community.notifications.services import INDEXES as NOTIFICATION_INDEXES
from community.oversight import repository as oversight_repository
from community.polls import repository as poll_repository
from community.polls.repository import PollRepository
from community.posts import repository as post_repository
from community.posts.repository import PostRepository
from community.proposals import repository as proposal_repository
from community.proposals.repository import ProposalRepository
from community.questions import repository as question_repository
from community.questions.repository import QuestionRepository
from community.reactions import repository as reaction_repository
from community.reactions.repository import ReactionRepository
from community.recommendations import repository as recommendation_repository
from community.sanctions import repository as sanction_repository
from community.screening import remembered as screened_texts
from community.screening import repository as screening_repository
from community.screening.remembered import RememberedTexts
from community.screening.repository import ScreeningRepository
from community.search.repository import SearchRepository
from community.spaces import repository as space_repository
from community.spaces.repository import SpaceMembershipRepository
from community.surveys import repository as survey_repository
from community.surveys.repository import SurveyRepository
from community.trust import repository as trust_repository
from community.webhooks import services as webhooks
from storage.mongo import Mongo

INDEXES = [
    space_repository.INDEXES,
    sanction_repository.INDEXES,
    block_repository.INDEXES,
    oversight_repository.INDEXES,
    moderation_repository.INDEXES,
    trust_repository.INDEXES,
    post_repository.INDEXES,
    comment_repository.INDEXES,
    reaction_repository.INDEXES,
    following_repository.INDEXES,
    bookmark_repository.INDEXES,
    screening_repository.INDEXES,
    screened_texts.INDEXES,
    question_repository.INDEXES,
    poll_repository.INDEXES,
    proposal_repository.INDEXES,
    contest_repository.INDEXES,
    gathering_repository.INDEXES,
    imported_vote_repository.INDEXES,
    calendar_feeds.INDEXES,
    survey_repository.INDEXES,
    complaint_repository.INDEXES,
    recommendation_repository.INDEXES,
    belonging_repository.INDEXES,
    NOTIFICATION_INDEXES,
    webhooks.INDEXES,
]


@dataclass(frozen=True, slots=True)
class CommunityStores:
    """One of each, by what it keeps."""

    memberships: SpaceMembershipRepository
    blocks: BlockRepository
    posts: PostRepository
    comments: CommentRepository
    reactions: ReactionRepository
    questions: QuestionRepository
    polls: PollRepository
    proposals: ProposalRepository
    contests: ContestRepository
    following: FollowingRepository
    bookmarks: BookmarkRepository
    heats: HeatRepository
    searches: SearchRepository
    screenings: ScreeningRepository
    screened_texts: RememberedTexts
    gatherings: GatheringRepository
    rsvps: RsvpRepository
    surveys: SurveyRepository
    complaints: ComplaintRepository
    imported_votes: ImportedVoteRepository
    moderation: ModerationStores


def stores_of(mongo: Mongo) -> CommunityStores:
    """All of them over this database; opens no connection yet."""
    return CommunityStores(
        memberships=SpaceMembershipRepository(mongo),
        blocks=BlockRepository(mongo),
        posts=PostRepository(mongo),
        comments=CommentRepository(mongo),
        reactions=ReactionRepository(mongo),
        questions=QuestionRepository(mongo),
        polls=PollRepository(mongo),
        proposals=ProposalRepository(mongo),
        contests=ContestRepository(mongo),
        following=FollowingRepository(mongo),
        bookmarks=BookmarkRepository(mongo),
        heats=HeatRepository(mongo),
        searches=SearchRepository(mongo),
        screenings=ScreeningRepository(mongo),
        screened_texts=RememberedTexts(mongo),
        gatherings=GatheringRepository(mongo),
        rsvps=RsvpRepository(mongo),
        surveys=SurveyRepository(mongo),
        complaints=ComplaintRepository(mongo),
        imported_votes=ImportedVoteRepository(mongo),
        moderation=ModerationStores.of(mongo),
    )
