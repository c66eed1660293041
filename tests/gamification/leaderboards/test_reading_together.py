"""What is asked of a board at the same time is read together: of one page's fields, and of many viewers."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from community.services import Services
from gamification.leaderboards.model import BoardPage, Entry
from gamification.leaderboards.service import Around
from gamification.members.model import Standing
from tests.conftest import MakeProgramme
from tests.support import ProgrammeUnderTest

DOCUMENT: dict[str, Any] = {
    "activity_types": [{"key": "play"}],
    "leaderboards": [
        {"key": "sum", "ties": "shared"},
        {"key": "daily", "cycle": "daily"},
        {"key": "pair", "ties": "shared", "subscore": True},
    ],
    "rules": [
        {
            "key": "r",
            "on": ["play"],
            "effects": [
                {"score": {"board": "sum", "value": "activity.v"}},
                {"score": {"board": "daily", "value": "activity.v"}},
                {"score": {"board": "pair", "value": "activity.v / 4", "subscore": "activity.v % 2"}},
            ],
        }
    ],
}
NAMES = [f"m{number:03}" for number in range(60)]


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    made = await programme(DOCUMENT)
    await made.join_all(*NAMES)
    await made.record(*(made.activity("play", name, v=number // 3) for number, name in enumerate(NAMES[:50])))
    return made


@pytest.fixture
def scripts(services: Services, monkeypatch: pytest.MonkeyPatch) -> list[Sequence[Any]]:
    """The arguments of each call of the reading script."""
    called: list[Sequence[Any]] = []
    read = services.rankings._read

    async def counted(keys: Sequence[Any], args: Sequence[Any]) -> Any:
        called.append(args)
        return await read(keys, args)

    monkeypatch.setattr(services.rankings, "_read", counted)
    return called


async def viewers(
    club: ProgrammeUnderTest,
    board: str,
    names: Sequence[str],
    around: Around | None = None,
    services: Services | None = None,
) -> dict[str, tuple[Entry | None, tuple[Entry, ...]]]:
    catalogue = await club.services.programmes.catalogue(club.key)
    found = await (services or club.services).leaderboards.viewers(
        catalogue.leaderboards[board], await club.period(board), [club.id_of(name) for name in names], around
    )
    return {name: found[club.id_of(name)] for name in names}


@pytest.mark.parametrize("board", ["sum", "daily", "pair"])
@pytest.mark.parametrize("around", [None, Around(2, 1), Around(0, 0), Around(50, 50)])
async def test_many_viewers_see_what_each_would_see_alone(
    club: ProgrammeUnderTest, services_without_redis: Services, board: str, around: Around | None
) -> None:
    for services in (club.services, services_without_redis):
        found = await viewers(club, board, NAMES, around, services)

        assert len(found) == 60
        for name in (*NAMES[:50:7], NAMES[55]):
            alone = await club.page(board, offset=0, limit=0, viewer=name, around=around)
            assert found[name] == (alone.viewer, alone.around)
        assert found["m055"] == (None, ())


async def test_a_viewer_who_is_hidden_has_no_place(
    club: ProgrammeUnderTest, services_without_redis: Services
) -> None:
    await club.services.moderation.set_standing(club.moderator, club.id_of("m040"), Standing.HIDDEN, "shy")

    for services in (club.services, services_without_redis):
        found = await viewers(club, "sum", ["m040", "m041"], Around(1, 1), services)
        assert found["m040"] == (None, ())
        assert found["m041"][0] is not None


async def test_no_viewers_need_no_answer(club: ProgrammeUnderTest) -> None:
    assert await viewers(club, "sum", []) == {}


Ask = Callable[..., Awaitable[BoardPage]]


async def reader(club: ProgrammeUnderTest, board: str) -> Ask:
    """Asks for a board's pages, with the board and its period at hand."""
    definition = (await club.services.programmes.catalogue(club.key)).leaderboards[board]
    period = await club.period(board)

    def ask(limit: int, viewer: str | None = None, around: Around | None = None) -> Awaitable[BoardPage]:
        member_id = club.id_of(viewer) if viewer else None
        return club.services.leaderboards.page(definition, period, 0, limit, member_id, around)

    return ask


async def test_a_page_its_count_and_ranks_asked_at_once_are_one_script(
    club: ProgrammeUnderTest, scripts: list[Sequence[Any]]
) -> None:
    ask = await reader(club, "sum")

    found = await asyncio.gather(
        ask(0), ask(10), ask(10, "m007"), ask(10, "m007", Around(1, 1)), ask(0, "m055")
    )

    assert len(scripts) == 1
    assert {(page.size, page.revision) for page in found} == {(50, found[0].revision)}
    assert [len(page.entries) for page in found] == [0, 10, 10, 10, 0]
    assert found[2].viewer is not None
    assert [page.viewer for page in found] == [None, None, found[2].viewer, found[2].viewer, None]
    assert [len(page.around) for page in found] == [0, 0, 0, 3, 0]


async def test_boards_are_not_mixed_up(club: ProgrammeUnderTest, scripts: list[Sequence[Any]]) -> None:
    asks = [await reader(club, board) for board in ("sum", "daily", "pair", "sum")]

    pages = await asyncio.gather(*(ask(5, "m007") for ask in asks))

    assert len(scripts) == 3
    assert list(pages) == [await ask(5, "m007") for ask in asks]


async def test_who_leaves_takes_nothing_from_who_asked_with_them(club: ProgrammeUnderTest) -> None:
    ask = await reader(club, "sum")
    asks = [asyncio.ensure_future(ask(3)) for _ in range(3)]
    await asyncio.sleep(0)
    asks[0].cancel()

    found = await asyncio.gather(*asks, return_exceptions=True)

    assert isinstance(found[0], asyncio.CancelledError)
    assert isinstance(found[1], BoardPage)
    assert found[1] == found[2]


async def test_what_was_written_before_asking_is_seen(club: ProgrammeUnderTest) -> None:
    async def watch() -> None:
        while True:
            await club.page("sum", limit=1)

    watching = asyncio.create_task(watch())
    try:
        for number in range(20):
            await club.do("play", "m059", v=1)
            own = (await club.page("sum", limit=0, viewer="m059")).viewer
            assert own is not None
            assert own.score == number + 1
    finally:
        watching.cancel()


async def test_lost_periods_are_found_in_one_round_trip(
    club: ProgrammeUnderTest, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    periods = await services.stores.records.periods(club.key)
    await services.rankings.forget(periods[1])
    sent: list[int] = []
    execute_all = services.rankings._redis.execute_all

    async def counted(commands: Sequence[Any], **options: Any) -> Any:
        sent.append(len(commands))
        return await execute_all(commands, **options)

    monkeypatch.setattr(services.rankings._redis, "execute_all", counted)

    assert await services.rankings.missing(periods) == [periods[1]]
    assert sent == [len(periods)]
