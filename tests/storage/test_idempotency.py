import asyncio
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from storage.idempotency import Claim, IdempotencyKeys, KeyReused, claim
from storage.mongo import Mongo, Tx

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def fresh(
    payload: dict[str, Any] | None = None, *, key: str | None = None, operation: str = "spend"
) -> Claim:
    return claim("p", "ann", key or uuid.uuid4().hex, operation, payload or {"amount": 1})


async def run(mongo: Mongo, claimed: Claim, result: dict[str, Any]) -> dict[str, Any]:
    keys = IdempotencyKeys(mongo)

    async def body(tx: Tx) -> dict[str, Any]:
        stored = await keys.stored(claimed, tx)
        if stored is not None:
            return stored
        await keys.store(claimed, result, NOW, tx)
        return result

    return await mongo.transaction(body)


async def test_the_same_claim_gives_what_it_gave_before(mongo: Mongo) -> None:
    claimed = fresh()

    assert await run(mongo, claimed, {"n": 1}) == {"n": 1}
    assert await run(mongo, claimed, {"n": 2}) == {"n": 1}


@pytest.mark.parametrize("other", [{"payload": {"amount": 2}}, {"operation": "adjust"}])
async def test_a_key_is_not_used_for_something_else(mongo: Mongo, other: dict[str, Any]) -> None:
    key = uuid.uuid4().hex
    await run(mongo, fresh(key=key), {"n": 1})

    with pytest.raises(KeyReused):
        await run(mongo, fresh(key=key, **other), {"n": 2})


async def test_callers_and_programmes_have_keys_of_their_own(mongo: Mongo) -> None:
    key = uuid.uuid4().hex
    for number, (programme, caller) in enumerate([("p", "ann"), ("p", "bob"), ("q", "ann")]):
        claimed = claim(programme, caller, key, "spend", {})

        assert await run(mongo, claimed, {"n": number}) == {"n": number}


async def test_of_twins_at_once_one_works_and_the_others_find_its_result(mongo: Mongo) -> None:
    claimed = fresh()

    results = await asyncio.gather(*(run(mongo, claimed, {"n": n}) for n in range(10)))

    assert len({result["n"] for result in results}) == 1


def test_the_order_of_an_inputs_fields_does_not_matter() -> None:
    one = claim("p", "ann", "k", "spend", {"a": 1, "b": b"x"})
    other = claim("p", "ann", "k", "spend", {"b": b"x", "a": 1})

    assert one == other
