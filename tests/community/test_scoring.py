"""What reports weigh, when the same is reported again, and the figures of moderation: pure."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.moderation.model import (
    Case,
    CaseKind,
    CaseState,
    Decided,
    Decision,
    Record,
    Report,
    Source,
)
from community.moderation.scoring import BY_TRUST, may_reopen, score_of, weight_of
from community.moderation.statistics import statistics_of
from community.oversight.model import Subject, SubjectKind
from gamification.kit.records import evolve
from gamification.programmes.definitions import ModerationSettings

NOW = datetime(2026, 5, 1, tzinfo=UTC)
REPORT = Report(b"r", "club", b"c", 1, b"m", b"a", "spam", None, NOW, 0, 1.0)
CASE = Case(
    b"c",
    "club",
    CaseKind.CONTENT,
    Subject(SubjectKind.POST, b"p"),
    b"a",
    "square",
    CaseState.OPEN,
    1,
    1,
    NOW,
    (Source.REPORT,),
)
SETTINGS = ModerationSettings()
counts = st.integers(0, 50)


@given(trust=st.integers(0, 4), agreed=counts, disagreed=counts, severity=st.floats(0.1, 5))
def test_a_report_weighs_more_the_more_often_its_author_was_right(
    trust: int, agreed: int, disagreed: int, severity: float
) -> None:
    weight = weight_of(trust, Record(agreed, disagreed), severity)

    assert 0 < weight < 2 * BY_TRUST[trust] * severity
    assert weight < weight_of(trust, Record(agreed + 1, disagreed), severity)
    assert weight > weight_of(trust, Record(agreed, disagreed + 1), severity)


def test_who_never_reported_weighs_what_their_trust_does() -> None:
    assert [weight_of(trust, Record(), 1.0) for trust in range(5)] == list(BY_TRUST)


@given(number=st.integers(1, 500), weight=st.floats(0.01, 4))
def test_however_many_new_accounts_report_they_hide_nothing(number: int, weight: float) -> None:
    brigade = [evolve(REPORT, weight=weight)] * number

    assert score_of(brigade, 3.0) <= 1.5 < 3.0
    assert score_of([*brigade, evolve(REPORT, trust=3, weight=3.0)], 3.0) >= 3.0


@pytest.mark.parametrize(
    ("version", "later", "may"),
    [(4, timedelta(), False), (5, timedelta(), True), (4, timedelta(days=7), True)],
)
def test_the_same_is_reported_again_once_it_changed_or_after_a_while(
    version: int, later: timedelta, may: bool
) -> None:
    decided = evolve(
        CASE,
        state=CaseState.DECIDED,
        decided=Decided(Decision.KEEP, NOW, "moderator:kim", None),
        content_version=4,
    )
    assert may_reopen(decided, version, NOW + later, SETTINGS) is may


def test_figures_are_by_the_nearest_rank_and_of_what_was_judged() -> None:
    def decided(minutes: int, decision: Decision, kind: CaseKind = CaseKind.CONTENT) -> Case:
        at = NOW + timedelta(minutes=minutes)
        return evolve(
            CASE,
            kind=kind,
            state=CaseState.DECIDED,
            reports=1 if kind is CaseKind.CONTENT else 0,
            acted_at=at,
            decided=Decided(decision, at, "moderator:kim", None),
        )

    cases = [
        CASE,
        *(decided(minutes, Decision.REMOVE) for minutes in range(1, 9)),
        decided(9, Decision.KEEP),
        decided(10, Decision.OVERTURN, CaseKind.APPEAL),
        decided(11, Decision.UPHOLD, CaseKind.APPEAL),
        decided(12, Decision.IGNORE),
    ]
    waiting = [NOW - age for age in (timedelta(minutes=60), timedelta(hours=2), timedelta(days=8))]

    found = statistics_of(cases, waiting, NOW)

    assert (found.opened, found.decided, found.judged, found.agreed) == (13, 12, 9, 8)
    assert (found.first_action_median_s, found.first_action_p90_s) == (360, 660)
    assert (found.appeals, found.overturned, found.backlog) == (2, 1, (1, 1, 0, 1))
    assert statistics_of([], [], NOW).first_action_median_s is None
