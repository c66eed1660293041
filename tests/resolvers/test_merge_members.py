"""`mergeMembers`, `mergePreview`, `linkIdentity`, `unlinkIdentity`, and what members and staff see of merges."""

from datetime import timedelta
from typing import Any

import pytest

from resolvers.relay import encode_id
from tests.resolvers.harness import GraphQL, member_gid, refused, typed
from tests.support import ProgrammeUnderTest

MERGE = """replayed member { displayName formerExternalIds identities { provider subject } }
merge { mergedId at by reason warnings tasksCompleted into { displayName }
  points { unit active pending owed activeAfter pendingAfter } tiers { ladder tier }
  counts { activities awards tasks records referrals redemptions wishes follows } }"""
PREVIEW = (
    "query ($from: ID!, $into: ID!) { mergePreview(from: $from, into: $into) { blocks merge { reason warnings "
    "points { unit activeAfter } counts { activities } into { externalId } } } }"
)


def stated(club: ProgrammeUnderTest, one: str, into: str, **more: Any) -> dict[str, Any]:
    return {
        "from": member_gid(club, one),
        "into": member_gid(club, into),
        "reason": "one person",
        "idempotencyKey": "k",
        **more,
    }


async def test_an_operator_merges_and_sees_what_was_done(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.do("visit", "ann")
    await club.do("visit", "bob")

    done = await graphql.done(club.operator, "mergeMembers", stated(club, "ann", "bob"), MERGE)

    assert not done["replayed"]
    assert done["member"] == {"displayName": "Bob", "formerExternalIds": ["ann"], "identities": []}
    merge = done["merge"]
    assert (merge["mergedId"], merge["by"], merge["reason"]) == (
        member_gid(club, "ann"),
        "operator:ops",
        "one person",
    )
    # Two visits together complete the task, for 100 points.
    assert merge["tasksCompleted"] == ["regular"]
    assert merge["points"] == [
        {"unit": "points", "active": 5, "pending": 0, "owed": 0, "activeAfter": 10, "pendingAfter": 0}
    ]
    assert merge["counts"]["activities"] == 1
    assert merge["into"] == {"displayName": "Bob"}
    assert await club.balance("bob", "points") == 110

    again = await graphql.done(club.operator, "mergeMembers", stated(club, "ann", "bob"), MERGE)
    assert again == {**done, "replayed": True}
    seen = await graphql.read(
        club.moderator,
        "query ($id: ID!, $old: ID!) { member(id: $id) { merges { mergedId reason } mergedInto } "
        "old: member(id: $old) { displayName mergedInto externalId } "
        'found: member(externalId: "ann") { externalId } }',
        {"id": member_gid(club, "bob"), "old": member_gid(club, "ann")},
    )
    assert seen == {
        "member": {
            "merges": [{"mergedId": member_gid(club, "ann"), "reason": "one person"}],
            "mergedInto": None,
        },
        "old": {
            "displayName": "Merged member",
            "mergedInto": member_gid(club, "bob"),
            "externalId": "ann",
        },
        "found": {"externalId": "bob"},
    }


async def test_the_old_token_is_the_survivors_from_then_on(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.do("buy", "ann", amount=30)
    await graphql.done(club.service, "mergeMembers", stated(club, "ann", "bob"))
    ann = club.member_actor("ann")

    me = await graphql.read(ann, '{ me { displayName externalId balance(unit: "points") { active } } }')
    assert me["me"] == {"displayName": "Bob", "externalId": "bob", "balance": {"active": 30}}
    spending = {"unit": "points", "amount": 10, "idempotencyKey": "s"}
    await graphql.done(ann, "spendPoints", spending)
    assert await club.balance("bob", "points") == 20
    # Members learn nothing of merges themselves, and see nothing of the merged account.
    answer = await graphql(
        ann, "query ($id: ID!) { member(id: $id) { displayName } }", {"id": member_gid(club, "ann")}
    )
    assert answer.data == {"member": None}
    refused(await graphql(ann, "{ me { merges { at } } }"), "FORBIDDEN")


async def test_errors_are_typed(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    async def error(one: dict[str, Any], kind: str, code: str, path: str) -> dict[str, Any]:
        return typed(await graphql.mutate(club.operator, "mergeMembers", one), kind, code, path)

    await error(stated(club, "ann", "ann"), "InvalidInputError", "SAME_MEMBER", "into")
    nobody = encode_id("Member", b"x" * 12)
    await error({**stated(club, "ann", "bob"), "into": nobody}, "NotFoundError", "NOT_FOUND", "into")
    await error({**stated(club, "ann", "bob"), "from": "?"}, "NotFoundError", "NOT_FOUND", "from")
    await error({**stated(club, "ann", "bob"), "reason": ""}, "InvalidInputError", "INVALID_INPUT", "reason")
    await club.do("visit", "ann")
    await club.services.holds.authorise(
        club.service, club.id_of("ann"), "points", 1, timedelta(days=1), "o", "1"
    )
    result = await graphql.mutate(
        club.operator,
        "mergeMembers",
        stated(club, "ann", "bob"),
        "replayed } ... on MergeBlockedError { blocks",
    )
    assert typed(result, "MergeBlockedError", "MERGE_BLOCKED", "from")["blocks"] == ["OPEN_HOLDS"]
    await graphql.done(club.operator, "mergeMembers", stated(club, "bob", "ann"))
    await error(stated(club, "bob", "ann", idempotencyKey="other"), "ConflictError", "ALREADY_MERGED", "from")
    await error(
        stated(club, "bob", "ann", reason="another"),
        "IdempotencyConflictError",
        "IDEMPOTENCY_CONFLICT",
        "idempotencyKey",
    )


async def test_a_preview_says_what_would_be_done_or_why_it_can_not(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.do("buy", "ann", amount=30)
    pair = {"from": member_gid(club, "ann"), "into": member_gid(club, "bob")}

    found = (await graphql.read(club.operator, PREVIEW, pair))["mergePreview"]

    assert found["blocks"] == []
    assert found["merge"] == {
        "reason": None,
        "warnings": [],
        "points": [{"unit": "points", "activeAfter": 30}],
        "counts": {"activities": 1},
        "into": {"externalId": "bob"},
    }
    assert await club.balance("ann", "points") == 30
    await club.services.holds.authorise(
        club.service, club.id_of("ann"), "points", 1, timedelta(days=1), "o", "1"
    )
    found = (await graphql.read(club.operator, PREVIEW, pair))["mergePreview"]
    assert found == {"blocks": ["OPEN_HOLDS"], "merge": None}


@pytest.mark.parametrize("who", ["member", "moderator"])
async def test_only_operators_and_services_preview(
    graphql: GraphQL, club: ProgrammeUnderTest, who: str
) -> None:
    actor = club.moderator if who == "moderator" else club.member_actor("bob")
    pair = {"from": member_gid(club, "ann"), "into": member_gid(club, "bob")}

    refused(await graphql(actor, PREVIEW, pair), "FORBIDDEN")


async def test_the_member_hears_of_it(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    document = "subscription { myProgress { __typename ... on AccountMerged { mergedId } } }"
    async with graphql.subscribe(club.member_actor("bob"), document) as stream:
        assert (await stream.data())["__typename"] == "ProgressSnapshot"
        await graphql.done(club.operator, "mergeMembers", stated(club, "ann", "bob"))
        heard = await stream.data()

    assert heard == {"__typename": "AccountMerged", "mergedId": member_gid(club, "ann")}


LINKED = "member { identities { provider subject } }"


async def test_identities_are_linked_and_unlinked_once(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    app = {"provider": "app", "subject": "1"}
    on_ann = {"memberId": member_gid(club, "ann"), "identity": app}

    for linked in (True, False):
        done = await graphql.done(club.service, "linkIdentity", on_ann, f"linked {LINKED}")
        assert (done["linked"], done["member"]) == (linked, {"identities": [app]})
    found = await graphql.read(
        club.service,
        "query ($i: IdentityInput!) { member(identity: $i) { externalId } }",
        {"i": app},
    )
    assert found["member"] == {"externalId": "ann"}
    on_bob = {"memberId": member_gid(club, "bob"), "identity": app}
    result = await graphql.mutate(club.service, "linkIdentity", on_bob)
    typed(result, "ConflictError", "IDENTITY_TAKEN", "identity")
    empty = {"memberId": member_gid(club, "ann"), "identity": {"provider": "", "subject": "1"}}
    typed(await graphql.mutate(club.service, "linkIdentity", empty), "InvalidInputError", "INVALID_INPUT")
    nobody = {"memberId": encode_id("Member", b"x" * 12), "identity": app}
    for field in ("linkIdentity", "unlinkIdentity"):
        typed(await graphql.mutate(club.service, field, nobody), "NotFoundError", "NOT_FOUND", "memberId")

    for unlinked in (True, False):
        done = await graphql.done(club.service, "unlinkIdentity", on_ann, f"unlinked {LINKED}")
        assert (done["unlinked"], done["member"]) == (unlinked, {"identities": []})
    assert (await graphql.done(club.service, "linkIdentity", on_bob, "linked"))["linked"]


async def test_identities_of_both_are_the_survivors(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    for name, number in (("ann", "1"), ("bob", "2")):
        identity = {"provider": "app", "subject": number}
        await graphql.done(
            club.service, "linkIdentity", {"memberId": member_gid(club, name), "identity": identity}
        )

    await graphql.done(club.operator, "mergeMembers", stated(club, "ann", "bob"))

    for number in "12":
        found = await graphql.read(
            club.service,
            "query ($i: IdentityInput!) { member(identity: $i) { externalId } }",
            {"i": {"provider": "app", "subject": number}},
        )
        assert found["member"] == {"externalId": "bob"}
