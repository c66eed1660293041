"""The page's own small schema in Strawberry, its objects made from the page's JSON: what the peers serve, by our
executor or by Strawberry's."""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import Enum
from typing import Any

import strawberry
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig

from resolvers.scalars import SCALARS, Long


@strawberry.enum
class TransferKind(Enum):
    EARNED = "EARNED"
    DEDUCTED = "DEDUCTED"
    ADJUSTED = "ADJUSTED"
    SPENT = "SPENT"
    EXPIRED = "EXPIRED"
    REVERSED = "REVERSED"


@strawberry.type
class RuleVersion:
    key: str
    version: int


@strawberry.type
class Activity:
    id: strawberry.ID
    type: str
    subject: str | None


@strawberry.type
class Cause:
    activity: Activity | None
    rule: RuleVersion | None
    reason: str | None


@strawberry.type
class Unit:
    id: strawberry.ID
    key: str
    name: str


@strawberry.type
class Transfer:
    id: strawberry.ID
    amount: Long
    balance_after: Long
    kind: TransferKind
    occurred_at: datetime
    unit: Unit
    cause: Cause


@strawberry.type
class TransferConnection:
    nodes: list[Transfer]


@strawberry.type
class Member:
    id: strawberry.ID
    display_name: str
    avatar_url: str | None = None
    transfers: strawberry.Private[TransferConnection | None] = None

    @strawberry.field
    def ledger(self, first: int | None = None) -> TransferConnection | None:
        """What the page states; there is no more of it to choose from."""
        return self.transfers


@strawberry.type
class LeaderboardEntry:
    rank: Long
    score: Long
    achieved_at: datetime
    member: Member


@strawberry.type
class LeaderboardEntryEdge:
    node: LeaderboardEntry


@strawberry.type
class PageInfo:
    has_next_page: bool


@strawberry.type
class LeaderboardEntryConnection:
    edges: list[LeaderboardEntryEdge]
    page_info: PageInfo


@strawberry.type
class LeaderboardPeriod:
    key: str
    revision: Long
    page: strawberry.Private[LeaderboardEntryConnection]

    @strawberry.field
    def entries(self, first: int | None = None) -> LeaderboardEntryConnection:
        return self.page


@strawberry.type
class Leaderboard:
    name: str
    current: strawberry.Private[LeaderboardPeriod]

    @strawberry.field
    def period(self, key: str | None = None) -> LeaderboardPeriod | None:
        return self.current


def board_of(data: dict[str, Any]) -> Leaderboard:
    """The page's board."""
    period = data["leaderboard"]["period"]
    edges = [
        LeaderboardEntryEdge(
            node=LeaderboardEntry(
                rank=node["rank"],
                score=node["score"],
                achieved_at=datetime.fromisoformat(node["achievedAt"]),
                member=_member(node["member"]),
            )
        )
        for node in (edge["node"] for edge in period["entries"]["edges"])
    ]
    info = PageInfo(has_next_page=period["entries"]["pageInfo"]["hasNextPage"])
    page = LeaderboardEntryConnection(edges=edges, page_info=info)
    return Leaderboard(
        name=data["leaderboard"]["name"],
        current=LeaderboardPeriod(key=period["key"], revision=period["revision"], page=page),
    )


def me_of(data: dict[str, Any]) -> Member:
    """The page's viewer, with their transfers."""
    member = _member(data["me"])
    member.transfers = TransferConnection(nodes=[_transfer(node) for node in data["me"]["ledger"]["nodes"]])
    return member


def _member(node: dict[str, Any]) -> Member:
    return Member(id=node["id"], display_name=node["displayName"], avatar_url=node.get("avatarUrl"))


def _transfer(node: dict[str, Any]) -> Transfer:
    cause = node["cause"]
    return Transfer(
        id=node["id"],
        amount=node["amount"],
        balance_after=node["balanceAfter"],
        kind=TransferKind(node["kind"]),
        occurred_at=datetime.fromisoformat(node["occurredAt"]),
        unit=Unit(**node["unit"]),
        cause=Cause(
            activity=Activity(**cause["activity"]) if cause["activity"] else None,
            rule=RuleVersion(**cause["rule"]) if cause["rule"] else None,
            reason=cause["reason"],
        ),
    )


def schema_of(
    data: dict[str, Any], extensions: Sequence[Callable[[], SchemaExtension]] = ()
) -> strawberry.Schema:
    """A schema that serves that page; which board is asked for makes no difference."""
    board, viewer = board_of(data), me_of(data)

    @strawberry.type
    class Query:
        @strawberry.field
        def leaderboard(self, key: str) -> Leaderboard | None:
            return board

        @strawberry.field
        def me(self) -> Member | None:
            return viewer

    return strawberry.Schema(
        query=Query, config=StrawberryConfig(scalar_map=SCALARS), extensions=list(extensions)
    )
