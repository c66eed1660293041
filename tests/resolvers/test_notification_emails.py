"""Emails to members, by a real mail server: confirmed addresses, what is sent, when, how often, and what the server says."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from community import services as wiring
from community.notifications.sending import Ways
from community.notifications.smtp import SmtpMailer, StartTls, terms_of
from community.outbound.client import GuardedClient
from resolvers.relay import encode_id, member_of
from storage.mongo import Mongo
from storage.redis import RedisStore
from tests.moderation_world import MODERATED, Desk
from tests.notification_world import inbox, told
from tests.post_office import PostOffice, certificate, post_office, text_of
from tests.resolvers.harness import GraphQL, member_gid, refused, typed
from tests.support import Clock, ProgrammeUnderTest

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    async with post_office() as running:
        yield running


def mailing(mongo: Mongo, redis: RedisStore, clock: Clock, port: int, **stated: Any) -> wiring.Services:
    """The domain, with a mail server."""
    url, more = stated.get("url", f"smtp://127.0.0.1:{port}"), {"starttls": StartTls.OFF, **stated}
    more.pop("url", None)
    mailer = SmtpMailer(terms_of(url, "no-reply@club.example", **more), timeout_s=5)
    return wiring.build(
        mongo,
        redis,
        clock,
        member_of=member_of,
        id_of=encode_id,
        ways=Ways(mailer=mailer, public_url="https://club.example"),
    )


async def made(services: wiring.Services, clock: Clock, **notifications: Any) -> Desk:
    """A programme with Ann, who has an address, and others."""
    club = ProgrammeUnderTest(f"t{uuid4().hex[:16]}", services, clock)
    settings = {**MODERATED["programme"], "notifications": notifications}
    settings["name"] = {"en": "The club", "zh": "俱乐部"}
    await club.apply({**MODERATED, "programme": settings})
    for name in ("ann", "bob", "cyd"):
        await club.join(name, display_name=name.title(), locale="en", time_zone="Asia/Shanghai")
    return Desk(GraphQL(services), club)


@pytest.fixture
async def desk(mongo: Mongo, redis_store: RedisStore, clock: Clock, office: PostOffice) -> Desk:
    clock.now = NOON
    return await made(mailing(mongo, redis_store, clock, office.port), clock)


async def send(desk: Desk) -> int:
    return await desk.club.services.notifications.sending.run_due(desk.club.key)


async def confirmed(desk: Desk, office: PostOffice, name: str = "ann", email: str = "") -> None:
    """Let a member have an address."""
    email = email or f"{name}@mail.example"
    actor = desk.club.member_actor(name)
    await desk.graphql.done(actor, "requestEmailCode", {"email": email})
    await send(desk)
    code = re.search(r"\d{6}", office.subjects[-1])
    assert code is not None
    await desk.graphql.done(actor, "confirmEmail", {"code": code[0]})
    for noted in (office.got, office.raw, office.to):
        noted.clear()


async def mention(desk: Desk, name: str = "ann", title: str = "Soup", by: str = "bob") -> str:
    """Somebody is named in a post, which is mailed where nobody says otherwise."""
    post = await desk.post(by, title, body=f"For [you](member:{member_gid(desk.club, name)})")
    await told(desk.club)
    return post


async def log(desk: Desk, **wanted: Any) -> list[dict[str, Any]]:
    document = """query ($filter: NotificationDeliveryFilter) { notificationDeliveries(first: 100, filter: $filter) {
        nodes { kind channel state reason detail attempts dueAt sentAt digest member { displayName } } } }"""
    found = await desk.graphql.read(desk.club.operator, document, {"filter": {"channel": "EMAIL", **wanted}})
    nodes: list[dict[str, Any]] = found["notificationDeliveries"]["nodes"]
    return [one for one in nodes if one["kind"] is not None or one["digest"] is not None]


async def choose(desk: Desk, name: str, *stated: tuple[str, str, bool]) -> None:
    preferences = [{"kind": kind, "channel": channel, "enabled": on} for kind, channel, on in stated]
    actor = desk.club.member_actor(name)
    await desk.graphql.done(actor, "setNotificationPreferences", {"preferences": preferences})


# -- addresses


SETTINGS = """{ me { notificationSettings { email { address pending bouncing } channels digest { cycle nextAt }
    quietHours { begins ends chosen } preferences { kind channel enabled required chosenAt } } } }"""


async def settings(desk: Desk, name: str = "ann") -> dict[str, Any]:
    found = await desk.graphql.read(desk.club.member_actor(name), SETTINGS)
    own: dict[str, Any] = found["me"]["notificationSettings"]
    return own


async def test_an_address_is_used_once_its_code_was_stated(desk: Desk, office: PostOffice) -> None:
    ann = desk.club.member_actor("ann")
    await mention(desk)
    assert [(one["state"], one["reason"]) for one in await log(desk)] == [("SUPPRESSED", "NO_ADDRESS")]
    await desk.graphql.done(ann, "requestEmailCode", {"email": " ann@mail.example "})
    assert (await settings(desk))["email"] == {
        "address": None,
        "pending": "ann@mail.example",
        "bouncing": False,
    }
    await send(desk)
    assert office.to == ["ann@mail.example"]
    code = re.search(r"\d{6}", office.subjects[0])
    assert code is not None
    wrong = "000000" if code[0] != "000000" else "111111"
    typed(await desk.graphql.mutate(ann, "confirmEmail", {"code": wrong}), "ConflictError", "CODE_REFUSED")
    typed(
        await desk.graphql.mutate(desk.club.member_actor("bob"), "confirmEmail", {"code": code[0]}),
        "ConflictError",
        "CODE_REFUSED",
    )
    await desk.graphql.done(ann, "confirmEmail", {"code": code[0]})
    assert (await settings(desk))["email"]["address"] == "ann@mail.example"
    await mention(desk, title="Again")
    await send(desk)
    assert office.subjects[1:] == ["Bob mentioned you in “Again”"]


async def test_a_code_is_good_for_half_an_hour_and_five_tries(desk: Desk, office: PostOffice) -> None:
    ann = desk.club.member_actor("ann")
    await desk.graphql.done(ann, "requestEmailCode", {"email": "ann@mail.example"})
    await send(desk)
    code = re.search(r"\d{6}", office.subjects[0])
    assert code is not None
    for _ in range(5):
        typed(await desk.graphql.mutate(ann, "confirmEmail", {"code": "x"}), "ConflictError", "CODE_REFUSED")
    typed(await desk.graphql.mutate(ann, "confirmEmail", {"code": code[0]}), "ConflictError", "CODE_LOCKED")
    await desk.graphql.done(ann, "requestEmailCode", {"email": "ann@mail.example"})
    await send(desk)
    code = re.search(r"\d{6}", office.subjects[1])
    assert code is not None
    desk.club.clock.advance(timedelta(minutes=30))
    typed(await desk.graphql.mutate(ann, "confirmEmail", {"code": code[0]}), "ConflictError", "CODE_REFUSED")


async def test_codes_are_few_whoever_asks(desk: Desk) -> None:
    ann = desk.club.member_actor("ann")
    for number in range(3):
        await desk.graphql.done(ann, "requestEmailCode", {"email": f"a{number}@mail.example"})
    stated = {"email": "another@mail.example"}
    typed(await desk.graphql.mutate(ann, "requestEmailCode", stated), "ConflictError", "CODE_LOCKED")
    desk.club.clock.advance(timedelta(hours=1))
    await desk.graphql.done(ann, "requestEmailCode", stated)
    # Nobody is flooded by way of many members.
    for name in ("d", "e", "f", "g"):
        await desk.club.join(name)
    for name in ("d", "e", "f"):
        actor = desk.club.member_actor(name)
        await desk.graphql.done(actor, "requestEmailCode", {"email": "victim@mail.example"})
    result = await desk.graphql.mutate(
        desk.club.member_actor("g"), "requestEmailCode", {"email": "victim@mail.example"}
    )
    typed(result, "ConflictError", "CODE_LOCKED")


@pytest.mark.parametrize(
    "email",
    ["", "ann", "@mail.example", "ann@", "ann@mail", "a b@mail.example", "a@b@mail.example", "ann@mail.example\r\nBcc: x@y.z",
     "<ann@mail.example>", "a" * 65 + "@mail.example", "ann@-mail.example", "ann@mail.example,x@y.example", "安@mail.example"],
)  # fmt: skip
async def test_what_is_no_address_is_refused(desk: Desk, email: str) -> None:
    result = await desk.graphql.mutate(desk.club.member_actor("ann"), "requestEmailCode", {"email": email})
    typed(result, "InvalidInputError", path="email")


async def test_nobody_else_is_shown_an_address(desk: Desk, office: PostOffice) -> None:
    await confirmed(desk, office)
    document = "query ($id: ID!) { member(id: $id) { notificationSettings { email { address } } } }"
    for actor in (desk.club.member_actor("bob"), desk.club.moderator, desk.club.operator, desk.club.service):
        refused(await desk.graphql(actor, document, {"id": member_gid(desk.club, "ann")}), "FORBIDDEN")


async def test_an_address_is_removed(desk: Desk, office: PostOffice) -> None:
    await confirmed(desk, office)
    ann = desk.club.member_actor("ann")
    assert not (await desk.graphql.done(ann, "removeEmail", {"email": "x@y.example"}, "removed"))["removed"]
    assert (await desk.graphql.done(ann, "removeEmail", {}, "removed"))["removed"]
    assert not (await desk.graphql.done(ann, "removeEmail", {}, "removed"))["removed"]
    await mention(desk)
    await send(desk)
    assert office.got == []


# -- what is sent


async def test_an_email_has_the_words_of_its_member_and_the_headers_that_programs_look_for(
    desk: Desk, office: PostOffice
) -> None:
    await confirmed(desk, office)
    actor = desk.club.member_actor("ann")
    await desk.graphql.done(actor, "updateProfile", {"locale": "zh-Hans"})
    await mention(desk, title="番茄汤 <b>&")
    await send(desk)
    (message,) = office.got
    assert message["Subject"] == "Bob在“番茄汤 <b>&”中提到了您"
    assert message["From"].addresses[0].display_name == "俱乐部"
    assert message["From"].addresses[0].addr_spec == "no-reply@club.example"
    assert message["To"] == "ann@mail.example"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@club.example>")
    assert message["Date"] is not None
    assert re.fullmatch(r"<https://club\.example/unsubscribe/[\w-]+>", message["List-Unsubscribe"])
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "番茄汤 <b>&" in text_of(message)
    html = text_of(message, "html")
    assert "番茄汤 &lt;b&gt;&amp;" in html
    assert "<b>" not in html


async def test_no_name_makes_a_header(desk: Desk, office: PostOffice) -> None:
    await confirmed(desk, office)
    hostile = "Hi\u2028Bcc: victim@mail.example\u2029X"
    await mention(desk, title=hostile)
    await send(desk)
    (message,) = office.got
    assert message["Bcc"] is None
    assert b"\nBcc" not in office.raw[0]
    assert office.to == ["ann@mail.example"]


async def test_what_may_not_be_seen_any_more_is_not_sent(desk: Desk, office: PostOffice) -> None:
    await confirmed(desk, office)
    post = await mention(desk)
    await desk.graphql.done(desk.club.moderator, "removePost", {"postId": post, "reason": "No"})
    await send(desk)
    assert [one for one in office.subjects if "mentioned" in one] == []
    assert [one["reason"] for one in await log(desk, kind="MENTIONED")] == ["NOT_VISIBLE"]


async def test_what_is_read_already_is_not_sent(desk: Desk, office: PostOffice) -> None:
    await confirmed(desk, office)
    await mention(desk)
    await desk.graphql.done(desk.club.member_actor("ann"), "markNotificationsRead", {"upTo": 1})
    await send(desk)
    assert office.got == []
    assert [one["reason"] for one in await log(desk)] == ["READ"]


async def test_two_workers_send_an_email_once(desk: Desk, office: PostOffice) -> None:
    await confirmed(desk, office)
    for number in range(6):
        await mention(desk, title=f"Post {number}")
    await asyncio.gather(*(send(desk) for _ in range(4)))
    assert sorted(office.subjects) == [f"Bob mentioned you in “Post {number}”" for number in range(6)]
    assert {one["state"] for one in await log(desk)} == {"SENT"}


# -- what the server says


async def test_what_is_not_taken_now_is_sent_later(desk: Desk, office: PostOffice) -> None:
    await confirmed(desk, office)
    await mention(desk)
    office.rcpt = ["451 4.7.1 Greylisted"]
    await send(desk)
    (waits,) = await log(desk)
    assert (waits["state"], waits["reason"], waits["attempts"]) == ("QUEUED", "UNREACHABLE", 1)
    assert "Greylisted" in waits["detail"]
    assert await send(desk) == 0
    desk.club.clock.advance(timedelta(minutes=1))
    await send(desk)
    (sent,) = await log(desk)
    assert (sent["state"], sent["reason"], sent["attempts"]) == ("SENT", None, 2)
    assert len(office.got) == 1


async def test_an_address_that_is_refused_for_good_is_used_no_more_until_it_is_confirmed_again(
    desk: Desk, office: PostOffice
) -> None:
    await confirmed(desk, office)
    await mention(desk)
    office.rcpt = ["550 5.1.1 <Ann@mail.example> No such user"]
    await send(desk)
    assert [one["detail"] for one in await log(desk)] == ["550 5.1.1 <…> No such user"]
    assert [(one["state"], one["reason"], one["attempts"]) for one in await log(desk)] == [
        ("FAILED", "BOUNCING", 1)
    ]
    assert (await settings(desk))["email"]["bouncing"]
    await mention(desk, title="Again")
    await send(desk)
    assert office.got == []
    assert (await log(desk))[0]["reason"] == "BOUNCING"
    await confirmed(desk, office)
    await mention(desk, title="Once more")
    await send(desk)
    assert len(office.got) == 1


async def test_a_text_that_is_refused_leaves_the_address_good(desk: Desk, office: PostOffice) -> None:
    await confirmed(desk, office)
    await mention(desk)
    office.data = ["554 5.7.1 Looks like spam"]
    await send(desk)
    assert [(one["state"], one["reason"]) for one in await log(desk)] == [("FAILED", "REFUSED")]
    assert not (await settings(desk))["email"]["bouncing"]


async def test_while_the_server_is_away_emails_wait_and_are_given_up_in_the_end(
    mongo: Mongo, redis_store: RedisStore, clock: Clock, office: PostOffice, desk: Desk
) -> None:
    await confirmed(desk, office)
    away = mailing(mongo, redis_store, clock, 1)
    await mention(desk)
    for attempt in range(1, 11):
        assert await away.notifications.sending.run_due(desk.club.key) == 1
        assert [one["attempts"] for one in await log(desk)] == [attempt]
        clock.advance(timedelta(hours=6))
    assert [(one["state"], one["reason"]) for one in await log(desk)] == [("FAILED", "UNREACHABLE")]


async def test_what_a_process_that_died_was_sending_is_sent_once_its_lease_is_over_by_the_same_name(
    desk: Desk, office: PostOffice
) -> None:
    await confirmed(desk, office)
    await mention(desk)
    sending = desk.club.services.notifications.sending
    delivery = await sending._deliveries.lease(desk.club.clock.now, desk.club.key)
    assert delivery is not None
    await sending._send(delivery)  # and the process dies before that is noted
    assert await send(desk) == 0
    desk.club.clock.advance(timedelta(minutes=2))
    assert await send(desk) == 1
    first, second = office.got
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Date"] == second["Date"]


async def test_a_server_is_spoken_to_encrypted_and_by_password(
    mongo: Mongo, redis_store: RedisStore, clock: Clock, tmp_path: Path
) -> None:
    clock.now = NOON
    tls, ca = certificate(tmp_path)
    async with post_office(tls, with_login=True) as office:
        url = f"smtp://ann%40ops:s3cret%20p%40ss@127.0.0.1:{office.port}"
        stated = {"url": url, "starttls": StartTls.REQUIRED, "ca_file": str(ca)}
        desk = await made(mailing(mongo, redis_store, clock, office.port, **stated), clock)
        await confirmed(desk, office)
        await mention(desk)
        await send(desk)
        assert office.encrypted == [True, True]
        assert set(office.users) == {"ann@ops"}
    # Whoever is not who they should be is sent nothing.
    (tmp_path / "other").mkdir()
    false, _ = certificate(tmp_path / "other")
    async with post_office(false) as office:
        stated = {"starttls": StartTls.REQUIRED, "ca_file": str(ca)}
        other = mailing(mongo, redis_store, clock, office.port, **stated)
        await mention(desk, title="Another")
        await other.notifications.sending.run_due(desk.club.key)
        assert office.got == []
    # Nor is who speaks in the clear, where that is not allowed.
    async with post_office() as office:
        other = mailing(mongo, redis_store, clock, office.port, starttls=StartTls.REQUIRED)
        clock.advance(timedelta(minutes=1))
        await other.notifications.sending.run_due(desk.club.key)
        assert office.got == []


# -- as members chose


async def test_what_a_member_does_not_want_is_not_told_by_that_way(desk: Desk, office: PostOffice) -> None:
    await confirmed(desk, office)
    await choose(desk, "ann", ("MENTIONED", "EMAIL", False), ("POST_COMMENTED", "IN_APP", False))
    post = await desk.post("ann", "Mine")
    await desk.comment("bob", post)
    await mention(desk)
    await send(desk)
    assert office.got == []
    assert [one["kind"] for one in await inbox(desk.graphql, desk.club.member_actor("ann"))] == ["MENTIONED"]
    assert {(one["kind"], one["reason"]) for one in await log(desk)} == {
        ("MENTIONED", "PREFERENCE"),
        ("POST_COMMENTED", "PREFERENCE"),
    }


async def test_what_is_required_stays(desk: Desk) -> None:
    preferences = [{"kind": "MODERATION", "channel": "IN_APP", "enabled": False}]
    ann = desk.club.member_actor("ann")
    result = await desk.graphql.mutate(ann, "setNotificationPreferences", {"preferences": preferences})
    typed(result, "InvalidInputError", path="preferences.0")


async def test_the_programme_says_what_goes_for_who_did_not_choose(
    mongo: Mongo, redis_store: RedisStore, clock: Clock, office: PostOffice
) -> None:
    clock.now = NOON
    kinds = {
        "mentioned": {
            "title": {"en": "{actor} calls you", "zh": "{actor}叫您"},
            "channels": {
                "email": {"title": {"en": "A call: {post}"}, "body": {"en": "{excerpt} ({at, date, short})"}}
            },
        },
        "reacted": {"channels": {"email": {"on": True}}},
    }
    desk = await made(mailing(mongo, redis_store, clock, office.port), clock, kinds=kinds)
    await confirmed(desk, office)
    await mention(desk)
    await desk.react("cyd", await desk.post("ann", "Mine"))
    await told(desk.club)
    await send(desk)
    assert sorted(office.subjects) == ["A call: Soup", "Cyd reacted to your post “Mine”"]
    assert "For you (6/1/26)" in text_of(next(one for one in office.got if "call" in one["Subject"]))
    found = await inbox(desk.graphql, desk.club.member_actor("ann"), "title", kinds=["MENTIONED"])
    assert [one["title"] for one in found] == ["Bob calls you"]


async def test_a_placeholder_that_there_is_not_is_refused_with_its_place(desk: Desk) -> None:
    kinds = {"badge_awarded": {"channels": {"email": {"title": {"en": "Hi {badge}", "zh": "{nobody}"}}}}}
    with pytest.raises(Exception, match="nobody") as raised:
        await desk.club.apply({**MODERATED, "programme": {"notifications": {"kinds": kinds}}})
    assert "programme.notifications.kinds.badge_awarded.channels.email.title.zh" in str(raised.value)


async def test_at_night_emails_wait_for_the_morning_and_the_inbox_does_not(
    desk: Desk, office: PostOffice
) -> None:
    await confirmed(desk, office)
    ann = desk.club.member_actor("ann")
    await desk.graphql.done(ann, "setQuietHours", {"begins": "22:00", "ends": "08:00"})
    assert (await settings(desk))["quietHours"] == {"begins": "22:00", "ends": "08:00", "chosen": True}
    desk.club.clock.now = datetime(2026, 6, 1, 15, tzinfo=UTC)  # 23:00 in Shanghai
    await mention(desk)
    assert len(await inbox(desk.graphql, ann)) == 1
    await send(desk)
    assert office.got == []
    (waits,) = await log(desk)
    assert (waits["state"], waits["reason"]) == ("DEFERRED", "QUIET_HOURS")
    assert waits["dueAt"] == "2026-06-02T00:00:00.000Z"
    desk.club.clock.now = datetime(2026, 6, 2, tzinfo=UTC)
    await send(desk)
    assert len(office.got) == 1
    (sent,) = await log(desk)
    assert (sent["state"], sent["reason"], sent["attempts"]) == ("SENT", None, 1)


async def test_who_has_moved_meanwhile_is_left_in_peace_by_the_new_clock(
    desk: Desk, office: PostOffice
) -> None:
    await confirmed(desk, office)
    ann = desk.club.member_actor("ann")
    await desk.graphql.done(ann, "setQuietHours", {"begins": "22:00", "ends": "08:00"})
    desk.club.clock.now = datetime(2026, 6, 1, 15, tzinfo=UTC)
    await mention(desk)
    await desk.graphql.done(ann, "updateProfile", {"timeZone": "America/New_York"})
    desk.club.clock.now = datetime(2026, 6, 2, 2, 30, tzinfo=UTC)  # 22:30 there
    await send(desk)
    assert office.got == []
    desk.club.clock.now = datetime(2026, 6, 2, 12, tzinfo=UTC)  # 08:00 there
    await send(desk)
    assert len(office.got) == 1


# -- as one


async def digested(desk: Desk) -> None:
    await desk.club.services.notifications.digesting.run_due(desk.club.key)
    await send(desk)


async def test_a_digest_has_what_was_held_once_a_day(desk: Desk, office: PostOffice) -> None:
    await confirmed(desk, office)
    ann = desk.club.member_actor("ann")
    await desk.graphql.done(ann, "setEmailDigest", {"cycle": "DAILY", "hour": 9})
    assert (await settings(desk))["digest"]["nextAt"] == "2026-06-02T01:00:00.000Z"
    for number in range(3):
        await mention(desk, title=f"Post {number}")
    await digested(desk)
    assert office.got == []
    assert {one["state"] for one in await log(desk)} == {"HELD"}
    desk.club.clock.now = datetime(2026, 6, 2, 1, tzinfo=UTC)
    await asyncio.gather(*(digested(desk) for _ in range(3)))
    (message,) = office.got
    assert message["Subject"] == "3 pieces of news from The club"
    text = text_of(message)
    assert all(f"“Post {number}”" in text for number in range(3))
    assert {one["state"] for one in await log(desk)} == {"SENT"}
    await digested(desk)
    desk.club.clock.now = datetime(2026, 6, 3, 1, tzinfo=UTC)
    await digested(desk)
    assert len(office.got) == 1


async def test_after_a_week_without_a_worker_one_digest_comes(desk: Desk, office: PostOffice) -> None:
    await confirmed(desk, office)
    await desk.graphql.done(desk.club.member_actor("ann"), "setEmailDigest", {"cycle": "DAILY", "hour": 9})
    for day in range(1, 8):
        desk.club.clock.now = datetime(2026, 6, day, 12, tzinfo=UTC)
        await mention(desk, title=f"Day {day}")
    desk.club.clock.now = datetime(2026, 6, 9, 12, tzinfo=UTC)
    for _ in range(3):
        await digested(desk)
    assert office.subjects == ["7 pieces of news from The club"]
    assert (await settings(desk))["digest"]["nextAt"] == "2026-06-10T01:00:00.000Z"


async def test_what_was_read_is_not_in_the_digest(desk: Desk, office: PostOffice) -> None:
    await confirmed(desk, office)
    ann = desk.club.member_actor("ann")
    await desk.graphql.done(ann, "setEmailDigest", {"cycle": "WEEKLY", "hour": 9, "weekday": 3})
    for number in range(2):
        await mention(desk, title=f"Post {number}")
    await desk.graphql.done(ann, "markNotificationsRead", {"upTo": 1})
    desk.club.clock.now = datetime(2026, 6, 3, 1, tzinfo=UTC)
    await digested(desk)
    (message,) = office.got
    assert message["Subject"] == "1 piece of news from The club"
    assert "“Post 1”" in text_of(message)


async def test_what_waits_for_a_digest_that_is_turned_off_comes_by_itself(
    desk: Desk, office: PostOffice
) -> None:
    await confirmed(desk, office)
    ann = desk.club.member_actor("ann")
    await desk.graphql.done(ann, "setEmailDigest", {"cycle": "DAILY"})
    await mention(desk)
    await desk.graphql.done(ann, "setEmailDigest", {"cycle": "OFF"})
    await send(desk)
    assert office.subjects == ["Bob mentioned you in “Soup”"]


# -- campaigns


CONTENT = {"title": {"en": "Sale for {member}", "zh": "{member}专享"}, "body": {"en": "Today"}}


async def announced(desk: Desk, key: str, *names: str, **stated: Any) -> int:
    ids = [desk.club.id_of(name) for name in names]
    return await desk.club.services.notifications.announcing.announce(
        desk.club.key, "spring", key, ids, stated.pop("content", CONTENT), **stated
    )


async def test_a_campaign_is_mailed_to_who_asked_for_it_alone(desk: Desk, office: PostOffice) -> None:
    for name in ("ann", "bob"):
        await confirmed(desk, office, name)
    await choose(desk, "bob", ("CAMPAIGN", "EMAIL", True))
    chosen = [one for one in (await settings(desk, "bob"))["preferences"] if one["kind"] == "CAMPAIGN"]
    assert [(one["enabled"], one["chosenAt"] is not None) for one in chosen] == [
        (True, False),
        (True, True),
        (True, False),
    ]
    assert await announced(desk, "one", "ann", "bob") == 2
    assert await announced(desk, "one", "ann", "bob") == 0
    await send(desk)
    assert (office.to, office.subjects) == (["bob@mail.example"], ["Sale for Bob"])
    for name in ("ann", "bob"):
        found = await inbox(desk.graphql, desk.club.member_actor(name), "title body")
        assert [(one["title"], one["body"]) for one in found] == [(f"Sale for {name.title()}", "Today")]


async def test_who_is_held_out_gets_nothing_and_nothing_is_kept_of_them(
    desk: Desk, office: PostOffice
) -> None:
    await confirmed(desk, office)
    await choose(desk, "ann", ("CAMPAIGN", "EMAIL", True))
    ann = desk.club.id_of("ann")
    assert await announced(desk, "one", "ann", "bob", held_out={ann}) == 1
    assert await announced(desk, "one", "ann", "bob", held_out=lambda one: one == ann) == 0
    await send(desk)
    assert office.got == []
    assert await inbox(desk.graphql, desk.club.member_actor("ann")) == []
    assert await log(desk, memberId=member_gid(desk.club, "ann")) == []


async def test_all_campaigns_together_send_no_more_than_they_may(
    mongo: Mongo, redis_store: RedisStore, clock: Clock, office: PostOffice
) -> None:
    clock.now = NOON
    cap = {"count": 2, "window": "P7D"}
    desk = await made(mailing(mongo, redis_store, clock, office.port), clock, campaign_cap=cap)
    await confirmed(desk, office)
    await choose(desk, "ann", ("CAMPAIGN", "EMAIL", True))
    await asyncio.gather(*(announced(desk, f"c{number}", "ann") for number in range(6)))
    await asyncio.gather(*(send(desk) for _ in range(3)))
    assert len(office.got) == 2
    assert sorted(one["state"] for one in await log(desk)) == ["SENT"] * 2 + ["SUPPRESSED"] * 4
    assert {one["reason"] for one in await log(desk, state="SUPPRESSED")} == {"CAP"}
    assert len(await inbox(desk.graphql, desk.club.member_actor("ann"))) == 2
    clock.advance(timedelta(days=6, hours=23))
    await announced(desk, "soon", "ann")
    await send(desk)
    assert len(office.got) == 2
    clock.advance(timedelta(hours=1))
    await announced(desk, "later", "ann")
    await send(desk)
    assert len(office.got) == 3
    # What is no campaign is not counted.
    await mention(desk)
    await send(desk)
    assert len(office.got) == 4


async def test_a_retry_takes_no_second_place_under_the_cap(
    mongo: Mongo, redis_store: RedisStore, clock: Clock, office: PostOffice
) -> None:
    clock.now = NOON
    cap = {"count": 1, "window": "P7D"}
    desk = await made(mailing(mongo, redis_store, clock, office.port), clock, campaign_cap=cap)
    await confirmed(desk, office)
    await choose(desk, "ann", ("CAMPAIGN", "EMAIL", True))
    await announced(desk, "one", "ann")
    office.rcpt = ["450 Later"]
    await send(desk)
    clock.advance(timedelta(minutes=1))
    await send(desk)
    assert office.subjects == ["Sale for Ann"]


async def test_a_campaign_leaves_what_it_tells_in_its_transaction(desk: Desk) -> None:
    from gamification.settlement.followup import Announcement
    from gamification.settlement.unit import Unit

    members = (desk.club.id_of("ann"), desk.club.id_of("bob"))

    async def body(work: Unit) -> None:
        work.followup.announcements.append(
            Announcement("key", "spring", members, CONTENT["title"], CONTENT["body"], ("in_app",))
        )

    for _ in range(2):
        await desk.club.services.settlement.run(desk.club.key, body)
    await told(desk.club, times=2)
    for name in ("ann", "bob"):
        assert len(await inbox(desk.graphql, desk.club.member_actor(name))) == 1
    assert await log(desk) == []


@pytest.mark.parametrize(
    ("content", "path"),
    [
        ({"body": {"en": "x"}}, ["title"]),
        ({"title": {"en": "{nobody}"}}, ["title", "en"]),
        ({"title": {"en": "x"}, "body": {"zh": "{"}}, ["body", "zh"]),
        ({"title": {"en": "x"}, "foot": {"en": "x"}}, ["foot"]),
    ],
)
async def test_an_announcement_that_can_not_be_read_is_refused(
    desk: Desk, content: dict[str, Any], path: list[str]
) -> None:
    from gamification.kit.errors import InvalidInput

    with pytest.raises(InvalidInput) as raised:
        await announced(desk, "one", "ann", content=content)
    assert raised.value.path == path


async def test_a_key_is_of_one_announcement(desk: Desk) -> None:
    from gamification.kit.errors import IdempotencyConflict

    await announced(desk, "one", "ann")
    with pytest.raises(IdempotencyConflict):
        await announced(desk, "one", "bob", content={"title": {"en": "Other"}})


# -- the log


async def test_the_log_is_for_operators_and_services(desk: Desk, office: PostOffice) -> None:
    document = "{ notificationDeliveries { nodes { id state } } }"
    for actor in (desk.club.member_actor("ann"), desk.club.moderator):
        refused(await desk.graphql(actor, document), "FORBIDDEN")
    await mention(desk)
    found = await desk.graphql.read(desk.club.service, document)
    gid = found["notificationDeliveries"]["nodes"][0]["id"]
    query = (
        "query ($id: ID!) { node(id: $id) { ... on NotificationDelivery { state member { displayName } } } }"
    )
    node = (await desk.graphql.read(desk.club.operator, query, {"id": gid}))["node"]
    assert node == {"state": "SUPPRESSED", "member": {"displayName": "Ann"}}
    assert (await desk.graphql.read(desk.club.member_actor("ann"), query, {"id": gid}))["node"] is None


async def test_where_no_emails_are_sent_none_is_kept_and_no_code_either(
    mongo: Mongo, redis_store: RedisStore, clock: Clock, outbound: GuardedClient
) -> None:
    services = wiring.build(mongo, redis_store, clock, member_of=member_of, outbound=outbound)
    desk = await made(services, clock)
    stated = {"email": "ann@mail.example"}
    result = await desk.graphql.mutate(desk.club.member_actor("ann"), "requestEmailCode", stated)
    typed(result, "ConflictError", "UNAVAILABLE")
    await mention(desk)
    assert await log(desk) == []
    assert (await settings(desk))["channels"] == ["IN_APP"]
