"""`leaderboard`, `leaderboards`, periods, entries, `rankOf`, `around`, `standing`."""

from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import MakeProgramme
from tests.resolvers.harness import CLUB, GraphQL, member_gid, refused
from tests.support import ProgrammeUnderTest

ENTRY = "rank score subscore achievedAt member { displayName }"


async def test_shows_a_board(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    answer = await graphql.read(
        club.member_actor("ann"),
        """{ leaderboard(key: "total") { key name description status operator order ties cycle
             period { key startsAt endsAt closedAt revision size entries { nodes { rank } totalCount } } }
             none: leaderboard(key: "nope") { key } }""",
    )

    assert answer == {
        "none": None,
        "leaderboard": {
            "key": "total",
            "name": "All time",
            "description": None,
            "status": "PUBLISHED",
            "operator": "INCREMENT",
            "order": "DESCENDING",
            "ties": "SHARED",
            "cycle": "ALL_TIME",
            "period": {
                "key": "all",
                "startsAt": None,
                "endsAt": None,
                "closedAt": None,
                "revision": answer["leaderboard"]["period"]["revision"],
                "size": 0,
                "entries": {"nodes": [], "totalCount": 0},
            },
        },
    }


async def test_lists_boards_and_hides_drafts(graphql: GraphQL, programme: MakeProgramme) -> None:
    boards = [*CLUB["leaderboards"], {"key": "secret", "status": "draft"}]
    club = await programme({**CLUB, "leaderboards": boards})
    document = '{ leaderboards { nodes { key } totalCount } leaderboard(key: "secret") { status } }'

    assert await graphql.read(club.member_actor("ann"), document) == {
        "leaderboards": {"nodes": [{"key": "total"}, {"key": "daily"}], "totalCount": 2},
        "leaderboard": None,
    }
    seen = await graphql.read(club.operator, document)
    assert (seen["leaderboards"]["totalCount"], seen["leaderboard"]) == (3, {"status": "DRAFT"})


async def test_ranks_members_and_shares_ranks(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.join("cec", display_name="Cec")
    await club.do("visit", "ann")
    await club.do("visit", "bob")
    await club.do("buy", "cec", amount=3)
    document = f"""query ($bob: ID!, $cec: ID!) {{ leaderboard(key: "total") {{ period {{
        size entries {{ nodes {{ {ENTRY} }} totalCount }}
        rankOf(memberId: $bob) {{ {ENTRY} }}
        around(memberId: $cec, above: 1, below: 1) {{ rank member {{ displayName }} }}
        default: around(memberId: $cec) {{ rank }}
    }} }} me {{ standing(leaderboard: "total") {{ rank score }} }} }}"""

    answer = await graphql.read(
        club.member_actor("bob"), document, {"bob": member_gid(club, "bob"), "cec": member_gid(club, "cec")}
    )

    period = answer["leaderboard"]["period"]
    entries = period["entries"]["nodes"]
    assert (period["size"], period["entries"]["totalCount"]) == (3, 3)
    assert [(e["rank"], e["score"], e["subscore"]) for e in entries] == [(1, 5, 0), (1, 5, 0), (3, 3, 0)]
    assert [e["member"]["displayName"] for e in entries][2] == "Cec"
    assert period["rankOf"] in entries
    assert period["rankOf"]["member"] == {"displayName": "Bob"}
    assert [(e["rank"], e["member"]["displayName"]) for e in period["around"]][-1] == (3, "Cec")
    assert len(period["around"]) == 2
    assert len(period["default"]) == 3
    assert answer["me"] == {"standing": {"rank": 1, "score": 5}}


async def test_who_has_no_place_is_on_no_board(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    document = """query ($id: ID!) { leaderboard(key: "total") { period {
        rankOf(memberId: $id) { rank } around(memberId: $id) { rank } } } }"""

    for found in (member_gid(club, "ann"), "nobody", "TWVtYmVyOjAwMDA"):
        answer = await graphql.read(club.service, document, {"id": found})
        assert answer == {"leaderboard": {"period": {"rankOf": None, "around": []}}}


async def test_past_periods_stay_readable(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await programme(CLUB, lateness="P1D")
    await club.join("ann")
    today = club.clock.now
    day, before = today.date(), (today - timedelta(days=40)).date()
    club.clock.now = today - timedelta(days=40)
    await club.do("visit", "ann")
    club.clock.now = today
    await club.do("visit", "ann")
    await club.do("visit", "ann")
    document = """query ($key: String, $at: DateTime) { leaderboard(key: "daily") {
        period(key: $key, at: $at) { key startsAt endsAt closedAt entries { nodes { score } } }
        periods { nodes { key size } totalCount } }
        me { standing(leaderboard: "daily", period: $key) { score } } }"""
    ann = club.member_actor("ann")

    now = await graphql.read(ann, document)
    past = await graphql.read(ann, document, {"key": before.isoformat()})
    at = await graphql.read(ann, document, {"at": f"{before}T10:00:00Z"})

    assert now["leaderboard"]["period"]["key"] == day.isoformat()
    assert now["leaderboard"]["period"]["entries"]["nodes"] == [{"score": 10}]
    assert now["me"]["standing"] == {"score": 10}
    assert now["leaderboard"]["period"]["closedAt"] is None
    assert past["leaderboard"]["period"] == at["leaderboard"]["period"]
    assert past["leaderboard"]["period"] == {
        "key": before.isoformat(),
        "startsAt": f"{before}T00:00:00.000Z",
        "endsAt": f"{before + timedelta(days=1)}T00:00:00.000Z",
        "closedAt": f"{before + timedelta(days=2)}T00:00:00.000Z",
        "entries": {"nodes": [{"score": 5}]},
    }
    assert past["me"]["standing"] == {"score": 5}
    assert past["leaderboard"]["periods"] == {
        "nodes": [{"key": day.isoformat(), "size": 1}, {"key": before.isoformat(), "size": 1}],
        "totalCount": None,
    }


async def test_refuses_what_names_no_period(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    document = 'query ($k: String) { leaderboard(key: "daily") { period(key: $k) { key } } }'

    for key in ("2026-13-01", "2026-11", "all", "", "x" * 65, "9999-12-31T", "9999-12-31", "-1"):
        result = await graphql(club.service, document, {"k": key})
        refused(result, "INVALID_INPUT", at="leaderboard.period", field="key")


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Kiritimati"])
async def test_an_instant_beyond_the_calendar_is_refused(
    graphql: GraphQL, programme: MakeProgramme, zone: str
) -> None:
    club = await programme(CLUB, time_zone=zone)
    document = 'query ($at: DateTime) { leaderboard(key: "daily") { period(at: $at) { key } } }'
    at = "0001-01-01T00:00:00Z" if "America" in zone else "9999-12-31T23:59:59Z"

    refused(await graphql(club.service, document, {"at": at}), "INVALID_INPUT", field="at")


LIMITS: list[tuple[str, str, int]] = [
    ("entries(first: 0)", "first", 1),
    ("entries(first: -1)", "first", 1),
    ("entries(first: 101)", "first", 100),
    ("entries(last: 0)", "last", 1),
    ("entries(last: 101)", "last", 100),
    ('around(memberId: "x", above: 51)', "above", 50),
    ('around(memberId: "x", above: -1)', "above", 0),
    ('around(memberId: "x", below: 51)', "below", 50),
]


async def test_bounds_how_much_is_asked_for(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    for field, name, limit in LIMITS:
        document = f'{{ leaderboard(key: "total") {{ period {{ {field} {{ __typename }} }} }} }}'
        refused(await graphql(club.service, document), "LIMIT_EXCEEDED", field=name, limit=limit)


async def test_negative_and_greatest_scores_are_exact(graphql: GraphQL, programme: MakeProgramme) -> None:
    score = {"score": {"board": "top", "value": "activity.value", "subscore": "activity.sub"}}
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {"value": {"type": "integer"}, "sub": {"type": "integer"}},
    }
    club = await programme(
        {
            "activity_types": [{"key": "score", "properties": schema}],
            "rules": [{"key": "scores", "on": ["score"], "effects": [score]}],
            "leaderboards": [{"key": "top", "operator": "set", "subscore": True}],
        }
    )
    await club.join_all("a", "b", "c")
    for name, value, sub in (("a", -5, 1), ("b", 2**53 - 1, -(2**53 - 1)), ("c", 0, 0)):
        await club.do("score", name, value=value, sub=sub)

    answer = await graphql.read(
        club.service,
        '{ leaderboard(key: "top") { period { entries { nodes { rank score subscore member { externalId } } } } } }',
    )

    nodes = answer["leaderboard"]["period"]["entries"]["nodes"]
    assert [(n["rank"], n["score"], n["subscore"], n["member"]["externalId"]) for n in nodes] == [
        (1, 2**53 - 1, -(2**53 - 1), "b"),
        (2, 0, 0, "c"),
        (3, -5, 1, "a"),
    ]
