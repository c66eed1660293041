"""`startRehearsal`, `cancelRehearsal`, `rehearsal`, `rehearsals`, `rehearsalProgress`: a draft is played, and changes nothing."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gamification.kit.actors import Actor, Role
from gamification.rehearsal import keeping, pacing, playing, rehearsing
from gamification.rehearsal.model import KEPT_MAX
from storage.mongo import Mongo
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, refused, typed
from tests.resolvers.test_permissions import everything
from tests.support import ProgrammeUnderTest

BEGAN = datetime(2026, 5, 1, 12, tzinfo=UTC)
SHOP: dict[str, Any] = {
    "units": [{"key": "points"}],
    "activity_types": [
        {
            "key": "buy",
            "properties": {
                "type": "object",
                "properties": {"amount": {"type": "integer"}},
                "required": ["amount"],
            },
        }
    ],
    "rules": [
        {
            "key": "spend",
            "on": ["buy"],
            "effects": [
                {"points": {"unit": "points", "amount": "activity.amount", "boards": ["monthly"]}},
                {"when": "activity.amount >= 50", "reward": {"reward": "mug"}},
                {"when": "activity.amount >= 50", "award": {"badge": "big"}},
                {"advance": {"task": "three"}},
            ],
        }
    ],
    "tasks": [{"key": "three", "goal": 3, "reward": [{"points": {"unit": "points", "amount": 5}}]}],
    "badges": [{"key": "big"}],
    "leaderboards": [{"key": "monthly", "cycle": "monthly"}],
    "ladders": [
        {
            "key": "club",
            "measures": [{"key": "points", "unit": "points"}],
            "tiers": [{"key": "basic"}, {"key": "gold", "requires": {"points": 150}}],
        }
    ],
    "rewards": [{"key": "mug", "goods": {}, "stock": 3, "cost": 420}],
}
DOUBLE = {
    "key": "spend",
    "on": ["buy"],
    "effects": [
        {"points": {"unit": "points", "amount": "2 * activity.amount", "boards": ["monthly"]}},
        *SHOP["rules"][0]["effects"][1:],
    ],
}
UNFIRED = {
    "key": "never",
    "on": ["buy"],
    "when": "activity.amount > 1000",
    "effects": [{"award": {"badge": "big"}}],
}
TIME = {"from": "2026-05-01T00:00:00Z", "to": "2026-06-01T00:00:00Z"}
POINTS = "points { unit given taken happenedGiven happenedTaken difference }"
RESULT = f"""result {{
  activities activitiesBefore leftOut members changedMembers failed cost happenedCost uncosted unfiredRules
  {POINTS}
  days {{ day {POINTS} rewards happenedRewards cost happenedCost }}
  rewards {{ reward given happenedGiven outOfStock cost happenedCost }}
  badges {{ key count happened }} tasks {{ key count happened }}
  tiers {{ ladder before after count happened }}
  boards {{ board period size winners {{ rank score subscore happenedScore member {{ externalId }} }} }}
  gainers {{ unit points happened difference member {{ externalId }} }}
  losers {{ unit difference }}
  failures {{ source sourceId type rule code message }}
  rules {{ rule activities }}
}}"""
SHOWN = f"""id from to order askedAt askedBy finishedAt problem version
  changes {{ section key kind version fields }}
  progress {{ status done total share restSeconds }} {RESULT}"""


@pytest.fixture
async def shop(programme: MakeProgramme) -> AsyncIterator[ProgrammeUnderTest]:
    """Ann buys for 30, 60 and 90, Bob for 10."""
    made = await programme(SHOP)
    made.clock.now = BEGAN
    await made.join("ann", display_name="Ann")
    await made.join("bob", display_name="Bob")
    for day, (name, amount) in enumerate([("ann", 30), ("bob", 10), ("ann", 60), ("ann", 90)]):
        made.clock.now = BEGAN + timedelta(days=day)
        await made.do("buy", name, amount=amount, source_id=f"b{day}")
    yield made
    await made.services.rehearsal_keeping.run_due()


async def start(
    graphql: GraphQL, shop: ProgrammeUnderTest, shown: str = SHOWN, **stated: Any
) -> dict[str, Any]:
    """A rehearsal that was asked for, with a key of its own unless one is stated."""
    given = {"idempotencyKey": f"k{start.count}", **TIME, **stated}  # type: ignore[attr-defined]
    start.count += 1  # type: ignore[attr-defined]
    answer = await graphql.done(shop.operator, "startRehearsal", given, f"replayed rehearsal {{ {shown} }}")
    return {**answer["rehearsal"], "replayed": answer["replayed"]}


start.count = 0  # type: ignore[attr-defined]


async def read(graphql: GraphQL, shop: ProgrammeUnderTest, found: str, shown: str = SHOWN) -> Any:
    answer = await graphql.read(
        shop.operator, f"query ($id: ID!) {{ rehearsal(id: $id) {{ {shown} }} }}", {"id": found}
    )
    return answer["rehearsal"]


async def played(graphql: GraphQL, shop: ProgrammeUnderTest, **stated: Any) -> dict[str, Any]:
    """What a rehearsal of that found."""
    started = await start(graphql, shop, **stated)
    await shop.services.rehearsal_keeping.run_due()
    found: dict[str, Any] = await read(graphql, shop, started["id"])
    assert found["progress"]["status"] == "DONE", found
    return found


def definition(kind: str, stated: dict[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "definition": stated}


async def test_a_draft_is_played_beside_what_happened(graphql: GraphQL, shop: ProgrammeUnderTest) -> None:
    changes = [definition("RULE", DOUBLE), definition("RULE", UNFIRED)]

    started = await start(graphql, shop, definitions=changes)
    assert (started["progress"]["status"], started["result"], started["replayed"]) == ("WAITING", None, False)
    assert [(one["key"], one["kind"]) for one in started["changes"]] == [
        ("spend", "CHANGED"),
        ("never", "ADDED"),
    ]
    await shop.services.rehearsal_keeping.run_due()
    found = await read(graphql, shop, started["id"])

    assert found["progress"] == {"status": "DONE", "done": 4, "total": 4, "share": 1.0, "restSeconds": None}
    assert (found["from"][:10], found["to"][:10], found["order"]) == ("2026-05-01", "2026-06-01", "HAPPENED")
    assert (found["version"], found["askedBy"], found["problem"]) == (1, "operator:ops", None)
    result = found["result"]
    assert (result["activities"], result["activitiesBefore"], result["members"]) == (4, 0, 2)
    assert result["points"] == [
        {
            "unit": "points",
            "given": 385,
            "taken": 0,
            "happenedGiven": 195,
            "happenedTaken": 0,
            "difference": 190,
        }
    ]
    assert [(day["day"], day["points"][0]["given"], day["cost"]) for day in result["days"]] == [
        ("2026-05-01", 60, 0),
        ("2026-05-02", 20, 0),
        ("2026-05-03", 120, 420),
        ("2026-05-04", 185, 420),
    ]
    assert result["rewards"] == [
        {"reward": "mug", "given": 2, "happenedGiven": 2, "outOfStock": 0, "cost": 840, "happenedCost": 840}
    ]
    assert (result["cost"], result["happenedCost"], result["uncosted"]) == (840, 840, 0)
    assert result["badges"] == [{"key": "big", "count": 1, "happened": 1}]
    assert result["tasks"] == [{"key": "three", "count": 1, "happened": 1}]
    assert result["tiers"] == [
        {"ladder": "club", "before": "basic", "after": "gold", "count": 1, "happened": 1}
    ]
    (board,) = result["boards"]
    assert (board["board"], board["period"], board["size"]) == ("monthly", "2026-05", 2)
    assert [
        (w["rank"], w["member"]["externalId"], w["score"], w["happenedScore"]) for w in board["winners"]
    ] == [
        (1, "ann", 360, 180),
        (2, "bob", 20, 10),
    ]
    assert result["changedMembers"] == 2
    assert [(one["member"]["externalId"], one["difference"]) for one in result["gainers"]] == [
        ("ann", 180),
        ("bob", 10),
    ]
    assert (result["losers"], result["failures"], result["failed"]) == ([], [], 0)
    assert result["unfiredRules"] == ["never"]
    assert result["rules"] == [{"rule": "spend", "activities": 4}, {"rule": "never", "activities": 0}]


async def test_the_present_programme_as_a_document_differs_in_nothing(
    graphql: GraphQL, shop: ProgrammeUnderTest
) -> None:
    found = await played(graphql, shop, document={**SHOP, "programme": {"key": shop.key}}, order="RECORDED")

    assert found["changes"] == []
    assert found["result"]["points"][0]["difference"] == 0
    assert found["result"]["changedMembers"] == 0


async def test_drafts_that_the_programme_keeps_can_be_published_in_it(
    graphql: GraphQL, shop: ProgrammeUnderTest
) -> None:
    campaign = {
        "key": "may",
        "kind": "benefit",
        "schedule": {"starts_at": "2026-05-03T00:00:00Z", "ends_at": "2026-05-04T00:00:00Z"},
        "multiply": [{"unit": "points", "percent": 300}],
    }
    stated = {"kind": "CAMPAIGN", "definition": campaign}
    await graphql.done(shop.operator, "createDefinition", stated)

    without = await played(graphql, shop, definitions=[definition("BADGE", {"key": "other"})])
    found = await played(graphql, shop, publish=[{"kind": "CAMPAIGN", "key": "may"}])

    assert without["result"]["points"][0]["difference"] == 0
    assert found["result"]["points"][0]["difference"] == 2 * 60
    catalogue = await shop.services.programmes.catalogue(shop.key)
    assert catalogue.campaigns["may"].status == "draft"


async def test_it_writes_nothing_but_itself(graphql: GraphQL, shop: ProgrammeUnderTest, mongo: Mongo) -> None:
    before = await everything(mongo, shop)

    await played(graphql, shop, definitions=[definition("RULE", DOUBLE)])

    after = await everything(mongo, shop)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"rehearsals", "rehearsal_results", "idempotency_keys"}


async def test_activity_that_is_recorded_meanwhile_is_not_in_it(
    graphql: GraphQL, shop: ProgrammeUnderTest
) -> None:
    started = await start(graphql, shop, definitions=[definition("RULE", DOUBLE)])
    await shop.do("buy", "bob", amount=1000)

    await shop.services.rehearsal_keeping.run_due()

    result = (await read(graphql, shop, started["id"]))["result"]
    assert (result["activities"], result["points"][0]["happenedGiven"]) == (4, 195)


async def test_a_key_acts_once(graphql: GraphQL, shop: ProgrammeUnderTest) -> None:
    stated: dict[str, Any] = {**TIME, "definitions": [definition("RULE", DOUBLE)], "idempotencyKey": "one"}
    first = await start(graphql, shop, **stated)

    again = await start(graphql, shop, **stated)
    other = await graphql.mutate(shop.operator, "startRehearsal", {**stated, "order": "RECORDED"})

    assert (again["id"], again["replayed"]) == (first["id"], True)
    typed(other, "IdempotencyConflictError")


async def test_many_at_once_with_one_key_are_one(graphql: GraphQL, shop: ProgrammeUnderTest) -> None:
    stated: dict[str, Any] = {**TIME, "definitions": [definition("RULE", DOUBLE)], "idempotencyKey": "one"}

    found = await asyncio.gather(*(start(graphql, shop, "id", **stated) for _ in range(8)))

    assert len({one["id"] for one in found}) == 1
    assert sum(not one["replayed"] for one in found) == 1


async def test_no_more_than_three_are_under_way(graphql: GraphQL, shop: ProgrammeUnderTest) -> None:
    async def one(number: int) -> str:
        stated = {**TIME, "definitions": [definition("RULE", DOUBLE)], "idempotencyKey": f"n{number}"}
        result = await graphql.mutate(shop.operator, "startRehearsal", stated, "rehearsal { id }")
        assert result.data is not None
        name: str = result.data["startRehearsal"]["__typename"]
        return name

    answers = await asyncio.gather(*(one(number) for number in range(6)))

    assert sorted(answers) == ["ConflictError"] * 3 + ["StartRehearsalSuccess"] * 3
    await shop.services.rehearsal_keeping.run_due()
    assert await one(7) == "StartRehearsalSuccess"


@pytest.mark.parametrize(
    ("stated", "kind", "path"),
    [
        ({}, "InvalidInputError", "document"),
        ({"document": {}, "publish": [{"kind": "RULE", "key": "spend"}]}, "InvalidInputError", "document"),
        ({"document": {"programme": {"key": "elsewhere"}}}, "InvalidInputError", "programme.key"),
        ({"publish": [{"kind": "RULE", "key": "nothing"}]}, "NotFoundError", "rules.nothing"),
        ({"definitions": [definition("RULE", {"on": ["buy"]})]}, "InvalidDocumentError", "rules.key"),
        ({"definitions": ["x"]}, "InvalidInputError", "definition"),
        ({"publish": [{"kind": "RULE", "key": "spend"}], "to": TIME["from"]}, "InvalidInputError", "to"),
        (
            {"publish": [{"kind": "RULE", "key": "spend"}], "to": "2027-06-06T00:00:00Z"},
            "InvalidInputError",
            "to",
        ),
        (
            {"publish": [{"kind": "RULE", "key": "spend"}], "idempotencyKey": ""},
            "InvalidInputError",
            "idempotencyKey",
        ),
    ],
)
async def test_what_publishing_would_refuse_is_refused(
    graphql: GraphQL, shop: ProgrammeUnderTest, stated: dict[str, Any], kind: str, path: str
) -> None:
    if stated.get("definitions") == ["x"]:
        stated = {"definitions": [{"kind": "RULE", "definition": ["x"]}]}

    result = await graphql.mutate(shop.operator, "startRehearsal", {**TIME, "idempotencyKey": "k", **stated})

    typed(result, kind, path=path)


async def test_faults_of_a_draft_are_all_told(graphql: GraphQL, shop: ProgrammeUnderTest) -> None:
    broken = {**DOUBLE, "effects": [{"points": {"unit": "gold", "amount": 1}}]}
    other = {"key": "other", "on": ["sell"], "effects": [{"award": {"badge": "big"}}]}

    result = await graphql.mutate(
        shop.operator,
        "startRehearsal",
        {
            **TIME,
            "idempotencyKey": "k",
            "definitions": [definition("RULE", broken), definition("RULE", other)],
        },
    )

    error = typed(result, "InvalidDocumentError")
    assert len(error["faults"]) == 2, error


async def test_too_many_definitions_are_over_the_limit(graphql: GraphQL, shop: ProgrammeUnderTest) -> None:
    many = [{"kind": "RULE", "key": "spend"}] * 101

    result = await graphql.mutate(
        shop.operator, "startRehearsal", {**TIME, "idempotencyKey": "k", "publish": many}
    )

    refused(result, "LIMIT_EXCEEDED", limit=100)


async def test_failures_name_activity_and_rule(graphql: GraphQL, shop: ProgrammeUnderTest) -> None:
    failing = {**DOUBLE, "effects": [{"points": {"unit": "points", "amount": "60 / (activity.amount - 60)"}}]}

    result = (await played(graphql, shop, definitions=[definition("RULE", failing)]))["result"]

    assert result["failed"] == 1
    (failure,) = result["failures"]
    assert failure["message"].startswith("rules.spend.effects.0")
    del failure["message"]
    assert failure == {
        "source": "tests",
        "sourceId": "b2",
        "type": "buy",
        "rule": "spend",
        "code": "RULE_FAILED",
    }
    assert [one["difference"] for one in result["losers"]] == [-183, -10]


async def test_one_that_waits_or_runs_is_cancelled(
    graphql: GraphQL, shop: ProgrammeUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = await start(graphql, shop, "id", definitions=[definition("RULE", DOUBLE)])
    await graphql.done(shop.operator, "cancelRehearsal", {"rehearsalId": waiting["id"]})
    running = await start(graphql, shop, "id", definitions=[definition("RULE", DOUBLE)])
    monkeypatch.setattr(rehearsing, "BATCH", 1)
    monkeypatch.setattr(keeping, "HEARD_SECONDS", 0)
    play = playing.Player.play
    seen: list[Any] = []

    async def cancel_then_play(self: Any, *stated: Any, **more: Any) -> Any:
        if not seen:
            seen.append(await read(graphql, shop, running["id"], "progress { status }"))
            await graphql.done(shop.operator, "cancelRehearsal", {"rehearsalId": running["id"]})
        return await play(self, *stated, **more)

    monkeypatch.setattr(playing.Player, "play", cancel_then_play)
    await shop.services.rehearsal_keeping.run_due()

    assert seen == [{"progress": {"status": "RUNNING"}}]
    for one in (waiting, running):
        found = await read(graphql, shop, one["id"])
        assert (found["progress"]["status"], found["result"]) == ("CANCELLED", None)
        assert found["finishedAt"] is not None
    again = await graphql.done(
        shop.operator, "cancelRehearsal", {"rehearsalId": running["id"]}, "rehearsal { progress { status } }"
    )
    assert again["rehearsal"]["progress"]["status"] == "CANCELLED"


async def test_what_a_process_leaves_behind_another_begins_anew(
    graphql: GraphQL, shop: ProgrammeUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = await start(graphql, shop, "id", definitions=[definition("RULE", DOUBLE)])
    keeper = shop.services.rehearsal_keeping
    with monkeypatch.context() as broken:

        async def killed(*_: Any, **__: Any) -> Any:
            raise asyncio.CancelledError

        broken.setattr(playing.Player, "play", killed)
        with pytest.raises(asyncio.CancelledError):
            await keeper.run_due()

    await keeper.run_due()
    left = await read(graphql, shop, started["id"], "progress { status }")
    shop.clock.advance(timedelta(seconds=31))
    await asyncio.gather(*(keeper.run_due() for _ in range(4)))
    found = await read(graphql, shop, started["id"])

    assert left["progress"]["status"] == "RUNNING"  # while its lease lasts
    assert found["progress"]["status"] == "DONE"
    assert found["result"]["points"][0]["given"] == 385


async def test_one_that_never_ends_well_fails(
    graphql: GraphQL, shop: ProgrammeUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = await start(graphql, shop, "id", definitions=[definition("RULE", DOUBLE)])
    unforeseen = await start(graphql, shop, "id", definitions=[definition("RULE", DOUBLE)])
    keeper = shop.services.rehearsal_keeping
    with monkeypatch.context() as broken:
        stops: list[type[BaseException]] = [
            asyncio.CancelledError,
            asyncio.CancelledError,
            asyncio.CancelledError,
        ]

        async def killed(*_: Any, **__: Any) -> Any:
            raise stops.pop() if stops else ValueError

        broken.setattr(playing.Player, "play", killed)
        for _ in range(3):
            with pytest.raises(asyncio.CancelledError):
                await keeper.run_due()
            shop.clock.advance(timedelta(seconds=31))
        with pytest.raises(ValueError):  # noqa: PT011 - nobody foresaw it; the worker logs it
            await keeper.run_due()

    for one, problem in ((started, "It was begun 3 times"), (unforeseen, "It could not be finished.")):
        found = await read(graphql, shop, one["id"], "problem progress { status }")
        assert found["progress"]["status"] == "FAILED"
        assert found["problem"].startswith(problem)


async def test_progress_is_told_until_it_is_done(
    graphql: GraphQL, shop: ProgrammeUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = await start(graphql, shop, "id", definitions=[definition("RULE", DOUBLE)])
    monkeypatch.setattr(rehearsing, "BATCH", 1)
    monkeypatch.setattr(keeping, "HEARD_SECONDS", 0)
    monkeypatch.setattr("resolvers.subscriptions.rehearsals.REST_SECONDS", 0.01)
    play, told = playing.Player.play, asyncio.Event()

    async def slowly(self: Any, *stated: Any, **more: Any) -> Any:
        shop.clock.advance(timedelta(seconds=2))
        await told.wait()
        return await play(self, *stated, **more)

    monkeypatch.setattr(playing.Player, "play", slowly)
    shown = "status done total share restSeconds"
    document = f"subscription ($id: ID!) {{ rehearsalProgress(id: $id) {{ {shown} }} }}"
    async with graphql.subscribe(shop.operator, document, {"id": started["id"]}) as stream:
        first = await stream.data()
        running = asyncio.create_task(shop.services.rehearsal_keeping.run_due())
        messages = [first]
        while messages[-1]["status"] != "DONE":
            messages.append(await stream.data())
            told.set()
        with pytest.raises(StopAsyncIteration):
            await stream.result()
        await running

    assert first == {"status": "WAITING", "done": 0, "total": None, "share": 0.0, "restSeconds": None}
    assert messages[-1] == {"status": "DONE", "done": 4, "total": 4, "share": 1.0, "restSeconds": None}
    shares = [message["share"] for message in messages]
    assert shares == sorted(shares)
    for message in messages[1:-1]:
        assert message["status"] == "RUNNING"
        if message["done"]:
            assert message["restSeconds"] == round(2 * (4 - message["done"]))


async def test_they_are_listed_newest_first_and_forgotten(
    graphql: GraphQL, shop: ProgrammeUnderTest, mongo: Mongo
) -> None:
    listed = (
        "{ rehearsals(first: 100) { edges { node { id progress { status } } } pageInfo { hasNextPage } } }"
    )
    ids = []
    for _ in range(KEPT_MAX + 2):
        found = await start(graphql, shop, "id", publish=[{"kind": "RULE", "key": "spend"}])
        await shop.services.rehearsal_keeping.run_due()
        ids.append(found["id"])

    kept = (await graphql.read(shop.operator, listed))["rehearsals"]
    assert [edge["node"]["id"] for edge in kept["edges"]] == ids[:1:-1]
    assert await mongo.collection("rehearsal_results").count_documents({"programme_id": shop.key}) == KEPT_MAX

    shop.clock.advance(timedelta(days=31))
    await shop.services.rehearsal_keeping.run_due()
    assert (await graphql.read(shop.operator, listed))["rehearsals"]["edges"] == []
    assert await mongo.collection("rehearsal_results").count_documents({"programme_id": shop.key}) == 0
    assert await read(graphql, shop, ids[-1], "id") is None


async def test_rehearsals_are_the_operators_own(
    graphql: GraphQL, shop: ProgrammeUnderTest, programme: MakeProgramme
) -> None:
    found = (await played(graphql, shop, publish=[{"kind": "RULE", "key": "spend"}]))["id"]
    elsewhere = await programme(SHOP)
    by_id = "query ($id: ID!) { rehearsal(id: $id) { id } node(id: $id) { id } }"
    watch = "subscription ($id: ID!) { rehearsalProgress(id: $id) { status } }"

    own = await graphql.read(shop.operator, by_id, {"id": found})
    assert own == {"rehearsal": {"id": found}, "node": {"id": found}}
    for actor in (
        elsewhere.operator,
        shop.moderator,
        shop.service,
        Actor(shop.key, "ann", Role.MEMBER),
    ):
        assert await graphql.read(actor, by_id, {"id": found}) == {"rehearsal": None, "node": None}
        answer = await graphql.mutate(actor, "cancelRehearsal", {"rehearsalId": found})
        if actor is elsewhere.operator:
            typed(answer, "NotFoundError")
            assert await graphql.read(actor, "{ rehearsals { edges { node { id } } } }") == {
                "rehearsals": {"edges": []}
            }
            async with graphql.subscribe(actor, watch, {"id": found}) as stream:
                refused(await stream.result(), "NOT_FOUND")
        else:
            refused(answer, "FORBIDDEN")
            refused(await graphql(actor, "{ rehearsals { edges { node { id } } } }"), "FORBIDDEN")
            async with graphql.subscribe(actor, watch, {"id": found}) as stream:
                refused(await stream.result(), "FORBIDDEN")


async def test_others_have_their_turn_while_it_computes(
    shop: ProgrammeUnderTest, graphql: GraphQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between any two slices a neighbour on the loop runs, however many activities there are."""
    await start(graphql, shop, "id", publish=[{"kind": "RULE", "key": "spend"}])
    monkeypatch.setattr(pacing, "SLICE_SECONDS", -1.0)
    turns, play, seen = 0, playing.Player.play, []

    async def neighbour() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def noted(self: Any, *stated: Any, **more: Any) -> Any:
        seen.append(turns)
        return await play(self, *stated, **more)

    monkeypatch.setattr(playing.Player, "play", noted)
    beside = asyncio.create_task(neighbour())
    await shop.services.rehearsal_keeping.run_due()
    beside.cancel()

    assert len(seen) == 4
    assert all(after > before for before, after in itertools.pairwise(seen))
