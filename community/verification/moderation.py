"""Moderation: the log's chain, cases against their reports and what they are about, sanctions against who is banned."""

from collections.abc import Mapping

from community.comments.model import CommentState
from community.moderation.model import Case, CaseState, Record, Report, Verdict
from community.moderation.scoring import score_of
from community.oversight.chain import breaks
from community.oversight.model import LogEntry, SubjectKind
from community.posts.model import PostState
from community.sanctions.model import on_of
from community.services import Services
from gamification.members.model import Member, Standing
from gamification.programmes.catalogue import Catalogue
from gamification.verification.report import Report as Found


async def check_moderation(
    services: Services, catalogue: Catalogue, members: Mapping[bytes, Member], report: Found
) -> None:
    """Check all that moderation keeps of a programme."""
    programme_id = catalogue.programme_id
    stores = services.moderating.stores
    await _check_log(services, programme_id, report)
    reports: dict[tuple[bytes, int], list[Report]] = {}
    records: dict[bytes, Record] = {}
    async for one in stores.reports.stream(programme_id):
        report.count("reports")
        reports.setdefault((one.case_id, one.round), []).append(one)
        if one.verdict is not None:
            before = records.get(one.reporter_id, Record())
            agreed = before.agreed + (one.verdict is Verdict.AGREED)
            records[one.reporter_id] = Record(agreed, before.disagreed + (one.verdict is Verdict.DISAGREED))
    stored = await stores.reports.records(programme_id)
    for member_id in stored.keys() | records.keys():
        name = f"reporter {member_id.hex()}"
        report.compare(name, stored.get(member_id, Record()), records.get(member_id, Record()))
    hidden = await _hidden(services, programme_id)
    hide_at = catalogue.settings.community.moderation.hide_at
    async for case in stores.cases.stream(programme_id):
        report.count("moderation cases")
        _check_case(case, reports.pop((case.id, case.round), []), members, hide_at, report)
        if case.state is CaseState.OPEN:
            hidden.discard(case.subject.id)
    for subject_id in hidden:
        report.differs(f"{subject_id.hex()}: it is hidden or waits, but no case is open for it")
    await _check_sanctions(services, programme_id, members, report)
    async for statement in stores.statements.stream(programme_id):
        report.count("moderation statements")
        if statement.member_id not in members:
            report.differs(f"statement {statement.id.hex()}: its member is missing")


async def _check_log(services: Services, programme_id: str, report: Found) -> None:
    log = services.moderating.stores.log
    entries: list[LogEntry] = [entry async for entry in log.stream(programme_id)]
    report.count("moderation log entries", len(entries))
    for fault in breaks(entries):
        report.differs(f"moderation log: {fault}")
    number, last = await log.last(programme_id)
    report.compare("moderation log length", number, entries[-1].number if entries else 0)
    if entries and last != entries[-1].hash:
        report.differs("moderation log: its last entry is not the one that was kept as such")


async def _hidden(services: Services, programme_id: str) -> set[bytes]:
    """Posts and comments that wait for a moderator."""
    posts = {
        post.id
        async for post in services.kept.posts.stream(programme_id)
        if post.state in (PostState.HIDDEN, PostState.PENDING)
    }
    return posts | {
        one.id
        async for one in services.kept.comments.stream(programme_id)
        if one.state in (CommentState.HIDDEN, CommentState.PENDING)
    }


def _check_case(
    case: Case, reports: list[Report], members: Mapping[bytes, Member], hide_at: float, report: Found
) -> None:
    name = f"case {case.id.hex()}"
    if case.member_id not in members:
        report.differs(f"{name}: its member is missing")
    if case.subject.kind not in (SubjectKind.POST, SubjectKind.COMMENT):
        return
    report.compare(f"{name} reports", case.reports, len(reports))
    if case.state is CaseState.OPEN:
        report.compare(f"{name} score", case.score, score_of(reports, hide_at))
    elif any(one.verdict is None for one in reports):
        report.differs(f"{name}: it is decided, but a report is open")


async def _check_sanctions(
    services: Services, programme_id: str, members: Mapping[bytes, Member], report: Found
) -> None:
    now = services.now()
    async for sanction in services.moderating.stores.sanctions.stream(programme_id):
        report.count("sanctions")
        member = members.get(sanction.member_id)
        name = f"sanction {sanction.id.hex()}"
        if member is None:
            report.differs(f"{name}: its member is missing")
        elif (
            sanction.kind.bans
            and on_of([sanction], sanction.kind, now)
            and not member.is_gone
            and member.standing is not Standing.BANNED
        ):
            report.differs(f"{name}: it goes on, but its member is not banned")
