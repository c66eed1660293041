from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from gamification.kit.records import evolve
from gamification.ledger.model import Lot, new_account
from gamification.ledger.policies import expiry_of, pending_until, renewal_of, restored
from gamification.programmes.definitions import Unit


def unit(**stated: Any) -> Unit:
    return Unit.model_validate({"key": "points", **stated})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expiry", "earned", "lapses"),
    [
        ({"after": "P1M"}, "2027-01-31T12:00", "2027-03-01T00:00"),
        ({"after": "P1M"}, "2028-01-31T12:00", "2028-03-01T00:00"),
        ({"after": "P1M", "round": "month"}, "2027-01-15T12:00", "2027-03-01T00:00"),
        ({"after": "P1Y", "round": "year"}, "2026-03-01T00:00", "2028-01-01T00:00"),
        ({"after": "P1D"}, "2026-12-31T23:59", "2027-01-02T00:00"),
        ({"dates": ["06-30", "12-31"]}, "2026-06-30T23:59", "2026-07-01T00:00"),
        ({"dates": ["06-30", "12-31"]}, "2026-07-01T00:00", "2027-01-01T00:00"),
        ({"idle": "P6M"}, "2026-08-31T12:00", "2027-03-01T00:00"),
    ],
)
def test_points_lapse_when_their_unit_says(expiry: dict[str, Any], earned: str, lapses: str) -> None:
    assert expiry_of(unit(expiry=expiry), at(earned), "UTC") == at(lapses)


def test_the_end_of_a_day_is_the_programmes() -> None:
    assert expiry_of(unit(expiry={"after": "P1D"}), at("2026-11-20T17:00"), "Asia/Shanghai") == at(
        "2026-11-22T16:00"
    )


def test_a_day_of_one_year_lapses_nothing_after_it() -> None:
    assert expiry_of(unit(expiry={"dates": ["2026-06-30"]}), at("2026-07-02T00:00"), "UTC") is None


def test_only_inactivity_renews() -> None:
    assert renewal_of(unit(expiry={"after": "P1M"}), at("2026-01-01T00:00"), "UTC") is None
    assert renewal_of(unit(expiry={"idle": "P1M"}), at("2026-01-01T00:00"), "UTC") == at("2026-02-02T00:00")


@pytest.mark.parametrize(
    ("pending", "until"),
    [
        ({"after": "PT36H"}, "2026-11-21T22:00"),
        ({"after": "P14D"}, "2026-12-04T10:00"),
        ({"dates": ["12-24"]}, "2026-12-24T00:00"),
        ({"on": ["sent"], "within": "P30D"}, "2026-12-20T10:00"),
    ],
)
def test_points_wait_until_their_unit_says(pending: dict[str, Any], until: str) -> None:
    assert pending_until(unit(pending=pending), at("2026-11-20T10:00"), "UTC") == at(until)


def test_what_comes_back_keeps_its_expiry_or_gets_the_grace() -> None:
    lots = (Lot(at("2026-01-01T00:00"), 2), Lot(at("2027-01-01T00:00"), 3), Lot(None, 4))
    account, now = new_account("p", b"m", "points"), at("2026-06-01T12:00")

    assert restored(unit(), account, lots, now, "UTC") == lots
    assert restored(unit(grace="P7D"), account, lots, now, "UTC") == (
        Lot(at("2026-06-09T00:00"), 2),
        *lots[1:],
    )


def test_where_points_lapse_together_what_comes_back_joins_them() -> None:
    present = Lot(at("2026-09-01T00:00"), 1)
    account = evolve(new_account("p", b"m", "points"), lots=(present,), active=1)
    old = (Lot(at("2026-07-01T00:00"), 5),)

    assert restored(unit(expiry={"idle": "P1M"}), account, old, at("2026-08-01T00:00"), "UTC") == (
        Lot(present.expires_at, 5),
    )


@pytest.mark.parametrize(
    "stated",
    [
        {"expiry": {}},
        {"expiry": {"after": "P1Y", "idle": "P1Y"}},
        {"expiry": {"after": "soon"}},
        {"expiry": {"dates": ["06-31"]}},
        {"expiry": {"after": "P1Y"}, "expires_after": "P30D"},
        {"pending": {}},
        {"pending": {"on": ["sent"]}},
        {"pending": {"after": "P1D", "within": "P2D"}},
        {"pending": {"after": "P1D", "when": "true"}},
        {"grace": "P0D"},
        {"caps": [{"amount": 0}]},
        {"caps": [{"amount": 5, "per": "transaction", "cycle": "daily"}]},
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(stated: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        unit(**stated)


def test_older_files_go_on_working() -> None:
    old = unit(expires_after="P30D", floor=1)

    assert expiry_of(old, at("2026-11-01T12:00"), "UTC") == at("2026-12-02T00:00")
    assert old.spending_floor == 1
    assert unit(floor=-50).spending_floor == 0
