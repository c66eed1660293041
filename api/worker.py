"""The work that no request asks for: what a crash left in the outbox, points that lapse, boards that Redis lost."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from community.services import Services
from storage.mongo import MongoUnavailable, TookTooLong
from storage.redis import RedisUnavailable

log = structlog.get_logger()

SWEEP_SECONDS = 1.0
RESTORE_SECONDS = 5.0
EXPIRE_SECONDS = 60.0
REMIND_SECONDS = 60.0
PUBLISH_SECONDS = 5.0
HEAT_SECONDS = 30.0
REACTIONS_SECONDS = 1.0
BOUNTY_SECONDS = 5.0
TELL_PROPOSALS_SECONDS = 2.0
FINISH_CONTESTS_SECONDS = 5.0
SANCTIONS_SECONDS = 2.0
TRUST_SECONDS = 60.0
GATHERINGS_SECONDS = 2.0
RESERVATION_SECONDS = 1.0
RECONCILE_SECONDS = 5.0
BACKFILL_SECONDS = 0.5
TIERS_SECONDS = 60.0
CLOSE_DAYS_SECONDS = 5.0
CLOSE_SECONDS = 15.0
DRAW_SECONDS = 15.0
GOALS_SECONDS = 0.5
ERASE_SECONDS = 5.0
SWEEP_MERGES_SECONDS = 30.0
NOTIFY_SECONDS = 1.0
DIGESTS_SECONDS = 30.0
FOLLOW_SECONDS = 1.0
WEBHOOKS_SECONDS = 0.5
REBUILD_SECONDS = 60.0
FIT_SECONDS = 300.0
SEGMENTS_SECONDS = 60.0
BELONGING_SECONDS = 300.0
REHEARSALS_SECONDS = 1.0
RECOMMENDATIONS_SECONDS = 60.0
RECOMMEND_ANEW_SECONDS = 5.0
CAMPAIGNS_SECONDS = 15.0
SETTLE_SECONDS = 60.0
STATEMENTS_SECONDS = 60.0
_BACKOFF_MAX_SECONDS = 30.0
HEATED_A_ROUND = 1000


class Worker:
    """Loops that go on whatever fails. Many processes may run them side by side: all of the work is idempotent."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin; returns at once."""
        for name, interval_seconds, work in (
            ("outbox", SWEEP_SECONDS, self._services.delivery.sweep),
            ("boards", RESTORE_SECONDS, self._services.projection.restore_missing),
            ("expiry", EXPIRE_SECONDS, self._expire),
            ("reminders", REMIND_SECONDS, self._remind),
            ("scheduled posts", PUBLISH_SECONDS, self._publish),
            ("hot posts", HEAT_SECONDS, self._count_heat),
            ("reactions", REACTIONS_SECONDS, self._services.reaction_keeping.run_due),
            ("gatherings", GATHERINGS_SECONDS, self._services.gathering_keeping.run_all),
            ("trust", TRUST_SECONDS, self._services.trust.run_due),
            ("sanctions", SANCTIONS_SECONDS, self._end_sanctions),
            ("bounties", BOUNTY_SECONDS, self._settle_bounties),
            ("proposals", TELL_PROPOSALS_SECONDS, self._tell_of_proposals),
            ("contests", FINISH_CONTESTS_SECONDS, self._finish_contests),
            ("reservations", RESERVATION_SECONDS, self._expire_reservations),
            ("flash sales", RECONCILE_SECONDS, self._reconcile_sales),
            ("tiers", TIERS_SECONDS, self._review_tiers),
            ("check-ins", CLOSE_DAYS_SECONDS, self._close_days),
            ("backfills", BACKFILL_SECONDS, self._services.backfills.run),
            ("closing", CLOSE_SECONDS, self._services.closing.close_due),
            ("goals", GOALS_SECONDS, self._services.goal_keeping.run_due),
            ("draws", DRAW_SECONDS, self._services.rounds.run_due),
            ("erasures", ERASE_SECONDS, self._services.erasures.run_open),
            ("merges", SWEEP_MERGES_SECONDS, self._services.merges.sweep),
            ("notifications", NOTIFY_SECONDS, self._services.notifications.sending.run_due),
            ("digests", DIGESTS_SECONDS, self._services.notifications.digesting.run_due),
            ("webhooks", WEBHOOKS_SECONDS, self._services.webhooks.sender.run_due),
            ("days", REBUILD_SECONDS, self._services.rollups.rebuild_due),
            ("insights", REBUILD_SECONDS, self._services.totals.rebuild_due),
            ("customer value", FIT_SECONDS, self._services.values.fit_due),
            ("campaigns", CAMPAIGNS_SECONDS, self._services.campaign_reaching.run_due),
            ("campaigns' ends", SETTLE_SECONDS, self._services.campaign_settling.run_due),
            ("partners' months", STATEMENTS_SECONDS, self._services.partners.statements.close_due),
            ("segments", SEGMENTS_SECONDS, self._services.segment_keeping.sweep_due),
            ("belonging", BELONGING_SECONDS, self._services.belonging.add_up_due),
            ("rehearsals", REHEARSALS_SECONDS, self._services.rehearsal_keeping.run_due),
            (
                "recommendations",
                RECOMMENDATIONS_SECONDS,
                self._services.recommendations.recommending.run_daily,
            ),
            ("recommending", RECOMMEND_ANEW_SECONDS, self._services.recommendations.recommending.run_due),
        ):
            self._begin(interval_seconds, name, work)
        for following in self._services.followings:
            self._begin(FOLLOW_SECONDS, f"following {following.consumer}", following.run_due)

    def _begin(self, interval_seconds: float, name: str, work: Callable[[], Awaitable[Any]]) -> None:
        self._tasks.append(asyncio.create_task(every(interval_seconds, name, work), name=f"worker-{name}"))

    async def stop(self) -> None:
        """Stop; work in hand is given up, and found again by the next one."""
        for task in self._tasks:
            # A driver may turn a cancellation into a failure of its own, after which the loop would go on.
            while not task.done():
                task.cancel()
                await asyncio.wait([task], timeout=1)
        self._tasks.clear()

    async def _review_tiers(self) -> int:
        done = 0
        while count := await self._services.tier_keeping.place():
            done += count
        while count := await self._services.tier_keeping.review(self._services.now()):
            done += count
        return done

    async def _close_days(self) -> int:
        done = 0
        while count := await self._services.check_in_terms.close_days(self._services.now()):
            done += count
        return done

    async def _expire_reservations(self) -> int:
        done = 0
        while count := await self._services.sale_keeper.expire_due(self._services.now()):
            done += count
        return done

    async def _reconcile_sales(self) -> int:
        return await self._services.sale_keeper.reconcile(self._services.now())

    async def _count_heat(self) -> int:
        # What is reacted to all the time is counted once a round.
        return await self._services.feeds.count_due(HEATED_A_ROUND)

    async def _publish(self) -> int:
        done = 0
        while count := await self._services.posts.publish_due():
            done += count
        return done

    async def _end_sanctions(self) -> int:
        sanctioning = self._services.moderating.sanctioning
        done = 0
        while count := await sanctioning.end_due():
            done += count
        return done + await sanctioning.sweep_due()

    async def _finish_contests(self) -> int:
        done = 0
        while count := await self._services.contest_finishing.finish_due():
            done += count
        return done

    async def _tell_of_proposals(self) -> int:
        done = 0
        while count := await self._services.proposal_telling.tell_due():
            done += count
        return done

    async def _settle_bounties(self) -> int:
        done = 0
        while count := await self._services.bounties.settle_due():
            done += count
        return done

    async def _remind(self) -> int:
        done = 0
        while count := await self._services.claims.tell_due(self._services.now()):
            done += count
        while count := await self._services.redemptions.remind_due(self._services.now()):
            done += count
        return done

    async def _expire(self) -> int:
        done = 0
        while count := await self._services.holds.expire_due(self._services.now()):
            done += count
        while count := await self._services.points.settle_pending(self._services.now()):
            done += count
        while count := await self._services.points.expire_lapsed(self._services.now()):
            done += count
        return done


async def every(interval_seconds: float, name: str, work: Callable[[], Awaitable[Any]]) -> None:
    """Do the work, wait, and do it again until cancelled; after failures wait longer each time."""
    failures = 0
    while True:
        try:
            done = await work()
        except (MongoUnavailable, TookTooLong, *RedisUnavailable) as error:
            failures += 1
            log.warning("worker.waits", work=name, failures=failures, error=str(error)[:200])
        except Exception as error:
            failures += 1
            log.warning("worker.failed", work=name, failures=failures, exc_info=error)
        else:
            failures = 0
            if done:
                log.info("worker.done", work=name, count=done)
        await asyncio.sleep(pause_seconds(interval_seconds, failures))


def pause_seconds(interval_seconds: float, failures: int) -> float:
    """How long to wait after so many failures in a row: twice as long each time, half a minute at most."""
    return min(interval_seconds * 2.0 ** min(failures, 16), max(interval_seconds, _BACKOFF_MAX_SECONDS))
