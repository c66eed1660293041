"""Two programmes of one installation, both lived in: whoever holds a token of one reads and changes nothing of the other, whatever
ids of it they state.

Everything is found in the schema: what it gains is walked without a word here. What is of the other programme is found in its
documents: every id and every longer text that no document of the caller's own programme has.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any
from unittest.mock import patch

import orjson
import pytest
from graphql import GraphQLInputObjectType, get_named_type

from community.services import Services
from gamification.kit.actors import Actor
from gamification.members.model import Member
from gamification.members.service import MemberService
from resolvers.operations import Request
from resolvers.queries.nodes import _BY_BYTES
from resolvers.relay import decode_id, encode_id
from storage.mongo import Mongo
from tests.conftest import MakeProgramme
from tests.resolvers import lived_in_world
from tests.resolvers.harness import CORE, GraphQL, member_gid
from tests.resolvers.isolation import Marks, marks_of
from tests.resolvers.lived_in_world import ANN, built
from tests.resolvers.schema_walk import Name, arguments, calls, selection
from tests.resolvers.test_authorisation_walk import _still, _unlike, pools_of
from tests.resolvers.test_permissions import TABLE, everything, put_back
from tests.resolvers.walker import Walk, first_message
from tests.support import Clock, ProgrammeUnderTest

NAME_THERE = "Name of Ann elsewhere"
IDS_A_COLLECTION = 4
ONE_PROCESS = pytest.mark.xdist_group("isolation")
pytestmark = ONE_PROCESS
Worlds = tuple[ProgrammeUnderTest, ProgrammeUnderTest]
_KEPT: list[Worlds] = []
_PARTS: dict[str, Any] = {}


@pytest.fixture
async def worlds(programme: MakeProgramme, clock: Clock, mongo: Mongo) -> Worlds:
    """The callers' programme, and the other one; in each the same happened. Made once, as it takes seconds."""
    if not _KEPT:
        here = await built(programme)
        clock.run()
        with patch.object(lived_in_world, "NAME", NAME_THERE):
            there = await built(programme)
        # Rows are made for both at once, so that neither changes while it is looked at.
        for one in (here, there):
            await pools_of(one)
        _KEPT.append((here, there))
        clock.now = clock.now
        _PARTS["at"] = clock.now
        _PARTS["pools"] = await pools_of(there)
        _PARTS["marks"] = await marks_of(mongo, there, here)
        _PARTS["here"], _PARTS["there"] = await everything(mongo, here), await everything(mongo, there)
    clock.now = _PARTS["at"]
    return _KEPT[0]


def callers(here: ProgrammeUnderTest) -> list[Actor]:
    return [here.member_actor(ANN), here.service, here.operator]


def made_up(pools: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """The same, but for ids: each is one of the same kind that nothing has."""
    return {name: [_made_up(one) for one in values] for name, values in pools.items()}


def _made_up(value: Any) -> Any:
    decoded = decode_id(value) if isinstance(value, str) else None
    if decoded is None or not _is_hex(decoded[1]):
        return value
    return _unlike(value)


def _is_hex(text: str) -> bool:
    try:
        return len(bytes.fromhex(text)) >= 12
    except ValueError:
        return False


def without_member(request: Request) -> dict[str, Any]:
    """What it states beside the member that whole documents mention."""
    return {name: value for name, value in (request.variables or {}).items() if name != "memberId"}


def alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two answers are the same, but for the order in which errors were met."""
    first, second = (
        _still({**answer, "errors": sorted(map(str, answer["errors"]))}) for answer in (one, other)
    )
    return first == second


async def test_queries_with_ids_of_another_programme_show_nothing_of_it(worlds: Worlds, mongo: Mongo) -> None:
    here, there = worlds
    pools, marks, before = _PARTS["pools"], _PARTS["marks"], _PARTS["there"]
    asked = compared = 0
    for actor in (here.member_actor(ANN), here.operator):
        foreign = Walk(here.services, actor, pools)
        missing = Walk(here.services, actor, made_up(pools))
        for request, other in zip(
            foreign.requests(lean_after=1), missing.requests(lean_after=1), strict=True
        ):
            answer = await foreign.ask(request)
            assert not marks.in_answer(answer, request.variables), (actor.role, (request.query or "")[:80])
            asked += 1
            if without_member(request) != without_member(other):
                assert alike(answer, await missing.ask(other)), (actor.role, request.variables)
                compared += 1
    assert asked > 300
    assert compared > 100
    assert await everything(mongo, there) == before


async def nodes_shown(
    mongo: Mongo, here: ProgrammeUnderTest, there: ProgrammeUnderTest, actor: Actor, kinds: Sequence[str]
) -> tuple[list[Any], list[Any]]:
    """What `nodes` answers for ids of all of the other programme's documents as those of every type, and those ids."""
    raw = [
        row["_id"]
        for rows in (await everything(mongo, there)).values()
        for row in rows[:IDS_A_COLLECTION] + rows[-IDS_A_COLLECTION:]
        if isinstance(row["_id"], bytes)
    ]
    ids = [encode_id(kind, one) for kind in kinds for one in dict.fromkeys(raw)]
    shown = []
    for start in range(0, len(ids), 100):
        request = Request(
            "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", {"ids": ids[start : start + 100]}
        )
        answer = await Walk(here.services, actor, {"memberId": [""]}).ask(request)
        assert not answer["errors"]
        shown += [one for one in answer["data"]["nodes"] if one is not None]
    return shown, ids


async def test_no_node_of_another_programme_is_found_under_any_type(worlds: Worlds, mongo: Mongo) -> None:
    here, there = worlds
    for actor in (here.service, here.operator):
        shown, ids = await nodes_shown(mongo, here, there, actor, sorted(_BY_BYTES))
        assert len(ids) > 100 * len(_BY_BYTES)
        assert shown == []
    # They are there, for who may see them.
    own, _ = await nodes_shown(mongo, there, there, there.operator, sorted(_BY_BYTES))
    assert len({one["__typename"] for one in own}) > len(_BY_BYTES) // 2


async def test_a_leak_is_found(worlds: Worlds, mongo: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = worlds
    repository = here.services.stores.members

    async def of_all(_: MemberService, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Member]:
        return {
            **await repository.by_ids(here.key, ids),
            **await repository.by_ids(there.key, ids),
        }

    pools, marks = _PARTS["pools"], _PARTS["marks"]
    monkeypatch.setattr(MemberService, "by_ids", of_all)
    walk = Walk(here.services, here.operator, pools)
    found: set[str] = set()
    for request in walk.requests("member", "members", lean_after=0):
        found |= marks.in_answer(await walk.ask(request), request.variables)

    assert {member_gid(there, ANN), NAME_THERE} <= found
    shown, _ = await nodes_shown(mongo, here, there, here.operator, ["Member"])
    assert shown


async def test_a_change_of_the_other_programme_is_found(worlds: Worlds, mongo: Mongo) -> None:
    _, there = worlds
    before = await everything(mongo, there)
    await there.services.points.adjust(there.operator, there.id_of("eve"), "points", 1, "r", "seen")
    after = await everything(mongo, there)
    await put_back(mongo, before, after)

    assert {name for name in before if before[name] != after[name]} >= {
        "accounts",
        "transfers",
        "member_feed",
    }


async def cursors(walk: Walk) -> AsyncIterator[tuple[str, str]]:
    """Of every root connection that has any: its name, and a cursor of the other programme's."""
    for request in walk.requests(lean_after=0):
        answer = await walk.ask(request)
        for name, value in (answer["data"] or {}).items():
            edges = value.get("edges") if isinstance(value, dict) else None
            if edges and edges[0].get("cursor"):
                yield name, edges[0]["cursor"]


async def test_cursors_of_another_programme_lead_to_nothing_of_it(worlds: Worlds, mongo: Mongo) -> None:
    here, there = worlds
    marks: Marks = _PARTS["marks"]
    found: dict[str, set[str]] = {}
    for actor in (there.operator, there.member_actor(ANN)):
        async for name, cursor in cursors(Walk(there.services, actor, _PARTS["pools"])):
            found.setdefault(name, set()).add(cursor)
    assert len(found) > 15
    # Reading makes what is made as it is first read: the next test finds it as it was.
    await put_back(mongo, _PARTS["there"], await everything(mongo, there))
    own = await pools_of(here)
    for name, places in sorted(found.items()):
        for where in ("after", "before"):
            pools = {**own, where: sorted(places)}
            for actor in (here.operator, here.member_actor(ANN)):
                walk = Walk(here.services, actor, pools)
                for request in walk.requests(name, lean_after=0):
                    if where in (request.variables or {}):
                        answer = await walk.ask(request)
                        assert not marks.in_answer(answer, request.variables), (name, where)


def with_ids_of(
    there: ProgrammeUnderTest, stated: dict[str, Any], kind: GraphQLInputObjectType, ids: dict[str, str]
) -> dict[str, Any]:
    """The input, with every optional id that it does not state."""
    more = {
        name: member_gid(there, ANN)
        for name, one in kind.fields.items()
        if name not in stated and name == "memberId" and get_named_type(one.type).name == "ID"
    }
    return {**stated, **more}


def echoed(field: str, stated: dict[str, Any]) -> set[str]:
    """What the caller stated and is answered by, whether it is there or not: each of several cases."""
    return {one["caseId"] for one in stated["cases"]} if field == "decideCases" else set()


@pytest.mark.parametrize("field", sorted(TABLE))
async def test_mutations_with_ids_of_another_programme_show_and_change_nothing_of_it(
    worlds: Worlds, mongo: Mongo, field: str
) -> None:
    here, there = worlds
    assert CORE.mutation_type is not None
    asked = CORE.mutation_type.fields[field]
    kind = get_named_type(asked.args["input"].type)
    assert isinstance(kind, GraphQLInputObjectType)
    below = selection(CORE, asked.type, {**_PARTS["pools"], "memberId": [Name("$memberId")]})
    declared = f"$input: {asked.args['input'].type}" + (", $memberId: ID!" if "$memberId" in below else "")
    marks: Marks = _PARTS["marks"]
    for _, make, _ in TABLE[field]:
        bob = there.members["bob"]
        with patch.dict(there.members, {"bob": there.members[ANN], "ann": bob}):
            row = orjson.loads(orjson.dumps(make(there)))
        for stated in (row, with_ids_of(there, row, kind, {})):
            request = Request(
                f"mutation ({declared}) {{ {field}(input: $input) {below} }}",
                {"input": stated, "memberId": member_gid(there, ANN)},
            )
            for actor in (*callers(here), here.moderator):
                answer = await Walk(here.services, actor, {"memberId": [""]}).ask(request)
                shown = marks.in_answer(answer, request.variables)
                assert shown <= echoed(field, stated), (field, actor.role, shown)
    # The callers' own may have changed: the next one finds it as it was.
    await put_back(mongo, _PARTS["here"], await everything(mongo, here))
    after = await everything(mongo, there)
    await put_back(mongo, _PARTS["there"], after)
    assert after == _PARTS["there"]


@pytest.mark.parametrize("field", CORE.subscription_type.fields if CORE.subscription_type else ())
async def test_subscriptions_with_ids_of_another_programme_tell_nothing_of_it(
    live: Services, worlds: Worlds, mongo: Mongo, field: str
) -> None:
    here, there = worlds
    assert CORE.subscription_type is not None
    asked = CORE.subscription_type.fields[field]
    pools, marks = _PARTS["pools"], _PARTS["marks"]
    below = selection(CORE, asked.type, pools)
    for stated in calls(asked, pools):
        request = Request(f"subscription {{ {field}{arguments(stated, asked)} {below} }}")
        for actor in callers(here):
            answer = await first_message(live, actor, request)
            told = (answer.get("data") or {}).get(field) or {}
            # Of what is not there it says so, by the id that was stated.
            is_gone = field == "postUpdated" and told.get("post", told) is None
            shown = marks.in_answer(answer, stated)
            assert shown <= ({told["postId"]} if is_gone else set()), (field, actor.role, shown)
    assert await everything(mongo, there) == _PARTS["there"]


async def test_an_idempotency_key_of_another_programme_replays_nothing(worlds: Worlds, mongo: Mongo) -> None:
    here, there = worlds
    graphql = GraphQL(here.services)
    states = [(one, await everything(mongo, one)) for one in worlds]
    stated = {"unit": "points", "amount": 5, "reason": "r", "idempotencyKey": "the very same"}
    done = []
    for one in (there, here):
        given = {**stated, "memberId": member_gid(one, "eve")}
        done.append(await graphql.done(one.operator, "adjustPoints", given, "replayed transfer { id }"))
    for one, state in states:
        await put_back(mongo, state, await everything(mongo, one))

    assert [one["replayed"] for one in done] == [False, False]
    assert done[0]["transfer"]["id"] != done[1]["transfer"]["id"]
