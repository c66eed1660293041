"""uvicorn's WebSocket protocol, opened where frames that are ready can go straight to the transport.

The application finds it as an extension of the scope. On any other server it finds none, and sends by ASGI.
"""

from collections.abc import Callable
from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

EXTENSION = "starguild.frames"
_GIVE_UP_S = 2.0
"""How long a client that does not read has to take the close frame, before the connection is broken off."""


class FrameProtocol(WebSocketsSansIOProtocol):
    """Only whole frames are written, by this class and by its base alike, so they never mix; and none after a close
    frame was sent or received, or the connection was lost."""

    on_pause: Callable[[], None] | None = None
    on_resume: Callable[[], None] | None = None

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):  # not where the handshake was refused
            cast("dict[str, Any]", self.scope["extensions"])[EXTENSION] = self

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.on_pause is not None:
            self.on_pause()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.on_resume is not None:
            self.on_resume()

    def connection_lost(self, exc: Exception | None) -> None:
        self.on_pause = self.on_resume = None
        super().connection_lost(exc)

    @property
    def is_writable(self) -> bool:
        """Whether the client keeps up."""
        return self.writable.is_set()

    def push(self, frame: bytes) -> bool:
        """Write a whole frame; False where the socket is not open any more."""
        if self.close_sent or not self.handshake_complete or self.transport.is_closing():
            return False
        self.transport.write(frame)
        return True

    def give_up(self, code: int, reason: str) -> None:
        """Close a socket whose client does not read: it may not even take the close frame."""
        if self.close_sent or self.transport.is_closing():
            return
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(_GIVE_UP_S, self.transport.abort)
