"""Notifications, as their member alone sees them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry.scalars import JSON

from community.notifications.reading import Shown
from gamification.programmes.definitions import notifications as definitions
from resolvers.context import Info
from resolvers.fields import of_model
from resolvers.relay import Listing, Node, encode_id, global_id
from resolvers.scalars import Long

if TYPE_CHECKING:
    from resolvers.types.comments import Comment
    from resolvers.types.gatherings import Gathering
    from resolvers.types.members import Member
    from resolvers.types.posts import Post

INBOX = Listing("notifications", (int,))
NotificationKind = definitions.NotificationKind
strawberry.enum(
    NotificationKind,
    name="NotificationKind",
    description="What a notification tells. Up to CONTEST_WON what happened to the member, as `myProgress` has it; "
    "POST_COMMENTED: comments on one's post; QUESTION_ANSWERED: answers to one's question; COMMENT_REPLIED; MENTIONED; "
    "REACTED; FOLLOWED; ANNOUNCEMENT: in a space that one is in; CAMPAIGN: what the programme wants to tell.",
)
NotificationChannel = definitions.Channel
strawberry.enum(
    NotificationChannel,
    name="NotificationChannel",
    description="By which way a member is told. IN_APP: the inbox. EMAIL; PUSH: to browsers.",
)


@strawberry.type(
    description="One or more happenings that a member is told of as one: those of one kind and thing that came before it was "
    "read. Readable by the member alone."
)
class Notification(Node):
    model: strawberry.Private[Shown]
    id: strawberry.ID = global_id("Notification")
    kind: NotificationKind = of_model("notification.kind", description="What it tells.")
    title: str = of_model("title", description="One line in the member's locale: plain text, never HTML.")
    body: str = of_model(
        "body", description="More of it in the member's locale: plain text, never HTML; may be empty."
    )
    begun_at: datetime = of_model("notification.begun_at", description="When the first of it happened.")
    at: datetime = of_model("notification.at", description="When the last of it happened.")
    read_at: datetime | None = of_model(
        "notification.read_at", description="When the member read it; null while it is unread."
    )
    archived_at: datetime | None = of_model(
        "notification.archived_at", description="When the member put it away; null while it is in the inbox."
    )

    @strawberry.field(
        description="The number of the last of it in the member's inbox, which has no gap. Lists go by it, latest first."
    )
    def sequence(self) -> Long:
        return Long(self.model.notification.last or 0)

    @strawberry.field(
        description="How many people did it, of those whom the member may see; how many happenings where it is of nobody. At "
        "most 1000."
    )
    def count(self) -> Long:
        return Long(self.model.seen.count)

    @strawberry.field(description="Who did it, the latest first; 3 at most.")
    def actors(self) -> list[Annotated["Member", strawberry.lazy("resolvers.types.members")]]:
        from resolvers.types.members import Member

        return [Member.of(one) for one in self.model.seen.actors]

    @strawberry.field(description="The post that it is about, or that this is under.")
    def post(self) -> Annotated["Post", strawberry.lazy("resolvers.types.posts")] | None:
        from resolvers.types.posts import Post

        return Post.of(self.model.seen.post) if self.model.seen.post is not None else None

    @strawberry.field(description="The comment that it is about: the latest of them.")
    def comment(self) -> Annotated["Comment", strawberry.lazy("resolvers.types.comments")] | None:
        from resolvers.types.comments import Comment

        return Comment.of(self.model.seen.comment) if self.model.seen.comment is not None else None

    @strawberry.field(description="The gathering that it is about.")
    async def gathering(
        self, info: Info
    ) -> Annotated["Gathering", strawberry.lazy("resolvers.types.gatherings")] | None:
        from resolvers.types.gatherings import load_gathering

        found = self.model.seen.gathering
        return await load_gathering(info, found.id) if found is not None else None

    @strawberry.field(
        description="What it is about, for programs: keys of definitions, states, and global ids where the name ends in `Id`."
    )
    def data(self) -> JSON:
        return JSON(_data(self.model.notification.facts))


_IDS = {
    "award": "BadgeAward",
    "redemption": "Redemption",
    "referral": "Referral",
    "win": "DrawWin",
    "submission": "TaskSubmission",
    "statement": "ModerationStatement",
    "complaint": "Complaint",
    "gathering": "Gathering",
    "bounty": "Bounty",
}


def _data(facts: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in facts.items():
        if name in _IDS and isinstance(value, bytes):
            found[f"{name}Id"] = encode_id(_IDS[name], value)
        elif isinstance(value, datetime):
            found[name] = value.isoformat()
        elif isinstance(value, str | int) and name != "content":
            found[name] = value
    return found


async def load_notification(info: Info, raw: bytes) -> Notification | None:
    """The caller's own of that id."""
    found = await info.context.services.notifications.inbox.by_ids(info.context.caller, [raw])
    return Notification(model=found[raw]) if raw in found else None
