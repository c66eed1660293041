"""What a transaction leaves for those who follow it at leisure: the daily figures of members, and whoever tells of it.

Written to the backlog in the same transaction; whoever consumes it reads what is so by then, and not what was.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Fate(StrEnum):
    """What became of an activity: it was recorded, taken back, or a part of it was refunded."""

    RECORDED = "recorded"
    REVERSED = "reversed"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True)
class Fated:
    """An activity, by id, and what became of it; `member_id` and `occurred_at` are where it counts."""

    activity_id: bytes
    member_id: bytes
    occurred_at: datetime
    fate: Fate


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a campaign tells members, in words of its own by locale. `key` is of the announcement: of the same key each member is told
    once, however often and in however many parts it is left. `channels`: `in_app`, `email`, `push`, those at most."""

    key: str
    campaign: str
    member_ids: tuple[bytes, ...]
    title: Mapping[str, str]
    body: Mapping[str, str]
    channels: tuple[str, ...] = ("in_app", "email", "push")


@dataclass(slots=True)
class Followup:
    """What one transaction did, by ids. `feeds`: by member, the numbers of the first and last message that they were told;
    `moved`: members all of whose activity has become another's, by the other's id; `news`: what else somebody may be told of,
    as (what, id), in the words of whoever builds upon this domain; `profiles`: members who joined or whose profile changed;
    `touched`: those of whom something else did that they may not be told of, as their account, a tier, or that they were erased;
    `announcements`: what campaigns tell."""

    activities: list[Fated] = field(default_factory=list)
    feeds: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    moved: dict[bytes, bytes] = field(default_factory=dict)
    news: list[tuple[str, bytes]] = field(default_factory=list)
    profiles: list[bytes] = field(default_factory=list)
    touched: list[bytes] = field(default_factory=list)
    announcements: list[Announcement] = field(default_factory=list)

    def note(self, fate: Fate, activity_id: bytes, member_id: bytes, occurred_at: datetime) -> None:
        """An activity was recorded or changed."""
        self.activities.append(Fated(activity_id, member_id, occurred_at, fate))

    @property
    def is_empty(self) -> bool:
        """Whether nobody has anything to do."""
        return not (
            self.activities
            or self.feeds
            or self.moved
            or self.news
            or self.profiles
            or self.touched
            or self.announcements
        )

    def body(self) -> dict[str, Any]:
        """As it is kept in the backlog."""
        return {
            "activities": [
                [one.activity_id, one.member_id, one.occurred_at, one.fate.value] for one in self.activities
            ],
            "feeds": [[member_id, first, last] for member_id, (first, last) in self.feeds.items()],
            "moved": [[before, after] for before, after in self.moved.items()],
            "news": [[what, found] for what, found in self.news],
            "profiles": list(self.profiles),
            "touched": list(self.touched),
            "announcements": [
                [
                    one.key,
                    one.campaign,
                    list(one.member_ids),
                    dict(one.title),
                    dict(one.body),
                    list(one.channels),
                ]
                for one in self.announcements
            ],
        }


def followup_of(body: Mapping[str, Any]) -> Followup:
    """What `body` made, read again."""
    return Followup(
        [Fated(one[0], one[1], one[2], Fate(one[3])) for one in body["activities"]],
        {member_id: (first, last) for member_id, first, last in body["feeds"]},
        dict(_pairs(body["moved"])),
        [(what, found) for what, found in body["news"]],
        list(body["profiles"]),
        list(body.get("touched", ())),
        [
            Announcement(key, campaign, tuple(members), title, text, tuple(channels))
            for key, campaign, members, title, text, channels in body.get("announcements", ())
        ],
    )


def _pairs(stated: Iterable[Any]) -> Iterable[tuple[bytes, bytes]]:
    return ((before, after) for before, after in stated)
