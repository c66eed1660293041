"""Board pages that many ask for: the same bytes, never stale in this process, never anybody else's."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from api.bootstrap import Backend
from api.graphql.pages import ANSWERED, PAGE_BYTES_MAX, REQUEST_BYTES_MAX, Page, Pages
from community import services as wiring
from gamification.kit.actors import Actor, Role
from resolvers.audience import Audience, scope_of
from tests.api.conftest import MakeClient, MakeToken
from tests.conftest import MakeProgramme
from tests.resolvers.harness import CLUB
from tests.support import ProgrammeUnderTest

BOARD = """query Page($key: String!) { leaderboard(key: $key) { key period { key size entries(first: 10) {
    nodes { rank score member { displayName } } } } } }"""
NAMED = '{ leaderboard(key: "total") { name period { size } } }'
OWN = '{ leaderboard(key: "total") { key } me { displayName } }'


def answered() -> float:
    return ANSWERED._value.get()  # type: ignore[no-any-return]


class Reader:
    def __init__(self, client: httpx.AsyncClient, token: MakeToken, club: ProgrammeUnderTest) -> None:
        self.client, self.token, self.club = client, token, club

    async def __call__(
        self, text: str = BOARD, role: Role = Role.MEMBER, who: str = "ann", **variables: Any
    ) -> httpx.Response:
        stated = {"key": "total"} if text == BOARD else {}
        return await self.client.post(
            "/graphql",
            json={"query": text, "variables": {**stated, **variables}},
            headers={"authorization": f"Bearer {self.token(role, who, self.club.key)}"},
        )


@pytest.fixture
async def heard(backend: Backend) -> AsyncIterator[Backend]:
    """A backend of its own that hears of changes."""
    services = wiring.build(backend.mongo, backend.redis, members_fresh_s=1.0)
    await services.doorbells.start()
    await asyncio.wait_for(services.doorbells.connected.wait(), 10)
    yield Backend(backend.mongo, backend.redis, services)
    await services.doorbells.stop()


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    club = await programme(CLUB)
    await club.join("ann", display_name="Ann")
    await club.join("bob", display_name="Bob", locale="zh")
    await club.record(club.activity("visit", "ann"))
    return club


@pytest.fixture
async def read(make_client: MakeClient, heard: Backend, token: MakeToken, club: ProgrammeUnderTest) -> Reader:
    reader = Reader(await make_client(over=heard), token, club)
    for _ in range(200):  # until the board is ready in Redis
        page = await reader()
        if page.json()["data"]["leaderboard"]["period"]["size"]:
            break
        await asyncio.sleep(0.02)
    return reader


async def test_the_same_request_is_answered_with_the_same_bytes(read: Reader) -> None:
    first = await read()
    before = answered()
    again, by_another = await read(), await read(who="bob")
    assert answered() == before + 2
    assert again.content == by_another.content == first.content
    assert again.headers["content-type"] == first.headers["content-type"]
    assert (
        first.json()["data"]["leaderboard"]["period"]["entries"]["nodes"][0]["member"]["displayName"] == "Ann"
    )


async def test_the_media_type_is_each_callers(read: Reader) -> None:
    await read()
    read.client.headers["accept"] = "application/graphql-response+json"
    before = answered()
    assert (await read()).headers["content-type"].startswith("application/graphql-response+json")
    assert answered() == before + 1


async def test_a_change_made_by_this_process_shows_at_once(read: Reader, heard: Backend) -> None:
    for visits in range(1, 6):
        page = (await read()).json()["data"]["leaderboard"]["period"]["entries"]["nodes"]
        await heard.services.recording.record(read.club.service, [read.club.activity("visit", "bob")])
        after = (await read()).json()["data"]["leaderboard"]["period"]["entries"]["nodes"]
        assert after != page
        bob = next(node for node in after if node["member"]["displayName"] == "Bob")
        assert bob["score"] == 5 * visits


async def test_a_change_made_by_another_process_shows_soon(read: Reader) -> None:
    page = (await read()).content
    await read.club.record(read.club.activity("visit", "bob"))
    for _ in range(300):
        if (await read()).content != page:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the page stayed as it was")


async def test_what_is_the_callers_own_is_never_kept(read: Reader) -> None:
    before = answered()
    for who, name in (("ann", "Ann"), ("bob", "Bob"), ("ann", "Ann")):
        assert (await read(OWN, who=who)).json()["data"]["me"] == {"displayName": name}
    assert answered() == before


async def test_names_are_kept_by_locale(read: Reader) -> None:
    for _ in range(2):
        for who, role in (("ann", Role.MEMBER), ("bob", Role.MEMBER), ("desk", Role.MODERATOR)):
            assert (await read(NAMED, role, who)).json()["data"]["leaderboard"]["name"] == "All time"


async def test_other_variables_are_another_page(read: Reader) -> None:
    await read()
    assert (await read(key="nope")).json()["data"]["leaderboard"] is None
    assert (await read(key="total")).json()["data"]["leaderboard"]["key"] == "total"


async def test_another_programme_has_other_pages(
    read: Reader, programme: MakeProgramme, token: MakeToken
) -> None:
    await read()
    other = await programme(CLUB)
    await other.join("ann", display_name="Other Ann")
    page = await Reader(read.client, token, other)()
    assert page.json()["data"]["leaderboard"]["period"]["entries"]["nodes"] == []


async def test_a_caller_without_a_token_gets_none(read: Reader) -> None:
    await read()
    refused = await read.client.post("/graphql", json={"query": BOARD, "variables": {"key": "total"}})
    assert refused.json()["data"] == {"leaderboard": None}
    assert refused.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_nothing_is_kept_while_changes_are_not_heard(
    make_client: MakeClient, backend: Backend, token: MakeToken, club: ProgrammeUnderTest
) -> None:
    deaf = Backend(backend.mongo, backend.redis, wiring.build(backend.mongo, backend.redis))
    read = Reader(await make_client(over=deaf), token, club)
    before = answered()
    for _ in range(3):
        await read()
    assert answered() == before


async def test_a_long_request_is_not_looked_for(read: Reader) -> None:
    before = answered()
    for _ in range(2):
        assert (await read(pad="x" * REQUEST_BYTES_MAX)).json()["data"]["leaderboard"]
    assert answered() == before


async def test_it_can_be_turned_off(
    make_client: MakeClient, heard: Backend, token: MakeToken, club: ProgrammeUnderTest
) -> None:
    read = Reader(await make_client(over=heard, page_cache=False), token, club)
    before = answered()
    for _ in range(3):
        await read()
    assert answered() == before


def test_one_caller_renews_a_page_and_the_others_get_it_meanwhile() -> None:
    now, stands = [100.0], [True]
    changes = SimpleNamespace(are_heard=True, stand=lambda _marks: stands[0])
    members = SimpleNamespace(held_me=lambda _actor: None)
    services: Any = SimpleNamespace(board_changes=changes, members=members)
    pages, actor = Pages(clock=lambda: now[0]), Actor("p", "ann", Role.MEMBER)
    key = ("POST", sha256(b"asked").digest(), Audience.PROGRAMME, scope_of(Audience.PROGRAMME, actor, None))

    def find() -> bytes | None:
        page = pages.find(services, actor, "POST", b"asked")
        return page.body if page else None

    pages.put(key, Page(b"old", 1, 101.0, ()))
    assert find() == b"old"
    now[0] = 101.5
    assert [find() for _ in range(3)] == [None, b"old", b"old"]
    pages.put(key, Page(b"new", 1, 102.5, ()))
    assert [find() for _ in range(3)] == [b"new"] * 3
    now[0] = 103.0
    assert find() is None
    now[0] = 104.0  # whoever was to renew it never came back
    assert [find(), find()] == [None, None]
    now[0], stands[0] = 102.0, False
    assert find() is None


def test_pages_take_so_many_bytes_at_most() -> None:
    pages = Pages(bytes_max=1000)
    for number in range(100):
        pages.put((number,), Page(b"x" * 100, 1, 1.0, ()))
    assert len(pages._pages) == 10
    assert (99,) in pages._pages
    pages.put(("large",), Page(b"x" * (PAGE_BYTES_MAX + 1), 1, 1.0, ()))
    assert ("large",) not in pages._pages
