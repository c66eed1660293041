"""From figures to a tier: reviews that were due, then what follows at once. Pure: the same for intake, reviews by the
worker, reading and verification.

The rules, each of them told in `docs/tiers.md`:

- A member rises to the highest tier they qualify for, at once or at a review.
- With `keep` a tier is looked at when its time is over, as of the last instant of it; without, whenever figures change.
- Who does not qualify then has `grace`, and drops at its end to what they qualify for. A notice is told before.
- Where growth is taken back and the member would not have risen without it, they go back at once to what they held
  before, or qualify for; grace is for time that passes, not for what was never earned.
- A changed definition raises at once, and lowers nobody before a notice: what was kept stays until then, and a tier that
  follows at once is kept for EDIT_GRACE.
- A tier set by hand stays until its instant. Set above what the member qualified for, they may rise further meanwhile.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from gamification.kit.causes import Cause
from gamification.kit.periods import local_midnight
from gamification.kit.records import evolve, record
from gamification.kit.spans import later, span
from gamification.programmes.definitions import Ladder, Rise
from gamification.tiers.measuring import day_of, figures, folded, following, shrinking
from gamification.tiers.model import (
    Days,
    Held,
    Notice,
    Pin,
    Round,
    TierChange,
    TierChangeKind,
    TierState,
    change_id,
    state_id,
)
from gamification.tiers.qualification import lowest, qualified

EDIT_GRACE = span("P30D")
_REVIEWS_MAX = 2000
_INSTANT = timedelta(milliseconds=1)
K = TierChangeKind
BY_TIME = Cause(reason="review")
BY_EDIT = Cause(reason="the ladder was changed")
AFTER_HAND = Cause(reason="the time that was set by hand is over")


@record(frozen=True, slots=True)
class Terms:
    """What members of one ladder are assessed by. `rounds`: the pyramid's reviews by the instant at which their period
    ended; the newest one counts between reviews."""

    ladder: Ladder
    time_zone: str
    programme_version: int
    rounds: Mapping[datetime, Round]

    def cutoffs(self, at: datetime) -> Mapping[str, int] | None:
        """The pyramid's figures that count at that instant."""
        ended = max((ended for ended in self.rounds if ended <= at), default=None)
        return None if ended is None else self.rounds[ended].cutoffs

    def qualifies(self, days: Mapping[str, Days], as_of: datetime, at: datetime | None = None) -> int:
        """The tier's place that these days qualify for, by the pyramid's figures of `at`, else of the same instant."""
        return qualified(
            self.ladder, figures(self.ladder, days, as_of, self.time_zone), self.cutoffs(at or as_of)
        )


@record(frozen=True, slots=True)
class Assessed:
    """A state and what led to it, in order."""

    state: TierState
    changes: tuple[TierChange, ...] = ()


def new_state(terms: Terms, programme_id: str, member_id: bytes, now: datetime) -> TierState:
    """Someone of whom nothing was measured."""
    index = lowest(terms.ladder)
    state = TierState(
        id=state_id(programme_id, terms.ladder.key, member_id),
        programme_id=programme_id,
        member_id=member_id,
        ladder=terms.ladder.key,
        tier=terms.ladder.tiers[index].key if index >= 0 else None,
        since=now,
        measured_at=now,
        assessed_at=now,
        version=terms.ladder.version,
        days={},
    )
    return evolve(state, until=_until(terms, index, now))


def assess(
    terms: Terms,
    state: TierState,
    now: datetime,
    cause: Cause | None = None,
    *,
    taken_back: bool = False,
    happened_at: datetime | None = None,
) -> Assessed:
    """The state as it is at `now`. `cause`: what changed its figures, and when that happened; `taken_back`: they were
    lowered by a reversal."""
    assessing = _Assessing(terms, state, now)
    assessing.reviews()
    assessing.happened_at = happened_at
    assessing.at_once(cause or BY_TIME, taken_back=taken_back)
    return assessing.done()


def set_by_hand(
    terms: Terms, state: TierState, tier: str | None, until: datetime | None, now: datetime, cause: Cause
) -> Assessed:
    """Give the member that tier until then; None is until it is set again."""
    assessing = _Assessing(terms, state, now)
    index = terms.ladder.index(tier)
    pin = Pin.FLOOR if index >= terms.qualifies(state.days, now) else Pin.EXACT
    assessing.move(K.SET, index, now, cause, until=until, pinned=pin, before=None)
    return assessing.done()


class _Assessing:
    """One state on its way."""

    def __init__(self, terms: Terms, state: TierState, now: datetime) -> None:
        self.terms, self.now = terms, now
        self.ladder = terms.ladder
        self.state = state
        self.edited = state.version != terms.ladder.version
        self.changes: list[TierChange] = []
        self.happened_at: datetime | None = None

    @property
    def held(self) -> int:
        return self.ladder.index(self.state.tier)

    def move(
        self,
        kind: TierChangeKind,
        index: int,
        at: datetime,
        cause: Cause,
        *,
        until: datetime | None,
        measured_at: datetime | None = None,
        pinned: Pin | None = None,
        in_grace: bool = False,
        before: Held | None = None,
    ) -> None:
        """Change the tier, or what is said of it, and note it in the history."""
        state, tier = self.state, self.ladder.tiers[index].key if index >= 0 else None
        changed = evolve(
            state,
            tier=tier,
            since=state.since if tier == state.tier else at,
            measured_at=measured_at or (state.measured_at if in_grace else at),
            until=until,
            in_grace=in_grace,
            pinned=pinned,
            before=before,
            told_for=state.told_for if in_grace else None,
        )
        if kind is K.KEPT and index <= lowest(self.ladder):
            self.state = changed  # that one has nothing is no news
            return
        number = state.changes + 1
        self.state = evolve(changed, changes=number)
        self.changes.append(
            TierChange(
                id=change_id(state.id, number),
                programme_id=state.programme_id,
                member_id=state.member_id,
                ladder=state.ladder,
                number=number,
                kind=kind,
                before=state.tier,
                after=tier,
                at=at,
                recorded_at=self.now,
                occurred_at=min(self.happened_at or at, at),
                until=until,
                version=self.ladder.version,
                cause=evolve(
                    cause, programme_version=cause.programme_version or self.terms.programme_version
                ),
                figures=figures(self.ladder, state.days, measured_at or at, self.terms.time_zone),
            )
        )

    def reviews(self) -> None:
        """Everything that was due, in order, each as of its own instant, however late it is looked at."""
        seen = self.state.assessed_at
        for _ in range(_REVIEWS_MAX):
            due = self.state.until
            if due is None:
                lapsed = self._lapsed(seen)
                if lapsed is None:
                    return
                seen = lapsed
                self._lose(self.terms.qualifies(self.state.days, lapsed), BY_TIME, lapsed)
                continue
            if due > self.now:
                return
            seen = due
            if self.ladder.pyramid is not None and not self._round_is_there(due):
                return
            self._review(due)

    def _lapsed(self, seen: datetime) -> datetime | None:
        """When since then a tier that follows at once ran dry, as days left a window."""
        if self.edited or self.state.pinned is not None or self.held <= lowest(self.ladder):
            return None
        for instant in shrinking(self.ladder, self.state.days, seen, self.terms.time_zone):
            if instant > self.now:
                return None
            if self.terms.qualifies(self.state.days, instant) < self.held:
                return instant
        return None

    def _round_is_there(self, due: datetime) -> bool:
        """A pyramid waits for its figures; those of a period that nobody was measured in are never made."""
        return (
            self.state.in_grace
            or self.state.pinned is not None
            or any(ended >= due for ended in self.terms.rounds)
        )

    def _review(self, due: datetime) -> None:
        state, as_of = self.state, due - _INSTANT
        index = self.terms.qualifies(state.days, as_of, due)
        until = _until(self.terms, index, due)
        if state.pinned is not None:
            kind = K.RAISED if index > self.held else K.DROPPED if index < self.held else K.KEPT
            self.move(kind, index, due, AFTER_HAND, until=until, measured_at=as_of)
        elif index >= self.held:
            kind = K.RAISED if index > self.held else K.KEPT
            self.move(kind, index, due, BY_TIME, until=until, measured_at=as_of)
        elif self.ladder.grace is not None and not state.in_grace:
            ends = _end_of_day(later(due, span(self.ladder.grace), self.terms.time_zone), self.terms)
            self.move(K.GRACE, self.held, due, BY_TIME, until=ends, in_grace=True, before=state.before)
        else:
            self.move(K.DROPPED, index, due, BY_TIME, until=until, measured_at=as_of)

    def at_once(self, cause: Cause, *, taken_back: bool) -> None:
        """What the figures of now mean, beside the reviews."""
        state, held = self.state, self.held
        index = self.terms.qualifies(state.days, self.now)
        if index > held:
            if self.ladder.rise is Rise.IMMEDIATE and state.pinned is not Pin.EXACT:
                self._raise(index, BY_EDIT if self.edited else cause)
        elif index == held:
            if state.in_grace:
                self.move(K.KEPT, held, self.now, cause, until=_until(self.terms, held, self.now))
        elif state.pinned is None:
            if taken_back and self.terms.qualifies(state.days, state.measured_at) < held:
                self._restore(index, cause)
            elif state.until is None:
                self._lose(index, cause, self.now)
        if self.edited and self.state.until is None and self.state.pinned is None:
            # Where the ladder keeps tiers from now on.
            self.state = evolve(self.state, until=_until(self.terms, self.held, self.now))

    def _raise(self, index: int, cause: Cause) -> None:
        before = Held(self.state.tier, self.state.until)
        self.move(K.RAISED, index, self.now, cause, until=_until(self.terms, index, self.now), before=before)

    def _restore(self, index: int, cause: Cause) -> None:
        """Back to what was held before the rise that was never earned, as long as that would have lasted."""
        before = self.state.before
        if before is not None and before.until is not None and before.until > self.now:
            earlier = self.ladder.index(before.tier)
            if index < earlier < self.held:
                self.move(
                    K.RESTORED, earlier, self.now, cause, until=before.until,
                    measured_at=self.state.measured_at,
                )  # fmt: skip
                return
        self.move(K.RESTORED, index, self.now, cause, until=_until(self.terms, index, self.now))

    def _lose(self, index: int, cause: Cause, at: datetime) -> None:
        """A tier that follows at once is not earned any more."""
        grace = span(self.ladder.grace) if self.ladder.grace is not None else None
        if self.edited:
            grace, cause = grace or EDIT_GRACE, BY_EDIT
        if grace is None:
            self.move(K.DROPPED, index, at, cause, until=_until(self.terms, index, at))
            return
        ends = _end_of_day(later(at, grace, self.terms.time_zone), self.terms)
        self.move(K.GRACE, self.held, at, cause, until=ends, in_grace=True, before=self.state.before)

    def done(self) -> Assessed:
        days = folded(self.ladder, self.state.days, day_of(self.now, self.terms.time_zone))
        self.state = evolve(self.state, days=days, assessed_at=self.now, version=self.ladder.version)
        return Assessed(self.state, tuple(self.changes))


def appoint(terms: Terms, state: TierState, now: datetime) -> tuple[TierState, Notice | None]:
    """The state with when it must be looked at next, and the notice that is due. `state` is assessed as of now."""
    drop = coming_drop(terms, state, now)
    notice: Notice | None = None
    looks = [state.until, drop.looked_at if drop is not None else None]
    if drop is not None:
        notice_at = _notice_at(terms, state, drop.drops_at, now)
        looks.append(notice_at)
        if notice_at is not None and notice_at <= now and state.told_for != drop.drops_at:
            notice = Notice(drop.tier, drop.after, drop.drops_at)
            state = evolve(state, told_for=drop.drops_at)
    if state.until is not None and state.until <= now:
        return evolve(state, look_at=state.until), notice  # a pyramid's figures are awaited
    return evolve(state, look_at=min((at for at in looks if at and at > now), default=None)), notice


def _notice_at(terms: Terms, state: TierState, drops_at: datetime, now: datetime) -> datetime | None:
    """When a member is told of a drop; of one that is sure to come at the end of a grace at once."""
    if state.in_grace:
        return now
    if terms.ladder.notice is None:
        return None
    return earlier(drops_at, terms.ladder.notice, terms.time_zone)


@record(frozen=True, slots=True)
class ComingDrop(Notice):
    """`looked_at`: when the tier is found lost, before any grace."""

    looked_at: datetime


def coming_drop(terms: Terms, state: TierState, now: datetime) -> ComingDrop | None:
    """The drop that comes if nothing is earned any more; None where none does, or none can be foreseen."""
    ladder, held = terms.ladder, terms.ladder.index(state.tier)
    if held <= lowest(ladder):
        return None
    looked_at = state.until or _fails_at(terms, state.days, held, now)
    if looked_at is None:
        return None
    as_of = looked_at - _INSTANT if state.until else looked_at
    index = terms.qualifies(state.days, as_of, max(looked_at, now))
    if index >= held:
        return None
    drops_at = looked_at
    if ladder.grace is not None and not state.in_grace and state.pinned is None:
        drops_at = _end_of_day(later(looked_at, span(ladder.grace), terms.time_zone), terms)
    after = ladder.tiers[index].key if index >= 0 else None
    return ComingDrop(state.tier or "", after, drops_at, looked_at)


def _fails_at(terms: Terms, days: Mapping[str, Days], held: int, now: datetime) -> datetime | None:
    """The first instant at which a tier is not earned any more if nothing comes. Figures only shrink then, so that it
    is found by halving."""
    instants = shrinking(terms.ladder, days, now, terms.time_zone)
    low, high = 0, len(instants)
    while low < high:
        middle = (low + high) // 2
        if terms.qualifies(days, instants[middle], now) < held:
            high = middle
        else:
            low = middle + 1
    return instants[low] if low < len(instants) else None


def _until(terms: Terms, index: int, at: datetime) -> datetime | None:
    """How long a tier that begins then is kept before it is looked at. In a cycle everybody is looked at."""
    keep = terms.ladder.keep
    if keep is None:
        return None
    if keep.lasts is not None:
        if index <= lowest(terms.ladder):
            return None
        return _end_of_day(later(at, span(keep.lasts), terms.time_zone), terms)
    assert keep.cycle is not None  # noqa: S101 - keep is one of the two
    first = following(keep.cycle, day_of(at, terms.time_zone))
    if keep.next and index > lowest(terms.ladder):
        first = following(keep.cycle, first)
    return local_midnight(first, terms.time_zone)


def _end_of_day(at: datetime, terms: Terms) -> datetime:
    """The midnight at or after it, where the day before is meant to be the last."""
    return local_midnight(day_of(at - _INSTANT, terms.time_zone) + timedelta(days=1), terms.time_zone)


def earlier(at: datetime, text: str, time_zone: str) -> datetime:
    """The instant so long before: as many days by the calendar, months as 31 of them."""
    back = span(text)
    day = day_of(at, time_zone) - timedelta(days=back.days + 31 * back.months)
    return local_midnight(day, time_zone) - back.exact
