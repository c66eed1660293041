"""Why: the cause of every transfer, award and completion, for the member and staff, and for nobody else."""

from typing import Any

from tests.resolvers.harness import GraphQL, member_gid
from tests.support import SOURCE, ProgrammeUnderTest

CAUSE = """cause {
    activity { sourceId } rule { key version programmeVersion } version task { key version }
    actor { role subject } reason limitedBy { kind shortfall }
}"""
STORY = f"""query ($id: ID!) {{ member(id: $id) {{
    ledger {{ nodes {{ kind amount unit {{ key }} {CAUSE} }} }}
    badgeAwards {{ nodes {{ badge {{ key }} revocation {{ reason actor {{ role }} activity {{ sourceId }} }} {CAUSE} }} }}
    taskProgress {{ nodes {{ task {{ key }} completedAt {CAUSE} }} }}
}} }}"""
NONE: dict[str, Any] = {
    "activity": None,
    "rule": None,
    "version": None,
    "task": None,
    "actor": None,
    "reason": None,
    "limitedBy": [],
}


def by_rule(source_id: str, rule: str, version: int = 1, programme_version: int = 1) -> dict[str, Any]:
    return {
        **NONE,
        "activity": {"sourceId": source_id},
        "rule": {"key": rule, "version": version, "programmeVersion": programme_version},
        "version": version,
    }


def by_hand(role: str, subject: str | None, reason: str) -> dict[str, Any]:
    return {**NONE, "actor": {"role": role, "subject": subject}, "reason": reason}


async def story(graphql: GraphQL, club: ProgrammeUnderTest, actor: Any = None) -> dict[str, Any]:
    answer = await graphql.read(actor or club.member_actor("ann"), STORY, {"id": member_gid(club, "ann")})
    found: dict[str, Any] = answer["member"]
    return found


async def test_rules_name_activity_and_version(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.do("visit", "ann", source_id="v1")
    changed = {
        "key": "visits",
        "on": ["visit"],
        "effects": [{"points": {"unit": "points", "amount": 6}}],
    }
    await graphql.done(club.operator, "updateDefinition", {"kind": "RULE", "definition": changed})
    await club.do("visit", "ann", source_id="v2")

    told = await story(graphql, club)

    assert [(t["amount"], t["cause"]) for t in told["ledger"]["nodes"]] == [
        (6, by_rule("v2", "visits", 2, 2)),
        (5, by_rule("v1", "visits")),
    ]
    assert [(a["badge"]["key"], a["cause"], a["revocation"]) for a in told["badgeAwards"]["nodes"]] == [
        ("newcomer", by_rule("v1", "visits"), None)
    ]
    assert {p["task"]["key"]: p["cause"] for p in told["taskProgress"]["nodes"]} == {
        "regular": None,
        "collector": None,
    }


async def test_a_tasks_reward_names_the_task_and_what_completed_it(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    for number in (1, 2, 3):
        await club.do("visit", "ann", source_id=f"v{number}")
    await graphql.done(club.member_actor("ann"), "claimTask", {"task": "collector", "idempotencyKey": "k"})

    told = await story(graphql, club)

    completed = {**by_rule("v2", "visits"), "task": {"key": "regular", "version": 1}}
    rewards = [t for t in told["ledger"]["nodes"] if t["amount"] in (7, 100)]
    assert rewards[1]["cause"] == completed
    assert rewards[0]["cause"] == {
        **NONE,
        "activity": {"sourceId": "v3"},
        "version": 1,
        "task": {"key": "collector", "version": 1},
        "actor": {"role": "member", "subject": "ann"},
    }
    assert {a["badge"]["key"]: a["cause"] for a in told["badgeAwards"]["nodes"]}["faithful"] == completed
    causes = {p["task"]["key"]: p["cause"] for p in told["taskProgress"]["nodes"]}
    assert causes == {
        "regular": completed,
        "collector": {**by_rule("v3", "visits"), "task": {"key": "collector", "version": 1}},
    }


async def test_what_people_do_names_them_and_their_reason(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann = {"memberId": member_gid(club, "ann")}
    await graphql.done(
        club.operator,
        "adjustPoints",
        {**ann, "unit": "points", "amount": 9, "reason": "sorry", "idempotencyKey": "1"},
    )
    await graphql.done(
        club.member_actor("ann"),
        "spendPoints",
        {"unit": "points", "amount": 4, "reason": "tea", "idempotencyKey": "2"},
    )
    badge = {**ann, "badge": "champion"}
    await graphql.done(club.moderator, "awardBadge", {**badge, "reason": "bravo", "idempotencyKey": "3"})
    await graphql.done(club.moderator, "revokeBadge", {**badge, "reason": "a mix-up", "idempotencyKey": "4"})

    for actor, shown in ((club.member_actor("ann"), False), (club.moderator, True)):
        told = await story(graphql, club, actor)
        assert [t["cause"] for t in told["ledger"]["nodes"]] == [
            by_hand("member", "ann", "tea"),
            by_hand("operator", "ops" if shown else None, "sorry"),
        ]
        (award,) = told["badgeAwards"]["nodes"]
        assert award["cause"] == by_hand("moderator", "mod" if shown else None, "bravo")
        assert award["revocation"] == {"reason": "a mix-up", "actor": {"role": "moderator"}, "activity": None}


async def test_a_reversal_names_the_activity_and_who_took_it_back(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.do("visit", "ann", source_id="v1")
    await graphql.done(
        club.member_actor("ann"), "spendPoints", {"unit": "points", "amount": 2, "idempotencyKey": "2"}
    )
    await graphql.done(
        club.operator, "reverseActivity", {"source": SOURCE, "sourceId": "v1", "reason": "a fake"}
    )

    told = await story(graphql, club)

    newest = told["ledger"]["nodes"][0]
    assert (newest["kind"], newest["amount"]) == ("REVERSED", -3)
    assert newest["cause"] == {
        **by_hand("operator", None, "a fake"),
        "activity": {"sourceId": "v1"},
        "limitedBy": [{"kind": "FLOOR", "shortfall": 2}],
    }
    (award,) = told["badgeAwards"]["nodes"]
    assert award["revocation"] == {
        "reason": "a fake",
        "actor": {"role": "operator"},
        "activity": {"sourceId": "v1"},
    }
    assert award["cause"] == by_rule("v1", "visits")


async def test_staff_and_services_read_the_same(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.do("visit", "ann")
    await club.do("visit", "ann")
    own = await story(graphql, club)

    for actor in (club.moderator, club.operator, club.service):
        assert await story(graphql, club, actor) == own


async def test_others_are_told_the_rule_and_nothing_else(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.do("visit", "ann")
    await graphql.done(
        club.moderator, "awardBadge",
        {"memberId": member_gid(club, "ann"), "badge": "champion", "reason": "private", "idempotencyKey": "3"},
    )  # fmt: skip
    document = f"query ($id: ID!) {{ member(id: $id) {{ badgeAwards {{ nodes {{ badge {{ key }} {CAUSE} revocation {{ reason }} }} }} }} }}"

    result = await graphql(club.member_actor("bob"), document, {"id": member_gid(club, "ann")})

    assert result.errors is None
    assert result.data is not None
    champion, newcomer = result.data["member"]["badgeAwards"]["nodes"]
    assert {name: told for name, told in champion["cause"].items() if told} == {}
    assert {name: bool(told) for name, told in newcomer["cause"].items() if told} == {
        "rule": True,
        "version": True,
    }
