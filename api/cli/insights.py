"""`starguild rebuild insights`."""

from api.bootstrap import Backend
from api.cli.backends import with_backend
from api.cli.options import JsonOption, ProgrammeOption
from api.cli.report import reporting, table


def rebuild_insights(programme: ProgrammeOption, as_json: JsonOption = False) -> None:
    """Add up anew what reports are read from, from members' days and transfers. Reports stand as they were until that is done."""
    with reporting(as_json=as_json) as report:

        async def rebuild(backend: Backend) -> int:
            catalogue = await backend.services.programmes.catalogue(programme)
            return await backend.services.totals.rebuild(catalogue, anyway=True)

        done = with_backend(report, rebuild)
        report.show(table(f"Added up in programme {programme}", ("What", "#Count"), [("members", done)]))
        report.result({"programme": programme, "members": done})
