"""Connections: forward and backward over several pages, and cursors that lie."""

import base64
import itertools
from datetime import timedelta
from typing import Any

import orjson
import pytest

from tests.conftest import MakeProgramme
from tests.resolvers.harness import CLUB, GraphQL, refused
from tests.support import ProgrammeUnderTest

PAGE = (
    "edges { cursor node { %s } } nodes { %s } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
)
SIZE = 7

CONNECTIONS: dict[str, tuple[str, str, int]] = {
    "members": ("members(ARGS)", "id", SIZE),
    "members by name": ("members(ARGS, orderBy: {field: DISPLAY_NAME, descending: true})", "id", SIZE),
    "ledger": ('member(externalId: "m0") { ledger(ARGS) }', "id", 2 * SIZE + 1),
    "ledger of a unit": ('member(externalId: "m0") { ledger(ARGS, unit: "points") }', "id", 2 * SIZE + 1),
    "taskProgress": ('member(externalId: "m0") { taskProgress(ARGS) }', "id", SIZE + 1),
    "badgeAwards": ('member(externalId: "m0") { badgeAwards(ARGS) }', "id", SIZE + 2),
    "activities": ('member(externalId: "m0") { activities(ARGS) }', "id", 2 * SIZE),
    "awards": ('badge(key: "newcomer") { awards(ARGS) }', "id", SIZE),
    "entries": ('leaderboard(key: "total") { period { entries(ARGS) } }', "member { id }", SIZE),
    "periods": ('leaderboard(key: "daily") { periods(ARGS) }', "key", SIZE),
    "badges": ("badges(ARGS)", "key", 4),
    "tasks": ("tasks(ARGS)", "key", 3),
    "leaderboards": ("leaderboards(ARGS)", "key", 2),
}


@pytest.fixture
async def busy(programme: MakeProgramme) -> ProgrammeUnderTest:
    """Members m0 to m6 who each came once, m0 on each of seven days; m0 was also liked for seven posts."""
    daily = {"key": "daily_visit", "goal": 1, "cycle": "daily"}
    advance = {"advance": {"task": "daily_visit"}}
    visits, *others = CLUB["rules"]
    effects = [effect for effect in visits["effects"] if "advance" not in effect or "regular" in str(effect)]
    club = await programme(
        {
            **CLUB,
            "tasks": [*CLUB["tasks"], daily],
            "rules": [{**visits, "effects": [*effects, advance]}, *others],
        }
    )
    await club.join_all(*(f"m{number}" for number in range(SIZE)))
    now = club.clock.now
    await club.record(
        *(club.activity("visit", "m0", at=now - timedelta(days=day)) for day in range(SIZE)),
        *(club.activity("visit", f"m{number}") for number in range(1, SIZE)),
        *(club.activity("like", "m0", subject=f"post:{number}") for number in range(SIZE)),
    )
    member = club.members["m0"]
    for number in range(SIZE):
        await club.services.points.adjust(club.operator, member.id, "points", 1 + number, "r", f"k{number}")
    return club


class Pages:
    """Walks one connection."""

    def __init__(self, graphql: GraphQL, club: ProgrammeUnderTest, name: str) -> None:
        self.graphql, self.club = graphql, club
        self.field, self.row, self.size = CONNECTIONS[name]

    def document(self, arguments: str) -> str:
        page = PAGE % (self.row, self.row)
        field = self.field.replace("ARGS", arguments)
        inner, braces = field.rstrip(" }"), field[len(field.rstrip(" }")) :]
        return f"{{ {inner} {{ {page} }} {braces} }}"

    async def page(self, arguments: str) -> dict[str, Any]:
        answer: Any = await self.graphql.read(self.club.service, self.document(arguments))
        while "pageInfo" not in answer:
            (answer,) = answer.values()
        assert [edge["node"] for edge in answer["edges"]] == answer["nodes"]
        info, edges = answer["pageInfo"], answer["edges"]
        assert info["startCursor"] == (edges[0]["cursor"] if edges else None)
        assert info["endCursor"] == (edges[-1]["cursor"] if edges else None)
        found: dict[str, Any] = answer
        return found

    async def forward(self, size: int) -> list[Any]:
        rows: list[Any] = []
        arguments = f"first: {size}"
        for turn in itertools.count():
            page = await self.page(arguments)
            rows += page["nodes"]
            assert page["pageInfo"]["hasPreviousPage"] == (turn > 0)
            if not page["pageInfo"]["hasNextPage"]:
                return rows
            assert len(page["nodes"]) == size
            arguments = f'first: {size}, after: "{page["pageInfo"]["endCursor"]}"'
        raise AssertionError

    async def backward(self, size: int) -> list[Any]:
        rows: list[Any] = []
        arguments = f"last: {size}"
        for turn in itertools.count():
            page = await self.page(arguments)
            rows = page["nodes"] + rows
            assert page["pageInfo"]["hasNextPage"] == (turn > 0)
            if not page["pageInfo"]["hasPreviousPage"]:
                return rows
            assert len(page["nodes"]) == size
            arguments = f'last: {size}, before: "{page["pageInfo"]["startCursor"]}"'
        raise AssertionError


@pytest.mark.parametrize("name", CONNECTIONS)
async def test_pages_forward_and_backward_over_the_same_rows(
    graphql: GraphQL, busy: ProgrammeUnderTest, name: str
) -> None:
    pages = Pages(graphql, busy, name)
    step = 3 if pages.size > 4 else 1

    everything = (await pages.page("first: 100"))["nodes"]

    assert len(everything) == pages.size
    assert len({str(row) for row in everything}) == pages.size
    assert await pages.forward(step) == everything
    assert await pages.backward(step) == everything
    assert (await pages.page("last: 100"))["nodes"] == everything


@pytest.mark.parametrize("name", CONNECTIONS)
async def test_a_window_between_two_cursors(graphql: GraphQL, busy: ProgrammeUnderTest, name: str) -> None:
    pages = Pages(graphql, busy, name)
    edges = (await pages.page("first: 100"))["edges"]
    first, last = edges[0], edges[-1]
    between = [edge["node"] for edge in edges[1:-1]]
    bounds = f'after: "{first["cursor"]}", before: "{last["cursor"]}"'

    assert (await pages.page(f"first: 100, {bounds}"))["nodes"] == between
    assert (await pages.page(f"last: 100, {bounds}"))["nodes"] == between
    assert (await pages.page(f"last: 1, {bounds}"))["nodes"] == between[-1:]
    assert (await pages.page(f'first: 1, after: "{last["cursor"]}"'))["nodes"] == []
    assert (await pages.page(f'last: 1, before: "{first["cursor"]}"'))["nodes"] == []


def cursor(*values: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(list(values))).decode().rstrip("=")


@pytest.mark.parametrize("name", CONNECTIONS)
async def test_refuses_cursors_that_lie(graphql: GraphQL, busy: ProgrammeUnderTest, name: str) -> None:
    pages = Pages(graphql, busy, name)
    good = (await pages.page("first: 1"))["pageInfo"]["endCursor"]
    tag, *position = orjson.loads(base64.urlsafe_b64decode(good + "=" * (-len(good) % 4)))
    width = len(position)
    lies = [
        "", "!!!", "日本語", "x" * 5000, good + "x" * 2000,
        base64.urlsafe_b64encode(b"\xff\xfe[").decode(),
        base64.urlsafe_b64encode(b"[" * 600).decode(),
        cursor(), cursor(tag), cursor(tag, *position, 1), cursor("another list", *position), cursor(*position),
        cursor(tag, *[None] * width), cursor(tag, *[True] * width), cursor(tag, *[1.5] * width),
        cursor(tag, *[2**63] * width), cursor(tag, *[-(2**63)] * width), cursor(tag, *[[1]] * width),
        cursor(tag, *[{}] * width), cursor(tag, *[{"b": "zz"}] * width), cursor(tag, *[{"b": 1}] * width),
        cursor(tag, *[{"t": "never"}] * width), cursor(tag, *[{"t": "2026-11-21T00:00:00"}] * width),
        cursor(tag, *[{"t": "0001-01-01T00:00:00+14:00"}] * width), cursor(tag, *[{"$gt": ""}] * width),
    ]  # fmt: skip

    for direction, argument in (("first", "after"), ("last", "before")):
        for lie in lies:
            stated = orjson.dumps(lie).decode()
            result = await graphql(busy.service, pages.document(f"{direction}: 1, {argument}: {stated}"))
            refused(result, "INVALID_INPUT", field=argument)


async def test_refuses_another_lists_cursor(graphql: GraphQL, busy: ProgrammeUnderTest) -> None:
    cursors = {
        name: (await Pages(graphql, busy, name).page("first: 1"))["pageInfo"]["endCursor"]
        for name in CONNECTIONS
    }
    alike = {frozenset({"badgeAwards", "awards"})}  # the same rows in the same order, seen from two sides

    for mine, theirs in itertools.permutations(CONNECTIONS, 2):
        if frozenset({mine, theirs}) not in alike:
            document = Pages(graphql, busy, mine).document(f'first: 1, after: "{cursors[theirs]}"')
            refused(await graphql(busy.service, document), "INVALID_INPUT", field="after")


@pytest.mark.parametrize("name", CONNECTIONS)
async def test_bounds_a_pages_size(graphql: GraphQL, club: ProgrammeUnderTest, name: str) -> None:
    await club.join("m0")
    pages = Pages(graphql, club, name)

    for field in ("first", "last"):
        for value, limit in ((0, 1), (-1, 1), (-(2**31), 1), (101, 100), (2**31 - 1, 100)):
            result = await graphql(club.service, pages.document(f"{field}: {value}"))
            refused(result, "LIMIT_EXCEEDED", field=field, limit=limit)


async def test_first_and_last_exclude_each_other(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    document = Pages(graphql, club, "members").document("first: 1, last: 1")

    refused(await graphql(club.service, document), "INVALID_INPUT", field="last")


async def test_twenty_when_no_size_is_stated(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await programme(CLUB)
    await club.join_all(*(f"n{number:02}" for number in range(25)))

    answer = await graphql.read(
        club.service, "{ members { nodes { id } totalCount pageInfo { hasNextPage } } }"
    )

    assert len(answer["members"]["nodes"]) == 20
    assert answer["members"]["totalCount"] == 25
    assert answer["members"]["pageInfo"] == {"hasNextPage": True}


async def test_the_longest_name_fits_a_cursor(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await programme(CLUB)
    for number in range(3):
        await club.join(f"m{number}", display_name="🏆" * 99 + str(number))

    assert len(await Pages(graphql, club, "members by name").forward(1)) == 3
