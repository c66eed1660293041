import uuid
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.mongo import Collection, Mongo
from storage.paging import Page, Window, find_page
from tests.support import on_servers

ORDER = [("rank", -1), ("_id", 1)]


@pytest.fixture(scope="module")
async def rows(mongo: Mongo) -> AsyncIterator[Collection]:
    """Twenty rows, some of equal rank, and some that a query leaves out."""
    collection = mongo.collection(f"rows_{uuid.uuid4().hex}")
    await collection.insert_many([{"_id": n, "rank": n % 4, "mine": True} for n in range(20)])
    await collection.insert_many([{"_id": n, "rank": 2, "mine": False} for n in range(20, 25)])
    yield collection
    await collection.drop()


EXPECTED = sorted(range(20), key=lambda n: (-(n % 4), n))


async def page(rows: Collection, window: Window) -> Page[dict[str, object]]:
    return await find_page(rows, {"mine": True}, ORDER, window)


@given(size=st.integers(1, 25))
@on_servers(10)
async def test_pages_forward_give_every_row_once(rows: Collection, size: int) -> None:
    found: list[object] = []
    after = None
    while True:
        part = await page(rows, Window(size, after=after))
        found += [row["_id"] for row in part.rows]
        assert part.has_previous == (after is not None)
        if not part.has_next:
            break
        after = part.positions[-1]

    assert found == EXPECTED


@given(size=st.integers(1, 25))
@on_servers(10)
async def test_pages_backward_give_every_row_once_in_the_lists_order(rows: Collection, size: int) -> None:
    found: list[object] = []
    before = None
    while True:
        part = await page(rows, Window(size, before=before, backward=True))
        found = [row["_id"] for row in part.rows] + found
        assert part.has_next == (before is not None)
        if not part.has_previous:
            break
        before = part.positions[0]

    assert found == EXPECTED


async def test_a_window_between_two_positions(rows: Collection) -> None:
    everything = await page(rows, Window(25))

    part = await page(rows, Window(25, after=everything.positions[3], before=everything.positions[8]))

    assert [row["_id"] for row in part.rows] == EXPECTED[4:8]
