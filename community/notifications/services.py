"""What tells members, wired once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from community.bells import Bells
from community.comments.repository import CommentRepository
from community.complaints.repository import ComplaintRepository
from community.gatherings.repository import GatheringRepository
from community.moderation.services import ModerationStores
from community.notifications import announcing as announcements
from community.notifications import caps as campaign_caps
from community.notifications import contacts, deliveries, preferences, repository
from community.notifications import secrets as signing
from community.notifications.announcing import AnnouncingService
from community.notifications.caps import CampaignCaps
from community.notifications.choosing import ChoiceService
from community.notifications.contacts import ContactRepository
from community.notifications.deliveries import DeliveryRepository
from community.notifications.digesting import Digesting
from community.notifications.following import NotificationFollowing
from community.notifications.from_news import NewsReading
from community.notifications.log import DeliveryLog
from community.notifications.preferences import PreferenceRepository
from community.notifications.reaching import ReachService
from community.notifications.reading import InboxService
from community.notifications.repository import NotificationRepository
from community.notifications.secrets import SecretRepository
from community.notifications.seeing import Seeing
from community.notifications.sending import Sending, Ways
from community.notifications.telling import Telling
from community.notifications.watching import CONSUMER
from community.outbound.urls import OutboundRules
from community.posts.repository import PostRepository
from community.reactions.repository import ReactionRepository
from community.spaces.repository import SpaceMembershipRepository
from community.spaces.service import SpaceService
from gamification.members.follows import FollowRepository
from gamification.programmes.service import ProgrammeService
from gamification.settlement.following import Following
from gamification.settlement.unit import Stores
from storage.mongo import Mongo
from storage.redis import RedisStore

INDEXES = {
    **repository.INDEXES,
    **preferences.INDEXES,
    **contacts.INDEXES,
    **deliveries.INDEXES,
    **campaign_caps.INDEXES,
    **announcements.INDEXES,
    **signing.INDEXES,
}


@dataclass(frozen=True, slots=True)
class Written:
    """The repositories of what members are told of."""

    posts: PostRepository
    comments: CommentRepository
    reactions: ReactionRepository
    gatherings: GatheringRepository
    complaints: ComplaintRepository
    memberships: SpaceMembershipRepository
    moderation: ModerationStores


@dataclass(frozen=True, slots=True)
class Notifications:
    """One of each. `ways`: what this installation sends by."""

    inbox: InboxService
    choices: ChoiceService
    reach: ReachService
    log: DeliveryLog
    telling: Telling
    announcing: AnnouncingService
    sending: Sending
    digesting: Digesting
    following: Following
    ways: Ways


def build_notifications(
    mongo: Mongo,
    redis: RedisStore,
    stores: Stores,
    programmes: ProgrammeService,
    spaces: SpaceService,
    written: Written,
    ways: Ways,
    rules: OutboundRules,
    now: Callable[[], datetime],
) -> Notifications:
    """Wire it; opens no connection."""
    members, kept, sent = stores.members, NotificationRepository(mongo), DeliveryRepository(mongo)
    chosen, reached = PreferenceRepository(mongo), ContactRepository(mongo)
    secrets, caps = SecretRepository(mongo), CampaignCaps(mongo)
    seeing = Seeing(
        kept,
        members,
        written.posts,
        written.comments,
        written.gatherings,
        written.moderation.sanctions,
        spaces,
    )
    telling = Telling(
        mongo,
        kept,
        sent,
        chosen,
        reached,
        members,
        programmes,
        seeing,
        caps,
        Bells(redis),
        ways.channels,
        now,
    )
    news = NewsReading(
        written.posts,
        written.comments,
        written.reactions,
        FollowRepository(mongo),
        written.moderation.reports,
        written.memberships,
    )
    announcing = AnnouncingService(mongo, telling, now)
    handling = NotificationFollowing(
        stores, written.moderation.statements, written.complaints, news, telling, announcing
    )
    return Notifications(
        inbox=InboxService(mongo, kept, members, programmes, seeing, now),
        choices=ChoiceService(mongo, chosen, reached, sent, secrets, members, programmes, ways.channels, now),
        reach=ReachService(mongo, reached, sent, secrets, members, ways.channels, rules, now),
        log=DeliveryLog(sent),
        telling=telling,
        announcing=announcing,
        sending=Sending(sent, kept, chosen, reached, secrets, caps, members, programmes, seeing, ways, now),
        digesting=Digesting(mongo, chosen, sent, members, now),
        following=Following(stores.backlog, CONSUMER, handling.handle, now),
        ways=ways,
    )
