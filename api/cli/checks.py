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


def rebuild_search(programme: ProgrammeOption, as_json: JsonOption = False) -> None:
    """Make anew what texts and names are found by, where another version of the rules made it; what is up to date stays."""
    with reporting(as_json=as_json) as report:
        done = with_backend(report, lambda backend: _bring_up_to_date(backend, programme))
        report.show(table(f"Made anew in programme {programme}", ("What", "#Count"), sorted(done.items())))
        report.result({"programme": programme, **done})


def rebuild_hot(programme: ProgrammeOption, as_json: JsonOption = False) -> None:
    """Count again how hot every published post is."""
    with reporting(as_json=as_json) as report:
        done = with_backend(report, lambda backend: _recount(backend, programme))
        report.show(table(f"Counted in programme {programme}", ("What", "#Count"), [("posts", done)]))
        report.result({"programme": programme, "posts": done})


async def _recount(backend: Backend, programme: str) -> int:
    await backend.services.programmes.catalogue(programme)
    return await backend.services.feeds.recount(programme)


async def _bring_up_to_date(backend: Backend, programme: str) -> dict[str, int]:
    await backend.services.programmes.catalogue(programme)
    return await backend.services.search.bring_up_to_date(programme)


async def _verify(backend: Backend, programme: str, report: Report) -> Findings:
    with report.progress() as bar:
        task: TaskID = bar.add_task("Activity", total=None)
        return await VerificationService(backend.services).verify(
            programme, lambda done, total: bar.update(task, completed=done, total=total)
        )
