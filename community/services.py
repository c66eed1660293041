"""All services, wired once: the loyalty domain's, and the community's over them. What `api/` builds and resolvers call."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from community.bells import CHANNEL, Bells
from community.blocks import repository as block_repository
from community.blocks.repository import BlockRepository
from community.blocks.service import BlockService
from community.bookmarks import repository as bookmark_repository
from community.bookmarks.repository import BookmarkRepository
from community.bookmarks.service import BookmarkService
from community.comments import repository as comment_repository
from community.comments.reading import CommentReading
from community.comments.repository import CommentRepository
from community.comments.screened import latest_posts, published_by
from community.comments.service import CommentService
from community.complaints import repository as complaint_repository
from community.complaints.reading import ComplaintReading
from community.complaints.repository import ComplaintRepository
from community.complaints.service import ComplaintService
from community.contests import repository as contest_repository
from community.contests.keeping import ContestFinishing, ContestKeeper
from community.contests.reading import ContestReading
from community.contests.repository import ContestRepository
from community.contests.service import ContestService
from community.erasing import erasing_steps
from community.feeds.repository import HeatRepository
from community.feeds.service import FeedService
from community.following import repository as following_repository
from community.following.repository import FollowingRepository
from community.following.service import FollowingService
from community.gatherings import feeds as calendar_feeds
from community.gatherings import repository as gathering_repository
from community.gatherings.answering import AnsweringService
from community.gatherings.attendance import AttendanceService
from community.gatherings.erasing import withdrawing
from community.gatherings.feeds import CalendarFeeds
from community.gatherings.keeping import GatheringKeeping
from community.gatherings.reading import GatheringReading
from community.gatherings.repository import GatheringRepository, RsvpRepository
from community.gatherings.service import GatheringService
from community.importing import repository as imported_vote_repository
from community.importing.repository import ImportedVoteRepository
from community.importing.service import ContentImport
from community.moderation import repository as moderation_repository
from community.moderation.opening import CaseOpening
from community.moderation.repository import CaseRepository, ReportRepository
from community.moderation.services import Moderation, build_moderation, build_records
from community.oversight import repository as oversight_repository
from community.oversight.repository import StatementRepository
from community.polls import repository as poll_repository
from community.polls.keeping import PollKeeper
from community.polls.reading import PollReading
from community.polls.repository import PollRepository
from community.polls.service import PollService
from community.posts import repository as post_repository
from community.posts.keeping import PostKeeping
from community.posts.reading import PostReading
from community.posts.repository import PostRepository
from community.posts.service import PostService
from community.posts.work import PostWork
from community.proposals import repository as proposal_repository
from community.proposals.keeping import ProposalKeeper, ProposalTelling
from community.proposals.reading import ProposalReading
from community.proposals.repository import ProposalRepository
from community.proposals.service import ProposalService
from community.questions import repository as question_repository
from community.questions.bounties import BountyService
from community.questions.keeping import QuestionKeeper
from community.questions.reading import QuestionReading
from community.questions.repository import QuestionRepository
from community.questions.service import QuestionService
from community.reactions import repository as reaction_repository
from community.reactions.repository import ReactionRepository
from community.reactions.service import ReactionService
from community.recording import Acts
from community.sanctions import repository as sanction_repository
from community.screening import remembered as screened_texts
from community.screening import repository as screening_repository
from community.screening.rehearsal import ScreeningRehearsals
from community.screening.remembered import RememberedTexts
from community.screening.repository import ScreeningRepository
from community.screening.service import ScreeningService
from community.screening.testing import ScreeningTests
from community.search.repository import SearchRepository
from community.search.service import SearchService
from community.spaces import repository as space_repository
from community.spaces.repository import SpaceMembershipRepository
from community.spaces.service import SpaceService
from community.surveys import repository as survey_repository
from community.surveys.reading import SurveyReading
from community.surveys.repository import SurveyRepository
from community.surveys.service import SurveyService
from community.trust import repository as trust_repository
from community.trust.behaviour import BehaviourReading
from community.trust.guard import TrustGuard
from community.trust.service import TrustService
from community.unread.repository import UnreadRepository
from community.unread.service import UnreadService
from gamification import services as loyalty
from gamification.members.follows import FollowRepository
from gamification.services import utc_now
from storage.mongo import Mongo
from storage.redis import RedisStore

INDEXES = [
    *loyalty.INDEXES,
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
]
"""What all repositories need in MongoDB."""

MemberOf = Callable[[str], bytes | None]
"""Reads the id that clients know a member by, as it stands in a mention; None for what is none."""


@dataclass(frozen=True, slots=True)
class Services(loyalty.Services):
    """One of each."""

    memberships: SpaceMembershipRepository
    spaces: SpaceService
    post_store: PostRepository
    posts: PostService
    post_keeping: PostKeeping
    post_reading: PostReading
    comment_store: CommentRepository
    comments: CommentService
    comment_reading: CommentReading
    moderating: Moderation
    blocks: BlockService
    trust: TrustService
    reaction_store: ReactionRepository
    reactions: ReactionService
    following_store: FollowingRepository
    following: FollowingService
    bookmark_store: BookmarkRepository
    bookmarks: BookmarkService
    unread: UnreadService
    heat_store: HeatRepository
    feeds: FeedService
    search_store: SearchRepository
    search: SearchService
    screening_store: ScreeningRepository
    screening: ScreeningService
    screening_tests: ScreeningTests
    screening_rehearsals: ScreeningRehearsals
    question_store: QuestionRepository
    questions: QuestionService
    question_reading: QuestionReading
    question_keeper: QuestionKeeper
    bounties: BountyService
    poll_store: PollRepository
    polls: PollService
    poll_reading: PollReading
    proposal_store: ProposalRepository
    proposals: ProposalService
    proposal_reading: ProposalReading
    proposal_telling: ProposalTelling
    contest_store: ContestRepository
    contests: ContestService
    contest_reading: ContestReading
    contest_finishing: ContestFinishing
    imported_votes: ImportedVoteRepository
    content_import: ContentImport
    gathering_store: GatheringRepository
    rsvp_store: RsvpRepository
    gatherings: GatheringService
    rsvps: AnsweringService
    attendance: AttendanceService
    gathering_keeping: GatheringKeeping
    gathering_reading: GatheringReading
    calendar_feeds: CalendarFeeds
    survey_store: SurveyRepository
    surveys: SurveyService
    survey_reading: SurveyReading
    complaint_store: ComplaintRepository
    complaints: ComplaintService
    complaint_reading: ComplaintReading


def build(
    mongo: Mongo,
    redis: RedisStore,
    now: Callable[[], datetime] = utc_now,
    *,
    member_of: MemberOf | None = None,
    **settings: Any,
) -> Services:
    """Wire everything over these servers; opens no connection yet. `settings` as for the loyalty domain; without
    `member_of`, mentions name members by their raw id in hexadecimal."""
    posts, comments, questions = PostRepository(mongo), CommentRepository(mongo), QuestionRepository(mongo)
    gatherings, rsvps = GatheringRepository(mongo), RsvpRepository(mongo)
    contests = ContestRepository(mongo)
    erasing = {
        **erasing_steps(
            posts,
            comments,
            questions,
            contests,
            CaseRepository(mongo),
            ReportRepository(mongo),
            StatementRepository(mongo),
        ),
        "gatherings": withdrawing(gatherings, rsvps),
    }
    base = loyalty.build(mongo, redis, now, erasing=erasing, channels=[CHANNEL], **settings)
    memberships = SpaceMembershipRepository(mongo)
    spaces = SpaceService(
        mongo, memberships, base.members, base.stores.members, base.programmes, base.tiers, now
    )
    acts = Acts(base.recording, base.reversal, base.activities)
    question_keeper = QuestionKeeper(questions, comments, acts)
    bells = Bells(redis)
    screenings, texts = ScreeningRepository(mongo), RememberedTexts(mongo)
    hooks = (CaseOpening(CaseRepository(mongo)),)
    screening = ScreeningService(screenings, texts, published_by(posts, comments), TrustGuard(mongo), hooks)
    records = build_records(mongo, bells, screening.decided)
    polls, proposals = PollRepository(mongo), ProposalRepository(mongo)
    proposal_keeper = ProposalKeeper(proposals)
    post_watchers = (
        question_keeper,
        PollKeeper(),
        proposal_keeper,
        ContestKeeper(contests),
        records.watcher,
    )
    comment_watchers = (question_keeper, records.watcher)
    written = (base.settlement, posts, spaces, acts, screening, member_of or raw_id, post_watchers)
    work, post_reading = PostWork(*written), PostReading(posts)
    reactions = ReactionRepository(mongo)
    imported_votes = ImportedVoteRepository(mongo)
    searches = SearchRepository(mongo)
    followed, bookmarks, heats = FollowingRepository(mongo), BookmarkRepository(mongo), HeatRepository(mongo)
    following = FollowingService(base.settlement, followed, posts, work)
    met = (base.settlement, gatherings, rsvps, spaces, work, acts)
    post_service = PostService(*written)
    asked = (base.settlement, questions, posts, comments, work, question_keeper)
    bounties = BountyService(*asked)
    surveys = SurveyRepository(mongo)
    complaints = ComplaintRepository(mongo)
    comment_service = CommentService(
        base.settlement, comments, posts, work, acts, screening, comment_watchers
    )
    return Services(
        **{field.name: getattr(base, field.name) for field in fields(base)},
        memberships=memberships,
        spaces=spaces,
        post_store=posts,
        posts=post_service,
        post_keeping=PostKeeping(*written),
        post_reading=post_reading,
        comment_store=comments,
        comments=comment_service,
        moderating=build_moderation(
            mongo,
            records,
            base.settlement,
            base.moderation,
            memberships,
            bells,
            (posts, work),
            (comments, comment_service),
            reactions,
        ),
        trust=TrustService(
            base.settlement,
            base.programmes,
            base.stores.members,
            records.stores.trust,
            BehaviourReading(mongo),
            records.oversight,
        ),
        blocks=BlockService(base.settlement, BlockRepository(mongo), FollowRepository(mongo)),
        comment_reading=CommentReading(comments, post_reading),
        screening_store=screenings,
        screening=screening,
        screening_tests=ScreeningTests(
            texts,
            published_by(posts, comments),
            base.programmes,
            base.stores.members,
            member_of or raw_id,
            now,
        ),
        screening_rehearsals=ScreeningRehearsals(base.programmes, latest_posts(posts)),
        reaction_store=reactions,
        following_store=followed,
        following=following,
        bookmark_store=bookmarks,
        bookmarks=BookmarkService(base.settlement, bookmarks, posts, comments, work),
        unread=UnreadService(UnreadRepository(mongo)),
        heat_store=heats,
        feeds=FeedService(mongo, posts, heats, following, now),
        search_store=searches,
        search=SearchService(searches, base.stores.members, now),
        imported_votes=imported_votes,
        content_import=ContentImport(
            mongo,
            base.programmes,
            base.members,
            base.stores.members,
            posts,
            comments,
            questions,
            bookmarks,
            imported_votes,
        ),
        gathering_store=gatherings,
        rsvp_store=rsvps,
        gatherings=GatheringService(*met),
        rsvps=AnsweringService(*met),
        attendance=AttendanceService(*met),
        gathering_keeping=GatheringKeeping(*met),
        gathering_reading=GatheringReading(gatherings, rsvps),
        calendar_feeds=CalendarFeeds(
            mongo, base.settlement, base.stores.members, gatherings, rsvps, spaces, now
        ),
        reactions=ReactionService(base.settlement, reactions, posts, comments, work, acts),
        question_store=questions,
        questions=QuestionService(*asked, bounties),
        question_reading=QuestionReading(questions, post_reading),
        question_keeper=question_keeper,
        bounties=bounties,
        poll_store=polls,
        polls=PollService(base.settlement, polls, posts, post_service),
        poll_reading=PollReading(polls, now),
        proposal_store=proposals,
        proposals=ProposalService(base.settlement, proposals, posts, work, proposal_keeper),
        proposal_reading=ProposalReading(proposals, now),
        proposal_telling=ProposalTelling(base.settlement, proposals),
        contest_store=contests,
        contests=ContestService(base.settlement, contests, posts, work),
        contest_reading=ContestReading(contests, now),
        contest_finishing=ContestFinishing(base.settlement, contests),
        survey_store=surveys,
        surveys=SurveyService(base.settlement, surveys, base.tiers, acts),
        survey_reading=SurveyReading(mongo, surveys, base.programmes, base.members, base.tiers),
        complaint_store=complaints,
        complaints=ComplaintService(base.settlement, complaints),
        complaint_reading=ComplaintReading(complaints, base.members, base.programmes, now),
    )


def raw_id(text: str) -> bytes | None:
    """The id of a member in hexadecimal, as the domain itself knows it."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return None
