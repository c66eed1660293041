"""All services, wired once: the loyalty domain's, and the community's over them. What `api/` builds and resolvers call."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from community import stores
from community.bells import CHANNEL, Bells
from community.belonging.reading import FactReading
from community.belonging.repository import BelongingRepository
from community.belonging.service import BelongingService
from community.blocks.service import BlockService
from community.bookmarks.service import BookmarkService
from community.comments.reading import CommentReading
from community.comments.screened import latest_posts, published_by
from community.comments.service import CommentService
from community.complaints.reading import ComplaintReading
from community.complaints.service import ComplaintService
from community.contests.keeping import ContestFinishing, ContestKeeper
from community.contests.reading import ContestReading
from community.contests.service import ContestService
from community.erasing import erasing_steps
from community.feeds.arrivals import Arrivals
from community.feeds.service import FeedService
from community.following.service import FollowingService
from community.gatherings.answering import AnsweringService
from community.gatherings.attendance import AttendanceService
from community.gatherings.feeds import CalendarFeeds
from community.gatherings.keeping import GatheringKeeping
from community.gatherings.leaving import Leaving, withdrawing
from community.gatherings.reading import GatheringReading
from community.gatherings.service import GatheringService
from community.importing.service import ContentImport
from community.merging.steps import merging_steps
from community.moderation.opening import CaseOpening
from community.moderation.services import Moderation, build_moderation, build_records
from community.notifications.sending import Ways
from community.notifications.services import Notifications, Written, build_notifications
from community.notifications.watching import CONSUMER as NOTIFICATIONS
from community.notifications.watching import NewsWatcher
from community.outbound.client import GuardedClient
from community.outbound.sealing import Sealer
from community.polls.keeping import PollKeeper
from community.polls.reading import PollReading
from community.polls.service import PollService
from community.posts.keeping import PostKeeping
from community.posts.reading import PostReading
from community.posts.service import PostService
from community.posts.work import PostWork
from community.proposals.keeping import ProposalKeeper, ProposalTelling
from community.proposals.reading import ProposalReading
from community.proposals.service import ProposalService
from community.questions.bounties import BountyService
from community.questions.keeping import QuestionKeeper
from community.questions.reading import QuestionReading
from community.questions.service import QuestionService
from community.reactions.keeping import ReactionKeeping, ReactionMarking
from community.reactions.service import ReactionService
from community.recommendations.following import CONSUMER as RECOMMENDATIONS
from community.recommendations.services import Contents, Recommendations, build_recommendations
from community.recording import Acts
from community.response_times.repository import ResponseTimeRepository
from community.response_times.service import ResponseTimeService
from community.screening.rehearsal import ScreeningRehearsals
from community.screening.service import ScreeningService
from community.screening.testing import ScreeningTests
from community.search.service import SearchService
from community.spaces.service import SpaceService
from community.stores import CommunityStores
from community.surveys.reading import SurveyReading
from community.surveys.service import SurveyService
from community.trust.behaviour import BehaviourReading
from community.trust.facts import trust_facts
from community.trust.guard import TrustGuard
from community.trust.service import TrustService
from community.unread.repository import UnreadRepository
from community.unread.service import UnreadService
from community.webhooks.recording import CONSUMER as WEBHOOKS
from community.webhooks.services import Webhooks, build_webhooks
from community.webhooks.shapes import IdOf
from gamification import services as loyalty
from gamification.members.follows import FollowRepository
from gamification.rollups.repository import MonthRepository
from gamification.services import utc_now
from gamification.settlement.following import Following
from storage.mongo import Mongo
from storage.redis import RedisStore

INDEXES = [*loyalty.INDEXES, *stores.INDEXES]
"""What all repositories need in MongoDB."""

CONSUMERS = (WEBHOOKS, NOTIFICATIONS, RECOMMENDATIONS)
"""Who of the community follows what was settled, by the names that they have in the backlog."""

MemberOf = Callable[[str], bytes | None]
"""Reads the id that clients know a member by, as it stands in a mention; None for what is none."""


@dataclass(frozen=True, slots=True)
class Services(loyalty.Services):
    """One of each; `kept` has the repositories of what members write and do together."""

    kept: CommunityStores
    spaces: SpaceService
    posts: PostService
    post_keeping: PostKeeping
    post_reading: PostReading
    comments: CommentService
    comment_reading: CommentReading
    moderating: Moderation
    blocks: BlockService
    trust: TrustService
    reactions: ReactionService
    reaction_keeping: ReactionKeeping
    following: FollowingService
    bookmarks: BookmarkService
    unread: UnreadService
    feeds: FeedService
    arrivals: Arrivals
    search: SearchService
    screening: ScreeningService
    screening_tests: ScreeningTests
    screening_rehearsals: ScreeningRehearsals
    questions: QuestionService
    question_reading: QuestionReading
    question_keeper: QuestionKeeper
    bounties: BountyService
    polls: PollService
    poll_reading: PollReading
    proposals: ProposalService
    proposal_reading: ProposalReading
    proposal_telling: ProposalTelling
    contests: ContestService
    contest_reading: ContestReading
    contest_finishing: ContestFinishing
    content_import: ContentImport
    gatherings: GatheringService
    rsvps: AnsweringService
    attendance: AttendanceService
    gathering_keeping: GatheringKeeping
    gathering_reading: GatheringReading
    calendar_feeds: CalendarFeeds
    surveys: SurveyService
    survey_reading: SurveyReading
    complaints: ComplaintService
    complaint_reading: ComplaintReading
    response_times: ResponseTimeService
    notifications: Notifications
    recommendations: Recommendations
    belonging: BelongingService
    outbound: GuardedClient
    webhooks: Webhooks


def build(
    mongo: Mongo,
    redis: RedisStore,
    now: Callable[[], datetime] = utc_now,
    *,
    member_of: MemberOf | None = None,
    id_of: IdOf | None = None,
    outbound: GuardedClient | None = None,
    sealer: Sealer | None = None,
    ways: Ways | None = None,
    **settings: Any,
) -> Services:
    """Wire everything over these servers; opens no connection yet. `settings` as for the loyalty domain; without
    `member_of`, mentions name members by their raw id in hexadecimal; `id_of` makes the ids that others are told; calls go out
    by `outbound`, and secrets that are read again are kept by `sealer`."""
    outbound = outbound or GuardedClient()
    kept = stores.stores_of(mongo)
    posts, comments, questions, reactions = kept.posts, kept.comments, kept.questions, kept.reactions
    gatherings, rsvps, contests = kept.gatherings, kept.rsvps, kept.contests
    erasing = {**erasing_steps(kept), "gatherings": withdrawing(gatherings, rsvps)}
    base = loyalty.build(
        mongo,
        redis,
        now,
        erasing=erasing,
        merging=merging_steps(mongo),
        channels=[CHANNEL],
        consumers=CONSUMERS,
        facts=[trust_facts(kept.moderation.trust)],
        **settings,
    )
    leaving = Leaving(gatherings, rsvps, base.stores.members, now)
    spaces = SpaceService(
        mongo, kept.memberships, base.members, base.stores.members, base.programmes, base.tiers, now, leaving
    )
    acts = Acts(base.recording, base.reversal, base.activities)
    question_keeper = QuestionKeeper(questions, comments, acts)
    bells = Bells(redis)
    published = published_by(posts, comments)
    screening = ScreeningService(
        kept.screenings,
        kept.screened_texts,
        published,
        TrustGuard(mongo, kept.moderation.trust),
        (CaseOpening(kept.moderation.cases),),
    )
    records = build_records(kept.moderation, bells, screening.decided)
    proposal_keeper = ProposalKeeper(kept.proposals)
    post_watchers = (
        question_keeper,
        PollKeeper(kept.polls),
        proposal_keeper,
        ContestKeeper(contests),
        ReactionMarking(reactions),
        records.watcher,
        NewsWatcher(),
    )
    comment_watchers = (question_keeper, ReactionMarking(reactions), records.watcher, NewsWatcher())
    written = (base.settlement, posts, spaces, acts, screening, member_of or raw_id, post_watchers)
    work, post_reading = PostWork(*written), PostReading(posts)
    following = FollowingService(base.settlement, kept.following, posts, work)
    met = (base.settlement, gatherings, rsvps, spaces, work, acts)
    post_service = PostService(*written)
    asked = (base.settlement, questions, posts, comments, work, question_keeper)
    bounties = BountyService(*asked)
    comment_service = CommentService(
        base.settlement, comments, posts, work, acts, screening, comment_watchers
    )
    contest_service = ContestService(base.settlement, contests, posts, work, records.oversight)
    webhooks = build_webhooks(
        base.stores,
        base.activities,
        kept.moderation.statements,
        outbound,
        sealer or Sealer(),
        id_of or raw_text,
        now,
    )
    notifications = build_notifications(
        mongo,
        redis,
        base.stores,
        base.programmes,
        spaces,
        Written(
            posts,
            comments,
            reactions,
            gatherings,
            kept.complaints,
            kept.memberships,
            kept.moderation,
        ),
        ways or Ways(),
        outbound.rules,
        now,
    )
    recommendations = build_recommendations(
        mongo,
        base,
        spaces,
        Contents(posts, comments, reactions, kept.following, kept.bookmarks, kept.moderation.sanctions),
        now,
    )
    survey_reading = SurveyReading(mongo, kept.surveys, base.programmes, base.members, base.tiers)
    belonging = BelongingService(
        base.programmes,
        base.stores.members,
        survey_reading,
        FactReading(mongo, MonthRepository(mongo), base.stores.tiers),
        BelongingRepository(mongo),
        now,
    )
    return Services(
        **{field.name: getattr(base, field.name) for field in fields(base) if field.name != "followings"},
        followings=(
            *base.followings,
            Following(base.stores.backlog, WEBHOOKS, webhooks.recording.follow, now),
            notifications.following,
            recommendations.following,
        ),
        recommendations=recommendations,
        belonging=belonging,
        notifications=notifications,
        outbound=outbound,
        webhooks=webhooks,
        kept=kept,
        spaces=spaces,
        posts=post_service,
        post_keeping=PostKeeping(*written),
        post_reading=post_reading,
        comments=comment_service,
        moderating=build_moderation(
            mongo,
            records,
            base.settlement,
            base.moderation,
            kept.memberships,
            bells,
            leaving,
            (posts, work),
            (comments, comment_service),
            reactions,
            contest_service,
        ),
        trust=TrustService(
            base.settlement,
            base.programmes,
            base.stores.members,
            records.stores.trust,
            BehaviourReading(mongo),
            records.oversight,
        ),
        blocks=BlockService(base.settlement, kept.blocks, FollowRepository(mongo)),
        comment_reading=CommentReading(comments, post_reading),
        screening=screening,
        screening_tests=ScreeningTests(
            kept.screened_texts,
            published,
            base.programmes,
            base.stores.members,
            member_of or raw_id,
            now,
        ),
        screening_rehearsals=ScreeningRehearsals(base.programmes, latest_posts(posts)),
        following=following,
        bookmarks=BookmarkService(base.settlement, kept.bookmarks, posts, comments, work),
        unread=UnreadService(UnreadRepository(mongo)),
        feeds=FeedService(mongo, posts, kept.heats, following, now),
        arrivals=Arrivals(posts, following, now),
        search=SearchService(kept.searches, base.stores.members, now),
        content_import=ContentImport(
            mongo,
            base.programmes,
            base.members,
            base.stores.members,
            posts,
            comments,
            questions,
            kept.bookmarks,
            kept.imported_votes,
        ),
        gatherings=GatheringService(*met),
        rsvps=AnsweringService(*met),
        attendance=AttendanceService(*met),
        gathering_keeping=GatheringKeeping(*met),
        gathering_reading=GatheringReading(gatherings, rsvps),
        calendar_feeds=CalendarFeeds(
            mongo, base.settlement, base.stores.members, gatherings, rsvps, spaces, now
        ),
        reaction_keeping=ReactionKeeping(base.settlement, reactions, posts, comments, acts),
        reactions=ReactionService(base.settlement, reactions, posts, comments, work, acts),
        questions=QuestionService(*asked, bounties),
        question_reading=QuestionReading(questions, post_reading),
        question_keeper=question_keeper,
        bounties=bounties,
        polls=PollService(base.settlement, kept.polls, posts, post_service),
        poll_reading=PollReading(kept.polls, now),
        proposals=ProposalService(base.settlement, kept.proposals, posts, work, proposal_keeper),
        proposal_reading=ProposalReading(kept.proposals, now),
        proposal_telling=ProposalTelling(base.settlement, kept.proposals),
        contests=contest_service,
        contest_reading=ContestReading(contests, now),
        contest_finishing=ContestFinishing(base.settlement, contests),
        surveys=SurveyService(base.settlement, kept.surveys, base.tiers, acts),
        survey_reading=survey_reading,
        complaints=ComplaintService(base.settlement, kept.complaints),
        complaint_reading=ComplaintReading(kept.complaints, base.members, base.programmes, now),
        response_times=ResponseTimeService(base.programmes, ResponseTimeRepository(mongo), now),
    )


def raw_text(type_name: str, raw: bytes | str) -> str:
    """The id of an object as the domain itself knows it, with its type."""
    return f"{type_name}:{raw if isinstance(raw, str) else raw.hex()}"


def raw_id(text: str) -> bytes | None:
    """The id of a member in hexadecimal, as the domain itself knows it."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return None
