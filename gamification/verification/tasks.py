"""What task progress must be beside its count: requirements that are met, parts that are complete, claims in time."""

from collections.abc import Container, Iterable

from gamification.programmes.catalogue import Catalogue, published
from gamification.tasks.model import Places, Progress, progress_id
from gamification.tasks.progress import is_satisfied, required_period
from gamification.verification.report import Report


def check_complete(
    catalogue: Catalogue, stored: Progress, complete: Container[bytes], report: Report
) -> None:
    """Progress is complete by the goal and the requirements kept with it, and only so; where not everybody sees the task,
    it may not be complete yet. `complete`: ids of progress."""

    def is_complete(key: str) -> bool:
        return _id_of(catalogue, stored, key) in complete

    due = (
        stored.value >= stored.goal > 0
        and all(is_complete(key) for key in stored.requires)
        and (stored.group is None or is_satisfied(stored.group, is_complete))
    )
    if stored.is_complete or stored.task not in catalogue.gated_tasks:
        report.compare(f"{_name(stored)} complete", stored.is_complete, due)


def check_parts(
    catalogue: Catalogue, stored: Iterable[Progress], complete: Container[bytes], report: Report
) -> None:
    """A task that is made of tasks counts those of its parts that are complete, while it takes effect."""
    for progress in stored:
        task = catalogue.tasks[progress.task]
        if task.parts and published(task):
            done = sum(_id_of(catalogue, progress, part) in complete for part in task.parts)
            report.compare(f"{_name(progress)} value", progress.value, done)


def check_claim(stored: Progress, name: str, report: Report) -> None:
    """A claim has an end only where there is something to claim; it is claimed before that, or lapses then."""
    if stored.claim_by is None:
        report.compare(f"{name} claim", (stored.lapsed_at, stored.due_at), (None, None))
        return
    if not stored.is_complete:
        report.differs(f"{name}: there is a time to claim, but nothing was completed")
    if stored.claimed_at is not None:
        if stored.claimed_at >= stored.claim_by:
            report.differs(
                f"{name}: claimed at {stored.claimed_at}, after it had lapsed at {stored.claim_by}"
            )
        report.compare(f"{name} lapses", (stored.lapsed_at, stored.due_at), (None, None))
    elif stored.lapsed_at is not None:
        report.compare(f"{name} lapsed", (stored.lapsed_at, stored.due_at), (stored.claim_by, None))
    elif stored.due_at is None:
        report.differs(f"{name}: its claim lapses, but the member will not be told")


def check_places(
    catalogue: Catalogue, stored: Iterable[Progress], places: Iterable[Places], report: Report
) -> None:
    """Places are given once each, without a gap, to no more than stated; who missed had none left, and no reward."""
    taken = {(one.task, one.period): one.taken for one in places}
    given: dict[tuple[str, str], list[int]] = {key: [] for key in taken}
    for progress in stored:
        of, limit = (progress.task, progress.period), catalogue.tasks[progress.task].finishers
        if limit is None:
            continue
        name = _name(progress)
        if progress.place is not None:
            given.setdefault(of, []).extend([progress.place, *progress.former_places])
        if progress.is_complete and (progress.place is None) != progress.missed:
            report.differs(f"{name}: complete, with the place {progress.place} and missed {progress.missed}")
        if progress.missed and taken.get(of, 0) < limit:
            report.differs(f"{name}: missed, though {limit - taken.get(of, 0)} places are left")
        if progress.missed and (progress.transfers or progress.scores or progress.claimed_at):
            report.differs(f"{name}: missed, but rewarded")
    for (task, period), numbers in given.items():
        count = taken.get((task, period), 0)
        report.compare(f"task {task} {period} places", sorted(numbers), list(range(1, count + 1)))
        if count > (catalogue.tasks[task].finishers or 0):
            report.differs(f"task {task} {period}: {count} places are taken, more than there are")


def _name(stored: Progress) -> str:
    return f"task {stored.task} {stored.period} of {stored.member_id.hex()}"


def _id_of(catalogue: Catalogue, stored: Progress, required: str) -> bytes:
    """The progress of a required task, or part, that counts for that of the task which looks at it."""
    period = required_period(catalogue.tasks[required], stored.period)
    return progress_id(catalogue.programme_id, stored.member_id, required, period)
