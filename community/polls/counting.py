"""Counting ballots: pure.

Ranked ballots are counted by the modified Borda count: of a ballot with m preferences the first gets m points, the next m − 1,
and so on to 1; options that it doesn't name get none. So a ballot that names one option alone gives it one point, and who names
more gives their first choice more; a complete ballot gives n, n − 1, …, 1. (P. Emerson, "The original Borda count and partial
voting", Social Choice and Welfare 40, 2013.)
"""

from collections.abc import Sequence
from datetime import datetime

from community.polls.model import (
    OPTION_LENGTH_MAX,
    OPTIONS_MAX,
    Ballot,
    Poll,
    PollKind,
    PollResults,
    PollTerms,
)
from community.writing.limits import CONTROL
from gamification.kit.errors import InvalidInput
from gamification.kit.records import record


@record(frozen=True, slots=True)
class OptionResult:
    """How an option fares: `rank` is 1 for the best, and the same for as many."""

    votes: int
    points: int
    rank: int


def points_of(kind: PollKind, choices: Sequence[int], options: int) -> tuple[int, ...]:
    """The points that a ballot gives, by option in order; all none where it is not ranked."""
    points = [0] * options
    if kind is PollKind.RANKED:
        for place, option in enumerate(choices):
            points[option] = len(choices) - place
    return tuple(points)


def recounted(poll: Poll, before: Sequence[int], after: Sequence[int]) -> Poll:
    """The poll once a counted ballot says something else; none of it, or nothing, is empty."""
    size, kind = len(poll.votes), poll.terms.kind
    gone, come = points_of(kind, before, size), points_of(kind, after, size)
    return Poll(
        poll.id,
        poll.programme_id,
        poll.author_id,
        poll.terms,
        tuple(votes + (option in after) - (option in before) for option, votes in enumerate(poll.votes)),
        tuple(points + come[option] - gone[option] for option, points in enumerate(poll.points)),
        poll.voters + bool(after) - bool(before),
    )


def results_of(poll: Poll) -> list[OptionResult]:
    """How each option fares, in order: by points in a ranked poll, else by votes."""
    decisive = poll.points if poll.terms.kind is PollKind.RANKED else poll.votes
    return [
        OptionResult(votes, points, 1 + sum(other > own for other in decisive))
        for votes, points, own in zip(poll.votes, poll.points, decisive, strict=True)
    ]


def shows_results(poll: Poll, ballot: Ballot | None, now: datetime) -> bool:
    """Whether somebody with that ballot, or none, sees how it stands."""
    if poll.is_closed(now) or poll.terms.results is PollResults.ALWAYS:
        return True
    has_voted = ballot is not None and bool(ballot.choices)
    return poll.terms.results is PollResults.AFTER_VOTING and has_voted


def check_poll(terms: PollTerms, options: Sequence[str], begins: datetime) -> None:
    """`begins`: when it is published, as far as that is known. Raises: InvalidInput."""
    if not 2 <= len(options) <= OPTIONS_MAX:
        raise InvalidInput(
            f"A poll has 2 to {OPTIONS_MAX} options.", path=["poll", "options"], limit=OPTIONS_MAX
        )
    if any(not 1 <= len(one) <= OPTION_LENGTH_MAX for one in options):
        raise InvalidInput(
            f"An option has 1 to {OPTION_LENGTH_MAX} characters.",
            path=["poll", "options"],
            limit=OPTION_LENGTH_MAX,
        )
    if any(CONTROL.search(one) for one in options):
        raise InvalidInput("An option holds no control characters.", path=["poll", "options"])
    if len({one.casefold() for one in options}) != len(options):
        raise InvalidInput("No option is there twice.", path=["poll", "options"])
    if terms.kind is PollKind.SINGLE and (terms.least, terms.most) != (1, 1):
        raise InvalidInput("In a single poll one option is chosen.", path=["poll", "most"])
    if not 1 <= terms.least <= terms.most <= len(options):
        raise InvalidInput(
            "least is 1 or more, most not less, and no more than there are options.",
            path=["poll", "least"],
            limit=len(options),
        )
    if terms.closes_at is not None and terms.closes_at <= begins:
        raise InvalidInput(
            "closesAt lies in the future, after the poll is published.", path=["poll", "closesAt"]
        )
    if terms.closes_at is None and terms.results is PollResults.AFTER_CLOSING:
        raise InvalidInput(
            "A poll that shows results after closing states closesAt.", path=["poll", "closesAt"]
        )


def check_choices(terms: PollTerms, choices: Sequence[int], options: int) -> None:
    """Raises: InvalidInput where a ballot can't say so; an empty one withdraws."""
    if any(not 0 <= one < options for one in choices):
        raise InvalidInput("There is no such option.", path=["choices"])
    if len(set(choices)) != len(choices):
        raise InvalidInput("No option is chosen twice.", path=["choices"])
    if choices and not terms.least <= len(choices) <= terms.most:
        wanted = str(terms.least) if terms.least == terms.most else f"{terms.least} to {terms.most}"
        raise InvalidInput(f"Choose {wanted}.", path=["choices"], limit=terms.most)
