"""`starguild verify` and `starguild rebuild`."""

from rich.progress import TaskID

from api.bootstrap import Backend
from api.cli.backends import with_backend
from api.cli.options import JsonOption, ProgrammeOption
from api.cli.report import Exit, Report, reporting, table
from community.verification.service import VerificationService
from gamification.verification.report import Report as Findings


def verify(programme: ProgrammeOption, as_json: JsonOption = False) -> None:
    """Compute again all that is derived, compare, and print counts and differences (exit 1 where there is one)."""
    with reporting(as_json=as_json) as report:
        found = with_backend(report, lambda backend: _verify(backend, programme, report))
        counted = sorted(found.counts.items())
        report.show(table(f"Checked in programme {programme}", ("What", "#Count"), counted))
        for difference in found.differences:
            report.show(difference)
        if found.total > len(found.differences):
            report.show(f"… and {found.total - len(found.differences)} more")
        report.show("No differences." if found.ok else f"{found.total} difference(s).")
        report.result(
            {
                "programme": programme,
                "ok": found.ok,
                "counts": found.counts,
                "total": found.total,
                "differences": found.differences,
            }
        )
        if not found.ok:
            report.code = Exit.DIFFERENCES


def rebuild_leaderboards(programme: ProgrammeOption, as_json: JsonOption = False) -> None:
    """Write every period of every board to Redis anew, from MongoDB's records."""
    with reporting(as_json=as_json) as report:
        rebuilt = with_backend(report, lambda b: b.services.projection.rebuild_all(programme))
        rows = [(*name.split(" ", 1), count) for name, count in sorted(rebuilt.items())]
        report.show(table(f"Rebuilt in programme {programme}", ("Board", "Period", "#Records"), rows))
        report.result({"programme": programme, "records": rebuilt})


async def _verify(backend: Backend, programme: str, report: Report) -> Findings:
    with report.progress() as bar:
        task: TaskID = bar.add_task("Activity", total=None)
        return await VerificationService(backend.services).verify(
            programme, lambda done, total: bar.update(task, completed=done, total=total)
        )
