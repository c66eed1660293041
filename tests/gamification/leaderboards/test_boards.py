"""Boards against a ranking in the plainest Python, from Redis and from MongoDB."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.services import Services
from gamification.kit.errors import InvalidInput
from gamification.kit.numbers import LONG_MAX
from gamification.leaderboards.model import BoardPage, Entry
from gamification.leaderboards.service import Around
from gamification.members.model import Standing
from tests.conftest import MakeProgramme
from tests.support import ProgrammeUnderTest, on_servers, statuses

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
KINDS = [
    (operator, order, ties, subscore)
    for operator, order, ties in itertools.product(
        ("increment", "best", "latest", "set"), ("descending", "ascending"), ("shared", "earliest")
    )
    for subscore in (False, True)
]
NUMBER = {"type": "object", "properties": {"v": {"type": "integer"}, "s": {"type": "integer"}}}


def name(kind: tuple[str, str, str, bool]) -> str:
    return f"{kind[0]}.{kind[1]}.{kind[2]}.{'sub' if kind[3] else 'plain'}"


EVERY_KIND: dict[str, Any] = {
    "activity_types": [{"key": "play", "properties": NUMBER}],
    "leaderboards": [
        {"key": name(kind), "operator": kind[0], "order": kind[1], "ties": kind[2], "subscore": kind[3]}
        for kind in KINDS
    ],
    "rules": [
        {
            "key": f"r{number}",
            "on": ["play"],
            "effects": [
                {
                    "score": {
                        "board": name(kind),
                        "value": "activity.v",
                        "subscore": "activity.s" if kind[3] else 0,
                    }
                }
                for kind in KINDS[number::2]
            ],
        }
        for number in (0, 1)
    ],
}
PLAYERS = ["ann", "bob", "cat", "dan", "eve", "fay"]
Play = tuple[str, int, int, int]
plays = st.lists(
    st.tuples(st.sampled_from(PLAYERS), st.integers(-3, 3), st.integers(-1, 1), st.integers(0, 3)),
    min_size=1,
    max_size=25,
)


def naive(
    kind: tuple[str, str, str, bool], played: list[Play], ids: dict[str, bytes]
) -> list[tuple[int, str, int, int]]:
    """(rank, player, score, subscore), worked out without any of the code under test."""
    operator, order, ties, subscore = kind
    sign = -1 if order == "descending" else 1
    held: dict[str, tuple[int, int, int]] = {}
    for player, value, second, minute in played:
        second = second if subscore else 0
        old = held.get(player)
        new = (value, second, minute)
        if old is None or operator == "set" or (operator == "latest" and minute >= old[2]):
            held[player] = new
        elif operator == "increment":
            # A play that adds nothing is not when the score was reached.
            reached = max(old[2], minute) if (value, second) != (0, 0) else old[2]
            held[player] = (old[0] + value, old[1] + second, reached)
        elif operator == "best":
            mine, theirs = (sign * value, sign * second), (sign * old[0], sign * old[1])
            if mine < theirs or (mine == theirs and minute < old[2]):
                held[player] = new

    def place(player: str) -> tuple[Any, ...]:
        value, second, minute = held[player]
        return (sign * value, sign * second, minute, ids[player])

    ordered = sorted(held, key=place)
    ranking: list[tuple[int, str, int, int]] = []
    for index, player in enumerate(ordered):
        value, second, _ = held[player]
        rank = index + 1
        if ties == "shared" and ranking and ranking[-1][2:] == (value, second):
            rank = ranking[-1][0]
        ranking.append((rank, player, value, second))
    return ranking


@given(played=plays)
@on_servers(15)
async def test_every_kind_of_board_ranks_as_the_plainest_ranking_does(
    programme: MakeProgramme, played: list[Play]
) -> None:
    club = await programme(EVERY_KIND)
    await club.join_all(*PLAYERS)
    start = club.clock.now - timedelta(hours=1)
    outcomes = await club.record(
        *(club.activity("play", p, v=v, s=s, at=start + timedelta(minutes=m)) for p, v, s, m in played)
    )
    assert set(statuses(outcomes)) == {"recorded"}

    ids = {player: club.id_of(player) for player in PLAYERS}
    names = {member_id: player for player, member_id in ids.items()}
    catalogue, boards = await club.services.programmes.catalogue(club.key), club.services.leaderboards
    for kind in KINDS:
        expected = naive(kind, played, ids)
        board, period = catalogue.leaderboards[name(kind)], await club.period(name(kind))
        for page in (
            await boards.page(board, period, 0, 100),
            # Straight to MongoDB: waiting for an absent Redis each time would take minutes.
            await boards._page_from_truth(board, period, 0, 100, None, None),
        ):
            assert [(e.rank, names[e.member_id], e.score, e.subscore) for e in page.entries] == expected, kind
            assert page.size == len(expected)


ONE: dict[str, Any] = {
    "activity_types": [{"key": "play", "properties": NUMBER}],
    "leaderboards": [
        {"key": "sum", "ties": "shared"},
        {"key": "daily", "cycle": "daily"},
        {"key": "shared", "ties": "shared", "subscore": True},
    ],
    "rules": [
        {
            "key": "r",
            "on": ["play"],
            "effects": [
                {"score": {"board": "sum", "value": "activity.v"}},
                {"score": {"board": "daily", "value": "activity.v"}},
                {"score": {"board": "shared", "value": "activity.v / 4", "subscore": "activity.v % 2"}},
            ],
        }
    ],
}


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    made = await programme(ONE)
    await made.join_all(*(f"m{n:02}" for n in range(12)))
    made.clock.now = NOW
    return made


async def play(club: ProgrammeUnderTest, **scores: int) -> None:
    outcomes = await club.record(
        *(club.activity("play", member, v=score) for member, score in scores.items())
    )
    assert set(statuses(outcomes)) == {"recorded"}


def rows(page: BoardPage) -> list[Entry]:
    return page.entries


@pytest.mark.parametrize("board", ["sum", "daily", "shared"])
async def test_pages_ranks_and_windows_agree_wherever_they_are_read(
    club: ProgrammeUnderTest, services_without_redis: Services, board: str
) -> None:
    await play(club, **{f"m{n:02}": n // 2 for n in range(12)})
    everything = (await club.page(board)).entries
    assert len(everything) == 12

    for services in (club.services, services_without_redis):
        paged: list[Entry] = []
        for offset in range(0, 15, 5):
            paged += (await club.page(board, offset=offset, limit=5, services=services)).entries
        assert paged == everything
        for place, entry in enumerate(everything):
            viewer = next(name for name, member in club.members.items() if member.id == entry.member_id)
            page = await club.page(
                board, offset=3, limit=2, viewer=viewer, around=Around(2, 1), services=services
            )
            assert page.viewer == entry
            assert list(page.around) == everything[max(0, place - 2) : place + 2]
            assert page.entries == everything[3:5]


async def test_a_page_beyond_the_end_is_empty_but_knows_the_size(
    club: ProgrammeUnderTest, services_without_redis: Services
) -> None:
    await play(club, m00=1, m01=2)

    for services in (club.services, services_without_redis):
        page = await club.page(
            "sum", offset=10, limit=5, viewer="m05", around=Around(1, 1), services=services
        )
        assert (page.entries, page.size, page.viewer, page.around) == ([], 2, None, ())


async def test_a_board_nobody_is_on_is_empty(
    club: ProgrammeUnderTest, services_without_redis: Services
) -> None:
    for services in (club.services, services_without_redis):
        page = await club.page("sum", viewer="m00", services=services)
        assert (page.entries, page.size, page.viewer) == ([], 0, None)


async def test_zero_negative_and_the_greatest_scores_have_their_place(
    club: ProgrammeUnderTest, services_without_redis: Services
) -> None:
    await play(club, m00=0, m01=-5, m02=LONG_MAX, m03=-LONG_MAX, m04=LONG_MAX - 1, m05=0)
    expected = [
        (1, "m02", LONG_MAX),
        (2, "m04", LONG_MAX - 1),
        (3, "m00", 0),
        (3, "m05", 0),
        (5, "m01", -5),
        (6, "m03", -LONG_MAX),
    ]

    for services in (club.services, services_without_redis):
        found = await club.ranking("sum", services=services)
        assert [row[::2] for row in found] == [row[::2] for row in expected]
        assert {row[1] for row in found[2:4]} == {"m00", "m05"}


@pytest.mark.parametrize("standing", [Standing.HIDDEN, Standing.BANNED])
async def test_who_is_not_shown_leaves_no_gap_and_comes_back(
    club: ProgrammeUnderTest, services_without_redis: Services, standing: Standing
) -> None:
    await play(club, m00=3, m01=2, m02=1)
    club.clock.now = NOW + timedelta(days=1)
    await play(club, m00=30, m01=20, m02=10)
    moderation = club.services.moderation

    await moderation.set_standing(club.moderator, club.id_of("m01"), standing, "for a while")
    for services in (club.services, services_without_redis):
        for period in ("2026-11-20", "2026-11-21"):
            ranking = await club.ranking("daily", period=period, services=services)
            assert [row[:2] for row in ranking] == [(1, "m00"), (2, "m02")]
        hidden = await club.page("daily", viewer="m01", services=services)
        assert (hidden.viewer, hidden.size) == (None, 2)
    await moderation.set_standing(club.moderator, club.id_of("m01"), Standing.ACTIVE, "all is well")

    for services in (club.services, services_without_redis):
        assert [row[1] for row in await club.ranking("daily", period="2026-11-20", services=services)] == [
            "m00",
            "m01",
            "m02",
        ]


async def test_who_is_hidden_goes_on_scoring_unseen(club: ProgrammeUnderTest) -> None:
    await club.services.moderation.set_standing(club.moderator, club.id_of("m01"), Standing.HIDDEN, "shy")
    await play(club, m00=1, m01=5)
    assert await club.ranking("sum") == [(1, "m00", 1)]

    await club.services.moderation.set_standing(club.moderator, club.id_of("m01"), Standing.ACTIVE, "less so")

    assert await club.ranking("sum") == [(1, "m01", 5), (2, "m00", 1)]


async def test_past_periods_stay_readable(club: ProgrammeUnderTest, services_without_redis: Services) -> None:
    await play(club, m00=3)
    club.clock.now = NOW + timedelta(days=400)

    for services in (club.services, services_without_redis):
        assert await club.ranking("daily", period="2026-11-20", services=services) == [(1, "m00", 3)]
        assert await club.ranking("daily", services=services) == []
    from storage.paging import Window

    catalogue = await club.services.programmes.catalogue(club.key)
    periods = await club.services.leaderboards.periods(
        club.service, catalogue.leaderboards["daily"], Window(10)
    )
    assert [period.key for period in periods.rows] == ["2026-11-20"]


async def test_a_period_that_is_none_is_refused(club: ProgrammeUnderTest) -> None:
    with pytest.raises(InvalidInput):
        await club.page("daily", period="2026-W47")


async def test_seasons_count_between_their_dates(programme: MakeProgramme) -> None:
    def season(key: str, first: int, last: int) -> dict[str, str]:
        return {
            "key": key,
            "starts_at": f"2026-11-{first:02}T00:00:00Z",
            "ends_at": f"2026-11-{last:02}T00:00:00Z",
        }

    board = {"key": "s", "cycle": "season", "seasons": [season("one", 1, 10), season("two", 15, 20)]}
    rule = {"key": "r", "on": ["play"], "effects": [{"score": {"board": "s", "value": 1}}]}
    club = await programme(
        {"activity_types": [{"key": "play"}], "leaderboards": [board], "rules": [rule]}, lateness="unlimited"
    )
    await club.join("ann")
    club.clock.now = NOW

    for day in (1, 9, 10, 14, 15, 20):
        await club.do("play", "ann", at=datetime(2026, 11, day, tzinfo=UTC))

    assert await club.ranking("s", period="one") == [(1, "ann", 2)]
    assert await club.ranking("s", period="two") == [(1, "ann", 1)]
    assert (
        await club.services.leaderboards.period(club.service, club_board(await catalogue_of(club)), None, NOW)
        is None
    )


async def catalogue_of(club: ProgrammeUnderTest) -> Any:
    return await club.services.programmes.catalogue(club.key)


def club_board(catalogue: Any) -> Any:
    return catalogue.leaderboards["s"]


async def test_points_feed_boards_with_what_was_applied(programme: MakeProgramme) -> None:
    points = {"unit": "points", "amount": "activity.v", "boards": ["earned"]}
    club = await programme(
        {
            "units": [{"key": "points", "floor": 1}],
            "activity_types": [{"key": "play", "properties": NUMBER}],
            "leaderboards": [{"key": "earned"}],
            "rules": [{"key": "r", "on": ["play"], "effects": [{"points": points}]}],
        }
    )
    await club.join("ann")

    await play(club, ann=-5)
    assert await club.ranking("earned") == []
    await play(club, ann=10)
    await play(club, ann=-50)

    assert await club.ranking("earned") == [(1, "ann", 1)]
    assert await club.balance("ann", "points") == 1
