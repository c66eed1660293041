"""What the belonging index is measured by must be there, and be able to tell it."""

from typing import Any

import pytest

from gamification.programmes.belonging import belonging_faults
from gamification.programmes.definitions import BelongingIndicator
from gamification.programmes.document import Document

_QUESTIONS = [
    {"key": "nps", "kind": "nps", "name": {"en": "?"}},
    {"key": "happy", "kind": "scale", "name": {"en": "?"}, "least": 1, "most": 5},
    {"key": "knows", "kind": "single", "name": {"en": "?"}, "options": [{"key": "yes"}, {"key": "no"}]},
    {"key": "why", "kind": "text", "name": {"en": "?"}},
]


def faults(**belonging: Any) -> list[str]:
    document = Document.model_validate(
        {
            "programme": {"key": "club", "belonging": belonging},
            "activity_types": [{"key": "read"}],
            "surveys": [{"key": "s", "questions": _QUESTIONS}],
        }
    )
    return [place.removeprefix("programme.belonging.") for place, _ in belonging_faults(document)]


def _asked(question: str, *aware: str, survey: str = "s") -> list[dict[str, Any]]:
    return [{"survey": survey, "question": question, "aware": list(aware)}]


def test_what_tells_its_own_is_taken() -> None:
    assert not faults(
        nps=_asked("nps"),
        satisfaction=_asked("happy"),
        perceived_value=_asked("nps"),
        awareness=[*_asked("knows", "yes"), *_asked("happy")],
        knowledge=["read"],
    )


@pytest.mark.parametrize(
    ("stated", "place"),
    [
        ({"nps": _asked("happy")}, "nps.0"),
        ({"nps": _asked("gone")}, "nps.0"),
        ({"nps": _asked("nps", survey="gone")}, "nps.0"),
        ({"nps": _asked("nps", "yes")}, "nps.0"),
        ({"satisfaction": _asked("why")}, "satisfaction.0"),
        ({"satisfaction": _asked("knows")}, "satisfaction.0"),
        ({"awareness": _asked("knows")}, "awareness.0"),
        ({"awareness": _asked("knows", "maybe")}, "awareness.0"),
        ({"awareness": _asked("why")}, "awareness.0"),
        ({"knowledge": ["write"]}, "knowledge"),
        ({"ladder": "gone"}, "ladder"),
    ],
)
def test_what_does_not_is_a_fault(stated: dict[str, Any], place: str) -> None:
    assert faults(**stated) == [place]


@pytest.mark.parametrize(
    "stated",
    [
        {"weights": {"nps": -1}},
        {"weights": {"happiness": 1}},
        {"weights": {one.value: 0 for one in BelongingIndicator}},
        {"answers": 0},
        {"targets": {"active_days": 32}},
        {"brand": [" "]},
    ],
)
def test_figures_out_of_bounds_are_refused(stated: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="belonging"):
        faults(**stated)
