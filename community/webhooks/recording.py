"""Turns what was settled into events: the consumer `webhooks` of the backlog."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import structlog

from community.oversight.repository import StatementRepository
from community.webhooks.endpoints import EndpointRepository
from community.webhooks.events import EventLog, event_of
from community.webhooks.facts import Facts, activity_facts, facts_of, read_named
from community.webhooks.model import Event
from community.webhooks.shapes import IdOf, rendered
from community.webhooks.types import FATES, FEED, PROFILE, TYPES
from gamification.activity.repository import ActivityRepository
from gamification.kit.identifiers import derived_id
from gamification.members.feed import NumberedMessage
from gamification.settlement.followup import Fated, followup_of
from gamification.settlement.unit import Stores
from storage.backlog import Chore

CONSUMER = "webhooks"
log = structlog.get_logger()


class EventRecording:
    """Logs what happened in programmes that have an endpoint, and wakes those who send."""

    def __init__(
        self,
        stores: Stores,
        activities: ActivityRepository,
        statements: StatementRepository,
        endpoints: EndpointRepository,
        events: EventLog,
        id_of: IdOf,
        now: Callable[[], datetime],
    ) -> None:
        self._stores = stores
        self._activities = activities
        self._statements = statements
        self._endpoints = endpoints
        self._events = events
        self._id_of = id_of
        self._now = now

    async def follow(self, chores: Sequence[Chore]) -> None:
        """Log what these tell; again is the same as once."""
        by_programme: defaultdict[str, list[Chore]] = defaultdict(list)
        for chore in chores:
            by_programme[chore.programme_id].append(chore)
        for programme_id in sorted(await self._endpoints.listening(sorted(by_programme))):
            found = sorted(by_programme[programme_id], key=lambda chore: chore.created_at)
            events = await self._events_of(programme_id, found)
            if events:
                await self._events.append(programme_id, events)
                # Even where all were logged before: whoever logged them may have died before this.
                await self._endpoints.wake(programme_id, self._now())

    async def _events_of(self, programme_id: str, chores: Sequence[Chore]) -> list[Event]:
        followups = [(chore, followup_of(chore.body)) for chore in chores]
        fated = [one for _, followup in followups for one in followup.activities]
        known = await self._activities.by_ids(programme_id, {one.activity_id for one in fated})
        ends = [
            (member_id, last) for _, followup in followups for member_id, (_, last) in followup.feeds.items()
        ]
        told = await self._stores.feed.by_ends(ends)
        if len(told) < len(set(ends)):
            log.warning("webhooks.forgotten", programme=programme_id, feeds=len(set(ends)) - len(told))
        named = await read_named(self._stores, self._statements, programme_id, _all(told.values()))
        events: list[Event] = []
        for chore, followup in followups:
            for one in followup.activities:
                if (activity := known.get(one.activity_id)) is not None:
                    data = rendered(TYPES[FATES[one.fate]].fields, activity_facts(activity), self._id_of)
                    events.append(self._of_fate(chore, one, data))
            events += [self._of_profile(chore, member_id) for member_id in dict.fromkeys(followup.profiles)]
            for member_id, (_, last) in followup.feeds.items():
                for message in told.get((member_id, last), ()):
                    facts = facts_of(member_id, message, named)
                    if facts is not None:
                        events.append(self._of_message(programme_id, member_id, message, facts))
        return events

    def _of_fate(self, chore: Chore, one: Fated, data: Facts) -> Event:
        found = derived_id("webhook event", chore.id, one.activity_id, one.fate.value)
        return event_of(
            found, chore.programme_id, FATES[one.fate], chore.created_at, self._now(), one.member_id, data
        )

    def _of_profile(self, chore: Chore, member_id: bytes) -> Event:
        found = derived_id("webhook event", chore.id, member_id, PROFILE)
        return event_of(found, chore.programme_id, PROFILE, chore.created_at, self._now(), member_id, {})

    def _of_message(
        self, programme_id: str, member_id: bytes, message: NumberedMessage, facts: Facts
    ) -> Event:
        name = FEED[message.kind]
        data = {"sequence": message.number, **rendered(TYPES[name].fields, facts, self._id_of)}
        found = derived_id("webhook event", member_id, message.number)
        return event_of(found, programme_id, name, message.at, self._now(), member_id, data)


def _all(told: Iterable[Sequence[NumberedMessage]]) -> Iterable[NumberedMessage]:
    return (message for messages in told for message in messages)
