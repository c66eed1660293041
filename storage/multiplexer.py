"""One connection that all commands of a process share: what is sent in one turn of the event loop is one write.

Replies come in the order of the commands, so that a command costs a future in a queue, and neither a connection of its
own nor a wait for its turn. redis-py connects and shakes hands (TLS, unix sockets, AUTH, SELECT); after that its streams
are read and written here. Commands that block, and those that change the connection itself (SUBSCRIBE, MULTI, WATCH,
SELECT), have no place on a shared one.
"""

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import hiredis
from redis._parsers.base import BaseParser
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import (
    ConnectionError,  # noqa: A004 - the driver's name
    InvalidResponse,
    ReadOnlyError,
    RedisError,
    TimeoutError,  # noqa: A004 - the driver's name
)

Argument = bytes | str | int | float

IN_FLIGHT_MAX = 4096
_CHUNK_BYTES = 64 * 1024
_UNSENT_BYTES_MAX = 1024 * 1024
"""What may wait for a server that doesn't read, before callers are made to wait."""
_PAUSE_MIN_S, _PAUSE_MAX_S = 0.05, 1.0
"""After a failed attempt to connect, how long commands fail at once instead of trying again: from, to."""
_INCOMPLETE = object()


class Multiplexer:
    """Sends commands over one connection, opened at the first and again after it was lost.

    - A caller that is cancelled stops waiting; its command may still run, and its reply is dropped.
    - With `in_flight_max` commands unanswered, or too many bytes unsent, callers wait in turn.
    - A server that says nothing for `silence_s` seconds while something is unanswered is taken for lost.
    - What was in flight when the connection was lost fails, for nobody knows whether it ran. Only a command called
      `repeatable` is sent again, once: a read, or a write that changes nothing the second time.
    """

    def __init__(
        self,
        make_connection: Callable[[], AbstractConnection],
        *,
        silence_s: float = 5.0,
        in_flight_max: int = IN_FLIGHT_MAX,
    ) -> None:
        self._make_connection = make_connection
        self._silence_s = silence_s
        self._slots = asyncio.Semaphore(in_flight_max)
        self._line: _Line | None = None
        self._opening: asyncio.Task[_Line] | None = None
        self._failure: tuple[float, Exception] | None = None
        self._pause_s = _PAUSE_MIN_S
        self._closed = False

    async def execute(self, *command: Argument, repeatable: bool = False) -> Any:
        """The server's answer. Raises: the driver's error where the server reports one, ConnectionError, TimeoutError."""
        packed = hiredis.pack_command(command)  # type: ignore[arg-type]
        try:
            return await (await self._send_one(packed))
        except ConnectionLost:
            if not repeatable:
                raise
        return await (await self._send_one(packed))

    async def execute_all(
        self, commands: Iterable[tuple[Argument, ...]], *, repeatable: bool = False
    ) -> list[Any]:
        """The answers to many commands sent together. Raises: the first error there is."""
        commands = list(commands)
        try:
            return await asyncio.gather(*await self._send(commands))
        except ConnectionLost:
            if not repeatable:
                raise
        return await asyncio.gather(*await self._send(commands))

    async def close(self) -> None:
        """Drop the connection; what is in flight fails, and so does every later command."""
        self._closed = True
        if self._opening is not None:
            self._opening.cancel()
            with contextlib.suppress(asyncio.CancelledError, RedisError, OSError):
                await self._opening
        if self._line is not None:
            await self._line.close()

    async def _send(self, commands: Iterable[tuple[Argument, ...]]) -> list["asyncio.Future[Any]"]:
        """Put commands on the line; their answers come in these futures."""
        sent: list[asyncio.Future[Any]] = []
        try:
            for command in commands:
                packed = hiredis.pack_command(command)  # type: ignore[arg-type]
                sent.append(await self._send_one(packed))
        except BaseException:
            for future in sent:
                future.cancel()
            raise
        return sent

    async def _send_one(self, packed: bytes) -> "asyncio.Future[Any]":
        await self._slots.acquire()
        try:
            line = self._line
            while line is None or line.is_crowded:
                line = await self._ready(line)
        except BaseException:
            self._slots.release()
            raise
        # From here on the line gives the slot back, whatever becomes of the command.
        return line.send(packed)

    async def _ready(self, line: "_Line | None") -> "_Line | None":
        """The line once it is open and takes more. Raises: what keeps it from opening."""
        if line is not None:
            with contextlib.suppress(OSError):
                await line.drain()
            return self._line
        if self._closed:
            raise ConnectionError("The connection was closed by its owner.")
        if self._opening is None:
            now = asyncio.get_running_loop().time()
            if self._failure is not None and now < self._failure[0]:
                error = self._failure[1]
                raise ConnectionError(f"Redis could not be reached a moment ago: {error}") from error
            self._opening = asyncio.create_task(self._open(), name="redis-connect")
            self._opening.add_done_callback(self._opened)
        opening = self._opening
        await self._opening_of_all(opening)
        # Who comes between its end and its callback waits for nothing, and would ask for ever without letting that run.
        self._opened(opening)
        return self._line

    async def _opening_of_all(self, opening: "asyncio.Task[_Line]") -> None:
        """Wait with all others who do: the cancellation of one must not take the connection from the rest."""
        try:
            await asyncio.shield(opening)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise ConnectionError("The connection was closed by its owner.") from None

    async def _open(self) -> "_Line":
        connection = self._make_connection()
        try:
            await connection.connect()  # type: ignore[no-untyped-call]
        except BaseException:
            with contextlib.suppress(RedisError, OSError):
                await connection.disconnect(nowait=True)
            raise
        return _Line(connection, self._silence_s, self._slots.release, self._lost)

    def _opened(self, task: "asyncio.Task[_Line]") -> None:
        if self._opening is not task:
            return
        self._opening = None
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self._line = task.result()
            self._failure, self._pause_s = None, _PAUSE_MIN_S
        elif isinstance(error, Exception):
            pause_s = self._pause_s * random.uniform(0.5, 1.0)  # noqa: S311 - so that processes don't knock in step
            self._failure = (asyncio.get_running_loop().time() + pause_s, error)
            self._pause_s = min(self._pause_s * 2, _PAUSE_MAX_S)

    def _lost(self, line: "_Line") -> None:
        if self._line is line:
            self._line = None


class ConnectionLost(ConnectionError):
    """The connection was lost before the answer came: the command may have run or not."""


class _Line:
    """One open connection and the callers that wait on it, in the order of their commands."""

    def __init__(
        self,
        connection: AbstractConnection,
        silence_s: float,
        release: Callable[[], None],
        on_lost: Callable[["_Line"], None],
    ) -> None:
        # The driver has no public name for its streams; tests/storage/test_multiplexer.py tells when that changes.
        reader, writer = connection._reader, connection._writer  # noqa: SLF001
        if reader is None or writer is None:
            raise ConnectionError("The driver opened no streams.")
        self._connection, self._reader, self._writer = connection, reader, writer
        self._silence_s = silence_s
        self._release = release
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._parser = hiredis.Reader(
            protocolError=InvalidResponse, replyError=BaseParser.parse_error, notEnoughData=_INCOMPLETE
        )
        self._unsent: list[bytes] = []
        self._unsent_bytes = 0
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self._heard_at = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self._task = asyncio.create_task(self._run(), name="redis-replies")
        self.is_crowded = False

    def send(self, packed: bytes) -> "asyncio.Future[Any]":
        """Send with all else of this turn of the loop; the answer comes in the future."""
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent.append(packed)
        self._unsent_bytes += len(packed)
        if self._unsent_bytes > _UNSENT_BYTES_MAX:
            self.is_crowded = True
        if not self._waiting:
            self._heard_at = self._loop.time()
        future: asyncio.Future[Any] = self._loop.create_future()
        self._waiting.append(future)
        return future

    async def drain(self) -> None:
        """Wait until the server has taken most of what was sent. Raises: OSError."""
        await asyncio.sleep(0)  # this turn's commands are written first
        await self._writer.drain()
        self._measure()

    async def close(self) -> None:
        """Drop the connection; what is in flight fails."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    def _flush(self) -> None:
        written = b"".join(self._unsent)
        self._unsent.clear()
        self._unsent_bytes = 0
        if self._writer.transport.is_closing():
            return
        self._writer.write(written)
        self._measure()
        if self._watch is None:
            self._watch = self._loop.call_later(self._silence_s, self._look)

    def _measure(self) -> None:
        waiting = self._unsent_bytes + self._writer.transport.get_write_buffer_size()
        self.is_crowded = waiting > _UNSENT_BYTES_MAX

    def _look(self) -> None:
        """Give the server up once it has kept callers waiting in silence for too long."""
        self._watch = None
        if not self._waiting:
            return
        left_s = self._heard_at + self._silence_s - self._loop.time()
        if left_s > 0:
            self._watch = self._loop.call_later(left_s, self._look)
            return
        self._fail(TimeoutError(f"Redis said nothing for {self._silence_s:g} s."))
        self._task.cancel()

    async def _run(self) -> None:
        """Read answers until the connection ends; then tell all who wait."""
        reason: BaseException | str = "the connection was closed"
        try:
            while chunk := await self._reader.read(_CHUNK_BYTES):
                self._heard_at = self._loop.time()
                self._parser.feed(chunk)
                self._answer()
            reason = "the server closed the connection"
        except (OSError, RedisError) as error:
            reason = error
        finally:
            self._fail(ConnectionLost(f"Redis was lost before it answered: {reason}"))
            if self._watch is not None:
                self._watch.cancel()
            self._writer.transport.abort()  # what a server that is gone has not read would never be sent
            with contextlib.suppress(OSError, RedisError):
                await self._connection.disconnect(nowait=True)

    def _answer(self) -> None:
        """Hand on every answer that is whole. Raises: RedisError where what came is none, or the server is no longer the
        primary: a new connection finds the one that is."""
        demoted: ReadOnlyError | None = None
        gets, waiting = self._parser.gets, self._waiting
        while (answer := gets()) is not _INCOMPLETE:
            if type(answer) is hiredis.PushNotification:
                continue
            if not waiting:
                raise InvalidResponse("an answer that nobody asked for")
            future = waiting.popleft()
            self._release()
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
                if isinstance(answer, ReadOnlyError):
                    demoted = answer
            else:
                future.set_result(answer)
        if demoted is not None:
            raise demoted

    def _fail(self, error: Exception) -> None:
        self._on_lost(self)
        while self._waiting:
            future = self._waiting.popleft()
            self._release()
            if not future.done():
                future.set_exception(error)
