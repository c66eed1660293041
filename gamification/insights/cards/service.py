"""Making cards of members' years, and links to them."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from gamification.insights.annual import AnnualReport
from gamification.insights.cards.drawing import drawn
from gamification.insights.cards.model import (
    LASTS_MAX,
    Card,
    CardName,
    Line,
    Share,
    longest_streak,
    share_id,
)
from gamification.insights.cards.repository import ShareRepository
from gamification.insights.charts.figures import Language, Measure, written
from gamification.insights.service import InsightService
from gamification.kit.actors import Actor, Permission, system_actor
from gamification.kit.errors import InvalidInput, NotFound
from gamification.leaderboards.model import Record
from gamification.leaderboards.scoring import period_named
from gamification.leaderboards.service import LeaderboardService
from gamification.ledger.model import TransferKind
from gamification.members.model import BoardPresence, Member, Standing
from gamification.members.repository import MemberRepository
from gamification.members.service import require_private
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import Leaderboard, localised
from gamification.programmes.service import ProgrammeService
from gamification.rollups.repository import MonthRepository
from gamification.settlement.service import SettlementService
from storage.mongo import Mongo, Tx
from storage.paging import Window

TOKEN_BYTES = 32
_FINALS_LOOKED_AT = 100


class CardService:
    """The member's own; staff and services see what they see of the report."""

    def __init__(
        self,
        mongo: Mongo,
        settlement: SettlementService,
        programmes: ProgrammeService,
        members: MemberRepository,
        insights: InsightService,
        months: MonthRepository,
        leaderboards: LeaderboardService,
        shares: ShareRepository,
        now: Callable[[], datetime],
    ) -> None:
        self._mongo = mongo
        self._settlement = settlement
        self._programmes = programmes
        self._members = members
        self._insights = insights
        self._months = months
        self._leaderboards = leaderboards
        self._shares = shares
        self._now = now

    async def card(
        self, actor: Actor, member: Member, year: int, name: CardName | None, language: Language | None
    ) -> str:
        """A member's year as SVG, in the language asked for or the member's. Raises: Forbidden, InvalidInput."""
        require_private(actor, member)
        name = name or name_of(member)
        _called(member, name)
        report = await self._insights.annual_report(actor, member, year)
        catalogue = await self._programmes.catalogue(member.programme_id)
        found = await self._told(catalogue, member, report, name, language or language_of(member))
        return drawn(found)

    async def share(
        self,
        actor: Actor,
        member_id: bytes | None,
        year: int,
        name: CardName | None,
        language: Language | None,
        lasts: timedelta,
    ) -> tuple[str, Share]:
        """The token of a link to a member's year, in place of any before, and what is kept of it. The token is told once. Raises:
        Forbidden, NotFound, InvalidInput."""
        if not timedelta(days=1) <= lasts <= LASTS_MAX:
            raise InvalidInput("A link lasts 1 to 365 days.", path=["days"], limit=LASTS_MAX.days)
        token, now = secrets.token_urlsafe(TOKEN_BYTES), self._now()

        async def body(tx: Tx) -> Share:
            member = await self._own(actor, member_id, tx)
            chosen, called = language or language_of(member), name or name_of(member)
            _called(member, called)
            found = share_id(member.id, year)
            made = Share(
                found, actor.programme_id, member.id, year, _digest(token), called, chosen, now, now + lasts
            )
            await self._shares.save(made, tx)
            return made

        await self._insights.require_year(actor.programme_id, year)
        return token, await self._mongo.transaction(body)

    async def revoke(self, actor: Actor, member_id: bytes | None, year: int | None) -> int:
        """End a member's links, to a year or all; how many. Raises: Forbidden, NotFound."""

        async def body(tx: Tx) -> int:
            member = await self._own(actor, member_id, tx)
            return await self._shares.delete(member.id, year, tx)

        return await self._mongo.transaction(body)

    async def shares(self, actor: Actor, member: Member) -> list[Share]:
        """A member's links that are good. Raises: Forbidden."""
        require_private(actor, member)
        return await self._shares.of(actor.programme_id, member.id, self._now())

    async def shared(self, token: str) -> str:
        """The card behind a link, as the year is now. Raises: NotFound for every other, expired and revoked ones, and of who is gone
        or banned."""
        share = await self._shares.by_digest(_digest(token))
        if share is not None and share.expires_at > self._now():
            found = await self._members.by_ids(share.programme_id, [share.member_id])
            member = found.get(share.member_id)
            if member is not None and not member.is_gone and member.standing is not Standing.BANNED:
                # Who gave the pseudonym up since is nobody, and never their name.
                is_lost = share.name is CardName.PSEUDONYM and not member.pseudonym
                name = CardName.NOBODY if is_lost else share.name
                actor = system_actor(share.programme_id)
                return await self.card(actor, member, share.year, name, share.language)
        raise NotFound("There is no such report.")

    async def _own(self, actor: Actor, member_id: bytes | None, tx: Tx) -> Member:
        own = member_id is None
        actor.require(Permission.MEMBERS_UPDATE_OWN if own else Permission.MEMBERS_UPDATE_ANY)
        return await self._settlement.member(actor, member_id, tx)

    async def _told(
        self, catalogue: Catalogue, member: Member, report: AnnualReport, name: CardName, language: Language
    ) -> Card:
        since, until = report.period.starts_at, report.period.ends_at
        assert since is not None  # noqa: S101 - calendar periods have both
        assert until is not None  # noqa: S101
        wanted, document, default = language.value, catalogue.document, catalogue.settings.locale
        months = (await self._months.of_members([member.id], since=report.year * 100 + 1))[member.id]
        days = [day.day for one in months if one.month // 100 == report.year for day in one.days]

        def called(section: str, key: str) -> str:
            one = next((one for one in document.section(section) if one.key == key), None)
            return one.label(wanted, default) if one is not None else key

        def figure(value: int) -> str:
            return written(value, Measure.NUMBER, language)

        earned = [(one.unit, one.line.moved.get(TransferKind.EARNED, 0)) for one in report.points]
        tiers = []
        for ladder in report.tiers:
            held = {one.key: localised(one.name, wanted, default) or one.key for one in ladder.ladder.tiers}
            names = [held.get(one or "", one or "–") for one in (ladder.opening, ladder.closing)]
            told = names[1] if names[0] == names[1] else f"{names[0]} → {names[1]}"
            tiers.append(Line(ladder.ladder.label(wanted, default), told))
        kind, count = max(report.activities.items(), key=lambda one: (one[1], one[0]), default=("", 0))
        badges = dict.fromkeys(one.badge for one in report.badges)
        return Card(
            language=language,
            programme=localised(catalogue.settings.name, wanted, default) or "",
            year=report.year,
            member=_called(member, name),
            points=tuple(Line(called("units", unit), figure(amount)) for unit, amount in earned if amount),
            tiers=tuple(tiers),
            badges=tuple(called("badges", one) for one in badges),
            badge_count=report.badge_count,
            tasks=report.tasks_completed,
            activities=sum(report.activities.values()),
            top=Line(called("activity_types", kind), f"× {figure(count)}") if count else None,
            active_days=len(days),
            streak=longest_streak(days),
            rank=await self._rank(catalogue, member, since, until, language),
        )

    async def _rank(
        self, catalogue: Catalogue, member: Member, since: datetime, until: datetime, language: Language
    ) -> Line | None:
        """The best rank at which a board ended in the year and is closed, of those of the latest hundred."""
        if not member.is_listed:
            return None
        page = await self._leaderboards.history(member, None, Window(_FINALS_LOOKED_AT))
        boards = {one.key: one for one in catalogue.document.leaderboards}
        closed = [
            (one.final.rank, one.board)
            for one in page.rows
            if one.final is not None and since < _ended_at(catalogue, boards.get(one.board), one) <= until
        ]
        if not closed:
            return None
        rank, key = min(closed)
        board = boards.get(key)
        name = board.label(language.value, catalogue.settings.locale) if board else key
        return Line(name, f"#{rank}")


def _ended_at(catalogue: Catalogue, board: Leaderboard | None, record: Record) -> datetime:
    """When the period of a final standing ended: what runs to the year's end closes in the next one."""
    assert record.final is not None  # noqa: S101 - final standings alone are asked for
    zone = catalogue.settings.time_zone
    period = period_named(record.programme_id, board, record.period, zone) if board is not None else None
    return record.final.frozen_at if period is None or period.ends_at is None else period.ends_at


def language_of(member: Member) -> Language:
    """The member's, as far as a card can be in it."""
    return Language.ZH if member.locale.lower().startswith("zh") else Language.EN


def name_of(member: Member) -> CardName:
    """By which name a member is called who did not say: the one that boards show."""
    is_pseudonym = member.presence is BoardPresence.PSEUDONYM and member.pseudonym
    return CardName.PSEUDONYM if is_pseudonym else CardName.DISPLAY_NAME


def _called(member: Member, name: CardName) -> str:
    """What the card calls the member. Raises: InvalidInput for a pseudonym that they have not."""
    if name is CardName.PSEUDONYM:
        if not member.pseudonym:
            raise InvalidInput("This member has no pseudonym.", path=["name"])
        return member.pseudonym
    return member.display_name if name is CardName.DISPLAY_NAME else ""


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
