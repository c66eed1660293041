"""`GET /insights/{report}.csv` and `.parquet`: reports, members and their days, for operators and services.

Rows are written as they are read: what is held of a table is a batch of it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import date, timedelta
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.bootstrap import Backend
from api.callers.admitting import admit, denied
from api.callers.auth import Authenticator
from api.callers.budgets import Budgets
from community.response_times.model import ResponseKind
from community.response_times.table import response_table
from community.services import Services
from community.surveys.table import Number, line
from gamification.insights.exports import reports as tables
from gamification.insights.exports.model import Cell, Kind, Row, Table
from gamification.insights.reports.returning import ChurnOf, CohortKind
from gamification.insights.totals.periods import By
from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import InvalidInput, NotFound

EXPORT_COST = 10_000
"""Of the caller's cost budget."""
_ROWS_A_PART = 200
_ROWS_A_GROUP = 10_000
"""Rows of a group of Parquet, which is what is held of it in memory."""
_DEFAULT_DAYS = 30
_MEDIA = {"csv": "text/csv; charset=utf-8; header=present", "parquet": "application/vnd.apache.parquet"}


class InsightTablesEndpoint:
    """Streams a table, however many rows it has."""

    def __init__(self, authenticator: Authenticator, budgets: Budgets) -> None:
        self._authenticator = authenticator
        self._budgets = budgets

    async def __call__(self, request: Request) -> Response:
        """200 with the table. Raises: DomainError, KeysUnavailable, MongoUnavailable."""
        admitted = await admit(
            request, self._authenticator, self._budgets, "An operator's or service's bearer token is needed."
        )
        if isinstance(admitted, Response):
            return admitted
        actor, caller = admitted
        actor.require(Permission.INSIGHTS_READ)
        denial = await self._budgets.charge(caller, cost=EXPORT_COST)
        if denial is not None:
            return denied(denial)
        name, _, ending = request.path_params["table"].rpartition(".")
        find = _TABLES.get(name)
        if find is None or ending not in _MEDIA:
            raise NotFound("There is no such table.", path=["report"])
        backend: Backend = request.app.state.backend
        asked = Asked(request.query_params, await backend.services.reports.today(actor))
        table = await find(backend.services, actor, asked)
        parts = csv_of(table) if ending == "csv" else parquet_of(table)
        return StreamingResponse(
            parts,
            media_type=_MEDIA[ending],
            headers={"content-disposition": f'attachment; filename="{table.name}.{ending}"'},
        )


class Asked:
    """What the address states: days as 2026-11-22, `by` as day, week or month."""

    def __init__(self, stated: Mapping[str, str], today: date) -> None:
        self._stated = stated
        self.today = today
        self.last = self._day("to", today)
        self.first = self._day("from", self.last - timedelta(days=_DEFAULT_DAYS - 1))

    def by(self, default: By) -> By:
        """How long periods are. Raises: InvalidInput."""
        found: By = self.one_of("by", By, default)
        return found

    def one_of(self, name: str, kinds: Any, default: Any) -> Any:
        """One of an enumeration, by its name in any case. Raises: InvalidInput."""
        stated = self._stated.get(name)
        if stated is None:
            return default
        found = {one.name.lower(): one for one in kinds}
        if stated.lower() not in found:
            raise InvalidInput(f"{name} is one of {', '.join(found)}.", path=[name])
        return found[stated.lower()]

    def key(self, name: str) -> str:
        """A definition's key. Raises: InvalidInput."""
        stated = self._stated.get(name)
        if not stated:
            raise InvalidInput(f"State which: ?{name}=…", path=[name])
        return stated

    def number(self, name: str, default: int) -> int:
        """A whole number. Raises: InvalidInput."""
        stated = self._stated.get(name)
        if stated is None:
            return default
        if not stated.isascii() or not stated.isdigit() or len(stated) > 4:
            raise InvalidInput(f"{name} is a whole number.", path=[name])
        return int(stated)

    def _day(self, name: str, default: date) -> date:
        stated = self._stated.get(name)
        if stated is None:
            return default
        try:
            return date.fromisoformat(stated)
        except ValueError as error:
            raise InvalidInput(f"{name} is a day such as 2026-11-22.", path=[name]) from error


T = TypeVar("T")
Find = Callable[[Services, Actor, Asked], Awaitable[Table]]


def _made(report: T | None) -> T:
    if report is None:
        raise NotFound("Nothing has been added up yet: try again in a minute.", path=["report"])
    return report


async def _activity(services: Services, actor: Actor, asked: Asked) -> Table:
    found = await services.reports.activity(actor, asked.by(By.DAY), asked.first, asked.last)
    return tables.activity_table(_made(found))


async def _retention(services: Services, actor: Actor, asked: Asked) -> Table:
    kind = asked.one_of("kind", CohortKind, CohortKind.JOINED)
    by, periods = asked.by(By.MONTH), asked.number("periods", 12)
    found = await services.reports.retention(actor, kind, by, asked.first, asked.last, periods)
    return tables.retention_table(_made(found))


async def _churn(services: Services, actor: Actor, asked: Asked) -> Table:
    of = asked.one_of("of", ChurnOf, ChurnOf.ACTIVE)
    found = await services.reports.churn(actor, of, asked.by(By.MONTH), asked.first, asked.last)
    return tables.churn_table(_made(found))


async def _lifecycle(services: Services, actor: Actor, asked: Asked) -> Table:
    found = await services.reports.lifecycle(actor, asked.by(By.DAY), asked.first, asked.last)
    return tables.lifecycle_table(_made(found))


async def _repurchase(services: Services, actor: Actor, asked: Asked) -> Table:
    found = await services.reports.repurchase(actor, asked.by(By.MONTH), asked.first, asked.last)
    return tables.repurchase_table(_made(found))


async def _participation(services: Services, actor: Actor, asked: Asked) -> Table:
    found = await services.reports.participation(actor, asked.key("ladder"), asked.first, asked.last)
    return tables.participation_table(_made(found))


async def _economy(services: Services, actor: Actor, asked: Asked) -> Table:
    by = asked.by(By.DAY)
    found = await services.reports.economy(actor, asked.key("unit"), by, asked.first, asked.last)
    return tables.economy_table(_made(found))


async def _referrals(services: Services, actor: Actor, asked: Asked) -> Table:
    by = asked.by(By.MONTH)
    found = await services.reports.referrals(actor, asked.key("offer"), by, asked.first, asked.last)
    return tables.referral_table(_made(found))


async def _responses(services: Services, actor: Actor, asked: Asked) -> Table:
    of, by = asked.one_of("of", ResponseKind, ResponseKind.CASES), asked.by(By.WEEK)
    return response_table(await services.response_times.report(actor, of, by, asked.first, asked.last))


async def _members(services: Services, actor: Actor, _: Asked) -> Table:
    return await services.member_exports.members(actor)


async def _member_days(services: Services, actor: Actor, asked: Asked) -> Table:
    return await services.member_exports.days(actor, asked.first, asked.last, asked.today)


_TABLES: dict[str, Find] = {
    "activity": _activity,
    "retention": _retention,
    "churn": _churn,
    "lifecycle": _lifecycle,
    "repurchase": _repurchase,
    "participation": _participation,
    "economy": _economy,
    "referrals": _referrals,
    "response_times": _responses,
    "members": _members,
    "member_days": _member_days,
}


async def csv_of(table: Table) -> AsyncIterator[bytes]:
    """Lines, several at once."""
    held = [line(one.name for one in table.columns)]
    async for row in table.rows:
        held.append(line(_written(cell) for cell in row))
        if len(held) >= _ROWS_A_PART:
            yield "".join(held).encode()
            held = []
    yield "".join(held).encode()


def _written(cell: Cell) -> str | int:
    """What a cell says in CSV; nothing for what is missing."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return Number(repr(cell))
    return cell.isoformat() if isinstance(cell, date) else cell


async def parquet_of(table: Table) -> AsyncIterator[bytes]:
    """A group of rows after the other, and the foot."""
    # The library takes seconds to load, and its work is not this loop's.
    writer = await asyncio.to_thread(_Parquet, table)
    held: list[Row] = []
    async for row in table.rows:
        held.append(row)
        if len(held) == _ROWS_A_GROUP:
            yield await asyncio.to_thread(writer.group, held)
            held = []
    yield await asyncio.to_thread(writer.end, held)


class _Parquet:
    """Writes into memory what is then taken out of it."""

    def __init__(self, table: Table) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        kinds = {
            Kind.TEXT: pa.string(),
            Kind.WHOLE: pa.int64(),
            Kind.NUMBER: pa.float64(),
            Kind.DAY: pa.date32(),
            Kind.TRUTH: pa.bool_(),
        }
        self._schema = pa.schema([(one.name, kinds[one.kind]) for one in table.columns])
        self._out = _Out()
        self._writer = parquet.ParquetWriter(
            pa.PythonFile(self._out, mode="w"), self._schema, compression="zstd"
        )

    def group(self, rows: list[Row]) -> bytes:
        """These rows, and what was left of the head."""
        import pyarrow as pa

        if rows:
            arrays = [
                pa.array(column, type=field.type)
                for column, field in zip(zip(*rows, strict=True), self._schema, strict=True)
            ]
            self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        return self._out.taken()

    def end(self, rows: list[Row]) -> bytes:
        """The last rows, and the foot."""
        last = self.group(rows)
        self._writer.close()
        return last + self._out.taken()


class _Out:
    """A file that is only written to."""

    closed = False

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self._length = 0

    def write(self, data: Any) -> int:
        self._held.append(bytes(data))
        self._length += len(data)
        return len(data)

    def tell(self) -> int:
        return self._length

    def flush(self) -> None:
        """Nothing waits elsewhere."""

    def close(self) -> None:
        """What was written is still to be taken."""

    def taken(self) -> bytes:
        held, self._held = b"".join(self._held), []
        return held
