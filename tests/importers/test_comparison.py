from pathlib import Path

import pytest

from gamification.importers.comparison import Published, compare, read_published
from gamification.importers.model import SourceUnreadable

PUBLISHED = Published(
    names={"1": "Ada", "2": "Grace", "3": "Edsger", "4": "Alan"},
    reputation={"1": 11, "2": 116, "3": 60, "4": 101},
    awards={("1", "student"): 1, ("2", "student"): 1, ("1", "nice_answer"): 3, ("3", "nice_answer"): 1},
)


def test_badges_are_compared_by_how_many_each_member_holds() -> None:
    computed = {
        ("1", "student"): 1,
        ("1", "nice_answer"): 2,
        ("2", "nice_answer"): 1,
        ("3", "nice_answer"): 2,
    }
    badges = {found.badge: found for found in compare({}, computed, PUBLISHED).badges}
    student, nice = badges["student"], badges["nice_answer"]
    assert (student.published, student.awarded, student.true_positives) == (2, 1, 1)
    assert (student.precision, student.recall) == (1.0, 0.5)
    assert (nice.published, nice.awarded, nice.true_positives) == (4, 5, 3)
    assert (nice.precision, nice.recall) == (0.6, 0.75)


def test_a_badge_of_nobody_has_neither_precision_nor_recall() -> None:
    teacher = next(found for found in compare({}, {}, PUBLISHED).badges if found.badge == "teacher")
    assert (teacher.precision, teacher.recall) == (None, None)


def test_reputation_agrees_exactly_or_but_for_the_bonus() -> None:
    earned = compare({"1": 11, "2": 16, "3": 50, "4": 1}, {}, PUBLISHED).earned
    assert (earned.members, earned.equal, earned.equal_but_for_bonus) == (3, 1, 1)
    assert earned.share == pytest.approx(2 / 3)


def test_being_above_the_published_by_the_bonus_is_no_agreement() -> None:
    earned = compare({"1": 111}, {}, PUBLISHED).earned
    assert (earned.equal, earned.equal_but_for_bonus, earned.share) == (0, 0, 0.0)


def test_members_are_chosen_in_three_ways() -> None:
    found = compare({"1": 11, "2": 16, "3": 1, "4": 1}, {}, PUBLISHED)
    assert [found.earned.members, found.published_earned.members, found.everyone.members] == [2, 3, 4]
    assert found.everyone.share == 0.75


def test_nobody_earned_leaves_no_share() -> None:
    assert compare({}, {}, PUBLISHED).earned.share is None


def test_member_unknown_to_the_site_counts_as_disagreement() -> None:
    earned = compare({"99": 11}, {}, PUBLISHED).earned
    assert (earned.members, earned.share) == (1, 0.0)


def test_top_ten_stand_side_by_side() -> None:
    top = compare({"3": 50, "1": 11, "10": 11}, {}, PUBLISHED).top
    computed = [(ours.rank, ours.name, ours.reputation) for ours, _ in top if ours]
    published = [(theirs.rank, theirs.name) for _, theirs in top if theirs]
    assert computed == [(1, "Edsger", 50), (2, "Ada", 11), (3, "10", 11)]
    assert published == [(1, "Grace"), (2, "Alan"), (3, "Edsger"), (4, "Ada")]
    assert top[3][0] is None


def test_top_stops_at_ten() -> None:
    assert len(compare({str(n): n for n in range(30)}, {}, PUBLISHED).top) == 10


def test_published_figures_are_read_from_users_and_badges(tmp_path: Path) -> None:
    (tmp_path / "Users.xml").write_text(
        '<users><row Id="-1" Reputation="1" DisplayName="C" /><row Id="7" Reputation="42" DisplayName="Ada" /></users>'
    )
    (tmp_path / "Badges.xml").write_text(
        '<badges><row UserId="7" Name="Nice Answer" /><row UserId="7" Name="Nice Answer" />'
        '<row UserId="7" Name="Fanatic" /></badges>'
    )
    assert read_published(tmp_path) == Published({"7": "Ada"}, {"7": 42}, {("7", "nice_answer"): 2})


def test_published_figures_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    (tmp_path / "Users.xml").write_text('<users><row Id="7" DisplayName="Ada" /></users>')
    with pytest.raises(SourceUnreadable, match="no Reputation"):
        read_published(tmp_path)
