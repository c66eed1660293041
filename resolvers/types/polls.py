"""Polls beside their posts."""

from datetime import datetime

import strawberry

from community.polls import model as domain
from community.polls.counting import OptionResult, results_of
from community.polls.reading import SeenPoll
from resolvers.context import Info
from resolvers.fields import batched, of_model
from resolvers.relay import After, Before, Connection, First, Last, Listing, connect, window
from resolvers.scalars import Long
from resolvers.types.members import Member

VOTES = Listing("poll votes", (datetime, bytes))
PollKind = domain.PollKind
strawberry.enum(
    PollKind,
    name="PollKind",
    description="SINGLE: one option is chosen. MULTIPLE: several, none before another. RANKED: several, the best first.",
)
PollResults = domain.PollResults
strawberry.enum(
    PollResults,
    name="PollResults",
    description="When results are shown: ALWAYS, to who voted (AFTER_VOTING) and to all once it is closed, or AFTER_CLOSING "
    "alone.",
)


async def _voters(votes: "list[PollVote]", info: Info) -> list[Member | None]:
    found = await info.context.loaders.members.load_many({one.model.member_id for one in votes})
    return [Member.of(found[one.model.member_id]) if one.model.member_id in found else None for one in votes]


@strawberry.type(description="A vote in an open ballot.")
class PollVote:
    model: strawberry.Private[domain.Ballot]
    at: datetime = of_model("at", description="When it was cast, or last changed.")
    member: Member | None = batched(_voters, description="Whose it is; null where they are not visible.")

    @strawberry.field(description="Of a ranked poll, the option's place in it: 1 is the first preference.")
    def place(self) -> int | None:
        return self.rank

    rank: strawberry.Private[int | None] = None


@strawberry.type(description="What can be voted for.")
class PollOption:
    seen: strawberry.Private[SeenPoll]
    index: int = strawberry.field(description="Its place among the options, from 0: what `votePoll` states.")
    text: str = strawberry.field(description="What it says.")
    result: strawberry.Private[OptionResult | None] = None

    @strawberry.field(
        description="How many votes name it; null where results are not shown to the caller yet."
    )
    def votes(self) -> Long | None:
        return Long(self.result.votes) if self.result is not None else None

    @strawberry.field(
        description="Its points by the modified Borda count: of a vote with m preferences the first gets m, the last 1. Null in "
        "polls that are not ranked, and where results are not shown."
    )
    def points(self) -> Long | None:
        is_ranked = self.seen.poll.terms.kind is PollKind.RANKED
        return Long(self.result.points) if self.result is not None and is_ranked else None

    @strawberry.field(
        description="1 for the best, by points in a ranked poll and else by votes; the same for as many. Null where results are "
        "not shown."
    )
    def rank(self) -> int | None:
        return self.result.rank if self.result is not None else None

    @strawberry.field(
        description="Who voted for it, latest first; empty in a secret ballot, and where results are not shown."
    )
    async def voters(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[PollVote]:
        viewer = await info.context.viewer()
        page = await info.context.services.poll_reading.voters(
            viewer, self.seen, self.index, window(first, after, last, before, of=VOTES)
        )
        is_ranked = self.seen.poll.terms.kind is PollKind.RANKED
        return connect(
            page,
            lambda one: PollVote(model=one, rank=one.counted.index(self.index) + 1 if is_ranked else None),
            VOTES,
        )


@strawberry.type(description="What a post is voted on.")
class Poll:
    seen: strawberry.Private[SeenPoll]
    texts: strawberry.Private[tuple[str, ...]]

    @strawberry.field(description="How it is voted in.")
    def kind(self) -> PollKind:
        return self.seen.poll.terms.kind

    @strawberry.field(description="How many options a vote names at least.")
    def least(self) -> int:
        return self.seen.poll.terms.least

    @strawberry.field(description="How many options a vote names at most.")
    def most(self) -> int:
        return self.seen.poll.terms.most

    @strawberry.field(description="From when it takes no votes; null: it stays open.")
    def closes_at(self) -> datetime | None:
        return self.seen.poll.terms.closes_at

    @strawberry.field(description="Whether it takes no votes any more.")
    def is_closed(self) -> bool:
        return self.seen.is_closed

    @strawberry.field(description="Whether nobody is told who voted what.")
    def is_secret(self) -> bool:
        return self.seen.poll.terms.secret

    @strawberry.field(description="Whether votes may be changed and withdrawn while it is open.")
    def is_changeable(self) -> bool:
        return self.seen.poll.terms.changeable

    @strawberry.field(description="When results are shown.")
    def results(self) -> PollResults:
        return self.seen.poll.terms.results

    @strawberry.field(description="Whether they are shown to the caller now.")
    def shows_results(self) -> bool:
        return self.seen.shows_results

    @strawberry.field(description="How many have voted; null where results are not shown to the caller.")
    def voter_count(self) -> Long | None:
        return Long(self.seen.poll.voters) if self.seen.shows_results else None

    @strawberry.field(description="What can be voted for, 2 to 20.")
    def options(self) -> list[PollOption]:
        poll = self.seen.poll
        found: list[OptionResult | None] = list(results_of(poll)) if self.seen.shows_results else []
        return [
            PollOption(seen=self.seen, index=place, text=text, result=found[place] if found else None)
            for place, text in enumerate(self.texts)
        ]

    @strawberry.field(
        description="The options that the caller voted for, of a ranked poll the best first; null where they did not vote."
    )
    def viewer_vote(self) -> list[int] | None:
        ballot = self.seen.ballot
        return list(ballot.choices) if ballot is not None and ballot.choices else None
