"""The rewards of the catalogue: what members redeem their points for, or are given."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field, PlainSerializer, StringConstraints, model_validator

from gamification.kit.numbers import LONG_MAX
from gamification.kit.periods import Cycle
from gamification.programmes.definitions.base import Definition, Expression, Key, Model, Name
from gamification.programmes.definitions.check_ins import Price
from gamification.programmes.definitions.gates import TierGate
from gamification.programmes.definitions.units import SpanText

STOCK_MAX = 10_000_000
CODE_LENGTH_LEAST = 12
SHARES_MAX = 1_000_000

Money = Annotated[int, Field(strict=True, ge=1, le=LONG_MAX)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Item = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Percent = Annotated[
    Decimal,
    PlainSerializer(str, return_type=str, when_used="json"),
    Field(gt=0, le=100, max_digits=7, decimal_places=4),
]
Count = Annotated[int, Field(strict=True, ge=1, le=STOCK_MAX)]


class CodeSource(StrEnum):
    """GENERATED when a coupon is issued, unguessably; or IMPORTED into a pool before, which is then its stock."""

    GENERATED = "generated"
    IMPORTED = "imported"


class Codes(Model):
    """Where a coupon's codes come from. `prefix` and `length`, which is without the prefix, are of generated ones."""

    source: CodeSource = CodeSource.GENERATED
    prefix: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{0,12}$")] = ""
    length: Annotated[int, Field(strict=True, ge=CODE_LENGTH_LEAST, le=32)] = 16


class Stacking(StrEnum):
    """ALONE in an order, or TOGETHER with others that say so."""

    ALONE = "alone"
    TOGETHER = "together"


class DiscountBasis(StrEnum):
    """Of what a percentage is taken: what REMAINS after the coupons before it, or the INITIAL amount."""

    REMAINING = "remaining"
    INITIAL = "initial"


class CouponTerms(Model):
    """A discount, exactly one of a fixed amount `off`, a `percent` (of at most `off_max`), a `free_item`; money in the
    currency's smallest part. `lasts` after it was issued, or `until` then, it can be used, so many times (`uses`), in an
    order of at least `minimum`; of one `category` one in an order. Those of the least `priority` are taken off first.
    """

    currency: Currency | None = None
    off: Money | None = None
    percent: Percent | None = None
    off_max: Money | None = None
    free_item: Item | None = None
    minimum: Money | None = None
    uses: Annotated[int, Field(strict=True, ge=1, le=1000)] = 1
    lasts: SpanText | None = None
    until: AwareDatetime | None = None
    codes: Codes = Codes()
    stacking: Stacking = Stacking.ALONE
    category: Key | None = None
    priority: Annotated[int, Field(strict=True, ge=0, le=1000)] = 100
    basis: DiscountBasis = DiscountBasis.REMAINING

    @model_validator(mode="after")
    def _one(self) -> "CouponTerms":
        if sum(part is not None for part in (self.off, self.percent, self.free_item)) != 1:
            raise ValueError("a coupon is exactly one of off, percent, free_item")
        if self.off_max is not None and self.percent is None:
            raise ValueError("off_max goes with percent")
        if self.currency is None and (self.off or self.off_max or self.minimum):
            raise ValueError("state the currency of off, off_max and minimum")
        if self.lasts is not None and self.until is not None:
            raise ValueError("state lasts or until, not both")
        return self


class GoodsTerms(Model):
    """Something that people fulfil. With `delivery` the member says where it shall go."""

    sku: Item | None = None
    delivery: bool = True


class RedPacketTerms(Model):
    """A fixed sum, randomly split: `shares` parts of at least `minimum` each that add up to `total`, in the currency's
    smallest part."""

    currency: Currency
    total: Money
    shares: Annotated[int, Field(strict=True, ge=1, le=SHARES_MAX)]
    minimum: Money = 1

    @model_validator(mode="after")
    def _reaches(self) -> "RedPacketTerms":
        if self.shares * self.minimum > self.total:
            raise ValueError("the total does not reach for that many shares of the minimum")
        return self


class PrivilegeTerms(Model):
    """A flag that other systems can ask for, as long as it `lasts`, or `until` then; without either for good."""

    flag: Key
    lasts: SpanText | None = None
    until: AwareDatetime | None = None

    @model_validator(mode="after")
    def _one(self) -> "PrivilegeTerms":
        if self.lasts is not None and self.until is not None:
            raise ValueError("state lasts or until, not both")
        return self


class ContentTerms(Model):
    """Something to read or follow that only those see who have it: `text` by locale, an https `url`, or both; as long as
    it `lasts`."""

    text: dict[str, Annotated[str, StringConstraints(max_length=4000)]] = Field(default_factory=dict)
    url: Annotated[str, StringConstraints(pattern=r"^https://[^\s]{1,1990}$")] | None = None
    lasts: SpanText | None = None

    @model_validator(mode="after")
    def _something(self) -> "ContentTerms":
        if not self.text and self.url is None:
            raise ValueError("content has a text or a url")
        return self


class TicketTerms(Model):
    """Tickets for a draw: so many points of the `unit` that it takes."""

    unit: Key
    count: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] = 1


class CapScope(StrEnum):
    """Whose redemptions a cap counts: each MEMBER's own, or all of the PROGRAMME's."""

    MEMBER = "member"
    PROGRAMME = "programme"


class RewardCap(Model):
    """At most `count` are redeemed in a cycle, by the programme's zone; more are refused."""

    count: Count
    per: CapScope = CapScope.MEMBER
    cycle: Cycle = Cycle.ALL_TIME


class RefundCase(StrEnum):
    """In which state a redemption was when it was cancelled; or that it FAILED."""

    PENDING = "pending"
    PROCESSING = "processing"
    SHIPPED = "shipped"
    DONE = "done"
    FAILED = "failed"


class Refund(Model):
    """What comes back: so many percent of the `points`, rounded down; the piece to the `stock`; its place in the
    `caps`."""

    points: Annotated[int, Field(strict=True, ge=0, le=100)] = 100
    stock: bool = True
    caps: bool = True


_GONE = Refund(stock=False)
DEFAULT_REFUNDS = {case: Refund() for case in RefundCase} | {
    RefundCase.SHIPPED: _GONE,
    RefundCase.DONE: _GONE,
}


class CatalogueReward(Definition):
    """Exactly one kind of reward. `when`: a condition on the `member` who may redeem it. `stock`: how many there are
    ever; `cost` what one costs whoever gives it, in the currency's smallest part. `remind`: so long before what it gave expires the member is told. `refunds`: what comes back of a redemption that
    is cancelled, by the state it was in; all of it unless stated, but for the piece once it was shipped or done.
    """

    coupon: CouponTerms | None = None
    goods: GoodsTerms | None = None
    red_packet: RedPacketTerms | None = None
    privilege: PrivilegeTerms | None = None
    content: ContentTerms | None = None
    ticket: TicketTerms | None = None
    price: Price | None = None
    when: Expression | None = None
    tier: TierGate | None = None
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    stock: Count | None = None
    cost: Annotated[int, Field(strict=True, ge=0, le=LONG_MAX)] | None = None
    caps: Annotated[tuple[RewardCap, ...], Field(max_length=10)] = ()
    remind: SpanText | None = None
    refunds: dict[RefundCase, Refund] = Field(default_factory=dict)
    redeemable: bool = True
    image_url: Annotated[str, StringConstraints(pattern=r"^https://[^\s]{1,1990}$")] | None = None
    terms_text: Name = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one(self) -> "CatalogueReward":
        if len(self.kinds) != 1:
            raise ValueError(f"a reward is exactly one of {', '.join(KINDS)}")
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValueError("it ends after it starts")
        if len({(cap.per, cap.cycle) for cap in self.caps}) < len(self.caps):
            raise ValueError("two caps may not count the same")
        return self

    @property
    def kinds(self) -> list[str]:
        """The names of the kinds that are stated: one."""
        return [name for name in KINDS if getattr(self, name) is not None]

    @property
    def kind(self) -> str:
        """The name of its kind."""
        return self.kinds[0]

    def refund(self, case: RefundCase) -> Refund:
        """What comes back in that case."""
        return self.refunds.get(case, DEFAULT_REFUNDS[case])

    def is_open(self, at: datetime) -> bool:
        """Whether its schedule lets it be redeemed at that instant."""
        return (self.starts_at is None or self.starts_at <= at) and (
            self.ends_at is None or at < self.ends_at
        )


KINDS = ("coupon", "goods", "red_packet", "privilege", "content", "ticket")
"""The kinds there are, by the field that states their terms."""
