"""What polls are begun with."""

from datetime import datetime

import strawberry

from community.polls.model import PollTerms
from resolvers.types.polls import PollKind, PollResults


@strawberry.input(description="What is voted on, and how.")
class PollInput:
    options: list[str] = strawberry.field(description="2 to 20, each of 1 to 200 characters, none twice.")
    kind: PollKind = strawberry.field(default=PollKind.SINGLE, description="How it is voted in.")
    least: int = strawberry.field(
        default=1, description="How many options a vote names at least; 1 in a single poll."
    )
    most: int | None = strawberry.field(
        default=None,
        description="How many at most; when not given 1 in a single poll, and all of them in others.",
    )
    closes_at: datetime | None = strawberry.field(
        default=None, description="From when it takes no votes; it stays open when not given."
    )
    secret: bool = strawberry.field(default=False, description="Tell nobody who voted what.")
    results: PollResults = strawberry.field(default=PollResults.ALWAYS, description="When results are shown.")
    changeable: bool = strawberry.field(
        default=True, description="Let votes be changed and withdrawn while it is open."
    )


def terms_of(stated: PollInput) -> PollTerms:
    """The terms as the domain knows them."""
    usual = 1 if stated.kind is PollKind.SINGLE else len(stated.options)
    return PollTerms(
        stated.kind,
        stated.least,
        usual if stated.most is None else stated.most,
        stated.closes_at,
        stated.secret,
        stated.results,
        stated.changeable,
    )
