"""A response's head waits for its body, never for long."""

import asyncio

import pytest

from api.one_write import OneWrite

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"


class Recording(asyncio.Transport):
    """A transport that keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[bytes | str] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.told.append(bytes(data))

    def close(self) -> None:
        self.told.append("close")

    def abort(self) -> None:
        self.told.append("abort")


@pytest.fixture
async def under() -> Recording:
    return Recording()


@pytest.fixture
async def transport(under: Recording) -> OneWrite:
    return OneWrite(under, asyncio.get_running_loop())


async def test_head_and_body_are_one_write(transport: OneWrite, under: Recording) -> None:
    transport.write(HEAD)
    transport.write(b"ok")
    transport.write(b"more")
    await asyncio.sleep(0)

    assert under.told == [HEAD + b"ok", b"more"]


async def test_a_head_without_a_body_goes_out_within_the_turn(transport: OneWrite, under: Recording) -> None:
    transport.write(HEAD)
    assert under.told == []

    await asyncio.sleep(0)

    assert under.told == [HEAD]
    transport.write(b"a part of a stream")
    assert under.told == [HEAD, b"a part of a stream"]


async def test_closing_sends_the_head_first_and_aborting_forgets_it(
    transport: OneWrite, under: Recording
) -> None:
    transport.write(HEAD)
    transport.close()
    transport.write(HEAD)
    transport.abort()
    await asyncio.sleep(0)

    assert under.told == [HEAD, "close", "abort"]
