"""Agreements of two programmes, links between two accounts, exchanges and statements. Points are whole, in their unit's smallest
part; money is in the currency's.

What is of members is kept in halves, one for each programme, so that no document of a programme names the other's member.
"""

from datetime import datetime
from enum import StrEnum

from gamification.kit.identifiers import derived_id
from gamification.kit.periods import Cycle
from gamification.kit.records import record

SOURCE = "partners"
"""Under which name the platform records that a member took part in the partner's campaign."""


class Side(StrEnum):
    """FIRST proposed the agreement, SECOND accepted it."""

    FIRST = "first"
    SECOND = "second"

    @property
    def other(self) -> "Side":
        """The other one."""
        return Side.SECOND if self is Side.FIRST else Side.FIRST


class AgreementState(StrEnum):
    """PROPOSED waits for the other's consent; ACTIVE; ENDED by either."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    ENDED = "ended"


@record(frozen=True, slots=True)
class Way:
    """One direction of exchange: `take` points of `unit_from` at `source` are `give` points of `unit_to` at the other side.

    Of what a member states only as many are taken as whole points can be given for. `minimum`, `per_member` and `in_all`
    are in points taken; the latter two in each `cycle`, None for no cap. `price`: what `source` owes the other side for `per_points` points given.
    """

    source: Side
    unit_from: str
    unit_to: str
    take: int
    give: int
    minimum: int = 1
    per_member: int | None = None
    in_all: int | None = None
    cycle: Cycle = Cycle.MONTHLY
    price: int = 0
    per_points: int = 1


@record(frozen=True, slots=True)
class Joint:
    """Taking part in `campaign` of `source` is recorded at the other side as an activity of type `activity`."""

    source: Side
    campaign: str
    activity: str


@record(frozen=True, slots=True)
class Terms:
    """What two programmes agree upon; a change of them is agreed upon anew."""

    ways: tuple[Way, ...]
    joint: tuple[Joint, ...] = ()


@record(frozen=True, slots=True)
class Agreement:
    """`programme_id` proposed it, `partner_id` accepted it. `agreed`: all terms that ever were in force, those that are last;
    `offered`: new ones, which `offered_by` consents to and the other not yet. `next_month`: the first whose statement is
    not closed, at `due_at` it is to be; None where none is left."""

    id: bytes
    programme_id: str
    name: str
    time_zone: str
    currency: str
    created_at: datetime
    partner_id: str | None = None
    code: bytes | None = None
    code_until: datetime | None = None
    state: AgreementState = AgreementState.PROPOSED
    agreed: tuple[Terms, ...] = ()
    offered: Terms | None = None
    offered_by: Side | None = None
    accepted_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: Side | None = None
    next_month: str | None = None
    due_at: datetime | None = None

    @property
    def version(self) -> int:
        """Counts the terms that were agreed upon; 0 before any."""
        return len(self.agreed)

    @property
    def terms(self) -> Terms | None:
        """Those in force."""
        return self.agreed[-1] if self.agreed else None

    def side(self, programme_id: str) -> Side | None:
        """Which side a programme is; None where it is neither."""
        if programme_id == self.programme_id:
            return Side.FIRST
        return Side.SECOND if programme_id == self.partner_id else None

    def programme(self, side: Side) -> str:
        """The programme of a side, of an agreement that was accepted."""
        found = self.programme_id if side is Side.FIRST else self.partner_id
        assert found is not None  # noqa: S101 - it was accepted
        return found


@record(frozen=True, slots=True)
class Link:
    """One half of a link between a member's two accounts; the other has the same `link`. `shares`: whether they agreed to
    be recorded at the partner's for campaigns of this programme, and here for the partner's."""

    id: bytes
    programme_id: str
    agreement_id: bytes
    member_id: bytes
    link: bytes
    since: datetime
    shares: bool = False


@record(frozen=True, slots=True)
class LinkCode:
    """What a member was given to state at the partner's, by its digest; it works once."""

    id: bytes
    programme_id: str
    agreement_id: bytes
    member_id: bytes
    until: datetime
    shares: bool = False


@record(frozen=True, slots=True)
class Exchanged:
    """One half of an exchange; its id is that of the transfer. `way` is the place in the terms of that `version`."""

    id: bytes
    programme_id: str
    agreement_id: bytes
    member_id: bytes
    exchange: bytes
    version: int
    way: int
    taken: bool
    unit: str
    amount: int
    at: datetime
    month: str


@record(frozen=True, slots=True)
class Use:
    """How much was taken in one cycle, by a member or by all."""

    id: bytes
    programme_id: str
    agreement_id: bytes
    used: int = 0


@record(frozen=True, slots=True)
class Line:
    """What was exchanged one way under one version of the terms in a month. `amount`: what its source owes for it."""

    version: int
    way: int
    source: Side
    unit_from: str
    unit_to: str
    exchanges: int
    members: int
    taken: int
    given: int
    amount: int


@record(frozen=True, slots=True)
class Statement:
    """A month of an agreement. `net`: what FIRST owes SECOND, negative where it is the other way. `closed_at`: since when it
    changes no more; None while it may."""

    id: bytes
    agreement_id: bytes
    programme_id: str
    partner_id: str
    month: str
    currency: str
    lines: tuple[Line, ...]
    net: int
    closed_at: datetime | None = None


def link_id(agreement_id: bytes, programme_id: str, member_id: bytes) -> bytes:
    """The id of a member's half of a link: they have one for an agreement."""
    return derived_id("partner-link", agreement_id, programme_id, member_id)


def statement_id(agreement_id: bytes, month: str) -> bytes:
    """The id of a month's statement."""
    return derived_id("partner-statement", agreement_id, month)


def use_id(agreement_id: bytes, way: Way, period: str, member_id: bytes | None) -> bytes:
    """The id of what is used of a cap; without a member of that on all."""
    parts = (way.source.value, way.unit_from, way.cycle.value, period, member_id or b"")
    return derived_id("partner-use", agreement_id, *parts)
