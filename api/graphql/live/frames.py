"""WebSocket frames made by hand: whole, unmasked text, as a server sends it. Source: RFC 6455, section 5.2."""

from resolvers.live.seats import Payload

_FINAL_TEXT = 0x81
_SHORT_MAX = 125
_MEDIUM_MAX = 0xFFFF


def frame_head(length: int) -> bytes:
    """The head of a frame whose text has so many bytes."""
    if length <= _SHORT_MAX:
        return bytes((_FINAL_TEXT, length))
    if length <= _MEDIUM_MAX:
        return bytes((_FINAL_TEXT, 126)) + length.to_bytes(2, "big")
    return bytes((_FINAL_TEXT, 127)) + length.to_bytes(8, "big")


def text_frame(text: bytes) -> bytes:
    """A frame of this text."""
    return frame_head(len(text)) + text


def next_frame(prefix: bytes, payload: Payload) -> bytes:
    """The frame of a `next` message: what is the subscriber's own, then what all share."""
    tail = payload.tail
    length = len(prefix) + len(tail)
    head = payload.heads.get(length)
    if head is None:
        head = payload.heads[length] = frame_head(length)
    return head + prefix + tail
