"""Graphene behind a Starlette route: it has no server of its own that is kept up."""

import json
import os
from pathlib import Path
from typing import Any

import graphene
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

_DATA = json.loads(Path(os.environ["BENCH_PAGE"]).read_text())["data"]
Text, Whole, Identifier = graphene.String, graphene.Int, graphene.ID


class DateTime(graphene.Scalar):
    @staticmethod
    def serialize(value: Any) -> Any:
        return value


class Long(graphene.Scalar):
    @staticmethod
    def serialize(value: Any) -> Any:
        return value


class TransferKind(graphene.Enum):
    EARNED = "EARNED"
    DEDUCTED = "DEDUCTED"
    ADJUSTED = "ADJUSTED"
    SPENT = "SPENT"
    EXPIRED = "EXPIRED"
    REVERSED = "REVERSED"


class RuleVersion(graphene.ObjectType):
    key = Text(required=True)
    version = Whole(required=True)


class Activity(graphene.ObjectType):
    id = Identifier(required=True)
    type = Text(required=True)
    subject = Text()


class Cause(graphene.ObjectType):
    activity = graphene.Field(Activity)
    rule = graphene.Field(RuleVersion)
    reason = Text()


class Unit(graphene.ObjectType):
    id = Identifier(required=True)
    key = Text(required=True)
    name = Text(required=True)


class Transfer(graphene.ObjectType):
    id = Identifier(required=True)
    amount = Long(required=True)
    balance_after = Long(required=True)
    kind = TransferKind(required=True)
    occurred_at = DateTime(required=True)
    unit = graphene.Field(Unit, required=True)
    cause = graphene.Field(Cause, required=True)


class TransferConnection(graphene.ObjectType):
    nodes = graphene.List(graphene.NonNull(Transfer), required=True)


class Member(graphene.ObjectType):
    id = Identifier(required=True)
    display_name = Text(required=True)
    avatar_url = Text()
    ledger = graphene.Field(TransferConnection, first=Whole())


class LeaderboardEntry(graphene.ObjectType):
    rank = Long(required=True)
    score = Long(required=True)
    achieved_at = DateTime(required=True)
    member = graphene.Field(Member, required=True)


class LeaderboardEntryEdge(graphene.ObjectType):
    node = graphene.Field(LeaderboardEntry, required=True)


class PageInfo(graphene.ObjectType):
    has_next_page = graphene.Boolean(required=True)


class LeaderboardEntryConnection(graphene.ObjectType):
    edges = graphene.List(graphene.NonNull(LeaderboardEntryEdge), required=True)
    page_info = graphene.Field(PageInfo, required=True)


class LeaderboardPeriod(graphene.ObjectType):
    key = Text(required=True)
    revision = Long(required=True)
    entries = graphene.Field(LeaderboardEntryConnection, required=True, first=Whole())


class Leaderboard(graphene.ObjectType):
    name = Text(required=True)
    period = graphene.Field(LeaderboardPeriod, key=Text())


class Query(graphene.ObjectType):
    leaderboard = graphene.Field(Leaderboard, key=Text(required=True))
    me = graphene.Field(Member)

    @staticmethod
    def resolve_leaderboard(_: Any, __: Any, key: str) -> Any:
        return _DATA["leaderboard"]

    @staticmethod
    def resolve_me(_: Any, __: Any) -> Any:
        return _DATA["me"]


def _named(data: Any) -> Any:
    """With the names that Graphene's attributes have: it reads a dictionary's items by them."""
    if isinstance(data, list):
        return [_named(item) for item in data]
    if isinstance(data, dict):
        return {"".join("_" + c.lower() if c.isupper() else c for c in k): _named(v) for k, v in data.items()}
    return data


_DATA = _named(_DATA)
_schema = graphene.Schema(query=Query)


async def _answer(request: Request) -> JSONResponse:
    asked = await request.json()
    result = await _schema.execute_async(asked["query"], variable_values=asked.get("variables"))
    return JSONResponse(result.formatted)


app = Starlette(routes=[Route("/graphql", _answer, methods=["POST"])])
