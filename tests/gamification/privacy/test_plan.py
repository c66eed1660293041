"""The plan of erasing: complete, and pure parts of it."""

from datetime import UTC, datetime

import pytest

from community.services import INDEXES, Services
from gamification.kit.causes import Cause
from gamification.ledger.chain import GENESIS, first_break, hash_of
from gamification.ledger.model import Clockwork, Posting, TransferKind, new_account
from gamification.ledger.posting import post
from gamification.members.model import Identity, Member, Standing
from gamification.privacy.closing import sealed
from gamification.privacy.exporting import exported
from gamification.privacy.model import new_pseudonym, tombstone
from gamification.privacy.plan import PLAN, Emptied, Own, kept_properties
from gamification.privacy.sections import SOURCES, ExportSection
from gamification.privacy.service import STEPS
from storage import idempotency, outbox
from storage.mongo import Mongo

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_every_collection_says_what_erasing_does_to_it() -> None:
    named = {name for part in [*INDEXES, idempotency.INDEXES, outbox.INDEXES] for name in part}

    assert set(PLAN) == named | {"sequences"}


async def test_the_database_has_no_collection_that_the_plan_does_not_know(mongo: Mongo) -> None:
    found = await mongo.collection("members").database.list_collection_names()

    assert {name for name in found if not name.startswith("system.")} <= set(PLAN)


def test_every_step_that_the_plan_names_is_there_and_done(services: Services) -> None:
    named = {one.step for one in PLAN.values() if isinstance(one, Own | Emptied) and one.step}

    assert named - {"tombstone"} <= set(services.erasures.steps)
    assert set(services.erasures.steps) - named == {"documents"}
    # What settling tells the member is deleted after it.
    assert list(STEPS)[-1] == "feed"
    # What comes back is there to expire.
    assert list(STEPS).index("accounts") > max(
        list(STEPS).index(name) for name in ("redemptions", "holds", "referrals", "pending")
    )


def test_every_section_of_an_export_is_of_a_collection_that_is_kept_of_members() -> None:
    assert set(SOURCES) == set(ExportSection)
    assert {source.collection for source in SOURCES.values()} <= set(PLAN)


@pytest.mark.parametrize(
    ("stated", "kept"),
    [
        ({"amount": 3, "price": 1.5, "gift": True}, {"amount": 3, "price": 1.5, "gift": True}),
        ({"name": "Ann", "note": None, "lines": [{"price": 1}], "to": {"phone": 49}}, {}),
        ({}, {}),
    ],
)
def test_of_properties_amounts_and_truth_values_stay(
    stated: dict[str, object], kept: dict[str, object]
) -> None:
    assert kept_properties(stated) == kept


def test_a_tombstone_keeps_the_id_and_when_they_joined_and_nothing_else() -> None:
    member = Member(
        id=b"m" * 12,
        programme_id="club",
        external_id="ann",
        display_name="Ann",
        joined_at=NOW,
        locale="de",
        time_zone="Europe/Berlin",
        avatar_url="https://pictures.example/ann",
        attributes={"birthday": "1990-01-01"},
        identities=(Identity("shop", "ann@example.org"),),
        alias=b"a" * 12,
        pseudonym="Ghost",
        standing_reason="none",
    )

    stone = tombstone(member, new_pseudonym(), NOW)

    assert (stone.id, stone.joined_at, stone.standing, stone.erased_at) == (
        member.id,
        NOW,
        Standing.BANNED,
        NOW,
    )
    assert not stone.is_listed
    assert "ann" not in repr(stone).lower().replace("banned", "")
    assert (stone.attributes, stone.identities, stone.alias, stone.pseudonym) == ({}, (), None, None)
    assert new_pseudonym() != new_pseudonym()


def test_a_sealed_transfer_keeps_the_chain_and_nobodys_words() -> None:
    account, transfers = new_account("club", b"m" * 12, "points"), []
    for number in range(3):
        cause = Cause(actor="member:ann", reason="for Ann", rule="r")
        posting = Posting(bytes([number]) * 16, 5, TransferKind.ADJUSTED, NOW, cause)
        account, transfer = post(account, posting, 0, Clockwork(NOW, number))
        assert transfer is not None
        transfers.append(transfer)
    assert transfers[0].previous == GENESIS

    kept = [sealed(transfers[0], "member:ann"), transfers[1], sealed(transfers[2], "member:bob")]

    assert first_break(account, kept) is None
    assert [hash_of(one) for one in kept] == [hash_of(one) for one in transfers]
    assert kept[0].cause == Cause(rule="r")
    assert kept[2].cause == Cause(rule="r", actor="member:ann")
    assert sealed(kept[0], "member:ann") == kept[0]
    assert first_break(account, [*kept[:2]]) is not None


def test_exported_records_name_no_staff_and_leave_out_what_is_not_listed() -> None:
    row = {
        "_id": b"\x01",
        "made_at": NOW,
        "cause": {"actor": "operator:ops", "rule_version": 2, "reason": "thanks"},
        "steps": [{"actor": "member:ann", "at": NOW}],
        "properties": {"some_name": 1, "actor": "stays"},
        "flags": ["velocity"],
        "ended_at": None,
    }

    assert exported(row, ("made_at", "cause", "steps", "properties", "ended_at"), "ann") == {
        "madeAt": NOW.isoformat(),
        "cause": {"ruleVersion": 2, "reason": "thanks"},
        "steps": [{"actor": "member:ann", "at": NOW.isoformat()}],
        "properties": {"some_name": 1, "actor": "stays"},
    }
