"""The inbox: what comes into it, numbered; what is told as one; what is read; what may not be seen any more."""

import asyncio
from typing import Any

import pytest

from community.notifications import telling
from community.notifications.services import INDEXES
from gamification.kit.actors import Actor
from storage.mongo import Mongo
from tests.conftest import MakeProgramme
from tests.moderation_world import Desk, moderated
from tests.notification_world import inbox, notified, titles, told, unread, waiting
from tests.resolvers.harness import CLUB, GraphQL, member_gid, refused, typed


@pytest.fixture
async def desk(graphql: GraphQL, programme: MakeProgramme) -> Desk:
    return await moderated(graphql, programme, "ann", "bob", "cyd", "dan")


def me(desk: Desk, name: str) -> Actor:
    return desk.club.member_actor(name)


async def react(desk: Desk, post: str, *names: str) -> None:
    for name in names:
        await desk.react(name, post)


# -- what comes into it


async def test_a_badge_a_task_and_a_tier_come_into_the_inbox(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await programme(CLUB)
    await club.join("ann", display_name="Ann", locale="en")
    await club.do("visit", "ann")
    await club.do("visit", "ann")
    await told(club)
    found = await inbox(graphql, club.member_actor("ann"))
    assert [one["title"] for one in found] == [
        "Task done: Come twice",
        "New badge: faithful",
        "New badge: Newcomer",
    ]
    assert sorted(one["sequence"] for one in found) == [1, 2, 3]
    assert await unread(graphql, club.member_actor("ann")) == (3, 3)


async def test_it_is_in_the_members_language_and_of_their_words(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await programme(CLUB)
    await club.join("ann", locale="zh-Hans")
    await club.do("visit", "ann")
    await told(club)
    (found,) = await inbox(graphql, club.member_actor("ann"))
    assert (found["title"], found["body"]) == ("获得徽章：新人", "恭喜您获得徽章“新人”。")


async def test_telling_twice_is_telling_once(graphql: GraphQL, desk: Desk) -> None:
    post = await desk.post("ann", "Soup")
    await desk.comment("bob", post, "Tasty")
    await desk.react("cyd", post)
    await told(desk.club, times=3)
    found = await inbox(graphql, me(desk, "ann"))
    assert sorted(one["sequence"] for one in found) == [1, 2]
    assert [one["count"] for one in found] == [1, 1]


async def test_two_who_tell_at_once_leave_no_gap_and_no_double(graphql: GraphQL, desk: Desk) -> None:
    for number in range(6):
        post = await desk.post("ann", f"Post {number}")
        await desk.comment("bob", post, f"Comment {number}")
    chores = await waiting(desk.club)
    following = desk.club.services.notifications.following
    await asyncio.gather(*(following._handle([one]) for one in chores for _ in range(2)))
    found = await inbox(graphql, me(desk, "ann"), "sequence")
    assert [one["sequence"] for one in found] == [6, 5, 4, 3, 2, 1]


async def test_comments_replies_and_mentions_tell_whom_they_concern_once(
    graphql: GraphQL, desk: Desk
) -> None:
    post = await desk.post("ann", "Soup")
    first = await desk.comment("bob", post, "Tasty")
    cyd, dan = (member_gid(desk.club, name) for name in ("bob", "dan"))
    await desk.comment("cyd", post, f"Indeed [you](member:{cyd}) and [Dan](member:{dan})", parent=first)
    await told(desk.club)
    assert await titles(graphql, me(desk, "ann")) == ["Cyd and 1 other commented on “Soup”"]
    (reply,) = await inbox(graphql, me(desk, "bob"), "title body post { title } comment { text }")
    assert reply["title"] == "Cyd replied to your comment on “Soup”"
    assert reply["body"] == "Indeed you and Dan"
    assert reply["post"] == {"title": "Soup"}
    assert await titles(graphql, me(desk, "dan")) == ["Cyd mentioned you in “Soup”"]
    assert await titles(graphql, me(desk, "cyd")) == []


async def test_a_mention_that_is_edited_in_is_told_and_told_once(graphql: GraphQL, desk: Desk) -> None:
    post = await desk.post("ann", "Soup")
    body = f"For [Bob](member:{member_gid(desk.club, 'bob')})"
    stated = {"postId": post, "version": 1, "body": body}
    await graphql.done(me(desk, "ann"), "editPost", stated)
    await told(desk.club)
    stated = {"postId": post, "version": 2, "body": body + "!"}
    await graphql.done(me(desk, "ann"), "editPost", stated)
    await told(desk.club)
    assert await titles(graphql, me(desk, "bob")) == ["Ann mentioned you in “Soup”"]


async def test_followers_are_told_as_one_and_who_follows_no_more_is_taken_out(
    graphql: GraphQL, desk: Desk
) -> None:
    for name in ("bob", "cyd", "dan"):
        await graphql.done(me(desk, name), "followMember", {"memberId": member_gid(desk.club, "ann")})
    await told(desk.club)
    (found,) = await inbox(graphql, me(desk, "ann"))
    assert found["title"] == "Dan and 2 others follow you now"
    assert [one["displayName"] for one in found["actors"]] == ["Dan", "Cyd", "Bob"]
    await graphql.done(me(desk, "dan"), "unfollowMember", {"memberId": member_gid(desk.club, "ann")})
    await told(desk.club)
    assert await titles(graphql, me(desk, "ann")) == ["Cyd and 1 other follow you now"]


async def test_an_announcement_is_told_to_who_is_in_the_space(graphql: GraphQL, desk: Desk) -> None:
    club = desk.club
    for name in ("ann", "bob", "cyd"):
        await graphql.done(me(desk, name), "joinSpace", {"space": "square"})
    stated = {"memberId": member_gid(club, "ann"), "space": "square", "role": "MODERATOR"}
    await graphql.done(club.operator, "setSpaceRole", stated)
    await desk.post("ann", "News", kind="ANNOUNCEMENT")
    await told(club, times=2)
    assert await titles(graphql, me(desk, "bob")) == ["The square: News"]
    assert await titles(graphql, me(desk, "cyd")) == ["The square: News"]
    assert await titles(graphql, me(desk, "dan")) == []
    assert await titles(graphql, me(desk, "ann")) == []


async def test_a_decision_is_told_to_its_member_and_to_who_reported(graphql: GraphQL, desk: Desk) -> None:
    post = await desk.post("ann", "Buy now")
    await desk.report("bob", post)
    (case,) = await desk.queue()
    await desk.decide(case, "REMOVE", reason="No")
    await told(desk.club)
    assert (await titles(graphql, me(desk, "ann")))[0] == "Something you wrote was removed"
    (report,) = await inbox(graphql, me(desk, "bob"), "title body kind")
    assert report["kind"] == "REPORT_DECIDED"
    assert report["body"] == "Thank you: we agreed, and have acted."


# -- as one


async def test_reactions_are_one_notification_with_who_was_last_in_front(
    graphql: GraphQL, desk: Desk
) -> None:
    post = await desk.post("ann", "Soup")
    await react(desk, post, "bob", "cyd")
    await told(desk.club)
    (found,) = await inbox(graphql, me(desk, "ann"))
    assert found["title"] == "Cyd and 1 other reacted to your post “Soup”"
    assert (found["count"], found["sequence"]) == (2, 2)
    await react(desk, post, "dan")
    await told(desk.club)
    (found,) = await inbox(graphql, me(desk, "ann"))
    assert found["title"] == "Dan and 2 others reacted to your post “Soup”"
    assert found["body"] == "3 people have reacted."
    assert [one["displayName"] for one in found["actors"]] == ["Dan", "Cyd", "Bob"]


async def test_who_takes_a_reaction_back_is_not_told_of_and_who_gives_it_again_is(
    graphql: GraphQL, desk: Desk
) -> None:
    post = await desk.post("ann", "Soup")
    await react(desk, post, "bob", "cyd")
    await told(desk.club)
    await desk.react("cyd", post, None)
    await told(desk.club, times=2)
    assert await titles(graphql, me(desk, "ann")) == ["Bob reacted to your post “Soup”"]
    await desk.react("cyd", post)
    await told(desk.club, times=2)
    (found,) = await inbox(graphql, me(desk, "ann"))
    assert (found["count"], found["sequence"]) == (2, 2)
    await desk.react("bob", post, None)
    await desk.react("cyd", post, None)
    await told(desk.club)
    assert await titles(graphql, me(desk, "ann")) == []
    assert await unread(graphql, me(desk, "ann")) == (0, 0)


async def test_one_who_comments_often_is_one_of_those_who_did(graphql: GraphQL, desk: Desk) -> None:
    post = await desk.post("ann", "Soup")
    for name in ("bob", "bob", "cyd", "bob"):
        await desk.comment(name, post, f"By {name}")
    await told(desk.club)
    (found,) = await inbox(graphql, me(desk, "ann"))
    assert found["title"] == "Bob and 1 other commented on “Soup”"
    assert (found["count"], found["sequence"]) == (2, 4)


async def test_what_comes_after_it_was_read_begins_another(graphql: GraphQL, desk: Desk) -> None:
    ann = me(desk, "ann")
    post = await desk.post("ann", "Soup")
    await react(desk, post, "bob")
    await told(desk.club)
    await graphql.done(ann, "markNotificationsRead", {"upTo": 1})
    await react(desk, post, "cyd")
    await told(desk.club)
    assert await titles(graphql, ann) == [
        "Cyd reacted to your post “Soup”",
        "Bob reacted to your post “Soup”",
    ]


# -- read, seen, put away


async def test_reading_up_to_a_number_leaves_what_came_since(graphql: GraphQL, desk: Desk) -> None:
    ann = me(desk, "ann")
    for number in range(3):
        await desk.comment("bob", await desk.post("ann", f"Post {number}"))
    await told(desk.club)
    assert await unread(graphql, ann) == (3, 3)
    done = await graphql.done(ann, "markNotificationsRead", {"upTo": 2}, "member { unreadNotifications }")
    assert done["member"] == {"unreadNotifications": 1}
    found = await inbox(graphql, ann)
    assert [one["readAt"] is None for one in found] == [True, False, False]
    assert [one["sequence"] for one in await inbox(graphql, ann, unread=True)] == [3]
    again = {"ids": [found[2]["id"]], "read": False}
    await graphql.done(ann, "markNotificationsRead", again)
    assert [one["sequence"] for one in await inbox(graphql, ann, unread=True)] == [3, 1]
    assert (await unread(graphql, ann))[0] == 2


async def test_looking_through_the_inbox_reads_nothing(graphql: GraphQL, desk: Desk) -> None:
    ann = me(desk, "ann")
    for number in range(2):
        await desk.comment("bob", await desk.post("ann", f"Post {number}"))
    await told(desk.club)
    await graphql.done(ann, "seeNotifications", {"upTo": 2})
    assert await unread(graphql, ann) == (2, 0)
    await graphql.done(ann, "seeNotifications", {"upTo": 1})
    assert await unread(graphql, ann) == (2, 0)
    await desk.comment("bob", await desk.post("ann", "Another"))
    await told(desk.club)
    assert await unread(graphql, ann) == (3, 1)
    # Nobody looks through what has not come yet.
    await graphql.done(ann, "seeNotifications", {"upTo": 9_000})
    await desk.comment("bob", await desk.post("ann", "Once more"))
    await told(desk.club)
    assert await unread(graphql, ann) == (4, 1)


async def test_what_is_put_away_is_out_of_the_inbox_and_comes_back(graphql: GraphQL, desk: Desk) -> None:
    ann = me(desk, "ann")
    await desk.comment("bob", await desk.post("ann", "Soup"))
    await told(desk.club)
    (found,) = await inbox(graphql, ann)
    await graphql.done(ann, "archiveNotifications", {"ids": [found["id"]]})
    assert await inbox(graphql, ann) == []
    assert await unread(graphql, ann) == (0, 0)
    assert len(await inbox(graphql, ann, archived=True)) == 1
    await graphql.done(ann, "archiveNotifications", {"ids": [found["id"]], "archived": False})
    assert len(await inbox(graphql, ann)) == 1
    assert await unread(graphql, ann) == (1, 1)


async def test_kinds_are_filtered_and_pages_go_on(graphql: GraphQL, desk: Desk) -> None:
    ann = me(desk, "ann")
    for number in range(5):
        post = await desk.post("ann", f"Post {number}")
        await desk.comment("bob", post)
        await desk.react("bob", post)
    await told(desk.club)
    assert len(await inbox(graphql, ann, kinds=["REACTED"])) == 5
    found: list[int] = []
    after = None
    while True:
        page = await graphql.read(
            ann,
            "query ($after: String) { me { notifications(first: 3, after: $after) { nodes { sequence } "
            "pageInfo { hasNextPage endCursor } } } }",
            {"after": after},
        )
        connection = page["me"]["notifications"]
        found += [one["sequence"] for one in connection["nodes"]]
        after = connection["pageInfo"]["endCursor"]
        if not connection["pageInfo"]["hasNextPage"]:
            break
    assert found == list(range(10, 0, -1))


@pytest.mark.parametrize("stated", [{}, {"upTo": -1}, {"upTo": 1, "ids": ["x"]}, {"ids": []}])
async def test_marking_takes_ids_or_a_number(graphql: GraphQL, desk: Desk, stated: dict[str, Any]) -> None:
    result = await graphql.mutate(me(desk, "ann"), "markNotificationsRead", stated)
    typed(result, "NotFoundError" if stated.get("ids") else "InvalidInputError")


async def test_anothers_inbox_is_not_there(graphql: GraphQL, desk: Desk) -> None:
    await desk.comment("bob", await desk.post("ann", "Soup"))
    await told(desk.club)
    (found,) = await inbox(graphql, me(desk, "ann"))
    stated = {"ids": [found["id"]]}
    typed(await graphql.mutate(me(desk, "bob"), "markNotificationsRead", stated), "NotFoundError")
    typed(await graphql.mutate(me(desk, "bob"), "archiveNotifications", stated), "NotFoundError")
    for actor in (me(desk, "bob"), desk.club.moderator, desk.club.service):
        query = "query ($id: ID!) { node(id: $id) { id } }"
        assert (await graphql.read(actor, query, {"id": found["id"]}))["node"] is None
        for field in ("notifications { nodes { id } }", "unreadNotifications", "unseenNotifications"):
            document = f"query ($id: ID!) {{ member(id: $id) {{ {field} }} }}"
            result = await graphql(actor, document, {"id": member_gid(desk.club, "ann")})
            refused(result, "FORBIDDEN")


# -- what may not be seen


async def test_what_a_shadow_limited_member_does_is_told_to_nobody(graphql: GraphQL, desk: Desk) -> None:
    post = await desk.post("bob", "Soup")
    await desk.sanction("ann", "SHADOW_LIMIT")
    bob = member_gid(desk.club, "bob")
    await desk.comment("ann", post, f"Hello [Bob](member:{bob})")
    await desk.react("ann", post)
    await desk.post("ann", "Mention", body=f"Hello [Bob](member:{bob})")
    await graphql.done(me(desk, "ann"), "followMember", {"memberId": bob})
    await told(desk.club)
    assert await inbox(graphql, me(desk, "bob")) == []
    assert await unread(graphql, me(desk, "bob")) == (0, 0)


async def test_what_somebody_did_is_shown_no_more_once_they_are_limited(graphql: GraphQL, desk: Desk) -> None:
    post = await desk.post("bob", "Soup")
    await desk.comment("ann", post, "Tasty")
    await react(desk, post, "ann", "cyd")
    await told(desk.club)
    assert len(await inbox(graphql, me(desk, "bob"))) == 2
    await desk.sanction("ann", "SHADOW_LIMIT")
    (found,) = await inbox(graphql, me(desk, "bob"))
    assert (found["title"], found["count"]) == ("Cyd reacted to your post “Soup”", 1)


async def test_who_is_blocked_is_not_heard_of_before_or_after(graphql: GraphQL, desk: Desk) -> None:
    post = await desk.post("bob", "Soup")
    await desk.comment("ann", post, "Tasty")
    await told(desk.club)
    assert len(await inbox(graphql, me(desk, "bob"))) == 1
    await graphql.done(me(desk, "bob"), "blockMember", {"blockedId": member_gid(desk.club, "ann")})
    assert await inbox(graphql, me(desk, "bob")) == []
    assert await unread(graphql, me(desk, "bob")) == (0, 0)
    await graphql.done(me(desk, "bob"), "unblockMember", {"blockedId": member_gid(desk.club, "ann")})
    assert len(await inbox(graphql, me(desk, "bob"))) == 1


async def test_a_text_that_is_removed_is_shown_no_more_and_others_beside_it_are(
    graphql: GraphQL, desk: Desk
) -> None:
    post = await desk.post("bob", "Soup")
    await desk.comment("ann", post, "Stays")
    gone = await desk.comment("cyd", post, "Goes")
    await told(desk.club)
    await graphql.done(desk.club.moderator, "removeComment", {"commentId": gone, "reason": "No"})
    before = await inbox(graphql, me(desk, "bob"))
    await told(desk.club)
    after = await inbox(graphql, me(desk, "bob"))
    for found in (before, after):
        assert [(one["title"], one["count"]) for one in found] == [("Ann commented on “Soup”", 1)]
    assert (before[0]["body"], after[0]["body"]) == ("", "Stays")
    await graphql.done(desk.club.moderator, "removePost", {"postId": post, "reason": "No"})
    await told(desk.club)
    titles_now = [one["kind"] for one in await inbox(graphql, me(desk, "bob"))]
    assert titles_now == ["MODERATION"]


async def test_a_text_that_is_gone_before_it_is_told_is_not_told(graphql: GraphQL, desk: Desk) -> None:
    post = await desk.post("bob", "Soup")
    gone = await desk.comment("cyd", post, "Goes")
    await graphql.done(me(desk, "cyd"), "deleteComment", {"commentId": gone})
    await told(desk.club)
    assert await inbox(graphql, me(desk, "bob")) == []


async def test_what_is_in_a_space_that_one_has_left_is_shown_no_more(graphql: GraphQL, desk: Desk) -> None:
    club = desk.club
    for name in ("ann", "bob"):
        stated = {"memberId": member_gid(club, name), "space": "circle"}
        await graphql.done(club.service, "joinSpace", stated)
        await graphql.done(club.service, "admitSpaceMember", stated)
    post = await desk.post("ann", "Secret", space="circle")
    await desk.comment("bob", post, "Whisper")
    await told(club)
    assert len(await inbox(graphql, me(desk, "ann"))) == 1
    await graphql.done(me(desk, "ann"), "leaveSpace", {"space": "circle"})
    assert await inbox(graphql, me(desk, "ann")) == []


async def test_the_name_of_an_erased_member_is_gone(graphql: GraphQL, desk: Desk) -> None:
    club = desk.club
    post = await desk.post("bob", "Soup")
    await react(desk, post, "ann", "cyd")
    await told(club)
    await graphql.done(me(desk, "ann"), "eraseMember", {"confirmExternalId": "ann"})
    await club.services.erasures.run_open()
    (found,) = await inbox(graphql, me(desk, "bob"))
    assert found["title"] == "Cyd reacted to your post “Soup”"
    assert [one["displayName"] for one in found["actors"]] == ["Cyd"]


# -- live


RECEIVED = """subscription ($after: Long) { notificationReceived(after: $after) { sequence
    notification { title sequence } member { unreadNotifications } } }"""


async def test_a_subscription_says_where_the_inbox_ends_and_then_what_comes(
    graphql: GraphQL, desk: Desk, live: Any
) -> None:
    post = await desk.post("ann", "Soup")
    await desk.comment("bob", post)
    await told(desk.club)
    async with graphql.subscribe(me(desk, "ann"), RECEIVED) as stream:
        first = await stream.data()
        assert first == {"sequence": 1, "notification": None, "member": {"unreadNotifications": 1}}
        await desk.react("cyd", post)
        await told(desk.club)
        found = await stream.data()
        assert (found["sequence"], found["notification"]["title"]) == (2, "Cyd reacted to your post “Soup”")
        assert found["member"] == {"unreadNotifications": 2}


async def test_a_subscription_goes_on_where_it_was_left_without_a_gap_or_a_double(
    graphql: GraphQL, desk: Desk, live: Any
) -> None:
    posts = [await desk.post("ann", f"Post {number}") for number in range(8)]
    for post in posts[:4]:
        await desk.comment("bob", post)
    await told(desk.club)
    async with graphql.subscribe(me(desk, "ann"), RECEIVED, {"after": 1}) as stream:
        received = [(await stream.data())["sequence"] for _ in range(2)]
        # What is told while the past is being sent comes after it.
        for post in posts[4:]:
            await desk.comment("bob", post)
        await told(desk.club, times=2)
        received += [(await stream.data())["sequence"] for _ in range(5)]
        assert received == [2, 3, 4, 5, 6, 7, 8]
        assert await stream.until_quiet(0.2) == []
    async with graphql.subscribe(me(desk, "ann"), RECEIVED, {"after": 7}) as stream:
        assert (await stream.data())["sequence"] == 8


async def test_a_subscription_takes_a_member(graphql: GraphQL, desk: Desk, live: Any) -> None:
    for actor, code in ((desk.club.moderator, "NOT_FOUND"), (None, "UNAUTHENTICATED")):
        async with graphql.subscribe(actor, RECEIVED) as stream:
            refused(await stream.result(), code)


# -- accounts


async def test_a_merged_account_goes_on_by_the_survivors_name_and_brings_its_browsers_and_address(
    graphql: GraphQL, desk: Desk
) -> None:
    club = desk.club
    post = await desk.post("cyd", "Soup")
    await react(desk, post, "ann", "dan")
    await told(club)
    await notified(club, "ann", word="mine")
    stated = {
        "from": member_gid(club, "ann"),
        "into": member_gid(club, "bob"),
        "reason": "one person",
        "idempotencyKey": "k",
    }
    await graphql.done(club.operator, "mergeMembers", stated)
    (found,) = await inbox(graphql, me(desk, "cyd"))
    assert found["title"] == "Dan and 1 other reacted to your post “Soup”"
    assert [one["displayName"] for one in found["actors"]] == ["Dan", "Bob"]
    query = "{ me { notificationSettings { email { address } digest { cycle } pushSubscriptions { endpoint } } } }"
    assert (await graphql.read(me(desk, "bob"), query))["me"]["notificationSettings"] == {
        "email": {"address": "mine@mail.example"},
        "digest": {"cycle": "WEEKLY"},
        "pushSubscriptions": [{"endpoint": "https://push.example/mine/ann"}],
    }


async def test_nothing_of_an_erased_member_is_left(graphql: GraphQL, desk: Desk, mongo: Mongo) -> None:
    club = desk.club
    await desk.comment("bob", await desk.post("ann", "Soup"))
    await told(club)
    await notified(club, "ann", word="mine")
    await graphql.done(me(desk, "ann"), "eraseMember", {"confirmExternalId": "ann"})
    await club.services.erasures.run_open()
    ann = club.id_of("ann")
    for name in INDEXES:
        found = await mongo.collection(name).find({"$or": [{"_id": ann}, {"member_id": ann}]}).to_list(None)
        assert found == [], name


async def test_another_programmes_notifications_are_not_there(
    graphql: GraphQL, desk: Desk, programme: MakeProgramme
) -> None:
    await desk.comment("bob", await desk.post("ann", "Soup"))
    await told(desk.club)
    (found,) = await inbox(graphql, me(desk, "ann"))
    other = await programme(CLUB)
    await other.join("ann")
    ann = other.member_actor("ann")
    assert await inbox(graphql, ann) == []
    query = "query ($id: ID!) { node(id: $id) { id } }"
    assert (await graphql.read(ann, query, {"id": found["id"]}))["node"] is None
    typed(await graphql.mutate(ann, "markNotificationsRead", {"ids": [found["id"]]}), "NotFoundError")


async def test_a_group_that_is_full_goes_on_in_another(
    graphql: GraphQL, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "GROUP_MAX", 2)
    post = await desk.post("ann", "Soup")
    await react(desk, post, "bob", "cyd", "dan")
    await told(desk.club)
    assert await titles(graphql, me(desk, "ann")) == [
        "Dan reacted to your post “Soup”",
        "Cyd and 1 other reacted to your post “Soup”",
    ]


async def test_many_of_whom_some_are_hidden_are_counted_and_named_right(graphql: GraphQL, desk: Desk) -> None:
    club = desk.club
    names = [f"m{number:02}" for number in range(14)]
    for name in names:
        await club.join(name, display_name=name.upper())
    post = await desk.post("ann", "Soup")
    for name in names:
        await desk.react(name, post)
        await told(club)
    # The latest ten stand with the notification; of them all but one are hidden.
    for name in names[5:]:
        await graphql.done(me(desk, "ann"), "blockMember", {"blockedId": member_gid(club, name)})
    (found,) = await inbox(graphql, me(desk, "ann"))
    assert found["count"] == 5
    assert [one["displayName"] for one in found["actors"]] == ["M04", "M03", "M02"]
    assert found["title"] == "M04 and 4 others reacted to your post “Soup”"
