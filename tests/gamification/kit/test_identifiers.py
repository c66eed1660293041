"""When an id was made."""

from datetime import UTC, datetime, timedelta

from gamification.kit.identifiers import first_id_at, id_made_at, new_id


def test_a_fresh_id_tells_when_it_was_made() -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    found = new_id()

    assert before <= id_made_at(found) <= datetime.now(UTC)


def test_the_first_id_of_a_time_is_before_all_that_are_made_then() -> None:
    at = datetime(2026, 2, 28, 23, 59, 59, 999_000, tzinfo=UTC)

    assert id_made_at(first_id_at(at)) == at
    assert (
        first_id_at(at) <= first_id_at(at)[:6] + b"\0\0\0\0\0\1" < first_id_at(at + timedelta(milliseconds=1))
    )


def test_before_1970_there_are_none() -> None:
    assert first_id_at(datetime(1960, 1, 1, tzinfo=UTC)) == bytes(12)
