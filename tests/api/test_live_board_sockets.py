"""A board over real sockets: shared frames where the server takes them, plain messages elsewhere."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, cast

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from api.graphql.live.frames import text_frame
from api.graphql.live.limits import SocketLimits
from api.graphql.live.protocol import FrameProtocol
from api.graphql.live.socket import Socket
from api.graphql.live.socket_operation import SocketOperation
from gamification.kit.actors import Actor, Role
from gamification.members.model import Standing
from resolvers.live import feeds
from resolvers.live.seats import Payload, Watch
from tests.conftest import MakeProgramme
from tests.resolvers.harness import CLUB
from tests.support import ProgrammeUnderTest

MakeServer = Callable[..., Any]
MakeToken = Callable[..., str]
PROTOCOL = Subprotocol("graphql-transport-ws")
BOARD = 'subscription { leaderboardUpdated(key: "total", first: 2) { revision entries { score member { displayName } } } }'
MINE = (
    'subscription { leaderboardUpdated(key: "total", first: 1) { entries { score } viewer { rank score } } }'
)


@pytest.fixture(params=["frames", "plain"])
async def address(make_server: MakeServer, request: pytest.FixtureRequest) -> str:
    own = {} if request.param == "frames" else {"ws": "websockets-sansio"}
    found: str = await make_server(**own)
    return found


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    made = await programme(CLUB)
    await made.join("ann", display_name="Ann")
    await made.join("bob", display_name="Bób")
    return made


class Watching:
    """A socket with one subscription."""

    def __init__(self, socket: ClientConnection, name: str) -> None:
        self.socket = socket
        self.name = name
        self.told: list[dict[str, Any]] = []

    async def next(self) -> dict[str, Any]:
        text = await asyncio.wait_for(self.socket.recv(), 10)
        assert isinstance(text, str)
        message: dict[str, Any] = json.loads(text)
        return message

    async def until(self, found: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while True:
            message = await self.next()
            assert (message["type"], message["id"]) == ("next", self.name), message
            update: dict[str, Any] = message["payload"]["data"]["leaderboardUpdated"]
            self.told.append(update)
            if found(update):
                return update


async def watch(address: str, made: str, query: str, name: str) -> Watching:
    socket = await connect(address, subprotocols=[PROTOCOL])
    await socket.send(json.dumps({"type": "connection_init", "payload": {"token": made}}))
    assert json.loads(await socket.recv()) == {"type": "connection_ack"}
    await socket.send(json.dumps({"id": name, "type": "subscribe", "payload": {"query": query}}))
    return Watching(socket, name)


async def test_everyone_is_told_the_newest_state(
    address: str, club: ProgrammeUnderTest, token: MakeToken
) -> None:
    subjects = ["ann", "bob", "stranger"] * 5
    watching = [
        await watch(address, token(Role.MEMBER, subject, club.key), BOARD, f"id-{number}" * (1 + number))
        for number, subject in enumerate(subjects)
    ]
    try:
        for number in range(6):
            await club.do("buy", "bob", amount=1 + number)
            await asyncio.sleep(0.1)
        for one in watching:
            update = await one.until(lambda update: [e["score"] for e in update["entries"]] == [21])
            assert update["entries"][0]["member"] == {"displayName": "Bób"}
            revisions = [update["revision"] for update in one.told]
            assert revisions == sorted(set(revisions))
        assert len({one.told[-1]["revision"] for one in watching}) == 1
    finally:
        for one in watching:
            await one.socket.close()


async def test_each_viewer_is_told_their_own_place(
    address: str, club: ProgrammeUnderTest, token: MakeToken
) -> None:
    await club.do("buy", "ann", amount=9)
    await club.do("buy", "bob", amount=5)
    ann = await watch(address, token(Role.MEMBER, "ann", club.key), MINE, "1")
    bob = await watch(address, token(Role.MEMBER, "bob", club.key), MINE, "1")
    staff = await watch(address, token(Role.MODERATOR, "mod", club.key), MINE, "1")
    assert (await ann.until(lambda _: True))["viewer"] == {"rank": 1, "score": 9}
    assert (await bob.until(lambda _: True))["viewer"] == {"rank": 2, "score": 5}
    assert (await staff.until(lambda _: True))["viewer"] is None
    await club.do("buy", "bob", amount=5)
    assert (await bob.until(lambda update: update["viewer"]["rank"] == 1))["entries"] == [{"score": 10}]
    assert (await ann.until(lambda update: update["viewer"]["rank"] == 2))["entries"] == [{"score": 10}]
    for one in (ann, bob, staff):
        await one.socket.close()


async def test_what_is_completed_by_the_client_says_nothing_more(
    address: str, club: ProgrammeUnderTest, token: MakeToken
) -> None:
    one = await watch(address, token(Role.MEMBER, "ann", club.key), BOARD, "1")
    await one.until(lambda _: True)
    await one.socket.send(json.dumps({"id": "1", "type": "complete"}))
    await one.socket.send(json.dumps({"type": "ping"}))
    assert await one.next() == {"type": "pong"}
    await club.do("visit", "ann")
    await asyncio.sleep(0.5)
    # The id is free again, and the first that comes is of the new subscription: the present state.
    await one.socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": BOARD}}))
    assert (await one.until(lambda _: True))["entries"] == [{"score": 5, "member": {"displayName": "Ann"}}]
    await one.socket.close()


async def test_a_refused_board_is_an_error_and_the_socket_stays(
    address: str, club: ProgrammeUnderTest, token: MakeToken
) -> None:
    one = await watch(address, token(Role.MEMBER, "ann", club.key), BOARD.replace("total", "nope"), "1")
    message = await one.next()
    assert (message["type"], message["id"]) == ("error", "1")
    assert message["payload"][0]["extensions"] == {"code": "NOT_FOUND", "field": "key"}
    await one.socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": BOARD}}))
    assert (await one.until(lambda _: True))["entries"] == []
    await one.socket.close()


async def test_a_banned_viewer_gets_an_error(
    address: str, club: ProgrammeUnderTest, token: MakeToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "RECHECK_S", 0.2)
    one = await watch(address, token(Role.MEMBER, "bob", club.key), BOARD, "1")
    await one.until(lambda _: True)
    await club.services.moderation.set_standing(club.moderator, club.id_of("bob"), Standing.BANNED, "r")
    while (message := await one.next())["type"] == "next":
        pass
    assert (message["type"], message["id"]) == ("error", "1")
    assert message["payload"][0]["extensions"]["code"] == "FORBIDDEN"
    await one.socket.close()


class Wire:
    """Stands for a connection whose client reads, or does not."""

    def __init__(self) -> None:
        self.is_writable = True
        self.written: list[bytes] = []
        self.on_pause = self.on_resume = None

    def push(self, frame: bytes) -> bool:
        self.written.append(frame)
        return True


async def test_a_client_that_catches_up_is_told_the_newest_state_alone() -> None:
    wire = Wire()
    limits = SocketLimits(5, 100, 20, 100, 30, 20)
    serving = cast("Any", type("Serving", (), {"limits": limits}))

    async def unused(*_: Any) -> Any:
        raise AssertionError

    socket = Socket(serving, cast("Any", None), "r", None, None, unused, unused, cast("FrameProtocol", wire))
    operations = [SocketOperation(socket, name) for name in ("a", "b")]
    for operation in operations:
        operation.seated(Watch(Actor("p", "ann", Role.MEMBER), None, "total", 1, 0))
        socket._operations[operation.name] = operation
    states = [Payload(str(number).encode()) for number in range(5)]
    operations[0].offer(states[0])
    wire.is_writable = False
    for state in states[1:4]:
        operations[0].offer(state)
    operations[1].offer(states[2])
    assert len(wire.written) == 1
    wire.is_writable = True
    socket._on_resume()
    assert wire.written[1:] == [
        text_frame(b'{"id":"a","type":"next","payload":3}'),
        text_frame(b'{"id":"b","type":"next","payload":2}'),
    ]
    socket._on_resume()
    assert len(wire.written) == 3
