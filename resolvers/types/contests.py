"""Story contests, and the stories in them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from community.contests import model as domain
from community.contests.reading import SeenContest
from gamification.programmes import definitions
from resolvers.context import Info
from resolvers.fields import batched
from resolvers.relay import (
    After,
    Before,
    Connection,
    First,
    Last,
    Listing,
    Node,
    connect,
    encode_id,
    window,
)
from resolvers.scalars import Long
from resolvers.types.final_standings import LeaderboardPrize, build_prize
from resolvers.types.members import Member
from resolvers.types.names import label, text
from resolvers.types.tasks import DefinitionStatus, reward_of

if TYPE_CHECKING:
    from resolvers.types.posts import Post

ENTERED = Listing("contest entries", (datetime, bytes))
RANKED = Listing("ranked contest entries", (int, bytes))
ContestState = domain.ContestState
strawberry.enum(
    ContestState,
    name="ContestState",
    description="COMING, OPEN for stories or votes, COUNTING once voting is over, FINISHED once its results are there and "
    "given; CANCELLED where it was archived before its end: nobody wins.",
)


async def _posts(entries: "list[ContestEntry]", info: Info) -> "list[Post | None]":
    from resolvers.types.posts import Post

    found = await info.context.loaders.posts.load_many({one.model.post_id for one in entries})
    return [Post.of(found[one.model.post_id]) if one.model.post_id in found else None for one in entries]


async def _members(entries: "list[ContestEntry]", info: Info) -> list[Member | None]:
    found = await info.context.loaders.members.load_many({one.model.member_id for one in entries})
    return [
        Member.of(found[one.model.member_id]) if one.model.member_id in found else None for one in entries
    ]


async def _reasons(entries: "list[ContestEntry]", info: Info) -> list[str | None]:
    viewer = await info.context.viewer()
    found = []
    for one in entries:
        rights = viewer.rights.get(one.seen.contest.space)
        told = viewer.is_member(one.model.member_id) or (rights is not None and rights.moderates)
        out = one.model.disqualified
        found.append(out.reason if out is not None and told else None)
    return found


@strawberry.type(description="A story in a contest.")
class ContestEntry:
    model: strawberry.Private[domain.Entry]
    seen: strawberry.Private[SeenContest]
    post: Annotated["Post", strawberry.lazy("resolvers.types.posts")] | None = batched(
        _posts, description="The story; null where it is not there for the caller any more."
    )
    author: Member | None = batched(_members, description="Who wrote it; null where they are not visible.")
    disqualified_for: str | None = batched(
        _reasons,
        description="Why it was put out of the contest, where it was; for its author and who looks after the space.",
    )

    @strawberry.field(description="The contest.")
    async def contest(self, info: Info) -> "Contest":
        return await build_contest(info, self.seen)

    @strawberry.field(description="When it was entered.")
    def at(self) -> datetime:
        return self.model.at

    @strawberry.field(description="Whether it takes part: others see it, and it was not put out.")
    def takes_part(self) -> bool:
        return self.model.stands

    @strawberry.field(
        description="How many voted for it; null before the results, where the contest doesn't show it."
    )
    def votes(self) -> Long | None:
        return Long(self.model.votes) if self.seen.shows_counts else None

    @strawberry.field(
        description="1 is the best, and the same for as many votes; null before the results, and without votes enough."
    )
    def rank(self) -> int | None:
        return self.model.rank

    @strawberry.field(description="Whether the caller votes for it.")
    def viewer_votes(self) -> bool:
        ballot = self.seen.ballot
        return ballot is not None and self.model.post_id in ballot.chosen


@strawberry.type(description="A contest of members' stories: who is in it is voted for by others.")
class Contest(Node):
    seen: strawberry.Private[SeenContest]
    model: strawberry.Private[definitions.Contest]
    key: str = strawberry.field(description="Its key in the programme file.")
    name: str = strawberry.field(description="In the viewer's locale, else the programme's.")
    description: str | None = strawberry.field(description="In the viewer's locale, else the programme's.")

    @strawberry.field(description="Whether it takes effect.")
    def status(self) -> DefinitionStatus:
        return DefinitionStatus(self.model.status.value)

    @strawberry.field(description="Counts the changes to it, from 1.")
    def version(self) -> int:
        return self.model.version

    @strawberry.field(description="Where it stands.")
    def state(self) -> ContestState:
        return self.seen.state

    @strawberry.field(description="The key of the space whose stories are entered.")
    def space_key(self) -> str:
        return self.model.space

    @strawberry.field(description="From when stories are entered.")
    def entries_from(self) -> datetime:
        return self.model.entries_from

    @strawberry.field(description="Until when, exclusive.")
    def entries_until(self) -> datetime:
        return self.model.entries_until

    @strawberry.field(description="From when stories are voted for.")
    def votes_from(self) -> datetime:
        return self.model.votes_from

    @strawberry.field(description="Until when, exclusive.")
    def votes_until(self) -> datetime:
        return self.model.votes_until

    @strawberry.field(description="Whether stories are entered now.")
    def takes_entries(self) -> bool:
        return domain.takes_entries(self.model, self.seen.now)

    @strawberry.field(description="Whether stories are voted for now.")
    def takes_votes(self) -> bool:
        return domain.takes_votes(self.model, self.seen.now)

    @strawberry.field(description="How many stories a member enters at most.")
    def entries_max(self) -> int:
        return self.model.entries

    @strawberry.field(description="For how many stories a member votes at most.")
    def votes_max(self) -> int:
        return self.model.votes

    @strawberry.field(description="How many votes a story wins with at least.")
    def least(self) -> int:
        return self.model.least

    @strawberry.field(description="How many stories take part.")
    def entry_count(self) -> Long:
        return Long(self.seen.run.entries if self.seen.run is not None else 0)

    @strawberry.field(description="When its results were put down; null before.")
    def ranked_at(self) -> datetime | None:
        return self.seen.run.ranked_at if self.seen.run is not None else None

    @strawberry.field(description="When all that was won had been given; null before.")
    def finished_at(self) -> datetime | None:
        return self.seen.run.finished_at if self.seen.run is not None else None

    @strawberry.field(description="For how many more stories the caller can vote.")
    def viewer_votes_left(self) -> int:
        ballot = self.seen.ballot
        return max(0, self.model.votes - (len(ballot.chosen) if ballot is not None else 0))

    @strawberry.field(description="What each rank wins; who share a rank win it each.")
    async def prizes(self, info: Info) -> list[LeaderboardPrize]:
        hidden = await info.context.hidden_badges() if self.model.prizes else frozenset[str]()
        return [
            build_prize(prize, [reward_of(part, hidden) for part in prize.reward])
            for prize in self.model.prizes
        ]

    @strawberry.field(
        description="The stories: those that take part, entered last first; once there are results those with a rank, the best "
        "first."
    )
    async def entries(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[ContestEntry]:
        listing = RANKED if self.seen.is_ranked else ENTERED
        page = await info.context.services.contest_reading.entries(
            await info.context.viewer(), self.seen, window(first, after, last, before, of=listing)
        )
        return connect(page, lambda one: ContestEntry(model=one, seen=self.seen), listing)


async def build_contest(info: Info, seen: SeenContest) -> Contest:
    """The GraphQL object of a contest."""
    return Contest(
        id=encode_id("Contest", seen.contest.key),
        seen=seen,
        model=seen.contest,
        key=seen.contest.key,
        name=await label(info, seen.contest),
        description=await text(info, seen.contest.description),
    )


async def contests_of(info: Info) -> dict[str, SeenContest]:
    """The contests that are there for the caller, by key."""
    catalogue = await info.context.catalogue()
    if not catalogue.document.contests:
        return {}
    viewer = await info.context.viewer()
    found = await info.context.services.contest_reading.contests(viewer, catalogue)
    return {one.contest.key: one for one in found}


async def entries_of(info: Info, posts: list[bytes]) -> dict[bytes, list[ContestEntry]]:
    """In which contests stories are, by the post's id."""
    contests = await contests_of(info) if posts else {}
    if not contests:
        return {}
    viewer = await info.context.viewer()
    found = await info.context.services.contest_reading.of_posts(viewer, posts)
    return {
        post: [
            ContestEntry(model=one, seen=contests[one.contest]) for one in entries if one.contest in contests
        ]
        for post, entries in found.items()
    }
