"""`reportContent` and the moderators' queue: what reports weigh, hide and come to."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import MakeProgramme
from tests.moderation_world import Desk, another_moderator, moderated
from tests.resolvers.harness import GraphQL, member_gid, refused, typed

NEWCOMERS = tuple(f"new{number}" for number in range(12))


@pytest.fixture
async def desk(graphql: GraphQL, programme: MakeProgramme) -> Desk:
    return await moderated(graphql, programme, "ann", "bob", "cyd", "dee", *NEWCOMERS)


async def test_reports_of_one_thing_are_one_case(desk: Desk) -> None:
    post = await desk.post("ann")
    await desk.trust("bob", 2)

    first = await desk.report("bob", post, "spam", note="It sells something")
    again = await desk.report("bob", post, "abuse")
    await desk.report("cyd", post, "abuse")

    assert (first["reportedBefore"], again["reportedBefore"]) == (False, True)
    assert again["reason"] == "spam"  # the first word stands
    (case,) = await desk.queue()
    assert (case["kind"], case["state"], case["reportCount"], case["sources"]) == (
        "CONTENT",
        "OPEN",
        2,
        ["REPORT"],
    )
    assert case["reasons"] == [{"reason": "abuse", "count": 1}, {"reason": "spam", "count": 1}]
    # Trust 2 weighs 1, trust 0 a fifth, abuse one and a half times.
    assert case["score"] == pytest.approx(1.3)
    assert case["post"]["id"] == post
    assert case["reports"]["nodes"][1]["note"] == "It sells something"
    assert not case["isHidden"]
    await desk.sound()


async def test_many_new_accounts_hide_nothing_and_one_trusted_member_does(desk: Desk) -> None:
    post, other = await desk.post("ann"), await desk.post("ann", "Other")
    await desk.trust("bob", 3)

    for name in NEWCOMERS:
        await desk.report(name, post, "illegal")
    await desk.report("bob", other, "spam")

    seen = await desk.see("cyd", post)
    assert seen is not None
    assert seen["state"] == "PUBLISHED"
    assert await desk.see("cyd", other) is None
    hidden, open_one = await desk.queue()
    assert (hidden["isHidden"], hidden["post"]["state"]) == (True, "HIDDEN")
    assert open_one["score"] == pytest.approx(1.5)  # half of what hides, however many they are
    # Its author and moderators still see it; what it earned is taken back meanwhile.
    for who in ("ann", desk.club.moderator):
        found = await desk.see(who, other)
        assert found is not None
        assert found["state"] == "HIDDEN"
    assert await desk.club.balance("ann", "points") == 10
    await desk.sound()


async def test_keeping_what_was_hidden_shows_it_and_grants_it_once_more(desk: Desk) -> None:
    post = await desk.post("ann")
    await desk.trust("bob", 4)
    await desk.report("bob", post)
    assert await desk.club.balance("ann", "points") == 0

    (case,) = await desk.queue()
    decided = await desk.decide(case, "KEEP")

    assert (decided["state"], decided["isHidden"]) == ("DECIDED", False)
    assert (await desk.see("cyd", post) or {})["state"] == "PUBLISHED"
    assert await desk.club.balance("ann", "points") == 10
    assert await desk.queue() == []
    (closed,) = await desk.queue(state="DECIDED")
    assert closed["reports"]["nodes"][0]["verdict"] == "DISAGREED"
    await desk.sound()


async def test_who_was_wrong_weighs_less_and_who_was_right_more(desk: Desk) -> None:
    await desk.trust("bob", 2)
    await desk.trust("cyd", 2)
    for number in range(2):
        kept, removed = await desk.post("ann", f"k{number}"), await desk.post("ann", f"r{number}")
        await desk.report("bob", kept)
        await desk.report("cyd", removed)
        for case in await desk.queue():
            wrong = case["post"]["id"] == kept
            await desk.decide(case, "KEEP" if wrong else "REMOVE", reason="So it is")
    last = await desk.post("ann", "last")
    await desk.report("bob", last)
    await desk.report("cyd", last)

    (case,) = await desk.queue()
    weights = {one["reporter"]["displayName"]: one["weight"] for one in case["reports"]["nodes"]}
    assert weights == {"Bob": pytest.approx(0.5), "Cyd": pytest.approx(1.5)}
    await desk.sound()


async def test_what_a_moderator_decided_is_reported_again_once_it_changed_or_after_a_while(
    desk: Desk,
) -> None:
    post = await desk.post("ann")
    await desk.report("bob", post)
    (case,) = await desk.queue()
    await desk.decide(case, "KEEP")
    actor = desk.club.member_actor("cyd")
    stated = {"targetId": post, "reason": "spam"}

    refusal = await desk.graphql.mutate(actor, "reportContent", stated)
    typed(refusal, "ConflictError", "ALREADY_REVIEWED", "targetId")
    assert (await desk.report("bob", post))["reportedBefore"]

    changed = {"postId": post, "version": 1, "body": "Now it sells"}
    await desk.graphql.done(desk.club.member_actor("ann"), "editPost", changed)
    await desk.report("cyd", post)
    (case,) = await desk.queue()
    assert (case["round"], case["reportCount"]) == (2, 1)
    await desk.decide(case, "IGNORE")

    dee = desk.club.member_actor("dee")
    typed(await desk.graphql.mutate(dee, "reportContent", stated), "ConflictError", "ALREADY_REVIEWED")
    desk.club.clock.advance(timedelta(days=7, seconds=1))
    await desk.report("bob", post)
    assert (await desk.queue())[0]["round"] == 3
    await desk.sound()


async def test_members_reports_hide_nothing_of_who_looks_after_the_space(desk: Desk) -> None:
    await desk.trust("bob", 4)
    stated = {"space": "square", "memberId": member_gid(desk.club, "ann"), "role": "MODERATOR"}
    await desk.graphql.done(desk.club.operator, "setSpaceRole", stated)
    post = await desk.post("ann")

    await desk.report("bob", post)

    assert (await desk.see("cyd", post) or {})["state"] == "PUBLISHED"
    (case,) = await desk.queue()
    assert (case["score"], case["isHidden"]) == (4.0, False)
    # Who looks after the space hides by one word.
    other = await desk.post("bob", "Other")
    await desk.report("ann", other)
    assert await desk.see("cyd", other) is None


async def test_a_comment_is_reported_hidden_and_kept_like_a_post(desk: Desk) -> None:
    post = await desk.post("ann")
    comment = await desk.comment("bob", post)
    await desk.trust("cyd", 4)

    await desk.report("cyd", comment, "abuse")

    seen = await desk.see("dee", post)
    assert seen is not None
    assert (seen["commentCount"], seen["comments"]["nodes"]) == (0, [])
    (case,) = await desk.queue()
    assert (case["comment"]["id"], case["comment"]["state"]) == (comment, "HIDDEN")
    await desk.decide(case, "KEEP")
    assert (await desk.see("dee", post) or {})["commentCount"] == 1
    assert await desk.club.balance("bob", "points") == 1
    await desk.sound()


async def test_what_can_not_be_reported_is_refused(desk: Desk) -> None:
    post, draft = await desk.post("ann"), await desk.post("ann", "Draft", draft=True)
    ann, bob = desk.club.member_actor("ann"), desk.club.member_actor("bob")

    async def tried(actor: Any, target: str, reason: str = "spam", **more: Any) -> Any:
        return await desk.graphql.mutate(
            actor, "reportContent", {"targetId": target, "reason": reason, **more}
        )

    typed(await tried(ann, post), "InvalidInputError", "INVALID_INPUT", "targetId")
    typed(await tried(bob, draft), "NotFoundError", "NOT_FOUND", "targetId")
    typed(await tried(bob, member_gid(desk.club, "ann")), "NotFoundError", "NOT_FOUND", "targetId")
    typed(await tried(bob, post, "boring"), "InvalidInputError", "INVALID_INPUT", "reason")
    typed(await tried(bob, post, note="x" * 501), "InvalidInputError", "TOO_LARGE", "note")
    refused(await tried(ann, post, memberId=member_gid(desk.club, "bob")), "FORBIDDEN")
    assert await desk.queue() == []


async def test_reports_at_once_are_all_counted_once(desk: Desk) -> None:
    post = await desk.post("ann")

    await asyncio.gather(*(desk.report(name, post) for name in NEWCOMERS for _ in range(2)))

    (case,) = await desk.queue()
    assert case["reportCount"] == len(NEWCOMERS)
    await desk.sound()


async def test_two_moderators_at_once_decide_once(desk: Desk) -> None:
    post = await desk.post("ann")
    await desk.report("bob", post)
    (case,) = await desk.queue()
    moderators = [another_moderator(desk.club, name) for name in ("kim", "lee")]
    ruling = {"decision": "REMOVE", "reason": "No"}
    stated = {"caseId": case["id"], "version": case["version"], "ruling": ruling}

    answers = await asyncio.gather(
        *(desk.graphql.mutate(one, "decideCase", stated, "case { state }") for one in moderators)
    )

    outcomes = sorted(
        answer.data["decideCase"]["__typename"] for answer in answers if answer.data is not None
    )
    assert outcomes == ["CaseSuccess", "ConflictError"]
    log = await desk.graphql.read(desk.club.moderator, "{ moderationLog { nodes { kind by } } }")
    assert [one["kind"] for one in log["moderationLog"]["nodes"]] == ["REMOVED"]
    await desk.sound()


async def test_a_case_is_kept_to_oneself_for_a_while(desk: Desk) -> None:
    post = await desk.post("ann")
    await desk.report("bob", post)
    (case,) = await desk.queue()
    kim, lee = another_moderator(desk.club), another_moderator(desk.club, "lee")

    done = await desk.graphql.done(kim, "claimCase", {"caseId": case["id"]}, "case { version claimedBy }")
    assert done["case"]["claimedBy"] == "moderator:kim"
    version = done["case"]["version"]
    stated = {"caseId": case["id"], "version": version, "ruling": {"decision": "KEEP"}}
    typed(await desk.graphql.mutate(lee, "decideCase", stated), "ConflictError", "CASE_CLAIMED")
    typed(
        await desk.graphql.mutate(lee, "claimCase", {"caseId": case["id"]}), "ConflictError", "CASE_CLAIMED"
    )
    assert [one["id"] for one in await desk.queue(claimedBy="moderator:kim")] == [case["id"]]
    assert await desk.queue(claimedBy="moderator:lee") == []

    desk.club.clock.advance(timedelta(minutes=15, seconds=1))
    await desk.graphql.done(lee, "decideCase", stated)


async def test_a_stale_version_and_a_decided_case_are_told(desk: Desk) -> None:
    post = await desk.post("ann")
    await desk.report("bob", post)
    (case,) = await desk.queue()
    await desk.report("cyd", post)
    stated = {"caseId": case["id"], "version": case["version"], "ruling": {"decision": "KEEP"}}

    stale = await desk.graphql.mutate(desk.club.moderator, "decideCase", stated)
    typed(stale, "ConflictError", "STALE_VERSION", "version")
    (fresh,) = await desk.queue()
    await desk.decide(fresh, "KEEP")
    stated["version"] = fresh["version"] + 1
    again = await desk.graphql.mutate(desk.club.moderator, "decideCase", stated)
    typed(again, "ConflictError", "CASE_DECIDED", "caseId")
    wrong = {**stated, "ruling": {"decision": "UPHOLD"}}
    typed(
        await desk.graphql.mutate(desk.club.moderator, "decideCase", wrong), "ConflictError", "CASE_DECIDED"
    )


async def test_who_looks_after_a_space_decides_there_on_who_has_a_lower_role(desk: Desk) -> None:
    club = desk.club
    for name, role in (("bob", "OWNER"), ("cyd", "MODERATOR")):
        stated = {"space": "square", "memberId": member_gid(club, name), "role": role}
        await desk.graphql.done(club.operator, "setSpaceRole", stated)
    await desk.graphql.done(club.member_actor("ann"), "joinSpace", {"space": "makers"})
    elsewhere, owners, anns = (
        await desk.post("ann", space="makers"),
        await desk.post("bob"),
        await desk.post("ann", "Second"),
    )
    for target in (owners, anns):
        await desk.report("dee", target)
    await desk.graphql.done(club.member_actor("dee"), "joinSpace", {"space": "makers"})
    await desk.report("dee", elsewhere)
    cyd = club.member_actor("cyd")

    cases = {one["post"]["id"]: one for one in await desk.queue(cyd)}
    assert cases.keys() == {owners, anns}
    await desk.decide(cases[anns], "REMOVE", cyd, reason="No")
    ruling = {"decision": "REMOVE", "reason": "No"}
    whole: dict[str, Any] = {
        "caseId": cases[owners]["id"],
        "version": cases[owners]["version"],
        "ruling": ruling,
    }
    refused(await desk.graphql.mutate(cyd, "decideCase", whole), "FORBIDDEN")
    (other,) = [one for one in await desk.queue() if one["post"]["id"] == elsewhere]
    whole = {"caseId": other["id"], "version": other["version"], "ruling": ruling}
    typed(await desk.graphql.mutate(cyd, "decideCase", whole), "NotFoundError", "NOT_FOUND", "caseId")
    assert await desk.queue(club.member_actor("dee")) == []
    # Nobody decides on what they wrote themselves.
    own = {**whole, "caseId": cases[owners]["id"], "version": cases[owners]["version"]}
    typed(
        await desk.graphql.mutate(club.member_actor("bob"), "decideCase", own),
        "ConflictError",
        "OWN_DECISION",
    )


async def test_locking_moving_and_a_sanction_go_with_the_decision(desk: Desk) -> None:
    post = await desk.post("ann")
    await desk.report("bob", post)
    (case,) = await desk.queue()

    await desk.decide(
        case,
        "KEEP",
        reason="Wrong place",
        lock=True,
        moveTo="makers",
        sanction={"kind": "WARNING"},
    )

    query = "query ($id: ID!) { post(id: $id) { isLocked space { key } } }"
    found = await desk.graphql.read(desk.club.moderator, query, {"id": post})
    assert found["post"] == {"isLocked": True, "space": {"key": "makers"}}
    log = await desk.graphql.read(desk.club.moderator, "{ moderationLog { nodes { kind } } }")
    kinds = [one["kind"] for one in reversed(log["moderationLog"]["nodes"])]
    assert kinds == ["KEPT", "LOCKED", "MOVED", "WARNING"]
    await desk.sound()


async def test_many_cases_are_decided_at_once_under_one_entry_of_the_log(desk: Desk) -> None:
    posts = [await desk.post("ann", f"Spam {number}") for number in range(3)]
    for post in posts:
        await desk.report("bob", post)
    cases = await desk.queue()
    stale = {"caseId": cases[2]["id"], "version": 99}
    stated = [*({"caseId": one["id"], "version": one["version"]} for one in cases[:2]), stale]

    done = await desk.graphql.done(
        desk.club.moderator,
        "decideCases",
        {"cases": stated, "ruling": {"decision": "REMOVE", "template": "spam"}},
        "logNumber outcomes { caseId case { state } error { code } }",
    )

    outcomes = [(one["case"], one["error"]) for one in done["outcomes"]]
    assert outcomes == [
        ({"state": "DECIDED"}, None),
        ({"state": "DECIDED"}, None),
        (None, {"code": "STALE_VERSION"}),
    ]
    query = """query ($filter: ModerationLogFilter) { moderationLog(filter: $filter) { nodes {
        kind parent reason details { key value } } } }"""
    below = await desk.graphql.read(desk.club.moderator, query, {"filter": {"parent": done["logNumber"]}})
    assert [(one["kind"], one["reason"]) for one in below["moderationLog"]["nodes"]] == [
        ("REMOVED", "It is an advertisement.")
    ] * 2
    bulk = await desk.graphql.read(desk.club.moderator, query, {"filter": {"kind": "BULK"}})
    assert bulk["moderationLog"]["nodes"][0]["details"] == [
        {"key": "cases", "value": "3"},
        {"key": "decision", "value": "remove"},
    ]
    await desk.sound()


async def test_what_is_removed_past_the_queue_closes_its_case(desk: Desk) -> None:
    post = await desk.post("ann")
    await desk.report("bob", post)

    await desk.graphql.done(desk.club.moderator, "removePost", {"postId": post, "reason": "Spam"})

    assert await desk.queue() == []
    (case,) = await desk.queue(state="DECIDED")
    assert (case["decision"]["decision"], case["decision"]["by"]) == ("REMOVE", "moderator:mod")
    assert case["reports"]["nodes"][0]["verdict"] == "AGREED"


async def test_figures_tell_how_moderation_goes(desk: Desk) -> None:
    first, second = await desk.post("ann", "First"), await desk.post("ann", "Second")
    await desk.report("bob", first)
    await desk.report("bob", second)
    third = await desk.post("cyd", "Third")
    await desk.report("bob", third)
    cases = {one["post"]["id"]: one for one in await desk.queue()}
    desk.club.clock.advance(timedelta(minutes=2))
    await desk.decide(cases[first], "REMOVE", reason="No")
    desk.club.clock.advance(timedelta(minutes=8))
    await desk.decide(cases[second], "KEEP")
    desk.club.clock.advance(timedelta(hours=3))

    query = """{ moderationStatistics { opened decided firstActionMedianSeconds firstActionP90Seconds judged agreed appeals
        overturned backlog { hour day week older } decisions { decision count } moderators { by decisions } } }"""
    found = (await desk.graphql.read(desk.club.operator, query))["moderationStatistics"]

    assert (found["opened"], found["decided"], found["judged"], found["agreed"]) == (3, 2, 2, 1)
    assert 120 <= found["firstActionMedianSeconds"] < 180
    assert 600 <= found["firstActionP90Seconds"] < 660
    assert found["backlog"] == {"hour": 0, "day": 1, "week": 0, "older": 0}
    assert found["moderators"] == [{"by": "moderator:mod", "decisions": 2}]
    refused(await desk.graphql(desk.club.member_actor("ann"), query), "FORBIDDEN")


async def test_a_case_whose_moderator_is_erased_is_decided_by_another(desk: Desk) -> None:
    club = desk.club
    for name in ("cyd", "dee"):
        stated = {"space": "square", "memberId": member_gid(club, name), "role": "MODERATOR"}
        await desk.graphql.done(club.operator, "setSpaceRole", stated)
    post = await desk.post("ann")
    await desk.report("bob", post)
    (case,) = await desk.queue()
    await desk.graphql.done(club.member_actor("cyd"), "claimCase", {"caseId": case["id"]})
    erased = {"memberId": member_gid(club, "cyd"), "confirmExternalId": "cyd"}
    await desk.graphql.done(club.operator, "eraseMember", erased)

    club.clock.advance(timedelta(minutes=16))
    (case,) = await desk.queue(club.member_actor("dee"))
    await desk.decide(case, "REMOVE", club.member_actor("dee"), reason="No")

    assert await desk.queue() == []
    log = await desk.graphql.read(
        club.moderator, "{ moderationLog { nodes { kind by member { displayName } } } }"
    )
    assert "cyd" not in str(log)
    await desk.sound()


async def test_what_is_reported_of_an_erased_author_waits_no_more(desk: Desk) -> None:
    club = desk.club
    post = await desk.post("ann")
    await desk.trust("bob", 4)
    await desk.report("bob", post, note="It is about Ann")
    assert len(await desk.queue()) == 1

    erased = {"memberId": member_gid(club, "ann"), "confirmExternalId": "ann"}
    await desk.graphql.done(club.operator, "eraseMember", erased)

    assert await desk.queue() == []
    (case,) = await desk.queue(state="DECIDED")
    assert (case["decision"]["decision"], case["decision"]["by"]) == ("IGNORE", "system")
    await desk.sound()


async def test_a_case_follows_its_post_into_another_space(desk: Desk) -> None:
    club = desk.club
    stated = {"space": "makers", "memberId": member_gid(club, "cyd"), "role": "MODERATOR"}
    await desk.graphql.done(club.operator, "setSpaceRole", stated)
    post = await desk.post("ann")
    await desk.report("bob", post)
    assert await desk.queue(club.member_actor("cyd")) == []

    await desk.graphql.done(club.moderator, "movePost", {"postId": post, "space": "makers"})

    (case,) = await desk.queue(club.member_actor("cyd"))
    assert case["space"] == {"key": "makers"}


async def test_what_reports_hid_is_removed_past_the_queue(desk: Desk) -> None:
    post = await desk.post("ann")
    await desk.trust("bob", 4)
    await desk.report("bob", post)

    await desk.graphql.done(desk.club.moderator, "removePost", {"postId": post, "reason": "Spam"})

    assert await desk.queue() == []
    assert (await desk.see(desk.club.moderator, post) or {})["state"] == "REMOVED"
    await desk.sound()
