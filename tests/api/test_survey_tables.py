"""Answers to surveys as CSV."""

import csv
import io
from decimal import Decimal
from typing import Any

import httpx
import pytest

from community.surveys.model import Stated
from gamification.kit.actors import Role
from tests.api.conftest import MakeClient, MakeToken
from tests.conftest import MakeProgramme
from tests.support import ProgrammeUnderTest
from tests.survey_world import SURVEYS, crowd


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    club = await programme(SURVEYS)
    for number, name in enumerate(await crowd(club, 12)):
        for survey in ("spring", "secret"):
            given = [
                Stated("recommend", number=Decimal(number % 11)),
                Stated("channel", options=("shop" if number % 2 else "web",)),
                *([Stated("why", text=f"=cmd|' /C calc'!A{number}\nand more")] if number % 11 < 7 else []),
            ]
            await club.services.surveys.answer(
                club.service, club.id_of(name), survey, given, f"{survey}-{name}"
            )
    return club


async def table(
    client: httpx.AsyncClient, club: ProgrammeUnderTest, token: str, survey: str
) -> list[list[str]]:
    answer = await client.get(f"/surveys/{survey}/answers.csv", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv; charset=utf-8")
    assert answer.headers["content-disposition"] == f'attachment; filename="{survey}.csv"'
    return list(csv.reader(io.StringIO(answer.text, newline="")))


@pytest.fixture
def operator(club: ProgrammeUnderTest, token: MakeToken) -> str:
    return token(Role.OPERATOR, "ops", club.key)


async def test_a_line_is_a_response_and_a_column_a_question(
    client: httpx.AsyncClient, club: ProgrammeUnderTest, operator: str
) -> None:
    head, *rows = await table(client, club, operator, "spring")

    assert head[:6] == ["answered_at", "member", "survey_version", "recommend", "why", "channel"]
    assert len(rows) == 12
    assert {row[1] for row in rows} == {f"m{number}" for number in range(12)}
    by_member = {row[1]: row for row in rows}
    assert by_member["m3"][2:7] == ["1", "3", "'=cmd|' /C calc'!A3\nand more", "shop", ""]
    assert by_member["m9"][2:6] == ["1", "9", "", "shop"]
    assert rows == sorted(rows, key=lambda row: row[0], reverse=True)


async def test_a_line_of_an_anonymous_survey_is_nobodys(
    client: httpx.AsyncClient, club: ProgrammeUnderTest, operator: str
) -> None:
    head, *rows = await table(client, club, operator, "secret")

    assert head[:3] == ["recommend", "why", "channel"]
    columns: list[list[str]] = [list(column) for column in zip(*rows, strict=True)]
    scores = sorted(number % 11 for number in range(12))
    assert columns[0] == [str(score) for score in scores]
    assert columns[2] == ["shop"] * 6 + ["web"] * 6
    # Each column in its own order: what stands beside 10 is not what its author chose.
    assert len([text for text in columns[1] if text]) == 8
    assert all(text.startswith("'=") for text in columns[1] if text)
    assert set(columns[3]) == {""}


async def test_a_name_is_no_formula_either(
    client: httpx.AsyncClient, club: ProgrammeUnderTest, operator: str
) -> None:
    names = ["=1+1", "+1", "-1", "@SUM(A1)"]
    await club.join_all(*names)
    for name in names:
        given = [Stated("recommend", number=Decimal(9))]
        await club.services.surveys.answer(club.service, club.id_of(name), "spring", given, f"f{name}")

    _, *rows = await table(client, club, operator, "spring")
    assert {f"'{name}" for name in names} < {row[1] for row in rows}


async def test_too_few_answers_are_not_exported(
    client: httpx.AsyncClient, programme: MakeProgramme, token: MakeToken
) -> None:
    club = await programme(SURVEYS)
    for name in await crowd(club, 4):
        await club.services.surveys.answer(
            club.service, club.id_of(name), "secret", [Stated("channel", options=("web",))], name
        )
    headers = {"authorization": f"Bearer {token(Role.OPERATOR, 'ops', club.key)}"}
    answer = await client.get("/surveys/secret/answers.csv", headers=headers)
    assert answer.status_code == 409
    assert answer.json()["code"] == "SURVEY_TOO_FEW"


async def test_tables_are_for_operators_and_services(
    client: httpx.AsyncClient, club: ProgrammeUnderTest, token: MakeToken
) -> None:
    async def status(role: Role, survey: str = "spring", programme: str = club.key) -> int:
        headers = {"authorization": f"Bearer {token(role, 'm0', programme)}"}
        return (await client.get(f"/surveys/{survey}/answers.csv", headers=headers)).status_code

    assert [await status(role) for role in (Role.MEMBER, Role.MODERATOR, Role.OPERATOR, Role.SERVICE)] == [
        403,
        403,
        200,
        200,
    ]
    assert await status(Role.OPERATOR, "nowhere") == 404
    assert (await client.get("/surveys/spring/answers.csv")).status_code == 401


async def test_an_export_is_paid_from_the_callers_budget(
    make_client: MakeClient, club: ProgrammeUnderTest, token: MakeToken
) -> None:
    client = await make_client(trusted_cost_per_minute=60, trusted_cost_burst=15_000)
    headers = {"authorization": f"Bearer {token(Role.OPERATOR, 'ops', club.key)}"}
    statuses: list[Any] = [
        (await client.get("/surveys/spring/answers.csv", headers=headers)).status_code for _ in range(2)
    ]
    assert statuses == [200, 429]
