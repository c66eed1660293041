import dataclasses
import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamification.kit.causes import Cause
from gamification.ledger.chain import GENESIS, Break, canonical, first_break, hash_of
from gamification.ledger.model import (
    Account,
    Clockwork,
    Limit,
    LimitKind,
    Lot,
    Posting,
    Totals,
    Transfer,
    TransferKind,
    new_account,
)
from gamification.ledger.posting import post
from gamification.ledger.repository import transfer_document, transfer_from

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def history(*amounts: int) -> tuple[Account, list[Transfer]]:
    account, transfers = new_account("p", b"m", "points"), list[Transfer]()
    for number, amount in enumerate(amounts):
        kind = TransferKind.EARNED if amount > 0 else TransferKind.SPENT
        posting = Posting(bytes([number]), amount, kind, NOON + timedelta(hours=number), Cause(reason="r"))
        account, transfer = post(account, posting, 0, Clockwork(NOON, number))
        assert transfer is not None
        transfers.append(transfer)
    return account, transfers


def changed(transfers: list[Transfer], entry: int, **fields: Any) -> list[Transfer]:
    return [dataclasses.replace(t, **fields) if t.entry == entry else t for t in transfers]


def test_each_entry_holds_the_hash_of_the_one_before_it() -> None:
    account, transfers = history(5, 6, -3)

    assert [t.previous for t in transfers] == [GENESIS, hash_of(transfers[0]), hash_of(transfers[1])]
    assert account.head == hash_of(transfers[2])
    assert first_break(account, transfers) is None


def test_the_hashed_bytes_are_the_documented_ones() -> None:
    transfer = Transfer(
        id=b"\x01\x02",
        programme_id="club",
        account_id=b"\xaa",
        member_id=b"\xbb",
        unit="points",
        amount=-7,
        balance_after=3,
        kind=TransferKind.REVERSED,
        occurred_at=datetime(2026, 11, 20, 12, 0, 0, 1999, tzinfo=UTC),
        recorded_at=datetime(2026, 11, 20, 12, tzinfo=UTC),
        entry=2,
        sequence=9,
        ordinal=0,
        cause=Cause(activity_id=b"\xcc", reason='"退款"\n'),
        limited_by=(Limit(LimitKind.FLOOR, 4),),
        lots=(Lot(None, 7),),
        reverses=b"\xdd",
        totals=Totals(1, 2, 3),
        previous=GENESIS,
    )
    zeros = "0" * 64
    stated = (
        '{"account":"aa","amount":-7,"balance_after":3,"cause":{"activity_id":"cc","reason":"\\"退款\\"\\n"},'
        '"entry":2,"id":"0102","kind":"reversed","limited_by":[{"kind":"floor","shortfall":4}],'
        '"lots":[{"amount":7,"expires_at":null}],"member":"bb","occurred_at":1795176000001,"ordinal":0,'
        f'"previous":"{zeros}","programme":"club","recorded_at":1795176000000,"reverses":"dd","sequence":9,'
        '"totals":{"expired":2,"lifetime":3,"spent":1},"unit":"points"}'
    )

    assert canonical(transfer).decode() == stated
    assert hash_of(transfer) == hashlib.sha256(stated.encode()).digest()
    assert json.loads(canonical(transfer)) == json.loads(stated)


def test_every_field_of_an_entry_is_hashed() -> None:
    _, (transfer,) = history(5)
    others: dict[str, Any] = {
        "kind": TransferKind.ADJUSTED,
        "cause": Cause(reason="another"),
        "limited_by": (Limit(LimitKind.FLOOR, 1),),
        "lots": (Lot(NOON, 5),),
        "totals": Totals(0, 0, 6),
        "caps": (b"cap",),
    }
    for field in dataclasses.fields(transfer):
        value = getattr(transfer, field.name)
        if field.name in others:
            other = others[field.name]
        elif isinstance(value, datetime) or field.name == "expires_at":
            other = NOON + timedelta(milliseconds=1)
        elif isinstance(value, int):
            other = value + 1
        else:
            other = b"other" if isinstance(value, bytes) or value is None else "other"
        assert hash_of(dataclasses.replace(transfer, **{field.name: other})) != hash_of(transfer), field.name


def test_storing_an_entry_keeps_its_hash() -> None:
    account, transfers = history(5, -3)

    stored = [transfer_from(transfer_document(transfer)) for transfer in transfers]

    assert first_break(account, stored) is None


def test_a_changed_amount_breaks_the_chain_at_the_next_entry() -> None:
    account, transfers = history(5, 6, 7, 8)

    broken = first_break(account, changed(transfers, 2, amount=60))

    assert broken == Break(3, "it does not hold the hash of entry 2 as that is stored now")


def test_a_change_of_the_newest_entry_is_seen_by_the_account() -> None:
    account, transfers = history(5, 6)

    assert first_break(account, changed(transfers, 2, amount=60)) == Break(
        2, "its hash is not the one that the account holds"
    )


@pytest.mark.parametrize("entry", [1, 2, 3, 4])
def test_a_removed_entry_is_named(entry: int) -> None:
    account, transfers = history(5, 6, 7, 8)

    broken = first_break(account, [t for t in transfers if t.entry != entry])

    assert broken is not None
    assert broken.entry == entry
    assert "missing" in broken.reason


def test_a_removed_entry_is_found_where_the_others_were_numbered_anew() -> None:
    account, transfers = history(5, 6, 7, 8)
    rest = [dataclasses.replace(t, entry=t.entry - (t.entry > 2)) for t in transfers if t.entry != 2]

    broken = first_break(dataclasses.replace(account, entries=3), rest)

    assert broken is not None
    assert broken.entry == 2


def test_swapped_entries_break_the_chain_where_they_are() -> None:
    account, transfers = history(5, 6, 7, 8)
    one, two, three, four = transfers

    swapped = [one, dataclasses.replace(three, entry=2), dataclasses.replace(two, entry=3), four]

    broken = first_break(account, swapped)
    assert broken is not None
    assert broken.entry == 2


def test_hashes_that_were_taken_out_break_the_chain() -> None:
    account, transfers = history(5, 6, 7, 8)

    without_the_first = first_break(account, changed(transfers, 1, previous=None))
    without_one = first_break(account, changed(transfers, 3, previous=None))

    assert without_the_first is not None
    assert without_the_first.entry == 2
    assert without_one == Break(3, "it holds no hash, though the chain had begun")


def test_a_chain_begins_at_the_first_entry_that_has_one() -> None:
    _, transfers = history(5, 6)
    old = [dataclasses.replace(t, previous=None, totals=None) for t in transfers]
    account = Account(
        old[0].account_id, "p", b"m", "points", 11, lifetime=11, entries=2, lots=(Lot(None, 11),)
    )
    assert first_break(account, old) is None

    posting = Posting(b"new", 3, TransferKind.EARNED, NOON, Cause())
    account, new = post(account, posting, 0, Clockwork(NOON, 3))
    assert new is not None

    assert new.previous == GENESIS
    assert first_break(account, [*old, new]) is None
    broken = first_break(account, [*old, dataclasses.replace(new, amount=4)])
    assert broken is not None
    assert broken.entry == 3


@given(st.lists(st.integers(1, 9), min_size=1, max_size=12), st.data())
def test_whatever_is_changed_afterwards_is_found(amounts: list[int], data: st.DataObject) -> None:
    account, transfers = history(*amounts)
    entry = data.draw(st.integers(1, len(transfers)))
    field, value = data.draw(
        st.sampled_from(
            [("amount", 99), ("recorded_at", NOON + timedelta(days=1)), ("cause", Cause(reason="other"))]
        )
    )

    broken = first_break(account, changed(transfers, entry, **{field: value}))

    assert broken is not None
    assert broken.entry in (entry, entry + 1)


def test_the_documents_example_is_what_it_says() -> None:
    text = (Path(__file__).parents[3] / "docs" / "ledger-chain.md").read_text()
    form = text.partition("```json\n")[2].partition("\n```")[0]
    stated = text.partition("in hexadecimal: `")[2].partition("`")[0]
    cause = Cause(activity_id=b"a" * 16, rule="visits", rule_version=1, programme_version=3)
    posting = Posting(b"t" * 16, 5, TransferKind.EARNED, NOON, cause)

    account, transfer = post(new_account("p", b"m" * 12, "points"), posting, 0, Clockwork(NOON, 1))

    assert transfer is not None
    assert canonical(transfer).decode() == form
    assert account.head == bytes.fromhex(stated)
