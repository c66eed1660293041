"""Who wins a contest: pure."""

from collections.abc import Collection, Iterable

from community.contests.model import Entry
from gamification.programmes.definitions import Contest, Prize


def ranked(contest: Contest, entries: Iterable[Entry], absent: Collection[bytes]) -> dict[bytes, int]:
    """The ranks of the stories that take part and have votes enough, by the entry's id, those with most votes first. Stories
    with as many share a rank, and the next has as many places less. Nobody who is `absent` is ranked."""
    votes = {
        one.id: one.votes
        for one in entries
        if one.stands and one.votes >= contest.least and one.member_id not in absent
    }
    ranks: dict[int, int] = {}
    for place, count in enumerate(sorted(votes.values(), reverse=True), start=1):
        ranks.setdefault(count, place)
    return {found: ranks[count] for found, count in votes.items()}


def prize_of(contest: Contest, rank: int | None) -> Prize | None:
    """What a rank wins: the first prize that names it; each of those who share a rank gets it whole."""
    if rank is None:
        return None
    for prize in contest.prizes:
        if prize.ranks is not None and prize.ranks[0] <= rank <= prize.ranks[1]:
            return prize
    return None
