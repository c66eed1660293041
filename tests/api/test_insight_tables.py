"""Reports, members and their days as CSV and Parquet."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from gamification.insights.totals.periods import By
from gamification.kit.actors import Role
from tests.api.conftest import MakeToken
from tests.conftest import MakeProgramme
from tests.insight_world import SHOP, made_up
from tests.support import ProgrammeUnderTest

NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
FORMULA = "=cmd|' /C calc'!A0"
REPORTS = {
    "activity": {"by": "week"},
    "retention": {"kind": "first_purchase", "by": "WEEK", "periods": "3"},
    "churn": {"of": "buying"},
    "lifecycle": {},
    "repurchase": {},
    "participation": {"ladder": "club"},
    "economy": {"unit": "points"},
    "response_times": {"of": "complaints"},
    "members": {},
    "member_days": {},
}


@pytest.fixture
async def shop(programme: MakeProgramme) -> ProgrammeUnderTest:
    shop = await programme(SHOP)
    shop.clock.now = NOON - timedelta(days=40)
    await shop.join_all("ann", "bob", FORMULA)
    for number in range(10):
        shop.clock.now = NOON - timedelta(days=30 - 3 * number)
        for name in ("ann", FORMULA)[: 1 + number % 2]:
            await shop.do("buy.online", name, amount=number + 0.5)
        await shop.do("visit", "bob")
    shop.clock.now = NOON
    await made_up(shop)
    return shop


async def fetched(
    client: httpx.AsyncClient, token: str, table: str, ending: str, **stated: str
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """(the columns, the rows), of Parquet as it was meant, of CSV as text."""
    answer = await client.get(
        f"/insights/{table}.{ending}", params=stated, headers={"authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == f'attachment; filename="{table}.{ending}"'
    if ending == "csv":
        head, *rows = csv.reader(io.StringIO(answer.text, newline=""))
        return head, [tuple(row) for row in rows]
    from pyarrow import BufferReader, parquet

    read = parquet.read_table(BufferReader(answer.content))
    return read.column_names, list(zip(*(column.to_pylist() for column in read.columns), strict=True))


def as_text(cell: Any) -> str:
    """A cell of Parquet as CSV writes it."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, date):
        return cell.isoformat()
    return f"'{cell}" if cell == FORMULA else str(cell)


@pytest.mark.parametrize(("table", "stated"), REPORTS.items())
async def test_both_kinds_of_file_say_the_same(
    client: httpx.AsyncClient,
    shop: ProgrammeUnderTest,
    token: MakeToken,
    table: str,
    stated: dict[str, str],
) -> None:
    operator = token(Role.OPERATOR, "ops", shop.key)
    span = {"from": "2026-02-10", "to": "2026-03-20"}
    head, rows = await fetched(client, operator, table, "csv", **span, **stated)
    columns, cells = await fetched(client, operator, table, "parquet", **span, **stated)

    assert columns == head
    assert rows
    assert sorted(tuple(map(as_text, row)) for row in cells) == sorted(rows)


async def test_a_table_says_what_the_report_says(
    client: httpx.AsyncClient, shop: ProgrammeUnderTest, token: MakeToken
) -> None:
    operator = token(Role.OPERATOR, "ops", shop.key)
    head, rows = await fetched(
        client, operator, "activity", "csv", **{"from": "2026-02-18", "to": "2026-03-20"}
    )
    first, last = date(2026, 2, 18), date(2026, 3, 20)
    report = await shop.services.reports.activity(shop.operator, By.DAY, first, last)
    assert report is not None
    told = [dict(zip(head, row, strict=True)) for row in rows]
    assert [int(one["spend"]) for one in told] == [one.of("s") for one in report.points]
    assert sum(int(one["spend"]) for one in told) == sum(
        (number * 100 + 50) * (1 + number % 2) for number in range(10)
    )


async def test_members_come_with_what_is_known_of_them_and_their_days(
    client: httpx.AsyncClient, shop: ProgrammeUnderTest, token: MakeToken
) -> None:
    service = token(Role.SERVICE, "backend", shop.key)
    head, rows = await fetched(client, service, "members", "parquet")
    found = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    assert set(found) == {"ann", "bob", FORMULA}
    ann = found["ann"]
    assert (ann["lifecycle"], ann["joined_on"]) == ("active", date(2026, 2, 8))
    assert (ann["lifetime_purchases"], ann["active_days"], ann["days_since_purchase"]) == (10, 10, 3)
    assert (found["bob"]["lifecycle"], found["bob"]["lifetime_purchases"], found["bob"]["churn_risk"]) == (
        "prospect",
        0,
        None,
    )
    _, days = await fetched(
        client, service, "member_days", "parquet", **{"from": "2026-03-10", "to": "2026-03-20"}
    )
    assert sorted(days, key=lambda row: (row[0], row[1])) == sorted(
        (
            (name, date(2026, 2, 18) + timedelta(days=3 * number), 1, bought, spend, kind)
            for number in range(7, 10)
            for name, bought, spend, kind in (
                ("ann", 1, number * 100 + 50, '{"buy.online": 1}'),
                ("bob", 0, 0, '{"visit": 1}'),
                (FORMULA, 1, number * 100 + 50, '{"buy.online": 1}'),
            )
            if name != FORMULA or number % 2
        ),
        key=lambda row: (row[0], row[1]),
    )


async def test_many_rows_are_written_a_group_at_a_time(
    client: httpx.AsyncClient, shop: ProgrammeUnderTest, token: MakeToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.insight_tables._ROWS_A_GROUP", 4)
    operator = token(Role.OPERATOR, "ops", shop.key)
    headers = {"authorization": f"Bearer {operator}"}
    span = {"from": "2026-02-10", "to": "2026-03-20"}
    answer = await client.get("/insights/member_days.parquet", params=span, headers=headers)
    from pyarrow import BufferReader, parquet

    file = parquet.ParquetFile(BufferReader(answer.content))
    assert file.metadata.num_rows == 25
    assert [file.metadata.row_group(n).num_rows for n in range(file.metadata.num_row_groups)] == [4] * 6 + [1]


async def test_tables_are_for_operators_and_services_and_what_is_asked_must_make_sense(
    client: httpx.AsyncClient, shop: ProgrammeUnderTest, token: MakeToken
) -> None:
    async def status(role: Role | None, path: str) -> int:
        headers = {"authorization": f"Bearer {token(role, 'ann', shop.key)}"} if role else {}
        return (await client.get(f"/insights/{path}", headers=headers)).status_code

    assert await status(None, "activity.csv") == 401
    assert await status(Role.MEMBER, "members.csv") == 403
    assert await status(Role.MODERATOR, "activity.parquet") == 403
    for path in ("nothing.csv", "activity.xls", "activity", "economy.csv?unit=none"):
        assert await status(Role.OPERATOR, path) == 404, path
    for path in (
        "activity.csv?from=yesterday",
        "activity.csv?by=year",
        "retention.csv?periods=-1",
        "retention.csv?by=day",
        "economy.csv",
        "member_days.csv?from=2026-03-02&to=2026-03-01",
    ):
        assert await status(Role.OPERATOR, path) in (400, 422), path


async def test_an_empty_table_is_one_of_columns_alone(
    client: httpx.AsyncClient, programme: MakeProgramme, token: MakeToken
) -> None:
    shop = await programme(SHOP)
    operator = token(Role.OPERATOR, "ops", shop.key)
    headers = {"authorization": f"Bearer {operator}"}
    assert (await client.get("/insights/activity.csv", headers=headers)).status_code == 404
    head, rows = await fetched(client, operator, "members", "parquet")
    assert (head[0], rows) == ("member", [])
