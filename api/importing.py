"""Importing: members first, then activity in order, in batches; what is known already stays as it is."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sized
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Protocol, TypeVar

from api.programme_files import bundled
from community.importing.model import ImportedContent
from community.services import Services
from gamification.activity.model import BATCH_MAX, ActivityOutcome, ActivityStatus, NewActivity
from gamification.importers.model import ImportedMember, ImportReport
from gamification.importers.threads import SourceThread, ThreadReader
from gamification.kit.actors import Actor, Role, system_actor
from gamification.kit.errors import InvalidInput
from gamification.members.model import NewMember
from gamification.members.profile import check_new

T = TypeVar("T")
REASONS_KEPT = 20


class Ordered(Sized, Iterable[NewActivity], Protocol):
    """Activity in order whose number is known."""


class Source(Protocol):
    """What an importer offers; `report` is about the last reading of `activities`."""

    report: ImportReport

    def members(self) -> Iterator[ImportedMember]: ...

    def activities(self) -> Ordered: ...


@dataclass(slots=True)
class Imported:
    """What an import did. `reasons`: the first REASONS_KEPT rejections, as sentences."""

    created_programme: bool
    joined: int = 0
    members: int = 0
    outcomes: Counter[ActivityStatus] = field(default_factory=Counter)
    reasons: list[str] = field(default_factory=list)
    source: ImportReport = field(default_factory=ImportReport)

    @property
    def skipped(self) -> int:
        """Rows, or sides of one, that no activity could be made of."""
        return self.source.skipped.total()

    def note(self, batch: list[NewActivity], outcomes: list[ActivityOutcome]) -> None:
        """Count a batch."""
        for new, outcome in zip(batch, outcomes, strict=True):
            self.outcomes[outcome.status] += 1
            if outcome.error is not None and len(self.reasons) < REASONS_KEPT:
                self.reasons.append(f"{new.source} {new.source_id}: {outcome.error.message}")

    def as_dict(self) -> dict[str, Any]:
        """As plain data, for JSON."""
        return {
            "createdProgramme": self.created_programme,
            "members": self.members,
            "joined": self.joined,
            "recorded": self.outcomes[ActivityStatus.RECORDED],
            "duplicates": self.outcomes[ActivityStatus.DUPLICATE],
            "rejected": self.outcomes[ActivityStatus.REJECTED],
            "skipped": self.skipped,
            "reasons": self.reasons,
            "source": self.source.as_dict(),
        }


THREADS_AT_ONCE = 20
TEXTS_AT_ONCE = 500
"""So much content is one transaction, unless one thread alone is more."""


@dataclass(slots=True)
class Content:
    """What an import of content did, and what of the source was left out."""

    done: ImportedContent = field(default_factory=ImportedContent)
    source: ImportReport = field(default_factory=ImportReport)

    def as_dict(self) -> dict[str, Any]:
        """As plain data, for JSON."""
        return {**self.done.as_dict(), "source": self.source.as_dict()}


async def import_content(
    services: Services,
    source: ThreadReader,
    key: str,
    space: str,
    on_progress: Callable[[str, int, int | None], None],
) -> Content:
    """Write the threads of a source into a space, part by part; those that are there already stay as they are.

    Raises: SourceUnreadable; InvalidInput where the programme has no such space that takes questions.
    """
    actor, content = system_actor(key), Content()
    await services.content_import.require_space(key, space)
    on_progress("Threads", 0, None)
    for part in parts_of(source.threads()):
        content.done.add(await services.content_import.write(actor, space, part))
        on_progress("Threads", content.done.threads, source.count)
    content.source = source.report
    return content


def parts_of(threads: Iterable[SourceThread]) -> Iterator[list[SourceThread]]:
    """Threads in parts of a bounded size."""
    part: list[SourceThread] = []
    size = 0
    for thread in threads:
        if part and (len(part) == THREADS_AT_ONCE or size + thread.size > TEXTS_AT_ONCE):
            yield part
            part, size = [], 0
        part.append(thread)
        size += thread.size
    if part:
        yield part


async def ensure_programme(services: Services, key: str, template: str) -> bool:
    """Make the programme from a file that comes with Starguild, where it isn't there yet; whether that was so."""
    if await services.programmes.exists(key):
        return False
    document = bundled(template)
    document["programme"]["key"] = key
    await services.programmes.apply(Actor(key, "importer", Role.OPERATOR), document)
    return True


async def run_import(
    services: Services,
    source: Source,
    key: str,
    template: str,
    on_progress: Callable[[str, int, int | None], None],
) -> Imported:
    """Import a source into a programme; `on_progress` hears (of what, how many done, of how many).

    Raises: SourceUnreadable; Problem for a key that no programme can have.
    """
    actor = system_actor(key)
    done = Imported(created_programme=await ensure_programme(services, key, template))
    for chunk in _chunks(source.members()):
        done.joined += len(await services.members.ensure(actor, [_joining(member) for member in chunk]))
        done.members += len(chunk)
        on_progress("Members", done.members, None)
    on_progress("Activity", 0, None)
    activities = source.activities()
    done.source = source.report
    for batch in _chunks(activities):
        # One after the other: rules see activity in its order.
        done.note(batch, await services.recording.record(actor, batch, historic=True))
        on_progress("Activity", done.outcomes.total(), len(activities))
    return done


def _joining(member: ImportedMember) -> NewMember:
    """Without what a profile can't hold: a name or picture is not worth losing a member's activity for."""
    new = NewMember(
        external_id=member.external_id,
        display_name=member.display_name,
        avatar_url=member.avatar_url,
        locale=member.locale,
        time_zone=member.time_zone,
        joined_at=member.joined_at,
    )
    try:
        check_new(new)
    except InvalidInput:
        return NewMember(external_id=member.external_id, joined_at=member.joined_at)
    return new


def _chunks(items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while chunk := list(islice(rest, BATCH_MAX)):
        yield chunk
