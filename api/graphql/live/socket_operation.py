"""One operation of a socket: a task while it runs, a plain record once it is seated."""

import asyncio
import contextlib
from typing import TYPE_CHECKING

from graphql import GraphQLError

from api.graphql.live import messages
from api.graphql.live.operations import refusal
from resolvers.live.seats import Payload, Seat, Watch

if TYPE_CHECKING:
    from api.graphql.live.socket import Socket


class SocketOperation(Seat):
    """One operation of a socket, running or seated."""

    __slots__ = ("_is_seated", "_socket", "name", "pending", "prefix", "task")

    def __init__(self, socket: "Socket", name: str) -> None:
        self.name = name
        self.prefix = messages.next_prefix(name)
        self.pending: Payload | None = None
        self.task: asyncio.Task[None] | None = None
        self._socket = socket
        self._is_seated = False

    # -- as a sink

    async def next(self, payload: bytes) -> None:
        await self._socket.write(self.prefix + payload + b"}")

    async def error(self, errors: list[GraphQLError]) -> None:
        if self._socket.forget(self):
            await self._socket.write(messages.error(self.name, errors))

    async def complete(self) -> None:
        if self._socket.forget(self):
            await self._socket.write(messages.complete(self.name))

    def seated(self, watch: Watch) -> Seat:
        super().__init__(watch)
        self._is_seated = True
        return self

    # -- as a seat

    def offer(self, payload: Payload) -> None:
        self._socket.offer(self, payload)

    def refuse(self, error: Exception) -> None:
        self.pending = None
        self._socket.spawn(self._refuse(error))

    async def _refuse(self, error: Exception) -> None:
        with contextlib.suppress(OSError):  # the client went away
            await self.error(refusal(error, self._socket.request_id))

    # -- its end

    def stop(self) -> None:
        """Send nothing more."""
        self.pending = None
        if self.task is not None:
            self.task.cancel()
        if self._is_seated:
            self._is_seated = False
            self._socket.unseat(self)
