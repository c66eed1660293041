"""Contests: each story in one is a post, has the votes that were cast for it, and the rank and prize that these make; it was put
out as the log says."""

from collections import Counter
from collections.abc import Mapping

from community.contests.model import Entry, Run, RunState
from community.contests.ranking import prize_of
from community.oversight.model import ActKind
from community.services import Services
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue
from gamification.verification.report import Report


async def check_contests(
    services: Services, catalogue: Catalogue, members: Mapping[bytes, Member], report: Report
) -> None:
    """Check every contest of a programme."""
    programme_id = catalogue.programme_id
    runs = {one.contest: one async for one in services.kept.contests.stream_runs(programme_id)}
    votes: Counter[tuple[str, bytes]] = Counter()
    async for ballot in services.kept.contests.stream_ballots(programme_id):
        report.count("contest ballots")
        votes.update((ballot.contest, post) for post in ballot.counted)
        if ballot.contest not in catalogue.contests or ballot.member_id not in members:
            report.differs(f"contest ballot {ballot.id.hex()}: its contest, or whose it is, is missing")
    logged = await _put_out(services, programme_id)
    entries: dict[str, list[Entry]] = {}
    async for entry in services.kept.contests.stream_entries(programme_id):
        report.count("contest entries")
        entries.setdefault(entry.contest, []).append(entry)
        name = f"contest entry {entry.id.hex()}"
        posts = await services.kept.posts.by_ids(programme_id, [entry.post_id])
        contest, post = catalogue.contests.get(entry.contest), posts.get(entry.post_id)
        if contest is None or post is None or entry.contest not in runs:
            report.differs(f"{name}: its contest or its post is missing")
            continue
        report.compare(f"{name} votes", entry.votes, votes.pop((entry.contest, entry.post_id), 0))
        report.compare(f"{name} seen", entry.seen, post.counts and post.space == contest.space)
        is_out = entry.disqualified is not None
        report.compare(f"{name} as logged", is_out, logged.get((entry.contest, entry.post_id), False))
    for key, post_id in votes:
        report.differs(f"contest {key}: votes for {post_id.hex()}, which is not in it")
    for key, run in runs.items():
        report.count("contests")
        _check_run(run, entries.get(key, []), report)
        await _check_prizes(services, run, entries.get(key, []), report)


async def _put_out(services: Services, programme_id: str) -> dict[tuple[str, bytes], bool]:
    """Whether a story was put out of a contest, or in again, by what the log says last."""
    kinds = [ActKind.DISQUALIFIED.value, ActKind.READMITTED.value]
    log = services.moderating.stores.log.stream(programme_id, {"kind": {"$in": kinds}})
    return {
        ((one.act.details or {})["contest"], one.act.subject.id): one.act.kind is ActKind.DISQUALIFIED
        async for one in log
    }


def _check_run(run: Run, entries: list[Entry], report: Report) -> None:
    name = f"contest {run.contest}"
    report.compare(f"{name} entries", run.entries, sum(one.stands for one in entries))
    ranked = [one for one in entries if one.rank is not None]
    if run.state in (RunState.OPEN, RunState.CANCELLED):
        report.compare(f"{name} ranked", len(ranked), 0)
        return
    for one in ranked:
        report.compare(
            f"{name} rank of {one.post_id.hex()}",
            one.rank,
            1 + sum(other.votes > one.votes for other in ranked),
        )


async def _check_prizes(services: Services, run: Run, entries: list[Entry], report: Report) -> None:
    """Once it is finished, everybody was looked at who holds a rank that wins."""
    if run.state is not RunState.FINISHED:
        return
    catalogue = await services.programmes.catalogue(run.programme_id, run.programme_version)
    contest = catalogue.contests[run.contest]
    for one in entries:
        wins = prize_of(contest, one.rank) is not None
        if wins and one.given_at is None:
            report.differs(f"contest {run.contest}: {one.post_id.hex()} was not given what it won")
        if one.transfers and not wins:
            report.differs(f"contest {run.contest}: {one.post_id.hex()} was given what it did not win")
