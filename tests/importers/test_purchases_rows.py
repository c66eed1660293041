"""The translation of the purchase file, on small files made up here; the last test reads the real one."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gamification.activity.model import NewActivity
from gamification.importers.model import SourceUnreadable
from gamification.importers.purchases import PurchaseFile

REAL = Path(__file__).parents[2] / "../shared/data/cdnow/CDNOW_master.txt"

HEADER = " customer_id  date number_of_cds  dollar_value\r\n"


def purchases(tmp_path: Path, *lines: str, header: str = HEADER) -> PurchaseFile:
    file = tmp_path / "purchases.txt"
    file.write_bytes((header + "".join(f"{line}\r\n" for line in lines)).encode())
    return PurchaseFile(file)


def test_a_line_is_a_purchase_at_noon_of_its_day(tmp_path: Path) -> None:
    assert list(purchases(tmp_path, " 00001 19970101  2   11.77").activities()) == [
        NewActivity(
            type="purchase.completed",
            source="cdnow",
            source_id="line:2",
            member_external_id="00001",
            occurred_at=datetime(1997, 1, 1, 12, tzinfo=UTC),
            subject=None,
            properties={"amount": 11.77, "quantity": 2},
        )
    ]


def test_purchases_come_by_time_and_then_line(tmp_path: Path) -> None:
    file = purchases(
        tmp_path, "2 19970301 1 1.00", "2 19970101 1 2.00", "1 19970301 1 3.00", "1 19970101 1 4.00"
    )
    activities = file.activities()
    assert len(activities) == 4
    assert [activity.source_id for activity in activities] == ["line:3", "line:5", "line:2", "line:4"]


def test_members_join_at_their_first_purchase(tmp_path: Path) -> None:
    file = purchases(tmp_path, "00002 19970301 1 1.00", "00001 19970201 1 1.00", "00002 19970101 1 1.00")
    assert [(member.external_id, member.joined_at.date().isoformat()) for member in file.members()] == [
        ("00001", "1997-02-01"),
        ("00002", "1997-01-01"),
    ]


def test_two_purchases_on_a_day_stay_two(tmp_path: Path) -> None:
    file = purchases(tmp_path, "1 19970101 1 5.00", "1 19970101 1 5.00")
    assert [activity.source_id for activity in file.activities()] == ["line:2", "line:3"]


@pytest.mark.parametrize(
    "line",
    [
        "1 19970101 1",
        "1 19970101 1 2.00 more",
        "x 19970101 1 2.00",
        "1 19970231 1 2.00",
        "1 1997011 1 2.00",
        "1 19970101 one 2.00",
        "1 19970101 -1 2.00",
        "1 19970101 1 -2.00",
        "1 19970101 1 nan",
        "1 19970101 1 inf",
    ],
)
def test_malformed_line_is_counted_and_keeps_its_number(tmp_path: Path, line: str) -> None:
    file = purchases(tmp_path, line, "", "1 19970101 1 2.00")
    assert [activity.source_id for activity in file.activities()] == ["line:4"]
    assert file.report.as_dict() == {
        "read": {"purchases.txt": 2},
        "skipped": {"purchases.txt": {"malformed": 1}},
    }


@pytest.mark.parametrize("header", ["", "00001 19970101 1 11.77\r\n", "customer date\r\n"])
def test_file_without_the_header_is_refused(tmp_path: Path, header: str) -> None:
    with pytest.raises(SourceUnreadable, match="header"):
        purchases(tmp_path, "1 19970101 1 2.00", header=header).activities()


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadable, match=r"gone\.txt"):
        PurchaseFile(tmp_path / "gone.txt").activities()


def test_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "purchases.txt"
    file.write_bytes(HEADER.encode() + b"\xff\xfe\x00")
    with pytest.raises(SourceUnreadable, match="ASCII"):
        PurchaseFile(file).activities()


@pytest.mark.skipif(not REAL.is_file(), reason="../shared/data/cdnow is not here")
def test_real_file_is_read_whole() -> None:
    file = PurchaseFile(REAL)
    activities = file.activities()
    assert len(activities) == 69_659
    assert not file.report.skipped
    assert sum(1 for _ in file.members()) == 23_570
    amounts = [activity.properties["amount"] for activity in activities]
    assert sum(int(amount) for amount in amounts) == 2_453_159
