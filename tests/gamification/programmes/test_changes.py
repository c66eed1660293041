from typing import Any

import pytest

from gamification.kit.errors import ErrorCode, InvalidInput
from gamification.programmes.changes import ChangeKind, merge
from gamification.programmes.definitions import Status
from gamification.programmes.document import Document
from gamification.programmes.parsing import parse


def document(**sections: Any) -> Document:
    return parse({"programme": {"key": "p"}, **sections})


def summary(changes: list[Any]) -> list[tuple[str, str, str, int]]:
    return [(change.section, change.key, change.kind.value, change.version) for change in changes]


def test_the_first_document_adds_everything_as_version_one() -> None:
    merged, changes = merge(None, document(units=[{"key": "points", "version": 9}]))

    assert summary(changes) == [("programme", "p", "added", 1), ("units", "points", "added", 1)]
    assert merged.units[0].version == 1


def test_the_same_again_changes_nothing() -> None:
    first, _ = merge(None, document(units=[{"key": "points"}]))

    again, changes = merge(first, document(units=[{"key": "points"}]))

    assert changes == []
    assert again == first


def test_only_the_definition_that_differs_gets_a_new_version() -> None:
    first, _ = merge(None, document(units=[{"key": "points"}, {"key": "coins"}]))

    merged, changes = merge(first, document(units=[{"key": "points"}, {"key": "coins", "floor": 5}]))

    assert summary(changes) == [("units", "coins", "changed", 2)]
    assert changes[0].fields == ("floor",)
    assert [unit.version for unit in merged.units] == [1, 2]


def test_settings_are_compared_too() -> None:
    first, _ = merge(None, document())

    _, changes = merge(first, parse({"programme": {"key": "p", "locale": "zh", "lateness": "unlimited"}}))

    assert changes[0].fields == ("locale", "lateness")


def test_what_is_no_longer_stated_is_archived_once_and_comes_back_when_stated() -> None:
    first, _ = merge(None, document(badges=[{"key": "b"}]))
    second, archived = merge(first, document())
    third, nothing = merge(second, document())
    fourth, back = merge(third, document(badges=[{"key": "b"}]))

    assert [change.kind for change in archived] == [ChangeKind.ARCHIVED]
    assert second.badges[0].status is Status.ARCHIVED
    assert nothing == []
    assert summary(back) == [("badges", "b", "changed", 3)]
    assert fourth.badges[0].status is Status.PUBLISHED


@pytest.mark.parametrize(
    ("section", "before", "after"),
    [
        ("leaderboards", {"operator": "best"}, {"operator": "set"}),
        ("leaderboards", {"order": "descending"}, {"order": "ascending"}),
        ("leaderboards", {"ties": "shared"}, {"ties": "earliest"}),
        ("leaderboards", {"cycle": "daily"}, {"cycle": "weekly"}),
        ("leaderboards", {}, {"time_zone": "Asia/Shanghai"}),
        ("leaderboards", {}, {"subscore": True}),
        ("tasks", {"goal": 1}, {"goal": 1, "measure": "sum"}),
        ("tasks", {"goal": 1}, {"goal": 1, "cycle": "daily"}),
        ("tasks", {"goal": 1}, {"goal": 1, "zone": "member"}),
        ("badges", {}, {"repeat": "per_key"}),
    ],
)
def test_what_stored_records_were_kept_by_does_not_change(
    section: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    first, _ = merge(None, document(**{section: [{"key": "x", **before}]}))

    with pytest.raises(InvalidInput, match="fixed once made") as refused:
        merge(first, document(**{section: [{"key": "x", **after}]}))

    assert refused.value.path is not None
    assert refused.value.path[:2] == [section, "x"]


def test_archived_definitions_count_towards_the_limit() -> None:
    first, _ = merge(None, document(units=[{"key": f"a{n}"} for n in range(30)]))

    with pytest.raises(InvalidInput) as refused:
        merge(first, document(units=[{"key": f"b{n}"} for n in range(30)]))

    assert (refused.value.code, refused.value.limit) == (ErrorCode.TOO_LARGE, 50)
