"""A board among friends: the caller and those whom they follow."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from gamification.leaderboards import model as domain
from resolvers.relay import After, Before, Connection, First, Last, Listing, connect, page_of_list, window

if TYPE_CHECKING:
    from resolvers.types.leaderboards import LeaderboardEntry

FRIENDS = Listing("friends", (str,))


@strawberry.type(
    description="A period among the caller and those whom they follow, ranked among themselves. Who is under a "
    "pseudonym is not in it, but for the caller."
)
class LeaderboardFriends:
    all_entries: strawberry.Private[list[domain.Entry]]
    own_id: strawberry.Private[bytes]

    @strawberry.field(description="How many of them have a place.")
    def size(self) -> int:
        return len(self.all_entries)

    @strawberry.field(description="Places in rank order; the rank is that among friends.")
    def entries(
        self, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Annotated["LeaderboardEntry", strawberry.lazy("resolvers.types.leaderboards")]]:
        from resolvers.types.leaderboards import LeaderboardEntry

        wanted = window(first, after, last, before, of=FRIENDS)
        page = page_of_list(self.all_entries, lambda entry: entry.member_id.hex(), wanted)

        async def count() -> int:
            return len(self.all_entries)

        return connect(page, LeaderboardEntry.of, FRIENDS, count)

    @strawberry.field(description="The caller's own place among them; null where they have none.")
    def viewer(self) -> Annotated["LeaderboardEntry", strawberry.lazy("resolvers.types.leaderboards")] | None:
        from resolvers.types.leaderboards import LeaderboardEntry

        own = next((entry for entry in self.all_entries if entry.member_id == self.own_id), None)
        return LeaderboardEntry.of(own) if own else None
