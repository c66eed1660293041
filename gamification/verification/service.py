"""`starguild verify`: balances from transfers, tasks and awards from activity, boards from records, Redis from all."""

from collections.abc import AsyncIterator, Callable

from gamification.activity.model import Activity
from gamification.badges.model import BY_RULES
from gamification.leaderboards.model import Record
from gamification.leaderboards.ordering import sort_key, tie_of
from gamification.leaderboards.scoring import fold
from gamification.leaderboards.teams import ranking_of
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import Leaderboard
from gamification.services import CONSUMERS, Services
from gamification.tasks.model import Progress as TaskProgress
from gamification.verification.approvals import check_approvals
from gamification.verification.campaigns import check_campaigns
from gamification.verification.check_ins import check_check_ins
from gamification.verification.days import ExpectedDays, check_days, check_segments
from gamification.verification.draws import check_draws
from gamification.verification.finals import check_finals, check_prizes
from gamification.verification.flash_sales import check_flash_sales
from gamification.verification.goals import check_goals
from gamification.verification.honours import check_honours
from gamification.verification.insights import check_totals
from gamification.verification.ledger import check_account
from gamification.verification.partners import check_partners
from gamification.verification.points import PointsCheck, compare_waiting
from gamification.verification.referrals import check_referrals
from gamification.verification.replay import Expected, replay
from gamification.verification.report import Report
from gamification.verification.rewards import check_rewards
from gamification.verification.tasks import check_claim, check_complete, check_parts, check_places
from gamification.verification.tiers import check_tiers

Progress = Callable[[int, int], None]
_PROGRESS_EVERY = 1000


class VerificationService:
    """Reads only, but for what a crash or the lack of a worker left in the outbox and the backlog: that is done first."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def verify(self, programme_id: str, on_progress: Progress | None = None) -> Report:
        """Check a whole programme; `on_progress` hears (activities done, of how many). Raises: NotFound.

        Activity that is being recorded meanwhile may show as a difference: verify while it is quiet.
        """
        catalogue = await self._services.programmes.catalogue(programme_id)
        await self._services.delivery.sweep()
        for following in self._services.followings:
            if following.consumer in CONSUMERS:
                await following.run_due(programme_id)
        await self._services.rollups.rebuild_due(programme_id)
        await self._services.totals.rebuild_due(programme_id)
        report = Report()
        days = ExpectedDays(catalogue)
        expected = await self._replay(catalogue, report, days, on_progress)
        await check_days(self._services.stores.mongo, catalogue, days.days, report)
        await self._check_counters(programme_id, expected, report)
        await self._check_progress(catalogue, expected, report)
        await check_approvals(self._services.stores, programme_id, expected, report)
        await self._check_awards(programme_id, expected, report)
        await check_honours(self._services.stores, programme_id, report)
        await check_referrals(self._services.stores, programme_id, expected, report)
        if catalogue.document.check_ins:
            await check_check_ins(self._services, programme_id, expected, report)
        await self._check_ledger(programme_id, report)
        await check_rewards(self._services.stores, programme_id, expected, report)
        await check_flash_sales(self._services, catalogue, report)
        await check_draws(self._services.stores, self._services.programmes, catalogue, report)
        await check_tiers(self._services, catalogue, report)
        if catalogue.document.goals:
            await check_goals(
                self._services.stores, self._services.programmes, catalogue, expected.contributed, report
            )
        members = {m.id: m async for m in self._services.stores.members.stream(programme_id)}
        report.count("members", len(members))
        await check_segments(self._services.stores.mongo, catalogue, members, report)
        await check_campaigns(self._services.stores.mongo, self._services.stores, catalogue, members, report)
        transfers = self._services.stores.ledger.stream_by_account(programme_id)
        await check_partners(self._services, programme_id, report)
        changes = self._services.stores.tiers.stream_changes(programme_id)
        await check_totals(
            self._services.stores.mongo, catalogue, days.days, members, changes, transfers, report
        )
        await self._check_records(catalogue, members, expected, report)
        await self._check_finals(catalogue, report)
        await self._check_rankings(catalogue, report)
        return report

    async def _replay(
        self, catalogue: Catalogue, report: Report, days: ExpectedDays, on_progress: Progress | None
    ) -> Expected:
        expected = Expected()
        total = await self._services.activities.count(catalogue.programme_id)
        done = 0
        activities: AsyncIterator[Activity] = self._services.activities.stream(catalogue.programme_id)
        async for activity in activities:
            then = await self._services.programmes.catalogue(
                catalogue.programme_id, activity.programme_version
            )
            versions = {award.programme_version for award in activity.awards if award.programme_version}
            later = {
                version: await self._services.programmes.catalogue(catalogue.programme_id, version)
                for version in sorted(versions)
            }
            replay(activity, then, catalogue, expected, report, later)
            days.add(activity)
            done += 1
            if on_progress and (done % _PROGRESS_EVERY == 0 or done == total):
                on_progress(done, total)
        return expected

    async def _check_counters(self, programme_id: str, expected: Expected, report: Report) -> None:
        stored = await self._services.stores.counters.all_of(programme_id)
        report.count("counters", len(stored))
        for counter_id in stored.keys() | expected.counters.keys():
            key, value = stored.get(counter_id, ("", 0))
            report.compare(
                f"counter {key} {counter_id.hex()}", value, expected.counters.get(counter_id, ("", 0))[1]
            )

    async def _check_progress(self, catalogue: Catalogue, expected: Expected, report: Report) -> None:
        """Values and completions; the rewards' scores join the expected ones."""
        seen: set[bytes] = set()
        complete: set[bytes] = set()
        waiting: list[TaskProgress] = []
        special: list[TaskProgress] = []
        async for stored in self._services.stores.progress.stream(catalogue.programme_id):
            seen.add(stored.id)
            report.count("task progress")
            name = f"task {stored.task} {stored.period} of {stored.member_id.hex()}"
            computed = expected.progress.get(stored.id)
            report.compare(
                f"{name} distinct", dict(stored.distinct), dict(computed.distinct) if computed else {}
            )
            if stored.is_complete:
                report.count("task completions")
                complete.add(stored.id)
            task = catalogue.tasks[stored.task]
            if not task.parts:
                report.compare(f"{name} value", stored.value, computed.value if computed else 0)
            if task.parts or task.finishers:
                special.append(stored)
            check_claim(stored, name, report)
            if stored.awaits:
                waiting.append(stored)
            else:
                check_complete(catalogue, stored, complete, report)
            for score in stored.scores:
                expected.scores[(stored.member_id, score.board, score.period)].append(
                    (stored.reward_sequence, score)
                )
        for stored in waiting:
            check_complete(catalogue, stored, complete, report)
        if special:
            places = await self._services.stores.progress.places_of(catalogue.programme_id)
            check_parts(catalogue, special, complete, report)
            check_places(catalogue, special, places, report)
        for missing in expected.progress.keys() - seen:
            if expected.progress[missing].value:
                report.differs(f"task {expected.progress[missing].task}: progress {missing.hex()} is missing")

    async def _check_awards(self, programme_id: str, expected: Expected, report: Report) -> None:
        seen: set[tuple[bytes, str, str]] = set()
        async for award in self._services.stores.awards.stream(programme_id):
            key = (award.member_id, award.badge, award.occurrence)
            seen.add(key)
            report.count("awards")
            name = f"award {award.badge} {award.occurrence} of {award.member_id.hex()}"
            report.compare(f"{name} due by rules", award.grounds.get(BY_RULES), expected.awards.get(key))
            expected_to = bool(award.grounds) and not award.barred and not award.missed
            report.compare(f"{name} stands", award.stands, expected_to)
            if award.stands and award.grounds:
                report.compare(f"{name} level", award.level, max(award.grounds.values()))
        for member_id, badge, occurrence in expected.awards.keys() - seen:
            report.differs(f"award {badge} {occurrence} of {member_id.hex()} is due, but missing")

    async def _check_ledger(self, programme_id: str, report: Report) -> None:
        stores = self._services.stores
        ledger = stores.ledger
        accounts = {account.id: account async for account in ledger.stream(programme_id)}
        points = PointsCheck()
        compare_waiting(
            accounts,
            [one async for one in stores.pendings.stream(programme_id)],
            [hold async for hold in stores.holds.stream(programme_id)],
            report,
        )
        async for transfers in ledger.stream_by_account(programme_id):
            points.add(transfers)
            account = accounts.pop(transfers[0].account_id, None)
            if account is None:
                report.differs(f"account {transfers[0].account_id.hex()} is missing")
            else:
                check_account(account, transfers, report)
        for account in accounts.values():
            check_account(account, [], report)
        points.compare_caps(await stores.caps.all_of(programme_id), report)

    async def _check_records(
        self, catalogue: Catalogue, members: dict[bytes, Member], expected: Expected, report: Report
    ) -> None:
        seen: set[tuple[bytes, str, str]] = set()
        async for record in self._services.stores.records.stream_all(catalogue.programme_id):
            key = (record.member_id, record.board, record.period)
            seen.add(key)
            report.count("board records")
            name = f"record {record.board} {record.period} of {record.member_id.hex()}"
            board = catalogue.leaderboards[record.board]
            parts = sorted(expected.scores.get(key, []), key=lambda part: (part[0], part[1].place))
            report.compare(name, record.standing, fold(board, [contribution for _, contribution in parts]))
            if board.attempts is not None:
                report.compare(f"{name} attempts", record.attempts, len(parts))
            member = members.get(record.member_id)
            report.compare(f"{name} listed", record.listed, member is not None and member.is_listed)
            report.compare(f"{name} alias", record.alias, member.alias if member is not None else None)
        for member_id, board_key, period in expected.scores.keys() - seen:
            report.differs(f"record {board_key} {period} of {member_id.hex()} is missing")

    async def _check_finals(self, catalogue: Catalogue, report: Report) -> None:
        """The frozen standings of boards that close, and the prizes that their ranks won."""
        stores = self._services.stores
        for period in await stores.records.periods(catalogue.programme_id):
            board = catalogue.leaderboards[period.board]
            if board.settles_after is None or period.teams:
                continue
            finals = [
                (record, final)
                async for record in stores.records.stream(period)
                if (final := record.final if period.group is None else record.group_final) is not None
            ]
            check_finals(board, period, finals, report)
            won = [transfer for _, final in finals for transfer in final.transfers]
            check_prizes(won, await stores.ledger.transfers(catalogue.programme_id, won), report)

    async def _check_rankings(self, catalogue: Catalogue, report: Report) -> None:
        """Redis against MongoDB's records, member by member."""
        stores, rankings = self._services.stores, self._services.rankings
        for period in await stores.records.periods(catalogue.programme_id):
            board = catalogue.leaderboards[period.board]
            ranked = await rankings.all_of(board, period)
            ranking = ranking_of(board, period)
            parts = ("ranking", period.board, period.key, period.group, "teams" if period.teams else None)
            name = " ".join(filter(None, parts))
            if ranked is None:
                report.differs(
                    f"{name}: Redis has lost it; it is rebuilt when read, or by `rebuild leaderboards`"
                )
                continue
            async for record in self._services.projection.source(board, period):
                expected = _place(ranking, record)
                found = ranked.pop(record.shown_id, None)
                if expected is not None:
                    report.count("ranking entries")
                report.compare(f"{name} of {record.member_id.hex()}", found, expected)
            for member_id in ranked:
                report.differs(f"{name}: {member_id.hex()} has no record")


def _place(board: Leaderboard, record: Record) -> tuple[int, bytes] | None:
    """The (key, tie) by which Redis must rank a record; None where it must not show it."""
    if record.ranked is None or not record.listed:
        return None
    return sort_key(board, record.ranked.score), tie_of(board, record.ranked, record.shown_id)
