"""What tests hold in their hands: a clock that can be set, and a programme with everyone who acts in it."""

import itertools
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import Phase, settings

from community.services import Services
from gamification.activity.model import Activity, ActivityOutcome, ActivityStatus, NewActivity
from gamification.badges.model import BadgeAward
from gamification.kit.actors import Actor, Role
from gamification.leaderboards.model import BoardPage, BoardPeriod
from gamification.leaderboards.service import Around
from gamification.ledger.model import Account, Transfer, account_id
from gamification.members.model import Member, NewMember
from gamification.programmes.service import Applied
from gamification.services import utc_now
from gamification.tasks.model import Progress, progress_id
from storage.paging import Window

SOURCE = "tests"
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "repeatable")

BEGIN = os.environ.get("TESTS_BEGIN_AT")
"""The UTC time that tests shall believe it is when they begin, as ISO 8601; without it the real one. The last hour of a
year, say, finds tests that only hold in the middle of a month."""
_SHIFT = datetime.fromisoformat(BEGIN).replace(tzinfo=UTC) - utc_now() if BEGIN else timedelta()


def on_servers(examples: int) -> settings:
    """Settings of a property test on the servers: so many examples, twenty times as many in the profile `search`.
    None is shrunk, as finding a smaller one takes minutes."""
    return settings(
        max_examples=examples * 20 if PROFILE == "search" else examples,
        phases=(Phase.explicit, Phase.generate),
    )


class Clock:
    """The clock of all services of a test: it runs, from `BEGIN` if that is told, until `now` is set or advanced."""

    def __init__(self) -> None:
        self._fixed: datetime | None = None

    def __call__(self) -> datetime:
        return self._fixed or utc_now() + _SHIFT

    @property
    def now(self) -> datetime:
        return self()

    @now.setter
    def now(self, at: datetime) -> None:
        self._fixed = at.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        """Stop at that much later than now."""
        self._fixed = self() + by

    def run(self) -> None:
        """Run again."""
        self._fixed = None


class ProgrammeUnderTest:
    """A programme of its own, with actors of every role and short ways to act and to look."""

    def __init__(self, key: str, services: Services, clock: Clock) -> None:
        self.key = key
        self.services = services
        self.clock = clock
        self.operator = Actor(key, "ops", Role.OPERATOR)
        self.moderator = Actor(key, "mod", Role.MODERATOR)
        self.service = Actor(key, "backend", Role.SERVICE)
        self.members: dict[str, Member] = {}
        self._numbers = itertools.count(1)

    async def catch_up(self, consumer: str | None = None) -> None:
        """Let those who follow what was settled do their part, of this programme."""
        for following in self.services.followings:
            if consumer in (None, following.consumer):
                await following.run_due(self.key)

    # -- acting

    async def apply(self, document: dict[str, Any], **settings: Any) -> Applied:
        """Apply a document; its `programme:` part is made here, with `settings` in it."""
        stated = {**document.get("programme", {}), **settings, "key": self.key}
        return await self.services.programmes.apply(self.operator, {**document, "programme": stated})

    async def join(self, external_id: str, **fields: Any) -> Member:
        """Let a member join; the fields are those of `NewMember`."""
        member, _ = await self.services.members.join(self.service, NewMember(external_id, **fields))
        self.members[external_id] = member
        return member

    async def join_all(self, *external_ids: str) -> list[Member]:
        """Let many join at once."""
        joined = await self.services.members.ensure(self.service, [NewMember(name) for name in external_ids])
        self.members |= {member.external_id: member for member in joined}
        return joined

    def member_actor(self, external_id: str) -> Actor:
        """A member's own token."""
        return Actor(self.key, external_id, Role.MEMBER)

    def activity(
        self,
        kind: str,
        member: str,
        *,
        at: datetime | None = None,
        subject: str | None = None,
        source_id: str | None = None,
        **properties: Any,
    ) -> NewActivity:
        """An activity with a source id of its own that happens now, unless stated otherwise."""
        return NewActivity(
            kind,
            SOURCE,
            source_id or f"a{next(self._numbers)}",
            member,
            at or self.clock.now,
            subject,
            properties,
        )

    async def record(self, *activities: NewActivity, historic: bool = False) -> list[ActivityOutcome]:
        """Record a batch as a service."""
        return await self.services.recording.record(self.service, activities, historic=historic)

    async def do(self, kind: str, member: str, **stated: Any) -> Activity:
        """Record one activity, which must be taken; see `activity` for what can be stated."""
        (outcome,) = await self.record(self.activity(kind, member, **stated))
        assert outcome.status is ActivityStatus.RECORDED, outcome.error
        assert outcome.activity is not None
        return outcome.activity

    async def reverse(self, activity: Activity, reason: str | None = None) -> bool:
        """Reverse an activity; whether it had been reversed before."""
        _, before = await self.services.reversal.reverse(
            self.service, activity.source, activity.source_id, reason
        )
        return before

    # -- looking

    def id_of(self, member: str) -> bytes:
        """The id of a member who joined through this object."""
        return self.members[member].id

    async def account(self, member: str, unit: str) -> Account | None:
        """The account as stored; None before its first transfer."""
        wanted = account_id(self.key, self.id_of(member), unit)
        return (await self.services.stores.ledger.accounts([wanted])).get(wanted)

    async def balance(self, member: str, unit: str) -> int:
        """The active balance."""
        account = await self.account(member, unit)
        return account.active if account else 0

    async def transfers(self, member: str, unit: str | None = None) -> list[Transfer]:
        """All transfers of a member, oldest first."""
        page = await self.services.ledger.page(
            self.service, self.members[member], unit, Window(1000, backward=True)
        )
        return page.rows[::-1]

    async def progress(self, member: str, task: str, period: str = "all") -> Progress | None:
        """Progress in a task's period; None where nothing was counted."""
        wanted = progress_id(self.key, self.id_of(member), task, period)
        return (await self.services.stores.progress.by_ids([wanted])).get(wanted)

    async def awards(self, member: str, *, revoked: bool = False) -> dict[tuple[str, str], BadgeAward]:
        """A member's standing awards by (badge, occurrence); with `revoked`, those too."""
        page = await self.services.badges.of_member(self.service, self.members[member], Window(1000))
        return {(a.badge, a.occurrence): a for a in page.rows if a.stands or revoked}

    async def period(self, board: str, key: str | None = None, at: datetime | None = None) -> BoardPeriod:
        """A board's period: the named one, else the one that holds `at` or now."""
        definition = (await self.services.programmes.catalogue(self.key)).leaderboards[board]
        period = await self.services.leaderboards.period(self.service, definition, key, at or self.clock.now)
        assert period is not None
        return period

    async def page(
        self,
        board: str,
        *,
        period: str | None = None,
        offset: int = 0,
        limit: int = 100,
        viewer: str | None = None,
        around: Around | None = None,
        services: Services | None = None,
    ) -> BoardPage:
        """A page of a board, read through `services` where others are given."""
        catalogue = await self.services.programmes.catalogue(self.key)
        return await (services or self.services).leaderboards.page(
            catalogue.leaderboards[board],
            await self.period(board, period),
            offset,
            limit,
            self.id_of(viewer) if viewer else None,
            around,
        )

    async def ranking(
        self, board: str, *, period: str | None = None, services: Services | None = None
    ) -> list[tuple[int, str, int]]:
        """(rank, external id, score) of a board's first hundred."""
        page = await self.page(board, period=period, services=services)
        names = {member.id: name for name, member in self.members.items()}
        return [(entry.rank, names[entry.member_id], entry.score) for entry in page.entries]

    async def ranking_ids(self, board: str, *, period: str | None = None) -> list[tuple[int, bytes, int]]:
        """The same by the ids that the board shows, which may be those of pseudonyms."""
        page = await self.page(board, period=period)
        return [(entry.rank, entry.member_id, entry.score) for entry in page.entries]


def statuses(outcomes: Sequence[ActivityOutcome]) -> list[str]:
    """`recorded`, `duplicate`, or the code of the error, for each."""
    return [outcome.error.code.value if outcome.error else outcome.status.value for outcome in outcomes]
