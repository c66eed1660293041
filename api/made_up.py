"""A made-up reading club: members of the demo programme, and what they do next."""

import random
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from gamification.activity.model import NewActivity
from gamification.members.model import NewMember

SOURCE = "simulation"
TYPES = ("reading.logged", "book.finished", "review.written", "quiz.finished", "meeting.attended")

_NAMES = (
    ("ada", "Ada", "en", "Europe/London"),
    ("bo", "阿波", "zh", "Asia/Shanghai"),
    ("chiara", "Chiara", "en", "Europe/Rome"),
    ("dao", "小道", "zh", "Asia/Chongqing"),
    ("emil", "Emil", "en", "Europe/Berlin"),
    ("fen", "芬芬", "zh", "Asia/Shanghai"),
    ("grace", "Grace", "en", "America/New_York"),
    ("hui", "慧", "zh", "Asia/Hong_Kong"),
    ("ines", "Inés", "en", "America/Lima"),
    ("jun", "阿俊", "zh", "Asia/Singapore"),
    ("kofi", "Kofi", "en", "Africa/Accra"),
    ("lan", "兰兰", "zh", "Asia/Taipei"),
    ("maya", "Maya", "en", "Asia/Kolkata"),
    ("noor", "Noor", "en", "Asia/Dubai"),
    ("oki", "Oki", "en", "Asia/Tokyo"),
    ("pia", "Pia", "en", "Europe/Helsinki"),
    ("qing", "清", "zh", "Asia/Shanghai"),
    ("rosa", "Rosa", "en", "America/Mexico_City"),
    ("sam", "Sam", "en", "Australia/Sydney"),
    ("ting", "婷婷", "zh", "Asia/Shanghai"),
)
_BOOKS = ("the-lighthouse", "seven-gardens", "salt-roads", "winter-letters", "a-short-map", "moon-over-reeds")
_GENRES = ("fiction", "history", "science", "poetry", "essay")
_PLACES = ("library", "tea-house", "park", "online")


class ReadingClub:
    """Who is in it, and what they do: lively, unevenly so, and the same again for the same `chance`."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        # Some are keener than others, or all would be on the same rank.
        self._keenness = [chance.uniform(0.2, 2.0) ** 2 for _ in _NAMES]
        self._kinds: tuple[tuple[float, str, Callable[[], dict[str, Any]]], ...] = (
            (6, "reading.logged", self._sitting),
            (1, "book.finished", lambda: {"book": self._book(), "genre": chance.choice(_GENRES)}),
            (
                1.5,
                "review.written",
                lambda: {"book": self._book(), "words": int(chance.triangular(10, 900, 120))},
            ),
            (2, "quiz.finished", self._quiz),
            (0.5, "meeting.attended", lambda: {"place": chance.choice(_PLACES)}),
        )

    def members(self) -> list[NewMember]:
        """Everyone in the club."""
        return [
            NewMember(external_id=f"reader-{key}", display_name=name, locale=locale, time_zone=zone)
            for key, name, locale, zone in _NAMES
        ]

    def next_activity(self, now: datetime) -> NewActivity:
        """What somebody does now."""
        key = self._chance.choices(_NAMES, self._keenness)[0][0]
        _, kind, properties = self._chance.choices(self._kinds, [weight for weight, *_ in self._kinds])[0]
        return NewActivity(
            type=kind,
            source=SOURCE,
            source_id=uuid.uuid4().hex,
            member_external_id=f"reader-{key}",
            occurred_at=now,
            properties=properties(),
        )

    def _book(self) -> str:
        return self._chance.choice(_BOOKS)

    def _sitting(self) -> dict[str, Any]:
        pages = int(self._chance.triangular(1, 90, 15))
        return {
            "book": self._book(),
            "pages": pages,
            "minutes": round(pages * self._chance.uniform(1.0, 3.0), 1),
        }

    def _quiz(self) -> dict[str, Any]:
        correct = min(10, int(self._chance.triangular(2, 11, 9)))
        return {"correct": correct, "seconds": round(self._chance.uniform(35, 240), 2)}
